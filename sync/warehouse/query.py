"""Questions a model may ask of one table, as a closed vocabulary that compiles to bound SQL.

No text of a model ever becomes SQL: names are looked up among the table's own columns and quoted,
values are bound and cast to the column's type. The field descriptions are what the model reads.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from sync.access_errors import ColumnHidden
from sync.errors import BadQuery, ColumnNotFound
from sync.names import listed, nearest_first
from sync.plan import Column, TableRef
from sync.warehouse.query_values import (
    TIME_TYPES,
    Scalar,
    comparison,
    is_number,
    require_order,
)
from sync.warehouse.sql import quote, table_name, text

MAX_ROWS = 100
_PLAIN_ROWS = 10
"""So many where no number is named: of groups, which are a whole, as many as there may be."""
MAX_PARTS = 50
"""Of each list in a query, columns aside."""

MAX_VALUE_CHARACTERS = 100_000
"""Of all values of a query together."""

_VALUES_SHOWN, _VALUE_SHOWN = 6, 60
"""How many values of a condition people read, and how many characters of each."""

Operator = Literal[
    "=", "!=", "<", "<=", ">", ">=", "in", "not_in", "between", "like", "is_null", "is_not_null"
]
AggregateFunction = Literal["count", "count_distinct", "sum", "avg", "min", "max"]
DateUnit = Literal["day", "week", "month", "quarter", "year"]
Text = Annotated[str, Field(max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(_Part):
    """One filter; all filters of a query must hold."""

    column: Text = Field(description="A column of the table.")
    op: Operator = Field(
        description="like is for text: % stands for any text, _ for one character; case matters."
    )
    value: Scalar | list[Scalar] | None = Field(
        default=None,
        description="One; a list for in and not_in; [low, high], both included, for between; none "
        "for is_null. 2026-11-22 means that whole day, 2026-11-22T09:30:00 that moment. Columns "
        "with a time zone take an offset (+09:00), else UTC is meant. Numbers of more than 15 "
        "digits are written as text.",
    )

    def __str__(self) -> str:
        """Write it in signs, as people read it."""
        sign = self.op.replace("_", " ").upper()
        if self.value is None:
            return f"{self.column} {sign}"
        values = self.value if isinstance(self.value, list) else [self.value]
        shown = [str(value)[:_VALUE_SHOWN] for value in values[:_VALUES_SHOWN]]
        if self.op == "between":
            return f"{self.column} {' … '.join(shown)}"
        if self.op in ("in", "not_in"):
            more = [f"+{len(values) - len(shown)}"] if len(values) > len(shown) else []
            return f"{self.column} {sign} ({', '.join([*shown, *more])})"
        return f"{self.column} {sign} {shown[0]}" if shown else f"{self.column} {sign}"


class Aggregate(_Part):
    """One figure, over each group or over all rows."""

    function: AggregateFunction
    column: Text | None = Field(default=None, description="Left out only for count of rows.")
    alias: Text | None = Field(default=None, description="Its name; by default like sum_AMOUNT.")


class DateGroup(_Part):
    """By calendar unit; the result column is named like ORDERED_AT_month."""

    column: Text
    unit: DateUnit = Field(description="Weeks begin on Monday.")


class Order(_Part):
    """One sort key."""

    column: Text = Field(description="Of the result: a column or an alias.")
    direction: Literal["asc", "desc"] = "asc"


class Query(_Part):
    """A question about one table: which rows, grouped how, which figures, in which order."""

    table: Text = Field(description="SCHEMA.TABLE or TABLE.")
    columns: list[Text] = Field(
        default=[],
        max_length=1000,
        description="None for all. None with group_by or aggregates.",
    )
    where: list[Condition] = Field(default=[], max_length=MAX_PARTS)
    group_by: list[Text | DateGroup] = Field(
        default=[],
        max_length=MAX_PARTS,
        description="Columns, or {column, unit} for dates.",
    )
    aggregates: list[Aggregate] = Field(default=[], max_length=MAX_PARTS)
    order_by: list[Order] = Field(default=[], max_length=MAX_PARTS)
    limit: int = Field(
        default_factory=lambda given: MAX_ROWS if given.get("group_by") else _PLAIN_ROWS,
        ge=1,
        le=MAX_ROWS,
        description=f"Most rows; by default {_PLAIN_ROWS}, of groups {MAX_ROWS}.",
    )


class TableShape(Protocol):
    """What a question is compiled against: a published table, or one that is planned."""

    @property
    def ref(self) -> TableRef: ...  # noqa: D102 -- as its name says
    @property
    def columns(self) -> tuple[Column, ...]: ...  # noqa: D102
    @property
    def key(self) -> tuple[str, ...]: ...  # noqa: D102


@dataclass(frozen=True)
class Shape:
    """A table's name, key and columns, as far as somebody is shown them."""

    ref: TableRef
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    hidden: Mapping[str, str]
    """The rule that hides each of its other columns, by the column's casefolded name."""


