"""What to do when a turn cannot simply go on: pure decisions, carried out by the loop."""

from typing import Literal

from agent.llm import LLMError, ModelBadReply, ModelBusy, ModelTimeout

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


def limit_text(language: Literal["ko", "en"], max_steps: int) -> str:
    """Say that a turn was stopped by its limit, and what the person can do."""
    if language == "ko":
        return (
            f"{max_steps}단계 안에 답을 마치지 못해 여기서 멈췄습니다. "
            "질문을 더 작게 나누어 다시 물어봐 주세요."
        )
    return (
        f"I stopped here because I could not finish within {max_steps} steps. "
        "Please ask again in smaller parts."
    )
