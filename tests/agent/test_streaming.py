"""Words reach whoever listens as the model writes them, and Stop ends a turn where it is."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from agent.conversation import ConversationHistory, unanswered
from agent.deps import AnalystDeps
from agent.events import GaveUp, Said
from agent.ledger import day_spent
from agent.llm import LLMClient, LLMConfig
from agent.llm_errors import ModelBadReply, ModelUnreachable
from agent.runtime.output_parsing import MAX_REPLY_CHARS
from agent.runtime.stream_parsing import ReplyTooLong, gather
from agent.service import make_analyst, run_analyst_turn
from sandbox.model.replies import Calls, Drop, Malformed, Reply, Text, call
from sandbox.model.server import ModelStandIn

Scripted = Callable[..., ModelStandIn]
MakeClient = Callable[..., LLMClient]
WORDS = "There are 3 orders, 주문은 모두 세 건입니다."


def piece(delta: dict[str, object], reason: str | None = None) -> dict[str, object]:
    return {"choices": [{"delta": delta, "finish_reason": reason}]}


def test_the_words_come_as_they_are_written_and_the_reply_is_the_same_as_in_one_piece(
    scripted: Scripted, make_client: MakeClient
) -> None:
    reply = Calls(call("list_tables"), call("query_table", {"table": "ORDERS"}), text=WORDS)
    client = make_client(scripted(reply, reply))
    heard: list[str] = []
    ask = [{"role": "user", "content": "how many?"}]
    function: dict[str, object] = {
        "name": "list_tables",
        "parameters": {"type": "object", "properties": {}},
    }
    tool: dict[str, object] = {"type": "function", "function": function}
    streamed = client.complete(ask, [tool], heard.append)
    whole = client.complete(ask, [tool])
    assert len(heard) > 2
    assert heard[-1] == WORDS
    assert all(WORDS.startswith(text) for text in heard)
    assert streamed.text == WORDS
    assert [(one.name, json.loads(one.arguments)) for one in streamed.tool_calls] == [
        ("list_tables", {}),
        ("query_table", {"table": "ORDERS"}),
    ]
    assert (streamed.finish_reason, streamed.usage) == (whole.finish_reason, whole.usage)


def test_a_server_that_sends_no_stream_is_asked_without_one_from_then_on(
    scripted: Scripted, make_client: MakeClient
) -> None:
    model = scripted(Malformed('{"choices": []}'), Text("a"), Text("b"))
    client = make_client(model)
    heard: list[str] = []
    ask = [{"role": "user", "content": "?"}]
    assert client.complete(ask, [], heard.append).text == "a"
    assert client.complete(ask, [], heard.append).text == "b"
    assert heard == []
    assert [bool(one.get("stream")) for one in model.requests] == [True, False, False]


@pytest.mark.parametrize(
    ("chunks", "reason"),
    [
        ([piece({"content": "half"})], "broke off"),
        ([piece({"content": "x"}), piece({}, "length")], "too long"),
        ([piece({"refusal": "no"}), piece({}, "stop")], "declined"),
        ([piece({}, "stop")], "empty"),
    ],
)
def test_a_stream_that_is_no_answer_is_named(
    chunks: list[dict[str, object]], reason: str, scripted: Scripted
) -> None:
    events = "".join(f"data: {json.dumps(one)}\n\n" for one in chunks)
    model = scripted(Malformed(events))
    client = LLMClient(LLMConfig(model.api_key, base_url=model.base_url))
    with pytest.raises(ModelBadReply, match=reason):
        client.complete([{"role": "user", "content": "?"}], [], lambda _: None)


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "x" * 1000},
        {"refusal": "x" * 1000},
        {"tool_calls": [{"index": 0, "function": {"name": "x" * 999 + "y"}}]},
        {"tool_calls": [{"id": "a"}] * 1000},
    ],
)
def test_a_reply_without_end_is_not_listened_to(delta: dict[str, object]) -> None:
    endless = (piece(delta) for _ in range(MAX_REPLY_CHARS))
    with pytest.raises(ReplyTooLong):
        gather(endless, lambda _: None)


def test_a_connection_that_drops_is_told_as_without_a_stream(
    scripted: Scripted, make_client: MakeClient
) -> None:
    with pytest.raises(ModelUnreachable):
        make_client(scripted(Drop())).complete(
            [{"role": "user", "content": "?"}], [], lambda _: None
        )


@pytest.mark.parametrize(
    "script",
    [(Text(WORDS),), (Calls(call("list_tables"), call("start_sync", {"tables": ["USERS"]})),)],
)
def test_a_stopped_turn_ends_where_it_is_and_the_thread_goes_on(
    script: tuple[Reply, ...],
    scripted: Scripted,
    make_client: MakeClient,
    deps: AnalystDeps,
    history: ConversationHistory,
) -> None:
    model = scripted(*script)
    analyst = make_analyst(make_client(model))
    stopped = threading.Event()

    def hear(_: str) -> None:
        stopped.set()

    stopping = replace(
        deps,
        on_text=hear,
        is_stopped=lambda: stopped.is_set() or any(m.tool_calls for m in history.messages()),
    )
    result = run_analyst_turn(analyst, stopping, "how many?", "1-1", lambda _: None)
    assert (result.action, result.approvals) == ("gave_up", ())
    assert history.messages()[-1].limit == "stopped"
    assert unanswered(history.messages()) == ()
    assert day_spent(deps.redis, "T1", deps.today, "UMINA").user_tokens > 0
    model.push(Text("Here I am."))
    told: list[object] = []
    run_analyst_turn(analyst, deps, "go on", "1-2", told.append)
    assert told == [Said("Here I am.")]


def test_reading_calls_of_one_reply_run_side_by_side_and_are_told_in_order(
    scripted: Scripted, make_client: MakeClient, deps: AnalystDeps, history: ConversationHistory
) -> None:
    """Each waits until all have begun, which one after the other never could."""
    together = threading.Barrier(3, timeout=20)

    def schedules() -> object:
        together.wait()
        return deps.schedule_status()

    reading = replace(deps, schedule_status=schedules)
    calls = [call("get_scheduler_status") for _ in range(3)]
    analyst = make_analyst(make_client(scripted(Calls(*calls), Text("None is due."))))
    result = run_analyst_turn(analyst, reading, "what is due?", "1-1", lambda _: None)
    nodes = [node.node for node in result.trace if node.node not in ("prompt", "model")]
    assert nodes == ["tool:get_scheduler_status"] * 3 + ["reply"]
    asked = history.messages()[1]
    answers = [m.tool_call_id for m in history.messages() if m.role == "tool"]
    assert answers == [one.id for one in asked.tool_calls]


def test_a_stop_is_a_limit_that_names_itself(
    scripted: Scripted, make_client: MakeClient, deps: AnalystDeps
) -> None:
    told: list[object] = []
    analyst = make_analyst(make_client(scripted()))
    stopped = replace(deps, is_stopped=lambda: True)
    run_analyst_turn(analyst, stopped, "how many?", "1-1", told.append)
    assert told == [GaveUp("stopped", 0)]
