import json
from collections.abc import Callable
from typing import Any

import pytest

from agent.budget import Budget
from agent.conversation import ConversationHistory, Message, unanswered
from agent.deps import AnalystDeps
from agent.events import (
    ApprovalRequested,
    Basis,
    Failed,
    GaveUp,
    Said,
    TableShown,
    Thought,
    ToolFinished,
    ToolStarted,
)
from agent.llm import LLMClient
from agent.llm_errors import ModelUnreachable
from agent.loop import SyncAgent
from agent.tools.query_tools import QUERY_TOOLS
from agent.tools.registry import ToolRegistry
from agent.tools.sync_tools import SYNC_TOOLS
from sandbox.model.replies import Calls, Drop, Malformed, Reply, Status, Text, call
from sandbox.model.server import ModelStandIn
from sync.plan import TableRef

USERS = TableRef(source="main", schema_name="SHOP", table="USERS")
AS_OF = "2026-11-22T00:00:00Z"

Scripted = Callable[..., ModelStandIn]
MakeClient = Callable[..., LLMClient]


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def make_agent(scripted: Scripted, make_client: MakeClient) -> Callable[..., SyncAgent]:
    def make(*script: Reply, **options: Any) -> SyncAgent:
        registry = options.pop("registry", None) or ToolRegistry(SYNC_TOOLS, QUERY_TOOLS)
        return SyncAgent(make_client(scripted(*script)), registry, **options)

    return make


MakeAgent = Callable[..., SyncAgent]


def ask(history: ConversationHistory, text: str, source_id: str = "1-1") -> None:
    message = Message(role="user", content=text, speaker="UMINA", source_id=source_id)
    assert history.append(message)


def roles(history: ConversationHistory) -> list[str]:
    return [message.role for message in history.messages()]


def test_312_sync_agent_gives_a_simple_answer(
    make_agent: MakeAgent, history: ConversationHistory, deps: AnalystDeps
) -> None:
    ask(history, "안녕하세요")
    events = list(make_agent(Text("안녕하세요!")).run(history, deps, "You help."))
    assert events == [Said("안녕하세요!")]
    assert roles(history) == ["user", "assistant"]


def test_313_sync_agent_calls_a_tool_and_answers_from_its_result(
    make_agent: MakeAgent,
    scripted: Scripted,
    make_client: MakeClient,
    history: ConversationHistory,
    deps: AnalystDeps,
    publish_table: Callable[..., Any],
) -> None:
    publish_table(USERS, {"ID": "NUMBER(10)"}, [(1,), (2,)])
    asked = call("query_table", {"table": "USERS"}, call_id="call_1")
    model = scripted(Calls(asked, text="Let me look."), Text("Two users."))
    agent = SyncAgent(make_client(model), ToolRegistry(QUERY_TOOLS))
    ask(history, "show the users")

    events = list(agent.run(history, deps, "You help."))

    basis = Basis("SHOP.USERS", 2, AS_OF)
    result: dict[str, Any] = {
        "ok": True,
        "name": "q1",
        "table": "SHOP.USERS",
        "as_of": AS_OF,
        "columns": ["ID"],
        "rows": [[1], [2]],
        "truncated": False,
    }
    assert events == [
        Thought("Let me look."),
        ToolStarted("call_1", "query_table", {"table": "USERS"}),
        ToolFinished("call_1", "query_table", ok=True, result=result),
        TableShown(
            ("ID",), ((1,), (2,)), truncated=False, basis=basis, types=("BIGINT",), call_id="call_1"
        ),
        Said("Two users.", (basis,)),
    ]
    first, second = model.requests
    assert first["messages"] == [
        {"role": "system", "content": "You help."},
        {"role": "user", "name": "UMINA", "content": "show the users"},
    ]
    assert second["messages"][2]["tool_calls"][0]["id"] == "call_1"
    assert json.loads(second["messages"][3]["content"]) == result


def test_314_sync_agent_makes_several_calls_in_one_reply_and_over_several(
    make_agent: MakeAgent, history: ConversationHistory, deps: AnalystDeps
) -> None:
    ask(history, "what is there?")
    agent = make_agent(
        Calls(
            call("list_tables", call_id="a"),
            call("get_table_stats", {"table": "USERS"}, call_id="b"),
        ),
        Calls(call("get_sync_status", call_id="c")),
        Text("Nothing is copied yet."),
    )
    events = list(agent.run(history, deps, "You help."))
    finished = [(e.call_id, e.name, e.ok) for e in events if isinstance(e, ToolFinished)]
    assert finished == [
        ("a", "list_tables", True),
        ("b", "get_table_stats", False),
        ("c", "get_sync_status", True),
    ]
    assert events[-1] == Said("Nothing is copied yet.")
    assert roles(history) == ["user", "assistant", "tool", "tool", "assistant", "tool", "assistant"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (call("query_table", '{"table": '), "bad_arguments"),
        (call("query_table", {"table": "USERS", "sql": "drop"}), "bad_arguments"),
        (call("drop_table", {}), "unknown_tool"),
        (call("query_table", {"table": "NOPE"}), "table_not_offered"),
        (call("query_table", {"table": "USERS"}), "table_not_synced"),
    ],
)
def test_315_sync_agent_turns_a_failing_call_into_a_result_and_goes_on(
    make_agent: MakeAgent,
    history: ConversationHistory,
    deps: AnalystDeps,
    asked: Any,
    code: str,
) -> None:
    ask(history, "users?")
    events = list(make_agent(Calls(asked), Text("I could not.")).run(history, deps, "You help."))
    (finished,) = [event for event in events if isinstance(event, ToolFinished)]
    assert (finished.ok, finished.result["code"]) == (False, code)
    assert events[-1] == Said("I could not.")


