import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from agent.deps import AnalystDeps, Ruling, ScheduleLine, SchedulerStatus
from agent.events import Basis
from agent.service import SCHEDULER_TOOLS
from agent.tools.base import ToolResult
from agent.tools.describe_tool import DESCRIBE_TOOLS
from agent.tools.query_tools import QUERY_TOOLS
from agent.tools.registry import ToolRegistry
from agent.tools.sync_tools import SYNC_TOOLS
from agent.tools.undo_tool import UNDO_TOOLS
from sync.approvals import ApprovalState, Click, decide, load_approval
from sync.audit import read_audit
from sync.errors import RefusedByRule
from sync.fidelity import ColumnFidelity
from sync.oracle_errors import ConnectionDropped
from sync.plan import Plan, TableRef, Wish
from sync.progress import Progress
from sync.receipt import Receipt, TableReceipt
from sync.runs import RunState, claim, finish, load_run, open_runs, report_progress
from sync.undo import plan_undo
from sync.warehouse.manifest import publish, read_manifest

USERS = TableRef(source="main", schema_name="SHOP", table="USERS")
ORDERS = TableRef(source="main", schema_name="SHOP", table="ORDERS")

ORDER_COLUMNS = {"ORDER_ID": "NUMBER(10)", "STATUS": "VARCHAR2(20)", "AMOUNT": "NUMBER(12,2)"}

Publish = Callable[..., Any]


def call(deps: AnalystDeps, name: str, call_id: str = "call_1", **arguments: Any) -> ToolResult:
    registry = ToolRegistry(SYNC_TOOLS, UNDO_TOOLS, QUERY_TOOLS, DESCRIBE_TOOLS, SCHEDULER_TOOLS)
    return registry.call(deps, name, json.dumps(arguments), call_id)


def test_the_tools_have_the_names_of_the_contract() -> None:
    assert ToolRegistry(SYNC_TOOLS, UNDO_TOOLS, QUERY_TOOLS, SCHEDULER_TOOLS).names == (
        "start_sync",
        "get_sync_status",
        "undo_sync",
        "list_tables",
        "get_table_stats",
        "query_table",
        "get_scheduler_status",
        "list_schedules",
        "create_schedule",
        "change_schedule",
    )


def test_307_start_sync_tool_stores_an_approval_and_copies_nothing(
    deps: AnalystDeps, planner: Any
) -> None:
    result = call(deps, "start_sync", tables=["users", "SHOP.ORDERS", "USERS"], reason="weekly")

    assert planner.asked == [(USERS, ORDERS)]
    approval = result.approval
    assert approval is not None
    assert json.loads(result.content) == {
        "ok": True,
        "status": "waiting_for_approval",
        "approval_id": approval.id,
        "tables": ["SHOP.USERS", "SHOP.ORDERS"],
    }
    stored = load_approval(deps.redis, approval.id)
    assert stored is not None
    assert stored == approval
    assert stored.state is ApprovalState.PENDING
    assert stored.request.requested_by == "UMINA"
    assert stored.request.thread == deps.thread
    assert stored.expires_ms - stored.created_ms == 24 * 3600 * 1000
    assert load_run(deps.redis, approval.id) is None


def test_a_call_made_twice_asks_for_one_approval_and_plans_once(
    deps: AnalystDeps, planner: Any
) -> None:
    first = call(deps, "start_sync", call_id="call_7", tables=["USERS"])
    again = call(deps, "start_sync", call_id="call_7", tables=["USERS"])
    other = call(deps, "start_sync", call_id="call_8", tables=["USERS"])
    assert first.approval == again.approval
    assert len(planner.asked) == 2
    # The same question while the first still waits in this thread is the same card.
    assert other.approval == first.approval
    more = call(deps, "start_sync", call_id="call_9", tables=["ORDERS"])
    assert more.approval != first.approval


