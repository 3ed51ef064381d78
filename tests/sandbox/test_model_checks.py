import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from sandbox.model.server import ModelStandIn, start_model

USER: dict[str, Any] = {"role": "user", "content": "hello"}


def calls(*ids: str) -> dict[str, Any]:
    functions = [
        {"id": one, "type": "function", "function": {"name": "list_tables", "arguments": "{}"}}
        for one in ids
    ]
    return {"role": "assistant", "content": None, "tool_calls": functions}


def called(name: str) -> dict[str, Any]:
    function = {"name": name, "arguments": "{}"}
    return {
        "role": "assistant",
        "tool_calls": [{"id": "a", "type": "function", "function": function}],
    }


def answer(identifier: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": identifier, "content": "{}"}


def tool(name: str = "f", *, strict: bool = False, **parameters: Any) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": {}, **parameters}
    return {"type": "function", "function": {"name": name, "parameters": schema, "strict": strict}}


@pytest.fixture(scope="module")
def model() -> Iterator[ModelStandIn]:
    model = start_model()
    yield model
    model.stop()


@pytest.fixture(scope="module")
def client(model: ModelStandIn) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=model.base_url, api_key=model.api_key, max_retries=0, timeout=5
    ) as client:
        yield client


def ask(client: openai.OpenAI, **request: Any) -> str:
    create: Any = client.chat.completions.create
    return create(**{"model": "m", "messages": [USER], **request}).choices[0].message.content


@pytest.mark.parametrize(
    "messages",
    [
        [USER, calls("a"), answer("a")],
        [USER, calls("a", "b"), answer("b"), answer("a"), {"role": "assistant", "content": "!"}],
        [{"role": "system", "content": "rules"}, USER, {"role": "system", "content": "{}"}],
        [USER, {**calls("a"), "content": "a thought"}, answer("a"), USER],
        [{"role": "user", "content": [{"type": "text", "text": "hi"}], "name": "U0JUNHO"}],
    ],
)
def test_a_sound_history_is_taken(client: openai.OpenAI, messages: list[Any]) -> None:
    assert ask(client, messages=messages)


BROKEN_HISTORIES: list[tuple[list[Any], str]] = [
    ([USER, calls("a")], "did not have response messages: a"),
    ([USER, calls("a", "b"), answer("a")], "did not have response messages: b"),
    ([USER, calls("a"), USER, answer("a")], "did not have response messages: a"),
    ([USER, calls("a"), {"role": "system", "content": "{}"}, answer("a")], "messages: a"),
    ([USER, answer("a")], "must be a response to a preceeding message with 'tool_calls'"),
    ([USER, calls("a"), answer("a"), USER, answer("a")], "must be a response"),
    ([USER, calls("a"), answer("a"), answer("a")], "'a' not found in 'tool_calls'"),
    ([USER, calls("a"), answer("b")], "'b' not found in 'tool_calls'"),
    ([USER, calls("x" * 41), answer("x" * 41)], "maximum length 40"),
    ([USER, called("drop table;"), answer("a")], "does not match pattern"),
    ([USER, called("x" * 65), answer("a")], "does not match pattern"),
    (
        [{"role": "bot", "content": "hi"}],
        "Invalid value: 'bot'. Supported values are: 'system'",
    ),
    ([{"role": "user"}], "expected a string, got null"),
    ([{"role": "assistant", "content": None}], "expected a string, got null"),
    ([{"role": "user", "content": 7}], "got an integer instead"),
    ([{"role": "user", "content": "hi", "name": "Kim Junho"}], "does not match pattern"),
    ([{"role": "assistant", "content": "hi", "tool_calls": []}], "empty array"),
    ([{**USER, "tool_calls": calls("a")["tool_calls"]}], "Unknown parameter"),
    ([], "empty array"),
]


@pytest.mark.parametrize(("messages", "complaint"), BROKEN_HISTORIES)
def test_a_broken_history_is_refused_in_openai_s_words(
    client: openai.OpenAI, model: ModelStandIn, messages: list[Any], complaint: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refusal:
        ask(client, messages=messages)
    assert complaint in refusal.value.message
    assert refusal.value.type == "invalid_request_error"
    assert complaint in model.refusals[-1]


DEFINITIONS: dict[str, Any] = {"$defs": {"W": {"type": "string", "enum": ["a"]}}}
TABLES: dict[str, Any] = {"type": "array", "items": {"type": "string"}}


@pytest.mark.parametrize(
    "request_",
    [
        {"tools": [tool("start_sync", properties={"tables": TABLES}, required=["tables"])]},
        {"tools": [tool()], "tool_choice": "auto", "parallel_tool_calls": True},
        {
            "tools": [
                tool(
                    strict=True,
                    properties={"where": {"anyOf": [{"$ref": "#/$defs/W"}, {"type": "null"}]}},
                    required=["where"],
                    additionalProperties=False,
                    **DEFINITIONS,
                )
            ]
        },
        {"temperature": 0, "max_completion_tokens": 800, "seed": 1, "user": "U1"},
    ],
)
def test_sound_tools_and_options_are_taken(client: openai.OpenAI, request_: Any) -> None:
    assert ask(client, **request_)


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        ({"tools": []}, "empty array"),
        ({"tools": [tool("start sync")]}, "does not match pattern"),
        ({"tools": [tool("동기화")]}, "does not match pattern"),
        ({"tools": [tool("f" * 65)]}, "string too long"),
        ({"tools": [tool()] * 129}, "array too long"),
        ({"tools": [{"type": "tool"}]}, "Supported values are: 'function'"),
        ({"tools": [tool(type="array")]}, "got 'type: \"array\"'"),
        ({"tools": [tool(properties={"t": {"type": "array"}})]}, "array schema missing items"),
        ({"tools": [tool(properties={"t": {"type": "text"}})]}, "'text' is not valid"),
        ({"tools": [tool(properties={"t": {"$ref": "#/$defs/T"}})]}, "which was not found"),
        ({"tools": [tool(properties={"t": "string"})]}, "is not of type 'object'"),
        ({"tools": [tool(strict=True)]}, "'additionalProperties' is required"),
        (
            {"tools": [tool(strict=True, properties={"t": TABLES}, additionalProperties=False)]},
            "Missing 't'",
        ),
        ({"tool_choice": "auto"}, "only allowed when 'tools' are specified"),
        ({"parallel_tool_calls": False}, "only allowed when 'tools' are specified"),
        ({"stream_options": {"include_usage": True}}, "only allowed when 'stream' is enabled"),
        ({"extra_body": {"max_steps": 3}}, "Unknown parameter: 'max_steps'"),
    ],
)
def test_broken_tools_and_options_are_refused_in_openai_s_words(
    client: openai.OpenAI, request_: Any, complaint: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refusal:
        ask(client, **request_)
    assert complaint in refusal.value.message


@pytest.mark.parametrize("body", [b"not json", b"[]", b'{"messages": []}', b'{"model": "m"}'])
def test_a_body_that_is_no_chat_request_is_refused(model: ModelStandIn, body: bytes) -> None:
    request = urllib.request.Request(  # noqa: S310 -- the stand-in's own http address
        f"{model.base_url}/chat/completions",
        data=body,
        headers={"Authorization": f"Bearer {model.api_key}"},
    )
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request, timeout=5)  # noqa: S310 -- as above
    with refusal.value as response:
        assert response.code == 400
        assert json.load(response)["error"]["type"] == "invalid_request_error"
