"""What a sync would do, as a frozen value: the thing a person approves and a worker runs."""

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict

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
    """``DECIMAL(12,2)``, ``VARCHAR``, ``TIMESTAMP`` …"""
    nullable: bool


class TablePlan(BaseModel):
    """One table of a plan. Every field here is hashed; what only informs stands in `Estimate`."""

    model_config = ConfigDict(frozen=True)

    ref: TableRef
    mode: Mode
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """Primary key columns in order; empty when Oracle declares none."""
    max_rows: int
    """The run stops above this many rows."""


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

    tables: tuple[TablePlan, ...]
    estimates: tuple[Estimate, ...] = ()
    """One a table, in the same order."""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of exactly what would run.

        Estimates are left out, or every live table would drift.
        """
        return hashlib.sha256(self.model_dump_json(include={"tables"}).encode()).hexdigest()


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
