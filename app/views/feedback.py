"""The two buttons that judge an answer, and the window that asks what was wrong with it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from agent.events import (
    ApprovalRequested,
    Asked,
    ChartShown,
    Event,
    Failed,
    FileMade,
    GaveUp,
    Said,
    TableShown,
)
from app.feedback import MAX_WORDS_CHARACTERS, Reason
from app.texts import Language, say
from app.views.forms import (
    chosen_in,
    field,
    form,
    option,
    read_carried_object,
    text_input,
    typed_in,
)
from app.views.text import plain

VOTE = "answer_vote"
WHY_FORM = "answer_why_form"

_THREAD = re.compile(r"[A-Z0-9]{1,20}:[A-Z0-9]{1,20}:[0-9.]{1,24}")
_TURN_CHARACTERS = 300
_REASONS: dict[Reason, str] = {
    "wrong_number": "vote.wrong_number",
    "wrong_table": "vote.wrong_table",
    "not_up_to_date": "vote.not_up_to_date",
    "hard_to_understand": "vote.hard_to_understand",
    "other": "vote.other",
}


@dataclass(frozen=True)
class Judged:
    """What a press says. It came over a person's machine, so it allows nothing."""

    good: bool
    turn: str
    """What brought the turn that gave the answer."""
    asked_in: str = ""
    """The thread of the question, where the answer stands in another place."""


def vote_block(language: Language, turn: str, asked_in: str = "") -> dict[str, Any]:
    """Draw the buttons below the answer that *turn* led to."""
    said = {"turn": turn, **({"asked_in": asked_in} if asked_in else {})}

    def button(words: str, label: str, *, good: bool) -> dict[str, Any]:
        return {
            "text": plain(say(language, words)),
            "accessibility_label": say(language, label),
            "value": json.dumps({"good": good, **said}),
        }

    return {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": VOTE,
                "positive_button": button("vote.good", "vote.good_label", good=True),
                "negative_button": button("vote.bad", "vote.bad_label", good=False),
            }
        ],
    }


def can_be_judged(events: Sequence[Event], *, was_asked: bool) -> bool:
    """Whether a turn answered something: with data, or where *was_asked* in words alone, too.

    What waits for a person, or could not be done, is no answer.
    """
    if any(isinstance(event, ApprovalRequested | Asked | Failed | GaveUp) for event in events):
        return False
    if any(isinstance(event, TableShown | ChartShown | FileMade) for event in events):
        return True
    return any(isinstance(event, Said) and (was_asked or event.basis) for event in events)


def read_vote(value: str) -> Judged | None:
    """Read what a press says; None where that is not ours."""
    said = read_carried_object(value)
    turn, asked_in = str(said.get("turn", "")), str(said.get("asked_in", ""))
    if not turn or len(turn) > _TURN_CHARACTERS or (asked_in and not _THREAD.fullmatch(asked_in)):
        return None
    return Judged(good=said.get("good") is True, turn=turn, asked_in=asked_in)


def why_form(language: Language, vote: str) -> dict[str, Any]:
    """Ask what was wrong; nothing must be filled in."""
    options = [option(say(language, phrase), reason) for reason, phrase in _REASONS.items()]
    radio = {"type": "radio_buttons", "action_id": "reason", "options": options}
    blocks = [
        field("reason", say(language, "vote.reason"), radio, optional=True),
        field(
            "words",
            say(language, "vote.words"),
            text_input("words", MAX_WORDS_CHARACTERS),
            say(language, "vote.words_hint"),
            optional=True,
        ),
    ]
    return form(language, WHY_FORM, ("vote.title", "vote.submit"), blocks, vote)


def read_why(view: Mapping[str, Any]) -> tuple[Reason | None, str]:
    """Give the reason that was chosen and the words that were entered."""
    chosen = chosen_in(view, "reason", "reason")
    reason = next((one for one in get_args(Reason) if one == chosen), None)
    return reason, typed_in(view, "words", "words", MAX_WORDS_CHARACTERS)
