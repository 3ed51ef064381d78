"""The events Slack tells an app of, and the buttons of a message. Pure.

Shapes: https://docs.slack.dev/apis/events-api/ (event_callback) and /reference/events.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

from sandbox.slack.values import (
    APP_ID,
    BOT_ID,
    BOT_MENTION,
    BOT_NAME,
    BOT_USER_ID,
    TEAM_ID,
    Change,
    Channel,
    JsonObject,
    Message,
)


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event the app is told of. Delivered again, it keeps its `event_id`."""

    event_id: str
    event_time: int
    inner: JsonObject
    is_ext_shared: bool = False

    @property
    def channel(self) -> str:
        """Where it happened, empty for what happened in no channel."""
        return str(self.inner.get("channel") or self.inner.get("item", {}).get("channel", ""))

    @property
    def ts(self) -> str:
        """The message it is about (for an edit or a deletion, not the event's own time)."""
        for name in ("message", "previous_message", "item"):
            if name in self.inner:
                return str(self.inner[name]["ts"])
        return str(self.inner.get("ts") or self.inner.get("event_ts", ""))

    @property
    def payload(self) -> JsonObject:
        """The body an app receives."""
        return {
            "token": "sandbox-verification",
            "team_id": TEAM_ID,
            "context_team_id": TEAM_ID,
            "context_enterprise_id": None,
            "api_app_id": APP_ID,
            "event": self.inner,
            "type": "event_callback",
            "event_id": self.event_id,
            "event_time": self.event_time,
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": TEAM_ID,
                    "user_id": BOT_USER_ID,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": self.is_ext_shared,
            "event_context": f"4-{self.event_id}",
        }


def events_of(change: Change, channel: Channel) -> tuple[Event, ...]:
    """The events a subscribed app in *channel* receives for *change*.

    A mention in a channel is told twice, as `app_mention` and as `message`, with one ts and two
    event ids. Ephemeral messages are not told, nor what is still being streamed.
    """
    message = change.message
    streams = message.is_streaming and change.kind == "edited"
    if message.ephemeral_to or BOT_USER_ID not in channel.members or streams:
        return ()
    return tuple(
        new_event(inner, message.edited_ts or message.ts, channel)
        for inner in _inner_events(change, channel)
    )


def new_event(inner: JsonObject, ts: str, channel: Channel | None = None) -> Event:
    """An event with an id of its own."""
    return Event(
        event_id="Ev" + uuid4().hex[:12].upper(),
        event_time=int(float(ts)),
        inner=inner,
        is_ext_shared=channel is not None and channel.is_ext_shared,
    )


def _inner_events(change: Change, channel: Channel) -> Iterator[JsonObject]:
    message = change.message
    place = {"channel": channel.id, "channel_type": channel.kind, "event_ts": message.ts}
    if change.kind == "posted":
        said = message_json(message)
        if BOT_MENTION in message.text and channel.kind != "im":
            yield _mention(said, place)
        yield {**said, **place}
    elif change.kind == "reacted" and change.before:
        yield from _reaction_events(message, change.before)
    elif change.kind == "edited" and change.before:
        if BOT_MENTION in message.text and BOT_MENTION not in change.before.text:
            yield _mention(message_json(message), place)
        yield {
            **place,
            "type": "message",
            "subtype": "message_changed",
            "hidden": True,
            "ts": message.edited_ts,
            "event_ts": message.edited_ts,
            "message": message_json(message),
            "previous_message": message_json(change.before),
        }
    elif change.kind == "deleted" and change.before:
        yield {
            **place,
            "type": "message",
            "subtype": "message_deleted",
            "hidden": True,
            "deleted_ts": message.ts,
            "previous_message": message_json(change.before),
        }


def _mention(said: JsonObject, place: JsonObject) -> JsonObject:
    where = {key: value for key, value in place.items() if key != "channel_type"}
    kept = {key: value for key, value in said.items() if key != "subtype"}
    return {**kept, **where, "type": "app_mention"}


def _reaction_events(message: Message, before: Message) -> Iterator[JsonObject]:
    kinds = (
        ("reaction_added", set(message.reactions) - set(before.reactions)),
        ("reaction_removed", set(before.reactions) - set(message.reactions)),
    )
    for kind, reactions in kinds:
        for reaction in reactions:
            yield {
                "type": kind,
                "user": reaction.user,
                "reaction": reaction.name,
                "item": {"type": "message", "channel": message.channel, "ts": message.ts},
                "item_user": message.user,
                "event_ts": message.ts,
            }


def message_json(message: Message) -> JsonObject:
    """A message as Slack shows it to apps; fields that do not apply are left out."""
    said: JsonObject = {
        "type": "message",
        "user": message.user,
        "text": message.text,
        "ts": message.ts,
        "team": TEAM_ID,
    }
    if message.user == BOT_USER_ID:
        said |= {
            "bot_id": BOT_ID,
            "app_id": APP_ID,
            "bot_profile": {
                "id": BOT_ID,
                "app_id": APP_ID,
                "user_id": BOT_USER_ID,
                "name": BOT_NAME,
                "deleted": False,
                "team_id": TEAM_ID,
            },
        }
    else:
        said |= {"client_msg_id": f"sandbox-{message.ts}"}
    if message.user_team:
        said |= {"user_team": message.user_team, "source_team": message.user_team}
    if message.blocks:
        said["blocks"] = list(message.blocks)
    if message.files:
        said |= {"files": list(message.files), "upload": False, "display_as_bot": False}
    if message.subtype:
        said["subtype"] = message.subtype
    if message.thread_ts:
        said["thread_ts"] = message.thread_ts
    if message.metadata:
        said["metadata"] = message.metadata
    if message.edited_ts:
        said["edited"] = {"user": message.user, "ts": message.edited_ts}
    return said


def buttons_of(message: Message) -> tuple[JsonObject, ...]:
    """The buttons of a message in reading order, each with the `block_id` it stands in."""
    return tuple(
        {**element, "block_id": block.get("block_id", "")}
        for block in message.blocks
        for element in _elements(block)
        if element.get("type") == "button"
    )


def _elements(block: JsonObject) -> Iterator[JsonObject]:
    if block.get("type") == "actions":
        yield from block["elements"]
    elif block.get("type") == "section" and "accessory" in block:
        yield block["accessory"]
