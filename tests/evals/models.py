"""The models that are judged: one that says what was recorded, and any that answers over HTTP."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.conversation import ToolCall
from agent.llm import LLMResponse, Model
from agent.runtime.stream_parsing import OnText
from sandbox.model.checks import check_request
from tests.evals.case import RecordedReply


class RecordingEnded(Exception):
    """The product asked once more than the recording has replies: the two have parted."""


@dataclass
class Recorded:
    """Says reply after reply."""

    replies: list[RecordedReply] = field(default_factory=list[RecordedReply])
    said: int = 0
    name: str = "recorded replies"

    def begin(self, replies: Iterable[RecordedReply]) -> None:
        """Take the replies of the next turn."""
        self.replies = list(replies)

    def complete(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        on_text: OnText | None = None,
    ) -> LLMResponse:
        """Say the next one. Raises RecordingEnded."""
        if not self.replies:
            raise RecordingEnded(str(messages[-1].get("content"))[:500])
        reply = self.replies.pop(0)
        calls: list[ToolCall] = []
        for call in reply.calls:
            self.said += 1
            arguments = json.dumps(dict(call.args), ensure_ascii=False)
            calls.append(ToolCall(id=f"call_{self.said}", name=call.tool, arguments=arguments))
        return LLMResponse(reply.text, tuple(calls))


@dataclass
class Watched:
    """Any model, with a note of what it was sent and what that cost."""

    model: Model
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    read: list[str] = field(default_factory=list[str])
    """All it was ever sent, but its own words."""

    @property
    def name(self) -> str:
        """The name of the model that is watched."""
        return self.model.name

    def complete(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        on_text: OnText | None = None,
    ) -> LLMResponse:
        """Ask the model, unless OpenAI would not take the request."""
        check_request({"model": "judged", "messages": list(messages), "tools": list(tools)})
        self.read = [str(one.get("content")) for one in messages if one["role"] != "assistant"]
        reply = self.model.complete(messages, tools, on_text)
        self.calls += 1
        self.prompt_tokens += reply.usage.prompt_tokens
        self.completion_tokens += reply.usage.completion_tokens
        return reply
