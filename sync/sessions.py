"""Bound the sessions at a source over all processes: a slot in Redis for each.

A slot is a token with a deadline by Redis's clock. Its holder puts the deadline off as long as it
lives, so the slot of a killed process comes free by itself.
"""

import logging
import secrets
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

import redis

from sync.oracle_errors import SourceBusy
from sync.state import LUA_NOW, PREFIX, run_script

log = logging.getLogger(__name__)

SLOT_SECONDS = 30.0
"""A slot whose holder has not been heard of for this long is free."""
_POLL_SECONDS = 0.2
_LEAVE_SECONDS = 5.0
"""How long the end of a session waits for Redis to hear of it."""

# The whole set goes with its last slot, so PEXPIRE must never make it go earlier.
_HOLD = """
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
"""

_TAKE = (
    LUA_NOW
    + """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], ARGV[1])
  and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
"""
    + _HOLD
    + "return 1"
)


@contextmanager
def session_slot(
    client: "redis.Redis",
    source_name: str,
    *,
    most: int,
    wait_seconds: float,
    slot_seconds: float = SLOT_SECONDS,
) -> Generator[None]:
    """Hold one of the *most* slots of a source, waiting for one up to *wait_seconds*.

    Raises `SourceBusy` where none came free. Redis being away raises ``redis.RedisError`` before
    the block and is survived in it: a slot that ran out meanwhile is taken again, as its session is
    still open, even if there is one too many for a while.
    """
    token = secrets.token_hex(16)
    life = int(slot_seconds * 1000)
    deadline = time.monotonic() + wait_seconds
    while not run_script(client, _TAKE, [_slots(source_name)], token, life, most):
        left = deadline - time.monotonic()
        if left <= 0:
            raise SourceBusy(source=source_name, most=most)
        time.sleep(min(_POLL_SECONDS, left))
    over = threading.Event()
    holder = threading.Thread(
        target=_hold,
        args=(client, source_name, token, slot_seconds, over),
        name=f"session slot {source_name}",
        daemon=True,
    )
    holder.start()
    try:
        yield
    finally:
        over.set()
        holder.join(_LEAVE_SECONDS)


_OPEN = LUA_NOW + "return redis.call('ZCOUNT', KEYS[1], '(' .. now, '+inf')"


def sessions_open(client: "redis.Redis", source_name: str) -> int:
    """Count the slots of a source that are held now."""
    return int(run_script(client, _OPEN, [_slots(source_name)]))


_RENEW = LUA_NOW + _HOLD


def _hold(
    client: "redis.Redis",
    source_name: str,
    token: str,
    slot_seconds: float,
    over: threading.Event,
) -> None:
    """Put the slot's deadline off until *over*, then give it back.

    One thread does both, so that no late renewal brings back a slot that was given back.
    """
    while not over.wait(slot_seconds / 3):
        try:
            run_script(client, _RENEW, [_slots(source_name)], token, int(slot_seconds * 1000))
        except redis.RedisError as error:
            log.warning("session slot of %s not renewed: %s", source_name, type(error).__name__)
    try:
        client.zrem(_slots(source_name), token)
    except redis.RedisError as error:
        # It runs out by itself.
        log.warning("session slot of %s not given back: %s", source_name, type(error).__name__)


def _slots(source_name: str) -> str:
    return f"{PREFIX}:sessions:{source_name}"
