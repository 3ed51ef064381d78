"""A reply that comes in pieces, put together to the completion it would have been in one."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from agent.runtime.output_parsing import MAX_REPLY_CHARS, mapping, sequence, sound

OnText = Callable[[str], None]
"""Told the words of a reply so far, each time there are more."""


class ReplyTooLong(Exception):
    """More came than any reply may hold."""


def gather(chunks: Iterable[Mapping[str, Any]], on_text: OnText) -> dict[str, Any] | None:
    """Put the chunks of a streamed chat completion together; None where none came at all.

    Its shape is that of a completion that was not streamed. Raises `ReplyTooLong`, and what
    *on_text* raises.
    """
    text, refusal, reason, size = "", "", None, 0
    calls: list[_Call] = []
    usage: Mapping[str, Any] = {}
    came = False
    for chunk in chunks:
        came = True
        usage = mapping(chunk.get("usage")) or usage
        choice = mapping(next(iter(sequence(chunk.get("choices"))), None))
        delta = mapping(choice.get("delta"))
        reason = choice.get("finish_reason") or reason
        refusal += _words(delta.get("refusal"))
        more = _content(delta.get("content"))
        text += more
        size += len(more) + sum(
            _add(calls, mapping(raw)) for raw in sequence(delta.get("tool_calls"))
        )
        if size + len(refusal) > MAX_REPLY_CHARS:
            raise ReplyTooLong
        if more:
            on_text(sound(text))
    if not came:
        return None
    message = {
        "content": text or None,
        "refusal": refusal or None,
        "tool_calls": [
            {"id": call.id, "function": {"name": call.name, "arguments": call.arguments}}
            for call in sorted(calls, key=lambda call: call.index)
        ],
    }
    return {"choices": [{"message": message, "finish_reason": reason}], "usage": usage}


@dataclass
class _Call:
    """A call of which all has perhaps not come yet."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


def _add(calls: list[_Call], raw: Mapping[str, Any]) -> int:
    """Add a piece to the call it belongs to, and say how much it brought.

    Some servers number no calls, or all of them 0, and some say the name with every piece.
    """
    function = mapping(raw.get("function"))
    call_id, name = _words(raw.get("id")), _words(function.get("name"))
    arguments = _words(function.get("arguments"))
    index = raw.get("index")
    if not isinstance(index, int):
        index = calls[-1].index if calls else 0
    call = next((one for one in reversed(calls) if one.index == index), None)
    if call is None or (name and call_id and call.id and call_id != call.id):
        call = _Call(index)
        calls.append(call)
    call.id = call.id or call_id
    call.name += name if name != call.name else ""
    call.arguments += arguments
    return len(call_id) + len(name) + len(arguments) + 1


def _content(value: object) -> str:
    """Read a piece of the words; half a character in it may find its other half in the next."""
    if isinstance(value, str):
        return value
    return "".join(_words(mapping(part).get("text")) for part in sequence(value))


def _words(value: object) -> str:
    return value if isinstance(value, str) else ""
