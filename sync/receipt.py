"""What a run copied and how that was proven, as frozen values: what stays when it has ended."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sync.fidelity import ColumnFidelity
from sync.filters import TypedFilter
from sync.plan import Declared, Mode, Proof, TableRef, Undo


class Check(BaseModel):
    """One figure that Oracle and the copy were asked for at the same moment."""

    model_config = ConfigDict(frozen=True)

    what: str
    """``rows``, or what of which column: ``sum(AMOUNT)``."""
    oracle: str
    """As text, so that no digit is lost; empty for NULL."""
    copy_value: str

    @property
    def agrees(self) -> bool:
        """Whether both sides say the same."""
        return self.oracle == self.copy_value


class Changes(BaseModel):
    """What an incremental run did to the copy it went on from."""

    model_config = ConfigDict(frozen=True)

    fetched: int
    """Rows read of Oracle."""
    inserted: int
    updated: int
    """Fetched rows whose key was there already."""
    deleted: int
    """Removed or marked, for they are gone from Oracle."""


Consistency = Literal["read_only_transaction", "flashback", "imported"]
"""How all rows are of one moment: by the transaction they were read in, or each AS OF one SCN."""

NoteCode = Literal[
    "no_flashback",
    "restarted",
    "rows_differ",
    "frontier",
    "lag_only",
    "future",
    "resumed",
    "marks_kept",
    "marks_left",
]


class Note(BaseModel):
    """What was otherwise than a reader would expect, and is said with the receipt."""

    model_config = ConfigDict(frozen=True)

    code: NoteCode
    params: dict[str, str | int] = {}


class TableReceipt(BaseModel):
    """What was copied of one table and how it was proven."""

    model_config = ConfigDict(frozen=True)

    ref: TableRef
    generation: str
    fence: int
    rows: int
    """Rows in the published copy, counted in the sealed file."""
    oracle_rows: int | None
    """Rows Oracle counted at the same moment; None where it was not asked."""
    scn: int | None
    """Oracle's system change number of the read, where our user may see it."""
    consistency: Consistency
    as_of: str
    """ISO 8601 UTC moment of Oracle the copy shows; of an imported table, of the import."""
    seconds: float
    bytes: int
    """Size of the DuckDB file."""
    columns: tuple[ColumnFidelity, ...] = ()
    """How exactly each column holds what Oracle holds; empty in receipts of older releases."""
    mode: Mode = "full"
    cursor: str | None = None
    watermark: str | None = None
    """From which the next incremental run goes on."""
    where: tuple[TypedFilter, ...] = ()
    """The copy holds only rows that meet these."""
    all_columns: Declared = {}
    """What it would hold had no wish left columns out; empty where none did."""
    trial_of: TableRef | None = None
    """The copy holds some rows of this table, and no more than a trial."""
    changes: Changes | None = None
    """Of an incremental run."""
    proof: Proof | Literal["none"] = "count"
    """``none``: it was imported."""
    checks: tuple[Check, ...] = ()
    """What was compared besides the rows; of an incremental run, in the window that was read."""
    chunks: int = 1
    """Pieces the table was read in."""
    notes: tuple[Note, ...] = ()
    imported: str = ""
    """Name of the file it was imported from; empty of a copy from Oracle."""
    shared_by: Annotated[str, Field(exclude_if=lambda told: not told)] = ""
    """The name of who shared that file in a thread; empty of one an admin imported."""
    undone: Undo | None = None
    """It was copied and proven as told here before, and became current again by an undo."""

    @property
    def of(self) -> TableRef:
        """The table of bot.toml that it is a copy of; a trial's copy has another name."""
        return self.trial_of or self.ref


def part_of(receipt: TableReceipt) -> str:
    """Which rows of its table a copy holds, in signs; empty for all of them."""
    shown = [str(condition) for condition in receipt.where]
    if receipt.trial_of is not None:
        shown.append(f"ROWNUM <= {receipt.rows}")
    return " AND ".join(shown)


def columns_of(receipt: TableReceipt) -> tuple[int, int] | None:
    """How many columns of how many a copy holds, where a wish left some out."""
    if not receipt.all_columns:
        return None
    copied = {column.name for column in receipt.columns if column.duckdb_type}
    return len(copied), len(copied | receipt.all_columns.keys())


class Receipt(BaseModel):
    """The receipts of a run's tables, in the order of the plan."""

    model_config = ConfigDict(frozen=True)

    tables: tuple[TableReceipt, ...]
    seconds: float
