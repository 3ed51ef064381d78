import pytest

from agent.llm_errors import (
    LLMError,
    ModelBadReply,
    ModelBusy,
    ModelLoginRefused,
    ModelQuotaSpent,
    ModelRequestRefused,
    ModelServerError,
    ModelTimeout,
    ModelUnreachable,
)
from agent.runtime.recovery import retry_after_seconds


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (ModelUnreachable(), [1.0, 2.0, None]),
        (ModelServerError(status=500), [1.0, 2.0, None]),
        (ModelTimeout(seconds=60), [1.0, None, None]),
        (ModelBusy(), [1.0, 2.0, None]),
        (ModelBusy(retry_after=7.5), [7.5, 7.5, None]),
        (ModelBusy(retry_after=21), [None, None, None]),
        (ModelBadReply(reason="it is empty", worth_repeating=True), [0.0, None, None]),
        (ModelBadReply(reason="it was cut off"), [None, None, None]),
        (ModelLoginRefused(status=401), [None, None, None]),
        (ModelQuotaSpent(), [None, None, None]),
        (ModelRequestRefused(status=400, reason="x"), [None, None, None]),
    ],
)
def test_only_what_may_pass_is_tried_again_and_not_for_long(
    error: LLMError, waits: list[float | None]
) -> None:
    assert [retry_after_seconds(error, attempt) for attempt in (1, 2, 3)] == waits
