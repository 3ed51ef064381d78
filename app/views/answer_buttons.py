"""The buttons under an answer: the SQL behind it, and a refresh of what it rests on."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from agent.events import Asked, Basis, ChartShown, Event, FileMade, TableShown, ToolFinished
from agent.runtime.suggestions import suggestions_of
from app.texts import Language, say
from app.views.forms import read_carried_object
from app.views.text import plain

SHOW_SQL = "answer_sql"
REFRESH = "answer_refresh"
CHOOSE = "answer_choice_"
"""With the number of the choice behind it."""
SUGGEST = "answer_suggest_"
"""With the suggestion behind it."""
_NAME_CHARACTERS = 100
_TABLES_REFRESHED = 5
_THREAD = re.compile(r"[A-Z0-9]{1,20}:[A-Z0-9]{1,20}:[0-9.]{1,24}")


@dataclass(frozen=True)
class Carried:
    """What a button says of its answer. It came over a person's machine, so it allows nothing."""

    call: str
    """A call of the turn that gave the answer; of the SQL button, the one whose SQL it shows."""
    tables: tuple[str, ...] = ()
    """What is to be refreshed."""
    asked_in: str = ""
    """The thread of the question, where the answer stands in the asker's direct messages."""


def answer_buttons(
    language: Language,
    events: Sequence[Event],
    stale: Sequence[Basis],
    asked_in: str,
    *,
    suggests: bool = False,
) -> list[dict[str, Any]]:
    """Draw what can be pressed.

    Choices, the SQL of the last result, a refresh of what is old, and where that is wanted what may
    be asked next.
    """
    shown = [
        event.call_id
        for event in events
        if isinstance(event, TableShown | ChartShown | FileMade) and event.call_id
    ]
    calls = [event.call_id for event in events if isinstance(event, ToolFinished)] or shown
    buttons: list[dict[str, Any]] = []
    if shown:
        carried = Carried(shown[-1], asked_in=asked_in)
        buttons.append(_button(say(language, "answer.sql"), SHOW_SQL, carried))
    names = [basis.table for basis in stale if len(basis.table) <= _NAME_CHARACTERS]
    if names and calls:
        carried = Carried(calls[-1], tuple(names[:_TABLES_REFRESHED]), asked_in)
        buttons.append(_button(say(language, "answer.refresh"), REFRESH, carried))
    rows = [_choices(event, asked_in) for event in events if isinstance(event, Asked)]
    rows += [{"type": "actions", "elements": buttons}] if buttons else []
    next_ones = suggestions_of(events) if suggests and calls else ()
    further = [
        _button(say(language, f"suggest.{one}"), f"{SUGGEST}{one}", Carried(calls[-1]))
        for one in next_ones
    ]
    return rows + ([{"type": "actions", "elements": further}] if further else [])


def _choices(asked: Asked, asked_in: str) -> dict[str, Any]:
    carried = Carried(asked.call_id, asked_in=asked_in)
    return {
        "type": "actions",
        "elements": [
            _button(choice, f"{CHOOSE}{number}", carried)
            for number, choice in enumerate(asked.ask.choices)
        ],
    }


def read_carried(value: str) -> Carried | None:
    """Read what a button says; None where that is not ours."""
    said = read_carried_object(value)
    if not said:
        return None
    names = said.get("tables")
    tables = cast("list[object]", names) if isinstance(names, list) else []
    asked_in = str(said.get("asked_in", ""))
    if asked_in and not _THREAD.fullmatch(asked_in):
        return None
    return Carried(
        call=str(said.get("call", "")),
        tables=tuple(str(name)[:_NAME_CHARACTERS] for name in tables[:_TABLES_REFRESHED]),
        asked_in=asked_in,
    )


def _button(words: str, action: str, carried: Carried) -> dict[str, Any]:
    said = {name: value for name, value in asdict(carried).items() if value}
    value = json.dumps(said, ensure_ascii=False)
    return {"type": "button", "text": plain(words), "action_id": action, "value": value}
