"""An answer as one Slack message: the steps in small print, the words, the rows, the basis."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from agent.events import (
    ApprovalRequested,
    Basis,
    Event,
    Failed,
    GaveUp,
    Said,
    TableShown,
    Thought,
    ToolFinished,
    ToolStarted,
)
from app.texts import Language, say, word_failure
from app.views.approval_card import Message
from app.views.text import (
    CONTROL,
    FALLBACK_CHARACTERS,
    SECTION_CHARACTERS,
    context,
    cut,
    escape,
    from_model,
    number,
    section,
    split,
    when,
)

_TEXT_CHARACTERS = 6000
_TABLE_CHARACTERS = 4000
_TABLE_ROWS = 99
"""Slack takes 100, one of which is the head."""
_TABLE_COLUMNS = 20
_STEPS = 10
_CELL_CHARACTERS = 200


def answer_message(
    language: Language, events: Sequence[Event], *, max_steps: int
) -> Message | None:
    """Draw what a turn said and showed, and the steps that led there; None for an empty turn.

    Rows are drawn from the tool's result and never from the model's words. Slack takes one table a
    message: the last.
    """
    texts = [_words(language, event, max_steps) for event in events]
    text = "\n\n".join(words for words in texts if words)
    tables = [event for event in events if isinstance(event, TableShown) and event.rows]
    steps = steps_line(language, events)
    if not text and not tables and not steps:
        return None
    asks = any(isinstance(event, ApprovalRequested) for event in events)
    if not text and not asks:
        text = say(language, "answer.empty")
    text = cut(text, _TEXT_CHARACTERS)
    blocks: list[dict[str, Any]] = [context(steps)] if steps else []
    blocks += [section(piece) for piece in split(text, SECTION_CHARACTERS)]
    small_print: list[str] = []
    if tables:
        rows = _fitting_rows(tables[-1])
        blocks.append(_table(tables[-1].columns, rows))
        if tables[-1].truncated or len(rows) < len(tables[-1].rows):
            small_print.append(say(language, "answer.shown", shown=len(rows)))
    small_print += [_basis(language, basis) for basis in _bases(events)]
    if small_print:
        blocks.append(context(*small_print))
    return Message(cut(text or steps, FALLBACK_CHARACTERS), blocks)


def steps_line(language: Language, events: Sequence[Event]) -> str:
    """Write what the agent thought and which tools it used, a line each; empty if it used none."""
    failed = {event.call_id for event in events if isinstance(event, ToolFinished) and not event.ok}
    lines: list[str] = []
    for event in events:
        if isinstance(event, Thought):
            lines.append(
                ":thought_balloon: "
                + say(language, "answer.thought", text=escape(cut(event.text, 200)))
            )
        elif isinstance(event, ToolStarted):
            phrase = "answer.tool_failed" if event.call_id in failed else "answer.tool"
            arguments = escape(cut(write_arguments(event.arguments), 200))
            lines.append(
                ":wrench: " + say(language, phrase, name=escape(event.name), arguments=arguments)
            )
    return "\n".join(lines[:_STEPS])


def write_arguments(arguments: Mapping[str, Any]) -> str:
    """Write a tool's arguments as a person can read them."""
    return ", ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in arguments.items()
    )


def _words(language: Language, event: Event, max_steps: int) -> str:
    match event:
        case Said(text=text):
            return from_model(text)
        case GaveUp(text=text):
            return escape(text) if text else say(language, "answer.gave_up", steps=max_steps)
        case Failed(failure=failure):
            return ":warning: " + escape(word_failure(language, failure))
        case _:
            return ""


def _bases(events: Sequence[Event]) -> list[Basis]:
    found: dict[str, Basis] = {}
    for event in events:
        if isinstance(event, Said):
            found |= {basis.table: basis for basis in event.basis}
        elif isinstance(event, TableShown) and event.basis:
            found[event.basis.table] = event.basis
    return list(found.values())[:8]


def _basis(language: Language, basis: Basis) -> str:
    moment = when(datetime.fromisoformat(basis.as_of))
    return say(
        language, "answer.basis", table=escape(basis.table), rows=number(basis.rows), when=moment
    )


def _fitting_rows(table: TableShown) -> list[list[str]]:
    left = _TABLE_CHARACTERS
    rows: list[list[str]] = []
    for row in table.rows[:_TABLE_ROWS]:
        cells = [_cell(value) for value in row[:_TABLE_COLUMNS]]
        left -= sum(len(cell) for cell in cells)
        if left < 0:
            break
        rows.append(cells)
    return rows


def _table(columns: Sequence[str], rows: list[list[str]]) -> dict[str, Any]:
    head = [cut(column, _CELL_CHARACTERS) or "-" for column in columns[:_TABLE_COLUMNS]]
    return {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": cell} for cell in row] for row in [head, *rows]],
    }


def _cell(value: object) -> str:
    """Write one value; Slack refuses an empty cell, so NULL and '' show as a dash."""
    text = "" if value is None else CONTROL.sub("", str(value))
    return cut(text, _CELL_CHARACTERS) or "–"
