import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest

from sandbox.model.replies import Calls, Drop, Malformed, Reply, Stall, Status, Text, call
from sandbox.model.server import ModelStandIn, start_model

Start = Callable[..., ModelStandIn]

ASK: list[Any] = [{"role": "user", "content": "What tables are there?"}]
LIST_TABLES: Any = {
    "type": "function",
    "function": {
        "name": "list_tables",
        "description": "List the tables.",
        "parameters": {"type": "object", "properties": {}, "additionalProperties": False},
    },
}


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[ModelStandIn] = []

    def start(*script: Reply) -> ModelStandIn:
        started.append(start_model(script))
        return started[-1]

    yield start
    for model in started:
        model.stop()


def client_of(
    model: ModelStandIn, *, api_key: str | None = None, retries: int = 0, timeout: float = 5
) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=model.base_url,
        api_key=api_key or model.api_key,
        max_retries=retries,
        timeout=timeout,
    )


def test_text_is_said_and_what_was_asked_is_remembered(start: Start) -> None:
    model = start(Text("Five tables."))
    with client_of(model) as client:
        answer = client.chat.completions.create(model="gpt-4o-mini", messages=ASK)
    assert answer.choices[0].message.content == "Five tables."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert model.requests == ({"model": "gpt-4o-mini", "messages": ASK},)
    assert model.refusals == ()


def test_calls_carry_a_thought_arguments_and_ids_of_their_own(start: Start) -> None:
    model = start(
        Calls(call("list_tables"), call("get_table_stats", {"table": "주문"}), text="Two things"),
        Calls(call("list_tables", '{"broken', call_id="call_mine")),
    )
    with client_of(model) as client:
        first, second = (
            client.chat.completions.create(model="m", messages=ASK, tools=[LIST_TABLES])
            for _ in range(2)
        )
    message = first.choices[0].message
    assert message.content == "Two things"
    assert first.choices[0].finish_reason == "tool_calls"
    calls: list[Any] = message.tool_calls or []
    assert [one.function.name for one in calls] == ["list_tables", "get_table_stats"]
    assert [json.loads(one.function.arguments) for one in calls] == [{}, {"table": "주문"}]
    assert calls[0].id != calls[1].id
    broken: Any = (second.choices[0].message.tool_calls or [])[0]
    assert (broken.id, broken.function.arguments) == ("call_mine", '{"broken')
    assert second.choices[0].message.content is None


def test_a_stream_adds_up_to_the_same_answer(start: Start) -> None:
    model = start(
        Calls(call("get_table_stats", {"table": "ORDERS"}), text="A thought of some size")
    )
    with client_of(model) as client:
        stream = client.chat.completions.create(
            model="m",
            messages=ASK,
            tools=[LIST_TABLES],
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = list(stream)
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == "A thought of some size"
    pieces = [piece for delta in deltas for piece in delta.tool_calls or []]
    assert pieces[0].function is not None
    assert pieces[0].function.name == "get_table_stats"
    arguments = "".join(piece.function.arguments or "" for piece in pieces if piece.function)
    assert json.loads(arguments) == {"table": "ORDERS"}
    assert chunks[-2].choices[0].finish_reason == "tool_calls"
    assert chunks[-1].usage is not None


def test_a_rate_limit_says_when_to_come_back(start: Start) -> None:
    model = start(Status(429, retry_after=7))
    with client_of(model) as client, pytest.raises(openai.RateLimitError) as refusal:
        client.chat.completions.create(model="m", messages=ASK)
    assert refusal.value.response.headers["retry-after"] == "7"
    assert refusal.value.code == "rate_limit_exceeded"


def test_a_client_that_retries_gets_past_errors_and_cut_connections(start: Start) -> None:
    model = start(Drop(), Status(500, retry_after=0.01), Status(503, retry_after=0.01), Text("yes"))
    with client_of(model, retries=3) as client:
        answer = client.chat.completions.create(model="m", messages=ASK)
    assert answer.choices[0].message.content == "yes"
    assert len(model.requests) == 4


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Status(500), openai.InternalServerError),
        (Status(400, code="context_length_exceeded"), openai.BadRequestError),
        (Drop(), openai.APIConnectionError),
        (Stall(30), openai.APITimeoutError),
        (Malformed(), json.JSONDecodeError),
    ],
)
def test_every_way_of_going_wrong_reaches_the_client(
    start: Start, reply: Reply, error: type[Exception]
) -> None:
    model = start(reply)
    with client_of(model, timeout=0.3) as client, pytest.raises(error):
        client.chat.completions.create(model="m", messages=ASK)


def test_a_stall_may_end_in_an_answer(start: Start) -> None:
    model = start(Stall(0.05, then=Text("late")))
    with client_of(model) as client:
        answer = client.chat.completions.create(model="m", messages=ASK)
    assert answer.choices[0].message.content == "late"


def test_stopping_cuts_a_stalled_answer_and_closes_the_port(start: Start) -> None:
    model = start(Stall(60))
    with client_of(model, timeout=0.1) as client:
        with pytest.raises(openai.APITimeoutError):
            client.chat.completions.create(model="m", messages=ASK)
        began = time.monotonic()
        model.stop()
        model.stop()
        assert time.monotonic() - began < 5
        with pytest.raises(openai.APIConnectionError):
            client.models.list()


def test_a_wrong_or_missing_key_is_refused(start: Start) -> None:
    model = start(Text("never said"))
    with client_of(model, api_key="sk-other") as client:
        with pytest.raises(openai.AuthenticationError) as refusal:
            client.chat.completions.create(model="m", messages=ASK)
        with pytest.raises(openai.AuthenticationError):
            client.models.list()
    assert refusal.value.code == "invalid_api_key"
    assert model.requests == ()
    assert model.unused == (Text("never said"),)


def test_a_script_at_its_end_says_so_and_can_be_continued(start: Start) -> None:
    model = start()
    with client_of(model) as client:
        with pytest.raises(openai.BadRequestError, match="no reply left"):
            client.chat.completions.create(model="m", messages=ASK)
        model.push(Text("more"))
        answer = client.chat.completions.create(model="m", messages=ASK)
    assert answer.choices[0].message.content == "more"


def test_models_are_listed(start: Start) -> None:
    with client_of(start()) as client:
        assert [model.id for model in client.models.list()] == ["gpt-4o-mini", "duckferry-demo"]


def test_without_a_script_the_rules_answer_after_whatever_was_pushed() -> None:
    model = start_model()
    model.push(Status(429))
    with client_of(model) as client:
        with pytest.raises(openai.RateLimitError):
            client.chat.completions.create(model="m", messages=ASK, tools=[LIST_TABLES])
        answer = client.chat.completions.create(model="m", messages=ASK, tools=[LIST_TABLES])
    model.stop()
    assert answer.choices[0].message.content == (
        "_(demo model: answers by rules)_\nThe person wants the 'list_tables' tool, parameters: {}"
    )
    calls: list[Any] = answer.choices[0].message.tool_calls or []
    assert [one.function.name for one in calls] == ["list_tables"]
