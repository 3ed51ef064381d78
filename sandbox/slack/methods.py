"""The Web API methods the stand-in knows: arguments in, answer out, state in the workspace.

Each is one function of a `Call`; refusals are `SlackRefusal` with Slack's own error codes
(https://docs.slack.dev/reference/methods). A method that is not in `METHODS` does not exist.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from sandbox.slack.limits import refuse_over_limit
from sandbox.slack.payloads import message_json
from sandbox.slack.values import (
    APP_ID,
    BOT_ID,
    BOT_USER_ID,
    TEAM_DOMAIN,
    TEAM_ID,
    Channel,
    JsonObject,
    Reaction,
    User,
)
from sandbox.slack.workspace import SlackRefusal, Workspace


class Tickets(Protocol):
    """What only the running server can give: addresses to connect to, triggers to redeem."""

    def socket_url(self) -> str:
        """A fresh WebSocket address, good for one connection."""
        ...

    def redeem_trigger(self, trigger_id: str) -> None:
        """Use up a trigger id. Raises `SlackRefusal`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a method, with its arguments already read from wherever they stood."""

    workspace: Workspace
    arguments: Mapping[str, Any]
    tickets: Tickets

    def text(self, name: str) -> str:
        """An argument as text, empty when it is not there."""
        value = self.arguments.get(name)
        return "" if value is None else str(value)

    def required(self, name: str) -> str:
        """An argument that must be there."""
        if not self.text(name):
            raise SlackRefusal("invalid_arguments", [f"[ERROR] missing required field: {name}"])
        return self.text(name)

    def blocks(self) -> tuple[JsonObject, ...]:
        """The `blocks` argument, each with a `block_id` as Slack gives one to those without."""
        given: Any = self.arguments.get("blocks") or []
        if not isinstance(given, list):
            raise SlackRefusal("invalid_blocks_format")
        refuse_over_limit(self.text("text"), cast("list[Any]", given))
        return tuple(
            {"block_id": f"sandbox-{number}", **block}
            for number, block in enumerate(cast("list[JsonObject]", given))
        )


def auth_test(call: Call) -> JsonObject:
    """Who the token belongs to."""
    bot = call.workspace.user(BOT_USER_ID)
    return {
        "url": f"https://{TEAM_DOMAIN}.slack.com/",
        "team": TEAM_DOMAIN,
        "user": bot.name,
        "team_id": TEAM_ID,
        "user_id": bot.id,
        "bot_id": BOT_ID,
        "app_id": APP_ID,
        "is_enterprise_install": False,
    }


def apps_connections_open(call: Call) -> JsonObject:
    """An address for one Socket Mode connection."""
    return {"url": call.tickets.socket_url()}


def chat_post_message(call: Call) -> JsonObject:
    """Say something in a channel, a thread or (given a user id) a direct message."""
    channel = _channel_to_post_in(call)
    blocks = _content(call)
    message = call.workspace.post(
        channel=channel.id,
        user=BOT_USER_ID,
        text=call.text("text"),
        thread_ts=call.text("thread_ts") or None,
        blocks=blocks,
        metadata=call.arguments.get("metadata"),
    )
    return {"channel": channel.id, "ts": message.ts, "message": message_json(message)}


def chat_post_ephemeral(call: Call) -> JsonObject:
    """Say something to one person in a channel."""
    channel = _channel_to_post_in(call)
    user = call.required("user")
    if user not in channel.members:
        raise SlackRefusal("user_not_in_channel")
    message = call.workspace.post(
        channel=channel.id,
        user=BOT_USER_ID,
        text=call.text("text"),
        thread_ts=call.text("thread_ts") or None,
        blocks=_content(call),
        ephemeral_to=user,
    )
    return {"message_ts": message.ts}


def chat_update(call: Call) -> JsonObject:
    """Replace a message of the bot. Text without blocks takes the blocks away, as Slack does."""
    channel = call.workspace.channel(call.required("channel"))
    message = call.workspace.message(channel.id, call.required("ts"))
    if message.ephemeral_to:
        raise SlackRefusal("message_not_found")
    if message.user != BOT_USER_ID:
        raise SlackRefusal("cant_update_message")
    changed: dict[str, Any] = {}
    if "text" in call.arguments or "blocks" in call.arguments:
        changed = {"blocks": _content(call), "text": call.text("text")}
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


def chat_delete(call: Call) -> JsonObject:
    """Take a message of the bot away."""
    channel = call.workspace.channel(call.required("channel"))
    message = call.workspace.message(channel.id, call.required("ts"))
    if message.user != BOT_USER_ID:
        raise SlackRefusal("cant_delete_message")
    call.workspace.delete(channel.id, message.ts)
    return {"channel": channel.id, "ts": message.ts}


def reactions_add(call: Call) -> JsonObject:
    """Put an emoji on a message."""
    return _react(call, present=True)


def reactions_remove(call: Call) -> JsonObject:
    """Take an emoji off a message."""
    return _react(call, present=False)


def conversations_open(call: Call) -> JsonObject:
    """The direct message with one person."""
    users = call.required("users").split(",")
    if len(users) != 1:
        raise SlackRefusal("not_supported", ["[ERROR] the sandbox has no group messages"])
    return {"channel": {"id": call.workspace.open_dm(users[0]).id}}


def conversations_info(call: Call) -> JsonObject:
    """One channel."""
    channel = call.workspace.channel(call.required("channel"))
    described: JsonObject = {
        "id": channel.id,
        "is_channel": channel.im_user is None,
        "is_im": channel.im_user is not None,
        "is_private": channel.im_user is not None,
        "is_archived": False,
        "is_ext_shared": False,
        "context_team_id": TEAM_ID,
    }
    if channel.im_user:
        return {"channel": {**described, "user": channel.im_user}}
    is_member = BOT_USER_ID in channel.members
    return {"channel": {**described, "name": channel.name, "is_member": is_member}}


def conversations_members(call: Call) -> JsonObject:
    """Who is in a channel; never more than one page here."""
    channel = call.workspace.channel(call.required("channel"))
    return {"members": list(channel.members), "response_metadata": {"next_cursor": ""}}


def users_info(call: Call) -> JsonObject:
    """One person; the locale only when asked for, as Slack does."""
    user = _described(call.workspace.user(call.required("user")))
    if call.text("include_locale").lower() not in ("1", "true"):
        del user["locale"]
    return {"user": user}


def set_status(call: Call) -> JsonObject:
    """The thinking status under a thread."""
    channel = call.workspace.channel(call.required("channel_id"))
    call.workspace.set_status(channel.id, call.required("thread_ts"), call.text("status"))
    return {}


def views_open(call: Call) -> JsonObject:
    """Show a modal, once per trigger."""
    call.tickets.redeem_trigger(call.required("trigger_id"))
    return _kept_view(call, {})


def views_publish(call: Call) -> JsonObject:
    """Set someone's Home tab."""
    return _kept_view(call, {"user_id": call.workspace.user(call.required("user_id")).id})


