"""Replies as OpenAI sends them: whole, in pieces (server-sent events), or as an error.

https://platform.openai.com/docs/api-reference/chat, as read by the openai client 3.54.
"""

import json
import secrets
import time
from collections.abc import Iterator

from sandbox.model.replies import Calls, JsonObject, Odd, Status, Text

PIECE_CHARACTERS = 12
CHARACTERS_PER_TOKEN = 4
"""OpenAI's rule of thumb for English; good enough for a counter nobody is billed by."""

_ERROR_TYPES = {
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("invalid_request_error", "unsupported_country_region_territory"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
}


def error_body(
    status: int, message: str, *, code: str | None = None, param: str | None = None
) -> JsonObject:
    """Build OpenAI's error object; type and code follow from *status* where none is given."""
    kind, usual_code = _ERROR_TYPES.get(
        status, ("server_error" if status >= 500 else "invalid_request_error", None)
    )
    return {"error": {"message": message, "type": kind, "param": param, "code": code or usual_code}}


def refusal(reply: Status) -> tuple[JsonObject, dict[str, str]]:
    """Body and headers of a scripted refusal."""
    headers = {} if reply.retry_after is None else {"retry-after": f"{reply.retry_after:g}"}
    return error_body(reply.status, reply.message, code=reply.code), headers


def completion(reply: Text | Calls | Odd, request: JsonObject) -> JsonObject:
    """Build the answer to a request that does not stream."""
    message = _message(reply)
    return {
        **_envelope(request, "chat.completion"),
        "choices": [
            {
                "index": 0,
                "message": message,
                "logprobs": None,
                "finish_reason": _finish_reason(reply),
            }
        ],
        "usage": _usage(request, message),
    }


def chunks(reply: Text | Calls | Odd, request: JsonObject) -> Iterator[str]:
    """The same answer as server-sent events, each one `data: …` with its empty line."""
    envelope = _envelope(request, "chat.completion.chunk")
    message = _message(reply)

    def event(delta: JsonObject, finish_reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return _sse(json.dumps({**envelope, "choices": [choice]}))

    for delta in [message] if isinstance(reply, Odd) else _deltas(message):
        yield event(delta)
    yield event({}, _finish_reason(reply))
    if (request.get("stream_options") or {}).get("include_usage"):
        usage: JsonObject = {**envelope, "choices": [], "usage": _usage(request, message)}
        yield _sse(json.dumps(usage))
    yield _sse("[DONE]")


def _deltas(message: JsonObject) -> Iterator[JsonObject]:
    yield {"role": "assistant", "content": ""}
    for piece in _pieces(message["content"] or ""):
        yield {"content": piece}
    for index, tool_call in enumerate(message.get("tool_calls", [])):
        function = tool_call["function"]
        opened = {**tool_call, "index": index, "function": {**function, "arguments": ""}}
        yield {"tool_calls": [opened]}
        for piece in _pieces(function["arguments"]):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _message(reply: Text | Calls | Odd) -> JsonObject:
    if isinstance(reply, Odd):
        return reply.message
    message: JsonObject = {
        "role": "assistant",
        "content": reply.text,
        "refusal": None,
        "annotations": [],
    }
    if isinstance(reply, Calls):
        message["tool_calls"] = [
            {
                "id": one.call_id or f"call_{secrets.token_hex(12)}",
                "type": "function",
                "function": {"name": one.name, "arguments": one.arguments},
            }
            for one in reply.calls
        ]
    return message


def _finish_reason(reply: Text | Calls | Odd) -> str:
    return "tool_calls" if isinstance(reply, Calls) else reply.finish_reason


def _envelope(request: JsonObject, kind: str) -> JsonObject:
    return {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "object": kind,
        "created": int(time.time()),
        "model": request["model"],
        "service_tier": "default",
        "system_fingerprint": "fp_duckferry_sandbox",
    }


def _usage(request: JsonObject, message: JsonObject) -> JsonObject:
    asked = _tokens(request["messages"]) + _tokens(request.get("tools", []))
    said = _tokens(message)
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def _tokens(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False)) // CHARACTERS_PER_TOKEN


def _pieces(text: str) -> Iterator[str]:
    return (
        text[start : start + PIECE_CHARACTERS] for start in range(0, len(text), PIECE_CHARACTERS)
    )


def _sse(data: str) -> str:
    return f"data: {data}\n\n"
