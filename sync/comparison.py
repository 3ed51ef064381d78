"""What differs between two kept copies of a table, as values.

Values of rows are text, so that no digit is lost, and None for NULL; `MOST_SHOWN` characters at
most, and an ellipsis where there are more.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from sync.plan import Column, TableRef

MOST_SHOWN = 200
"""Characters of a value in an example."""

Shown = str | None
Key = tuple[Shown, ...]
"""A row's values of the key, in its order."""


class ComparedCopy(BaseModel):
    """One of the two copies."""

    model_config = ConfigDict(frozen=True)

    generation: str
    as_of: str
    """ISO 8601 UTC moment of Oracle that it shows, or of its import."""
    imported: str = ""
    """Name of the DuckDB file it was imported from; empty of a copy from Oracle."""
    rows: int
    """That were in Oracle as far as it knows: those marked as deleted there do not count."""
    key: tuple[str, ...]
    """Empty where it has none."""
    part: str
    """Which rows of the table it holds, in signs; empty for all."""


class Retyped(BaseModel):
    """A column with another type, in Oracle or in the copy alone."""

    model_config = ConfigDict(frozen=True)

    before: Column
    after: Column


class ColumnChanges(BaseModel):
    """In how many of the changed rows a column has another value."""

    model_config = ConfigDict(frozen=True)

    column: str
    rows: int


class ValueChange(BaseModel):
    """What a changed row had in a column, and has."""

    model_config = ConfigDict(frozen=True)

    column: str
    before: Shown
    after: Shown


class ChangedRow(BaseModel):
    """A row that both copies have, with other values."""

    model_config = ConfigDict(frozen=True)

    key: Key
    changes: tuple[ValueChange, ...]


class RowDifferences(BaseModel):
    """How the rows of two copies differ, in the columns that both have."""

    model_config = ConfigDict(frozen=True)

    by: Literal["key", "rows"]
    """``rows`` where the two have no key, or not the same: whole rows are counted then, each as
    often as it stands there, so that a changed row is one removed and one added."""
    added: int
    removed: int
    changed: int = 0
    changed_columns: tuple[ColumnChanges, ...] = ()
    """Those in which any row changed, in the table's order."""
    examples_added: tuple[Key, ...] = ()
    """The first by key, like the next two; none where whole rows are compared."""
    examples_removed: tuple[Key, ...] = ()
    examples_changed: tuple[ChangedRow, ...] = ()


class Comparison(RowDifferences):
    """What it takes to get from one copy of a table to another.

    Columns that only one of them has are told and not compared.
    """

    ref: TableRef
    before: ComparedCopy
    after: ComparedCopy
    columns_added: tuple[Column, ...] = ()
    columns_dropped: tuple[Column, ...] = ()
    columns_retyped: tuple[Retyped, ...] = ()
