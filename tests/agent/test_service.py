import json
from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from agent.conversation import ConversationHistory, Message, thread_key
from agent.deps import AnalystDeps, Caller
from agent.events import Basis, Event, Said
from agent.llm import LLMClient
from agent.runtime.approval_flow import event_message
from agent.service import (
    Analyst,
    has_thread_memory,
    make_analyst,
    run_analyst_approval,
    run_analyst_turn,
)
from sandbox.model.replies import Calls, Reply, Status, Text, call
from sandbox.model.server import ModelStandIn
from sync.approvals import Approval, Click, decide, load_approval
from sync.errors import PlanDrifted, WorkerLost
from sync.oracle_errors import ConnectionDropped
from sync.plan import TableRef
from sync.receipt import Receipt, TableReceipt
from sync.runs import Run, RunState, claim, finish, load_run

USERS = TableRef(source="main", schema_name="SHOP", table="USERS")
ORDERS = TableRef(source="main", schema_name="SHOP", table="ORDERS")
AS_OF = "2026-11-22T00:00:00Z"

MakeAnalyst = Callable[..., tuple[Analyst, ModelStandIn]]
SYNC_USERS = Calls(call("start_sync", {"tables": ["USERS"]}))


@pytest.fixture
def make(
    scripted: Callable[..., ModelStandIn], make_client: Callable[..., LLMClient]
) -> MakeAnalyst:
    def make_one(*script: Reply) -> tuple[Analyst, ModelStandIn]:
        model = scripted(*script)
        return make_analyst(make_client(model)), model

    return make_one


def ignore(event: Event) -> None:
    """Watch nothing."""


def decided(deps: AnalystDeps, approval: Approval, verdict: Any) -> str:
    digest = approval.request.plan.digest
    click = Click(user="UJUNHO", verdict=verdict, digest=digest)
    return decide(deps.redis, approval, click, may_decide=True)


def started(deps: AnalystDeps, approval: Approval) -> Run:
    assert decided(deps, approval, "approve") == "approved"
    run = load_run(deps.redis, approval.id)
    assert run is not None
    assert claim(deps.redis, run)
    return run


def published(deps: AnalystDeps, approval: Approval, rows: int) -> Run:
    run = started(deps, approval)
    finish(deps.redis, run, RunState.PUBLISHED, receipt(rows))
    ended = load_run(deps.redis, run.id)
    assert ended is not None
    return ended


def receipt(rows: int) -> Receipt:
    table = TableReceipt(
        ref=USERS,
        generation="0000000001-aa",
        fence=1,
        rows=rows,
        oracle_rows=rows,
        scn=None,
        consistency="read_only_transaction",
        as_of=AS_OF,
        seconds=1.2,
        bytes=10,
    )
    return Receipt(tables=(table,), seconds=1.23)


def propose(make: MakeAnalyst, deps: AnalystDeps) -> Approval:
    analyst, _ = make(SYNC_USERS)
    result = run_analyst_turn(analyst, deps, "sync users", "1-1", ignore)
    (approval,) = result.approvals
    return approval


def test_a_turn_tells_its_events_and_sums_them_up(make: MakeAnalyst, deps: AnalystDeps) -> None:
    analyst, model = make(Text("안녕하세요!"))
    told: list[Event] = []
    result = run_analyst_turn(analyst, deps, "안녕하세요", "1-1", told.append)
    assert told == [Said("안녕하세요!")]
    assert (result.action, result.response_text) == ("reply", "안녕하세요!")
    (request,) = model.requests
    assert "Today is 2026-11-22, Sunday, in Asia/Seoul." in request["messages"][0]["content"]
    names = {tool["function"]["name"] for tool in request["tools"]}
    assert names >= {"list_tables", "query_table", "run_sql", "start_sync", "undo_sync"}
    assert names >= {"create_schedule", "change_schedule"}


def test_a_message_delivered_again_is_answered_once(make: MakeAnalyst, deps: AnalystDeps) -> None:
    analyst, model = make(Text("hi"))
    first = run_analyst_turn(analyst, deps, "hello", "1-1", ignore)
    again = run_analyst_turn(analyst, deps, "hello", "1-1", ignore)
    assert again == first.model_copy(update={"trace": again.trace})
    assert [node.node for node in again.trace] == ["reply"]
    assert len(model.requests) == 1
    assert len(ConversationHistory(deps.redis, deps.thread).messages()) == 2