def test_undo_sync_tool_asks_and_changes_nothing(
    make_deps: Callable[..., AnalystDeps], publish_table: Publish
) -> None:
    for row in ((1, "PAID", Decimal("1.00")), (2, "PAID", Decimal("2.00"))):
        publish_table(ORDERS, ORDER_COLUMNS, [row])
    deps = make_deps()
    root = deps.warehouse

    def plan(wishes: Sequence[Wish]) -> Plan:
        return plan_undo(root, wishes[0].ref)

    deps = make_deps(plan_sync=plan)
    before = read_manifest(deps.warehouse)
    result = call(deps, "undo_sync", table="orders", reason="wrong month")
    assert json.loads(result.content)["status"] == "waiting_for_approval"
    assert result.approval is not None
    request = result.approval.request
    assert (request.plan.is_undo, request.reason) == (True, "wrong month")
    assert read_manifest(deps.warehouse) == before
    nothing = json.loads(call(deps, "undo_sync", call_id="call_2", table="USERS").content)
    assert nothing["code"] == "table_not_synced"


def test_the_same_call_id_in_another_thread_is_another_call(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    here = call(make_deps(thread="T1:C1:1"), "start_sync", tables=["USERS"]).approval
    there = call(make_deps(thread="T1:C1:2"), "start_sync", tables=["USERS"]).approval
    assert here is not None
    assert there is not None
    assert here.id != there.id


def test_a_sync_of_a_table_that_is_not_offered_is_refused(deps: AnalystDeps, planner: Any) -> None:
    result = call(deps, "start_sync", tables=["SALARIES"])
    assert (result.ok, result.data["code"], result.approval) == (False, "table_not_offered", None)
    assert planner.asked == []


def test_an_oracle_that_is_away_is_told_and_leaves_no_approval(
    deps: AnalystDeps, planner: Any
) -> None:
    planner.unreachable = True
    result = call(deps, "start_sync", tables=["USERS"])
    assert (result.ok, result.data["code"]) == (False, "oracle_unreachable")
    assert call(deps, "get_sync_status").data["pending_approvals"] == []


def start(deps: AnalystDeps, table: str, call_id: str) -> Any:
    """Propose, approve and claim a sync."""
    approval = call(deps, "start_sync", call_id=call_id, tables=[table]).approval
    assert approval is not None
    digest = approval.request.plan.digest
    click = Click(user="UJUNHO", verdict="approve", digest=digest)
    assert decide(deps.redis, approval, click, may_decide=True) == "approved"
    run = load_run(deps.redis, approval.id)
    assert run is not None
    assert claim(deps.redis, run)
    return run


def receipt(ref: TableRef, rows: int) -> Receipt:
    one = TableReceipt(
        ref=ref,
        generation="0000000001-aa",
        fence=1,
        rows=rows,
        oracle_rows=rows,
        scn=None,
        consistency="read_only_transaction",
        as_of="2026-11-22T00:00:00Z",
        seconds=1.2,
        bytes=10,
    )
    return Receipt(tables=(one,), seconds=1.2)


READ = Progress(
    table="SHOP.ORDERS", table_number=1, tables=1, rows=60_000, expected_rows=None, seconds=1.0
)


def test_308_get_sync_status_tool_tells_runs_pending_approvals_and_counts(
    deps: AnalystDeps, publish_table: Publish
) -> None:
    publish_table(USERS, {"ID": "NUMBER(10)"}, [(1,), (2,)])
    finish(deps.redis, start(deps, "USERS", "a"), RunState.PUBLISHED, receipt(USERS, 2))
    lost = ConnectionDropped(source="main").failure
    failed = start(deps, "ORDERS", "b")
    report_progress(deps.redis, failed, READ)
    finish(deps.redis, failed, RunState.FAILED, lost)
    pending = call(deps, "start_sync", call_id="c", tables=["CUSTOMERS"]).approval
    assert pending is not None

    data = call(deps, "get_sync_status").data

    for run in data["runs"]:
        finished = datetime.fromisoformat(run.pop("finished_at"))
        assert abs((datetime.now(UTC) - finished).total_seconds()) < 60
    error = "The connection to Oracle source main broke off. The old data stays; ask again."
    fields = ("tables", "state", "rows", "rows_so_far", "error")
    assert [tuple(run[field] for field in fields) for run in data["runs"]] == [
        (["SHOP.ORDERS"], "failed", None, None, error),
        (["SHOP.USERS"], "published", 2, None, None),
    ]
    moment = datetime.fromtimestamp(pending.expires_ms // 1000, UTC)
    assert data["pending_approvals"] == [
        {
            "tables": ["SHOP.CUSTOMERS"],
            "requested_by": "UMINA",
            "expires_at": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    ]
    assert (data["synced_tables"], data["offered_tables"]) == (1, 3)


def test_rows_of_an_open_run_are_told_as_read_and_not_as_copied(deps: AnalystDeps) -> None:
    report_progress(deps.redis, start(deps, "ORDERS", "a"), READ)
    (run,) = call(deps, "get_sync_status").data["runs"]
    assert (run["state"], run["rows"], run["rows_so_far"]) == ("running", None, 60_000)


def test_the_status_of_one_table_leaves_the_others_out(deps: AnalystDeps) -> None:
    start(deps, "USERS", "a")
    start(deps, "ORDERS", "b")
    call(deps, "start_sync", call_id="c", tables=["CUSTOMERS"])
    data = call(deps, "get_sync_status", table="orders").data
    assert [run["tables"] for run in data["runs"]] == [["SHOP.ORDERS"]]
    assert data["runs"][0]["state"] == "running"
    assert data["pending_approvals"] == []


def test_309_list_tables_tool_tells_offered_tables_copied_or_not(
    deps: AnalystDeps, publish_table: Publish
) -> None:
    publish_table(USERS, {"ID": "NUMBER(10)"}, [(1,), (2,), (3,)], comment="회원")
    result = call(deps, "list_tables")
    absent = {"synced": False, "rows": None, "as_of": None, "comment": None}
    as_of = "2026-11-22T00:00:00Z"
    assert result.data["tables"] == [
        {"table": "SHOP.USERS", "synced": True, "rows": 3, "as_of": as_of, "comment": "회원"},
        {"table": "SHOP.ORDERS", **absent},
        {"table": "SHOP.CUSTOMERS", **absent},
    ]
    assert result.basis == (Basis("SHOP.USERS", 3, as_of),)


def test_a_copy_of_a_table_that_is_no_longer_offered_is_not_shown(
    make_deps: Callable[..., AnalystDeps], publish_table: Publish
) -> None:
    publish_table(USERS, {"ID": "NUMBER(10)"}, [(1,)])
    deps = make_deps(offered=(ORDERS,))
    assert [line["table"] for line in call(deps, "list_tables").data["tables"]] == ["SHOP.ORDERS"]
    assert call(deps, "get_sync_status").data["synced_tables"] == 0
    for name in ("get_table_stats", "query_table"):
        assert call(deps, name, table="SHOP.USERS").data["code"] == "table_not_offered"


def test_310_get_table_stats_tool_tells_rows_columns_key_and_moment(
    deps: AnalystDeps, publish_table: Publish
) -> None:
    entry = publish_table(ORDERS, ORDER_COLUMNS, [(1, "PAID", None)])
    result = call(deps, "get_table_stats", table="orders")
    assert json.loads(result.content) == {
        "ok": True,
        "table": "SHOP.ORDERS",
        "rows": 1,
        "columns": ["ORDER_ID", "STATUS", "AMOUNT"],
        "key": ["ORDER_ID"],
        "bytes": entry.bytes,
        "as_of": "2026-11-22T00:00:00Z",
    }
    assert result.basis == (Basis("SHOP.ORDERS", 1, "2026-11-22T00:00:00Z"),)


def test_the_model_and_the_person_are_told_of_columns_that_a_copy_lacks(
    deps: AnalystDeps, publish_table: Publish
) -> None:
    entry = publish_table(USERS, {"ID": "NUMBER(10)"}, [(1,)])
    held = ColumnFidelity(
        name="ID", oracle_type="NUMBER(10)", duckdb_type="BIGINT", lossless=True, why="same"
    )
    others = {"ID": "NUMBER(10)", "NAME": "VARCHAR2(9)", "CITY": "VARCHAR2(9)"}
    receipt = entry.receipt.model_copy(update={"columns": (held,), "all_columns": others})
    narrow = entry.model_copy(update={"fence": entry.fence + 1, "receipt": receipt})
    publish(deps.warehouse, [narrow])
    results = [
        call(deps, "list_tables"),
        call(deps, "get_table_stats", table="USERS"),
        call(deps, "query_table", table="USERS"),
    ]
    assert [result.basis[0].columns for result in results] == [(1, 3)] * 3
    told = [results[0].data["tables"][0], results[1].data, results[2].data]
    assert [data["only_columns"] for data in told] == ["1 of 3"] * 3


def test_stats_of_a_table_without_a_copy_say_so(deps: AnalystDeps) -> None:
    assert call(deps, "get_table_stats", table="ORDERS").data["code"] == "table_not_synced"


def test_311_query_table_tool_groups_real_rows_and_keeps_them_for_drawing(
    deps: AnalystDeps, publish_table: Publish
) -> None:
    rows = [(1, "PAID", None), (2, "PAID", None), (3, "OPEN", None)]
    publish_table(ORDERS, ORDER_COLUMNS, rows)
    result = call(
        deps,
        "query_table",
        table="ORDERS",
        group_by=["STATUS"],
        aggregates=[{"function": "count", "column": None, "alias": "n"}],
        order_by=[{"column": "n", "direction": "desc"}],
    )
    assert json.loads(result.content) == {
        "ok": True,
        "table": "SHOP.ORDERS",
        "as_of": "2026-11-22T00:00:00Z",
        "columns": ["STATUS", "n"],
        "rows": [["PAID", 2], ["OPEN", 1]],
        "truncated": False,
    }
    assert result.table is not None
    assert result.table.columns == ("STATUS", "n")
    assert result.table.types == ("VARCHAR", "BIGINT")
    assert result.table.rows == (("PAID", 2), ("OPEN", 1))
    assert result.basis == (Basis("SHOP.ORDERS", 3, "2026-11-22T00:00:00Z"),)


@pytest.mark.parametrize(
    ("question", "is_cut"),
    [
        ({"limit": 2}, True),
        ({"order_by": [{"column": "ORDER_ID"}], "limit": 2}, False),
        ({"order_by": [{"column": "ORDER_ID"}], "limit": 3}, False),
    ],
)
def test_the_first_few_that_were_asked_for_are_not_told_as_cut(
    deps: AnalystDeps, publish_table: Publish, question: dict[str, Any], *, is_cut: bool
) -> None:
    publish_table(ORDERS, ORDER_COLUMNS, [(n, "PAID", None) for n in range(3)])
    result = call(deps, "query_table", table="ORDERS", **question)
    assert result.data["truncated"] is is_cut
    assert result.table is not None
    assert result.table.truncated is is_cut


@pytest.mark.parametrize(
    ("sees", "question", "reads"),
    [
        ("rows", {"columns": ["STATUS"]}, [["PAID"]]),
        ("aggregates", {"columns": ["STATUS"]}, None),
        ("aggregates", {"group_by": ["STATUS"]}, None),
        ("rows", {"aggregates": [{"function": "count"}]}, [[1]]),
        ("schema", {"columns": ["STATUS"]}, None),
        ("schema", {"aggregates": [{"function": "count"}]}, None),
    ],
)
def test_the_model_reads_what_bot_toml_lets_it_see_and_people_see_everything(
    make_deps: Callable[..., AnalystDeps],
    publish_table: Publish,
    sees: str,
    question: dict[str, Any],
    reads: list[Any] | None,
) -> None:
    publish_table(ORDERS, ORDER_COLUMNS, [(1, "PAID", None)])

    def model_sees(_: TableRef) -> str:
        return sees

    result = call(make_deps(model_sees=model_sees), "query_table", table="ORDERS", **question)
    assert result.ok
    assert result.table is not None
    assert len(result.table.rows) == 1
    assert result.data.get("rows") == reads
    if reads is None:
        assert result.data["row_count"] == 1
        assert "PAID" not in result.content


def test_of_figures_the_model_reads_those_over_many_rows_and_people_read_all(
    make_deps: Callable[..., AnalystDeps], publish_table: Publish
) -> None:
    rows = [(n, "PAID", Decimal(n)) for n in range(1, 6)] + [(6, "OPEN", Decimal(70))]
    publish_table(ORDERS, ORDER_COLUMNS, rows)

    def model_sees(_: TableRef) -> str:
        return "aggregates"

    result = call(
        make_deps(model_sees=model_sees),
        "query_table",
        table="ORDERS",
        group_by=["STATUS"],
        aggregates=[
            {"function": "sum", "column": "AMOUNT"},
            {"function": "max", "column": "AMOUNT"},
        ],
    )
    assert result.table is not None
    assert result.table.columns == ("STATUS", "sum_AMOUNT", "max_AMOUNT")
    assert sorted(str(row[0]) for row in result.table.rows) == ["OPEN", "PAID"]
    assert (result.data["columns"], len(result.data["rows"])) == (["STATUS", "sum_AMOUNT"], 1)
    assert result.data["rows"][0][0] == "PAID"
    assert "70" not in result.content
    assert "fewer than 5 rows" in result.data["withheld"]


def test_what_a_rule_refuses_is_told_and_never_asked(make_deps: Callable[..., AnalystDeps]) -> None:
    def rule_on(_: Plan) -> Ruling:
        raise RefusedByRule(rule="private", why="Salaries never leave Oracle.")

    deps = make_deps(rule_on=rule_on)
    result = call(deps, "start_sync", tables=["USERS"])
    assert (result.ok, result.data["code"], result.approval) == (False, "refused_by_rule", None)
    assert "Salaries never leave Oracle." in result.data["error"]
    assert call(deps, "get_sync_status").data["pending_approvals"] == []


def test_what_a_rule_allows_is_queued_at_once_and_noted_as_its_decision(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    def rule_on(_: Plan) -> Ruling:
        return Ruling("auto", 1, "small")

    deps = make_deps(rule_on=rule_on)
    call(make_deps(), "start_sync", tables=["USERS"])  # a crash before the rule was asked
    call(deps, "start_sync", tables=["USERS"])
    result = call(deps, "start_sync", tables=["USERS"])
    assert result.data["status"] == "approved"
    assert result.approval is not None
    assert result.approval.decided_by == "rule:small"
    assert open_runs(deps.redis) == [result.approval.id]
    noted = [(entry.what, entry.who) for entry in read_audit(deps.redis, "T1")]
    assert noted == [("requested", "UMINA"), ("approved", "rule:small")]


@pytest.mark.parametrize("ceiling", [800, 5_000])
def test_what_runs_by_a_rule_stops_at_the_rows_of_the_rule(
    make_deps: Callable[..., AnalystDeps], ceiling: int
) -> None:
    def rule_on(_: Plan) -> Ruling:
        return Ruling("auto", 1, "small", max_rows=(ceiling,))

    approval = call(make_deps(rule_on=rule_on), "start_sync", tables=["USERS"]).approval
    assert approval is not None
    assert approval.state is ApprovalState.APPROVED
    assert approval.request.plan.tables[0].max_rows == min(ceiling, 1_000)


def test_tables_of_two_sources_are_no_one_sync(
    make_deps: Callable[..., AnalystDeps], planner: Any
) -> None:
    old = TableRef(source="erp", schema_name="SHOP", table="USERS")
    deps = make_deps(offered=(USERS, ORDERS, old))
    result = call(deps, "start_sync", tables=["ORDERS", "erp.SHOP.USERS"])
    assert (result.ok, result.data["code"]) == (False, "sources_mixed")
    assert planner.asked == []
    names = [line["table"] for line in call(deps, "list_tables").data["tables"]]
    assert names == ["main.SHOP.USERS", "SHOP.ORDERS", "erp.SHOP.USERS"]


def test_a_query_with_an_unknown_column_names_the_real_ones(
    deps: AnalystDeps, publish_table: Publish
) -> None:
    publish_table(ORDERS, ORDER_COLUMNS, [(1, "PAID", None)])
    result = call(deps, "query_table", table="ORDERS", columns=["STATE"])
    assert result.data["code"] == "column_not_found"
    assert "It has: STATUS, " in result.data["error"]


def test_the_model_reads_less_than_people_see_when_rows_are_long(
    make_deps: Callable[..., AnalystDeps], publish_table: Publish
) -> None:
    long = "가" * 900
    publish_table(
        USERS, {"ID": "NUMBER(10)", "NOTE": "VARCHAR2(2000)"}, [(1, long), (2, long), (3, "x")]
    )
    result = call(make_deps(result_chars=1_020), "query_table", table="USERS")
    assert result.data["rows"] == [[1, "가" * 500 + "…"], [2, "가" * 500 + "…"]]
    assert result.data["truncated"] is True
    assert result.table is not None
    assert result.table.rows == ((1, long), (2, long), (3, "x"))
    assert result.table.truncated is False


def test_a_table_of_a_thousand_columns_is_told_as_far_as_the_model_reads(
    deps: AnalystDeps, publish_table: Publish
) -> None:
    columns = {f"COLUMN_{number:04}": "NUMBER(10)" for number in range(1_000)}
    comments = dict.fromkeys(columns, "x" * 900)
    publish_table(USERS, columns, [tuple(range(1_000))], column_comments=comments)
    described = call(deps, "describe_table", table="USERS")
    assert len(described.content) < 13_000
    assert len(described.data["columns"]) + described.data["left_out"] == 1_000
    assert described.data["columns"][0]["comment"] == "x" * 200
    missing = call(deps, "query_table", table="USERS", columns=["NOPE"])
    assert missing.data["error"].startswith("SHOP.USERS has no column NOPE. It has: COLUMN_0000,")
    assert missing.data["error"].endswith(" and 970 more.")


def test_many_offered_tables_are_listed_as_far_as_the_model_reads(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    many = tuple(TableRef(source="main", schema_name="S", table=f"T{n}") for n in range(2_000))
    result = call(make_deps(offered=many), "list_tables")
    assert len(result.content) < 13_000
    assert len(result.data["tables"]) + result.data["left_out"] == 2_000


def test_the_scheduler_tool_tells_whether_the_clock_runs_and_what_is_due(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    line = ScheduleLine(
        name="customers-daily",
        tables=("SHOP.CUSTOMERS",),
        cron="0 6 * * *",
        timezone="Asia/Seoul",
        next_at="2026-11-23T06:00:00+09:00",
    )
    status = SchedulerStatus(clock_running=False, schedules=(line,))
    result = call(make_deps(schedule_status=lambda: status), "get_scheduler_status")
    assert json.loads(result.content) == {
        "ok": True,
        "clock_running": False,
        "schedules": [
            {
                "name": "customers-daily",
                "tables": ["SHOP.CUSTOMERS"],
                "cron": "0 6 * * *",
                "timezone": "Asia/Seoul",
                "when": "every day at 06:00 (Asia/Seoul)",
                "next_at": "2026-11-23T06:00:00+09:00",
                "approval": "each_time",
            }
        ],
    }
