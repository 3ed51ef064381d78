"""Why a number changed: one question, two moments, and what moved between them."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent.deps import AnalystDeps
from agent.tools.base import ToolResult
from agent.tools.change_tool import CHANGE_TOOLS
from agent.tools.registry import ToolRegistry
from sync.filters import Filter
from sync.plan import TableRef
from sync.warehouse.exposure import Exposure
from sync.warehouse.query_limits import QueryLimits
from sync.warehouse.query_process import open_queries

USERS = TableRef(source="main", schema_name="SHOP", table="USERS")
ORDERS = TableRef(source="main", schema_name="SHOP", table="ORDERS")
COLUMNS = {"ID": "NUMBER(10)", "STATUS": "VARCHAR2(20)", "AMOUNT": "NUMBER(12,2)"}
MONDAY, TUESDAY, FRIDAY = (f"2026-11-{day}T00:00:00Z" for day in (16, 17, 20))
BY_STATUS = {
    "table": "ORDERS",
    "group_by": ["STATUS"],
    "aggregates": [{"function": "sum", "column": "AMOUNT", "alias": "total"}],
}
COUNT = {"table": "ORDERS", "aggregates": [{"function": "count"}]}
Publish = Callable[..., Any]


@pytest.fixture
def orders(publish_table: Publish) -> None:
    """Three copies, the last of which has one row more, one less, and two changed."""
    publish_table(ORDERS, COLUMNS, [(1, "PAID", Decimal("1.00"))], as_of=MONDAY)
    old: list[tuple[Any, ...]] = [
        (1, "PAID", Decimal("10.00")),
        (2, "PAID", Decimal("20.00")),
        (3, "SHIPPED", Decimal("5.00")),
        (4, "RETURNED", Decimal("1.00")),
    ]
    publish_table(ORDERS, COLUMNS, old, as_of=TUESDAY)
    new: list[tuple[Any, ...]] = [
        (1, "CANCELLED", Decimal("10.00")),
        (2, "PAID", Decimal("20.00")),
        (3, "SHIPPED", Decimal("6.50")),
        (5, "PAID", Decimal("0.25")),
    ]
    publish_table(ORDERS, COLUMNS, new, as_of=FRIDAY)


def explain(deps: AnalystDeps, **arguments: Any) -> ToolResult:
    registry = ToolRegistry(CHANGE_TOOLS)
    return registry.call(deps, "explain_change", json.dumps(arguments), "call_1")


def rows(result: ToolResult) -> tuple[tuple[Any, ...], ...]:
    assert result.table is not None, result.data
    return result.table.rows


def remarks(result: ToolResult) -> dict[str, dict[str, str | int]]:
    assert result.table is not None, result.data
    return {one.code: one.params for one in result.table.remarks}


@pytest.mark.usefixtures("orders")
def test_the_groups_that_moved_most_come_first_with_then_and_now(deps: AnalystDeps) -> None:
    result = explain(deps, query=BY_STATUS)
    assert result.table is not None
    assert result.table.columns == ("what", "before", "after", "difference")
    assert rows(result) == (
        ("CANCELLED", None, "10.00", None),
        ("PAID", "30.00", "20.25", "-9.75"),
        ("SHIPPED", "5.00", "6.50", "1.50"),
        ("RETURNED", "1.00", None, None),
    )
    assert result.data["rows"] == [list(row) for row in rows(result)]


@pytest.mark.usefixtures("orders")
def test_what_differs_between_the_copies_is_told_row_by_row(deps: AnalystDeps) -> None:
    result = explain(deps, query=COUNT)
    assert rows(result) == (("count", 4, 4, "0"),)
    told = remarks(result)
    assert "change.same" in told
    assert told["change.moments"] == {
        "table": "SHOP.ORDERS",
        "before_at": TUESDAY,
        "after_at": FRIDAY,
    }
    assert told["change.rows"] == {"table": "SHOP.ORDERS", "added": 1, "removed": 1, "changed": 2}
    assert told["change.in_columns"]["columns"] == "STATUS 1, AMOUNT 1"
    assert told["change.example"] == {"key": "ID 3", "changes": "AMOUNT 5.00 → 6.50"}
    assert result.data["tables"] == [
        {
            "table": "SHOP.ORDERS",
            "before_as_of": TUESDAY,
            "after_as_of": FRIDAY,
            "rows_added": 1,
            "rows_removed": 1,
            "rows_changed": 2,
            "rows_changed_in": {"STATUS": 1, "AMOUNT": 1},
            "examples": {
                "added": ["ID 5"],
                "removed": ["ID 4"],
                "changed": ["ID 1: STATUS PAID → CANCELLED", "ID 3: AMOUNT 5.00 → 6.50"],
            },
        }
    ]


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize(
    ("status", "counts", "examples"),
    [
        ("CANCELLED", (0, 0, 1), {"change.example": "ID 1"}),
        ("RETURNED", (0, 1, 0), {"change.removed": "ID 4"}),
    ],
)
def test_of_a_question_with_filters_only_rows_that_meet_them_before_or_after_are_compared(
    deps: AnalystDeps, status: str, counts: tuple[int, ...], examples: dict[str, str]
) -> None:
    where = [{"column": "status", "op": "=", "value": status}]
    told = remarks(explain(deps, query={**COUNT, "where": where}))
    assert tuple(told["change.rows"][one] for one in ("added", "removed", "changed")) == counts
    assert "change.of_those_meant" in told
    shown = ("change.added", "change.removed", "change.example")
    found = {one: told[one].get("keys") or told[one]["key"] for one in shown if one in told}
    assert found == examples


@pytest.mark.usefixtures("orders")
def test_sql_is_asked_of_both_moments_and_its_groups_are_found(deps: AnalystDeps) -> None:
    result = explain(deps, sql="SELECT ID, sum(AMOUNT) AS total FROM ORDERS GROUP BY ID")
    assert rows(result)[:3] == (
        ("3", "5.00", "6.50", "1.50"),
        ("4", "1.00", None, None),
        ("5", None, "0.25", None),
    )
    both = explain(deps, sql="SELECT count(*) AS n, sum(AMOUNT) AS s FROM SHOP.ORDERS")
    assert rows(both) == (
        ("s", "36.00", "36.75", "0.75"),
        ("n", 4, 4, "0"),
    )


@pytest.mark.usefixtures("orders")
def test_a_moment_chooses_the_copy_that_showed_it(deps: AnalystDeps) -> None:
    where = [{"column": "ID", "op": ">", "value": 0}]
    result = explain(deps, query={**COUNT, "where": where}, since="2026-11-16T12:00:00")
    assert rows(result) == (("count", 1, 4, "3"),)
    assert remarks(result)["assumed.where"] == {"conditions": "ID > 0"}
    assert remarks(result)["change.moments"]["before_at"] == MONDAY


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize("since", ["2026-11-01", "2026-11-21"])
def test_a_moment_that_no_two_copies_lie_around_is_refused_in_words(
    deps: AnalystDeps, since: str
) -> None:
    result = explain(deps, query=COUNT, since=since)
    assert (result.ok, result.data["code"]) == (False, "moment_not_kept")
    assert f"{FRIDAY}, {TUESDAY}, {MONDAY}" in result.data["error"]


def test_with_one_copy_there_is_nothing_to_compare(
    deps: AnalystDeps, publish_table: Publish
) -> None:
    publish_table(ORDERS, COLUMNS, [(1, "PAID", Decimal("1.00"))])
    result = explain(deps, query=COUNT)
    assert (result.ok, result.data["code"]) == (False, "nothing_to_compare")
    assert explain(deps, sql="SELECT 1 AS n").data["code"] == "bad_query"
    assert explain(deps, query=COUNT, sql="SELECT 1").data["code"] == "bad_arguments"


@pytest.mark.usefixtures("orders")
def test_a_joined_table_with_one_copy_stands_on_both_sides(
    deps: AnalystDeps, publish_table: Publish
) -> None:
    publish_table(USERS, {"ID": "NUMBER(10)"}, [(1,), (5,)], as_of=MONDAY)
    result = explain(deps, sql="SELECT count(*) AS n FROM ORDERS o JOIN USERS u ON u.ID = o.ID")
    assert rows(result) == (("n", 1, 2, "1"),)
    assert remarks(result)["change.only_copy"] == {"table": "SHOP.USERS", "after_at": MONDAY}


def test_columns_that_came_and_went_are_told_and_a_copy_without_one_cannot_answer(
    deps: AnalystDeps, publish_table: Publish
) -> None:
    publish_table(USERS, {"ID": "NUMBER(10)", "OLD": "NUMBER(1)"}, [(1, 1)], as_of=MONDAY)
    publish_table(USERS, {"ID": "NUMBER(10)", "NEW": "NUMBER(1)"}, [(1, 1)], as_of=TUESDAY)
    for asked in (
        {"sql": "SELECT sum(NEW) AS n FROM USERS"},
        {"query": {"table": "USERS", "aggregates": [{"function": "sum", "column": "NEW"}]}},
    ):
        result = explain(deps, **asked)
        assert rows(result) == ()
        told = remarks(result)
        assert "change.not_then" in told
        assert told["change.came"] == {"table": "SHOP.USERS", "columns": "NEW"}
        assert told["change.went"] == {"table": "SHOP.USERS", "columns": "OLD"}
        assert "NEW" in result.data["before_cannot_be_asked"]


def always(exposure: Exposure) -> Callable[[TableRef], Exposure]:
    return lambda _: exposure


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize(
    "kept_back",
    [{"hidden": {"AMOUNT": "no money"}}, {"masks": {"AMOUNT": "hash"}, "key": "unguessable"}],
)
def test_no_change_of_a_column_that_is_kept_back_is_told(
    make_deps: Callable[..., AnalystDeps], kept_back: dict[str, Any]
) -> None:
    exposure = always(Exposure(rule="no money", **kept_back))
    result = explain(make_deps(exposure=exposure), query=COUNT)
    told = remarks(result)
    assert told["change.rows"] == {"table": "SHOP.ORDERS", "added": 1, "removed": 1, "changed": 1}
    assert told["change.in_columns"]["columns"] == "STATUS 1"
    assert told["change.example"] == {"key": "ID 1", "changes": "STATUS PAID → CANCELLED"}
    assert told["change.by_rule"] == {"table": "SHOP.ORDERS", "rule": "no money"}
    assert "AMOUNT" not in result.content + str(told)


@pytest.mark.usefixtures("orders")
def test_rows_are_not_told_apart_by_a_key_that_is_disguised(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    hashed = Exposure(masks={"ID": "hash"}, key="unguessable", rule="no ids")
    told = remarks(explain(make_deps(exposure=always(hashed)), query=COUNT))
    assert told["change.whole_rows"] == {"table": "SHOP.ORDERS", "added": 3, "removed": 3}
    assert not {"change.added", "change.removed", "change.example"} & set(told)


@pytest.mark.usefixtures("orders")
def test_only_rows_that_are_shown_are_counted(make_deps: Callable[..., AnalystDeps]) -> None:
    condition = Filter(column="STATUS", op="=", values=("PAID",))
    paid = Exposure(where=(condition,), rule="paid only")
    result = explain(make_deps(exposure=always(paid)), query=BY_STATUS)
    assert rows(result) == (("PAID", "30.00", "20.25", "-9.75"),)
    told = remarks(result)
    assert told["change.rows"] == {"table": "SHOP.ORDERS", "added": 1, "removed": 1, "changed": 0}
    assert (told["change.added"], told["change.removed"]) == ({"keys": "ID 5"}, {"keys": "ID 1"})
    for unseen in ("CANCELLED", "SHIPPED", "RETURNED"):
        assert unseen not in result.content + str(told)


@pytest.mark.usefixtures("orders")
def test_values_are_for_the_person_where_the_model_may_not_see_them(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    def figures(_: TableRef) -> str:
        return "aggregates"

    result = explain(make_deps(model_sees=figures), query=BY_STATUS)
    assert rows(result)[1] == ("PAID", "30.00", "20.25", "-9.75")
    assert "change.example" in remarks(result)
    for kept_back in ("30.00", "CANCELLED", "6.50"):
        assert kept_back not in result.content
    assert result.data["tables"][0]["rows_changed"] == 2


@pytest.mark.usefixtures("orders")
def test_rows_that_cannot_be_told_apart_are_counted(deps: AnalystDeps) -> None:
    result = explain(deps, sql="SELECT STATUS FROM ORDERS WHERE STATUS <> 'RETURNED'")
    assert rows(result) == (("rows", 3, 4, "1"),)
    assert "change.unmatched" in remarks(result)


def test_a_group_beyond_what_is_read_is_not_called_gone(
    deps: AnalystDeps, publish_table: Publish
) -> None:
    columns = {"ID": "NUMBER(10)", "N": "NUMBER(10)"}
    publish_table(ORDERS, columns, [(n, 1) for n in range(15_000)], as_of=MONDAY)
    publish_table(ORDERS, columns, [(n, 1) for n in range(4_000, 16_000)], as_of=TUESDAY)
    result = explain(deps, sql="SELECT ID, N FROM ORDERS ORDER BY ID")
    assert "change.cut" in remarks(result)
    assert {(row[1], row[2]) for row in rows(result)} == {(1, 1)}


def test_copies_that_do_not_fit_into_the_memory_of_a_query_are_not_compared_and_that_is_said(
    make_deps: Callable[..., AnalystDeps], publish_table: Publish, tmp_path: Path
) -> None:
    columns = {"ID": "NUMBER(10)", "NOTE": "VARCHAR2(200)"}
    for copy, day in enumerate((MONDAY, TUESDAY)):
        publish_table(ORDERS, columns, [(n, f"{copy} {n}" * 20) for n in range(9_000)], as_of=day)
    with open_queries(tmp_path / "warehouse", QueryLimits(memory_mb=6)) as queries:
        result = explain(make_deps(queries=queries), query=COUNT)
    assert rows(result) == (("count", 9_000, 9_000, "0"),)
    assert remarks(result)["change.too_large"] == {"table": "SHOP.ORDERS"}
