"""A chart of 100,000 points, from SQL to the picture, beside the same picture of all its points."""

import statistics
import time
from pathlib import Path

from agent.outputs import Chart, Series
from agent.tools.chart_data import series_of, thinned_series
from app.pictures import Pictures
from app.views.chart_spec import chart_spec
from bench.figures import Figure, interleaved, percentile
from sync.plan import TableRef
from sync.warehouse.exposure import WHOLE, Exposure
from sync.warehouse.query_process import Queries, QueryLimits, QueryResult, open_queries
from sync.warehouse.thinning import thinning

POINTS = 100_000
DRAWN = 1_000
SQL = f"SELECT n, sin(n / 500.0) * 1000 + n % 97 AS y FROM (SELECT range AS n FROM range({POINTS}))"


def measure_chart(warehouse: Path, repetitions: int) -> Figure:
    """Draw it *repetitions* times each way."""
    with open_queries(warehouse, QueryLimits()) as queries, Pictures(60) as pictures:
        every = series_of(
            _ask(queries.taking(rows=POINTS, size=30_000_000, patient=True)),
            "line",
            "n",
            ["y"],
            None,
        )

        def thinned() -> float:
            began = time.perf_counter()
            _ask(queries.taking(rows=2 * DRAWN, size=3_000_000))  # as the tool looks first
            around = thinning(("n", "BIGINT"), ["y"], None, DRAWN)
            found = _ask(queries.taking(rows=2 * DRAWN, size=3_000_000, around=around))
            series, points = thinned_series(found, "number")
            assert (points, len(series[0].points)) == (POINTS, DRAWN)
            _draw(pictures, series)
            return time.perf_counter() - began

        def whole() -> float:
            began = time.perf_counter()
            _draw(pictures, every)
            return time.perf_counter() - began

        first = thinned()
        found = interleaved({"thinned": thinned, "whole": whole}, repetitions)
    return Figure(
        bench=f"chart_{POINTS}_points",
        value=percentile(found["thinned"], 50),
        unit="s",
        against="peer",
        other=statistics.median(found["whole"]),
        detail={"worst": max(found["thinned"]), "first_of_a_process": first, "drawn": DRAWN},
    )


def _ask(queries: Queries) -> QueryResult:
    return queries.run_sql(SQL, (), _whole)


def _whole(_: TableRef) -> Exposure:
    return WHOLE


def _draw(pictures: Pictures, series: tuple[Series, ...]) -> None:
    chart = Chart(kind="line", title="chart", x="n", axis="number", series=series, points=POINTS)
    pictures.draw(chart_spec("en", chart, "UTC"), "en")
