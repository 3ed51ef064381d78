"""Limits: each ends a turn in words, before the call of the model that would go past it."""

from collections.abc import Callable
from typing import Any

import pytest

from agent.budget import Budget, Reached, reached
from agent.conversation import ConversationHistory, Message, ToolCall
from agent.deps import AnalystDeps
from agent.events import Event, GaveUp, Limit, TableShown
from agent.ledger import DaySpent, Price, day_spent, note_spent
from agent.llm import LLMClient
from agent.loop import SyncAgent
from agent.tools.query_tools import QUERY_TOOLS
from agent.tools.registry import ToolRegistry
from agent.usage import Spent, Usage
from sandbox.model.replies import Calls, Malformed, Reply, Text, call
from sandbox.model.server import ModelStandIn
from sync.plan import TableRef

USERS = TableRef(source="main", schema_name="SHOP", table="USERS")
CALL = ToolCall(id="a", name="list_tables", arguments="{}")
TURN = (
    Message(role="user", content="?"),
    Message(
        role="assistant",
        tool_calls=(CALL, CALL),
        spent=(Spent("m", Usage(900, 100), nano_usd=500_000_000),),
    ),
)
NOTHING = DaySpent()


@pytest.mark.parametrize(
    ("limit", "most", "budget", "seconds", "today"),
    [
        ("step_limit", 1, Budget(steps=1), 0, NOTHING),
        ("call_limit", 2, Budget(calls=2), 0, NOTHING),
        ("time_limit", 60, Budget(seconds=60), 60.5, NOTHING),
        ("token_limit", 1_000, Budget(tokens=1_000), 0, NOTHING),
        ("cost_limit", 0.5, Budget(usd=0.5), 0, NOTHING),
        ("user_token_limit", 70, Budget(user_day_tokens=70), 0, DaySpent(user_tokens=70)),
        ("user_cost_limit", 2, Budget(user_day_usd=2), 0, DaySpent(user_nano_usd=2 * 10**9)),
        ("day_token_limit", 80, Budget(day_tokens=80), 0, DaySpent(tokens=90)),
        ("day_cost_limit", 3, Budget(day_usd=3), 0, DaySpent(nano_usd=4 * 10**9)),
    ],
)
def test_each_limit_is_reached_at_its_number(
    limit: Limit, most: float, budget: Budget, seconds: float, today: DaySpent
) -> None:
    assert reached(budget, TURN, seconds, today) == Reached(limit, most)
    assert reached(Budget(), TURN, seconds, today) is None


@pytest.fixture
def turn(
    scripted: Callable[..., ModelStandIn],
    make_client: Callable[..., LLMClient],
    history: ConversationHistory,
    deps: AnalystDeps,
) -> Callable[..., list[Event]]:
    def take(*script: Reply, source: str = "1-1", **budget: Any) -> list[Event]:
        registry = ToolRegistry(QUERY_TOOLS)
        client = make_client(scripted(*script))
        agent = SyncAgent(client, registry, budget=Budget(**budget))
        history.append(Message(role="user", content="users?", source_id=source))
        return list(agent.run(history, deps, "You help."))

    return take


def test_a_turn_past_its_cost_ends_with_what_it_found(
    turn: Callable[..., list[Event]], publish_table: Callable[..., Any]
) -> None:
    publish_table(USERS, {"ID": "NUMBER(10)"}, [(1,), (2,)])
    asked = Calls(call("query_table", {"table": "USERS"}))
    events = turn(asked, prices={"gpt-4o-mini": Price(10, 10)}, usd=0.001)
    assert isinstance(events[-2], TableShown)
    assert events[-1] == GaveUp("cost_limit", 0.001)


def test_calls_beyond_the_limit_are_not_made(
    turn: Callable[..., list[Event]], history: ConversationHistory
) -> None:
    asked = Calls(*(call("list_tables", call_id=name) for name in "abcde"))
    events = turn(asked, calls=3)
    assert events[-1] == GaveUp("call_limit", 3)
    assert [message.tool_call_id for message in history.messages()][2:5] == ["a", "b", "c"]


def test_a_used_up_day_ends_a_turn_before_the_model_is_asked(
    turn: Callable[..., list[Event]], deps: AnalystDeps
) -> None:
    assert turn(Text("ok"), user_day_tokens=100_000)
    spent = day_spent(deps.redis, "T1", deps.today, "UMINA")
    assert spent.user_tokens == spent.tokens > 0
    note_spent(deps.redis, "T1", deps.today, "UJUNHO", Spent("m", Usage(10**6, 0)), 1)
    assert not isinstance(turn(Text("ok"), source="1-2", user_day_tokens=100_000)[-1], GaveUp)
    stopped = turn(source="1-3", day_tokens=10**6)
    assert stopped == [GaveUp("day_token_limit", 10**6)]


def test_an_answer_that_cannot_be_used_is_counted_too(
    turn: Callable[..., list[Event]], deps: AnalystDeps
) -> None:
    usage = '"usage": {"prompt_tokens": 70, "completion_tokens": 5}'
    turn(Malformed('{"object": "chat.completion", "choices": [], ' + usage + "}"), Text("ok"))
    (line,) = deps.redis.keys("*:spent:2026-11-22")
    assert deps.redis.hget(line, "calls UMINA gpt-4o-mini") == "2"
