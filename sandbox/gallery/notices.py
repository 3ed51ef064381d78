"""What is told without having been asked for: schedules, conditions, incidents, reminders."""

from collections.abc import Iterator

from agent.deps import Language
from app.failure_texts import word_failure
from app.texts import PHRASES, say
from app.views.asked import asked_message
from app.views.condition_text import told_text
from app.views.text import channel_link, escape, person, when
from sandbox.gallery.other_cards import tells
from sandbox.gallery.parts import APPROVER, AS_OF, ASKER, CHANNEL, NOW, failure, ref
from sandbox.gallery.pieces import Content, Piece, message, sentence, whisper
from sync.warehouse.query_process import Basis

TOLD = (
    *("schedule.failed", "schedule.missed", "schedule.overlap", "schedule.waits"),
    *("schedule.outage", "schedule.owner_gone", "schedule.role_lost", "schedule.cannot_tell"),
    *("schedule.put_off", "schedule.too_late", "condition.failed", "incident.open"),
    *("incident.closed", "verified.broken", "verified.whole", "card.reminder", "system.ended"),
    *("answer.private", "answer.asked_in", "answer.hello", "answer.chosen"),
    *("thread.forgotten", "thread.unknown", "thread.not_yours"),
    *("chart.not_drawn", "file.gone", "file.whole_failed", "file.no_right", "file.refused"),
)
"""Phrases that are messages by themselves."""
WHISPERED = (
    *("click.", "answer.not_yours", "answer.forgotten", "answer.refresh"),
    *("suggest.", "slash.", "vote.thanks"),
)
"""How those begin that one person alone is told."""


def notices(language: Language, content: Content) -> Iterator[Piece]:
    """Write each as its teller does."""
    for phrase in TOLD:
        yield sentence(phrase, language, say(language, phrase, **_values(language, content)))
    for phrase in PHRASES:
        if phrase.startswith(WHISPERED):
            yield whisper(phrase, language, say(language, phrase, **_values(language, content)))
    yield message("asked", language, asked_message(language, ASKER, content.typed))
    directly = asked_message(language, ASKER, content.typed, content.said, not_in=CHANNEL)
    yield message("asked.directly", language, directly)
    basis = Basis(
        ref=ref(content),
        of=ref(content),
        generation="g8",
        as_of=AS_OF,
        published_at=AS_OF,
        rows=99_812,
    )
    for name, rule in (("condition.holds", ""), ("condition.holds_by_rule", content.rule)):
        told = told_text(language, content.schedule, tells(content), 812, basis, rule)
        yield sentence(name, language, told)


def _values(language: Language, content: Content) -> dict[str, str | int]:
    """What stands in the places of these phrases, made safe as their tellers do."""
    reason = escape(word_failure(language, failure(content)))
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
        "reason": reason,
        "who": person(APPROVER),
        "people": person(ASKER),
        "channel": channel_link(CHANNEL),
        "when": when(NOW),
        "since": when(NOW),
        "until": when(NOW),
        "time": "12 min" if language == "en" else "12분",
        "count": 3,
        "minutes": 42,
    }
