"""JSON Schemas of texts, options and elements, from their pages of Slack's Block Kit reference.

https://docs.slack.dev/reference/block-kit/composition-objects/ and /block-elements/
"""

from typing import Any

Schema = dict[str, Any]

ANY: Schema = {}
FLAG: Schema = {"type": "boolean"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}


def text(most: int, least: int = 1) -> Schema:
    """A string of so many characters."""
    return {"type": "string", "minLength": least, "maxLength": most}


def some(item: Schema, most: int, least: int = 1) -> Schema:
    """A list of so many of these."""
    return {"type": "array", "items": item, "minItems": least, "maxItems": most}


def thing(kind: str | None, needs: Schema, may: Schema | None = None) -> Schema:
    """An object with these fields and no others; of a *kind*, if it has a ``type``."""
    named = {"type": {"const": kind}} if kind else {}
    return {
        "type": "object",
        "properties": {**named, **needs, **(may or {})},
        "required": [*named, *needs],
        "additionalProperties": False,
    }


def one_of(*schemas: Schema) -> Schema:
    """Any of these."""
    return {"anyOf": list(schemas)}


def plain(most: int) -> Schema:
    """A plain_text object."""
    return thing("plain_text", {"text": text(most)}, {"emoji": FLAG})


def mrkdwn(most: int) -> Schema:
    """A mrkdwn object."""
    return thing("mrkdwn", {"text": text(most)}, {"verbatim": FLAG})


def either(most: int) -> Schema:
    """A text object of either kind."""
    return one_of(plain(most), mrkdwn(most))


ID = text(255)
STYLE: Schema = {"enum": ["primary", "danger"]}
CONFIRM = thing(
    None,
    {"title": plain(100), "text": either(300), "confirm": plain(30), "deny": plain(30)},
    {"style": STYLE},
)


def option(label: Schema) -> Schema:
    """One of the options of a menu, with such a label."""
    return thing(None, {"text": label, "value": text(150)}, {"description": plain(75)})


CHOICE = option(either(75))
"""Of checkboxes and radio buttons; those of menus are plain."""
OPTION = option(plain(75))
GROUP = thing(None, {"label": plain(75), "options": some(OPTION, 100)})
SLACK_FILE = one_of(thing(None, {"id": ID}), thing(None, {"url": text(3000)}))

_ACTS: Schema = {"action_id": ID, "confirm": CONFIRM}
_FOCUSES: Schema = {**_ACTS, "focus_on_load": FLAG}
_MENU: Schema = {**_FOCUSES, "placeholder": plain(150)}
_MANY: Schema = {**_MENU, "max_selected_items": {"type": "integer", "minimum": 1}}
_FILTER = thing(
    None,
    {},
    {
        "include": some({"enum": ["im", "mpim", "private", "public"]}, 4),
        "exclude_external_shared_channels": FLAG,
        "exclude_bot_users": FLAG,
    },
)
_OPTIONS: Schema = {"options": some(OPTION, 100), "option_groups": some(GROUP, 100)}
_CHOICES: Schema = {"options": some(CHOICE, 10)}
_BUTTON: Schema = {
    **_ACTS,
    "value": text(2000),
    "accessibility_label": text(75),
    "visible_to_user_ids": some(ID, 10),
}
_FEEDBACK = thing(None, {"text": plain(75), "value": text(2000)}, {"accessibility_label": text(75)})
_DISPATCH = thing(
    None,
    {},
    {
        "trigger_actions_on": some({"enum": ["on_enter_pressed", "on_character_entered"]}, 2),
    },
)
_TYPED: Schema = {
    "action_id": ID,
    "placeholder": plain(150),
    "focus_on_load": FLAG,
    "dispatch_action_config": _DISPATCH,
}
_LENGTH: Schema = {"type": "integer", "minimum": 0, "maximum": 3000}
_TIME: Schema = {"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"}
_DATE: Schema = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


def _element(kind: str, may: Schema, **needs: Schema) -> tuple[str, Schema]:
    return kind, thing(kind, needs, {key: one for key, one in may.items() if key not in needs})


IMAGE = thing(
    "image", {"alt_text": text(2000)}, {"image_url": text(3000), "slack_file": SLACK_FILE}
)

ACTED_ON: dict[str, Schema] = dict(
    (
        _element("button", {**_BUTTON, "url": text(3000), "style": STYLE}, text=plain(75)),
        _element("static_select", {**_MENU, **_OPTIONS, "initial_option": OPTION}),
        _element("external_select", {**_MENU, "initial_option": OPTION, "min_query_length": WHOLE}),
        _element("users_select", {**_MENU, "initial_user": ID}),
        _element(
            "conversations_select",
            {
                **_MENU,
                "initial_conversation": ID,
                "default_to_current_conversation": FLAG,
                "response_url_enabled": FLAG,
                "filter": _FILTER,
            },
        ),
        _element("channels_select", {**_MENU, "initial_channel": ID, "response_url_enabled": FLAG}),
        _element(
            "multi_static_select", {**_MANY, **_OPTIONS, "initial_options": some(OPTION, 100)}
        ),
        _element("multi_users_select", {**_MANY, "initial_users": some(ID, 100)}),
        _element(
            "multi_conversations_select",
            {
                **_MANY,
                "initial_conversations": some(ID, 100),
                "default_to_current_conversation": FLAG,
                "filter": _FILTER,
            },
        ),
        _element("multi_channels_select", {**_MANY, "initial_channels": some(ID, 100)}),
        _element("checkboxes", {**_FOCUSES, "initial_options": some(CHOICE, 10)}, **_CHOICES),
        _element("radio_buttons", {**_FOCUSES, "initial_option": CHOICE}, **_CHOICES),
        _element("datepicker", {**_MENU, "initial_date": _DATE}),
        _element("timepicker", {**_MENU, "initial_time": _TIME, "timezone": text(100)}),
        _element("datetimepicker", {**_FOCUSES, "initial_date_time": WHOLE}),
        _element("overflow", _ACTS, options=some(OPTION, 5)),
    )
)
"""What may stand in an actions block, beside a section or, but for three, in an input block."""

TYPED_IN: dict[str, Schema] = dict(
    (
        _element(
            "plain_text_input",
            {
                **_TYPED,
                "initial_value": text(3000, 0),
                "multiline": FLAG,
                "min_length": _LENGTH,
                "max_length": {**_LENGTH, "minimum": 1},
            },
        ),
        _element(
            "number_input",
            {**_TYPED, "initial_value": text(100), "min_value": text(100), "max_value": text(100)},
            is_decimal_allowed=FLAG,
        ),
        _element("email_text_input", {**_TYPED, "initial_value": text(3000)}),
        _element("url_text_input", {**_TYPED, "initial_value": text(3000)}),
        _element(
            "file_input",
            {
                "action_id": ID,
                "filetypes": some(text(20), 100),
                "max_files": {"type": "integer", "minimum": 1, "maximum": 10},
            },
        ),
    )
)
"""What may stand in an input block alone."""

BESIDE_CONTEXT: dict[str, Schema] = dict(
    (
        _element(
            "feedback_buttons",
            {"action_id": ID},
            positive_button=_FEEDBACK,
            negative_button=_FEEDBACK,
        ),
        _element("icon_button", _BUTTON, icon={"const": "trash"}, text=plain(75)),
    )
)
"""What may stand in a context_actions block."""
