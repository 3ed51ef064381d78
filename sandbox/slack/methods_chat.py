"""The Web API's `chat.*` and `reactions.*` methods, but for streams."""

from typing import Any

from sandbox.slack.call import Call
from sandbox.slack.payloads import message_json
from sandbox.slack.values import BOT_USER_ID, TEAM_DOMAIN, Channel, JsonObject, Reaction
from sandbox.slack.workspace import SlackRefusal


def post_message(call: Call) -> JsonObject:
    """Say something in a channel, a thread or (given a user id) a direct message."""
    channel = call.channel_to_post_in()
    thread_ts = call.text("thread_ts") or None
    broadcast = thread_ts is not None and call.flag("reply_broadcast")
    message = call.workspace.post(
        channel=channel.id,
        user=BOT_USER_ID,
        text=call.text("text"),
        thread_ts=thread_ts,
        blocks=call.content(),
        metadata=call.arguments.get("metadata"),
        subtype="thread_broadcast" if broadcast else None,
    )
    return {"channel": channel.id, "ts": message.ts, "message": message_json(message)}


def post_ephemeral(call: Call) -> JsonObject:
    """Say something to one person in a channel."""
    channel = call.channel_to_post_in()
    user = call.required("user")
    if user not in channel.members:
        raise SlackRefusal("user_not_in_channel")
    message = call.workspace.post(
        channel=channel.id,
        user=BOT_USER_ID,
        text=call.text("text"),
        thread_ts=call.text("thread_ts") or None,
        blocks=call.content(),
        ephemeral_to=user,
    )
    return {"message_ts": message.ts}


def update(call: Call) -> JsonObject:
    """Replace a message of the bot. Text without blocks takes the blocks away, as Slack does."""
    channel = _editable(call)
    message = call.workspace.message(channel.id, call.required("ts"))
    if message.ephemeral_to:
        raise SlackRefusal("message_not_found")
    if message.user != BOT_USER_ID:
        raise SlackRefusal("cant_update_message")
    if message.is_streaming:
        raise SlackRefusal("streaming_state_conflict")
    changed: dict[str, Any] = {}
    if "text" in call.arguments or "blocks" in call.arguments:
        changed = {"blocks": call.content(), "text": call.text("text")}
    if "metadata" in call.arguments:
        changed["metadata"] = call.arguments["metadata"]
    if not changed:
        raise SlackRefusal("no_text")
    edited = call.workspace.edit(channel.id, message.ts, **changed)
    return {
        "channel": channel.id,
        "ts": edited.ts,
        "text": edited.text,
        "message": message_json(edited),
    }


def delete(call: Call) -> JsonObject:
    """Take a message of the bot away."""
    channel = call.channel()
    message = call.workspace.message(channel.id, call.required("ts"))
    if message.ephemeral_to:
        raise SlackRefusal("message_not_found")
    if message.user != BOT_USER_ID:
        raise SlackRefusal("cant_delete_message")
    call.workspace.delete(channel.id, message.ts)
    return {"channel": channel.id, "ts": message.ts}


def get_permalink(call: Call) -> JsonObject:
    """The address of a message."""
    channel = call.channel()
    message = call.workspace.message(channel.id, call.required("message_ts"))
    address = (
        f"https://{TEAM_DOMAIN}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    )
    if message.thread_ts and message.thread_ts != message.ts:
        address += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": address}


def reactions_add(call: Call) -> JsonObject:
    """Put an emoji on a message."""
    return _react(call, present=True)


def reactions_remove(call: Call) -> JsonObject:
    """Take an emoji off a message."""
    return _react(call, present=False)


def _editable(call: Call) -> Channel:
    channel = call.channel()
    if channel.is_archived:
        raise SlackRefusal("is_inactive")
    return channel


def _react(call: Call, *, present: bool) -> JsonObject:
    channel = call.channel_with_bot()
    if channel.is_archived:
        raise SlackRefusal("is_archived")
    reaction = Reaction(name=call.required("name").strip(":"), user=BOT_USER_ID)
    call.workspace.react(channel.id, call.required("timestamp"), reaction, present=present)
    return {}
