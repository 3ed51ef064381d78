"""What is entered in a view: fields found by name, values checked as Slack's clients do. Pure.

The shape of `state.values`: https://docs.slack.dev/reference/interaction-payloads/
view-interactions-payload; the fields: /reference/block-kit/block-elements.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from sandbox.slack.values import JsonObject

States: TypeAlias = dict[str, dict[str, JsonObject]]
"""By block id and action id, as `state.values`."""


class NoSuchField(LookupError):
    """The view has no field, or the field no option, of that name; the error lists them."""


class IncompleteForm(ValueError):
    """Slack's client does not submit this form: a field is empty, too short or too long."""


@dataclass(frozen=True)
class _Keys:
    """Where an element keeps what it starts with, and what is chosen."""

    initial: str
    current: str


_KEYS: Mapping[str, _Keys] = {
    "plain_text_input": _Keys("initial_value", "value"),
    "number_input": _Keys("initial_value", "value"),
    "email_text_input": _Keys("initial_value", "value"),
    "url_text_input": _Keys("initial_value", "value"),
    "rich_text_input": _Keys("initial_value", "rich_text_value"),
    "static_select": _Keys("initial_option", "selected_option"),
    "external_select": _Keys("initial_option", "selected_option"),
    "radio_buttons": _Keys("initial_option", "selected_option"),
    "overflow": _Keys("", "selected_option"),
    "multi_static_select": _Keys("initial_options", "selected_options"),
    "multi_external_select": _Keys("initial_options", "selected_options"),
    "checkboxes": _Keys("initial_options", "selected_options"),
    "users_select": _Keys("initial_user", "selected_user"),
    "multi_users_select": _Keys("initial_users", "selected_users"),
    "conversations_select": _Keys("initial_conversation", "selected_conversation"),
    "multi_conversations_select": _Keys("initial_conversations", "selected_conversations"),
    "channels_select": _Keys("initial_channel", "selected_channel"),
    "multi_channels_select": _Keys("initial_channels", "selected_channels"),
    "datepicker": _Keys("initial_date", "selected_date"),
    "timepicker": _Keys("initial_time", "selected_time"),
    "datetimepicker": _Keys("initial_date_time", "selected_date_time"),
    "file_input": _Keys("", "files"),
}


BUTTONS = ("button", "icon_button", "feedback_buttons")


def controls_of(blocks: Sequence[JsonObject]) -> tuple[JsonObject, ...]:
    """All that can be pressed, chosen or filled in, each with the `block_id` it stands in."""
    return tuple(
        {**element, "block_id": block.get("block_id", "")}
        for block in blocks
        for element in _elements(block)
        if element.get("type") in _KEYS or element.get("type") in BUTTONS
    )


def state_of(view: JsonObject, entered: States) -> States:
    """`state.values` of a view: what it started with, under what was *entered*."""
    states: States = {}
    for control in controls_of(view["blocks"]):
        keys = _KEYS.get(control["type"])
        if keys is None or control["type"] == "overflow":
            continue
        block_id, action_id = control["block_id"], control.get("action_id", "")
        empty: Any = [] if keys.current.endswith("s") else None
        started = {"type": control["type"], keys.current: control.get(keys.initial, empty)}
        known = entered.get(block_id, {}).get(action_id)
        kept = known if known and known["type"] == control["type"] else started
        states.setdefault(block_id, {})[action_id] = kept
    return states


def fill(view: JsonObject, values: Mapping[str, Any]) -> States:
    """What a person enters: *values* by a field's action id, block id or label.

    A text, an option's value or text, or one that was looked up; an id or a date; a list where
    several are chosen. Raises `NoSuchField`.
    """
    labels = {block.get("block_id"): _label(block) for block in view["blocks"]}
    fields = [each for each in controls_of(view["blocks"]) if each["type"] in _KEYS]
    states: States = {}
    for name, value in values.items():
        for field in fields:
            block_id, action_id = field["block_id"], field.get("action_id", "")
            if name in (action_id, block_id, labels.get(block_id)):
                states.setdefault(block_id, {})[action_id] = chosen(field, value)
                break
        else:
            known = ", ".join(f"{each.get('action_id')} in {each['block_id']}" for each in fields)
            raise NoSuchField(f"no field {name!r}; the view has: {known or 'no fields'}")
    return states


def chosen(control: JsonObject, value: Any) -> JsonObject:
    """The state of one control when a person gives it *value*. Raises `NoSuchField`."""
    key = _KEYS[control["type"]].current
    if key == "selected_option":
        is_known = value is None or isinstance(value, dict)
        return {"type": control["type"], key: value if is_known else _option(control, value)}
    if key == "selected_options":
        value = [_option(control, each) for each in value]
    return {"type": control["type"], key: value}


def check_complete(view: JsonObject, states: States) -> None:
    """Raise `IncompleteForm` where Slack's client would not let the person submit."""
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = cast("JsonObject", block["element"])
        state = states[block["block_id"]][element.get("action_id", "")]
        value = state[_KEYS[element["type"]].current]
        if not value and not block.get("optional"):
            raise IncompleteForm(f"{_label(block)!r} must be filled in")
        if isinstance(value, str) and value and element["type"] == "plain_text_input":
            least, most = element.get("min_length", 0), element.get("max_length", 3000)
            if not least <= len(value) <= most:
                raise IncompleteForm(
                    f"{_label(block)!r} takes {least} to {most} characters, not {len(value)}"
                )


def _option(control: JsonObject, wanted: Any) -> JsonObject:
    groups = cast("list[JsonObject]", control.get("option_groups", []))
    options = [
        *cast("list[JsonObject]", control.get("options", [])),
        *(option for group in groups for option in group["options"]),
    ]
    for option in options:
        if wanted in (option.get("value"), option["text"]["text"]):
            return option
    known = ", ".join(f"{each['text']['text']} ({each.get('value')})" for each in options)
    raise NoSuchField(f"no option {wanted!r} in {control.get('action_id')}; it has: {known}")


def _label(block: JsonObject) -> str:
    return str(block.get("label", {}).get("text", "")) if block.get("type") == "input" else ""


def _elements(block: JsonObject) -> Iterator[JsonObject]:
    if block.get("type") in ("actions", "context_actions"):
        for element in cast("list[JsonObject]", block["elements"]):
            yield from _pressed_apart(element)
    elif block.get("type") == "section" and "accessory" in block:
        yield block["accessory"]
    elif block.get("type") == "input":
        yield block["element"]


def _pressed_apart(element: JsonObject) -> Iterator[JsonObject]:
    """Feedback buttons are one element with two sides, each pressed by its own label."""
    if element.get("type") == "feedback_buttons":
        for side in ("positive_button", "negative_button"):
            yield {**element, "text": element[side]["text"], "value": element[side]["value"]}
    else:
        yield element
