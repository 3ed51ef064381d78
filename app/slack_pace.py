"""How often each method of Slack may be called, counted in Redis for all who call it.

Slack counts by method and workspace, and messages by channel as well
(/docs/apis/web-api/rate-limits); so do these buckets, for every bot of the workspace together. Each
lets three tenths of a minute's calls go at once, for people press and ask in bursts, and hands out
somewhat less than seven tenths of them over a minute: in no minute are more made than Slack allows.
Where Redis is away, calls go out unpaced.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import redis

from sync.state import PREFIX, run_script

log = logging.getLogger(__name__)

_SECOND = 1_000_000
"""In the unit of the buckets."""

TIER_2, TIER_3, TIER_4 = 20, 50, 100
"""Calls a minute and workspace."""
CALLS_A_MINUTE = {
    "chat.startStream": TIER_2,
    "chat.stopStream": TIER_2,
    "reactions.remove": TIER_2,
    "usergroups.users.list": TIER_2,
    "chat.appendStream": TIER_4,
    "chat.postEphemeral": TIER_4,
    "files.getUploadURLExternal": TIER_4,
    "files.completeUploadExternal": TIER_4,
    "users.info": TIER_4,
    "views.open": TIER_4,
    "views.publish": TIER_4,
    "views.push": TIER_4,
    "views.update": TIER_4,
    "assistant.threads.setStatus": TIER_4,
    "assistant.threads.setSuggestedPrompts": TIER_4,
}
"""Slack's tiers, by java-slack-sdk's MethodsRateLimits; every other method is taken for tier 3."""
BY_CHANNEL = "chat.postMessage"
"""One message a second and channel, and a few at once."""
_POSTS_AT_ONCE = 5
_UNPACED = frozenset({"auth.test", "api.test"})
"""Hundreds a minute are allowed, and nothing works without them."""

Held = Literal["waited", "dropped", "given_up"]
"""What became of a call there was no room for: it went later, or not at all, for it showed only how
things go on, or not within the time it had."""
OnHeld = Callable[[str, Held, float], None]
"""Told of each such call: the method, what became of it, and for how many seconds it waited."""

_TAKE = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local interval, whole, left_over, patience =
  tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local held = math.max(redis.call('PTTL', KEYS[2]), 0) * 1000
if held > 0 then full_at = math.max(full_at, now + held + whole) end
local wait = math.max(full_at + left_over - whole - now, held, 0)
if wait > patience then return -wait end
full_at = full_at + interval
redis.call('SET', KEYS[1], string.format('%.0f', full_at),
           'PX', math.ceil((full_at - now) / 1000) + 1000)
return wait
"""
"""A bucket is the moment at which it will be full again (GCRA). A call takes ARGV 1 of it, may find
ARGV 2 in it at most, leaves ARGV 3, and waits for up to ARGV 4: gives the wait, which is taken, or
the wait there would be, below nought, and takes nothing. No call goes before KEYS 2 ends."""

_HOLD = """
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
end
return 0
"""


@dataclass(frozen=True)
class Pace:
    """The buckets; without Redis there are none."""

    redis: "redis.Redis | None" = field(default=None, repr=False)
    on_held: OnHeld = lambda _method, _held, _seconds: None

    def ask(self, method: str, channel: str, patience_seconds: float) -> float:
        """Take room for one call: say in how many seconds it may be made.

        Below nought, none is taken: so long it would wait, which is longer than *patience_seconds*.
        Without any patience the call leaves half of what can go at once to those that have some.
        """
        if self.redis is None or method in _UNPACED:
            return 0.0
        interval, at_once = _rate(method)
        whole = interval * (at_once - 1)
        left_over = 0 if patience_seconds > 0 else interval * (at_once // 2)
        name = f"{method}:{channel}" if method == BY_CHANNEL else method
        keys = [f"{PREFIX}:pace:{name}", _held_key(method)]
        patience = int(max(patience_seconds, 0) * _SECOND)
        try:
            found = run_script(self.redis, _TAKE, keys, interval, whole, left_over, patience)
        except redis.RedisError as error:
            log.info("%s is not paced: %s", method, type(error).__name__)
            return 0.0
        return int(found) / _SECOND

    def hold(self, method: str, seconds: float) -> None:
        """Let nobody call *method* for so long: Slack has said so."""
        if self.redis is None or seconds <= 0:
            return
        try:
            run_script(self.redis, _HOLD, [_held_key(method)], int(seconds * 1000))
        except redis.RedisError as error:
            log.info("that %s waits is known to this process alone: %s", method, error)

    def held_seconds(self, method: str) -> float:
        """Say for how long nobody may call *method*."""
        if self.redis is None:
            return 0.0
        try:
            return max(self.redis.pttl(_held_key(method)), 0) / 1000
        except redis.RedisError:
            return 0.0


def _held_key(method: str) -> str:
    return f"{PREFIX}:held:{method}"


def _rate(method: str) -> tuple[int, int]:
    """Give the microseconds between two calls, and how many go at once."""
    if method == BY_CHANNEL:
        return 11 * _SECOND // 10, _POSTS_AT_ONCE  # sixty in any minute, these included
    calls = CALLS_A_MINUTE.get(method, TIER_3)
    return 88 * _SECOND // calls, 3 * calls // 10