def test_315_sync_agent_tells_that_the_model_is_away_and_goes_on_with_the_next_call(
    make_agent: MakeAgent, history: ConversationHistory, deps: AnalystDeps
) -> None:
    ask(history, "hello")
    waits: list[float] = []
    away = make_agent(Drop(), Drop(), Drop(), wait=waits.append)
    assert list(away.run(history, deps, "You help.")) == [Failed(ModelUnreachable().failure)]
    assert waits == [1.0, 2.0]
    assert roles(history) == ["user"]
    assert list(make_agent(Text("hi")).run(history, deps, "You help.")) == [Said("hi")]


@pytest.mark.parametrize(
    ("bad", "wait"),
    [(Status(429, retry_after=3), 3.0), (Status(503), 1.0), (Malformed(), 0.0), (Text(""), 0.0)],
)
def test_a_passing_trouble_of_the_model_is_waited_out(
    make_agent: MakeAgent, history: ConversationHistory, deps: AnalystDeps, bad: Reply, wait: float
) -> None:
    ask(history, "hello")
    waits: list[float] = []
    agent = make_agent(bad, Text("hi"), wait=waits.append)
    assert list(agent.run(history, deps, "You help.")) == [Said("hi")]
    assert waits == [wait]


def test_a_turn_ends_after_its_calls_once_a_person_must_decide(
    make_agent: MakeAgent, history: ConversationHistory, deps: AnalystDeps
) -> None:
    ask(history, "sync users, and which tables are there?")
    agent = make_agent(
        Calls(call("start_sync", {"tables": ["USERS"]}), call("list_tables"), text="On it.")
    )
    events = list(agent.run(history, deps, "You help."))
    assert [type(event) for event in events] == [
        Thought,
        ToolStarted,
        ToolFinished,
        ToolStarted,
        ToolFinished,
        ApprovalRequested,
    ]
    assert unanswered(history.messages()) == ()
    assert roles(history) == ["user", "assistant", "tool", "tool"]


def test_a_person_may_write_while_a_card_waits(
    make_agent: MakeAgent, history: ConversationHistory, deps: AnalystDeps
) -> None:
    ask(history, "sync users", "1-1")
    asked = Calls(call("start_sync", {"tables": ["USERS"]}))
    list(make_agent(asked).run(history, deps, "You help."))
    ask(history, "is it done?", "1-2")
    events = list(make_agent(Text("It waits for a person.")).run(history, deps, "You help."))
    assert events == [Said("It waits for a person.")]


def test_the_step_limit_is_told_with_its_number(
    make_agent: MakeAgent,
    history: ConversationHistory,
    deps: AnalystDeps,
) -> None:
    ask(history, "테이블?")
    agent = make_agent(*[Calls(call("list_tables"))] * 3, budget=Budget(steps=3))
    events = list(agent.run(history, deps, "You help."))
    assert events[-1] == GaveUp("step_limit", most=3)
    told = "The turn was stopped here: it was not finished within 3 steps."
    assert history.messages()[-1].content == told
    assert list(make_agent().run(history, deps, "You help.")) == events


def test_a_call_id_used_before_in_the_thread_is_replaced(
    make_agent: MakeAgent, history: ConversationHistory, deps: AnalystDeps
) -> None:
    for number, name in (("1-1", "USERS"), ("1-2", "ORDERS")):
        ask(history, f"sync {name}", number)
        asked = Calls(call("start_sync", {"tables": [name]}, call_id="call_0"))
        events = list(make_agent(asked).run(history, deps, "You help."))
        assert isinstance(events[-1], ApprovalRequested)
    ids = [message.approval_id for message in history.messages() if message.role == "tool"]
    assert len(set(ids)) == 2


def test_a_long_thread_is_read_from_its_newest_exchanges(
    scripted: Scripted, make_client: MakeClient, history: ConversationHistory, deps: AnalystDeps
) -> None:
    for number in range(40):
        ask(history, f"question {number} " + "x" * 300, f"1-{number}")
        history.append(Message(role="assistant", content=f"answer {number}"))
    ask(history, "last", "2-1")
    model = scripted(Text("ok"))
    agent = SyncAgent(
        make_client(model),
        ToolRegistry(QUERY_TOOLS),
        budget=Budget(context_tokens=1_000, compact_at=9),
    )
    list(agent.run(history, deps, "You help."))
    (request,) = model.requests
    assert len(request["messages"]) < 20
    assert request["messages"][0]["role"] == "system"
    assert request["messages"][1]["role"] == "user"
    assert request["messages"][-1]["content"] == "last"
    assert len(history.messages()) == 82
