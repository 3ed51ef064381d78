"""What a sync would do, as a frozen value: the thing a person approves and a worker runs."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sync.filters import Filter, TypedFilter

Mode = Literal["full", "incremental", "append"]
"""``full`` rebuilds the copy; ``incremental`` replaces by key the rows at or past the watermark;
``append`` does so by the cursor alone, where rows have no key and never change."""

Proof = Literal["count", "sums", "deep"]
"""What is compared with Oracle before a copy is published; see `sync.proof`."""

Deletes = Literal["keep", "remove", "mark"]
"""What an incremental run does about rows that are gone from Oracle: nothing, remove them, or note
when in ``_deleted_at``."""

Encoding = Literal["cp949", "utf-8"]
"""Of bytes that a database holds as text of another character set; cp949 holds all of EUC-KR."""


IMPORTED = "imported"
"""The source of tables that were imported from a DuckDB file. No database can be called so."""
ATTACHED = "file:"
"""Begins the source of a file that was shared in a thread; what names the thread follows. No
database can be called so."""


class TableRef(BaseModel):
    """One Oracle table: its source's name in bot.toml, its schema (owner), its name; case kept.

    Or, of the source `IMPORTED`, one that was in a DuckDB file, under the names it had there; or a
    file of one thread (`ATTACHED`), which no other thread can name.
    """

    model_config = ConfigDict(frozen=True)

    source: str
    schema_name: str
    table: str

    def __str__(self) -> str:
        return f"{self.schema_name}.{self.table}"

    @property
    def is_imported(self) -> bool:
        """Whether it was imported from a file, so that Oracle knows nothing of it."""
        return self.source == IMPORTED or self.is_attached

    @property
    def is_attached(self) -> bool:
        """Whether it is a file that was shared in one thread, and known there alone."""
        return self.source.startswith(ATTACHED)


class Column(BaseModel):
    """A column as Oracle declares it and as DuckDB will hold it."""

    model_config = ConfigDict(frozen=True)

    name: str
    oracle_type: str
    """As a person would write it: ``NUMBER(12,2)``, ``VARCHAR2(40 CHAR)``, ``TIMESTAMP(6)``. Of an
    imported table its type in the file."""
    duckdb_type: str
    """``DECIMAL(12,2)``, ``VARCHAR``, ``TIMESTAMP`` … In a plan, of a column whose data decides
    it, only what is usual (``DECIMAL``); in a manifest, what the generation has."""
    nullable: bool
    policy: Literal["copy", "truncate", "skip"] = "copy"
    """What bot.toml says of it: values above `limit` stop the run or are cut; skipped columns are
    not read at all."""
    limit: Annotated[int, Field(gt=0)] | None = None
    """Characters of a CLOB, bytes of a BLOB; None where the type has a length of its own."""
    encoding: Encoding | None = None
    """What the stored bytes are by bot.toml, whatever the database's character set; they are read
    as they are and decoded here."""

    @property
    def declared(self) -> tuple[str, str, int | None, str | None]:
        """What Oracle and bot.toml say of it, without what the data made of it."""
        return self.oracle_type, self.policy, self.limit, self.encoding


def is_cut(column: Column) -> bool:
    """Whether values longer than `Column.limit` are cut to it."""
    return column.policy == "truncate" and column.limit is not None


class Wish(BaseModel):
    """What somebody asks for of one table; `sync.planning` makes a `TablePlan` of it."""

    model_config = ConfigDict(frozen=True)

    ref: TableRef
    mode: Mode | None = None
    """None: as configured, and as the copy there is allows."""
    columns: tuple[str, ...] = ()
    """The only ones to copy; empty: as configured."""
    where: tuple[Filter, ...] = ()
    """In place of what is configured."""
    since: str | None = None
    """With `until`, the range of the cursor column to read again: a backfill."""
    until: str | None = None
    trial_rows: int | None = None
    """Copy at most so many rows, under a name of its own."""
    undo: bool = False
    """Copy nothing: go back to the copy before the present one."""


def is_special(wish: Wish) -> bool:
    """Whether a wish is about a part of a table, so that it can be about one table alone."""
    return wish != Wish(ref=wish.ref, mode=wish.mode)


def plainly(refs: Iterable[TableRef]) -> tuple[Wish, ...]:
    """Wish for tables with nothing special."""
    return tuple(Wish(ref=ref) for ref in refs)


class Undo(BaseModel):
    """Which kept copy takes the place of which; moments are ISO 8601 UTC, of Oracle."""

    model_config = ConfigDict(frozen=True)

    to: str
    """A generation's name."""
    to_as_of: str
    leaves: str
    """The generation that is current before, and is kept."""
    leaves_as_of: str