@dataclass(frozen=True)
class CompiledQuery:
    """SQL over one table under its own name, with its bound values."""

    query: Query
    sql: str
    """Returns one row more than asked for, if there is one: that is how a cut is noticed."""
    params: tuple[str, ...]
    """Every value travels as text and is cast in the SQL, so none loses digits in a driver."""

    @property
    def text(self) -> str:
        """The SQL as a person can read and run it, with its values in it."""

        def literal(found: re.Match[str]) -> str:
            return f"CAST({text(self.params[int(found[1]) - 1])} AS"

        shown = re.sub(r"CAST\(\$(\d+) AS", literal, self.sql)
        return re.sub(rf" LIMIT {self.query.limit + 1}$", f" LIMIT {self.query.limit}", shown)


def compile_query(query: Query, entry: TableShape) -> CompiledQuery:
    """The SQL of *query* over the table of *entry*.

    Raises `ColumnNotFound`, `ColumnHidden` and `BadQuery` with a sentence a model can act on; the
    same query on the same rows always comes back in the same order.
    """
    params: list[str] = []
    selected = _selected(query, entry)

    def bind(value: str) -> str:
        params.append(value)
        return f"${len(params)}"

    filters = [filter_sql(condition, entry, bind) for condition in query.where]
    if sum(map(len, params)) > MAX_VALUE_CHARACTERS:
        raise BadQuery(reason=f"the values are longer than {MAX_VALUE_CHARACTERS} characters.")
    shown = ", ".join(f"{sql} AS {quote(name)}" for name, sql in selected.items())
    parts = [f"SELECT {shown} FROM {table_name(entry.ref)}"]
    if filters:
        parts.append("WHERE " + " AND ".join(filters))
    if query.group_by:
        parts.append(f"GROUP BY {', '.join(str(n + 1) for n in range(len(query.group_by)))}")
    parts.append("ORDER BY " + ", ".join(_order(query, entry, selected)))
    parts.append(f"LIMIT {query.limit + 1}")
    return CompiledQuery(query, " ".join(parts), tuple(params))


def find_column(entry: TableShape, name: str) -> Column:
    """The column called *name*, in any case.

    Raises `ColumnNotFound`, which lists the real ones, nearest first, and `ColumnHidden`.
    """
    for column in entry.columns:
        if column.name.casefold() == name.strip().casefold():
            return column
    rule = entry.hidden.get(name.strip().casefold()) if isinstance(entry, Shape) else None
    if rule:
        raise ColumnHidden(table=str(entry.ref), column=name, rule=rule)
    names = listed(nearest_first(name, [column.name for column in entry.columns]))
    raise ColumnNotFound(table=str(entry.ref), column=name, columns=names)


