"""From the rows of a result to the points of a chart. Pure."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from agent.outputs import AxisKind, ChartKind, Point, Series
from sync.errors import BadQuery
from sync.warehouse.query_process import QueryResult, ResultColumn
from sync.warehouse.query_values import is_number
from sync.warehouse.thinning import TIME_KINDS

MOST_SERIES = 12
MOST_CATEGORIES = 60


def find(result: QueryResult, name: str) -> ResultColumn:
    """The column called *name*, in any case; raises `BadQuery` naming the real ones."""
    for column in result.columns:
        if column.name.casefold() == name.strip().casefold():
            return column
    names = ", ".join(column.name for column in result.columns)
    raise BadQuery(reason=f"the result has no column {name}; it has: {names}.")


def axis_of(column: ResultColumn, kind: ChartKind) -> AxisKind:
    """How a column stands along the axis; bars and slices stand for one value each."""
    if column.type.startswith(TIME_KINDS):
        return "time"
    return "number" if is_number(column.type) and kind not in ("bar", "pie") else "category"


def series_of(
    result: QueryResult, kind: ChartKind, x: str, ys: Sequence[str], series: str | None
) -> tuple[Series, ...]:
    """The points of each series: a column of *ys* each, or a value of the column *series* each.

    Raises `BadQuery` for columns that are not there or hold no numbers, and for too many series.
    """
    at = find(result, x)
    axis = axis_of(at, kind)
    values = [find(result, y) for y in ys]
    for column in values:
        if not is_number(column.type):
            raise BadQuery(reason=f"column {column.name} is {column.type} and cannot be drawn.")
    place = {column.name: number for number, column in enumerate(result.columns)}
    named = None if series is None else place[find(result, series).name]
    found: dict[str, list[Point]] = {}
    for row in result.rows:
        where = _where(row[place[at.name]], axis)
        for column in values:
            value = _number(row[place[column.name]])
            if where is not None and value is not None:
                name = column.name if named is None else _name(row[named])
                found.setdefault(name, []).append((where, value))
    return _checked(found.items(), axis)


def thinned_series(result: QueryResult, axis: AxisKind) -> tuple[tuple[Series, ...], int]:
    """The same of a result of `sync.warehouse.thinning`, and how many points there are in truth."""
    found: dict[str, list[Point]] = {}
    points: dict[str, int] = {}
    for name, count, at, value in result.rows:
        where, number = _where(at, axis), _number(value)
        if where is not None and number is not None:
            found.setdefault(_name(name), []).append((where, number))
            points[_name(name)] = int(str(count))
    return _checked(found.items(), axis), sum(points.values())


def first_categories(series: tuple[Series, ...]) -> tuple[tuple[Series, ...], bool]:
    """The series with their first categories alone, and whether there are more."""
    names = dict.fromkeys(where for one in series for where, _ in one.points)
    if len(names) <= MOST_CATEGORIES:
        return series, False
    kept = set(list(names)[:MOST_CATEGORIES])
    return tuple(
        one.model_copy(update={"points": tuple(p for p in one.points if p[0] in kept)})
        for one in series
    ), True


def slices(series: tuple[Series, ...]) -> tuple[Series, ...]:
    """The one series of a pie without empty slices. Raises `BadQuery` for what is no share."""
    if len(series) > 1:
        raise BadQuery(reason="a pie shows one column of figures; use a bar chart for more.")
    if any(value < 0 for one in series for _, value in one.points):
        raise BadQuery(reason="a pie shows shares, and a figure is below zero; use a bar chart.")
    return tuple(
        one.model_copy(update={"points": tuple(point for point in one.points if point[1] > 0)})
        for one in series
    )


def _checked(found: Iterable[tuple[str, list[Point]]], axis: AxisKind) -> tuple[Series, ...]:
    series = [
        Series(name=name, points=tuple(points if axis == "category" else sorted(points)))
        for name, points in found
    ]
    if len(series) > MOST_SERIES:
        reason = f"it has more than {MOST_SERIES} series; filter, or group what belongs together."
        raise BadQuery(reason=reason)
    return tuple(series)


def _where(value: Any, axis: AxisKind) -> str | float | None:
    if value is None:
        return None
    return _number(value) if axis == "number" else str(value)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _name(value: Any) -> str:
    return "–" if value is None else str(value)
