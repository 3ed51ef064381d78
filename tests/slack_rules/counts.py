"""Slack's rules that are about a whole message or view, counted.

Sources: the pages of the blocks, /reference/methods/chat.postMessage, bolt-js#2509 for the sum over
all blocks (13,200 were seen to be too long; 12,000 is what the documents name for one).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from tests.blocks import objects

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
MESSAGE_CHARACTERS = 12_000
MARKDOWN_CHARACTERS = 12_000
CELL_CHARACTERS = 10_000
TEXT_CHARACTERS = 4000
"""Slack truncates at 40,000, and says to keep within this."""

Found = Mapping[str, Any]


def wrong_message(text: str, blocks: Sequence[Any]) -> Iterator[str]:
    """What is wrong with a message as a whole."""
    if not text.strip():
        yield "it has no text, which is all that notifications and screen readers have"
    if len(text) > TEXT_CHARACTERS:
        yield f"its text has {len(text)} of {TEXT_CHARACTERS} characters"
    if len(blocks) > MESSAGE_BLOCKS:
        yield f"it has {len(blocks)} of {MESSAGE_BLOCKS} blocks"
    total = sum(len(one) for one in _strings(blocks))
    if total > MESSAGE_CHARACTERS:
        yield f"its blocks have {total} of {MESSAGE_CHARACTERS} characters"
    markdown = sum(len(block.get("text", "")) for block in blocks if _is(block, "markdown"))
    if markdown > MARKDOWN_CHARACTERS:
        yield f"its markdown blocks have {markdown} of {MARKDOWN_CHARACTERS} characters"
    if sum(_is(block, "table") for block in blocks) > 1:
        yield "it has more than one table"
    charts = sum(_is(block, "data_visualization") for block in blocks)
    if charts > 2:
        yield f"it has {charts} of 2 charts"
    yield from _wrong_together(blocks)


def wrong_view(view: Found) -> Iterator[str]:
    """What is wrong with a view as a whole."""
    blocks: list[Any] = view.get("blocks", [])
    if len(blocks) > VIEW_BLOCKS:
        yield f"it has {len(blocks)} of {VIEW_BLOCKS} blocks"
    has_input = any(_is(block, "input") for block in blocks)
    if has_input and view.get("type") == "modal" and "submit" not in view:
        yield "it has inputs, and so needs submit"
    yield from _wrong_together(blocks)


def _wrong_together(blocks: Sequence[Any]) -> Iterator[str]:
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    yield from (f"block_id {one} is there twice" for one in _twice(ids))
    for number, block in enumerate(blocks):
        actions = [one["action_id"] for one in objects(block) if "action_id" in one]
        yield from (f"block {number}: action_id {one} is there twice" for one in _twice(actions))
        yield from (f"block {number}: {one}" for one in _wrong_inside(block))
    cells = sum(len(one) for block in blocks for one in _cells(block))
    if cells > CELL_CHARACTERS:
        yield f"its cells have {cells} of {CELL_CHARACTERS} characters"


def _wrong_inside(block: Found) -> Iterator[str]:
    """What the page of a block says of how its fields go together."""
    kind = block.get("type")
    if kind == "section" and not {"text", "fields"} & block.keys():
        yield "a section needs text or fields"
    if kind in ("table", "data_table") and len({len(row) for row in block["rows"]}) > 1:
        yield "its rows are not equally long"
    if kind == "data_visualization":
        yield from _wrong_chart(block["chart"])
    for one in objects(block):
        if one.get("type") == "image" and len({"image_url", "slack_file"} & one.keys()) != 1:
            yield "an image needs image_url or slack_file"
        if "select" in str(one.get("type")) and {"options", "option_groups"} <= one.keys():
            yield "options and option_groups are both there"
        yield from _wrong_choice(one)
    primary = sum(one.get("style") == "primary" for one in objects(block))
    if kind == "actions" and primary > 1:
        yield f"{primary} buttons are primary"


def _wrong_choice(element: Found) -> Iterator[str]:
    options = element.get("options")
    if not isinstance(options, list):
        return
    first = element.get("initial_option")
    chosen = element.get("initial_options", [first] if first else [])
    if any(one not in options for one in chosen):
        yield "what is chosen at first is none of the options"
    values = [str(one.get("value")) for one in cast("list[Found]", options)]
    yield from (f"the value {one} is there twice" for one in _twice(values))


def _wrong_chart(chart: Found) -> Iterator[str]:
    series, axis = chart.get("series", ()), chart.get("axis_config", {})
    categories = axis.get("categories", [])
    yield from (f"series {one} is there twice" for one in _twice([one["name"] for one in series]))
    yield from (f"category {one} is there twice" for one in _twice(categories))
    for one in series:
        if sorted(point["label"] for point in one["data"]) != sorted(categories):
            yield f"the labels of {one['name']} are not the categories"


def _is(block: Any, kind: str) -> bool:
    return block.get("type") == kind


def _twice(values: Sequence[str]) -> list[str]:
    return sorted({one for one in values if values.count(one) > 1})


def _cells(block: Found) -> Iterator[str]:
    if block.get("type") in ("table", "data_table"):
        yield from _strings(block["rows"])


def _strings(value: Any) -> Iterator[str]:
    """Every text that a reader sees, wherever it stands."""
    for one in objects(value):
        yield from (one[key] for key in ("text", "alt_text") if isinstance(one.get(key), str))
