"""What the app was granted: OAuth scopes and event subscriptions, and which method needs what.

Scopes by method: https://docs.slack.dev/reference/methods (each page's "Facts"); by event:
https://docs.slack.dev/reference/events. A method that is not listed here needs none.
"""

from collections.abc import Iterable, Mapping

from sandbox.slack.values import ChannelKind, JsonObject
from sandbox.slack.workspace import SlackRefusal

DEFAULT_SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "mpim:read",
    "mpim:write",
    "reactions:write",
    "usergroups:read",
    "users:read",
    "users:read.email",
)
"""Everything the sandbox can do, but `reactions:read`: with it every reaction is an event."""

PREFIXES: Mapping[ChannelKind, str] = {
    "channel": "channels",
    "group": "groups",
    "im": "im",
    "mpim": "mpim",
}
_ANY_OF: Mapping[str, tuple[str, ...]] = {
    "chat.postMessage": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.update": ("chat:write",),
    "chat.delete": ("chat:write",),
    "chat.startStream": ("chat:write",),
    "chat.appendStream": ("chat:write",),
    "chat.stopStream": ("chat:write",),
    "reactions.add": ("reactions:write",),
    "reactions.remove": ("reactions:write",),
    "users.info": ("users:read",),
    "usergroups.list": ("usergroups:read",),
    "usergroups.users.list": ("usergroups:read",),
    "files.getUploadURLExternal": ("files:write",),
    "files.completeUploadExternal": ("files:write",),
    "files.info": ("files:read",),
    "agents.sessions.setStatus": ("chat:write",),
    "agents.sessions.rename": ("chat:write",),
    "assistant.threads.setStatus": ("chat:write", "assistant:write"),
    "assistant.threads.setTitle": ("assistant:write", "chat:write"),
    "assistant.threads.setSuggestedPrompts": ("assistant:write",),
}
_BY_KIND: Mapping[str, str] = {
    "conversations.info": "read",
    "conversations.members": "read",
    "conversations.history": "history",
    "conversations.replies": "history",
}
_EVENTS: Mapping[str, tuple[str, ...]] = {
    "app_mention": ("app_mentions:read",),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "message.mpim": ("mpim:history",),
    "file_deleted": ("files:read",),
    "reaction_added": ("reactions:read",),
    "reaction_removed": ("reactions:read",),
}


class Grants:
    """The scopes and subscriptions of the one app, and whether its token is still good."""

    def __init__(
        self, scopes: Iterable[str] = DEFAULT_SCOPES, events: Iterable[str] | None = None
    ) -> None:
        self._scopes = frozenset(scopes)
        self._events = None if events is None else frozenset(events)
        self.token_error: str | None = None
        """What every call with the bot's token answers from now on, e.g. `token_revoked`."""

    @property
    def header(self) -> str:
        """The value of `x-oauth-scopes`."""
        return ",".join(sorted(self._scopes))

    def has(self, scope: str) -> bool:
        """Whether the app was granted *scope*."""
        return scope in self._scopes

    def grant(self, *scopes: str) -> None:
        """Grant more scopes, as reinstalling the app does."""
        self._scopes |= set(scopes)

    def withdraw(self, *scopes: str) -> None:
        """Take scopes away."""
        self._scopes -= set(scopes)

    def require(self, *any_of: str) -> None:
        """Raise `SlackRefusal` with `missing_scope` unless one of these scopes was granted."""
        if any_of and not self._scopes & set(any_of):
            also = {"needed": ",".join(any_of), "provided": self.header}
            raise SlackRefusal("missing_scope", also=also)

    def require_for(self, method: str, kind: ChannelKind | None) -> None:
        """Raise `SlackRefusal` unless *method* may be called, on a channel of *kind* if any."""
        if method in _BY_KIND:
            kinds = tuple(PREFIXES) if kind is None else (kind,)
            self.require(*(f"{PREFIXES[each]}:{_BY_KIND[method]}" for each in kinds))
        else:
            self.require(*_ANY_OF.get(method, ()))

    def is_subscribed_to(self, name: str) -> bool:
        """Whether the app asked to be told of events of this name."""
        return self._events is None or name in self._events

    def hears(self, event: JsonObject) -> bool:
        """Whether the app is told of *event*: subscribed to, and covered by a scope."""
        name = str(event["type"])
        if name == "message":
            name = f"message.{PREFIXES[event['channel_type']]}"
        needed = _EVENTS.get(name, ())
        if name in ("member_joined_channel", "member_left_channel"):
            needed = ("groups:read" if event["channel_type"] == "G" else "channels:read",)
        if needed and not self._scopes & set(needed):
            return False
        return self.is_subscribed_to(name)
