"""What to do when a turn cannot simply go on: pure decisions, carried out by the loop."""

from agent.events import Limit
from agent.llm_errors import LLMError, ModelBadReply, ModelBusy, ModelTimeout

MAX_ATTEMPTS = 3
"""How often the model is asked the same."""

MAX_WAIT_SECONDS = 20.0
"""Longer than this nobody is kept waiting; the person is told instead."""


def retry_after_seconds(error: LLMError, attempt: int) -> float | None:
    """Say how long to wait before asking the model again; None means give up.

    *attempt* is the number of the one that failed, from 1.
    """
    if attempt >= MAX_ATTEMPTS:
        return None
    if isinstance(error, ModelBadReply):
        return 0.0 if error.worth_repeating and attempt == 1 else None
    if not error.transient or (isinstance(error, ModelTimeout) and attempt > 1):
        return None  # two timeouts are as long as anybody waits
    wait = float(2 ** (attempt - 1))
    if isinstance(error, ModelBusy) and error.retry_after is not None:
        wait = error.retry_after
    return wait if wait <= MAX_WAIT_SECONDS else None


_LIMITS: dict[Limit, str] = {
    "stopped": "a person pressed Stop",
    "step_limit": "it was not finished within {most:,.0f} steps",
    "call_limit": "it was not finished with {most:,.0f} tool calls",
    "repeat_limit": "the same call failed {most:,.0f} times",
    "time_limit": "it was not finished within {most:,.0f} s",
    "token_limit": "it was not finished with {most:,.0f} tokens",
    "cost_limit": "it was not finished for ${most:,.2f}",
    "user_token_limit": "the person's {most:,.0f} tokens of the day are used up",
    "user_cost_limit": "the person's ${most:,.2f} of the day are used up",
    "day_token_limit": "the team's {most:,.0f} tokens of the day are used up",
    "day_cost_limit": "the team's ${most:,.2f} of the day are used up",
}


def limit_text(limit: Limit, most: float) -> str:
    """Tell the model, when it reads the thread again, that its turn was stopped by a limit."""
    return f"The turn was stopped here: {_LIMITS[limit].format(most=most)}."
