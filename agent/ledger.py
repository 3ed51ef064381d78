"""What the model was asked and what that cost: by day, person and model, counted in Redis.

A day is one of the team's time zone: the one a turn began in.
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import cast

from redis import Redis

from agent.usage import Spent, Usage
from sync.state import key, run_script


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens."""

    prompt: float
    completion: float
    cached: float | None = None
    """Of the part of a prompt that the server had read before; the same as `prompt` if None."""


Prices = Mapping[str, Price]
"""Of each model that has one, by its name."""

PRICES: Prices = MappingProxyType(
    {"gpt-4o-mini": Price(prompt=0.15, completion=0.60, cached=0.075)}
)
"""As OpenAI asked in November 2026; bot.toml says others."""


def spent_on(prices: Prices, model: str, usage: Usage) -> Spent:
    """Say what a call cost, where the price of its model is known."""
    price = prices.get(model)
    if price is None:
        return Spent(model, usage)
    cached = price.prompt if price.cached is None else price.cached
    dollars_of_a_million = (
        (usage.prompt_tokens - usage.cached_tokens) * price.prompt
        + usage.cached_tokens * cached
        + usage.completion_tokens * price.completion
    )
    return Spent(model, usage, round(dollars_of_a_million * 1000))


@dataclass(frozen=True)
class LedgerLine:
    """What one person's turns used of one model on one day."""

    day: date
    user: str
    model: str
    calls: int
    prompt_tokens: int
    cached_tokens: int
    """Of `prompt_tokens`."""
    completion_tokens: int
    nano_usd: int
    """Billionths of a dollar, of the calls whose price was known."""
    unpriced_calls: int
    """Calls whose price was not known then."""


@dataclass(frozen=True)
class DaySpent:
    """What was used on one day so far: by one person, and by everybody."""

    user_tokens: int = 0
    user_nano_usd: int = 0
    tokens: int = 0
    nano_usd: int = 0


_COUNTED = ("calls", "prompt", "cached", "completion", "nano_usd", "unpriced")
_SUMS = ("tokens", "sum_nano_usd")

_ADD = """
if not redis.call('SET', KEYS[2], '1', 'NX', 'EX', 60) then return 0 end
for i = 2, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
"""
"""KEYS[2] is new with each call: sent again after a broken connection, it is not counted twice."""


def note_spent(redis: Redis, team: str, day: date, user: str, spent: Spent, keep_days: int) -> None:
    """Count a call of the model, in one step."""
    usage, cost = spent.usage, spent.nano_usd
    counts = (
        *(1, usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens),
        *(cost or 0, int(cost is None)),
    )
    added = {f"{kind} {user} {spent.model}": n for kind, n in zip(_COUNTED, counts, strict=True)}
    sums = (usage.prompt_tokens + usage.completion_tokens, cost or 0)
    for of in (user, ""):
        added |= {f"{kind} {of}": n for kind, n in zip(_SUMS, sums, strict=True)}
    once = key(team, "spent", "once", secrets.token_hex(8))
    flat = [part for pair in added.items() for part in pair]
    run_script(redis, _ADD, [_day_key(team, day), once], keep_days * 86_400, *flat)


def day_spent(redis: Redis, team: str, day: date, user: str) -> DaySpent:
    """Read what *user* and everybody have used on *day* so far."""
    names = [f"{kind} {of}" for of in (user, "") for kind in _SUMS]
    found = cast("list[str | None]", redis.hmget(_day_key(team, day), names))
    return DaySpent(*(int(value or 0) for value in found))


def read_ledger(redis: Redis, team: str, first: date, last: date) -> Iterator[LedgerLine]:
    """Read the lines of all days from *first* to *last*, by day, person and model."""
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        lines: dict[tuple[str, str], dict[str, int]] = {}
        for name, value in cast("dict[str, str]", redis.hgetall(_day_key(team, day))).items():
            kind, _, rest = name.partition(" ")
            user, _, model = rest.partition(" ")
            if kind in _COUNTED:
                lines.setdefault((user, model), {})[kind] = int(value)
        for (user, model), counts in sorted(lines.items()):
            yield LedgerLine(day, user, model, *(counts.get(kind, 0) for kind in _COUNTED))


def _day_key(team: str, day: date) -> str:
    return key(team, "spent", day.isoformat())
