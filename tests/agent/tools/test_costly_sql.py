"""A plan that works through too many rows is run by a yes, once for each."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.deps import AnalystDeps
from agent.events import ToolStarted
from agent.runtime.approval_flow import event_message
from agent.tools.base import ToolResult
from agent.tools.chart_tool import CHART_TOOLS
from agent.tools.export_tool import EXPORT_TOOLS
from agent.tools.registry import ToolRegistry
from agent.tools.sql_tool import SQL_TOOLS
from agent.tools.whole_result import whole_result
from sync.approvals import Approval, Click, Question, Verdict, Wanted, decide, load_approval
from sync.inbox import take
from sync.plan import TableRef
from sync.runs import open_runs
from sync.state import INBOX
from sync.streams import open_group
from sync.warehouse.query_process import QueryLimits, open_queries

USERS = TableRef(source="main", schema_name="SHOP", table="USERS")
CROSSED = "SELECT sum(a.ID * b.ID * c.ID) AS s FROM USERS a, USERS b, USERS c"


@pytest.fixture
def careful(
    make_deps: Callable[..., AnalystDeps], publish_table: Callable[..., Any], deps: AnalystDeps
) -> Iterator[AnalystDeps]:
    publish_table(USERS, {"ID": "NUMBER(10)"}, [(1,), (2,), (3,)])
    with open_queries(deps.warehouse, QueryLimits(seconds=20, planned_rows=20)) as queries:
        yield make_deps(queries=queries)


MADE = {
    "make_chart": {"sql": CROSSED, "kind": "bar", "x": "s", "y": ["s"], "title": "합계"},
    "export_result": {"sql": CROSSED, "format": "csv"},
}


def run(deps: AnalystDeps, call_id: str, tool: str = "run_sql") -> ToolResult:
    arguments = json.dumps(MADE.get(tool, {"sql": CROSSED}))
    tools = ToolRegistry((*SQL_TOOLS, *CHART_TOOLS, *EXPORT_TOOLS))
    return tools.call(deps, tool, arguments, call_id)


def decided(deps: AnalystDeps, result: ToolResult, verdict: Verdict) -> Approval:
    assert result.approval is not None
    click = Click(user="UJUNHO", verdict=verdict, digest=result.approval.request.digest)
    outcome = decide(deps.redis, result.approval, click, may_decide=True)
    assert outcome in ("approved", "rejected")
    now = load_approval(deps.redis, result.approval.id)
    assert now is not None
    return now


def test_it_is_asked_for_once_and_nothing_is_run(careful: AnalystDeps) -> None:
    first, second = run(careful, "c1"), run(careful, "c2")
    assert first.data == {"status": "waiting_for_approval", "planned_rows": 27}
    assert first.table is None
    assert first.approval is not None
    assert first.approval == second.approval
    question = first.approval.request.question
    assert question is not None
    assert (question.sql, question.planned_rows) == (CROSSED, 27)


def test_a_yes_starts_no_run_and_tells_the_thread_which_sql_it_is_for(careful: AnalystDeps) -> None:
    approval = decided(careful, run(careful, "c1"), "approve")
    assert open_runs(careful.redis) == []
    open_group(careful.redis, INBOX)
    entries = take(careful.redis, "bot", count=10, wait_seconds=0.01)
    assert [(entry.kind, entry.thread) for entry in entries] == [
        ("question_approved", careful.thread)
    ]
    assert json.loads(event_message(approval, "s1").content) == {
        "event": "question_approved",
        "tables": ["SHOP.USERS"],
        "sql": CROSSED,
        "tool": "run_sql",
        "approved_by": "UJUNHO",
    }


def test_a_yes_is_good_for_one_call_however_often_that_is_made(careful: AnalystDeps) -> None:
    decided(careful, run(careful, "c1"), "approve")
    for _ in range(2):
        result = run(careful, "c2")
        assert result.data["rows"] == [[216]] or result.data["rows"] == [["216"]]
    file = whole_result(careful, ToolStarted("c2", "run_sql", {"sql": CROSSED})).file
    assert file is not None
    assert Path(file.path).read_text("utf-8-sig") == "s\n216\n"
    none = whole_result(careful, ToolStarted("c9", "run_sql", {"sql": CROSSED}))
    assert none.data["code"] == "query_too_costly"
    again = run(careful, "c3")
    assert again.data["status"] == "waiting_for_approval"


def test_a_yes_of_another_thread_is_worth_nothing(
    careful: AnalystDeps, make_deps: Callable[..., AnalystDeps]
) -> None:
    decided(careful, run(careful, "c1"), "approve")
    elsewhere = make_deps(queries=careful.queries, thread="T1:C1:1800.0001")
    assert run(elsewhere, "c2").data["status"] == "waiting_for_approval"


def test_a_no_is_told_to_the_model(careful: AnalystDeps) -> None:
    decided(careful, run(careful, "c1"), "reject")
    assert run(careful, "c2").data["code"] == "query_too_costly"


@pytest.mark.parametrize(("tool", "wanted"), [("make_chart", "chart"), ("export_result", "file")])
def test_a_chart_and_a_file_have_a_yes_of_their_own_that_is_good_for_one(
    careful: AnalystDeps, tool: str, wanted: Wanted
) -> None:
    decided(careful, run(careful, "c0"), "approve")
    asked = run(careful, "c1", tool)
    assert asked.data == {"status": "waiting_for_approval", "planned_rows": 27}
    assert (asked.chart, asked.file) == (None, None)
    approval = decided(careful, asked, "approve")
    assert approval.request.question == Question(sql=CROSSED, planned_rows=27, wanted=wanted)
    assert json.loads(event_message(approval, "s1").content)["tool"] == tool
    made = run(careful, "c2", tool)
    if made.file:
        assert Path(made.file.path).read_text(encoding="utf-8-sig").splitlines() == ["s", "216"]
    else:
        assert made.chart
        assert made.chart.series[0].points == (("216", 216.0),)
    assert run(careful, "c3", tool).data["status"] == "waiting_for_approval"