Declared = Annotated[dict[str, str], Field(exclude_if=lambda found: not found)]
"""Oracle types of columns by their names. Not written where empty, so that what was agreed on
before it was noted keeps its digest."""


class TablePlan(BaseModel):
    """One table of a plan. Every field here is hashed; what only informs stands in `Estimate`."""

    model_config = ConfigDict(frozen=True)

    ref: TableRef
    """What the copy is called."""
    mode: Mode
    columns: tuple[Column, ...]
    """What is copied, in the table's order."""
    key: tuple[str, ...]
    """Primary key columns in order; empty when Oracle declares none."""
    max_rows: int
    """The run stops above this many rows."""
    left_out: tuple[Column, ...] = ()
    """Columns that bot.toml skips."""
    wanted: Mode = "full"
    """How it would be copied if the copy there is allowed it."""
    wish: Wish | None = None
    """What it was made of, and is made of again before it is run."""
    all_columns: Declared = {}
    """What is copied where no wish says otherwise; empty where this is all of it."""
    select: str = ""
    """The statement that is read in place of a table; only bot.toml can say one."""
    where: tuple[TypedFilter, ...] = ()
    """All must hold."""
    cursor: str | None = None
    """The column that orders changes."""
    lag: int = 0
    """How far to step back from the watermark: seconds of a moment, units of a number."""
    watermark: str | None = None
    """The cursor's last published value, from which this run goes on; None: from the beginning."""
    deletes: Deletes = "keep"
    delete_limit_percent: int = 10
    """A run that would remove a larger share of the copy stops and asks."""
    proof: Proof = "sums"
    undo: Undo | None = None
    """Goes back to a kept copy, and reads nothing of Oracle."""

    @property
    def wished(self) -> Wish:
        """What it was made of; of a plain table nothing special."""
        return self.wish or Wish(ref=self.ref)

    @property
    def source_ref(self) -> TableRef:
        """The table that is read: of a trial it is not the copy's name."""
        return self.wished.ref

    @property
    def is_partial(self) -> bool:
        """Whether it goes on from the copy there is."""
        return self.mode != "full"

    def column(self, name: str) -> Column:
        """A column by its name; raises KeyError."""
        found = next((column for column in self.columns if column.name == name), None)
        if found is None:
            raise KeyError(name)
        return found


FullBecause = Literal["first", "columns", "key", "cursor", "filter", "leaves", "no_watermark"]


class Estimate(BaseModel):
    """What the dictionary believes of one table; shown on the card, never hashed."""

    model_config = ConfigDict(frozen=True)

    rows: int | None
    bytes: int | None
    analyzed_at: str | None
    """ISO date and time of the statistics, UTC as Oracle stores them."""
    current_rows: int | None
    """Rows in the copy that would be replaced; None where there is no copy."""
    full_because: FullBecause | None = None
    """Why all of it is read, where an incremental run was wanted."""
    columns_changed: bool = False
    """The copy there is has other columns."""


class Plan(BaseModel):
    """An ordered list of table plans under one digest, so that a whole schema can be one card."""

    model_config = ConfigDict(frozen=True)

    tables: Annotated[tuple[TablePlan, ...], Field(min_length=1)]
    """All of one source, so that they show one moment."""
    estimates: tuple[Estimate, ...] = ()
    """One a table, in the same order."""

    @property
    def source(self) -> str:
        """The source all its tables are in."""
        return self.tables[0].ref.source

    @property
    def is_undo(self) -> bool:
        """Whether it goes back to kept copies, so that Oracle is not read."""
        return self.tables[0].undo is not None

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of exactly what would run.

        Estimates are left out, or every live table would drift.
        """
        return hashlib.sha256(self.model_dump_json(include={"tables"}).encode()).hexdigest()

    def capped(self, ceilings: Sequence[int | None]) -> "Plan":
        """Lower the tables' ceilings, one for each in order; None, or none at all, leaves them."""
        given = ceilings or (None,) * len(self.tables)
        tables = tuple(
            table
            if most is None or most >= table.max_rows
            else table.model_copy(update={"max_rows": most})
            for table, most in zip(self.tables, given, strict=True)
        )
        return self.model_copy(update={"tables": tables})
