"""Whatever a model sends, whole or streamed: the turn ends, and the thread can go on."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from agent.budget import Budget
from agent.conversation import ConversationHistory, Message
from agent.deps import AnalystDeps
from agent.events import Failed, GaveUp, Said, ToolFinished
from agent.llm import LLMClient
from agent.llm_errors import ModelBadReply
from agent.loop import SyncAgent
from agent.runtime.result_contract import result_of
from agent.runtime.stream_parsing import OnText
from agent.tools.query_tools import QUERY_TOOLS
from agent.tools.registry import ToolRegistry
from agent.tools.sync_tools import SYNC_TOOLS
from sandbox.model.replies import Calls, Malformed, Odd, Reply, Stall, Status, Text, call
from sandbox.model.server import ModelStandIn

Scripted = Callable[..., ModelStandIn]
MakeClient = Callable[..., LLMClient]

THERE = Text("There.")
HALF = "\ud83d"
"""Half of a character: a server that cuts its escapes apart sends such."""


def function(name: object, arguments: object) -> dict[str, Any]:
    return {"id": "a", "type": "function", "function": {"name": name, "arguments": arguments}}


def pieces(*deltas: object) -> Malformed:
    """Write a stream of chunks by hand; asked without one, a client finds no JSON."""
    chunks = [{"choices": [{"index": 0, "delta": one, "finish_reason": None}]} for one in deltas]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    return Malformed("".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks))


def ignore(_: str) -> None:
    """Hear the words of a stream."""


@pytest.fixture
def agent_of(make_client: MakeClient) -> Callable[..., SyncAgent]:
    def make(model: ModelStandIn, **settings: Any) -> SyncAgent:
        registry = ToolRegistry(SYNC_TOOLS, QUERY_TOOLS)
        budget = settings.pop("budget", None)
        client = make_client(model, **settings)
        return SyncAgent(client, registry, budget=budget, wait=lambda _: None)

    return make


def take_turn(
    agent: SyncAgent, history: ConversationHistory, deps: AnalystDeps, source: str
) -> list[str]:
    """Take a turn, and tell what ran in it and how it ended."""
    history.append(Message(role="user", content="users?", speaker="UMINA", source_id=source))
    result = result_of(agent.run(history, deps, "You help."))
    return [f"{one.node} {one.detail}".strip() for one in result.trace]


@pytest.mark.parametrize("on_text", [None, ignore])
def test_an_odd_reply_is_asked_for_again_or_goes_back_or_is_told_and_the_thread_goes_on(
    scripted: Scripted,
    agent_of: Callable[..., SyncAgent],
    deps: AnalystDeps,
    history: ConversationHistory,
    on_text: OnText | None,
) -> None:
    again, unusable = ["reply"], ["error model_bad_reply"]
    told = {
        "empty": (Text(""), again),
        "blank": (Text(" \n "), again),
        "nothing": (Odd({}), again),
        "another shape": (Odd({"content": 7, "tool_calls": {"a": 1}}), again),
        "half a character for a name": (Odd({HALF: 1}), again),
        "too deep to be read": (Malformed("[" * 100_000), again),
        "null": (Malformed("null"), unusable),
        "cut off": (Text("half an ans", finish_reason="length"), unusable),
        "declined": (Odd({"content": None, "refusal": "I cannot."}), unusable),
        "withheld": (Odd({"content": ""}, "content_filter"), unusable),
        "10 MB of words": (Odd({"content": "x" * 10_000_000}), unusable),
        "an endless call": (Calls(call("query_table", "x" * 300_000)), unusable),
        "truncated JSON": (
            Calls(call("query_table", '{"table": "US')),
            ["tool:query_table bad_arguments", "reply"],
        ),
        "half a character in JSON": (
            Calls(call("query_table", '{"table": "\\ud83d"}')),
            ["tool:query_table bad_arguments", "reply"],
        ),
        "an invented tool": (Calls(call("drop_users")), ["tool:drop_users unknown_tool", "reply"]),
        "a name no API takes back": (
            Odd({"tool_calls": [function("rm -rf /; 삭제", "{}")]}),
            ["tool:rm_-rf______ unknown_tool", "reply"],
        ),
        "an object for text": (
            Odd({"tool_calls": [function("list_tables", {})]}),
            ["tool:list_tables ok", "reply"],
        ),
        "30 calls at once": (
            Calls(*[call("list_tables")] * 30),
            ["tool:list_tables ok"] * 16 + ["reply"],
        ),
    }
    model = scripted()
    plenty = Budget(tokens=10**9, usd=1e9, user_day_tokens=10**9, user_day_usd=1e9)
    agent = agent_of(model, budget=plenty)
    hearing = replace(deps, on_text=on_text)
    got: dict[str, list[str]] = {}
    for name, (reply, _) in told.items():
        model.push(reply, THERE)
        got[name] = take_turn(agent, history, hearing, name)
        if model.unused:
            assert take_turn(agent, history, hearing, f"{name}, next") == ["reply"], name
    assert got == {name: expected for name, (_, expected) in told.items()}


def test_half_a_character_finds_its_other_half_in_the_next_piece_or_becomes_a_sign(
    scripted: Scripted, make_client: MakeClient
) -> None:
    ask, heard = [{"role": "user", "content": "?"}], list[str]()
    model = scripted(
        pieces({"content": f"a{HALF}"}, {"content": "\ude00b"}), Odd({"content": f"a{HALF}"})
    )
    client = make_client(model)
    assert client.complete(ask, [], heard.append).text == "a😀b"
    assert heard == ["a\ufffd", "a😀b"]
    assert client.complete(ask, []).text == "a\ufffd"


@pytest.mark.parametrize(
    "deltas",
    [
        # All of one number, of none, and the name said again with each piece.
        [{"index": 0, "id": "a"}, {"index": 0, "id": "b"}],
        [{"id": "a"}, {"id": "b"}],
        [{"index": 1, "id": "b"}, {"index": 0, "id": "a"}],
    ],
)
def test_calls_of_a_stream_stay_apart_however_a_server_numbers_them(
    scripted: Scripted, make_client: MakeClient, deltas: list[dict[str, Any]]
) -> None:
    calls = [
        {**one, "function": {"name": f"tool_{one['id']}", "arguments": part}}
        for one in deltas
        for part in ('{"x":', " 1}")
    ]
    model = scripted(pieces(*({"tool_calls": [one]} for one in calls)))
    reply = make_client(model).complete([{"role": "user", "content": "?"}], [], lambda _: None)
    told = [(one.id, one.name, one.arguments) for one in reply.tool_calls]
    assert told == [("a", "tool_a", '{"x": 1}'), ("b", "tool_b", '{"x": 1}')]


def test_a_stream_of_anything_but_objects_is_no_answer_and_streams_are_still_asked_for(
    scripted: Scripted, make_client: MakeClient
) -> None:
    page = Malformed("<html>Bad gateway</html>")
    model = scripted(Malformed("data: 7\n\ndata: null\n\n"), page, page, Text("hi"))
    client = make_client(model)
    heard: list[str] = []
    for reason in ("broke off", "no JSON"):
        with pytest.raises(ModelBadReply, match=reason):
            client.complete([{"role": "user", "content": "?"}], [], heard.append)
    assert client.complete([{"role": "user", "content": "?"}], [], heard.append).text == "hi"
    assert heard == ["hi"]


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (Status(429), "model_busy"),
        (Status(500), "model_server_error"),
        (Stall(30), "model_timeout"),
    ],
)
def test_trouble_at_any_step_is_told_and_nothing_that_was_done_is_done_again(
    scripted: Scripted,
    agent_of: Callable[..., SyncAgent],
    deps: AnalystDeps,
    history: ConversationHistory,
    trouble: Reply,
    code: str,
) -> None:
    model = scripted()
    agent = agent_of(model, timeout_seconds=0.2 if isinstance(trouble, Stall) else 10)
    for steps, on_text in enumerate((None, ignore, ignore)):
        hearing = replace(deps, on_text=on_text)
        attempts = 2 if isinstance(trouble, Stall) else 3
        model.push(*[Calls(call("list_tables"))] * steps, *[trouble] * attempts, THERE)
        expected = [*["tool:list_tables ok"] * steps, f"error {code}"]
        assert take_turn(agent, history, hearing, f"{steps}") == expected
        events = list(agent.run(history, hearing, "You help."))  # the same turn, taken again
        assert [type(one) for one in events].count(ToolFinished) == steps
        assert events[-1] == Said("There.")


def test_the_same_failing_call_for_ever_ends_the_turn_early(
    scripted: Scripted,
    agent_of: Callable[..., SyncAgent],
    deps: AnalystDeps,
    history: ConversationHistory,
) -> None:
    failing = Calls(call("query_table", {"table": "NOPE"}), call("list_tables"))
    other = Calls(call("query_table", {"table": "NOPE"}), call("query_table", {"table": "USERS"}))
    agent = agent_of(scripted(failing, Calls(call("list_tables")), other, failing))
    history.append(Message(role="user", content="nope?", speaker="UMINA", source_id="1-1"))
    events = list(agent.run(history, deps, "You help."))
    assert events[-1] == GaveUp("repeat_limit", most=3)
    assert sum(isinstance(event, ToolFinished) for event in events) == 7
    assert not any(isinstance(event, Failed) for event in events)
    told = "The turn was stopped here: the same call failed 3 times."
    assert history.messages()[-1].content == told
