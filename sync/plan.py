"""What a sync would do, as a frozen value: the thing a person approves and a worker runs."""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sync.fidelity import ColumnFidelity

Mode = Literal["full"]


class TableRef(BaseModel):
    """One Oracle table: its source's name in bot.toml, its schema (owner), its name; case kept."""

    model_config = ConfigDict(frozen=True)

    source: str
    schema_name: str
    table: str

    def __str__(self) -> str:
        return f"{self.schema_name}.{self.table}"


class Column(BaseModel):
    """A column as Oracle declares it and as DuckDB will hold it."""

    model_config = ConfigDict(frozen=True)

    name: str
    oracle_type: str
    """As a person would write it: ``NUMBER(12,2)``, ``VARCHAR2(40 CHAR)``, ``TIMESTAMP(6)``."""
    duckdb_type: str
    """``DECIMAL(12,2)``, ``VARCHAR``, ``TIMESTAMP`` … In a plan, of a column whose data decides
    it, only what is usual (``DECIMAL``); in a manifest, what the generation has."""
    nullable: bool
    policy: Literal["copy", "truncate", "skip"] = "copy"
    """What bot.toml says of it: values above `limit` stop the run or are cut; skipped columns are
    not read at all."""
    limit: Annotated[int, Field(gt=0)] | None = None
    """Characters of a CLOB, bytes of a BLOB; None where the type has a length of its own."""

    @property
    def declared(self) -> tuple[str, str, int | None]:
        """What Oracle and bot.toml say of it, without what the data made of it."""
        return self.oracle_type, self.policy, self.limit


class TablePlan(BaseModel):
    """One table of a plan. Every field here is hashed; what only informs stands in `Estimate`."""

    model_config = ConfigDict(frozen=True)

    ref: TableRef
    mode: Mode
    columns: tuple[Column, ...]
    """What is copied, in the table's order."""
    key: tuple[str, ...]
    """Primary key columns in order; empty when Oracle declares none."""
    max_rows: int
    """The run stops above this many rows."""
    left_out: tuple[Column, ...] = ()
    """Columns that bot.toml skips."""


class Estimate(BaseModel):
    """What the dictionary believes of one table; shown on the card, never hashed."""

    model_config = ConfigDict(frozen=True)

    rows: int | None
    bytes: int | None
    analyzed_at: str | None
    """ISO date and time of the statistics, UTC as Oracle stores them."""
    current_rows: int | None
    """Rows in the copy that would be replaced; None where there is no copy."""


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


class TableReceipt(BaseModel):
    """What was copied of one table and how it was proven."""

    model_config = ConfigDict(frozen=True)

    ref: TableRef
    generation: str
    fence: int
    rows: int
    """Rows in the published copy, counted in the sealed file."""
    oracle_rows: int
    """Rows Oracle counted in the same read-only transaction."""
    scn: int | None
    """Oracle's system change number of the read, where our user may see it."""
    consistency: Literal["read_only_transaction"]
    as_of: str
    """ISO 8601 UTC moment of Oracle the copy shows."""
    seconds: float
    bytes: int
    """Size of the DuckDB file."""
    columns: tuple[ColumnFidelity, ...] = ()
    """How exactly each column holds what Oracle holds; empty in receipts of older releases."""


class Receipt(BaseModel):
    """The receipts of a run's tables, in the order of the plan."""

    model_config = ConfigDict(frozen=True)

    tables: tuple[TableReceipt, ...]
    seconds: float


class Progress(BaseModel):
    """How far a run is, for cards and progress bars."""

    model_config = ConfigDict(frozen=True)

    table: str
    """``SCHEMA.TABLE`` being copied."""
    table_number: int
    """1-based, of `tables`."""
    tables: int
    rows: int
    expected_rows: int | None
    seconds: float
    """Since the run began."""
    table_seconds: float | None = None
    """Since this table's first batch was asked for."""
    is_paced: bool = False
    """Oracle is read no faster than bot.toml lets it be."""

    @property
    def rate(self) -> float | None:
        """Rows a second of this table so far; None while there is nothing to say."""
        seconds = self.seconds if self.table_seconds is None else self.table_seconds
        return self.rows / seconds if self.rows and seconds > 0 else None

    @property
    def percent(self) -> int | None:
        """How much of this table has arrived, by the dictionary; None where it knows nothing.

        The dictionary may be old: what exceeds it is 100.
        """
        return min(self.rows * 100 // self.expected_rows, 100) if self.expected_rows else None

    @property
    def eta_seconds(self) -> float | None:
        """How long the rest of this table takes at this rate; None where nobody can know."""
        if not self.rate or not self.expected_rows or self.rows > self.expected_rows:
            return None
        return (self.expected_rows - self.rows) / self.rate
