"""What the model reads of a result, by what bot.toml lets it see; people always see everything."""

from typing import Any

from agent.conversation import Table
from agent.deps import ModelSees
from agent.tools.base import within
from sync.warehouse.query import Aggregate, Query

SMALLEST_GROUP = 5
"""A figure over fewer rows may be somebody's own value, and is kept from the model."""

_CELL_CHARS = 500
_GROUP_SIZE = "duckferry_group_size"


def question_with_sizes(sees: ModelSees, query: Query) -> Query:
    """The query that is really asked: with the size of each group, where the model sees figures."""
    if sees != "aggregates" or not query.aggregates:
        return query
    size = Aggregate(function="count", alias=_GROUP_SIZE)
    return query.model_copy(update={"aggregates": [*query.aggregates, size]})


def without_sizes(table: Table) -> tuple[Table, tuple[int, ...] | None]:
    """Take the sizes of groups out again: the table people see, and the sizes if there were any."""
    if _GROUP_SIZE not in table.columns:
        return table, None
    at = table.columns.index(_GROUP_SIZE)
    shown = Table(
        columns=table.columns[:at] + table.columns[at + 1 :],
        types=table.types[:at] + table.types[at + 1 :],
        rows=tuple((*row[:at], *row[at + 1 :]) for row in table.rows),
        truncated=table.truncated,
        sql=table.sql,
        remarks=table.remarks,
    )
    return shown, tuple(int(row[at]) for row in table.rows)


def for_model(
    sees: ModelSees, query: Query, table: Table, sizes: tuple[int, ...] | None, most_chars: int
) -> dict[str, Any]:
    """Plain JSON of what the model may read: rows, figures over many rows, or none."""
    if sees == "rows" or sizes is None:
        return rows_for_model(sees, table, most_chars)
    single = {
        aggregate.alias or f"{aggregate.function}_{aggregate.column}".casefold()
        for aggregate in query.aggregates
        if aggregate.function in ("min", "max")
    }
    kept = [
        at
        for at, name in enumerate(table.columns)
        if name not in single and name.casefold() not in single
    ]
    seen = Table(
        columns=tuple(table.columns[at] for at in kept),
        types=tuple(table.types[at] for at in kept),
        rows=tuple(
            tuple(row[at] for at in kept)
            for row, size in zip(table.rows, sizes, strict=True)
            if size >= SMALLEST_GROUP
        ),
        truncated=table.truncated,
    )
    data = _readable(seen, most_chars)
    if len(seen.rows) < len(table.rows) or len(kept) < len(table.columns):
        data["withheld"] = (
            f"Groups of fewer than {SMALLEST_GROUP} rows, and smallest and largest values, are "
            "shown to the person below your answer and kept from you."
        )
    return data


def rows_for_model(sees: ModelSees, table: Table, most_chars: int) -> dict[str, Any]:
    """The same of rows of which nothing is known: all of them, or none."""
    return _readable(table, most_chars) if sees == "rows" else _withheld(table)


def _readable(table: Table, most_chars: int) -> dict[str, Any]:
    """Cut long cells, then rows from the end, until the model can read the result."""
    rows = within(([_cut(cell) for cell in row] for row in table.rows), most_chars)
    truncated = table.truncated or len(rows) < len(table.rows)
    return {"columns": list(table.columns), "rows": rows, "truncated": truncated}


def _withheld(table: Table) -> dict[str, Any]:
    return {
        "columns": list(table.columns),
        "row_count": len(table.rows),
        "truncated": table.truncated,
        "withheld": "The values are shown to the person below your answer and are kept from you; "
        "say in words what the table shows and do not guess values. To put a value of its first "
        "row into your sentence, write {name.column}, as in {q1.total}: the program fills it in.",
    }


def _cut(cell: Any) -> Any:
    is_long = isinstance(cell, str) and len(cell) > _CELL_CHARS
    return cell[:_CELL_CHARS] + "…" if is_long else cell
