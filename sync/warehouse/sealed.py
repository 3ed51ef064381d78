"""Open a published generation to read it again: its own plan, and what a proof asks of its rows."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
from pydantic import ValidationError

from sync.past_errors import CopyUnreadable
from sync.plan import TablePlan
from sync.proof import Figure
from sync.warehouse.layout import DATA_FILE, data_file
from sync.warehouse.manifest import ManifestEntry
from sync.warehouse.merge import DELETED_AT, Database, ask
from sync.warehouse.sql import quote, table_in

MEMORY_MIB = 1024
"""Of the reading DuckDB, which only aggregates and so holds next to nothing."""


@contextmanager
def sealed(root: Path, entry: ManifestEntry) -> Generator[Database]:
    """A connection to a generation's file that writes nowhere, not even what it would spill.

    Raises `CopyUnreadable`, also in the block.
    """
    path = data_file(root, entry.ref, entry.generation)
    limits: dict[str, str | bool | int | float | list[str]] = {
        "temp_directory": "",
        "memory_limit": f"{MEMORY_MIB}MiB",
    }
    try:
        with duckdb.connect(path, read_only=True, config=limits) as db:
            db.execute("SET enable_external_access = false")
            db.execute("SET enable_progress_bar = false")
            db.execute("SET TimeZone = 'UTC'")
            yield db
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:  # DuckDB has no class of its own for a wrong checksum
        raise _unreadable(entry) from error


def plan_in(db: Database, entry: ManifestEntry) -> TablePlan:
    """The plan that made a generation. Raises `CopyUnreadable`."""
    found = db.execute("SELECT value FROM _meta WHERE name = 'plan'").fetchone()
    try:
        return TablePlan.model_validate_json(found[0] if found else "")
    except ValidationError as error:
        raise _unreadable(entry) from error


def ask_sealed(db: Database, plan: TablePlan, asked: Sequence[Figure]) -> tuple[object, ...]:
    """Answer each question over the rows of the copy that are still in Oracle by its own account.

    Marks of an earlier run stay in a copy whose runs mark no longer, so the file says if it has
    them.
    """
    rows = table_in(db, plan.ref)
    names = [str(name) for name, *_ in db.execute(f"DESCRIBE {rows}").fetchall()]
    if DELETED_AT in names and DELETED_AT not in [column.name for column in plan.columns]:
        rows = f"(SELECT * FROM {rows} WHERE {quote(DELETED_AT)} IS NULL)"
    return ask(db, rows, asked)


def _unreadable(entry: ManifestEntry) -> CopyUnreadable:
    return CopyUnreadable(table=str(entry.ref), file=f"{entry.generation}/{DATA_FILE}")
