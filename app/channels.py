"""Which channel of Slack somebody means, and whether the bot can write there."""

import logging
import time
from collections.abc import Callable
from http.client import HTTPException
from typing import Any, cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from agent.deps import Channel
from app.remembering import Remembered, once_at_a_time
from app.slack_gateway import reason
from sync.result_condition import channel_id

log = logging.getLogger(__name__)

_FRESH_SECONDS = 300.0
_UNKNOWN = "name the channel by choosing it from Slack's list after typing #, not by its name alone"
_NOT_THERE = (
    "there is no such channel that the bot can see; if it is private, write /invite and the bot's "
    "name in it first"
)


def make_find_channel(client: WebClient) -> Callable[[str], Channel]:
    """Make the function that reads a channel as people write it and asks Slack about it, once.

    Needs the scope channels:read. What Slack does not tell is no problem: telling says it then.
    """

    def find(text: str) -> Channel:
        channel = channel_id(text)
        if channel is None:
            return Channel(text[:80], _UNKNOWN)
        try:
            answer = client.conversations_info(channel=channel)
        except (SlackClientError, OSError, HTTPException) as error:
            why = reason(error)
            if why == "channel_not_found":
                return Channel(channel, _NOT_THERE)
            log.warning("whether the bot is in %s is not known: %s", channel, why)
            return Channel(channel)
        found = cast("dict[str, Any]", answer.get("channel") or {})
        if found.get("is_archived"):
            return Channel(channel, "it is archived; name another channel")
        if found.get("is_member") is False:
            return Channel(channel, "the bot is not in it; write /invite and the bot's name there")
        return Channel(channel)

    return find


def make_is_shared(
    client: WebClient, now: Callable[[], float] = time.monotonic
) -> Callable[[str], bool | None]:
    """Make the function that tells whether another organisation reads a channel, too.

    It is asked of Slack once in five minutes (channels:read, groups:read, mpim:read); None where
    Slack does not tell.
    """
    known = Remembered[bool](now)

    def is_shared(channel: str) -> bool | None:
        found = known.find(channel, _FRESH_SECONDS)
        if found:
            return found[0]
        try:
            answer = client.conversations_info(channel=channel)
        except (SlackClientError, OSError, HTTPException) as error:
            log.warning("whether %s is shared is not known: %s", channel, reason(error))
            return None
        told = cast("dict[str, Any]", answer.get("channel") or {})
        shared = any(told.get(name) for name in ("is_ext_shared", "is_pending_ext_shared"))
        return known.keep(channel, shared)

    return once_at_a_time(is_shared)


def any_channel(text: str) -> Channel:
    """Read a channel where no Slack can be asked: what is told there is only logged."""
    return Channel(channel_id(text) or text.strip().lstrip("#")[:80])
