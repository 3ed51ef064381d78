"""The rules OpenAI keeps for a chat request, and its words when one is broken.

Sources: https://platform.openai.com/docs/api-reference/chat/create and the error texts quoted in
public issue threads. A stand-in that took anything would let a broken history reach real users.
"""

import re
from collections.abc import Iterable
from typing import Any, cast

from sandbox.model.replies import JsonObject
from sandbox.model.schemas import FUNCTION_NAME, LONGEST_NAME, check_tools
from sandbox.model.values import (
    InvalidRequest,
    expect_filled_list,
    expect_object,
    expect_string,
    wrong_type,
)

ROLES = ("system", "assistant", "user", "function", "tool", "developer")
SPEAKER_NAME = re.compile(r"[^\s<|\\/>]+")
MAX_MESSAGES = 2048
MAX_CALLS = 128
MAX_ID = 40
PARAMETERS = {
    "model", "messages", "tools", "tool_choice", "parallel_tool_calls", "stream",
    "stream_options", "temperature", "top_p", "n", "stop", "max_tokens",
    "max_completion_tokens", "presence_penalty", "frequency_penalty", "logit_bias",
    "logprobs", "top_logprobs", "response_format", "seed", "user", "store", "metadata",
    "service_tier", "reasoning_effort", "verbosity", "prediction", "modalities", "audio",
    "web_search_options", "prompt_cache_key", "safety_identifier",
    "prompt_cache_retention",
}  # fmt: skip


def check_request(body: object) -> JsonObject:
    """Return the *body* if OpenAI would take it; raises `InvalidRequest` with OpenAI's words."""
    if not isinstance(body, dict):
        raise InvalidRequest("We could not parse the JSON body of your request.")
    request = cast("JsonObject", body)
    for parameter in request:
        if parameter not in PARAMETERS:
            raise InvalidRequest(
                f"Unknown parameter: '{parameter}'.", parameter, "unknown_parameter"
            )
    if not isinstance(request.get("model"), str) or not request["model"]:
        raise InvalidRequest("you must provide a model parameter")
    _check_messages(request.get("messages"))
    check_tools(request)
    _check_stream(request)
    return request


def _check_messages(messages: object) -> None:
    if messages is None:
        raise InvalidRequest(
            "Missing required parameter: 'messages'.", "messages", "missing_required_parameter"
        )
    listed = expect_filled_list(messages, "messages", MAX_MESSAGES)
    checked = [_checked(message, index) for index, message in enumerate(listed)]
    _check_every_call_is_answered(checked)


def _checked(value: object, index: int) -> JsonObject:
    where = f"messages[{index}]"
    message = expect_object(value, where)
    role = message.get("role")
    if role not in ROLES:
        supported = ", ".join(f"'{name}'" for name in ROLES[:-1]) + f", and '{ROLES[-1]}'"
        raise InvalidRequest(
            f"Invalid value: '{role}'. Supported values are: {supported}.",
            f"{where}.role",
            "invalid_value",
        )
    name = message.get("name")
    if name is not None and not SPEAKER_NAME.fullmatch(str(name)):
        raise InvalidRequest(
            f"Invalid '{where}.name': string does not match pattern. Expected a string that "
            r"matches the pattern '^[^\s<|\\/>]+$'.",
            f"{where}.name",
            "invalid_value",
        )
    if "tool_calls" in message:
        _check_tool_calls(message, where)
    _check_content(message, index)
    return message


def _check_content(message: JsonObject, index: int) -> None:
    content = message.get("content")
    if content is None:
        if message["role"] == "assistant" and (message.get("tool_calls") or message.get("refusal")):
            return
        raise InvalidRequest(
            "Invalid value for 'content': expected a string, got null.",
            f"messages.[{index}].content",
        )
    if isinstance(content, str):
        return
    if not isinstance(content, list):
        raise wrong_type(
            content, f"messages[{index}].content", "one of a string or array of objects"
        )
    for number, part in enumerate(cast("list[Any]", content)):
        where = f"messages[{index}].content[{number}]"
        if not isinstance(expect_object(part, where).get("type"), str):
            raise InvalidRequest(
                f"Missing required parameter: '{where}.type'.",
                f"{where}.type",
                "missing_required_parameter",
            )


def _check_tool_calls(message: JsonObject, where: str) -> None:
    if message["role"] != "assistant":
        raise InvalidRequest(
            f"Unknown parameter: '{where}.tool_calls'.", f"{where}.tool_calls", "unknown_parameter"
        )
    listed = expect_filled_list(message["tool_calls"], f"{where}.tool_calls", MAX_CALLS)
    for number, value in enumerate(listed):
        here = f"{where}.tool_calls[{number}]"
        one = expect_object(value, here)
        _check_identifier(expect_string(one.get("id"), f"{here}.id"), f"{here}.id")
        expect_string(one.get("type"), f"{here}.type")
        function = expect_object(one.get("function"), f"{here}.function")
        _check_name(
            expect_string(function.get("name"), f"{here}.function.name"), f"{here}.function.name"
        )
        expect_string(function.get("arguments"), f"{here}.function.arguments")


def _check_identifier(identifier: str, where: str) -> None:
    if len(identifier) > MAX_ID:
        raise InvalidRequest(
            f"Invalid '{where}': string too long. Expected a string with maximum length {MAX_ID}, "
            f"but got a string with length {len(identifier)} instead.",
            where,
            "string_above_max_length",
        )


def _check_name(name: str, where: str) -> None:
    if not FUNCTION_NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise InvalidRequest(
            f"Invalid '{where}': string does not match pattern. Expected a string that matches the "
            "pattern '^[a-zA-Z0-9_-]+$'.",
            where,
            "invalid_value",
        )


def _check_every_call_is_answered(messages: Iterable[JsonObject]) -> None:
    """Each call of an assistant is answered right after it, once; no answer is without a call."""
    unanswered: list[str] = []
    asked_at, may_answer = 0, False
    for index, message in enumerate(messages):
        if message["role"] == "tool":
            if not may_answer:
                raise InvalidRequest(
                    "Invalid parameter: messages with role 'tool' must be a response to a "
                    "preceeding message with 'tool_calls'.",
                    f"messages.[{index}].role",
                )
            identifier = expect_string(
                message.get("tool_call_id"), f"messages[{index}].tool_call_id"
            )
            if identifier not in unanswered:
                raise InvalidRequest(
                    f"Invalid parameter: 'tool_call_id' of '{identifier}' not found in "
                    "'tool_calls' of previous message.",
                    f"messages.[{index}].tool_call_id",
                )
            unanswered.remove(identifier)
            continue
        _refuse_unanswered(unanswered, asked_at)
        asked_at, may_answer = index, bool(message.get("tool_calls"))
        unanswered = [one["id"] for one in message.get("tool_calls", [])]
    _refuse_unanswered(unanswered, asked_at)


def _refuse_unanswered(unanswered: list[str], asked_at: int) -> None:
    if unanswered:
        raise InvalidRequest(
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            "to each 'tool_call_id'. The following tool_call_ids did not have response messages: "
            + ", ".join(unanswered),
            f"messages.[{asked_at}].role",
        )


def _check_stream(request: JsonObject) -> None:
    if request.get("stream_options") is not None and not request.get("stream"):
        raise InvalidRequest(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            "stream_options",
        )
