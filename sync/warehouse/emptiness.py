"""Why a question found no row: which of its conditions left none, and what is stored near it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sync.errors import BadQuery
from sync.warehouse.exposure import Exposure
from sync.warehouse.manifest import ManifestEntry
from sync.warehouse.query import Condition, Query, Shape, find_column
from sync.warehouse.query_process import Queries, QueryResult
from sync.warehouse.query_values import (
    TEXT_TYPES,
    TIME_TYPES,
    comparison,
    is_number,
    require_order,
)
from sync.warehouse.sql import quote, table_name, text

MOST_CONDITIONS = 5
"""So many are looked at each for itself."""
NEAREST = 5
_SHOWN_CHARACTERS = 100
MOST_WANTED = 5
"""Values of one condition that others are compared with."""
_ALIKE = frozenset({"=", "in", "like"})


@dataclass(frozen=True)
class Near:
    """What a column holds, near to what was asked of it."""

    column: str
    values: tuple[str, ...]
    """Those that look most like it; of numbers and dates the smallest and the largest."""
    is_range: bool


@dataclass(frozen=True)
class Emptiness:
    """How it came that no row was found."""

    rows: int
    """That are there to be found."""
    unmet: tuple[str, ...] = ()
    """Conditions that no row meets, each taken alone."""
    without: tuple[tuple[str, int], ...] = ()
    """How many rows were found without it, where any were."""
    near: tuple[Near, ...] = ()
    is_joined: bool = False
    """The rows are of several tables, put together."""


def why_empty(
    queries: Queries, query: Query, entry: ManifestEntry, exposure: Exposure
) -> Emptiness | None:
    """Find out why no row of *entry* meets the conditions of *query*; None where one does.

    It takes a query, and another one for what is stored. Raises what `Queries.run_sql` raises.
    """
    shape = exposure.shape(entry)

    def ask(sql: str) -> QueryResult:
        return queries.run_sql(sql, [entry.ref], lambda _: exposure, entry_of=lambda _, __: entry)

    looked_at = query.where[:MOST_CONDITIONS]
    every, meeting, *counts = (
        int(str(count)) for count in ask(_counts(shape, query.where)).rows[0]
    )
    if meeting:
        return None
    alone, without = counts[: len(looked_at)], counts[len(looked_at) :]
    unmet = tuple(one for one, count in zip(looked_at, alone, strict=True) if not count)
    helping = tuple(
        (one, count) for one, count in zip(looked_at, without, strict=True) if count and not unmet
    )
    if not every:
        return Emptiness(0)
    guilty = unmet or tuple(one for one, _ in helping)
    asked = [sql for number, one in enumerate(guilty) if (sql := _stored(shape, one, number))]
    stored = f"SELECT * FROM ({' UNION ALL '.join(asked)}) AS s(which, n, v) ORDER BY which, n"
    found = ask(stored) if asked else None
    return Emptiness(
        every,
        tuple(map(str, unmet)),
        tuple((str(one), count) for one, count in helping),
        _near(shape, guilty, found),
    )


def nearest(wanted: Sequence[str], number: int = 0) -> tuple[str, str]:
    """The SQL around a subquery of one column of text that leaves what looks most like *wanted*.

    Its columns are *number*, the place from 1, and the value.
    """
    likeness = ", ".join(
        f"jaro_winkler_similarity({_plain('v')}, {_plain(text(one))})" for one in wanted
    )
    before = (
        f"SELECT {number}, n, left(v, {_SHOWN_CHARACTERS}) FROM (SELECT v, "
        f"row_number() OVER (ORDER BY greatest({likeness}) DESC, v) AS n "
        "FROM (SELECT DISTINCT CAST(v AS VARCHAR) AS v FROM "
    )
    return before, f" AS stored(v)) WHERE v IS NOT NULL) WHERE n <= {NEAREST}"


def _counts(shape: Shape, conditions: Sequence[Condition]) -> str:
    """All rows, those that meet everything, and of each condition it alone and all others."""
    each = [
        comparison(find_column(shape, one.column), one.op, one.value, text) for one in conditions
    ]
    first = range(min(len(each), MOST_CONDITIONS))
    filters = [_all(each)]
    filters += [each[n] for n in first]
    filters += [_all(each[:n] + each[n + 1 :]) for n in first]
    counts = "".join(f", count(*) FILTER (WHERE {one})" for one in filters)
    return f"SELECT count(*){counts} FROM {table_name(shape.ref)}"


def _all(conditions: Sequence[str]) -> str:
    return " AND ".join(conditions) or "true"


def _stored(shape: Shape, condition: Condition, number: int) -> str:
    """The SQL of what is stored near a condition's value; empty where nothing can be said."""
    column = find_column(shape, condition.column)
    name, table = quote(column.name), table_name(shape.ref)
    values = condition.value if isinstance(condition.value, list) else [condition.value]
    wanted = [str(value) for value in values if value is not None][:MOST_WANTED]
    if not wanted or condition.op in ("!=", "not_in"):
        return ""
    if column.duckdb_type in TEXT_TYPES and condition.op in _ALIKE:
        before, after = nearest(wanted, number)
        return f"{before}(SELECT {name} FROM {table}){after}"
    try:
        require_order(column, "the size")
    except BadQuery:
        return ""
    if column.duckdb_type in TIME_TYPES or is_number(column.duckdb_type):
        ends = [
            f"SELECT {number}, {n}, CAST({end}({name}) AS VARCHAR) FROM {table}"
            for n, end in ((1, "min"), (2, "max"))
        ]
        return " UNION ALL ".join(ends)
    return ""


def _plain(value: str) -> str:
    """Text without what people vary: case, spaces, and how a sign of Hangul is composed."""
    return f"replace(lower(nfc_normalize({value})), ' ', '')"


def _near(
    shape: Shape, conditions: Sequence[Condition], found: QueryResult | None
) -> tuple[Near, ...]:
    told: dict[str, Near] = {}
    for number, one in enumerate(conditions):
        column = find_column(shape, one.column)
        values = tuple(
            str(value)
            for which, _, value in (found.rows if found else ())
            if which == number and value is not None
        )
        if values:
            is_text = column.duckdb_type in TEXT_TYPES
            told[column.name] = Near(column.name, values, is_range=not is_text)
    return tuple(told.values())
