"""How much a turn, a person and a day may use of the model, and whether that is used up."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.conversation import Message
from agent.deps import AnalystDeps
from agent.events import Limit
from agent.ledger import PRICES, DaySpent, Prices, day_spent, note_spent, spent_on
from agent.usage import Spent, Usage

REPEATS = 3
"""After so many replies with the same call, which failed each time, a turn comes to nothing."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The bounds of turns. Costs count where the price of the model is known."""

    context_tokens: int = 32_000
    """About the most one call reads: instructions, tools and as much of the thread."""
    compact_at: float = 0.7
    """Above this share of `context_tokens`, older turns are summarised before the call."""
    steps: int = 8
    """Replies of the model in one turn, counted in the thread and so also across crashes."""
    calls: int = 24
    """Calls of tools in one turn, counted in the thread; what a reply asks beyond is not heard."""
    seconds: float = 300.0
    """From where a process begins or resumes the turn; looked at before each step."""
    tokens: int = 400_000
    """Read and written in one turn, counted in the thread."""
    usd: float = 1.0
    user_day_tokens: int = 5_000_000
    user_day_usd: float = 10.0
    day_tokens: int = 50_000_000
    """Of everybody."""
    day_usd: float = 100.0
    prices: Prices = field(default_factory=lambda: PRICES)
    ledger_days: int = 90
    """How long what was used is kept."""


@dataclass(frozen=True)
class Reached:
    """A limit that ends a turn, and how much it allows."""

    limit: Limit
    most: float


def reached(
    budget: Budget, turn: Sequence[Message], seconds: float, today: DaySpent
) -> Reached | None:
    """Say which limit forbids the next call of the model, if one does.

    Turns that go on at the same time may each take one more call than a day's limit allows.
    """
    spent = [one for message in turn for one in message.spent]
    tokens = sum(one.usage.prompt_tokens + one.usage.completion_tokens for one in spent)
    nano_usd = sum(one.nano_usd or 0 for one in spent)
    used: tuple[tuple[Limit, float, float], ...] = (
        ("step_limit", sum(message.role == "assistant" for message in turn), budget.steps),
        ("call_limit", calls_made(turn), budget.calls),
        ("repeat_limit", _repeats(turn), REPEATS),
        ("time_limit", seconds, budget.seconds),
        ("token_limit", tokens, budget.tokens),
        ("cost_limit", nano_usd / 1e9, budget.usd),
        ("user_token_limit", today.user_tokens, budget.user_day_tokens),
        ("user_cost_limit", today.user_nano_usd / 1e9, budget.user_day_usd),
        ("day_token_limit", today.tokens, budget.day_tokens),
        ("day_cost_limit", today.nano_usd / 1e9, budget.day_usd),
    )
    return next((Reached(limit, most) for limit, n, most in used if n >= most), None)


def spent_today(deps: AnalystDeps) -> DaySpent:
    """Read what the caller and everybody used on the day this turn belongs to."""
    return day_spent(deps.redis, deps.caller.team, deps.today, deps.caller.user)


def note_call(deps: AnalystDeps, budget: Budget, model: str, usage: Usage) -> Spent:
    """Count a call of the model for the caller, and say what it cost."""
    spent = spent_on(budget.prices, model, usage)
    caller = deps.caller
    note_spent(deps.redis, caller.team, deps.today, caller.user, spent, budget.ledger_days)
    return spent


def calls_made(turn: Sequence[Message]) -> int:
    """Count the calls of tools in a turn."""
    return sum(len(message.tool_calls) for message in turn)


def _repeats(turn: Sequence[Message]) -> int:
    """Count the replies of a turn that made its most repeated failing call."""
    failed = {one.tool_call_id for one in turn if one.role == "tool" and not _is_ok(one)}
    replies = (
        {(call.name, call.arguments) for call in message.tool_calls if call.id in failed}
        for message in turn
    )
    return max(Counter(call for reply in replies for call in reply).values(), default=0)


def _is_ok(answer: Message) -> bool:
    return bool(json.loads(answer.content).get("ok"))
