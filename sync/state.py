"""The shared memory of bot, workers and clock: Redis, its key names and ids.

Ids begin with their team (``T0123-<32 hex>``), so every id leads to its key without a look-up, and
``-`` is the only sign besides letters and digits, as RQ wants it of job ids.
"""

import hashlib
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from sync.errors import DuckferryError, StateUnavailable, Unexpected

PREFIX = "duckferry:1"
"""The 1 is the version of the layout of all keys."""

INBOX = f"{PREFIX}:inbox"
"""Stream of what the bot must react to: messages, rejections, ended runs, due schedules."""

CARDS = f"{PREFIX}:cards"
"""Stream of approvals whose card in Slack is out of date."""

OWNER = f"{PREFIX}:team"
"""The workspace whose bot this Redis serves: inbox and cards know no other."""

OPEN_RUNS = f"{PREFIX}:runs:open"
"""Sorted set of runs without a final state, by the moment they were queued (ms)."""

LUA_NOW = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
"""
"""Start of a script that needs the moment by Redis's clock: ``now`` in milliseconds since 1970."""


def connect_state(url: str) -> "redis.Redis":
    """Connect lazily to the Redis at *url*; nothing is sent before the first command.

    A command whose connection broke is sent again, so each of our scripts may run twice.
    """
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=15,
        socket_connect_timeout=3,
        health_check_interval=15,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), retries=2),
    )


def moment_of(client: "redis.Redis") -> datetime:
    """Redis's clock, UTC: what all processes go by, however wrong the clock of a host is."""
    seconds, micros = client.time()
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros)


@contextmanager
def raw_client(client: "redis.Redis") -> Generator["redis.Redis"]:
    """A client of the same server that leaves bytes alone, with connections of its own."""
    pool = client.connection_pool
    options: dict[str, Any] = {**pool.connection_kwargs, "decode_responses": False}
    raw = redis.ConnectionPool(connection_class=pool.connection_class, **options)
    try:
        yield redis.Redis(connection_pool=raw)
    finally:
        raw.disconnect()


def key(team: str, *parts: str) -> str:
    """Name a key that belongs to *team*."""
    return ":".join((PREFIX, team, *parts))


def new_id(team: str) -> str:
    """Make an unguessable id (128 bits) that belongs to *team*."""
    return f"{team}-{secrets.token_hex(16)}"


def derived_id(team: str, *parts: str) -> str:
    """Make the one id that *parts* lead to, so that doing a thing twice finds the first."""
    return f"{team}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"


def team_of(identifier: str) -> str:
    """Say which team an id belongs to."""
    return identifier.rpartition("-")[0]


def run_script(client: "redis.Redis", script: str, keys: list[str], *args: str | int) -> Any:
    """Run a Lua script atomically; a reply of strings and integers."""
    return client.register_script(script)(keys=keys, args=list(args))


def named_error(error: Exception) -> DuckferryError:
    """Give any error the name people are told.

    Ours stay as they are, Redis being away has its own, the rest is a fault with a reference.
    """
    if isinstance(error, DuckferryError):
        return error
    if isinstance(error, redis.RedisError):
        return StateUnavailable()
    return Unexpected(reference=secrets.token_hex(4))


def missing_safety(client: "redis.Redis") -> list[str]:
    """Name the Redis settings with which a restart or a full memory would lose approvals.

    Managed servers may forbid CONFIG; then nothing is known and nothing is named.
    """
    try:
        append_only = _setting(client, "appendonly")
        policy = _setting(client, "maxmemory-policy")
    except redis.ResponseError:
        return []
    found: list[str] = []
    if append_only == "no":
        found.append(
            "appendonly is off: a crash of Redis loses approvals and threads (set appendonly yes)"
        )
    if policy not in (None, "noeviction"):
        found.append(f"maxmemory-policy is {policy}: a full Redis drops approvals (set noeviction)")
    return found


def _setting(client: "redis.Redis", name: str) -> str | None:
    return cast("dict[str, str]", client.config_get(name)).get(name)
