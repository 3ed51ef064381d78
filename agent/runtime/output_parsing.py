"""Models and the servers in front of them answer in many shapes; this makes one of them."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

from agent.conversation import ToolCall

MAX_CALLS = 16
"""Calls one reply may make; more are not heard."""

MAX_REPLY_CHARS = 200_000
"""Of words, names and arguments together: a server that goes on for ever is not listened to."""

MAX_NAME_CHARS = 64
"""The longest name of a tool that the API takes."""

_WRAPPERS = frozenset(
    {"answer", "reply", "response", "response_text", "text", "message", "content"}
    | {"답변", "응답", "메시지", "내용"}
)


@dataclass(frozen=True)
class Reply:
    """A model's message in one shape."""

    text: str
    tool_calls: tuple[ToolCall, ...]

    @property
    def is_too_long(self) -> bool:
        """Tell whether it is more than anybody reads, or a thread should keep."""
        of_calls = sum(len(one.id) + len(one.arguments) for one in self.tool_calls)
        return len(self.text) + of_calls > MAX_REPLY_CHARS


def parse_reply(message: Mapping[str, Any]) -> Reply:
    """Normalise an assistant message of the Chat Completions API, or of a server that resembles it.

    Seen in the wild: content as a list of parts, null or missing content, arguments as an object
    instead of a string, the older ``function_call``, calls without an id, names no API takes back,
    halves of characters, and a reply wrapped in JSON under an English or Korean key.
    """
    calls = [_call(raw) for raw in sequence(message.get("tool_calls"))]
    legacy = message.get("function_call")
    if not calls and legacy:
        calls = [_call({"function": legacy})]
    heard = tuple(call for call in calls if call.name)[:MAX_CALLS]
    return Reply(_unwrapped(words_of(message.get("content")).strip()), heard)


def with_new_ids(
    calls: Sequence[ToolCall], taken: Collection[str], position: int
) -> tuple[ToolCall, ...]:
    """Give a new id to every call whose id is missing or was used in the thread before.

    *position* is the number of messages before the reply: the same reply at the same place gets the
    same ids.
    """
    used = set(taken)
    named: list[ToolCall] = []
    for number, call in enumerate(calls):
        # 40 characters is the most the API takes back.
        fits = call.id and call.id not in used and len(call.id) <= 40  # noqa: PLR2004 -- said above
        ours = (f"call-{position}-{n}" for n in count(number))
        call_id = call.id if fits else next(one for one in ours if one not in used)
        used.add(call_id)
        named.append(call.model_copy(update={"id": call_id}))
    return tuple(named)


def parse_arguments(raw: str) -> dict[str, Any] | None:
    """Read a call's arguments; None if they are no JSON object. Nothing at all is an empty one."""
    if not raw.strip():
        return {}
    try:
        value: object = json.loads(raw)
        if isinstance(value, str):  # an object encoded twice
            value = json.loads(value)
        if "\\u" in raw:
            json.dumps(value, ensure_ascii=False).encode()  # half a character can be kept nowhere
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def mapping(value: object) -> Mapping[str, Any]:
    """Read *value* as an object; anything else is an empty one."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def sequence(value: object) -> Sequence[Any]:
    """Read *value* as a list; anything else is an empty one."""
    return cast("Sequence[Any]", value) if isinstance(value, list | tuple) else ()


def words_of(content: object) -> str:
    """Read the words of a message's content, which may also be a list of parts."""
    if isinstance(content, str):
        return sound(content)
    parts = (
        part if isinstance(part, str) else mapping(part).get("text") for part in sequence(content)
    )
    return sound("".join(part for part in parts if isinstance(part, str)))


def sound(text: str) -> str:
    """Join halves of characters that came apart; one without its other half becomes a sign of it.

    With halves in it a text can neither be kept nor sent.
    """
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _call(raw: object) -> ToolCall:
    call = mapping(raw)
    function = mapping(call.get("function"))
    arguments = function.get("arguments")
    if not isinstance(arguments, str):
        arguments = "" if arguments is None else json.dumps(arguments, ensure_ascii=False)
    # A thread with any other name in it would be refused from then on.
    name = re.sub(r"[^A-Za-z0-9_-]", "_", str(function.get("name") or ""))[:MAX_NAME_CHARS]
    return ToolCall(id=sound(str(call.get("id") or "")), name=name, arguments=sound(arguments))


def _unwrapped(text: str) -> str:
    """Take a reply out of ``{"답변": "…"}``; any other JSON was meant as it is."""
    fenced = re.fullmatch(r"```(?:json)?\s*(\{.*\})\s*```", text, re.DOTALL)
    body = fenced[1] if fenced else text
    if not body.startswith("{"):
        return text
    value = parse_arguments(body)
    if value is None or len(value) != 1:
        return text
    ((name, inner),) = value.items()
    return inner.strip() if name in _WRAPPERS and isinstance(inner, str) else text
