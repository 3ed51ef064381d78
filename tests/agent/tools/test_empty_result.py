"""A question that finds nothing: which condition left no row, and what is stored instead."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from agent.deps import AnalystDeps
from agent.remarks import Remark
from agent.tools.base import ToolResult
from agent.tools.query_tools import QUERY_TOOLS
from agent.tools.registry import ToolRegistry
from agent.tools.sql_tool import SQL_TOOLS
from sync.filters import Filter
from sync.plan import TableRef
from sync.warehouse.exposure import Exposure

ORDERS = TableRef(source="main", schema_name="SHOP", table="ORDERS")
STATUS_IS = {"column": "STATUS", "op": "="}
OVER = {"column": "AMOUNT", "op": ">"}
OTHER_SQL: list[tuple[str, list[tuple[str, dict[str, Any]]]]] = [
    (
        "SELECT sum(AMOUNT) FROM ORDERS WHERE lower(STATUS) LIKE '%cancel led%' AND AMOUNT > 100",
        [
            ("empty.unmet", {"condition": "lower(STATUS) LIKE '%cancel led%'"}),
            ("empty.unmet", {"condition": "AMOUNT > 100"}),
            ("empty.near", {"column": "STATUS", "values": "Cancelled, 배송 완료"}),
            ("empty.range", {"column": "AMOUNT", "low": "7.00", "high": "20.50"}),
        ],
    ),
    (
        "WITH c AS (FROM ORDERS WHERE STATUS = 'Cancelled' AND AMOUNT BETWEEN 9 AND 11) FROM c",
        [
            ("empty.without", {"condition": "STATUS = 'Cancelled'", "rows": 1}),
            ("empty.without", {"condition": "AMOUNT BETWEEN 9 AND 11", "rows": 1}),
            ("empty.near", {"column": "STATUS", "values": "Cancelled, 배송 완료"}),
            ("empty.range", {"column": "AMOUNT", "low": "7.00", "high": "20.50"}),
        ],
    ),
    (
        "SELECT a.ID FROM SHOP.ORDERS a, ORDERS b WHERE a.ID = b.ID AND b.ID IN (7, 8)",
        [
            ("empty.unmet", {"condition": "b.ID IN (7, 8)"}),
            ("empty.range", {"column": "ID", "low": "1", "high": "3"}),
        ],
    ),
    (
        "SELECT a.ID FROM ORDERS a JOIN ORDERS b ON a.ID = b.ID + 10",
        [("empty.no_pair", {})],
    ),
    ("SELECT 1 FROM ORDERS WHERE ID = 7 UNION SELECT 1 FROM ORDERS WHERE ID = 8", []),
    ("SELECT ID FROM ORDERS WHERE ID > 1 LIMIT 0", []),
]
CHEAP = {"column": "AMOUNT", "op": "<", "value": 5}


@pytest.fixture(autouse=True)
def orders(publish_table: Callable[..., Any]) -> None:
    publish_table(
        ORDERS,
        {
            "ID": "NUMBER(10)",
            "STATUS": "VARCHAR2(40)",
            "AMOUNT": "NUMBER(12,2)",
            "ORDERED_AT": "DATE",
        },
        [
            (1, "배송 완료", Decimal("10.00"), None),
            (2, "배송 완료", Decimal("20.50"), None),
            (3, "Cancelled", Decimal("7.00"), None),
        ],
    )


def ask(deps: AnalystDeps, *where: dict[str, Any], **more: Any) -> ToolResult:
    query = json.dumps({"table": "ORDERS", "where": list(where), **more})
    return ToolRegistry(QUERY_TOOLS).call(deps, "query_table", query, "call_1")


def remarks(result: ToolResult) -> list[tuple[str, dict[str, str | int]]]:
    assert result.table is not None
    told: tuple[Remark, ...] = result.table.remarks
    return [(one.code, one.params) for one in told if one.code.startswith("empty")]


def test_a_value_that_is_spelled_otherwise_is_named_with_what_is_stored(deps: AnalystDeps) -> None:
    result = ask(
        deps, {**STATUS_IS, "value": "배송완료"}, {"column": "AMOUNT", "op": ">", "value": 1}
    )
    assert remarks(result) == [
        ("empty.unmet", {"condition": "STATUS = 배송완료"}),
        ("empty.near", {"column": "STATUS", "values": "배송 완료, Cancelled"}),
    ]
    assert result.data["no_row_found"]["met_by_no_row"] == ["STATUS = 배송완료"]
    assert result.data["no_row_found"]["stored"] == {"STATUS": ["배송 완료", "Cancelled"]}


def test_a_count_of_none_is_explained_like_no_rows(deps: AnalystDeps) -> None:
    count = [{"function": "count"}, {"function": "sum", "column": "AMOUNT"}]
    result = ask(deps, {**STATUS_IS, "value": "CANCELLED"}, aggregates=count)
    assert remarks(result) == [
        ("empty.unmet", {"condition": "STATUS = CANCELLED"}),
        ("empty.near", {"column": "STATUS", "values": "Cancelled, 배송 완료"}),
    ]


def test_a_number_out_of_range_is_told_with_the_range(deps: AnalystDeps) -> None:
    assert remarks(ask(deps, CHEAP)) == [
        ("empty.unmet", {"condition": "AMOUNT < 5"}),
        ("empty.range", {"column": "AMOUNT", "low": "7.00", "high": "20.50"}),
    ]


def test_conditions_that_only_together_leave_none_are_told_with_what_each_costs(
    deps: AnalystDeps,
) -> None:
    result = ask(
        deps, {**STATUS_IS, "value": "Cancelled"}, {"column": "AMOUNT", "op": ">", "value": 9}
    )
    assert remarks(result)[:2] == [
        ("empty.without", {"condition": "STATUS = Cancelled", "rows": 2}),
        ("empty.without", {"condition": "AMOUNT > 9", "rows": 1}),
    ]


def test_where_no_single_condition_is_to_blame_that_is_said(deps: AnalystDeps) -> None:
    ids = [{"column": "ID", "op": "=", "value": n} for n in (1, 2, 3)]
    assert remarks(ask(deps, *ids)) == [("empty.together", {})]


def test_an_answer_with_rows_is_not_explained(deps: AnalystDeps) -> None:
    zero = [{"function": "count_distinct", "column": "ORDERED_AT"}]
    for result in (ask(deps), ask(deps, {"column": "ID", "op": ">", "value": 1}, aggregates=zero)):
        assert remarks(result) == []
        assert "no_row_found" not in result.data


def test_only_what_the_caller_may_see_is_counted_and_named(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    def cheap(_: TableRef) -> Exposure:
        cancelled = Filter(column="STATUS", op="=", values=("Cancelled",))
        return Exposure(where=(cancelled,), masks={"STATUS": "last4"}, rule="cheap")

    result = ask(make_deps(exposure=cheap), {**STATUS_IS, "value": "배송 완료"})
    assert remarks(result) == [
        ("empty.unmet", {"condition": "STATUS = 배송 완료"}),
        ("empty.near", {"column": "STATUS", "values": "…lled"}),
    ]
    assert result.data["no_row_found"]["rows_there_are"] == 1


@pytest.mark.parametrize("sees", ["aggregates", "schema"])
def test_stored_values_are_for_the_person_where_the_model_may_not_see_them(
    make_deps: Callable[..., AnalystDeps], sees: str
) -> None:
    def only(_: TableRef) -> str:
        return sees

    result = ask(make_deps(model_sees=only), {**STATUS_IS, "value": "배송완료"})
    assert "배송 완료" not in result.content
    assert ("empty.near", {"column": "STATUS", "values": "배송 완료, Cancelled"}) in remarks(result)


def test_where_not_one_row_is_shown_that_is_said(
    make_deps: Callable[..., AnalystDeps], publish_table: Callable[..., Any]
) -> None:
    users = TableRef(source="main", schema_name="SHOP", table="USERS")
    publish_table(users, {"ID": "NUMBER(10)"}, [(1,)])

    def nobody(_: TableRef) -> Exposure:
        return Exposure(where=(Filter(column="ID", op="=", values=("2",)),), rule="own rows")

    result = ToolRegistry(QUERY_TOOLS).call(
        make_deps(exposure=nobody), "query_table", json.dumps({"table": "USERS"}), "call_1"
    )
    assert remarks(result) == [("empty.no_rows", {})]


def test_filters_and_the_clock_of_dates_are_told_as_assumed(deps: AnalystDeps) -> None:
    since = {"column": "ordered_at", "op": ">=", "value": "2026-11-01"}
    named = {"column": "STATUS", "op": "in", "value": ["Cancelled", "배송 완료"]}
    result = ask(deps, since, named, aggregates=[{"function": "count"}])
    assert result.table is not None
    assert [(one.code, one.params) for one in result.table.remarks[:2]] == [
        (
            "assumed.where",
            {"conditions": "ordered_at >= 2026-11-01 · STATUS IN (Cancelled, 배송 완료)"},
        ),
        ("assumed.clock", {"columns": "ORDERED_AT"}),
    ]
    everything = ask(deps, aggregates=[{"function": "count"}]).table
    assert everything is not None
    assert [one.code for one in everything.remarks] == ["assumed.everything"]


def ask_sql(deps: AnalystDeps, sql: str) -> ToolResult:
    return ToolRegistry(SQL_TOOLS).call(deps, "run_sql", json.dumps({"sql": sql}), "call_1")


def test_sql_that_finds_nothing_is_told_by_its_conditions(deps: AnalystDeps) -> None:
    result = ask_sql(
        deps,
        "SELECT STATUS, count(*) FROM ORDERS o WHERE o.STATUS = '배송완료' AND (AMOUNT > 1 AND ID "
        "IN (SELECT ID FROM ORDERS)) GROUP BY STATUS ORDER BY 2 LIMIT 5",
    )
    assert remarks(result) == [
        ("empty.unmet", {"condition": "o.STATUS = '배송완료'"}),
        ("empty.near", {"column": "STATUS", "values": "배송 완료, Cancelled"}),
    ]
    assert result.data["no_row_found"]["stored"] == {"STATUS": ["배송 완료", "Cancelled"]}


def test_what_can_be_told_of_other_forms_of_sql(deps: AnalystDeps) -> None:
    for sql, told in OTHER_SQL:
        assert (sql, remarks(ask_sql(deps, sql))) == (sql, told)


def test_of_sql_only_what_the_caller_and_the_model_may_see_is_told(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    def cheap(_: TableRef) -> Exposure:
        cancelled = Filter(column="STATUS", op="=", values=("Cancelled",))
        return Exposure(where=(cancelled,), masks={"STATUS": "last4"}, rule="cheap")

    def figures(_: TableRef) -> str:
        return "aggregates"

    deps = make_deps(exposure=cheap, model_sees=figures)
    result = ask_sql(deps, "SELECT ID FROM ORDERS WHERE STATUS = '배송 완료'")
    assert remarks(result) == [
        ("empty.unmet", {"condition": "STATUS = '배송 완료'"}),
        ("empty.near", {"column": "STATUS", "values": "…lled"}),
    ]
    assert "lled" not in result.content
