"""Commands are understood without a model, and are turns of the thread like any other."""

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest

from agent.budget import Budget
from agent.commands import Typed, command_in
from agent.conversation import ConversationHistory
from agent.deps import AnalystDeps
from agent.events import ApprovalRequested, Asked, Commanded, Event, Failed, GaveUp, Said
from agent.llm import LLMClient
from agent.no_model import NoModel
from agent.recall import read, recall
from agent.runtime.approval_flow import event_message
from agent.service import Analyst, make_analyst, run_analyst_approval, run_analyst_turn
from sandbox.model.checks import check_request
from sandbox.model.replies import Calls, Text, call
from sandbox.model.server import ModelStandIn
from sync.approvals import Click, decide, load_approval
from tests.agent.conftest import ORDERS, USERS, Publish

Scripted = Callable[..., ModelStandIn]
MakeClient = Callable[..., LLMClient]
WHICH = {"question": "Which column?", "choices": ["status", "note"]}


def turn(analyst: Analyst, deps: AnalystDeps, text: str, source: str) -> Event:
    """Take a turn and give how it ended."""
    told: list[Event] = []
    run_analyst_turn(analyst, deps, text, source, told.append)
    return told[-1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("list", ("list",)),
        ("예약", ("schedules",)),
        (" `Stats shop.ORDERS` ", ("stats", "shop.ORDERS")),
        ("동기화 ORDERS", ("sync", "ORDERS")),
        ("동기화 ORDERS 전체", ("sync", "ORDERS", "full")),
        ("sync full", ("sync", "full")),
        (unicodedata.normalize("NFD", "상태"), ("status",)),  # as some keyboards write it
        ("통계", None),
        ("list ORDERS", None),
        ("sync ORDERS please", None),
        ("목록 보여줘", None),
        ("", None),
    ],
)
def test_a_command_is_exactly_one(text: str, found: tuple[Any, ...] | None) -> None:
    assert command_in(text) == (found and Typed(*found))


def test_without_a_model_commands_use_the_tools_and_leave_a_thread_a_model_can_read(
    deps: AnalystDeps, history: ConversationHistory, publish_table: Publish
) -> None:
    publish_table(ORDERS, {"ID": "NUMBER(10)"}, [(1,), (2,)])
    analyst = make_analyst(NoModel())
    listed = turn(analyst, deps, "목록", "1-1")
    assert isinstance(listed, Commanded)
    assert [(one["table"], one["rows"]) for one in listed.result["tables"]] == [
        ("SHOP.USERS", None),
        ("SHOP.ORDERS", 2),
        ("SHOP.CUSTOMERS", None),
    ]
    stats = turn(analyst, deps, "stats orders", "1-2")
    assert isinstance(stats, Commanded)
    assert (stats.result["columns"], stats.basis[0].rows) == (["ID"], 2)
    missing = turn(analyst, deps, "stats NOWHERE", "1-3")
    assert isinstance(missing, Commanded)
    assert missing.failure is not None
    asked = turn(analyst, deps, "sync USERS", "1-4")
    assert isinstance(asked, ApprovalRequested)
    assert asked.approval.request.plan.tables[0].ref == USERS
    status = turn(analyst, deps, "status", "1-5")
    assert isinstance(status, Commanded)
    assert len(status.result["pending_approvals"]) == 1
    assert turn(analyst, deps, "목록", "1-1") == listed  # delivered again
    read_back = read(recall(history), "You help.", 10_000)
    messages = [one.to_openai() for one in read_back]
    assert check_request({"model": "m", "messages": messages})
    assert [one["role"] for one in messages[1:5]] == ["user", "assistant", "tool", "assistant"]


def test_without_a_model_other_words_are_told_what_can_be_typed_and_events_nothing(
    deps: AnalystDeps,
) -> None:
    analyst = make_analyst(NoModel())
    end = turn(analyst, deps, "how many orders are there?", "1-1")
    assert isinstance(end, Failed)
    assert end.failure.code == "model_missing"
    asked = turn(analyst, deps, "sync USERS", "1-2")
    assert isinstance(asked, ApprovalRequested)
    no = Click(user="UJUNHO", verdict="reject", digest=asked.approval.request.plan.digest)
    decide(deps.redis, asked.approval, no, may_decide=True)
    rejected = load_approval(deps.redis, asked.approval.id)
    assert rejected is not None
    assert event_message(rejected, "e-1").role == "system"
    told: list[Event] = []
    run_analyst_approval(analyst, deps, rejected, "e-1", told.append)
    assert told == []  # its card says it


def test_with_a_model_a_command_asks_and_costs_nothing_but_an_answer_to_its_question_does(
    scripted: Scripted, make_client: MakeClient, deps: AnalystDeps, history: ConversationHistory
) -> None:
    model = scripted(Calls(call("ask_user", WHICH)), Text("Mostly PAID."), Text("Which?"))
    analyst = make_analyst(make_client(model))
    assert isinstance(turn(analyst, deps, "status", "1-1"), Commanded)
    assert model.requests == ()
    assert isinstance(turn(analyst, deps, "what is stored there?", "1-2"), Asked)
    assert turn(analyst, deps, "status", "1-3") == Said("Mostly PAID.")
    assert turn(analyst, deps, "sync 해줘", "1-4") == Said("Which?")
    assert not any(message.spent for message in history.messages()[:4])


def test_a_command_is_answered_where_the_tokens_of_the_day_are_used_up(
    scripted: Scripted, make_client: MakeClient, deps: AnalystDeps
) -> None:
    spent: dict[str, Any] = {"budget": Budget(day_tokens=1)}
    analyst = make_analyst(make_client(scripted(Text("Hello."))), **spent)
    assert turn(analyst, deps, "hello", "1-1") == Said("Hello.")
    assert isinstance(turn(analyst, deps, "hello again", "1-2"), GaveUp)
    assert isinstance(turn(analyst, deps, "list", "1-3"), Commanded)
