"""How many tokens a text is: estimated from its signs, and corrected by what each model counted.

Tokenizers differ by model and language, and servers that only resemble OpenAI's bring their own.
So nothing is tokenized here: the estimate has its own unit, and how many tokens a unit comes to is
learned from the ``usage`` of each reply.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from redis import Redis

from sync.state import PREFIX, run_script

NEWEST_SHARE = 0.3
"""How much the newest call counts in the average."""
BOUNDS = (0.2, 3.0)
"""Tokens of a unit. A server that counts nonsense can neither empty a prompt nor flood it."""
LEAST_UNITS = 200
"""Shorter prompts say little: a server's fixed overhead would be most of what it counts."""

_RATIOS = f"{PREFIX}:tokens"
"""Hash of model → tokens of a unit."""


def units_of(text: str) -> int:
    """Estimate from above: 3 ASCII characters are a unit, and so is any other character."""
    ascii_chars = len(text.encode("ascii", "ignore"))
    return ascii_chars // 3 + len(text) - ascii_chars


def units_of_tools(tools: Sequence[Mapping[str, Any]]) -> int:
    """Estimate what the schemas beside a prompt come to."""
    return units_of(json.dumps(list(tools), ensure_ascii=False))


def tokens_per_unit(redis: Redis, model: str) -> float:
    """Give what all processes have learned of *model*; 1 before its first reply."""
    return float(cast("str | None", redis.hget(_RATIOS, model)) or 1.0)


_LEARN = """
local old = tonumber(redis.call('HGET', KEYS[1], ARGV[1]))
local seen, share = tonumber(ARGV[2]), tonumber(ARGV[3])
local mixed = old and old * (1 - share) + seen * share or seen
mixed = math.max(tonumber(ARGV[4]), math.min(tonumber(ARGV[5]), mixed))
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.4f', mixed))
"""


def learn_tokens(redis: Redis, model: str, units: int, prompt_tokens: int) -> None:
    """Learn what a prompt of *units* came to; nothing where the server does not say."""
    if units >= LEAST_UNITS and prompt_tokens > 0:
        seen = f"{prompt_tokens / units:.4f}"
        bounds = (str(bound) for bound in BOUNDS)
        run_script(redis, _LEARN, [_RATIOS], model, seen, str(NEWEST_SHARE), *bounds)
