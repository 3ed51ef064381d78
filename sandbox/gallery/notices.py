"""What is told without having been asked for: schedules, conditions, incidents, reminders."""

from collections.abc import Iterator

from agent.deps import Language
from app.failure_texts import word_failure
from app.texts import say
from app.views.approval_card import Message
from app.views.condition_text import told_text
from app.views.notices import (
    broken_answer,
    ended_call,
    incident_head,
    reminder,
    sentence,
    stop_offer,
    whole_answer,
)
from app.views.text import channel_link, escape, person, when, with_dates
from sandbox.gallery.other_cards import tells
from sandbox.gallery.parts import (
    APPROVER,
    AS_OF,
    ASKER,
    CHANNEL,
    GROUP,
    NOW,
    approval,
    failure,
    ref,
    request,
    run,
)
from sandbox.gallery.pieces import Content, Piece, message
from sync.oracle_errors import SourceClosed
from sync.runs import RunState
from sync.warehouse.query_process import Basis

TOLD = (
    *("schedule.failed", "schedule.missed", "schedule.overlap", "schedule.waits"),
    *("schedule.outage", "schedule.owner_gone", "schedule.role_lost", "schedule.cannot_tell"),
    *("schedule.put_off", "schedule.too_late", "condition.failed"),
    *("answer.private", "answer.chosen"),
    *("thread.forgotten", "thread.unknown", "thread.not_yours"),
    *("chart.not_drawn", "file.gone", "file.whole_failed", "file.no_right", "file.refused"),
)
"""Phrases that are messages by themselves."""


def notices(language: Language, content: Content) -> Iterator[Piece]:
    """Draw each."""
    values = spoken(language, content)
    told = {phrase: sentence(say(language, phrase, **values)) for phrase in TOLD}
    for name, drawn in {**told, **_drawn(language, content)}.items():
        yield message(name, language, drawn)
    offer = stop_offer(language, "{}")
    yield message("answer.stop", language, offer, "ephemeral")


def _drawn(language: Language, content: Content) -> dict[str, Message]:
    table, why = ref(content), with_dates(word_failure(language, failure(content)))
    wish = request(content, language)
    closed = SourceClosed(source="main", until=NOW.isoformat(timespec="minutes")).failure
    basis = Basis(
        ref=table, of=table, generation="g8", as_of=AS_OF, published_at=AS_OF, rows=99_812
    )
    holds = told_text(language, content.schedule, tells(content), 812, basis)
    by_rule = told_text(language, content.schedule, tells(content), 812, basis, content.rule)
    return {
        "condition.holds": sentence(holds),
        "condition.holds_by_rule": sentence(by_rule),
        "incident.open": incident_head(language, table, NOW, 3),
        "incident.closed": incident_head(language, table, NOW, 3, 42),
        "incident.reason": sentence(why),
        "failure.closed": sentence(with_dates(word_failure(language, closed))),
        "verified.broken": broken_answer(language, content.typed, why),
        "verified.whole": whole_answer(language, content.typed),
        "card.reminder": reminder(approval(wish), (APPROVER, GROUP)),
        "card.ended": sentence(ended_call(run(wish, RunState.PUBLISHED), 720)),
    }


def spoken(language: Language, content: Content) -> dict[str, str | int]:
    """What stands in the places of phrases, made safe as those who say them do."""
    return {
        "name": escape(content.schedule),
        "table": escape(str(ref(content))),
        "tables": escape(str(ref(content))),
        "question": escape(content.typed),
        "words": escape(content.typed),
        "choice": escape(content.cell),
        "title": escape(content.title),
        "told": escape(content.title),
        "rule": escape(content.rule),
        "reason": with_dates(word_failure(language, failure(content))),
        "who": person(APPROVER),
        "people": person(ASKER),
        "channel": channel_link(CHANNEL),
        "when": when(NOW),
        "until": when(NOW),
        "count": 3,
    }
