"""What we say to Slack: one client with Slack's own retry handlers, and a function a message."""

import logging
from typing import cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)

from app.places import Place
from app.settings import SlackSettings
from app.views.approval_card import Message
from app.views.text import escape

log = logging.getLogger(__name__)

DELIVERY_ERRORS = (SlackClientError, OSError)
"""What a call may raise: Slack's refusals, and the network's."""


def make_client(settings: SlackSettings) -> WebClient:
    """Make a client that waits as Slack asks (three times) and retries a broken connection once."""
    return WebClient(
        token=settings.bot_token.get_secret_value(),
        base_url=settings.api_url,
        timeout=15,
        retry_handlers=[
            ConnectionErrorRetryHandler(),
            RateLimitErrorRetryHandler(max_retry_count=3),
            ServerErrorRetryHandler(max_retry_count=1),
        ],
    )


def post(client: WebClient, place: Place, message: Message) -> str:
    """Post a message into a thread and give its ts. Raises one of `DELIVERY_ERRORS`."""
    answer = client.chat_postMessage(
        channel=place.channel,
        thread_ts=place.thread_ts or None,
        text=message.text,
        blocks=message.blocks,
        parse="none",
        unfurl_links=False,
        unfurl_media=False,
    )
    return cast("str", answer["ts"])


def update(client: WebClient, channel: str, ts: str, message: Message) -> None:
    """Change a message. Raises one of `DELIVERY_ERRORS`."""
    client.chat_update(
        channel=channel, ts=ts, text=message.text, blocks=message.blocks, parse="none"
    )


def whisper(client: WebClient, channel: str, user: str, thread_ts: str, text: str) -> None:
    """Tell one person something in private; if Slack refuses, the log says so."""
    try:
        client.chat_postEphemeral(
            channel=channel, user=user, thread_ts=thread_ts or None, text=text, parse="none"
        )
    except DELIVERY_ERRORS as error:
        log.warning("could not tell %s in %s: %s", user, channel, reason(error))


def mark_seen(client: WebClient, channel: str, ts: str) -> None:
    """Show with a reaction that a message has arrived; a refusal changes nothing else."""
    try:
        client.reactions_add(channel=channel, timestamp=ts, name="eyes")
    except DELIVERY_ERRORS as error:
        log.info("no reaction on %s in %s: %s", ts, channel, reason(error))


def note(text: str) -> Message:
    """Make a message of one plain sentence."""
    return Message(
        escape(text),
        [{"type": "section", "text": {"type": "mrkdwn", "text": escape(text), "verbatim": True}}],
    )


def reason(error: Exception) -> str:
    """Give Slack's error code, or the kind of network error; never the request with its token."""
    if isinstance(error, SlackApiError):
        return cast("str", error.response.get("error", "unknown"))
    return type(error).__name__
