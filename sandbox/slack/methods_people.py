"""The Web API's methods about the bot, people, user groups and channels."""

import base64
import binascii
from collections.abc import Sequence

from sandbox.slack.call import Call
from sandbox.slack.payloads import message_json
from sandbox.slack.values import (
    APP_ID,
    BOT_ID,
    BOT_USER_ID,
    TEAM_DOMAIN,
    TEAM_ID,
    Channel,
    JsonObject,
    Message,
    User,
    UserGroup,
)
from sandbox.slack.workspace import SlackRefusal, Workspace

MAX_PAGE = 1000
DEFAULT_PAGE = 100
MAX_MPIM_PEOPLE = 8


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
    return {"url": call.state.tickets.socket_url()}


def users_info(call: Call) -> JsonObject:
    """One person; the locale only when asked for, as Slack does."""
    user = call.workspace.user(call.required("user"))
    profile = {"real_name": user.real_name, "display_name": user.real_name}
    if call.state.grants.has("users:read.email") and not user.is_bot:
        profile["email"] = user.email
    described = _described(user, profile)
    if call.flag("include_locale") and not user.deleted:
        described["locale"] = user.locale
    return {"user": described}


def usergroups_list(call: Call) -> JsonObject:
    """The user groups of the team; disabled ones and members only when asked for."""
    groups = [
        group
        for group in call.workspace.groups()
        if call.flag("include_disabled") or not group.disabled
    ]
    return {"usergroups": [_group(group, call) for group in groups]}


def usergroups_users_list(call: Call) -> JsonObject:
    """Who is in a user group."""
    group = call.workspace.group(call.required("usergroup"))
    if group.disabled and not call.flag("include_disabled"):
        raise SlackRefusal("no_such_subteam")
    return {"users": list(group.users)}


def conversations_open(call: Call) -> JsonObject:
    """The direct message with one person, or the group message with up to eight."""
    if call.text("channel"):
        channel = call.channel()
        if channel.kind not in ("im", "mpim"):
            raise SlackRefusal("method_not_supported_for_channel_type")
    else:
        users = [each for each in call.required("users").split(",") if each != BOT_USER_ID]
        if len(users) > MAX_MPIM_PEOPLE:
            raise SlackRefusal("too_many_users")
        call.state.grants.require("im:write" if len(users) == 1 else "mpim:write")
        one = len(users) == 1
        channel = call.workspace.open_dm(users[0]) if one else call.workspace.open_mpim(users)
    if call.flag("return_im"):
        return {"channel": _channel(channel)}
    return {"channel": {"id": channel.id}}


def conversations_info(call: Call) -> JsonObject:
    """One channel."""
    channel = call.channel()
    described = _channel(channel)
    if call.flag("include_num_members"):
        described["num_members"] = len(channel.members)
    return {"channel": described}


def conversations_members(call: Call) -> JsonObject:
    """Who is in a channel."""
    return _paged(call, "members", call.channel().members)


def conversations_history(call: Call) -> JsonObject:
    """The messages of a channel without the replies in threads, newest first."""
    channel = call.channel_with_bot()
    shown = [
        message
        for message in call.workspace.messages(channel.id)
        if message.thread_ts in (None, message.ts) or message.subtype == "thread_broadcast"
    ]
    within = [message for message in reversed(shown) if _is_within(call, message)]
    said = [_with_replies(call.workspace, message) for message in within]
    return {**_paged(call, "messages", said), "pin_count": 0}


def conversations_replies(call: Call) -> JsonObject:
    """A thread: its root, then its replies, oldest first."""
    channel = call.channel_with_bot()
    root_ts = call.required("ts")
    thread = call.workspace.messages(channel.id, root_ts)
    if not thread:
        raise SlackRefusal("thread_not_found")
    said = [
        _with_replies(call.workspace, message)
        for message in thread
        if message.ts == root_ts or _is_within(call, message)
    ]
    return _paged(call, "messages", said)


def _is_within(call: Call, message: Message) -> bool:
    oldest, latest = call.text("oldest") or "0", call.text("latest") or "9999999999"
    if call.flag("inclusive"):
        return float(oldest) <= float(message.ts) <= float(latest)
    return float(oldest) < float(message.ts) < float(latest)


def _with_replies(workspace: Workspace, message: Message) -> JsonObject:
    said = message_json(message)
    replies = [
        each for each in workspace.messages(message.channel, message.ts) if each.ts != message.ts
    ]
    if replies and message.thread_ts in (None, message.ts):
        said |= {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users": list(dict.fromkeys(each.user for each in replies)),
            "latest_reply": replies[-1].ts,
        }
    return said


def _paged(call: Call, name: str, found: Sequence[JsonObject | str]) -> JsonObject:
    """One page of *found* under *name*, and the cursor of the next."""
    limit = call.number("limit", DEFAULT_PAGE)
    if not 1 <= limit <= MAX_PAGE:
        raise SlackRefusal("invalid_limit")
    start = _offset(call.text("cursor"))
    end = start + limit
    more = end < len(found)
    cursor = base64.b64encode(f"next:{end}".encode()).decode() if more else ""
    page: JsonObject = {name: list(found[start:end])}
    if name == "messages":
        page["has_more"] = more
    return {**page, "response_metadata": {"next_cursor": cursor}}


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
    except (binascii.Error, ValueError) as error:
        raise SlackRefusal("invalid_cursor") from error


def _channel(channel: Channel) -> JsonObject:
    described: JsonObject = {
        "id": channel.id,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_im": channel.kind == "im",
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.kind != "channel",
        "is_archived": channel.is_archived,
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_org_shared": False,
        "context_team_id": TEAM_ID,
    }
    if channel.im_user:
        return {**described, "user": channel.im_user}
    return {**described, "name": channel.name, "is_member": BOT_USER_ID in channel.members}


def _group(group: UserGroup, call: Call) -> JsonObject:
    described: JsonObject = {
        "id": group.id,
        "team_id": TEAM_ID,
        "is_usergroup": True,
        "name": group.name,
        "handle": group.handle,
        "is_external": False,
        "date_delete": 1 if group.disabled else 0,
    }
    if call.flag("include_count"):
        described["user_count"] = len(group.users)
    if call.flag("include_users"):
        described["users"] = list(group.users)
    return described


def _described(user: User, profile: dict[str, str]) -> JsonObject:
    described: JsonObject = {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "is_bot": user.is_bot,
        "profile": profile,
    }
    if user.deleted:
        return described
    return {
        **described,
        "real_name": user.real_name,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": False,
        "is_stranger": user.team_id != TEAM_ID,
        "tz": user.tz,
        "tz_offset": user.tz_offset,
    }
