"""All that one person sees of the workspace, as one JSON value that a page can show."""

import hashlib
import json
from typing import TYPE_CHECKING

from sandbox.slack.methods_sessions import STOP_EVENT
from sandbox.slack.values import BOT_USER_ID, Channel, JsonObject, Message, to_json
from sandbox.slack.workspace import SlackRefusal

if TYPE_CHECKING:
    from sandbox.slack.server import SlackStandIn


def seen(slack: "SlackStandIn", user: str, after: int) -> JsonObject:
    """What *user* sees; of messages, those that changed since the change numbered *after*.

    `stamp` is the same as long as everything besides messages is. Raises `SlackRefusal`.
    """
    version = slack.version()  # before all else: what comes meanwhile is told again next time
    person = slack.workspace.user(user)
    if person.is_bot or person.deleted:
        raise SlackRefusal("user_not_found")
    slack.workspace.open_dm(user)
    channels = [each for each in slack.channels() if user in each.members]
    state = slack.state
    view = state.views.top(user)
    around: JsonObject = {
        "me": user,
        "bot": BOT_USER_ID,
        "users": slack.users(),
        "groups": slack.workspace.groups(),
        "channels": [{**to_json(each), "kind": each.kind} for each in channels],
        "statuses": slack.workspace.statuses(),
        "titles": state.assistant.titles(),
        "sessions": state.assistant.sessions(),
        "has_stop": slack.grants.is_subscribed_to(STOP_EVENT),
        "prompts": slack.prompts_of(user),
        "modal": view,
        "depth": len(state.views.stack(user)),
        "errors": {} if view is None else state.views.errors(view["id"]),
        "home": slack.home_of(user),
        "features": slack.features,
    }
    ready: JsonObject = to_json(around)
    ids = {each.id for each in channels}
    for name in ("statuses", "titles", "sessions"):
        ready[name] = [each for each in ready[name] if each[0] in ids]
    stamp = hashlib.sha256(json.dumps(ready, sort_keys=True).encode()).hexdigest()
    return {
        **ready,
        "stamp": stamp,
        "version": version,
        "messages": to_json(_changed(slack, user, channels, after)),
    }


def _changed(
    slack: "SlackStandIn", user: str, channels: list[Channel], after: int
) -> list[Message]:
    """The newest version of each message that changed and that *user* may see."""
    ids = {each.id for each in channels}
    newest = {
        (change.message.channel, change.message.ts): change.message
        for change in slack.changes(after)
    }
    return [
        message
        for message in newest.values()
        if message.channel in ids and message.ephemeral_to in (None, user)
    ]
