"""Blocks as lines of plain text, in the order people read them. Pure."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from sandbox.slack.mrkdwn import Reader, padded, seen, width
from sandbox.slack.values import JsonObject, Message

RULE_COLUMNS = 40

Numbers = Iterator[int]
"""The numbers of a message's buttons, counted in the order of `payloads.buttons_of`."""


def body_lines(message: Message, reader: Reader) -> list[str]:
    """What a message shows: its blocks if it has any, else its text; then its files."""
    files = [f"[file: {file['name']}, {file['size']:,} bytes]" for file in message.files]
    if not message.blocks:
        return [*seen(message.text, reader).splitlines(), *files]
    return [*block_lines(message.blocks, reader), *files]


def block_lines(blocks: Sequence[JsonObject], reader: Reader) -> list[str]:
    """Blocks as lines, their buttons numbered from 1."""
    numbers = itertools.count(1)
    return [
        line.rstrip()
        for block in blocks
        for line in BLOCKS.get(str(block["type"]), _unknown)(block, reader, numbers)
    ]


def table_lines(rows: Sequence[Sequence[str]], aligns: Sequence[str] = ()) -> list[str]:
    """Rows as aligned columns, the first row underlined as the header."""
    columns = list(itertools.zip_longest(*rows, fillvalue=""))
    widths = [max(map(width, column)) for column in columns]
    sides = [*aligns, *["left"] * len(widths)]
    lines = [
        " │ ".join(
            padded(cell, columns, side)
            for cell, columns, side in zip(row, widths, sides, strict=False)
        )
        for row in rows
    ]
    return [lines[0], "─┼─".join("─" * each for each in widths), *lines[1:]] if lines else []


def _header(block: JsonObject, reader: Reader, numbers: Numbers) -> list[str]:
    return [f"【{_text(block['text'], reader)}】"]


def _section(block: JsonObject, reader: Reader, numbers: Numbers) -> list[str]:
    lines = _text(block["text"], reader).splitlines() if "text" in block else []
    for each in block.get("fields", ()):
        lines.append("  " + " ".join(_text(each, reader).splitlines()))
    if "accessory" in block:
        lines.append(_element(block["accessory"], reader, numbers))
    return lines


def _context(block: JsonObject, reader: Reader, numbers: Numbers) -> list[str]:
    parts = [_element(element, reader, numbers) for element in block["elements"]]
    return ["· " + line for line in "  ".join(parts).splitlines()]


def _actions(block: JsonObject, reader: Reader, numbers: Numbers) -> list[str]:
    return ["  ".join(_element(element, reader, numbers) for element in block["elements"])]


def _divider(block: JsonObject, reader: Reader, numbers: Numbers) -> list[str]:
    return ["─" * RULE_COLUMNS]


def _markdown(block: JsonObject, reader: Reader, numbers: Numbers) -> list[str]:
    return str(block["text"]).splitlines()


def _image(block: JsonObject, reader: Reader, numbers: Numbers) -> list[str]:
    return [f"[image: {block['alt_text']}]"]


def _rich_text(block: JsonObject, reader: Reader, numbers: Numbers) -> list[str]:
    return _flat(block, reader).splitlines()


def _table(block: JsonObject, reader: Reader, numbers: Numbers) -> list[str]:
    rows = [[_cell(cell, reader) for cell in row] for row in block["rows"]]
    settings = cast("Sequence[JsonObject | None]", block.get("column_settings", ()))
    aligns = [str((each or {}).get("align", "left")) for each in settings]
    caption = [str(block["caption"])] if "caption" in block else []
    return [*caption, *table_lines(rows, aligns)]


def _chart(block: JsonObject, reader: Reader, numbers: Numbers) -> list[str]:
    chart = cast("JsonObject", block["chart"])
    head = f"[{chart['type']} chart: {block['title']}]"
    if chart["type"] == "pie":
        rows = [[str(one["label"]), f"{one['value']:,.12g}"] for one in chart["segments"]]
        return [head, *table_lines([["", ""], *rows], ["left", "right"])[2:]]
    series = cast("list[JsonObject]", chart["series"])
    values = [{point["label"]: point["value"] for point in one["data"]} for one in series]
    names = [str(chart["axis_config"].get("x_label", "")), *(str(one["name"]) for one in series)]
    rows = [
        [str(label), *(f"{one[label]:,.12g}" for one in values)]
        for label in chart["axis_config"]["categories"]
    ]
    return [head, *table_lines([names, *rows], ["left", *["right"] * len(series)])]


def _task(block: JsonObject, reader: Reader, numbers: Numbers) -> list[str]:
    return [f"[{block.get('status', 'pending')}] {block.get('title', '')}"]


def _plan(block: JsonObject, reader: Reader, numbers: Numbers) -> list[str]:
    tasks = [line for task in block.get("tasks", ()) for line in _task(task, reader, numbers)]
    return [str(block.get("title", "")), *("  " + line for line in tasks)]


def _unknown(block: JsonObject, reader: Reader, numbers: Numbers) -> list[str]:
    return [f"[{block['type']}]"]


BLOCKS: Mapping[str, Callable[[JsonObject, Reader, Numbers], list[str]]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "context_actions": _actions,
    "divider": _divider,
    "markdown": _markdown,
    "image": _image,
    "rich_text": _rich_text,
    "table": _table,
    "data_table": _table,
    "data_visualization": _chart,
    "task_card": _task,
    "plan": _plan,
}


def _element(element: JsonObject, reader: Reader, numbers: Numbers) -> str:
    kind = element["type"]
    if kind in ("mrkdwn", "plain_text"):
        return _text(element, reader)
    if kind == "button":
        return f"[{next(numbers)}] {_text(element['text'], reader)}"
    if kind == "feedback_buttons":
        sides = (element["positive_button"], element["negative_button"])
        return " / ".join(_text(side["text"], reader) for side in sides)
    if kind == "image":
        return f"[image: {element['alt_text']}]"
    options = ", ".join(_text(option["text"], reader) for option in element.get("options", ()))
    return f"[{kind}: {options}]"


def _text(given: JsonObject, reader: Reader) -> str:
    text = str(given["text"])
    return seen(text, reader) if given["type"] == "mrkdwn" else text


def _cell(cell: JsonObject, reader: Reader) -> str:
    if cell["type"] == "raw_number" and "text" not in cell:
        return str(cell["value"])
    return _flat(cell, reader).replace("\n", " ")


def _flat(part: JsonObject, reader: Reader) -> str:
    """The text inside rich text, however deep."""
    kind = part.get("type")
    if kind == "user":
        return "@" + reader.user(str(part["user_id"]))
    if kind == "emoji":
        return f":{part['name']}:"
    if kind == "link":
        return str(part.get("text") or part["url"])
    if "elements" not in part:
        return str(part.get("text", ""))
    inner = [_flat(each, reader) for each in cast("list[dict[str, Any]]", part["elements"])]
    if kind == "rich_text_list":
        return "\n".join("• " + line for line in inner)
    return ("\n" if kind == "rich_text" else "").join(inner)
