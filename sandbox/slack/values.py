"""What a workspace is made of, as plain values that also travel as JSON."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar

from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

T = TypeVar("T")
JsonObject: TypeAlias = dict[str, Any]
ChannelKind: TypeAlias = Literal["im", "mpim", "group", "channel"]

TEAM_ID = "T0SANDBOX"
TEAM_DOMAIN = "sandbox"
APP_ID = "A0DUCKFERRY"
BOT_ID = "B0DUCKFERRY"
BOT_USER_ID = "U0DUCKFERRY"
BOT_NAME = "Duckferry"
BOT_MENTION = f"<@{BOT_USER_ID}>"


@dataclass(frozen=True, kw_only=True)
class User:
    """A person, or the bot. `locale` and `tz` are what `users.info` tells."""

    id: str
    name: str
    real_name: str
    locale: str
    tz: str
    tz_offset: int
    is_bot: bool = False
    deleted: bool = False
    is_restricted: bool = False
    """A guest, who sees only the channels they were invited to."""
    team_id: str = TEAM_ID
    """Another team's id for somebody met in a channel shared between companies."""

    @property
    def email(self) -> str:
        """What `users.info` tells an app that may read it."""
        return f"{self.name}@example.com"


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A channel, or a direct message when `im_user` names the person in it."""

    id: str
    name: str
    members: tuple[str, ...]
    im_user: str | None = None
    is_private: bool = False
    is_mpim: bool = False
    is_archived: bool = False
    is_ext_shared: bool = False

    @property
    def kind(self) -> ChannelKind:
        """Slack's `channel_type` of a message event."""
        if self.im_user:
            return "im"
        if self.is_mpim:
            return "mpim"
        return "group" if self.is_private else "channel"


@dataclass(frozen=True, kw_only=True)
class UserGroup:
    """People who are mentioned together; a disabled one has no members any more."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...]
    disabled: bool = False


@dataclass(frozen=True, kw_only=True)
class Reaction:
    """One emoji put on a message by one user."""

    name: str
    user: str


@dataclass(frozen=True, kw_only=True)
class Message:
    """One version of one message. `ephemeral_to` is set when only that person sees it."""

    channel: str
    ts: str
    user: str
    text: str
    thread_ts: str | None = None
    blocks: tuple[JsonObject, ...] = ()
    metadata: JsonObject | None = None
    reactions: tuple[Reaction, ...] = ()
    edited_ts: str | None = None
    deleted: bool = False
    ephemeral_to: str | None = None
    files: tuple[JsonObject, ...] = ()
    subtype: str | None = None
    user_team: str | None = None
    """The team of an author of another company."""
    is_streaming: bool = False
    """Whether the bot is still writing it, by `chat.appendStream`."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that happened. Numbers start at 1 and have no gaps."""

    number: int
    kind: Literal["posted", "edited", "deleted", "reacted"]
    message: Message
    before: Message | None = None


PEOPLE = (
    User(
        id="U0MINJI",
        name="minji",
        real_name="민지",
        locale="ko-KR",
        tz="Asia/Seoul",
        tz_offset=32400,
    ),
    User(
        id="U0JUNHO",
        name="junho",
        real_name="준호",
        locale="ko-KR",
        tz="Asia/Seoul",
        tz_offset=32400,
    ),
    User(
        id="U0ALICE",
        name="alice",
        real_name="Alice",
        locale="en-US",
        tz="Europe/Lisbon",
        tz_offset=0,
    ),
    User(
        id="U0EVE",
        name="eve",
        real_name="Eve",
        locale="en-US",
        tz="America/New_York",
        tz_offset=-18000,
    ),
)
OTHERS = (
    User(
        id="U0GUEST",
        name="gina",
        real_name="Gina",
        locale="en-GB",
        tz="Europe/London",
        tz_offset=0,
        is_restricted=True,
    ),
    User(
        id="U0GONE",
        name="harold",
        real_name="Harold",
        locale="en-US",
        tz="America/New_York",
        tz_offset=-18000,
        deleted=True,
    ),
    User(
        id="U0PARTNER",
        name="pat",
        real_name="Pat",
        locale="en-US",
        tz="America/Chicago",
        tz_offset=-21600,
        team_id="T0PARTNER",
    ),
)
"""A guest, somebody who has left, and somebody of another company."""
BOT = User(
    id=BOT_USER_ID,
    name="duckferry",
    real_name=BOT_NAME,
    locale="en-US",
    tz="Etc/UTC",
    tz_offset=0,
    is_bot=True,
)
EVERYONE = (*(person.id for person in PEOPLE), BOT_USER_ID)
CHANNELS = (
    Channel(id="C0DATA", name="data", members=EVERYONE),
    Channel(id="C0SALES", name="sales", members=EVERYONE),
    # Nobody has invited the bot here, so posting ends in `not_in_channel`.
    Channel(id="C0LEADS", name="leads", members=("U0JUNHO", "U0ALICE")),
    Channel(
        id="C0FINANCE",
        name="finance",
        members=("U0JUNHO", "U0ALICE", BOT_USER_ID),
        is_private=True,
    ),
    # Private and without the bot, so for the bot it does not exist.
    Channel(id="C0BOARD", name="board", members=("U0ALICE",), is_private=True),
    Channel(id="C0OLD", name="old", members=EVERYONE, is_archived=True),
    Channel(id="C0PARTNERS", name="partners", members=(*EVERYONE, "U0PARTNER"), is_ext_shared=True),
)
GROUPS = (
    UserGroup(id="S0DATALEADS", handle="data-leads", name="Data leads", users=("U0JUNHO",)),
    UserGroup(id="S0ANALYSTS", handle="analysts", name="Analysts", users=("U0MINJI", "U0ALICE")),
    UserGroup(id="S0FORMER", handle="former", name="Former team", users=("U0EVE",), disabled=True),
)


def dm_id(user_id: str) -> str:
    """The channel of the direct message between this person and the bot."""
    return "D" + user_id[1:]


def to_json(value: Any) -> Any:
    """*value* (one of the above, or some in a list) as JSON that `from_json` reads back."""
    return to_jsonable_python(value)


def from_json(kind: type[T], data: Any) -> T:
    """What `to_json` wrote, as *kind* again."""
    return TypeAdapter(kind).validate_python(data)
