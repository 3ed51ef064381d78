"""Messages of a sentence or two, which nobody has asked for or one click has led to."""

from collections.abc import Iterable
from datetime import datetime

from app.texts import Language, say
from app.views.approval_card import Message
from app.views.card_life import people
from app.views.card_parts import duration, moment_of, names_of
from app.views.text import (
    FALLBACK_CHARACTERS,
    SECTION_CHARACTERS,
    cut,
    escape,
    person,
    plain,
    section,
    split,
    when,
)
from sync.approvals import Approval
from sync.plan import TableRef
from sync.runs import Run

STOP = "turn_stop"
"""The button that ends a turn."""

_NAME_CHARACTERS = 300
_QUESTION_CHARACTERS = 300
_REASON_CHARACTERS = 1000


def sentence(text: str) -> Message:
    """Make a message of safe mrkdwn, cut where it is too long for a notice."""
    shown = cut(text, FALLBACK_CHARACTERS)
    return Message(shown, [section(piece) for piece in split(shown, SECTION_CHARACTERS)])


def stop_offer(language: Language, value: str) -> Message:
    """Offer to end a turn that takes long; *value* says which."""
    words = say(language, "answer.long")
    button = {
        "type": "button",
        "text": plain(say(language, "answer.stop")),
        "style": "danger",
        "action_id": STOP,
        "value": value,
    }
    return Message(words, [section(words), {"type": "actions", "elements": [button]}])


def reminder(approval: Approval, who: Iterable[str]) -> Message:
    """Mention who may decide about what expires soon."""
    request = approval.request
    return sentence(
        say(
            request.language,
            "card.reminder",
            who=people(who),
            when=when(moment_of(approval.expires_ms)),
            tables=names_of(request.plan),
        )
    )


def ended_call(run: Run, seconds: float) -> str:
    """Mention who has waited for a run for so many seconds: a card that changes calls nobody."""
    request = run.approval.request
    return say(
        request.language,
        "system.ended",
        who=person(request.requested_by),
        title=say(request.language, f"card.{run.state}"),
        tables=names_of(request.plan),
        time=duration(request.language, seconds),
    )


def incident_head(
    language: Language, ref: TableRef, since: datetime, count: int, minutes: int | None = None
) -> Message:
    """Tell that copies of a table fail; with *minutes*, that they work again after so many."""
    told = {
        "table": cut(escape(f"{ref.source}.{ref}"), _NAME_CHARACTERS),
        "since": when(since),
        "count": count,
    }
    if minutes is None:
        return sentence(say(language, "incident.open", **told))
    return sentence(say(language, "incident.closed", **told, minutes=minutes))


def broken_answer(language: Language, question: str, reason: str) -> Message:
    """Tell that a verified answer of the glossary does not hold; *reason* is safe mrkdwn."""
    shown = escape(cut(question, _QUESTION_CHARACTERS))
    why = cut(reason, _REASON_CHARACTERS)
    return sentence(say(language, "verified.broken", question=shown, reason=why))


def whole_answer(language: Language, question: str) -> Message:
    """Tell that it holds again."""
    shown = escape(cut(question, _QUESTION_CHARACTERS))
    return sentence(say(language, "verified.whole", question=shown))
