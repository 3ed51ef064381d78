"""What one person was shown alone stays out of the thread for whoever comes next."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from agent.conversation import (
    ConversationHistory,
    Message,
    OnlyFor,
    ToolCall,
    concealed,
    without_private,
)
from agent.deps import AnalystDeps, Caller
from agent.events import Event, TableShown, ToolFinished
from agent.llm import LLMClient
from agent.service import make_analyst, run_analyst_turn
from sandbox.model.replies import Calls, Text, call
from sandbox.model.server import ModelStandIn
from sync.access_errors import TableHidden
from sync.errors import Failure
from sync.plan import TableRef
from sync.warehouse.exposure import WHOLE, Exposure
from tests.agent.conftest import CUSTOMERS, ORDERS, USERS, Publish

MINA, EVE = "UMINA", "UEVE"
QUERY = call("query_table", {"table": "USERS"})


def for_mina(ref: TableRef) -> Exposure:
    return Exposure(rule="people", private=ref == USERS)


def see_whole(_: TableRef) -> Exposure:
    return WHOLE


@pytest.fixture
def people(publish_table: Publish) -> None:
    publish_table(USERS, {"ID": "NUMBER(9)", "NAME": "VARCHAR2(20)"}, [(1, "SECRETKIM")])


@pytest.fixture
def mina(make_deps: Callable[..., AnalystDeps]) -> AnalystDeps:
    return make_deps(exposure=for_mina)


@pytest.fixture
def eve(make_deps: Callable[..., AnalystDeps]) -> AnalystDeps:
    hidden = TableHidden(table="SHOP.USERS", rule="people", why="")
    return make_deps(
        caller=Caller("T1", EVE, "C1"),
        offered=(ORDERS, CUSTOMERS),
        hidden=dict.fromkeys([USERS], hidden),
    )


def take(
    model: ModelStandIn, client: LLMClient, deps: AnalystDeps, text: str, source: str
) -> list[Event]:
    events: list[Event] = []
    run_analyst_turn(make_analyst(client), deps, text, source, events.append)
    return events


@pytest.mark.usefixtures("people")
def test_neither_rows_nor_words_nor_arguments_are_read_by_the_next_turn(
    mina: AnalystDeps,
    eve: AnalystDeps,
    scripted: Callable[..., ModelStandIn],
    make_client: Callable[..., LLMClient],
) -> None:
    searched = call("query_table", {"table": "ORDERS", "columns": ["SECRETKIM"]})
    model = scripted(
        Calls(QUERY), Calls(searched), Text("It is SECRETKIM."), Text("no"), Text("no")
    )
    client = make_client(model)
    shown = take(model, client, mina, "who is it?", "m1")
    assert [one.private for one in shown if isinstance(one, ToolFinished)] == ["people", ""]
    assert [one.rows for one in shown if isinstance(one, TableShown)] == [((1, "SECRETKIM"),)]
    assert "SECRETKIM" in json.dumps(model.requests[-1])
    for deps, source in ((eve, "m2"), (mina, "m3")):
        take(model, client, deps, "and again?", source)
        sent = json.dumps(model.requests[-1])
        assert "SECRETKIM" not in sent
        assert "Shown to UMINA alone, by the rule people." in sent
        assert "who is it?" in sent


@pytest.mark.usefixtures("people")
def test_a_call_a_crash_left_that_was_answered_for_another_is_not_told_to_who_began_it(
    mina: AnalystDeps,
    eve: AnalystDeps,
    scripted: Callable[..., ModelStandIn],
    make_client: Callable[..., LLMClient],
) -> None:
    history = ConversationHistory(eve.redis, eve.thread)
    history.append(Message(role="user", content="show users", speaker=EVE, source_id="m1"))
    left = ToolCall(id="call_left", name="query_table", arguments='{"table": "USERS"}')
    history.append(Message(role="assistant", tool_calls=(left,)))
    model = scripted(Text("hello"))
    client = make_client(model)
    take(model, client, mina, "hello", "m2")
    told = take(model, client, eve, "show users", "m1")
    assert [one for one in told if isinstance(one, TableShown)] == []
    assert "SECRETKIM" not in str(told)
    again = take(model, client, mina, "show users", "m1")
    assert [one.rows for one in again if isinstance(one, TableShown)] == [((1, "SECRETKIM"),)]


def test_what_stands_before_a_private_result_in_its_turn_and_other_turns_stay() -> None:
    def tool(number: int, private: OnlyFor | None = None) -> Message:
        content = f'{{"n": {number}}}'
        return Message(role="tool", content=content, tool_call_id=f"c{number}", private=private)

    def asked(number: int) -> Message:
        calls = (ToolCall(id=f"c{number}", name="t", arguments=f'{{"a": {number}}}'),)
        return Message(role="assistant", content=f"step {number}", tool_calls=calls)

    mine = OnlyFor(user=MINA, rules="people")
    log = (
        Message(role="user", content="first"),
        *(asked(1), tool(1), asked(2), tool(2, mine), asked(3), tool(3)),
        Message(role="assistant", content="done"),
        Message(role="user", content="second"),
        *(asked(4), tool(4)),
        Message(role="user", content="third"),
        *(asked(5), tool(5, mine)),
    )
    note = "Shown to UMINA alone, by the rule people."
    stub = json.dumps({"ok": True, "note": note})
    kept = without_private(log)
    read = [(one.content, *(each.arguments for each in one.tool_calls)) for one in kept]
    assert read == [
        ("first",),
        ("step 1", '{"a": 1}'),
        ('{"n": 1}',),
        ("step 2", '{"a": 2}'),
        (stub,),
        (note, "{}"),
        (stub,),
        (note,),
        ("second",),
        ("step 4", '{"a": 4}'),
        ('{"n": 4}',),
        ("third",),
        ("step 5", '{"a": 5}'),
        ('{"n": 5}',),
    ]


def test_an_error_behind_a_private_result_is_told_to_nobody_else() -> None:
    mine = OnlyFor(user=MINA, rules="people")
    failure = Failure(code="column_not_found", params={"column": "SECRETKIM"})
    log = (
        Message(role="user", content="first"),
        Message(role="tool", content='{"ok": false}', tool_call_id="c", failure=failure),
        Message(role="tool", content="{}", tool_call_id="d", private=mine, failure=failure),
        Message(role="tool", content="{}", tool_call_id="e", failure=failure),
    )
    assert [one.failure for one in concealed(log, EVE)] == [None, failure, None, None]
    assert concealed(log, MINA) == log


@pytest.mark.usefixtures("people")
def test_the_prompt_names_no_table_that_not_all_may_see_who_read_the_answer(
    mina: AnalystDeps,
    scripted: Callable[..., ModelStandIn],
    make_client: Callable[..., LLMClient],
) -> None:
    for deps, named in ((mina, False), (replace(mina, exposure=see_whole), True)):
        model = scripted(Text("hello"))
        take(model, make_client(model), deps, "hello", f"m-{named}")
        assert ("SHOP.USERS" in str(model.requests[0]["messages"][0])) is named
