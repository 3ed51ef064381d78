"""The state of the Slack stand-in: who is there, what was said, and every version of it.

All methods may be called from any thread. Values handed out are frozen; nothing handed out changes.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from threading import Condition
from typing import Any, Literal, TypeVar

from sandbox.slack.values import (
    BOT,
    BOT_USER_ID,
    CHANNELS,
    GROUPS,
    OTHERS,
    PEOPLE,
    TEAM_ID,
    Change,
    Channel,
    JsonObject,
    Message,
    Reaction,
    User,
    UserGroup,
    dm_id,
)

MAX_CHANGES = 50_000
"""A sandbox that has seen this many changes refuses more; restart it."""

T = TypeVar("T")


class SlackRefusal(Exception):
    """Slack answers `ok: false` with this error code, e.g. `channel_not_found`."""

    def __init__(
        self, code: str, messages: Iterable[str] = (), also: JsonObject | None = None
    ) -> None:
        self.code = code
        self.messages = list(messages)
        self.also = also or {}
        super().__init__(" ".join([code, *self.messages]))


class Workspace:
    """One team with its people, channels and messages."""

    def __init__(
        self,
        people: Iterable[User] = (*PEOPLE, *OTHERS),
        channels: Iterable[Channel] = CHANNELS,
        groups: Iterable[UserGroup] = GROUPS,
    ) -> None:
        self._users = {user.id: user for user in (*people, BOT)}
        self._channels = {channel.id: channel for channel in channels}
        self._groups = {group.id: group for group in groups}
        self._versions: dict[tuple[str, str], list[Message]] = {}
        self._changes: list[Change] = []
        self._statuses: dict[tuple[str, str], str] = {}
        self._last_ts_micros = 0
        self._listeners: list[Callable[[Change], None]] = []
        self._changed = Condition()

    # what people and the bot do

    def post(
        self,
        *,
        channel: str,
        user: str,
        text: str,
        thread_ts: str | None = None,
        blocks: Iterable[JsonObject] = (),
        metadata: JsonObject | None = None,
        ephemeral_to: str | None = None,
        **also: Any,
    ) -> Message:
        """Say something. A reply to a reply joins the root's thread; a missing root is refused.

        *also* are the fields of `Message` that few have: `files`, `subtype`, `is_streaming`.
        """
        with self._changed:
            if self.channel(channel).is_archived:
                raise SlackRefusal("is_archived")
            if thread_ts is not None:
                root = self._current(channel, thread_ts, or_else="thread_not_found")
                thread_ts = root.thread_ts or root.ts
            author = self.user(user)
            message = Message(
                channel=self.channel(channel).id,
                ts=self.next_ts(),
                user=author.id,
                user_team=None if author.team_id == TEAM_ID else author.team_id,
                text=text,
                thread_ts=thread_ts,
                blocks=tuple(blocks),
                metadata=metadata,
                ephemeral_to=ephemeral_to,
                **also,
            )
            if user == BOT_USER_ID and thread_ts and not ephemeral_to:
                self._statuses.pop((channel, thread_ts), None)
            self._record("posted", message)
            return message

    def edit(self, channel: str, ts: str, **changed: Any) -> Message:
        """Replace `text`, `blocks` or `metadata` of a message; the old version is kept.

        What the bot streams is not an edit, so it leaves no `edited_ts`.
        """
        with self._changed:
            before = self._current(channel, ts)
            streamed = before.is_streaming
            edited_ts = before.edited_ts if streamed else self.next_ts()
            message = replace(before, edited_ts=edited_ts, **changed)
            self._record("edited", message, before)
            return message

    def delete(self, channel: str, ts: str) -> None:
        """Take a message away; its versions can still be read with `versions`."""
        with self._changed:
            before = self._current(channel, ts)
            self._record("deleted", replace(before, deleted=True), before)

    def react(self, channel: str, ts: str, reaction: Reaction, *, present: bool) -> None:
        """Put an emoji on a message, or take it off."""
        with self._changed:
            before = self._current(channel, ts)
            if present and reaction in before.reactions:
                raise SlackRefusal("already_reacted")
            if not present and reaction not in before.reactions:
                raise SlackRefusal("no_reaction")
            kept = tuple(each for each in before.reactions if each != reaction)
            after = replace(before, reactions=(*kept, reaction) if present else kept)
            self._record("reacted", after, before)

    def open_dm(self, user: str) -> Channel:
        """The direct message between *user* and the bot, made on demand."""
        with self._changed:
            person = self.user(user)
            channel_id = dm_id(person.id)
            dm = Channel(
                id=channel_id,
                name="directmessage",
                members=(person.id, BOT_USER_ID),
                im_user=person.id,
            )
            return self._channels.setdefault(channel_id, dm)

    def open_mpim(self, users: Iterable[str]) -> Channel:
        """The group message between *users* and the bot, made on demand."""
        with self._changed:
            members = tuple(sorted({self.user(user).id for user in users}))
            channel_id = "G" + "".join(each[1:] for each in members)
            names = "--".join(self.user(each).name for each in members)
            group = Channel(
                id=channel_id,
                name=f"mpdm-{names}-1",
                members=(*members, BOT_USER_ID),
                is_mpim=True,
                is_private=True,
            )
            return self._channels.setdefault(channel_id, group)

    def change_channel(self, channel: str, **changed: Any) -> Channel:
        """Replace fields of a channel, such as `members` or `is_archived`."""
        with self._changed:
            self._channels[channel] = replace(self.channel(channel), **changed)
            return self._channels[channel]

    def change_user(self, user: str, **changed: Any) -> User:
        """Replace fields of a person, such as `locale` or `deleted`."""
        with self._changed:
            self._users[user] = replace(self.user(user), **changed)
            return self._users[user]

    def change_group(self, group: str, **changed: Any) -> UserGroup:
        """Replace fields of a user group, such as `users`."""
        with self._changed:
            self._groups[group] = replace(self.group(group), **changed)
            return self._groups[group]

    def set_status(self, channel: str, thread_ts: str, status: str) -> None:
        """The "is thinking…" line under a thread; an empty text takes it away."""
        with self._changed:
            self._current(channel, thread_ts, or_else="thread_not_found")
            self._statuses[(channel, thread_ts)] = status
            self._changed.notify_all()

    def next_ts(self) -> str:
        """A timestamp of Slack's kind (seconds with six digits), later than all before it."""
        with self._changed:
            self._last_ts_micros = max(time.time_ns() // 1000, self._last_ts_micros + 1)
            return f"{self._last_ts_micros // 1_000_000}.{self._last_ts_micros % 1_000_000:06d}"

    def join(self, user: User) -> None:
        """Somebody new is in the team."""
        with self._changed:
            self._users[user.id] = user

    # what can be read

    def user(self, user_id: str) -> User:
        """Raises `SlackRefusal` with `user_not_found`."""
        return _found(self._users, user_id, "user_not_found")

    def channel(self, channel_id: str) -> Channel:
        """Raises `SlackRefusal` with `channel_not_found`."""
        return _found(self._channels, channel_id, "channel_not_found")

    def group(self, group_id: str) -> UserGroup:
        """Raises `SlackRefusal` with `no_such_subteam`."""
        return _found(self._groups, group_id, "no_such_subteam")

    def groups(self) -> tuple[UserGroup, ...]:
        """All user groups."""
        with self._changed:
            return tuple(self._groups.values())

    def users(self) -> tuple[User, ...]:
        """Everyone, the bot last."""
        return tuple(self._users.values())

    def channels(self) -> tuple[Channel, ...]:
        """All channels and the direct messages opened so far."""
        with self._changed:
            return tuple(self._channels.values())

    def message(self, channel: str, ts: str) -> Message:
        """The message as it is now. Raises `SlackRefusal` with `message_not_found`."""
        with self._changed:
            return self._current(channel, ts)

    def versions(self, channel: str, ts: str) -> tuple[Message, ...]:
        """Every version of a message, oldest first; a deleted one ends with `deleted` set."""
        with self._changed:
            return tuple(self._versions.get((channel, ts), ()))

    def messages(
        self, channel: str | None = None, thread_ts: str | None = None
    ) -> tuple[Message, ...]:
        """Messages the whole channel sees, oldest first; *thread_ts* asks for root and replies."""
        return tuple(
            message
            for message in self._all_current()
            if message.ephemeral_to is None
            and channel in (None, message.channel)
            and thread_ts in (None, message.ts, message.thread_ts)
        )

    def ephemerals(self, user: str | None = None) -> tuple[Message, ...]:
        """Messages just one person sees, oldest first."""
        return tuple(
            message
            for message in self._all_current()
            if message.ephemeral_to is not None and user in (None, message.ephemeral_to)
        )

    def status(self, channel: str, thread_ts: str) -> str:
        """The thinking status of a thread, empty when there is none."""
        with self._changed:
            return self._statuses.get((channel, thread_ts), "")

    def statuses(self) -> tuple[tuple[str, str, str], ...]:
        """All statuses, each as its channel, its thread and what it says."""
        with self._changed:
            return tuple((*place, says) for place, says in self._statuses.items() if says)

    def version(self) -> int:
        """The number of the last change, 0 at the start."""
        with self._changed:
            return len(self._changes)

    def changes(self, after: int = 0, timeout_seconds: float = 0.0) -> tuple[Change, ...]:
        """Changes with a number above *after*; waits for one up to *timeout_seconds*."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._changes) > after, timeout_seconds)
            return tuple(self._changes[after:])

    def on_change(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call *listener* with every change, in order; the value returned ends it.

        The listener runs while the workspace is locked: it must be quick and must not wait.
        """
        with self._changed:
            self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _record(
        self,
        kind: Literal["posted", "edited", "deleted", "reacted"],
        message: Message,
        before: Message | None = None,
    ) -> None:
        if len(self._changes) >= MAX_CHANGES:
            raise SlackRefusal("fatal_error", [f"sandbox is full after {MAX_CHANGES} changes"])
        self._versions.setdefault((message.channel, message.ts), []).append(message)
        change = Change(number=len(self._changes) + 1, kind=kind, message=message, before=before)
        self._changes.append(change)
        self._changed.notify_all()
        for listener in tuple(self._listeners):
            listener(change)

    def _current(self, channel: str, ts: str, or_else: str = "message_not_found") -> Message:
        versions = self._versions.get((self.channel(channel).id, ts))
        if not versions or versions[-1].deleted:
            raise SlackRefusal(or_else)
        return versions[-1]

    def _all_current(self) -> list[Message]:
        with self._changed:
            latest = [versions[-1] for versions in self._versions.values()]
        return [message for message in latest if not message.deleted]


def _found(known: dict[str, T], key: str, code: str) -> T:
    if key not in known:
        raise SlackRefusal(code)
    return known[key]
