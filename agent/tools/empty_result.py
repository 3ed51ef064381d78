"""What is told of a question or SQL that found nothing: why, and what there is instead."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from agent.deps import AnalystDeps, ModelSees
from agent.remarks import Remark, remark
from sync.errors import DuckferryError
from sync.plan import TableRef
from sync.warehouse.emptiness import Emptiness, why_empty
from sync.warehouse.exposure import Exposure
from sync.warehouse.manifest import ManifestEntry
from sync.warehouse.query import Query
from sync.warehouse.query_process import Cell
from sync.warehouse.sql_emptiness import why_sql_empty

log = logging.getLogger(__name__)


def told_empty(
    deps: AnalystDeps,
    query: Query,
    rows: Sequence[Sequence[Cell]],
    entry: ManifestEntry,
    exposure: Exposure,
) -> Emptiness | None:
    """Find out why *rows* are none, or the figures of none; None where they are of some."""
    if not _is_empty(query, rows):
        return None
    return _explained(lambda: why_empty(deps.queries, query, entry, exposure))


def told_empty_sql(
    deps: AnalystDeps, sql: str, known: Sequence[TableRef], rows: Sequence[Sequence[Cell]]
) -> Emptiness | None:
    """The same of SQL; None also where its conditions cannot be told one by one."""
    if len(rows) > 1 or not all(_is_nothing(row) for row in rows):
        return None
    return _explained(lambda: why_sql_empty(deps.queries, sql, known, deps.exposure))


def _explained(why: Callable[[], Emptiness | None]) -> Emptiness | None:
    try:
        return why()
    except DuckferryError as error:  # too much time, perhaps: the answer stands without it
        log.info("an empty result was not explained: %s", error.code)
        return None


def empty_remarks(found: Emptiness) -> tuple[Remark, ...]:
    """Say it to people."""
    if not found.rows:
        return (remark("empty.no_pair" if found.is_joined else "empty.no_rows"),)
    told = [remark("empty.unmet", condition=one) for one in found.unmet]
    told += [remark("empty.without", condition=one, rows=count) for one, count in found.without]
    if not told:
        told.append(remark("empty.together"))
    for near in found.near:
        if near.is_range:
            low, high = near.values[0], near.values[-1]
            told.append(remark("empty.range", column=near.column, low=low, high=high))
        else:
            values = ", ".join(near.values)
            told.append(remark("empty.near", column=near.column, values=values))
    return tuple(told)


def empty_for_model(sees: ModelSees, found: Emptiness) -> dict[str, Any]:
    """Say it to the model, as far as it may see the table."""
    if sees != "rows":
        why = "Which condition left no row is shown to the person below your answer."
        return {"no_row_found": why}
    return {
        "no_row_found": {
            "rows_there_are": found.rows,
            "met_by_no_row": list(found.unmet),
            "rows_without": [{"condition": one, "rows": n} for one, n in found.without],
            "stored": {near.column: list(near.values) for near in found.near},
            "note": "The person sees this below your answer. Where a stored value is clearly what "
            "was meant, ask again with it and say so; else ask which is meant.",
        }
    }


def _is_empty(query: Query, rows: Sequence[Sequence[Cell]]) -> bool:
    if not rows:
        return True
    is_figure = bool(query.aggregates) and not query.group_by
    return is_figure and _is_nothing(rows[0])


def _is_nothing(row: Sequence[Cell]) -> bool:
    return all(value in (None, 0) for value in row)
