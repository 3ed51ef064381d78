"""The rows of a result as Slack blocks: a table, a table with pages, or aligned text.

Text of cells is put into ``raw_text`` and preformatted text alone, so nothing in it is a mention, a
link or a control. Slack's limits: 100 rows and 20 columns a ``table``, 101 rows a ``data_table``,
about 10,000 characters of cells a message (/docs/reference/block-kit/blocks).
"""

import unicodedata
from collections.abc import Sequence
from typing import Any

from agent.events import TableShown
from app.texts import Language, say
from app.views.splitting import pieces
from app.views.text import CONTROL, SECTION_CHARACTERS, cut, escape, section
from app.views.values import NOTHING, columns_written, is_number

COLUMNS_SHOWN = 4
"""What a phone shows without scrolling; a file has them all."""
_ROWS_AT_ONCE = 12
"""More come in pages."""
_PAGE_ROWS = 10
_MOST_ROWS = 99
_CELL_CHARACTERS = 200
_TABLE_CHARACTERS = 3500
"""Of all cells, the head's too; a message holds more than its table."""
_PREFORMATTED_CHARACTERS = 2900
_OLD_KINDS = frozenset({"section", "context", "actions", "divider", "header", "image"})


def fits(table: TableShown, timezone: str) -> bool:
    """Whether all columns and rows of a result are drawn."""
    head, rows = _fitting(table, timezone)
    return len(head) == len(table.columns) and len(rows) == len(table.rows)


def result_blocks(
    language: Language, table: TableShown, timezone: str, *, in_file: bool = False
) -> tuple[list[dict[str, Any]], list[str]]:
    """Draw a result with rows; and say in small print what of it is not shown.

    *in_file*: the whole of it is handed over below.
    """
    head, rows = _fitting(table, timezone)
    notes: list[str] = []
    if table.truncated or len(rows) < len(table.rows):
        notes.append(say(language, "answer.shown", shown=len(rows)))
    if len(head) < len(table.columns):
        notes.append(say(language, "answer.columns_shown", shown=len(head), all=len(table.columns)))
    if notes:
        notes.append(say(language, "answer.in_file" if in_file else "answer.ask_for_file"))
        notes = [" ".join(notes)]
    aligns = ["right" if is_number(kind) else "left" for kind in table.types[: len(head)]]
    if len(rows) <= _ROWS_AT_ONCE:
        return [_table([head, *rows], aligns)], notes
    caption = say(language, "answer.caption", rows=len(rows))
    return [_paged([head, *rows], caption)], notes


def plainer(blocks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same blocks of kinds that Slack has always had, with every table as aligned text.

    Charts are left out: whoever posts them sends a picture. So are buttons for an opinion.
    """
    plain: list[dict[str, Any]] = []
    for block in blocks:
        match block["type"]:
            case "table" | "data_table":
                rows = [[str(cell.get("text", "")) for cell in row] for row in block["rows"]]
                plain.append(_preformatted(rows))
            case "markdown":
                plain += map(section, pieces(escape(block["text"]), SECTION_CHARACTERS))
            case kind if kind in _OLD_KINDS:
                plain.append(block)
            case _:
                continue
    return plain


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines in which columns stand under each other; a Korean sign is as wide as two others."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell + " " * (wide - _width(cell)) for cell, wide in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def _fitting(table: TableShown, timezone: str) -> tuple[list[str], list[list[str]]]:
    """Give the head and as many rows as there is room for; at least one, its cells cut to fit."""
    columns = table.columns[:COLUMNS_SHOWN]
    types = (table.types or ("VARCHAR",) * len(table.columns))[:COLUMNS_SHOWN]
    longest = min(_CELL_CHARACTERS, _TABLE_CHARACTERS // (2 * len(columns)))
    told = [list(row[:COLUMNS_SHOWN]) for row in table.rows[:_MOST_ROWS]]
    head = [_cell(name, longest) for name in columns]
    left = _TABLE_CHARACTERS - sum(map(len, head))
    fitting: list[list[str]] = []
    for row in columns_written(told, types, timezone):
        cells = [_cell(text, longest) for text in row]
        left -= sum(map(len, cells))
        if left < 0:
            break
        fitting.append(cells)
    return head, fitting


def _cell(text: str, longest: int) -> str:
    shown = cut(CONTROL.sub("", text), longest)
    return shown if shown.strip() else NOTHING


def _table(rows: Sequence[Sequence[str]], aligns: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "table",
        "rows": _raw(rows),
        "column_settings": [{"align": align} for align in aligns] or [{"align": "left"}],
    }


def _paged(rows: Sequence[Sequence[str]], caption: str) -> dict[str, Any]:
    return {
        "type": "data_table",
        "caption": caption,
        "page_size": _PAGE_ROWS,
        "rows": _raw(rows),
    }


def _raw(rows: Sequence[Sequence[str]]) -> list[list[dict[str, str]]]:
    return [[{"type": "raw_text", "text": cell} for cell in row] for row in rows]


def _preformatted(rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    lines = aligned([[" ".join(cell.split()) for cell in row] for row in rows])
    text = escape("\n".join(lines).replace("```", "'''"))
    shown = cut(text, _PREFORMATTED_CHARACTERS)
    return {
        "type": "section",
        "text": {"type": "mrkdwn", "text": f"```{shown}```", "verbatim": True},
    }


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )
