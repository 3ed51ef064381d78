"""The parts of blocks (texts, buttons, menus, confirmations) and the rules to state their limits.

A rule takes a value and its JSON pointer and yields what is wrong with it, one line each.
Source: https://docs.slack.dev/reference/block-kit/block-elements/ and /composition-objects/.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from sandbox.slack.values import JsonObject

Complaint: TypeAlias = str
Rule: TypeAlias = Callable[[Any, str], Iterator[Complaint]]

MAX_ID = 255


def _nothing_wrong(value: Any, path: str) -> Iterator[Complaint]:
    del value, path
    yield from ()


ANY: Rule = _nothing_wrong


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The fields an object must and may have; `type` and `block_id` are always known."""

    required: Mapping[str, Rule] = field(default_factory=dict[str, Rule])
    optional: Mapping[str, Rule] = field(default_factory=dict[str, Rule])
    also: Callable[[JsonObject, str], Iterator[Complaint]] = ANY


def check_shape(value: Any, path: str, shape: Shape) -> Iterator[Complaint]:
    """Missing fields, unknown fields, and whatever the fields' own rules say."""
    if not isinstance(value, dict):
        yield f"[ERROR] must be an object [json-pointer:{path}]"
        return
    data = cast("JsonObject", value)
    rules = {"type": ANY, "block_id": length(MAX_ID), **shape.required, **shape.optional}
    for name in shape.required:
        if name not in data:
            yield f"[ERROR] missing required field: {name} [json-pointer:{path}]"
    for name, inner in data.items():
        if name not in rules:
            yield f"[ERROR] invalid additional property: {name} [json-pointer:{path}]"
        else:
            yield from rules[name](inner, f"{path}/{name}")
    yield from shape.also(data, path)


def length(most: int, least: int = 1) -> Rule:
    """A string of *least* to *most* characters."""

    def check(value: Any, path: str) -> Iterator[Complaint]:
        if not isinstance(value, str):
            yield f"[ERROR] must be a string [json-pointer:{path}]"
        elif len(value) > most:
            yield f"[ERROR] must be less than {most + 1} characters [json-pointer:{path}]"
        elif len(value) < least:
            yield f"[ERROR] must be more than {least - 1} characters [json-pointer:{path}]"

    return check


def at_most(most: int, least: int = 0) -> Rule:
    """A list of *least* to *most* items."""

    def check(value: Any, path: str) -> Iterator[Complaint]:
        if not isinstance(value, list | tuple):
            yield f"[ERROR] must be a list [json-pointer:{path}]"
        elif len(cast("list[Any]", value)) > most:
            yield f"[ERROR] no more than {most} items allowed [json-pointer:{path}]"
        elif len(cast("list[Any]", value)) < least:
            yield f"[ERROR] no less than {least} items allowed [json-pointer:{path}]"

    return check


def items(most: int, rule: Rule, least: int = 0) -> Rule:
    """A list of *least* to *most* items, each of which keeps *rule*."""

    def check(value: Any, path: str) -> Iterator[Complaint]:
        yield from at_most(most, least)(value, path)
        if isinstance(value, list):
            for number, item in enumerate(cast("list[Any]", value)):
                yield from rule(item, f"{path}/{number}")

    return check


def one_of(*allowed: Any) -> Rule:
    """One of a few values."""

    def check(value: Any, path: str) -> Iterator[Complaint]:
        if value not in allowed:
            yield f"[ERROR] value not allowed: {value} [json-pointer:{path}]"

    return check


def plain_text(most: int) -> Rule:
    """A `plain_text` object."""
    return of_type({"plain_text": _text(most, {"emoji": ANY})})


def mrkdwn_or_plain(most: int) -> Rule:
    """A `mrkdwn` or `plain_text` object."""
    return of_type(
        {"mrkdwn": _text(most, {"verbatim": ANY}), "plain_text": _text(most, {"emoji": ANY})}
    )


def _text(most: int, optional: Mapping[str, Rule]) -> Shape:
    return Shape(required={"text": length(most)}, optional=optional)


def of_type(shapes: Mapping[str, Shape]) -> Rule:
    """An object of one of these types."""

    def check(value: Any, path: str) -> Iterator[Complaint]:
        kind = str(cast("JsonObject", value).get("type")) if isinstance(value, dict) else "None"
        if kind not in shapes:
            yield f"[ERROR] unsupported type: {kind} [json-pointer:{path}/type]"
        else:
            yield from check_shape(value, path, shapes[kind])

    return check


