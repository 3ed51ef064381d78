import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from agent.deps import AnalystDeps
from agent.events import Basis
from agent.outputs import Chart
from agent.tools.base import ToolResult
from agent.tools.chart_tool import CHART_TOOLS
from agent.tools.registry import ToolRegistry
from sync.plan import TableRef
from sync.warehouse.exposure import Exposure

moment = datetime.fromisoformat
ORDERS = TableRef(source="main", schema_name="SHOP", table="ORDERS")
AS_OF = "2026-11-22T00:00:00Z"
BY_MONTH: dict[str, Any] = {
    "table": "ORDERS",
    "group_by": [{"column": "ORDERED_AT", "unit": "month"}],
    "aggregates": [{"function": "sum", "column": "AMOUNT", "alias": "total"}],
}
LONG = (
    "SELECT r.range AS n, (r.range % 1000) * 1.5 AS y, r.range % 2 AS side "
    "FROM range(100000) r, (SELECT count(*) FROM ORDERS) one"
)


@pytest.fixture
def orders(publish_table: Callable[..., Any]) -> None:
    rows = [
        (1, moment("2026-01-05T00:00:00"), "PAID", 1200.5),
        (2, moment("2026-01-09T00:00:00"), "SHIPPED", 99.5),
        (3, moment("2026-02-01T00:00:00"), "PAID", 40.0),
        (4, moment("2026-03-02T00:00:00"), "PAID", None),
    ]
    columns = {
        "ID": "NUMBER(10)",
        "ORDERED_AT": "DATE",
        "STATUS": "VARCHAR2(20)",
        "AMOUNT": "BINARY_DOUBLE",
    }
    publish_table(ORDERS, columns, rows)


def draw(deps: AnalystDeps, **arguments: Any) -> ToolResult:
    asked = {"kind": "bar", "title": "Sales", **arguments}
    return ToolRegistry(CHART_TOOLS).call(deps, "make_chart", json.dumps(asked), "call_1")


def chart_of(result: ToolResult) -> Chart:
    assert result.chart is not None, result.content
    return result.chart


@pytest.mark.usefixtures("orders")
def test_a_chart_is_made_of_the_rows_of_a_question(deps: AnalystDeps) -> None:
    result = draw(deps, query=BY_MONTH, x="ordered_at_month", y=["TOTAL"], kind="line")
    chart = chart_of(result)
    assert (chart.x, chart.axis) == ("ORDERED_AT_month", "time")
    assert [(one.name, one.points) for one in chart.series] == [
        ("total", (("2026-01-01T00:00:00", 1300.0), ("2026-02-01T00:00:00", 40.0)))
    ]
    assert result.basis == (Basis("SHOP.ORDERS", 4, AS_OF),)
    assert result.data["series"][0]["highest"] == ("2026-01-01T00:00:00", 1300.0)


@pytest.mark.usefixtures("orders")
def test_each_value_of_a_column_becomes_a_series(deps: AnalystDeps) -> None:
    sql = "SELECT STATUS, ID, AMOUNT FROM ORDERS WHERE AMOUNT IS NOT NULL ORDER BY ID"
    chart = chart_of(draw(deps, sql=sql, x="ID", y=["AMOUNT"], series="STATUS", kind="scatter"))
    assert [(one.name, one.points) for one in chart.series] == [
        ("PAID", ((1.0, 1200.5), (3.0, 40.0))),
        ("SHIPPED", ((2.0, 99.5),)),
    ]


@pytest.mark.usefixtures("orders")
def test_a_long_series_is_thinned_to_what_can_be_drawn_and_keeps_its_ends_and_peaks(
    deps: AnalystDeps,
) -> None:
    chart = chart_of(draw(deps, sql=LONG, x="n", y=["y"], kind="line"))
    points = chart.series[0].points
    assert (chart.points, chart.drawn) == (100_000, 1_000)
    assert (points[0], points[-1]) == ((0.0, 0.0), (99_999.0, 1_498.5))
    assert max(value for _, value in points) == 1_498.5


@pytest.mark.usefixtures("orders")
def test_each_long_series_is_thinned_by_itself(deps: AnalystDeps) -> None:
    chart = chart_of(draw(deps, sql=LONG, x="n", y=["y"], series="side", kind="line"))
    assert [len(one.points) for one in chart.series] == [1_000, 1_000]
    assert chart.points == 100_000


@pytest.mark.usefixtures("orders")
def test_more_categories_than_can_be_read_are_left_out_and_said_so(deps: AnalystDeps) -> None:
    sql = "SELECT 'c' || r.range AS name, 1 AS n FROM range(70) r, (SELECT 1 FROM ORDERS LIMIT 1)"
    result = draw(deps, sql=sql, x="name", y=["n"])
    assert (chart_of(result).drawn, chart_of(result).left_out) == (60, True)
    assert "first categories" in result.data["left_out"]


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize("sees", ["aggregates", "schema"])
def test_what_the_model_may_not_see_is_drawn_and_not_told(
    make_deps: Callable[..., AnalystDeps], sees: str
) -> None:
    deps = make_deps(model_sees=lambda _: sees)  # pyright: ignore[reportUnknownLambdaType]
    result = draw(deps, query=BY_MONTH, x="ORDERED_AT_month", y=["total"])
    assert chart_of(result).drawn == 2
    assert "1300" not in result.content
    assert "withheld" in result.data


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"query": BY_MONTH, "x": "MONTH", "y": ["total"]}, "it has: ORDERED_AT_month, total."),
        ({"sql": "SELECT ID, STATUS FROM ORDERS", "x": "ID", "y": ["STATUS"]}, "is VARCHAR"),
        ({"query": BY_MONTH, "sql": "SELECT 1", "x": "a", "y": ["b"]}, "either query or sql"),
        ({"x": "a", "y": ["b"]}, "either query or sql"),
        (
            {"sql": "SELECT ID, -AMOUNT AS a FROM ORDERS", "x": "ID", "y": ["a"], "kind": "pie"},
            "below zero",
        ),
        (
            {"query": BY_MONTH, "x": "a", "y": ["b", "c"], "series": "d"},
            "with a column for series, y is one column",
        ),
        ({"sql": LONG, "x": "n", "y": ["y"], "series": "n", "kind": "line"}, "more than 12 series"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_words_the_model_can_act_on(
    deps: AnalystDeps, arguments: dict[str, Any], says: str
) -> None:
    result = draw(deps, **arguments)
    assert not result.ok
    assert says in str(result.data["error"])


@pytest.mark.usefixtures("orders")
def test_no_figures_make_no_chart(deps: AnalystDeps) -> None:
    sql = "SELECT ID, AMOUNT FROM ORDERS WHERE AMOUNT IS NULL"
    result = draw(deps, sql=sql, x="ID", y=["AMOUNT"])
    assert result.chart is None
    assert "nothing to draw" in result.data["note"]


@pytest.mark.usefixtures("orders")
def test_a_chart_shows_only_the_rows_its_caller_may_see(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    masked = Exposure(masks={"STATUS": "null"}, rule="no status", private=True)
    deps = make_deps(exposure=lambda _: masked)  # pyright: ignore[reportUnknownLambdaType]
    sql = "SELECT coalesce(STATUS, '?') AS s, count(*) AS n FROM ORDERS GROUP BY ALL"
    result = draw(deps, sql=sql, x="s", y=["n"])
    assert chart_of(result).series[0].points == (("?", 4.0),)
    assert result.private == "no status"
