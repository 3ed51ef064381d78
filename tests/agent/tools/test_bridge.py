import json
from collections.abc import Callable, Sequence
from typing import Any

from agent.deps import AnalystDeps
from agent.tools.base import ToolResult
from agent.tools.bridge import beyond
from agent.tools.chart_tool import CHART_TOOLS
from agent.tools.query_tools import QUERY_TOOLS
from agent.tools.registry import ToolRegistry
from agent.tools.sql_tool import SQL_TOOLS
from sync.fidelity import ColumnFidelity
from sync.filters import TypedFilter
from sync.oracle_errors import OracleUnreachable
from sync.plan import Column, Estimate, Plan, TablePlan, TableRef, Wish
from sync.warehouse.manifest import publish
from sync.warehouse.query import Query

USERS = TableRef(source="main", schema_name="SHOP", table="USERS")
COLUMNS = (
    Column(name="ID", oracle_type="NUMBER(10)", duckdb_type="BIGINT", nullable=False),
    Column(name="CITY", oracle_type="VARCHAR2(20)", duckdb_type="VARCHAR", nullable=True),
    Column(name="JOINED", oracle_type="DATE", duckdb_type="TIMESTAMP", nullable=True),
    Column(name="NOTE", oracle_type="VARCHAR2(90)", duckdb_type="VARCHAR", nullable=True),
)
BY_CITY = {
    "table": "users",
    "where": [{"column": "joined", "op": "between", "value": ["2026-11-01", "2026-11-20"]}],
    "group_by": ["city"],
    "aggregates": [{"function": "count"}],
}


def of_size(rows: int | None) -> Callable[[Sequence[Wish]], Plan]:
    def plan(wishes: Sequence[Wish]) -> Plan:
        tables = tuple(
            TablePlan(ref=wish.ref, mode="full", columns=COLUMNS, key=("ID",), max_rows=10**9)
            for wish in wishes
        )
        one = Estimate(rows=rows, bytes=None, analyzed_at=None, current_rows=None)
        return Plan(tables=tables, estimates=(one,) * len(tables))

    return plan


def ask(deps: AnalystDeps, name: str, **arguments: Any) -> ToolResult:
    registry = ToolRegistry(QUERY_TOOLS, SQL_TOOLS, CHART_TOOLS)
    return registry.call(deps, name, json.dumps(arguments), "call_1")


def proposed(result: ToolResult) -> Any:
    assert not result.ok
    return result.data["propose"]["arguments"]


