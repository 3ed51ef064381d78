"""The window that shows a run's receipt in full, within what Slack takes of a view."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from app.texts import Language, say
from app.views.receipt_details import TableDetails
from app.views.text import SECTION_CHARACTERS, context, cut, escape, number, plain, section
from sync.plan import TableRef

VIEW_BLOCKS = 100
_VIEW_BYTES = 200_000
"""Of all lines. Slack takes 250,000 of a view; the rest is for what stands around the lines."""
_TABLES = 30
"""More would leave none of them room for a block of its own."""
_LINE_CHARACTERS = 1000
_NAME_CHARACTERS = 300
_AROUND = 2
"""Blocks of a table besides its lines: what parts it from the one before, and what is left out."""


def receipt_modal(language: Language, tables: Sequence[TableDetails]) -> dict[str, Any]:
    """Draw the receipt, tables of which something is noted first; what has no room is counted."""
    ordered = sorted(tables, key=lambda table: not table.is_noted)
    shown, rest = ordered[:_TABLES], ordered[_TABLES:]
    blocks: list[dict[str, Any]] = []
    last = [_more(language, [table.ref for table in rest])] if rest else []
    most_blocks, most_bytes = VIEW_BLOCKS - len(last), _VIEW_BYTES
    for place, table in enumerate(shown):
        left = len(shown) - place  # what one table does not need is the next one's
        drawn, used = _table(
            language, table, (most_blocks - len(blocks)) // left, most_bytes // left
        )
        blocks += drawn
        most_bytes -= used
    return {
        "type": "modal",
        "title": plain(say(language, "details.title")),
        "close": plain(say(language, "modal.close")),
        "blocks": [*blocks, *last],
    }


def _table(
    language: Language, table: TableDetails, most_blocks: int, most_bytes: int
) -> tuple[list[dict[str, Any]], int]:
    """One table within so many blocks and bytes, and the bytes it took."""
    lines, texts, used = list(_lines(table)), [""], 0
    taken = 0
    for line in lines:
        joined = f"{texts[-1]}\n{line}".lstrip("\n")
        starts_block = len(joined) > SECTION_CHARACTERS
        if starts_block and len(texts) + _AROUND >= most_blocks:
            break
        if used + len(json.dumps(line)) > most_bytes:
            break
        texts = [*texts, line] if starts_block else [*texts[:-1], joined]
        used += len(json.dumps(line))
        taken += 1
    blocks: list[dict[str, Any]] = [{"type": "divider"}, *map(section, texts)]
    if taken < len(lines):
        blocks.append(_left_out(language, table, len(lines) - taken))
    return blocks, used


def _lines(table: TableDetails) -> Iterator[str]:
    """All that is told of a table; a heading goes with its first line."""
    yield f"*{cut(escape(str(table.ref)), _NAME_CHARACTERS)}*"
    for fact in table.facts:
        yield cut(fact, _LINE_CHARACTERS)
    for group in table.groups:
        for place, line in enumerate(group.lines):
            heading = "" if place else f"*{group.title}*\n"
            yield heading + cut(line, _LINE_CHARACTERS)


def _left_out(language: Language, table: TableDetails, count: int) -> dict[str, Any]:
    if table.standing == "gone":
        return context(say(language, "details.left_out_gone", count=number(count)))
    return context(
        say(
            language,
            "details.left_out",
            count=number(count),
            table=escape(str(table.ref)),
            source=escape(table.ref.source),
            generation=escape(table.generation),
        )
    )


def _more(language: Language, refs: Sequence[TableRef]) -> dict[str, Any]:
    names = cut(escape(", ".join(map(str, refs))), _LINE_CHARACTERS)
    return context(say(language, "details.more_tables", count=len(refs), names=names))
