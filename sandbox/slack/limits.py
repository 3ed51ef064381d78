"""What Slack refuses in a message: too long, too many, unknown, or in the wrong place.

Source: the Block Kit reference (https://docs.slack.dev/reference/block-kit/blocks/), the pages of
`chat.postMessage` and `chat.update`, and bolt-js#2509 for the sum over all blocks. The wording
follows the real server's (`[ERROR] … [json-pointer:/blocks/0/text/text]`).
Blocks the real server knows but this module does not are refused, so nothing passes unexamined.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from sandbox.slack.limits_charts import CHART
from sandbox.slack.limits_elements import (
    ANY,
    Complaint,
    Rule,
    Shape,
    accessory,
    action_element,
    at_most,
    check_shape,
    context_action_element,
    context_element,
    items,
    length,
    mrkdwn_or_plain,
    one_of,
    plain_text,
)
from sandbox.slack.values import JsonObject
from sandbox.slack.workspace import SlackRefusal

MAX_TEXT = 40_000
MAX_BLOCKS = 50
MAX_TEXT_IN_ALL_BLOCKS = 13_200
MAX_MARKDOWN_IN_ALL_BLOCKS = 12_000
MAX_TABLE_ROWS = 100
MAX_TABLE_COLUMNS = 20
MAX_DATA_TABLE_ROWS = 101  # with its header
MAX_TEXT_IN_ALL_CELLS = 10_000
MAX_TABLES = 1
MAX_CHARTS = 2


def refuse_over_limit(text: str, blocks: Sequence[Any]) -> None:
    """Raise `SlackRefusal` as Slack would for this message; a message within limits passes."""
    if len(text) > MAX_TEXT:
        raise SlackRefusal("msg_too_long", [f"text has {len(text)} of {MAX_TEXT} characters"])
    complaints = list(_complaints(blocks))
    if complaints:
        raise SlackRefusal("invalid_blocks", complaints)
    total = _text_length(blocks)
    if total > MAX_TEXT_IN_ALL_BLOCKS:
        raise SlackRefusal(
            "msg_blocks_too_long",
            [f"all blocks together have {total} of {MAX_TEXT_IN_ALL_BLOCKS} characters"],
        )


def _complaints(blocks: Sequence[Any]) -> Iterator[Complaint]:
    yield from block_complaints(blocks, "/blocks", BLOCKS, MAX_BLOCKS)
    known = [cast("JsonObject", block) for block in blocks if isinstance(block, dict)]
    for rule in MESSAGE_RULES:
        yield from rule(known)


def block_complaints(
    blocks: Sequence[Any], path: str, known: Mapping[str, Shape], most: int
) -> Iterator[Complaint]:
    """What is wrong with each block by itself, and with their number."""
    yield from at_most(most)(blocks, path)
    for number, block in enumerate(blocks):
        yield from _one_block(block, f"{path}/{number}", known)


def _one_block(block: Any, path: str, known: Mapping[str, Shape]) -> Iterator[Complaint]:
    kind = str(cast("JsonObject", block).get("type")) if isinstance(block, dict) else "None"
    if kind == "alert" and kind not in known:
        yield f"[ERROR] alert blocks are allowed in modals only [json-pointer:{path}/type]"
    elif kind not in known:
        yield f"[ERROR] unsupported type: {kind} [json-pointer:{path}/type]"
    else:
        yield from check_shape(block, path, known[kind])


# single blocks


def _section(block: JsonObject, path: str) -> Iterator[Complaint]:
    if "text" not in block and "fields" not in block:
        yield f"[ERROR] missing required field: text [json-pointer:{path}]"


def _image(block: JsonObject, path: str) -> Iterator[Complaint]:
    if ("image_url" in block) == ("slack_file" in block):
        yield f"[ERROR] exactly one of image_url, slack_file is required [json-pointer:{path}]"


def _rows(most: int, cell: Rule, least: int = 1) -> Rule:
    def check(rows: Any, path: str) -> Iterator[Complaint]:
        yield from items(most, items(MAX_TABLE_COLUMNS, cell, least=1), least=least)(rows, path)
        if isinstance(rows, list):
            every = cast("list[Any]", rows)
            if len({len(cast("list[Any]", row)) for row in every if isinstance(row, list)}) > 1:
                yield f"[ERROR] all rows must have as many cells [json-pointer:{path}]"

    return check


def _cell(cell: Any, path: str) -> Iterator[Complaint]:
    kind = str(cast("JsonObject", cell).get("type")) if isinstance(cell, dict) else "None"
    if kind not in CELLS:
        yield f"[ERROR] unsupported type: {kind} [json-pointer:{path}/type]"
    else:
        yield from check_shape(cell, path, CELLS[kind])


CELLS: dict[str, Shape] = {
    "raw_text": Shape(required={"text": length(MAX_TEXT_IN_ALL_BLOCKS)}),
    "raw_number": Shape(required={"value": ANY}, optional={"text": length(255)}),
    "rich_text": Shape(
        required={"elements": items(1000, ANY, least=1)}, optional={"block_id": ANY}
    ),
}

_MARKDOWN = length(MAX_MARKDOWN_IN_ALL_BLOCKS)

BLOCKS: dict[str, Shape] = {
    "section": Shape(
        optional={
            "text": mrkdwn_or_plain(3000),
            "fields": items(10, mrkdwn_or_plain(2000), least=1),
            "accessory": accessory,
            "expand": ANY,
        },
        also=_section,
    ),
    "header": Shape(required={"text": plain_text(150)}, optional={"level": ANY}),
    "divider": Shape(),
    "context": Shape(required={"elements": items(10, context_element, least=1)}),
    "context_actions": Shape(required={"elements": items(5, context_action_element, least=1)}),
    "actions": Shape(required={"elements": items(25, action_element, least=1)}),
    "image": Shape(
        required={"alt_text": length(2000)},
        optional={"image_url": length(3000), "slack_file": ANY, "title": plain_text(2000)},
        also=_image,
    ),
    "markdown": Shape(required={"text": _MARKDOWN}),
    "rich_text": Shape(required={"elements": items(1000, ANY, least=1)}),
    "table": Shape(
        required={"rows": _rows(MAX_TABLE_ROWS, _cell)},
        optional={"column_settings": items(MAX_TABLE_COLUMNS, ANY)},
    ),
    "data_table": Shape(
        required={"rows": _rows(MAX_DATA_TABLE_ROWS, _cell, least=2), "caption": ANY},
        optional={"page_size": one_of(*range(1, 101)), "row_header_column_index": ANY},
    ),
    "data_visualization": Shape(required={"title": length(50), "chart": CHART}),
}

# the message as a whole


def _unique_block_ids(blocks: Sequence[JsonObject]) -> Iterator[Complaint]:
    yield from repeated("block_id", [block.get("block_id") for block in blocks])


def _unique_action_ids(blocks: Sequence[JsonObject]) -> Iterator[Complaint]:
    for block in blocks:
        yield from repeated("action_id", list(found_under("action_id", block)))


def _tables(blocks: Sequence[JsonObject]) -> Iterator[Complaint]:
    yield from _no_more_than(MAX_TABLES, "table", blocks)
    yield from _no_more_than(MAX_CHARTS, "data_visualization", blocks)


def _cell_sum(blocks: Sequence[JsonObject]) -> Iterator[Complaint]:
    tables = [block.get("rows") for block in blocks if block.get("type") in ("table", "data_table")]
    if _text_length(tables) > MAX_TEXT_IN_ALL_CELLS:
        yield (
            f"[ERROR] cells together must be less than {MAX_TEXT_IN_ALL_CELLS + 1} characters "
            f"[json-pointer:/blocks]"
        )


def _markdown_sum(blocks: Sequence[JsonObject]) -> Iterator[Complaint]:
    texts = [str(block.get("text", "")) for block in blocks if block.get("type") == "markdown"]
    if sum(map(len, texts)) > MAX_MARKDOWN_IN_ALL_BLOCKS:
        yield (
            f"[ERROR] markdown blocks together must be less than "
            f"{MAX_MARKDOWN_IN_ALL_BLOCKS + 1} characters [json-pointer:/blocks]"
        )


MESSAGE_RULES: tuple[Callable[[Sequence[JsonObject]], Iterator[Complaint]], ...] = (
    _unique_block_ids,
    _unique_action_ids,
    _tables,
    _cell_sum,
    _markdown_sum,
)


def repeated(name: str, values: Sequence[Any]) -> Iterator[Complaint]:
    """A complaint for each value that is there more than once."""
    for value in sorted({str(each) for each in values if each and values.count(each) > 1}):
        yield f"[ERROR] `{name}` {value} already exists in this message [json-pointer:/blocks]"


def _no_more_than(most: int, kind: str, blocks: Sequence[JsonObject]) -> Iterator[Complaint]:
    if sum(block.get("type") == kind for block in blocks) > most:
        yield f"[ERROR] no more than {most} {kind} block allowed [json-pointer:/blocks]"


def found_under(key: str, value: Any) -> Iterator[Any]:
    """Every value under *key*, at any depth."""
    if isinstance(value, dict):
        for name, inner in cast("JsonObject", value).items():
            if name == key:
                yield inner
            yield from found_under(key, inner)
    elif isinstance(value, list | tuple):
        for inner in cast("Sequence[Any]", value):
            yield from found_under(key, inner)


def _text_length(blocks: Sequence[Any]) -> int:
    return sum(len(text) for text in found_under("text", blocks) if isinstance(text, str))
