"""One question to the model, asked again as often as that makes sense."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.budget import Budget, note_call
from agent.deps import AnalystDeps
from agent.llm import LLMResponse, Model
from agent.llm_errors import LLMError, ModelBadReply
from agent.runtime.recovery import retry_after_seconds
from agent.runtime.stream_parsing import OnText
from agent.steps import ModelAsked, Sent
from agent.tokens import tokens_per_unit
from agent.usage import Usage


class Stopped(Exception):
    """The turn was stopped while the model wrote."""


@dataclass(frozen=True)
class Asking:
    """For whom the model is asked, what it is sent, and how long may be waited in between."""

    deps: AnalystDeps
    sent: Sent
    budget: Budget
    wait: Callable[[float], None]


def ask_until_answered(
    model: Model,
    prompt: Sequence[Mapping[str, Any]],
    tools: Sequence[Mapping[str, Any]],
    asking: Asking,
) -> LLMResponse:
    """Ask until there is an answer or no sense in asking. Raises LLMError and Stopped."""
    deps, attempt = asking.deps, 1
    while True:
        began = time.monotonic()
        try:
            reply = model.complete(prompt, tools, _listener(deps))
        except Stopped:  # the server counts at the end alone, and what it read is paid for, too
            usage = Usage(round(asking.sent.units * tokens_per_unit(deps.redis, model.name)))
            note_call(deps, asking.budget, model.name, usage)
            seconds = time.monotonic() - began
            deps.on_step(ModelAsked(model.name, asking.sent, seconds, usage, "stopped"))
            raise
        except LLMError as error:
            seconds, usage = time.monotonic() - began, Usage()
            if isinstance(error, ModelBadReply):  # what cannot be used has been paid for, too
                usage = error.usage
                note_call(deps, asking.budget, model.name, usage)
            again_in = retry_after_seconds(error, attempt)
            deps.on_step(ModelAsked(model.name, asking.sent, seconds, usage, error.code, again_in))
            if again_in is None:
                raise
        else:
            seconds = time.monotonic() - began
            deps.on_step(ModelAsked(model.name, asking.sent, seconds, reply.usage))
            return reply
        asking.wait(again_in)
        attempt += 1


def _listener(deps: AnalystDeps) -> OnText | None:
    """Pass the words of the model on as they come, until somebody has heard enough."""
    tell = deps.on_text
    if tell is None:
        return None

    def listen(text: str) -> None:
        if deps.is_stopped():
            raise Stopped
        tell(text)

    return listen
