"""The fields of a form, which stand in input blocks, and those of them that others may hold too.

Source: https://docs.slack.dev/reference/block-kit/block-elements/, one page an element.
"""

from collections.abc import Mapping

from sandbox.slack.limits_elements import (
    ANY,
    ELEMENTS,
    ID,
    MENU,
    Rule,
    Shape,
    length,
    of_type,
    one_of,
    option,
)

_FIELD: dict[str, Rule] = {**MENU, "dispatch_action_config": ANY}
_TEXT: dict[str, Rule] = {key: rule for key, rule in _FIELD.items() if key != "confirm"}

FIELDS: Mapping[str, Shape] = {
    "plain_text_input": Shape(
        optional={
            **_TEXT,
            "initial_value": length(3000, least=0),
            "multiline": ANY,
            "min_length": one_of(*range(3001)),
            "max_length": one_of(*range(1, 3001)),
        }
    ),
    "number_input": Shape(
        required={"is_decimal_allowed": one_of(True, False)},
        optional={**_TEXT, "initial_value": ANY, "min_value": ANY, "max_value": ANY},
    ),
    "email_text_input": Shape(optional={**_TEXT, "initial_value": ANY}),
    "url_text_input": Shape(optional={**_TEXT, "initial_value": ANY}),
    "rich_text_input": Shape(optional={**_TEXT, "initial_value": ANY}),
    "file_input": Shape(optional={**ID, "filetypes": ANY, "max_files": one_of(*range(1, 11))}),
    "static_select": ELEMENTS["static_select"],
    "multi_static_select": ELEMENTS["multi_static_select"],
    "external_select": Shape(optional={**MENU, "initial_option": option, "min_query_length": ANY}),
    "users_select": ELEMENTS["users_select"],
    "multi_users_select": Shape(optional={**MENU, "initial_users": ANY, "max_selected_items": ANY}),
    "conversations_select": Shape(
        optional={
            **MENU,
            "initial_conversation": ANY,
            "default_to_current_conversation": ANY,
            "filter": ANY,
            "response_url_enabled": ANY,
        }
    ),
    "multi_conversations_select": Shape(
        optional={
            **MENU,
            "initial_conversations": ANY,
            "default_to_current_conversation": ANY,
            "filter": ANY,
            "max_selected_items": ANY,
        }
    ),
    "channels_select": Shape(
        optional={**MENU, "initial_channel": ANY, "response_url_enabled": ANY}
    ),
    "multi_channels_select": Shape(
        optional={**MENU, "initial_channels": ANY, "max_selected_items": ANY}
    ),
    "checkboxes": ELEMENTS["checkboxes"],
    "radio_buttons": ELEMENTS["radio_buttons"],
    "datepicker": ELEMENTS["datepicker"],
    "timepicker": ELEMENTS["timepicker"],
    "datetimepicker": ELEMENTS["datetimepicker"],
}
input_element: Rule = of_type(FIELDS)