def test_a_message_delivered_again_after_the_thread_went_on_tells_its_own_answer(
    make: MakeAnalyst, deps: AnalystDeps
) -> None:
    analyst, model = make(Text("one"), Text("two"))
    for number, text in (("1-1", "first"), ("1-2", "second")):
        run_analyst_turn(analyst, deps, text, number, ignore)
    again = run_analyst_turn(analyst, deps, "first", "1-1", ignore)
    assert again.response_text == "one"
    assert len(model.requests) == 2


def test_a_message_delivered_again_after_the_thread_forgot_it_is_not_answered_again(
    make: MakeAnalyst, deps: AnalystDeps
) -> None:
    analyst, model = make(Text("one"))
    run_analyst_turn(analyst, deps, "first", "1-1", ignore)
    history = ConversationHistory(deps.redis, deps.thread)
    newer = Message(role="user", content="x", source_id="2-1")
    deps.redis.rpush(thread_key(deps.thread), *[newer.model_dump_json()] * 3_000)
    history.append(Message(role="user", content="x", source_id="2-2"))
    assert run_analyst_turn(analyst, deps, "first", "1-1", ignore).response_text == ""
    assert len(model.requests) == 1


def test_what_the_model_said_beside_a_card_is_the_text_of_the_result(
    make: MakeAnalyst, deps: AnalystDeps
) -> None:
    analyst, _ = make(Calls(call("start_sync", {"tables": ["USERS"]}), text="I propose it."))
    result = run_analyst_turn(analyst, deps, "please sync users", "1-1", ignore)
    assert (result.action, result.response_text) == ("approval", "I propose it.")
    nodes = [node.node for node in result.trace]
    assert nodes == ["prompt", "model", "thought", "tool:start_sync", "approval"]


def test_a_model_that_is_away_is_an_error_of_the_turn(make: MakeAnalyst, deps: AnalystDeps) -> None:
    analyst, _ = make(Status(401))
    result = run_analyst_turn(analyst, deps, "hello", "1-1", ignore)
    assert result.action == "error"
    assert result.failure is not None
    assert result.failure.code == "model_login_refused"


def test_a_damaged_warehouse_is_an_error_of_the_turn(make: MakeAnalyst, deps: AnalystDeps) -> None:
    deps.warehouse.mkdir(parents=True)
    (deps.warehouse / "manifest.json").write_text("{")
    analyst, _ = make()
    result = run_analyst_turn(analyst, deps, "hello", "1-1", ignore)
    assert result.failure is not None
    assert result.failure.code == "warehouse_damaged"


def test_what_the_listener_raises_is_raised_and_the_turn_can_be_taken_again(
    make: MakeAnalyst, deps: AnalystDeps
) -> None:
    def broken(event: Event) -> None:
        raise ConnectionError("the surface is away")

    analyst, model = make(Text("hi"))
    with pytest.raises(ConnectionError):
        run_analyst_turn(analyst, deps, "hello", "1-1", broken)
    assert run_analyst_turn(analyst, deps, "hello", "1-1", ignore).response_text == "hi"
    assert len(model.requests) == 1


def test_a_very_long_message_is_cut(make: MakeAnalyst, deps: AnalystDeps) -> None:
    analyst, model = make(Text("hi"))
    run_analyst_turn(analyst, deps, "x" * 50_000, "1-1", ignore)
    assert model.requests[0]["messages"][1]["content"] == "x" * 20_000 + " […]"


def test_two_people_in_a_thread_are_told_apart(
    make: MakeAnalyst, make_deps: Callable[..., AnalystDeps]
) -> None:
    analyst, model = make(Text("hi"), Text("hello"))
    for user, number in (("UMINA", "1-1"), ("UJUNHO", "1-2")):
        deps = make_deps(caller=Caller(team="T1", user=user, channel="C1"))
        run_analyst_turn(analyst, deps, "hi", number, ignore)
    names = [message.get("name") for message in model.requests[1]["messages"]]
    assert names == [None, "UMINA", None, "UJUNHO"]


def test_after_a_published_run_the_agent_finishes_what_was_asked(
    make: MakeAnalyst, deps: AnalystDeps, publish_table: Callable[..., Any]
) -> None:
    approval = propose(make, deps)
    run = published(deps, approval, 2)
    publish_table(USERS, {"ID": "NUMBER(10)"}, [(1,), (2,)])
    analyst, model = make(
        Calls(call("query_table", {"table": "USERS"}, call_id="q")), Text("Two users.")
    )
    result = run_analyst_approval(analyst, deps, run, "2-1", ignore)

    event = model.requests[0]["messages"][-1]
    assert event["role"] == "system"
    assert json.loads(event["content"]) == {
        "event": "run_ended",
        "state": "published",
        "tables": [{"table": "SHOP.USERS", "rows": 2, "as_of": AS_OF}],
        "approved_by": "UJUNHO",
        "seconds": 1.2,
    }
    assert (result.action, result.response_text) == ("reply", "Two users.")
    assert [table.rows for table in result.tables] == [((1,), (2,))]
    assert result.basis == (Basis("SHOP.USERS", 2, AS_OF),)


