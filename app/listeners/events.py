"""Mentions and direct messages: into the inbox before Slack is answered, worked on later."""

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

import redis
from slack_bolt import App, BoltRequest, BoltResponse
from slack_sdk import WebClient

from app.event_log import note_event
from app.places import Place
from app.slack_gateway import mark_seen
from app.views.text import unescape
from sync.inbox import put

_ASKING_SUBTYPES = (None, "file_share", "thread_broadcast")
_MENTION = re.compile(r"<@[UW][A-Z0-9]+(\|[^>]*)?>")


def register(app: App, client: "redis.Redis") -> None:
    """Take in what people write to the bot.

    The middleware runs before Slack is answered: if Redis is away, Slack delivers again.
    """

    def take_in(body: Mapping[str, Any], next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002 -- Bolt's name
        event = question(body)
        if event is not None:
            _put(client, body, event)
            note_event(client, str(body["team_id"]), str(event["type"]))
        return next()

    def seen(event: Mapping[str, Any], client: WebClient) -> None:
        mark_seen(client, str(event["channel"]), str(event["ts"]))

    def ignore() -> None:
        """Leave all else alone: Slack delivers again what nobody listens to."""

    app.use(take_in)
    app.event("app_mention", matchers=[_is_question])(seen)
    app.event("message", matchers=[_is_question])(seen)
    app.event(re.compile(".*"))(ignore)


def question(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Give the event if a person asks something: a mention, or a message in a DM; else None.

    A mention in a channel arrives twice (as app_mention and as message); only the former counts.
    """
    event = cast("Mapping[str, Any]", body.get("event") or {})
    asks = event.get("type") == "app_mention" or (
        event.get("type") == "message" and event.get("channel_type") == "im"
    )
    if not asks or event.get("subtype") not in _ASKING_SUBTYPES or event.get("bot_id"):
        return None
    told = event.get("user") and event.get("channel") and event.get("ts") and body.get("team_id")
    return event if told else None


def spoken(text: str) -> str:
    """Give a message's words without the mention that called the bot, as the person typed them."""
    return unescape(_MENTION.sub(" ", text)).strip()


def _is_question(request: BoltRequest) -> bool:
    return question(request.body) is not None


def _put(client: "redis.Redis", body: Mapping[str, Any], event: Mapping[str, Any]) -> None:
    team, channel, ts = str(body["team_id"]), str(event["channel"]), str(event["ts"])
    message = f"message:{team}:{channel}:{ts}"
    told = body.get("is_ext_shared_channel")
    shared = {} if told is None else {"shared": "yes" if told else "no"}
    put(
        client,
        "message",
        str(Place(team, channel, str(event.get("thread_ts") or ts))),
        {
            "user": str(event["user"]),
            "text": spoken(str(event.get("text", ""))),
            "source": message,
            **shared,
        },
        once=(f"event:{body.get('event_id')}", message),
    )
