"""When the last event of each kind arrived, and what Slack refused: it cannot be asked later."""

from datetime import UTC, datetime
from typing import cast

import redis

from sync.state import PREFIX, key

STARTED = "start"
"""Noted by a bot when it begins to listen; no kind of event of Slack's has this name."""
SIGNED_OUT = ("tokens_revoked", "app_uninstalled")
"""Events of Slack after which the bot can say nothing until it is installed again."""
MAX_KINDS = 50
KEPT_SECONDS = 90 * 24 * 3600
REFUSED_SECONDS = 7 * 24 * 3600
"""So long it is told what Slack refused."""
_REFUSALS = f"{PREFIX}:slack:refused"


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


def note_refusal(client: "redis.Redis", method: str, error: str) -> None:
    """Note that Slack has refused *method* with *error* now. Never fails."""
    pipeline = client.pipeline(transaction=False)
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    pipeline.hset(_REFUSALS, f"{error[:60]} {method[:60]}", moment)
    pipeline.expire(_REFUSALS, REFUSED_SECONDS)
    try:
        pipeline.execute()
    except redis.RedisError:  # Slack's answer is in the log as well
        return


def last_refusals(client: "redis.Redis") -> dict[tuple[str, str], datetime]:
    """Give when Slack last refused what, by error and method, in UTC."""
    found = cast("dict[str, str]", client.hgetall(_REFUSALS))
    named = {
        tuple(name.partition(" ")[::2]): datetime.fromisoformat(at) for name, at in found.items()
    }
    return cast("dict[tuple[str, str], datetime]", named)
