"""The Home tab of one person, within what Slack takes of it. Pure.

https://docs.slack.dev/surfaces/app-home: a hundred blocks, drawn when it is opened.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.texts import Language, say
from app.views.home_admin import Operations, operations_blocks
from app.views.home_parts import (
    Conversation,
    Planned,
    Ran,
    TableState,
    Waiting,
    run_blocks,
    schedule_blocks,
    table_blocks,
    thread_blocks,
    waiting_blocks,
)
from app.views.text import cut, plain, section, when

REFRESH = "home_refresh"
VIEW_BLOCKS = 100
_NOTE_CHARACTERS = 1000


@dataclass(frozen=True)
class Home:
    """What one person sees on their Home tab, all of the moment it is drawn."""

    now: datetime
    waiting: tuple[Waiting, ...]
    """The soonest to expire first."""
    threads: tuple[Conversation, ...]
    tables: tuple[TableState, ...] | None
    """None where the list of copies cannot be read."""
    schedules: tuple[Planned, ...]
    runs: tuple[Ran, ...]
    admins: frozenset[str] = frozenset()
    """Whom to ask where there is nothing."""
    operations: Operations | None = None
    """For admins alone."""
    has_more: bool = False
    """Whether more wait than were looked at."""


def home_view(language: Language, home: Home, note: str = "") -> dict[str, Any]:
    """Draw it; *note* (safe mrkdwn) says above all else what the last press led to."""
    refresh = {
        "type": "button",
        "action_id": REFRESH,
        "text": plain(say(language, "home.refresh")),
    }
    head = section(say(language, "home.drawn", when=when(home.now)))
    noted = [section(f":information_source: {cut(note, _NOTE_CHARACTERS)}")] if note else []
    parts = [
        waiting_blocks(language, home.waiting, home.now, there_are_more=home.has_more),
        thread_blocks(language, home.threads),
        table_blocks(language, home.tables, home.admins),
        schedule_blocks(language, home.schedules),
        run_blocks(language, home.runs),
        *([operations_blocks(language, home.operations)] if home.operations else []),
    ]
    blocks = [*noted, {**head, "accessory": refresh}]
    for part in parts:
        blocks += [{"type": "divider"}, *part]
    return {"type": "home", "blocks": blocks[:VIEW_BLOCKS]}


def outsiders_view(language: Language) -> dict[str, Any]:
    """Say to people of another organisation that there is nothing for them."""
    return {"type": "home", "blocks": [section(say(language, "outsider.refused"))]}


def request_view(language: Language, blocks: list[dict[str, Any]]) -> dict[str, Any]:
    """Show a request in full, as its card does."""
    return {
        "type": "modal",
        "title": plain(say(language, "home.details")),
        "close": plain(say(language, "modal.close")),
        "blocks": blocks,
    }