def test_a_table_of_usual_size_is_proposed_whole_and_of_a_large_one_what_is_asked_for(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    small, large = (make_deps(plan_sync=of_size(rows)) for rows in (150, 80_000_000))
    asked = ask(small, "query_table", **BY_CITY)
    assert (asked.data["code"], proposed(asked)) == ("table_not_synced", {"tables": ["SHOP.USERS"]})
    # The last day of a range is meant whole, and a filter ends at its midnight: it is left open.
    assert proposed(ask(large, "query_table", **BY_CITY)) == {
        "tables": ["SHOP.USERS"],
        "columns": ["CITY", "JOINED"],
        "where": [{"column": "JOINED", "op": ">=", "values": ["2026-11-01"]}],
    }
    assert proposed(ask(large, "query_table", table="USERS")) == {"tables": ["SHOP.USERS"]}
    chart = ask(large, "make_chart", query=BY_CITY, kind="bar", x="CITY", y=["count"], title="t")
    assert proposed(chart)["columns"] == ["CITY", "JOINED"]


def test_sql_over_several_tables_is_answered_with_one_proposal_of_those_that_lack_a_copy(
    make_deps: Callable[..., AnalystDeps], publish_table: Callable[..., Any]
) -> None:
    publish_table(USERS, {"ID": "NUMBER(10)"}, [(1,)])
    sql = "SELECT count(*) FROM SHOP.ORDERS o JOIN USERS u USING (ID) JOIN customers c USING (ID)"
    small = ask(make_deps(plan_sync=of_size(150)), "run_sql", sql=sql)
    assert proposed(small) == {"tables": ["SHOP.ORDERS", "SHOP.CUSTOMERS"]}
    assert "note" not in small.data
    unknown = ask(make_deps(plan_sync=of_size(None)), "run_sql", sql=sql)
    assert "only the columns" in unknown.data["note"]


def test_a_question_with_a_column_oracle_lacks_is_told_before_anything_is_proposed(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    deps = make_deps(plan_sync=of_size(150))
    told = ask(deps, "query_table", table="USERS", columns=["TOWN"]).data
    assert (told["code"], "propose" in told) == ("column_not_found", False)

    def away(_: Sequence[Wish]) -> Plan:
        raise OracleUnreachable(source="main", detail="DPY-6005")

    asked = ask(make_deps(plan_sync=away), "query_table", table="USERS", columns=["TOWN"])
    assert proposed(asked) == {"tables": ["SHOP.USERS"]}


def test_what_lies_in_the_stretch_of_time_a_copy_holds_is_not_warned_of(
    publish_table: Callable[..., Any],
) -> None:
    entry = publish_table(USERS, {"ID": "NUMBER(10)"}, [(1,)])
    since = TypedFilter(column="JOINED", op=">=", values=("2026-11-01",), oracle_type="DATE")
    receipt = entry.receipt.model_copy(update={"where": (since,)})
    part = entry.model_copy(update={"receipt": receipt})

    def warned(op: str, value: Any) -> bool:
        where = [{"column": "joined", "op": op, "value": value}]
        return bool(beyond(part, Query.model_validate({"table": "USERS", "where": where})))

    assert not warned("between", ["2026-11-01", "2026-11-20"])
    assert not warned("=", "2026-11-01T09:30")
    assert warned("between", ["2026-10-31", "2026-11-20"])
    assert warned("<=", "2026-11-20")
    assert warned("!=", "2026-11-20")


def test_a_copy_of_a_part_says_so_beside_other_questions_and_is_proposed_wider(
    deps: AnalystDeps, publish_table: Callable[..., Any]
) -> None:
    entry = publish_table(USERS, {"ID": "NUMBER(10)", "CITY": "VARCHAR2(20)"}, [(1, "Seoul")])
    in_seoul = TypedFilter(column="CITY", op="=", values=("Seoul",), oracle_type="VARCHAR2(20)")
    held = tuple(
        ColumnFidelity(name=name, oracle_type="x", duckdb_type="x", lossless=True, why="same")
        for name in ("ID", "CITY")
    )
    every = {"ID": "NUMBER(10)", "CITY": "VARCHAR2(20)", "NOTE": "VARCHAR2(90)"}
    updates = {"columns": held, "all_columns": every, "where": (in_seoul,)}
    receipt = entry.receipt.model_copy(update=updates)
    publish(
        deps.warehouse, [entry.model_copy(update={"fence": entry.fence + 1, "receipt": receipt})]
    )

    everywhere = ask(deps, "query_table", table="USERS")
    assert "CITY = Seoul" in everywhere.data["beyond_the_copy"]
    there = [{"column": "city", "op": "=", "value": "Seoul"}]
    assert "beyond_the_copy" not in ask(deps, "query_table", table="USERS", where=there).data
    sql = ask(deps, "run_sql", sql="SELECT count(*) FROM USERS")
    assert sql.data["tables"][0]["only_rows"] == "CITY = Seoul"
    wider = ask(deps, "query_table", table="USERS", columns=["ID", " note"])
    assert wider.data["code"] == "column_not_copied"
    assert proposed(wider) == {
        "tables": ["SHOP.USERS"],
        "columns": ["ID", "CITY", "NOTE"],
        "where": [{"column": "CITY", "op": "=", "values": ["Seoul"]}],
    }
