"""The form that asks for a sync, and the check of what comes back of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.texts import Language, say
from app.views.forms import (
    chosen_in,
    field,
    form,
    option,
    state_of,
)
from app.views.text import plain

SYNC_FORM = "sync.ask_form"
TABLE, MODE, WHERE = "table", "mode", "where"
"""Its blocks, and the action in each."""
LOOK_UP = "sync.table"
"""The action of a list of tables that is looked up while it is typed."""

MOST_OPTIONS = 100
"""Slack takes so many in one list."""
_OPTION_CHARACTERS = 75
_VALUE_CHARACTERS = 150
_CHANNEL_KINDS = ("public", "private", "mpim")

How = Literal["usual", "full", "incremental"]

_MODES: dict[How, str] = {
    "usual": "form.usual",
    "full": "form.full",
    "incremental": "form.incremental",
}


@dataclass(frozen=True)
class Wanted:
    """What was entered. It came over a person's machine, so nothing in it is trusted."""

    table: str
    mode: How
    channel: str
    """Empty: the person's direct messages."""


def sync_form(language: Language, names: Sequence[str], channel: str = "") -> dict[str, Any]:
    """Ask for a table out of *names*, how it is copied, and where that is decided."""
    known = [name for name in names if len(name) <= _VALUE_CHARACTERS]
    table: dict[str, Any] = {
        "action_id": LOOK_UP,
        "placeholder": plain(say(language, "form.choose")),
    }
    if 0 < len(known) <= MOST_OPTIONS:
        table |= {"type": "static_select", "options": table_options(known)}
    else:
        table |= {"type": "external_select", "min_query_length": 0}
    modes = [option(say(language, phrase), mode) for mode, phrase in _MODES.items()]
    where: dict[str, Any] = {
        "type": "conversations_select",
        "action_id": WHERE,
        "filter": {"include": list(_CHANNEL_KINDS)},
    }
    if channel.startswith(("C", "G")):
        where["initial_conversation"] = channel
    how = {
        "type": "static_select",
        "action_id": MODE,
        "options": modes,
        "initial_option": modes[0],
    }
    place = say(language, "form.where"), where, say(language, "form.where_hint")
    blocks = [
        field(TABLE, say(language, "form.table"), table, say(language, "form.table_hint")),
        field(MODE, say(language, "form.mode"), how),
        field(WHERE, *place, optional=True),
    ]
    return form(language, SYNC_FORM, ("form.title", "form.submit"), blocks)


def table_options(names: Sequence[str], typed: str = "") -> list[dict[str, Any]]:
    """Offer the tables whose names contain what was typed, as many as Slack takes."""
    wanted = typed.strip().casefold()
    found = [name for name in names if wanted in name.casefold()]
    return [option(name, name) for name in found if len(name) <= _VALUE_CHARACTERS][:MOST_OPTIONS]


def read_sync_form(view: Mapping[str, Any]) -> Wanted:
    """Give what was entered."""
    mode = chosen_in(view, MODE, MODE)
    return Wanted(
        table=chosen_in(view, TABLE, LOOK_UP),
        mode=mode if mode in ("full", "incremental") else "usual",
        channel=str(state_of(view, WHERE, WHERE).get("selected_conversation") or ""),
    )