def _selected(query: Query, entry: TableShape) -> dict[str, str]:
    """Result names and their SQL, groups first."""
    if not query.group_by and not query.aggregates:
        columns = [find_column(entry, name) for name in query.columns] or entry.columns
        return {column.name: quote(column.name) for column in columns}
    named = [_group(group, entry) for group in query.group_by]
    grouped = {name.casefold() for name, _ in named}
    for name in query.columns:
        if find_column(entry, name).name.casefold() not in grouped:
            raise BadQuery(reason=f"column {name} must stand in group_by when figures are asked.")
    named += [_aggregate(aggregate, entry) for aggregate in query.aggregates]
    selected: dict[str, str] = {}
    for name, sql in named:
        if name.casefold() in map(str.casefold, selected):
            raise BadQuery(reason=f"two result columns are named {name}; give one an alias.")
        selected[name] = sql
    return selected


def _group(group: str | DateGroup, entry: TableShape) -> tuple[str, str]:
    if isinstance(group, str):
        column = find_column(entry, group)
        return column.name, quote(column.name)
    column = find_column(entry, group.column)
    if column.duckdb_type not in TIME_TYPES:
        raise BadQuery(
            reason=f"column {column.name} is {column.oracle_type}, not a date, and cannot be "
            f"grouped by {group.unit}."
        )
    return f"{column.name}_{group.unit}", f"date_trunc('{group.unit}', {quote(column.name)})"


def _aggregate(aggregate: Aggregate, entry: TableShape) -> tuple[str, str]:
    function = aggregate.function
    if aggregate.column is None:
        if function != "count":
            raise BadQuery(reason=f"{function} needs a column.")
        return aggregate.alias or "count", "count(*)"
    column = find_column(entry, aggregate.column)
    if function in {"sum", "avg", "min", "max"}:
        require_order(column, function)
    if function in {"sum", "avg"} and not is_number(column.duckdb_type):
        raise BadQuery(
            reason=f"{function} needs a number, and column {column.name} is {column.oracle_type}."
        )
    name = aggregate.alias or f"{function}_{column.name}"
    if function == "count_distinct":
        return name, f"count(DISTINCT {quote(column.name)})"
    return name, f"{function}({quote(column.name)})"


def filter_sql(condition: Condition, entry: TableShape, bind: Callable[[str], str]) -> str:
    """The SQL of one condition; *bind* gives what stands for a value. Raises as `compile_query`."""
    column = find_column(entry, condition.column)
    return comparison(column, condition.op, condition.value, bind)


def _order(query: Query, entry: TableShape, selected: dict[str, str]) -> list[str]:
    """What was asked, then enough other columns that equal rows cannot change places.

    Results with figures are ordered by position, because an alias may be called like a column.
    """
    by = {one.column.strip().casefold() for one in query.order_by}
    if query.aggregates:
        by &= {group.strip().casefold() for group in query.group_by if isinstance(group, str)}
    for column in entry.columns:
        if column.name.casefold() in by:
            require_order(column, "ordering by the size")
    if query.group_by or query.aggregates:
        order = {_position(o.column, query, selected): o.direction for o in query.order_by}
        rest = [str(n + 1) for n in range(len(query.group_by) or 1)]
    else:
        order = {quote(find_column(entry, o.column).name): o.direction for o in query.order_by}
        rest = [quote(name) for name in entry.key] or list(selected.values())
    for sql in rest:
        order.setdefault(sql, "asc")
    return [f"{sql} {direction.upper()} NULLS LAST" for sql, direction in order.items()]


def _position(name: str, query: Query, selected: dict[str, str]) -> str:
    wanted = name.strip().casefold()
    names = [result_name.casefold() for result_name in selected]
    if wanted in names:
        return str(names.index(wanted) + 1)
    for number, group in enumerate(query.group_by, start=1):
        if isinstance(group, DateGroup) and group.column.strip().casefold() == wanted:
            return str(number)
    raise BadQuery(
        reason=f"the result cannot be ordered by {name}, which is neither a group nor a figure of "
        f"it. It has: {', '.join(selected)}."
    )
