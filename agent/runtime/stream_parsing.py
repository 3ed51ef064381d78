"""A reply that comes in pieces, put together to the completion it would have been in one."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from agent.runtime.output_parsing import mapping, sequence

OnText = Callable[[str], None]
"""Told the words of a reply so far, each time there are more."""

MAX_REPLY_CHARS = 200_000
"""Of words, or of a call's arguments: a server that goes on for ever is not listened to."""


class ReplyTooLong(Exception):
    """More came than any reply may hold."""


def gather(chunks: Iterable[Mapping[str, Any]], on_text: OnText) -> dict[str, Any] | None:
    """Put the chunks of a streamed chat completion together; None where none came at all.

    Its shape is that of a completion that was not streamed. Raises `ReplyTooLong`, and what
    *on_text* raises.
    """
    text, refusal, reason = "", "", None
    calls: dict[int, dict[str, str]] = {}
    usage: Mapping[str, Any] = {}
    came = False
    for chunk in chunks:
        came = True
        usage = mapping(chunk.get("usage")) or usage
        choice = mapping(next(iter(sequence(chunk.get("choices"))), None))
        delta = mapping(choice.get("delta"))
        reason = choice.get("finish_reason") or reason
        refusal += _words(delta.get("refusal"))
        more = _words(delta.get("content"))
        text += more
        for place, raw in enumerate(sequence(delta.get("tool_calls"))):
            _add_call(calls, place, mapping(raw))
        longest = max((len(call["arguments"]) for call in calls.values()), default=0)
        if max(len(text), longest) > MAX_REPLY_CHARS:
            raise ReplyTooLong
        if more:
            on_text(text)
    if not came:
        return None
    function = ("name", "arguments")
    message = {
        "content": text or None,
        "refusal": refusal or None,
        "tool_calls": [
            {"id": call["id"], "function": {name: call[name] for name in function}}
            for _, call in sorted(calls.items())
        ],
    }
    return {"choices": [{"message": message, "finish_reason": reason}], "usage": usage}


def _add_call(calls: dict[int, dict[str, str]], place: int, raw: Mapping[str, Any]) -> None:
    index = raw.get("index")
    call = calls.setdefault(
        index if isinstance(index, int) else place, {"id": "", "name": "", "arguments": ""}
    )
    function = mapping(raw.get("function"))
    call["id"] = call["id"] or _words(raw.get("id"))
    call["name"] += _words(function.get("name"))
    call["arguments"] += _words(function.get("arguments"))


def _words(value: object) -> str:
    return value if isinstance(value, str) else ""