def test_an_ended_run_delivered_again_is_told_once(make: MakeAnalyst, deps: AnalystDeps) -> None:
    run = published(deps, propose(make, deps), 150)
    analyst, model = make(Text("Copied 150 rows."))
    first = run_analyst_approval(analyst, deps, run, "2-1", ignore)
    again = run_analyst_approval(analyst, deps, run, "2-1", ignore)
    assert again == first.model_copy(update={"trace": again.trace})
    assert len(model.requests) == 1
    assert first.basis == (Basis("SHOP.USERS", 150, AS_OF),)


def test_a_run_told_as_lost_and_then_found_published_is_told_anew(
    make: MakeAnalyst, deps: AnalystDeps
) -> None:
    run = started(deps, propose(make, deps))
    finish(deps.redis, run, RunState.FAILED, WorkerLost(table="SHOP.USERS").failure)
    lost = load_run(deps.redis, run.id)
    finish(deps.redis, run, RunState.PUBLISHED, receipt(150))
    found = load_run(deps.redis, run.id)
    assert lost is not None
    assert found is not None
    analyst, model = make(Text("It failed."), Text("150 users after all."))

    answers: list[str] = []
    for ended in (lost, found, lost, found):  # each delivered twice
        source = f"run_ended:{run.id}:{ended.state}"
        result = run_analyst_approval(analyst, deps, ended, source, ignore)
        answers.append(result.response_text)

    assert answers == ["It failed.", "150 users after all."] * 2
    assert result.basis == (Basis("SHOP.USERS", 150, AS_OF),)
    assert len(model.requests) == 2
    told = [m.content for m in ConversationHistory(deps.redis, deps.thread).messages()][-4:]
    assert [json.loads(event)["state"] for event in told[::2]] == ["failed", "published"]


@pytest.mark.parametrize(
    ("state", "error", "code"),
    [
        (RunState.FAILED, ConnectionDropped(source="main"), "connection_dropped"),
        (RunState.SUPERSEDED, PlanDrifted(table="SHOP.USERS"), "plan_drifted"),
    ],
)
def test_a_run_that_published_nothing_tells_why(
    make: MakeAnalyst, deps: AnalystDeps, state: RunState, error: Any, code: str
) -> None:
    run = started(deps, propose(make, deps))
    finish(deps.redis, run, state, error.failure)
    ended = load_run(deps.redis, run.id)
    assert ended is not None
    assert json.loads(event_message(ended, "2-1").content) == {
        "event": "run_ended",
        "state": state.value,
        "code": code,
        "error": str(error),
        "tables": [{"table": "SHOP.USERS"}],
    }


def test_a_rejection_and_an_expiry_are_told(
    make: MakeAnalyst, deps: AnalystDeps, make_deps: Callable[..., AnalystDeps]
) -> None:
    approval = propose(make, deps)
    assert decided(deps, approval, "reject") == "rejected"
    rejected = load_approval(deps.redis, approval.id)
    assert rejected is not None
    assert json.loads(event_message(rejected, "2-1").content) == {
        "event": "rejected",
        "tables": ["SHOP.USERS"],
        "rejected_by": "UJUNHO",
    }
    short = make_deps(approval_seconds=0, thread="T1:C1:2")
    expired = load_approval(deps.redis, propose(make, short).id)
    assert expired is not None
    event = json.loads(event_message(expired, "2-2").content)
    assert event == {"event": "expired", "tables": ["SHOP.USERS"]}


def test_what_is_still_open_is_no_event(make: MakeAnalyst, deps: AnalystDeps) -> None:
    approval = propose(make, deps)
    with pytest.raises(ValueError, match="pending"):
        event_message(approval, "2-1")
    with pytest.raises(ValueError, match="has not ended"):
        event_message(started(deps, approval), "2-1")


def test_a_thread_is_remembered_once_somebody_spoke_in_it(
    make: MakeAnalyst, make_deps: Callable[..., AnalystDeps], redis: Redis
) -> None:
    thread = "T1:C9:1700.1"
    assert not has_thread_memory(redis, thread)
    run_analyst_turn(make(Text("hi"))[0], make_deps(thread=thread), "hello", "1-1", ignore)
    assert has_thread_memory(redis, thread)
    assert not has_thread_memory(redis, "T1:C9:1700.2")
