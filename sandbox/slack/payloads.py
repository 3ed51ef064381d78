"""What Slack sends to an app: events of a change, and the payload of a pressed button. Pure.

Shapes: https://docs.slack.dev/apis/events-api/ (event_callback), /reference/events/message and
/reference/interaction-payloads/block_actions-payload.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sandbox.slack.values import (
    APP_ID,
    BOT_ID,
    BOT_MENTION,
    BOT_NAME,
    BOT_USER_ID,
    TEAM_DOMAIN,
    TEAM_ID,
    Change,
    Channel,
    JsonObject,
    Message,
    User,
)


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event the app is told of. Delivered again, it keeps its `event_id`."""

    event_id: str
    event_time: int
    inner: JsonObject

    @property
    def channel(self) -> str:
        """Where it happened."""
        return str(self.inner["channel"])

    @property
    def ts(self) -> str:
        """The message it is about (for an edit or a deletion, not the event's own time)."""
        about = self.inner.get("message") or self.inner.get("previous_message") or self.inner
        return str(about["ts"])

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
            "is_ext_shared_channel": False,
            "event_context": f"4-{self.event_id}",
        }


def events_of(change: Change, channel: Channel) -> tuple[Event, ...]:
    """The events a subscribed app in *channel* receives for *change*.

    A mention in a channel is told twice, as `app_mention` and as `message`, with one ts and two
    event ids. Ephemeral messages and reactions are not told.
    """
    message = change.message
    if message.ephemeral_to or BOT_USER_ID not in channel.members:
        return ()
    return tuple(
        Event(
            event_id="Ev" + uuid4().hex[:12].upper(),
            event_time=int(float(message.edited_ts or message.ts)),
            inner=inner,
        )
        for inner in _inner_events(change, channel)
    )


def _inner_events(change: Change, channel: Channel) -> Iterator[JsonObject]:
    message = change.message
    place = {"channel": channel.id, "channel_type": channel.kind, "event_ts": message.ts}
    if change.kind == "posted":
        said = message_json(message)
        if BOT_MENTION in message.text and channel.kind == "channel":
            mention = {key: value for key, value in place.items() if key != "channel_type"}
            yield {**said, **mention, "type": "app_mention"}
        yield {**said, **place}
    elif change.kind == "edited" and change.before:
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
    if message.blocks:
        said["blocks"] = list(message.blocks)
    if message.thread_ts:
        said["thread_ts"] = message.thread_ts
    if message.metadata:
        said["metadata"] = message.metadata
    if message.edited_ts:
        said["edited"] = {"user": message.user, "ts": message.edited_ts}
    return said


def block_actions(
    *,
    user: User,
    channel: Channel,
    message: Message,
    button: JsonObject,
    trigger_id: str,
    response_url: str,
    action_ts: str,
) -> JsonObject:
    """The payload of one pressed button. An ephemeral message is named but not included."""
    container: JsonObject = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.ephemeral_to is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload: JsonObject = {
        "type": "block_actions",
        "user": {
            "id": user.id,
            "username": user.name,
            "name": user.name,
            "team_id": TEAM_ID,
        },
        "api_app_id": APP_ID,
        "token": "sandbox-verification",
        "container": container,
        "trigger_id": trigger_id,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": channel.id, "name": channel.name},
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [_action(button, action_ts)],
    }
    if message.ephemeral_to is None:
        payload["message"] = message_json(message)
    return payload


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


def _action(button: JsonObject, action_ts: str) -> JsonObject:
    kept = ("action_id", "block_id", "text", "value", "style", "type", "url")
    action: dict[str, Any] = {key: button[key] for key in kept if key in button}
    return {**action, "action_ts": action_ts}
