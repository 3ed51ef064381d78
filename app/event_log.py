"""When the last event of each kind arrived: Slack cannot be asked whether its events reach us."""

from datetime import UTC, datetime
from typing import cast

import redis

from sync.state import key

STARTED = "start"
"""Noted by a bot when it begins to listen; no kind of event of Slack's has this name."""
SIGNED_OUT = ("tokens_revoked", "app_uninstalled")
"""Events of Slack after which the bot can say nothing until it is installed again."""
MAX_KINDS = 50
KEPT_SECONDS = 90 * 24 * 3600


def note_event(client: "redis.Redis", team: str, kind: str) -> None:
    """Note that an event of *kind* (``app_mention``, ``message``) has arrived now."""
    name = key(team, "events", "last")
    pipeline = client.pipeline(transaction=False)
    pipeline.hset(name, kind[:100], datetime.now(UTC).isoformat(timespec="seconds"))
    pipeline.expire(name, KEPT_SECONDS)
    pipeline.execute()


def last_events(client: "redis.Redis", team: str) -> dict[str, datetime]:
    """Give the moment of the last event of each kind, in UTC; empty where none ever arrived."""
    found = cast("dict[str, str]", client.hgetall(key(team, "events", "last")))
    return {kind: datetime.fromisoformat(found[kind]) for kind in sorted(found)[:MAX_KINDS]}
