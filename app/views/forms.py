"""What all forms are made of, and what comes back of them and of buttons: nothing in it is trusted.

Views: https://docs.slack.dev/reference/views; what is entered: /reference/interaction-payloads.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from app.texts import Language, say
from app.views.text import cut, plain

_OPTION_CHARACTERS = 75


def form(
    language: Language,
    name: str,
    words: tuple[str, str],
    blocks: Sequence[dict[str, Any]],
    carried: str = "",
) -> dict[str, Any]:
    """Make a window with fields; *words* are the phrases of its title and of what submits it.

    *carried* comes back with what was entered.
    """
    title, submit = words
    return {
        "type": "modal",
        "callback_id": name,
        "private_metadata": carried,
        "title": plain(say(language, title)),
        "submit": plain(say(language, submit)),
        "close": plain(say(language, "modal.close")),
        "blocks": list(blocks),
    }


def field(
    block: str, label: str, element: dict[str, Any], hint: str = "", *, optional: bool = False
) -> dict[str, Any]:
    """Make a field of its label, its control and a hint below it."""
    hints = {"hint": plain(hint)} if hint else {}
    left_out = {"optional": True} if optional else {}
    return {
        "type": "input",
        "block_id": block,
        "label": plain(label),
        "element": element,
        **hints,
        **left_out,
    }


def text_input(action: str, most: int) -> dict[str, Any]:
    """Make a control that takes *most* characters, in several lines."""
    return {
        "type": "plain_text_input",
        "action_id": action,
        "multiline": True,
        "max_length": most,
    }


def option(words: str, value: str) -> dict[str, Any]:
    """Make one entry of a list."""
    return {"text": plain(cut(words, _OPTION_CHARACTERS)), "value": value}


def state_of(view: Mapping[str, Any], block: str, action: str) -> Mapping[str, Any]:
    """Give what was entered in one field of a form; empty where nothing was."""
    state = cast("Mapping[str, Any]", view.get("state") or {})
    values = cast("Mapping[str, Mapping[str, Any]]", state.get("values") or {})
    return cast("Mapping[str, Any]", values.get(block, {}).get(action) or {})


def typed_in(view: Mapping[str, Any], block: str, action: str, most: int) -> str:
    """Give the words that were typed, without space around them."""
    return str(state_of(view, block, action).get("value") or "").strip()[:most]


def chosen_in(view: Mapping[str, Any], block: str, action: str) -> str:
    """Give the value of the entry that was chosen; empty where none was."""
    chosen = cast("Mapping[str, Any]", state_of(view, block, action).get("selected_option") or {})
    return str(chosen.get("value", ""))


def read_carried_object(text: str) -> Mapping[str, object]:
    """Read the JSON object a button or a form carries; empty where it carries none."""
    try:
        found: object = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return {}
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}
