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
from app.failure_texts import TOLD_TO_PEOPLE, word_failure
from app.texts import Language, say
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

# Together below the 13,200 that Slack takes in all blocks of a message.
_TEXT_CHARACTERS = 5000
_TABLE_CHARACTERS = 3500
"""Of all cells, the head's too."""
_STEPS_CHARACTERS = 1500
_BASIS_NAME_CHARACTERS = 100
_TABLE_ROWS = 99
"""Slack takes 100, one of which is the head."""
_TABLE_COLUMNS = 20
_STEPS = 10
_CELL_CHARACTERS = 200


def answer_message(language: Language, events: Sequence[Event]) -> Message | None:
    """Draw what a turn said and showed, and the steps that led there; None for an empty turn.

    Rows are drawn from the tool's result and never from the model's words. Slack takes one table a
    message: the last.
    """
    texts = [_words(language, event) for event in events]
    text = "\n\n".join(words for words in texts if words.strip())
    tables = [event for event in events if isinstance(event, TableShown) and event.rows]
    steps = steps_line(language, events)
    spoke = any(isinstance(event, Said | GaveUp | Failed) for event in events)
    if not text and not tables and not steps and not spoke:
        return None
    asks = any(isinstance(event, ApprovalRequested) for event in events)
    if not text and not tables and not asks:
        text = say(language, "answer.empty")
    text = cut(text, _TEXT_CHARACTERS)
    blocks: list[dict[str, Any]] = [context(steps)] if steps else []
    blocks += [section(piece) for piece in split(text, SECTION_CHARACTERS)]
    small_print = _troubles(language, events)
    if tables:
        head, *rows = _fitting_rows(tables[-1])
        blocks.append(_table([head, *rows]))
        if tables[-1].truncated or len(rows) < len(tables[-1].rows):
            small_print.append(say(language, "answer.shown", shown=len(rows)))
        if len(head) < len(tables[-1].columns):
            small_print.append(say(language, "answer.columns_shown", shown=len(head)))
    small_print += [_basis(language, basis) for basis in _bases(events)]
    if small_print:
        blocks.append(context(*small_print))
    told = "\n".join(line for line in (text or steps, *small_print) if line)
    return Message(cut(told, FALLBACK_CHARACTERS), blocks)


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
    if len(lines) > _STEPS:
        lines[_STEPS:] = ["…"]
    return cut("\n".join(lines), _STEPS_CHARACTERS)


def write_arguments(arguments: Mapping[str, Any]) -> str:
    """Write a tool's arguments as a person can read them."""
    return ", ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in arguments.items()
    )


def _words(language: Language, event: Event) -> str:
    match event:
        case Said(text=text):
            return from_model(text)
        case GaveUp(steps=steps):
            return say(language, "answer.gave_up", steps=steps)
        case Failed(failure=failure):
            return ":warning: " + escape(word_failure(language, failure))
        case _:
            return ""


def _troubles(language: Language, events: Sequence[Event]) -> list[str]:
    """Word what went wrong with a tool and a person must know, whatever the model made of it."""
    failures = [event.failure for event in events if isinstance(event, ToolFinished)]
    told = [one for one in failures if one is not None and one.code in TOLD_TO_PEOPLE]
    words = dict.fromkeys(":warning: " + escape(word_failure(language, one)) for one in told)
    return list(words)[:3]


def _bases(events: Sequence[Event]) -> list[Basis]:
    found: dict[str, Basis] = {}
    for event in events:
        if isinstance(event, Said):
            found |= {basis.table: basis for basis in event.basis}
        elif isinstance(event, TableShown) and event.basis:
            found[event.basis.table] = event.basis
    return list(found.values())[:8]


def _basis(language: Language, basis: Basis) -> str:
    table = cut(escape(basis.table), _BASIS_NAME_CHARACTERS)
    moment = when(datetime.fromisoformat(basis.as_of))
    line = say(language, "answer.basis", table=table, rows=number(basis.rows), when=moment)
    lacks = list[str]()
    if basis.part:
        part = cut(escape(basis.part), _BASIS_NAME_CHARACTERS)
        lacks.append(say(language, "receipt.where", conditions=part))
    if basis.columns:
        copied, every = basis.columns
        lacks.append(say(language, "receipt.columns", copied=copied, all=every))
    return " · ".join((line, *lacks))


def _fitting_rows(table: TableShown) -> list[list[str]]:
    """Give the head and as many rows as there is room for; at least one, its cells cut to fit."""
    columns = table.columns[:_TABLE_COLUMNS]
    longest = min(_CELL_CHARACTERS, _TABLE_CHARACTERS // (2 * len(columns)))
    left = _TABLE_CHARACTERS
    fitting: list[list[str]] = []
    for row in (columns, *table.rows[:_TABLE_ROWS]):
        cells = [_cell(value, longest) for value in row[:_TABLE_COLUMNS]]
        left -= sum(len(cell) for cell in cells)
        if left < 0:
            break
        fitting.append(cells)
    return fitting


def _table(rows: list[list[str]]) -> dict[str, Any]:
    return {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": cell} for cell in row] for row in rows],
    }


def _cell(value: object, longest: int) -> str:
    """Write one value; Slack refuses an empty cell, so NULL and '' show as a dash."""
    text = "" if value is None else CONTROL.sub("", str(value))
    return cut(text, longest) if text.strip() else "–"
