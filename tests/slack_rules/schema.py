"""JSON Schemas of blocks and views, from their pages of Slack's reference, and the check by them.

https://docs.slack.dev/reference/block-kit/blocks/ and /reference/views/. A kind of block that is
not here is refused, so nothing passes unread; rich_text is left to slack_sdk.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, Literal, cast

import fastjsonschema

from tests.slack_rules.elements import (
    ACTED_ON,
    ANY,
    BESIDE_CONTEXT,
    FLAG,
    ID,
    IMAGE,
    NUMBER,
    SLACK_FILE,
    TYPED_IN,
    WHOLE,
    Schema,
    either,
    mrkdwn,
    one_of,
    plain,
    some,
    text,
    thing,
)

Surface = Literal["message", "modal", "home"]
ALL: tuple[Surface, ...] = ("message", "modal", "home")

_RICH = thing("rich_text", {"elements": {"type": "array"}}, {"block_id": ID})
_CELLS = (
    thing("raw_text", {"text": text(10_000)}),
    thing("raw_number", {"value": NUMBER}, {"text": text(10_000)}),
    _RICH,
)
_LABEL = text(20)
_POINT = thing(None, {"label": _LABEL, "value": NUMBER})
_SLICE = thing(None, {"label": _LABEL, "value": {"type": "number", "exclusiveMinimum": 0}})
_SERIES = thing(None, {"name": _LABEL, "data": some(_POINT, 20)})
_AXIS = thing(None, {"categories": some(_LABEL, 20)}, {"x_label": text(50), "y_label": text(50)})
_CHARTS = (
    thing("pie", {"segments": some(_SLICE, 6)}),
    thing("bar", {"series": some(_SERIES, 6), "axis_config": _AXIS}),
    thing("area", {"series": some(_SERIES, 6), "axis_config": _AXIS}),
    thing("line", {"series": some(_SERIES, 6), "axis_config": _AXIS}),
)
_COLUMN = thing(None, {}, {"align": {"enum": ["left", "center", "right"]}, "is_wrapped": FLAG})
_IN_INPUT = {
    kind: one
    for kind, one in {**ACTED_ON, **TYPED_IN}.items()
    if kind not in ("button", "overflow")
}
_TASK: Schema = {
    "task_id": ID,
    "title": text(255),
    "status": {"enum": ["pending", "in_progress", "complete", "error"]},
}


def _block(
    kind: str, where: Sequence[Surface], needs: Schema, may: Schema | None = None
) -> tuple[str, tuple[Sequence[Surface], Schema]]:
    return kind, (where, thing(kind, needs, {"block_id": ID, **(may or {})}))


BLOCKS = dict(
    (
        _block(
            "section",
            ALL,
            {},
            {
                "text": either(3000),
                "fields": some(either(2000), 10),
                "accessory": one_of(*ACTED_ON.values(), IMAGE),
                "expand": FLAG,
            },
        ),
        _block("header", ALL, {"text": plain(150)}),
        _block("divider", ALL, {}),
        _block("context", ALL, {"elements": some(one_of(mrkdwn(3000), plain(3000), IMAGE), 10)}),
        _block("actions", ALL, {"elements": some(one_of(*ACTED_ON.values()), 25)}),
        _block(
            "context_actions",
            ("message",),
            {"elements": some(one_of(*BESIDE_CONTEXT.values()), 5)},
        ),
        _block(
            "image",
            ALL,
            {"alt_text": text(2000)},
            {"image_url": text(3000), "slack_file": SLACK_FILE, "title": plain(2000)},
        ),
        _block(
            "input",
            ALL,
            {"label": plain(2000), "element": one_of(*_IN_INPUT.values())},
            {"hint": plain(2000), "optional": FLAG, "dispatch_action": FLAG},
        ),
        _block("rich_text", ALL, {"elements": {"type": "array", "minItems": 1}}),
        _block("markdown", ("message",), {"text": text(12_000)}),
        _block(
            "alert",
            ("modal",),
            {"text": either(3000)},
            {"level": {"enum": ["default", "info", "warning", "error", "success"]}},
        ),
        _block(
            "table",
            ("message", "home"),
            {"rows": some(some(one_of(*_CELLS), 20), 100)},
            {"column_settings": some(_COLUMN, 20)},
        ),
        _block(
            "data_table",
            ("message", "home"),
            {
                "caption": text(10_000),
                "rows": {
                    **some(some(one_of(*_CELLS), 20), 101, least=2),
                    "items": [some(one_of(*_CELLS[:2]), 20)],
                    "additionalItems": some(one_of(*_CELLS), 20),
                },
            },
            {
                "page_size": {"type": "integer", "minimum": 1, "maximum": 100},
                "row_header_column_index": {**WHOLE, "minimum": 0},
            },
        ),
        _block(
            "data_visualization",
            ("message", "home"),
            {"title": text(50), "chart": one_of(*_CHARTS)},
        ),
        _block("task_card", ("message",), _TASK, {"details": _RICH, "output": _RICH}),
    )
)
"""Each kind of block: where it may stand, and its schema."""

_KEPT: Schema = {
    "blocks": {"type": "array", "minItems": 1, "maxItems": 100},
    "private_metadata": text(3000, 0),
    "callback_id": text(255, 0),
    "external_id": text(255, 0),
}
VIEWS: dict[str, Schema] = {
    "modal": thing(
        "modal",
        {"title": plain(24), "blocks": _KEPT["blocks"]},
        {
            **_KEPT,
            "submit": plain(24),
            "close": plain(24),
            "clear_on_close": FLAG,
            "notify_on_close": FLAG,
            "submit_disabled": FLAG,
        },
    ),
    "home": thing("home", {"blocks": _KEPT["blocks"]}, _KEPT),
}


def wrong_blocks(blocks: Sequence[Any], where: Surface) -> Iterator[str]:
    """What is wrong with each block by itself."""
    for number, block in enumerate(blocks):
        kind = str(cast("Schema", block).get("type")) if isinstance(block, dict) else "None"
        places, schema = BLOCKS.get(kind, ((), ANY))
        if where not in places:
            yield f"block {number}: no {kind} may stand in a {where}"
        else:
            yield from _wrong(kind, schema, block, f"block {number}, {kind}")


def wrong_view(view: Any) -> Iterator[str]:
    """What is wrong with a view, besides its blocks."""
    kind = str(view.get("type"))
    if kind in VIEWS:
        yield from _wrong(kind, VIEWS[kind], view, kind)
    else:
        yield f"no such view: {kind}"


def _wrong(kind: str, schema: Schema, value: Any, place: str) -> Iterator[str]:
    try:
        _check(kind, schema is VIEWS.get(kind))(value)
    except fastjsonschema.JsonSchemaValueException as error:
        yield f"{place}: {error}: {str(error.value)[:300]}"


@cache
def _check(kind: str, is_view: bool) -> Callable[[Any], Any]:  # noqa: FBT001 -- a key of the cache
    return fastjsonschema.compile(VIEWS[kind] if is_view else BLOCKS[kind][1])
