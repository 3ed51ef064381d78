"""What Slack refuses in a modal or a Home tab, and the ids it gives to what has none.

Source: https://docs.slack.dev/reference/views/modal-views and /home-tab-views, and the Block Kit
reference for which block may stand where. Slack answers `invalid_arguments` with one line each.
"""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, cast

from sandbox.slack.limits import BLOCKS, block_complaints, found_under, repeated
from sandbox.slack.limits_elements import (
    ANY,
    Complaint,
    Rule,
    Shape,
    check_shape,
    length,
    mrkdwn_or_plain,
    one_of,
    plain_text,
)
from sandbox.slack.limits_inputs import input_element
from sandbox.slack.values import JsonObject
from sandbox.slack.workspace import SlackRefusal

MAX_VIEW_BLOCKS = 100
MAX_VIEW_BYTES = 250_000
MAX_TITLE = 24
MAX_PRIVATE_METADATA = 3000
MAX_ID = 255

ViewType = Literal["modal", "home"]

_INPUT = Shape(
    required={"label": plain_text(2000), "element": input_element},
    optional={"hint": plain_text(2000), "optional": ANY, "dispatch_action": ANY},
)
_ALERT = Shape(
    required={"text": mrkdwn_or_plain(200)},
    optional={"level": one_of("default", "info", "warning", "error", "success")},
)
_EVERYWHERE = ("section", "header", "divider", "context", "actions", "image", "rich_text")
VIEW_BLOCKS: Mapping[ViewType, Mapping[str, Shape]] = {
    "modal": {
        **{name: BLOCKS[name] for name in _EVERYWHERE},
        "input": _INPUT,
        "alert": _ALERT,
    },
    "home": {
        **{name: BLOCKS[name] for name in _EVERYWHERE},
        "input": _INPUT,
        **{name: BLOCKS[name] for name in ("table", "data_table", "data_visualization")},
    },
}


def _flag(value: Any, path: str) -> Iterator[Complaint]:
    if not isinstance(value, bool):
        yield f"[ERROR] must be a boolean [json-pointer:{path}]"


_KEPT: dict[str, Rule] = {
    "private_metadata": length(MAX_PRIVATE_METADATA, least=0),
    "callback_id": length(MAX_ID, least=0),
    "external_id": length(MAX_ID, least=0),
}
_SHAPES: Mapping[ViewType, Shape] = {
    "modal": Shape(
        required={"title": plain_text(MAX_TITLE), "blocks": ANY},
        optional={
            **_KEPT,
            "submit": plain_text(MAX_TITLE),
            "close": plain_text(MAX_TITLE),
            "clear_on_close": _flag,
            "notify_on_close": _flag,
            "submit_disabled": _flag,
        },
    ),
    "home": Shape(required={"blocks": ANY}, optional=_KEPT),
}


def ready_view(view: JsonObject, kind: ViewType) -> JsonObject:
    """The view with an id for each block and element; raises `SlackRefusal` as Slack would."""
    if len(json.dumps(view).encode()) > MAX_VIEW_BYTES:
        raise SlackRefusal("view_too_large")
    complaints = list(_complaints(view, kind))
    if complaints:
        raise SlackRefusal("invalid_arguments", complaints)
    return {**view, "blocks": [_with_ids(block) for block in view["blocks"]]}


def _complaints(view: JsonObject, kind: ViewType) -> Iterator[Complaint]:
    if view.get("type") != kind:
        yield f"[ERROR] must be of type {kind} [json-pointer:/view/type]"
        return
    yield from check_shape(view, "/view", _SHAPES[kind])
    blocks: Any = view.get("blocks")
    if not isinstance(blocks, list):
        return
    every = cast("list[Any]", blocks)
    yield from block_complaints(every, "/view/blocks", VIEW_BLOCKS[kind], MAX_VIEW_BLOCKS)
    known = [cast("JsonObject", block) for block in every if isinstance(block, dict)]
    yield from repeated("block_id", [block.get("block_id") for block in known])
    for block in known:
        yield from repeated("action_id", list(found_under("action_id", block)))
    if kind == "modal" and "submit" not in view and _has_input(known):
        yield "[ERROR] missing required field: submit, for there are inputs [json-pointer:/view]"


def _has_input(blocks: Sequence[JsonObject]) -> bool:
    return any(block.get("type") == "input" for block in blocks)


def _with_ids(block: JsonObject) -> JsonObject:
    named: JsonObject = {"block_id": secrets.token_hex(3), **block}
    for key in ("element", "accessory"):
        if isinstance(named.get(key), dict):
            named[key] = _with_action_id(named[key])
    if named.get("type") == "actions":
        named["elements"] = [_with_action_id(element) for element in named["elements"]]
    return named


def _with_action_id(element: JsonObject) -> JsonObject:
    return element if element["type"] == "image" else {"action_id": secrets.token_hex(3), **element}
