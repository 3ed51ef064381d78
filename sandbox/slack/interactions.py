"""What Slack sends when a person presses, submits, calls a command or uses a shortcut. Pure.

Shapes: https://docs.slack.dev/reference/interaction-payloads/ (one page each) and
https://docs.slack.dev/interactivity/implementing-slash-commands.
"""

from typing import Any

from sandbox.slack.payloads import message_json
from sandbox.slack.values import APP_ID, TEAM_DOMAIN, TEAM_ID, Channel, JsonObject, Message, User
from sandbox.slack.view_state import States

_TOKEN = "sandbox-verification"


def block_actions(
    *,
    user: User,
    channel: Channel,
    message: Message,
    control: JsonObject,
    state: JsonObject | None,
    trigger_id: str,
    response_url: str,
    action_ts: str,
) -> JsonObject:
    """A control of a message, pressed or set to *state*. An ephemeral message is only named."""
    container: JsonObject = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.ephemeral_to is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    values: States = {}
    if state is not None:
        values = {control["block_id"]: {control.get("action_id", ""): state}}
    payload: JsonObject = {
        **_interaction("block_actions", user, trigger_id),
        "container": container,
        "channel": {"id": channel.id, "name": channel.name},
        "state": {"values": values},
        "response_url": response_url,
        "actions": [_action(control, state, action_ts)],
    }
    if message.ephemeral_to is None:
        payload["message"] = message_json(message)
    return payload


def view_actions(
    *,
    user: User,
    view: JsonObject,
    control: JsonObject,
    state: JsonObject | None,
    trigger_id: str,
    action_ts: str,
) -> JsonObject:
    """A control of a modal or Home tab, pressed or set to *state*."""
    return {
        **_interaction("block_actions", user, trigger_id),
        "container": {"type": "view", "view_id": view["id"]},
        "view": view,
        "actions": [_action(control, state, action_ts)],
    }


def block_suggestion(user: User, view: JsonObject, control: JsonObject, typed: str) -> JsonObject:
    """What somebody types into a menu of a modal whose options the app gives. It has no trigger."""
    payload = _interaction("block_suggestion", user, "")
    del payload["trigger_id"]
    return {
        **payload,
        "container": {"type": "view", "view_id": view["id"]},
        "view": view,
        "action_id": control["action_id"],
        "block_id": control["block_id"],
        "value": typed,
    }


def view_submission(user: User, view: JsonObject, trigger_id: str) -> JsonObject:
    """A modal that was submitted, with all that was entered in it."""
    return {
        **_interaction("view_submission", user, trigger_id),
        "view": view,
        "response_urls": [],
    }


def view_closed(user: User, view: JsonObject, *, is_cleared: bool) -> JsonObject:
    """A modal that was closed without being submitted. It has no trigger."""
    payload = _interaction("view_closed", user, "")
    del payload["trigger_id"]
    return {**payload, "view": view, "is_cleared": is_cleared}


def global_shortcut(user: User, callback_id: str, trigger_id: str, action_ts: str) -> JsonObject:
    """A shortcut used from the search field or the composer: no channel, no response_url."""
    return {
        **_interaction("shortcut", user, trigger_id),
        "callback_id": callback_id,
        "action_ts": action_ts,
    }


def message_shortcut(
    *,
    user: User,
    callback_id: str,
    channel: Channel,
    message: Message,
    trigger_id: str,
    response_url: str,
    action_ts: str,
) -> JsonObject:
    """A shortcut used on a message."""
    return {
        **_interaction("message_action", user, trigger_id),
        "callback_id": callback_id,
        "action_ts": action_ts,
        "message_ts": message.ts,
        "channel": {"id": channel.id, "name": channel.name},
        "message": message_json(message),
        "response_url": response_url,
    }


def slash_command(
    *,
    user: User,
    channel: Channel,
    command: str,
    text: str,
    trigger_id: str,
    response_url: str,
) -> JsonObject:
    """A slash command; its fields are text only, for over HTTP they are a form's."""
    return {
        "token": _TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": "privategroup" if channel.kind == "group" else channel.name,
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def _interaction(kind: str, user: User, trigger_id: str) -> JsonObject:
    return {
        "type": kind,
        "user": {
            "id": user.id,
            "username": user.name,
            "name": user.name,
            "team_id": user.team_id,
        },
        "api_app_id": APP_ID,
        "token": _TOKEN,
        "trigger_id": trigger_id,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _action(control: JsonObject, state: JsonObject | None, action_ts: str) -> JsonObject:
    kept = ("action_id", "block_id", "text", "value", "style", "type", "url", "placeholder")
    action: dict[str, Any] = {key: control[key] for key in kept if key in control}
    return {**action, **(state or {}), "action_ts": action_ts}
