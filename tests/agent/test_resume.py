from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agent.conversation import ConversationHistory, Message, unanswered
from agent.deps import AnalystDeps
from agent.events import (
    ApprovalRequested,
    ChartShown,
    Event,
    FileMade,
    Said,
    ToolFinished,
    ToolStarted,
)
from agent.llm import LLMClient
from agent.loop import SyncAgent
from agent.tools.base import ToolResult
from agent.tools.chart_tool import CHART_TOOLS
from agent.tools.export_tool import EXPORT_TOOLS
from agent.tools.query_tools import QUERY_TOOLS
from agent.tools.registry import ToolRegistry
from agent.tools.sync_tools import SYNC_TOOLS, StartSyncParameters, StartSyncTool
from sandbox.model.replies import Calls, Reply, Text, call
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


STORY: tuple[Reply, ...] = (
    Calls(call("list_tables", call_id="c1"), text="Let me look."),
    Calls(
        call("query_table", {"table": "USERS"}, call_id="c2"),
        call("query_table", '{"table"', call_id="c3"),
        call("get_table_stats", {"table": "USERS"}, call_id="c4"),
    ),
)


def plain(event: Event) -> object:
    """Write an event without what differs between two runs of one story."""
    if isinstance(event, ApprovalRequested):
        return event.approval.id, event.approval.request
    return event


@pytest.mark.parametrize(
    "ending", [Text("Two users."), Calls(call("start_sync", {"tables": ["USERS"]}, call_id="c5"))]
)
def test_a_turn_cut_off_after_any_event_goes_on_as_if_nothing_had_happened(
    make_agent: MakeAgent,
    make_deps: Callable[..., AnalystDeps],
    publish_table: Callable[..., Any],
    planner: Any,
    ending: Reply,
) -> None:
    publish_table(USERS, {"ID": "NUMBER(10)"}, [(1,), (2,)])

    def story() -> Iterator[tuple[ConversationHistory, AnalystDeps]]:
        deps = make_deps()
        deps.redis.flushall()
        planner.asked.clear()
        history = ConversationHistory(deps.redis, deps.thread)
        ask(history, "how many users?")
        yield history, deps

    ((history, deps),) = story()
    whole = list(make_agent(*STORY, ending).run(history, deps, "You help."))
    thread = history.messages()
    planned = len(planner.asked)
    assert len(whole) >= 11

    for cut in range(len(whole) + 1):
        ((history, deps),) = story()
        model_script = [*STORY, ending]
        first = make_agent(*model_script)
        running = first.run(history, deps, "You help.")
        told = [event for event, _ in zip(running, range(cut), strict=False)]
        running.close()
        assert list(map(plain, told)) == list(map(plain, whole[:cut]))

        # A new process: nothing is left but Redis, and the same model goes on with its script.
        again = SyncAgent(first.llm, ToolRegistry(SYNC_TOOLS, QUERY_TOOLS))
        fresh = ConversationHistory(deps.redis, deps.thread)
        retold = list(again.run(fresh, make_deps(), "You help."))

        assert list(map(plain, retold)) == list(map(plain, whole)), f"cut after {cut}"
        assert fresh.messages() == thread, f"cut after {cut}"
        assert len(planner.asked) == planned


class KilledAfterwards(StartSyncTool):
    """Dies once, after its effect and before its result is in the thread."""

    killed = False

    def run(
        self, deps: AnalystDeps, parameters: StartSyncParameters, call_id: str, /
    ) -> ToolResult:
        result = super().run(deps, parameters, call_id)
        if not self.killed:
            self.killed = True
            raise Killed
        return result


def test_a_tool_killed_between_effect_and_result_has_its_effect_once(
    make_agent: MakeAgent, history: ConversationHistory, deps: AnalystDeps, planner: Any
) -> None:
    ask(history, "sync users")
    registry = ToolRegistry([KilledAfterwards()])
    agent = make_agent(Calls(call("start_sync", {"tables": ["USERS"]})), registry=registry)
    with pytest.raises(Killed):
        list(agent.run(history, deps, "You help."))
    assert len(unanswered(history.messages())) == 1

    events = list(make_agent(registry=registry).run(history, deps, "You help."))

    assert [type(event) for event in events] == [ToolStarted, ToolFinished, ApprovalRequested]
    assert len(planner.asked) == 1
    assert len(deps.redis.keys("*:approval:*")) == 1


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (call("list_tables"), []),
        (call("start_sync", {"tables": ["USERS"]}), [ApprovalRequested]),
    ],
)
def test_a_call_a_crash_left_is_answered_even_if_a_person_wrote_in_between(
    make_agent: MakeAgent,
    history: ConversationHistory,
    deps: AnalystDeps,
    asked: Any,
    told: list[type[Event]],
) -> None:
    ask(history, "which tables?", "1-1")
    cut = make_agent(Calls(asked)).run(history, deps, "You help.")
    assert isinstance(next(cut), ToolStarted)
    cut.close()
    ask(history, "hello?", "1-2")
    assert len(unanswered(history.messages())) == 1
    events = list(make_agent(Text("Here I am.")).run(history, deps, "You help."))
    assert [type(event) for event in events] == [ToolStarted, ToolFinished, *told, Said]
    assert roles(history) == ["user", "assistant", "tool", "user", "assistant"]
    assert unanswered(history.messages()) == ()


def test_a_chart_and_a_file_are_told_again_after_a_crash_and_not_made_again(
    make_agent: MakeAgent,
    deps: AnalystDeps,
    publish_table: Callable[..., Any],
    history: ConversationHistory,
) -> None:
    publish_table(USERS, {"ID": "NUMBER(10)"}, [(1,), (2,)])
    question = {"table": "USERS"}
    agent = make_agent(
        Calls(
            call(
                "make_chart",
                {"query": question, "kind": "bar", "x": "ID", "y": ["ID"], "title": "Ids"},
                call_id="c1",
            ),
            call("export_result", {"query": question}, call_id="c2"),
        ),
        Text("There."),
        registry=ToolRegistry(CHART_TOOLS, EXPORT_TOOLS),
    )
    ask(history, "a chart and a file")
    first = list(agent.run(history, deps, "You are a test."))
    again = list(agent.run(history, deps, "You are a test."))
    made = [event for event in first if isinstance(event, ChartShown | FileMade)]
    assert [type(event) for event in made] == [ChartShown, FileMade]
    assert [event for event in again if isinstance(event, ChartShown | FileMade)] == made
    assert len(list((deps.warehouse / ".files").iterdir())) == 1
