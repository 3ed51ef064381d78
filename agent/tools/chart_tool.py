"""``make_chart``: a chart of a fixed vocabulary, drawn by code from the result of a query."""

from typing import Any

from pydantic import Field

from agent.deps import AnalystDeps
from agent.events import moment_told
from agent.outputs import Chart, ChartKind, Series
from agent.tools.base import BaseTool, ToolResult
from agent.tools.chart_data import (
    MOST_SERIES,
    axis_of,
    find,
    first_categories,
    series_of,
    slices,
    thinned_series,
)
from agent.tools.copies import lacks
from agent.tools.costly_sql import by_a_yes
from agent.tools.reading import Read, Source, note_read, read
from sync.errors import BadQuery
from sync.warehouse.thinning import thinning

_PLAIN_ROWS = 2_000
"""More are thinned, where they lie on an axis."""
_DRAWN_POINTS = 1_000
"""Of a series that is thinned; a picture is not much wider."""
_MOST_BYTES = 3_000_000
_TITLE_CHARACTERS = 150


class MakeChartParameters(Source):
    """What is drawn how."""

    kind: ChartKind = Field(description="line or area over time, bar for categories, pie: shares.")
    x: str = Field(max_length=200, description="The result column along the axis.")
    y: list[str] = Field(min_length=1, max_length=MOST_SERIES, description="Columns of numbers.")
    series: str | None = Field(
        default=None,
        max_length=200,
        description="A column whose values each become a line of their own; then y is one column.",
    )
    title: str = Field(min_length=1, max_length=_TITLE_CHARACTERS)
    unit: str = Field(default="", max_length=30, description="Of the figures: 원, USD, %.")


class MakeChartTool(BaseTool[MakeChartParameters]):
    """``make_chart``."""

    name = "make_chart"
    description = (
        "Draw a chart of what a query or SQL gives; say which of its columns are drawn. Any number "
        "of rows will do: long series are thinned. The person sees it: say in words what it shows."
    )
    parameters = MakeChartParameters

    def run(
        self, deps: AnalystDeps, parameters: MakeChartParameters, call_id: str, /
    ) -> ToolResult:
        """Read the points, or ask for a yes where the plan of its SQL is too large.

        Raises `BadQuery` and what `query_table` and `run_sql` raise.
        """
        return by_a_yes(
            deps,
            parameters.query or parameters.sql,
            "chart",
            call_id,
            lambda costly: self._drawn(deps, parameters, costly=costly),
        )

    def _drawn(
        self, deps: AnalystDeps, parameters: MakeChartParameters, *, costly: bool
    ) -> ToolResult:
        if parameters.series is not None and len(parameters.y) > 1:
            raise BadQuery(reason="with a column for series, y is one column.")
        found = read(
            deps,
            parameters,
            deps.queries.taking(
                rows=_PLAIN_ROWS, size=_MOST_BYTES, patient=costly, any_cost=costly
            ),
        )
        x = find(found.result, parameters.x)
        axis = axis_of(x, parameters.kind)
        series = series_of(found.result, parameters.kind, x.name, parameters.y, parameters.series)
        points, left_out = sum(len(one.points) for one in series), False
        if axis != "category" and found.is_cut(len(found.result.rows)):
            series, points = _thinned(deps, parameters, found, costly=costly)
        elif axis == "category":
            series, left_out = first_categories(series)
            left_out = left_out or found.is_cut(len(found.result.rows))
        if parameters.kind == "pie":
            series = slices(series)
        note_read(deps, found, "chart")
        chart = Chart(
            kind=parameters.kind,
            title=parameters.title,
            x=x.name,
            axis=axis,
            unit=parameters.unit,
            series=series,
            points=points,
            left_out=left_out,
            sql=found.sql,
        )
        return ToolResult(
            ok=True,
            data=_for_model(found, chart),
            basis=found.basis,
            chart=chart if chart.drawn else None,
        )


def _thinned(
    deps: AnalystDeps, parameters: MakeChartParameters, found: Read, *, costly: bool
) -> tuple[tuple[Series, ...], int]:
    """Have DuckDB thin what is longer than can be drawn."""
    x = find(found.result, parameters.x)
    ys = [find(found.result, y).name for y in parameters.y]
    series = find(found.result, parameters.series).name if parameters.series else None
    queries = deps.queries.taking(
        rows=_DRAWN_POINTS * (MOST_SERIES + 1),
        size=_MOST_BYTES,
        patient=costly,
        any_cost=costly,
        around=thinning((x.name, x.type), ys, series, _DRAWN_POINTS),
    )
    result = read(deps, parameters, queries).result
    return thinned_series(result, axis_of(x, parameters.kind))


def _for_model(found: Read, chart: Chart) -> dict[str, Any]:
    """What the model may know of a chart: how much is drawn, and its figures where it sees rows."""
    data: dict[str, Any] = {
        "tables": [{"table": one.table, **moment_told(one), **lacks(one)} for one in found.basis],
        "points": chart.points,
        "drawn": chart.drawn,
        "series_count": len(chart.series),
    }
    if not chart.drawn:
        return {**data, "note": "There is nothing to draw: no row has a figure. No chart is shown."}
    if chart.left_out:
        data["left_out"] = "Only the first categories are drawn; group or filter to show others."
    if found.sees != "rows":
        return {**data, "withheld": "The figures are kept from you; say what is drawn, not values."}
    data["series"] = [_summary(one) for one in chart.series]
    return data


def _summary(series: Series) -> dict[str, Any]:
    highest, lowest = (choose(series.points, key=lambda point: point[1]) for choose in (max, min))
    return {
        "name": series.name[:100],
        "first": series.points[0],
        "last": series.points[-1],
        "highest": highest,
        "lowest": lowest,
    }


CHART_TOOLS = (MakeChartTool(),)
