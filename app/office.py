"""What answering needs, as one value."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from slack_sdk import WebClient

from agent.deps import Language
from agent.events import Event
from app.access import SeeIn
from app.core import Core
from app.groups import Members
from app.pictures import Pictures
from app.policy import Groups
from app.signs import Signs
from sync.inbox import Entry


@dataclass(frozen=True)
class Office:
    """What answering needs: the product, Slack, and the team the bot works for."""

    core: Core
    slack: WebClient
    team: str
    see: SeeIn
    signs: Signs = field(kw_only=True)
    on_turn: Callable[[Entry, Sequence[Event]], None] = lambda _entry, _events: None
    """Told of each turn once, when its message stands in Slack."""
    on_given_up: Callable[[Entry], None] = lambda _: None
    owner_is_gone: Callable[[str], bool] = lambda _: False
    readers_language: Callable[[str], Language | None] = lambda _: None
    groups: Groups = lambda _: frozenset[str]()
    members: Members = lambda _: None
    pictures: Pictures = field(default_factory=Pictures)
