from typing import Any

import pytest

from agent.conversation import ToolCall
from agent.runtime.output_parsing import (
    MAX_CALLS,
    Reply,
    parse_arguments,
    parse_reply,
    with_new_ids,
)


def function(name: str, arguments: Any) -> dict[str, Any]:
    return {"name": name, "arguments": arguments}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("  hello \n", "hello"),
        (None, ""),
        ("", ""),
        (["a", {"type": "text", "text": "b"}, {"type": "image"}, {"text": None}, 7], "ab"),
        ({"text": "no list"}, ""),
        ('{"답변": "세 개입니다."}', "세 개입니다."),
        ('{"응답": "네"}', "네"),
        ('{"response_text": " ok "}', "ok"),
        ('```json\n{"answer": "three"}\n```', "three"),
        ('{"answer": "three", "sure": true}', '{"answer": "three", "sure": true}'),
        ('{"status": "PAID"}', '{"status": "PAID"}'),
        ('{"answer": 3}', '{"answer": 3}'),
        ('{"answer": ', '{"answer":'),
        ("```sql\nselect 1\n```", "```sql\nselect 1\n```"),
    ],
)
def test_content_becomes_text_whatever_its_shape(content: object, text: str) -> None:
    assert parse_reply({"role": "assistant", "content": content}) == Reply(text, ())


def test_a_message_without_content_is_empty() -> None:
    assert parse_reply({}) == Reply("", ())


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ('{"table": "USERS"}', '{"table": "USERS"}'),
        ({"table": "회원"}, '{"table": "회원"}'),
        (None, ""),
        ([], "[]"),
        ('{"tab', '{"tab'),
    ],
)
def test_arguments_become_text_and_stay_unchecked(arguments: object, text: str) -> None:
    call = {"id": "call_1", "type": "function", "function": function("query_table", arguments)}
    (parsed,) = parse_reply({"content": None, "tool_calls": [call]}).tool_calls
    assert parsed == ToolCall(id="call_1", name="query_table", arguments=text)


def test_the_older_function_call_is_heard() -> None:
    reply = parse_reply({"content": None, "function_call": function("list_tables", "{}")})
    assert reply.tool_calls == (ToolCall(id="", name="list_tables", arguments="{}"),)


def test_calls_without_a_function_are_not_heard_and_not_too_many() -> None:
    odd: list[Any] = [None, "x", {}, {"id": "a", "function": None}]
    good: list[Any] = [{"id": str(n), "function": function("list_tables", "{}")} for n in range(20)]
    calls = parse_reply({"tool_calls": [*odd, *good]}).tool_calls
    assert [call.id for call in calls] == [str(n) for n in range(MAX_CALLS)]


def test_ids_that_are_missing_taken_or_too_long_are_replaced_the_same_way_each_time() -> None:
    calls = [
        ToolCall(id=one, name="list_tables", arguments="{}")
        for one in ("", "taken", "fine", "fine", "x" * 41)
    ]
    named = with_new_ids(calls, {"taken"}, 7)
    assert [call.id for call in named] == ["call-7-0", "call-7-1", "fine", "call-7-3", "call-7-4"]
    assert with_new_ids(calls, {"taken"}, 7) == named
    # A thread that forgets its oldest messages is as long with each reply.
    (later,) = with_new_ids(calls[:1], {one.id for one in named}, 7)
    assert later.id == "call-7-2"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("", {}),
        ("  ", {}),
        ('{"a": 1}', {"a": 1}),
        ('"{\\"a\\": 1}"', {"a": 1}),
        ("[1]", None),
        ("null", None),
        ('"words"', None),
        ('{"a": ', None),
        ("[" * 100_000, None),
    ],
)
def test_arguments_are_read_as_one_object_or_not_at_all(raw: str, value: object) -> None:
    assert parse_arguments(raw) == value
