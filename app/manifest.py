"""The Slack app's manifest from one source: what the bot asks for, and why. Plain data.

Fields and limits: https://docs.slack.dev/reference/app-manifest. Tests hold the scopes against the
calls this package makes, and the events against its listeners.
"""

from dataclasses import dataclass
from typing import Any, Literal

Size = Literal["minimal", "full"]

EVENTS_PATH = "/slack/events"
"""Where Slack sends events and clicks over HTTP."""


@dataclass(frozen=True)
class Asked:
    """A scope or an event, and what it is for."""

    name: str
    why: str
    minimal: bool = True
    """Whether the bot cannot do its work without it."""


SCOPES = (
    Asked("app_mentions:read", "to hear when somebody mentions the bot"),
    Asked("chat:write", "to answer, to post cards and to keep them true"),
    Asked("im:history", "to hear direct messages"),
    Asked(
        "channels:history",
        "to hear replies without a mention in its threads, edits and deletions, and what is asked "
        "in channels that `answers_in` of bot.toml names",
        minimal=False,
    ),
    Asked("groups:history", "the same in private channels", minimal=False),
    Asked("mpim:history", "the same in group messages", minimal=False),
    Asked("files:write", "to hand over exports, and charts as pictures", minimal=False),
    Asked("files:read", "to read the CSV files that people share with it", minimal=False),
    Asked("channels:read", "whether the bot is in a channel it is to write in", minimal=False),
    Asked(
        "groups:read",
        "the same of a private channel, and whether others outside read it",
        minimal=False,
    ),
    Asked(
        "mpim:read", "whether people of another organisation read a group message", minimal=False
    ),
    Asked(
        "usergroups:read", "to know who is in a user group that may approve or see", minimal=False
    ),
    Asked(
        "users:read",
        "to pause the schedules of somebody who has left, to know the language of whoever opens a "
        "window or the Home tab, or asks with names alone, and who is of another organisation",
        minimal=False,
    ),
    Asked("commands", "/sync, its form and the shortcuts", minimal=False),
    Asked(
        "reactions:write",
        "the reaction that says how a question stands: 👀, ⏳, ✅, ⚠️",
        minimal=False,
    ),
    Asked(
        "assistant:write",
        "to be an agent in Slack's agent view, and to suggest there what may be asked",
        minimal=False,
    ),
)
EVENTS = (
    Asked("app_mention", "somebody mentions the bot in a channel"),
    Asked("message.im", "somebody writes to the bot in a direct message"),
    Asked(
        "message.channels", "somebody writes, edits or deletes in a channel it is in", minimal=False
    ),
    Asked("message.groups", "the same in a private channel", minimal=False),
    Asked("message.mpim", "the same in a group message", minimal=False),
    Asked("file_deleted", "to forget a shared file that its person deletes", minimal=False),
    Asked("tokens_revoked", "to say in the log and in doctor that the bot was put out"),
    Asked("app_uninstalled", "the same"),
    Asked(
        "app_home_opened",
        "somebody opens the Home tab, which is drawn then, or the bot's messages: prompts for them",
    ),
    Asked(
        "agent_session_stopped", "somebody presses Slack's own Stop below a thread", minimal=False
    ),
    Asked(
        "member_joined_channel",
        "the bot joins a channel, where it introduces itself",
        minimal=False,
    ),
)
AGENT_VIEW: dict[str, Any] = {
    "agent_description": (
        "Answers questions about data, in Korean and English, from copies of Oracle tables that "
        "were proven, and copies a table once somebody has said yes."
    ),
    "suggested_prompts": [
        {"title": "어떤 테이블이 있나요?", "message": "목록"},
        {"title": "What tables are there?", "message": "list"},
        {"title": "동기화는 어떻게 되고 있나요?", "message": "상태"},
        {"title": "How are the syncs going?", "message": "status"},
    ],
}
"""What people see before the bot has suggested anything to them by what they may see.

https://docs.slack.dev/ai/migrating-to-agent-messaging
"""

_SYNC: dict[str, Any] = {
    "command": "/sync",
    "description": "Sync a table, or see what runs and waits",
    "usage_hint": "[ORDERS [full|incremental] | pending | runs | tables | schedules | help]",
    "should_escape": False,
}

_SHORTCUTS: list[dict[str, Any]] = [
    {
        "name": "Sync a table",
        "type": "global",
        "callback_id": "sync_table",
        "description": "Choose a table to copy from Oracle, and where that is decided",
    },
    {
        "name": "Ask Duckferry about this",
        "type": "message",
        "callback_id": "ask_about",
        "description": "Ask a question of the data about this message",
    },
]


def build_manifest(size: Size = "full", url: str | None = None) -> dict[str, Any]:
    """Give the manifest for signed HTTP at *url* (where the bot is reached), else for Socket Mode.

    Raises ValueError if *url* is not https, which Slack requires.
    """
    events: dict[str, Any] = {"bot_events": _names(EVENTS, size)}
    interactivity: dict[str, Any] = {"is_enabled": True}
    commands = [dict(_SYNC)] if size == "full" else []
    if url is not None:
        if not url.startswith("https://"):
            raise ValueError(f"{url} does not begin with https://, as Slack requires")
        address = url.rstrip("/").removesuffix(EVENTS_PATH) + EVENTS_PATH
        events["request_url"] = interactivity["request_url"] = address
        interactivity["message_menu_options_url"] = address
        for command in commands:
            command["url"] = address
    return {
        "display_information": {
            "name": "Duckferry",
            "description": "Answers data questions from proven copies of Oracle tables.",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            **({"agent_view": AGENT_VIEW} if size == "full" else {}),
            "bot_user": {"display_name": "duckferry", "always_online": True},
            **({"slash_commands": commands, "shortcuts": _SHORTCUTS} if commands else {}),
        },
        "oauth_config": {"scopes": {"bot": _names(SCOPES, size)}},
        "settings": {
            "event_subscriptions": events,
            "interactivity": interactivity,
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }


def _names(asked: tuple[Asked, ...], size: Size) -> list[str]:
    return [each.name for each in asked if each.minimal or size == "full"]
