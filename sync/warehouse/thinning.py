"""SQL that thins long series to the points that keep their shape (LTTB), around any query."""

from collections.abc import Sequence

from sync.warehouse.sql import quote, text

TIME_KINDS = ("DATE", "TIMESTAMP")
COLUMNS = ("series", "points", "x", "y")
"""Of the result: the series' name, how many points it has in truth, and one of those kept."""


def thinning(
    x: tuple[str, str], ys: Sequence[str], series: str | None, points: int
) -> tuple[str, str]:
    """What stands before and behind a query that gives *x*, a column and its type, and *ys*.

    Each of *ys* is a series, or with a column *series* each value of that. DuckDB's `lttb` keeps
    *points* of each: the first, the last, and those between that stand out most.
    """
    name, kind = x
    at = quote(name)
    if not kind.startswith("TIMESTAMP"):
        at = f"CAST({at} AS {'TIMESTAMP' if kind == 'DATE' else 'DOUBLE'})"
    each = " UNION ALL ".join(_one(at, y, series, points) for y in ys)
    shown = "series, points, point.x AS x, point.y AS y"
    return "WITH asked AS (SELECT * FROM ", f") SELECT {shown} FROM ({each})"


def _one(at: str, y: str, series: str | None, points: int) -> str:
    named = f"CAST({quote(series)} AS VARCHAR)" if series else text(y)
    value = f"CAST({quote(y)} AS DOUBLE)"
    return (
        f"SELECT {named} AS series, count(*) AS points, "
        f"unnest(lttb({at}, {value}, {points} ORDER BY {at})) AS point "
        f"FROM asked WHERE {at} IS NOT NULL AND isfinite({value}) GROUP BY 1"
    )
