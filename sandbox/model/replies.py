"""What the stand-in can answer: good replies, and every way a model's service goes wrong."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class Text:
    """Words, and no more to do."""

    text: str
    finish_reason: Literal["stop", "length", "content_filter"] = "stop"


@dataclass(frozen=True, kw_only=True)
class ToolCall:
    """One function call; `arguments` is JSON as a model writes it, so it may also be broken."""

    name: str
    arguments: str
    call_id: str | None = None
    """None: a fresh id, as OpenAI gives one."""


@dataclass(frozen=True, init=False)
class Calls:
    """Function calls, perhaps with a thought said beside them: `Calls(call("list_tables"))`."""

    calls: tuple[ToolCall, ...]
    text: str | None

    def __init__(self, *calls: ToolCall, text: str | None = None) -> None:
        object.__setattr__(self, "calls", calls)
        object.__setattr__(self, "text", text)


@dataclass(frozen=True)
class Odd:
    """A message of any shape, sent as it is; in a stream as one piece."""

    message: JsonObject
    finish_reason: str = "stop"


@dataclass(frozen=True)
class Status:
    """A refusal with this HTTP status. `retry_after` is in seconds."""

    status: int
    retry_after: float | None = None
    code: str | None = None
    message: str = "The stand-in was told to refuse."


@dataclass(frozen=True)
class Malformed:
    """Status 200, and a body that is not a completion."""

    body: str = '{"id": "chatcmpl-1", "choices": ['


@dataclass(frozen=True)
class Drop:
    """The connection is cut without an answer."""


@dataclass(frozen=True)
class Stall:
    """Silence for so many seconds, then another reply."""

    seconds: float
    then: "Text | Calls | Drop" = Drop()


Reply = Text | Calls | Odd | Status | Malformed | Stall | Drop


def call(
    name: str, arguments: Mapping[str, Any] | str | None = None, *, call_id: str | None = None
) -> ToolCall:
    """Write a function call: `call("list_tables")`, or with text for arguments that are broken."""
    text = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
    return ToolCall(name=name, arguments=text, call_id=call_id)
