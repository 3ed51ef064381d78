"""What one caller may see of a table, and the view that shows a query just that.

A query's process attaches a file under a name nobody knows beforehand and reads it through views
alone, so what is hidden is not there for the SQL, whoever wrote it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from sync.errors import BadQuery
from sync.filters import Filter
from sync.plan import Column
from sync.warehouse.manifest import ManifestEntry
from sync.warehouse.query import Shape
from sync.warehouse.query_values import comparison
from sync.warehouse.sql import quote, table_name, text

Mask = Literal["hash", "last4", "null"]
"""What stands in place of a value: a keyed hash that is the same for the same value, its last four
characters, or nothing."""

T = TypeVar("T")

_EVERY_ROW = 9_223_372_036_854_775_807


@dataclass(frozen=True)
class Exposure:
    """Which columns and rows of a table are shown, and which of them disguised."""

    hidden: Mapping[str, str] = field(default_factory=dict[str, str])
    """Columns that are not shown, each with the name of the rule that hides it."""
    masks: Mapping[str, Mask] = field(default_factory=dict[str, Mask])
    """By column."""
    where: tuple[Filter, ...] = ()
    """Only rows that meet all of these are shown."""
    key: str = field(default="", repr=False)
    """Of the hashes, so that nobody can make them from guessed values."""
    rule: str = ""
    """The rule this comes from; empty where none is about the table."""
    private: bool = False
    """Others read where it is asked, and the rule lets them see it no more: what is read goes to
    the asker alone."""

    @property
    def is_partial(self) -> bool:
        """Whether anything of the table is kept back."""
        return bool(self.hidden or self.masks or self.where)

    def hides(self, column: str) -> str | None:
        """Name the rule that hides a column, in any case of its letters; None where none does."""
        return _of(self.hidden, column)

    def mask(self, column: str) -> Mask | None:
        """Say what stands in place of a column's values; None where they are shown."""
        return _of(self.masks, column)

    def shape(self, entry: ManifestEntry) -> Shape:
        """The table as a question is compiled against it."""
        shown = tuple(self._shown(one) for one in entry.columns if not self.hides(one.name))
        key = () if any(self.hides(name) for name in entry.key) else entry.key
        hidden = {name.casefold(): rule for name, rule in self.hidden.items()}
        return Shape(entry.ref, shown, key, hidden)

    def _shown(self, column: Column) -> Column:
        if self.mask(column.name) in (None, "null"):
            return column
        return column.model_copy(update={"duckdb_type": "VARCHAR", "oracle_type": "VARCHAR2"})


def _of(by_column: Mapping[str, T], column: str) -> T | None:
    # DuckDB finds a column in any case of its letters, so no table has two that differ in it alone.
    wanted = column.casefold()
    return next((found for name, found in by_column.items() if name.casefold() == wanted), None)


WHOLE = Exposure()
"""All of it."""


def view_of(
    entry: ManifestEntry, path: tuple[str, ...], exposure: Exposure, catalog: str
) -> list[str]:
    """The statements that show the table of *entry*, attached as *catalog*, under the name *path*.

    Of one part, or of a schema's and its own.
    """
    name = ".".join(map(quote, path))
    before = [f"CREATE SCHEMA IF NOT EXISTS {quote(path[0])}"] if len(path) > 1 else []
    columns = ", ".join(
        f"{_shown(one.name, exposure)} AS {quote(one.name)}"
        for one in entry.columns
        if not exposure.hides(one.name)
    )
    shown = f"SELECT {columns} FROM {quote(catalog)}.{table_name(entry.ref)}"
    if exposure.where:
        # No filter of a query passes a LIMIT, so none can meet a row that is not shown and tell of
        # it by failing.
        shown += f" WHERE {_conditions(entry, exposure)} LIMIT {_EVERY_ROW}"
    return [*before, f"CREATE OR REPLACE VIEW {name} AS {shown}"]


def _shown(column: str, exposure: Exposure) -> str:
    name, mask = quote(column), exposure.mask(column)
    written = f"CAST({name} AS VARCHAR)"
    if mask == "hash":
        return f"left(sha256({text(exposure.key)} || {written}), 16)"
    if mask == "last4":  # a value of four characters or fewer would be shown as it is
        return f"CASE WHEN length({written}) > 4 THEN '…' || right({written}, 4) ELSE '…' END"
    if mask == "null":
        return f"CASE WHEN false THEN {name} END"
    return name


def _conditions(entry: ManifestEntry, exposure: Exposure) -> str:
    columns = {column.name: column for column in entry.columns}
    written: list[str] = []
    for one in exposure.where:
        if one.column not in columns:
            raise BadQuery(reason=f"a rule filters by {one.column}, which its copy does not have.")
        values = one.values if one.op == "in" else one.values[0] if one.values else None
        written.append(comparison(columns[one.column], one.op, values, text))
    return " AND ".join(written)
