"""Why a statement found no row, told from its own conditions as DuckDB reads them."""

import time
from collections.abc import Callable, Sequence

from sync.errors import DuckferryError
from sync.plan import TableRef
from sync.warehouse.conditions import (
    Compared,
    Conditions,
    Node,
    NotSimple,
    as_read,
    compared,
    conditions_of,
    counted,
    end_of,
    select,
    type_of,
)
from sync.warehouse.emptiness import MOST_CONDITIONS, MOST_WANTED, Emptiness, Near, nearest
from sync.warehouse.exposure import Exposure
from sync.warehouse.query_process import Queries, QueryResult
from sync.warehouse.query_values import TEXT_TYPES, TIME_TYPES, is_number

SECONDS = 5.0
"""For all of it: whoever asked waits for an answer that is there already."""
_MOST_NEAR = 3
_CONDITION_CHARACTERS = 200
_ZONED = " WITH TIME ZONE"

_Ask = Callable[[Callable[[Conditions], Node], tuple[str, str]], QueryResult]


def why_sql_empty(
    queries: Queries,
    sql: str,
    known: Sequence[TableRef],
    exposure_of: Callable[[TableRef], Exposure],
) -> Emptiness | None:
    """Find out why no row meets the conditions of *sql*.

    None where one does, and where *sql* is not simple enough to tell. Raises what
    `Queries.run_sql` raises.
    """
    until = time.monotonic() + SECONDS
    conditions: Conditions | None = None

    def ask(make: Callable[[Conditions], Node], around: tuple[str, str] = ("", "")) -> QueryResult:
        def instead(tree: Node) -> Node:
            nonlocal conditions
            conditions = conditions_of(tree)
            return make(conditions)

        limited = queries.taking(seconds=max(until - time.monotonic(), 0.1), around=around)
        return limited.run_sql(sql, known, exposure_of, instead=instead)

    try:
        found = ask(_counts)
    except NotSimple:
        return None
    return _told(conditions, found, ask) if conditions else None


def _counts(conditions: Conditions) -> Node:
    """All rows, those that meet everything, and of each condition it alone and all others.

    And the types of what is compared.
    """
    each = conditions.each
    first = range(min(len(each), MOST_CONDITIONS))
    columns = [counted(()), counted(each)]
    columns += [counted(each[n : n + 1]) for n in first]
    columns += [counted(each[:n] + each[n + 1 :]) for n in first]
    columns += [type_of(one.side) for one in map(compared, each[: len(first)]) if one]
    return select(conditions.source, columns)


def _told(conditions: Conditions, found: QueryResult, ask: _Ask) -> Emptiness | None:
    looked_at = conditions.each[:MOST_CONDITIONS]
    most = len(looked_at)
    every, meeting, *counts = (int(str(one)) for one in found.rows[0][: 2 + 2 * most])
    if meeting:
        return None
    if not every:
        return Emptiness(0, is_joined=conditions.is_joined)
    names = [column.name for column in found.columns[2 : 2 + most]]
    texts = [as_read(*one)[:_CONDITION_CHARACTERS] for one in zip(looked_at, names, strict=True)]
    alone, without = counts[:most], counts[most:]
    unmet = [n for n in range(most) if not alone[n]]
    guilty = unmet or [n for n in range(most) if without[n]]
    types = iter(found.rows[0][2 + 2 * most :])
    kinds = {n: str(next(types)) for n in range(most) if compared(looked_at[n])}
    return Emptiness(
        every,
        unmet=tuple(texts[n] for n in unmet),
        without=() if unmet else tuple((texts[n], without[n]) for n in guilty),
        near=_near(ask, [(looked_at[n], kinds[n]) for n in guilty if n in kinds]),
    )


def _near(ask: _Ask, guilty: Sequence[tuple[Node, str]]) -> tuple[Near, ...]:
    """What is stored, of each column once, as far as there is time."""
    told: dict[str, Near] = {}
    for condition, kind in guilty[:_MOST_NEAR]:
        if (one := compared(condition)) is None:
            continue
        try:
            near = _stored(ask, one, kind)
        except DuckferryError:  # what is known already is told without it
            break
        if near is not None:
            told[one.column] = near
    return tuple(told.values())


def _stored(ask: _Ask, one: Compared, kind: str) -> Near | None:
    if kind in TEXT_TYPES or kind.startswith("ENUM"):
        found = ask(
            lambda conditions: select(conditions.source, [one.side]),
            nearest(one.wanted[:MOST_WANTED]),
        )
        values = tuple(str(row[2]) for row in sorted(found.rows, key=lambda row: int(str(row[1]))))
        return Near(one.column, values, is_range=False) if values else None
    if is_number(kind) or kind.removesuffix(_ZONED) in TIME_TYPES:
        ends = [end_of(one.side, "min"), end_of(one.side, "max")]
        found = ask(
            lambda conditions: select(conditions.source, ends),
            ("SELECT CAST(low AS VARCHAR), CAST(high AS VARCHAR) FROM ", " AS ends(low, high)"),
        )
        low, high = found.rows[0]
        return Near(one.column, (str(low), str(high)), is_range=True) if low is not None else None
    return None