METHODS: Mapping[str, Callable[[Call], JsonObject]] = {
    "auth.test": auth_test,
    "apps.connections.open": apps_connections_open,
    "chat.postMessage": chat_post_message,
    "chat.postEphemeral": chat_post_ephemeral,
    "chat.update": chat_update,
    "chat.delete": chat_delete,
    "reactions.add": reactions_add,
    "reactions.remove": reactions_remove,
    "conversations.open": conversations_open,
    "conversations.info": conversations_info,
    "conversations.members": conversations_members,
    "users.info": users_info,
    "assistant.threads.setStatus": set_status,
    "views.open": views_open,
    "views.publish": views_publish,
}
APP_TOKEN_METHODS = frozenset({"apps.connections.open"})


def _channel_to_post_in(call: Call) -> Channel:
    target = call.required("channel")
    if target.startswith(("U", "W")):
        return call.workspace.open_dm(target)
    channel = call.workspace.channel(target)
    if BOT_USER_ID not in channel.members:
        raise SlackRefusal("not_in_channel")
    return channel


def _content(call: Call) -> tuple[JsonObject, ...]:
    blocks = call.blocks()
    if not blocks and not call.text("text"):
        raise SlackRefusal("no_text")
    return blocks


def _react(call: Call, *, present: bool) -> JsonObject:
    channel = call.workspace.channel(call.required("channel"))
    reaction = Reaction(name=call.required("name").strip(":"), user=BOT_USER_ID)
    call.workspace.react(channel.id, call.required("timestamp"), reaction, present=present)
    return {}


def _kept_view(call: Call, extra: JsonObject) -> JsonObject:
    view = call.arguments.get("view")
    if not isinstance(view, dict):
        raise SlackRefusal("invalid_arguments", ["[ERROR] missing required field: view"])
    number = len(call.workspace.views()) + 1
    kept: JsonObject = {
        **cast("JsonObject", view),
        **extra,
        "id": f"V{number:08d}",
        "team_id": TEAM_ID,
        "app_id": APP_ID,
        "bot_id": BOT_ID,
        "hash": f"{number}.sandbox",
    }
    call.workspace.add_view(kept)
    return {"view": kept}


def _described(user: User) -> JsonObject:
    profile = {"real_name": user.real_name, "display_name": user.real_name}
    return {
        "id": user.id,
        "team_id": TEAM_ID,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": False,
        "is_bot": user.is_bot,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_stranger": False,
        "tz": user.tz,
        "tz_offset": user.tz_offset,
        "locale": user.locale,
        "profile": profile,
    }