def _confirm(value: Any, path: str) -> Iterator[Complaint]:
    yield from check_shape(value, path, CONFIRM)


def option(value: Any, path: str) -> Iterator[Complaint]:
    """One of the options of a menu or a list of choices."""
    yield from check_shape(value, path, OPTION)


def _chosen(element: JsonObject, path: str) -> Iterator[Complaint]:
    """What is chosen at first is exactly one of the options."""
    options = cast("list[Any]", element.get("options") or [])
    first = element.get("initial_option")
    chosen: list[Any] = element.get("initial_options") or ([first] if first else [])
    if any(one not in options for one in chosen):
        yield f"[ERROR] must be one of the options [json-pointer:{path}/initial_option]"


CONFIRM = Shape(
    required={
        "title": plain_text(100),
        "text": mrkdwn_or_plain(300),
        "confirm": plain_text(30),
        "deny": plain_text(30),
    },
    optional={"style": one_of("primary", "danger")},
)
OPTION = Shape(
    required={"text": mrkdwn_or_plain(75), "value": length(150)},
    optional={"description": plain_text(75), "url": length(3000)},
)
FEEDBACK_BUTTON = Shape(
    required={"text": plain_text(75), "value": length(2000)},
    optional={"accessibility_label": length(75)},
)
ID: dict[str, Rule] = {"action_id": length(MAX_ID)}
MENU: dict[str, Rule] = {
    **ID,
    "placeholder": plain_text(150),
    "confirm": _confirm,
    "focus_on_load": ANY,
}
OPTIONS: dict[str, Rule] = {"options": items(100, option, least=1)}
CHOICES: dict[str, Rule] = {"options": items(10, option, least=1)}
PICKER: dict[str, Rule] = {name: rule for name, rule in MENU.items() if name != "placeholder"}

ELEMENTS: dict[str, Shape] = {
    "button": Shape(
        required={"text": plain_text(75)},
        optional={
            **ID,
            "value": length(2000),
            "url": length(3000),
            "style": one_of("primary", "danger"),
            "confirm": _confirm,
            "accessibility_label": length(75),
            "visible_to_user_ids": at_most(10),
        },
    ),
    "static_select": Shape(
        required=OPTIONS, optional={**MENU, "initial_option": option}, also=_chosen
    ),
    "multi_static_select": Shape(
        required=OPTIONS,
        optional={**MENU, "initial_options": items(100, option), "max_selected_items": ANY},
        also=_chosen,
    ),
    "users_select": Shape(optional={**MENU, "initial_user": ANY}),
    "checkboxes": Shape(
        required=CHOICES,
        optional={**PICKER, "initial_options": items(10, option, least=1)},
        also=_chosen,
    ),
    "radio_buttons": Shape(
        required=CHOICES, optional={**PICKER, "initial_option": option}, also=_chosen
    ),
    "datepicker": Shape(optional={**MENU, "initial_date": ANY}),
    "timepicker": Shape(optional={**MENU, "initial_time": ANY, "timezone": ANY}),
    "datetimepicker": Shape(optional={**PICKER, "initial_date_time": ANY}),
    "overflow": Shape(
        required={"options": items(5, option, least=1)}, optional={**ID, "confirm": _confirm}
    ),
}
IMAGE_ELEMENT = Shape(
    required={"alt_text": length(2000)}, optional={"image_url": length(3000), "slack_file": ANY}
)
action_element: Rule = of_type(ELEMENTS)
accessory: Rule = of_type({**ELEMENTS, "image": IMAGE_ELEMENT})
context_element: Rule = of_type(
    {
        "mrkdwn": _text(3000, {"verbatim": ANY}),
        "plain_text": _text(3000, {"emoji": ANY}),
        "image": IMAGE_ELEMENT,
    }
)


def _feedback_button(value: Any, path: str) -> Iterator[Complaint]:
    yield from check_shape(value, path, FEEDBACK_BUTTON)


context_action_element: Rule = of_type(
    {
        "feedback_buttons": Shape(
            required={"positive_button": _feedback_button, "negative_button": _feedback_button},
            optional=ID,
        ),
        "icon_button": Shape(
            required={"icon": one_of("trash"), "text": plain_text(75)},
            optional={
                **ID,
                "value": length(2000),
                "confirm": _confirm,
                "accessibility_label": length(75),
                "visible_to_user_ids": at_most(10),
            },
        ),
    }
)
