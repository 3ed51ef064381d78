"""What an answer took for granted, drawn from the question itself."""

from collections.abc import Sequence

from agent.remarks import Remark, remark
from sync.warehouse.query import DateGroup, Query, TableShape, find_column
from sync.warehouse.query_values import TIME_TYPES

_ZONED = "TIMESTAMPTZ"


def assumed(query: Query, shape: TableShape) -> tuple[Remark, ...]:
    """Tell the filters of *query*, and by which clock its dates count.

    A list of rows without a filter assumes nothing that is not seen.
    """
    told: list[Remark] = []
    if query.where:
        told.append(remark("assumed.where", conditions=" · ".join(map(str, query.where))))
    elif query.aggregates:
        told.append(remark("assumed.everything"))
    groups = [group.column for group in query.group_by if isinstance(group, DateGroup)]
    named = [one.column for one in query.where if one.value is not None] + groups
    columns = {found.name: found.duckdb_type for found in (find_column(shape, n) for n in named)}
    times = {name: kind for name, kind in columns.items() if kind in TIME_TYPES}
    zoned = [name for name, kind in times.items() if kind == _ZONED]
    plain = [name for name, kind in times.items() if kind != _ZONED]
    if zoned:
        told.append(remark("assumed.utc", columns=", ".join(zoned)))
    if plain:
        told.append(remark("assumed.clock", columns=", ".join(plain)))
    return tuple(told)


def assumed_by_model(assumptions: Sequence[str]) -> tuple[Remark, ...]:
    """Tell what the model says it took for granted."""
    told = (" ".join(one.split()) for one in assumptions)
    return tuple(remark("assumed.model", text=one) for one in told if one)
