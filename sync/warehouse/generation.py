"""Write one generation: rows in, a sealed file that never changes again out.

stage → settle → seal → place. Until it is placed everything lives in a build folder that disappears
with the ``with`` block, so a run that fails leaves nothing behind.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from sync.errors import DiskFull, StaleFence, TooManyRows
from sync.plan import TablePlan, TableReceipt, TableRef
from sync.settlement import Settlement, settle
from sync.types import arrow, arrow_schema, row_bytes
from sync.warehouse.layout import (
    BUILD,
    DATA_FILE,
    RECEIPT_FILE,
    build_folder,
    disk_full_named,
    folder_name,
    generation_folder,
    remove_folder,
    sync_folder,
    write_durably,
)
from sync.warehouse.settling import measure, needs_settling, settled_values, staged_columns
from sync.warehouse.sql import quote, table_name

MAX_MEMORY_MIB = 1024
"""Of the writing DuckDB; without a limit it takes 80% of the machine."""
MIN_MEMORY_MIB = 64

ROW_GROUP_ROWS = 122_880
BLOCK_BYTES = 256 * 1024
"""DuckDB's own, for files of `STORAGE_VERSION`."""

MAX_THREADS = 2
"""The driver, which Python's lock keeps on one core, gives no more rows than two can write."""

BUFFERED_ROW_GROUPS = 1
"""DuckDB collects five a thread by default: that takes memory, and all are then compressed at the
end, where nothing is left to do beside it."""

STAGED_FILE = "staged.duckdb"
"""Rows whose types are not decided yet. In a file of their own, for what is dropped from a file
leaves holes in it."""

STORAGE_VERSION = "v1.0.0"
"""Loads 1.6 times faster than the 2.0 format (measured), and every DuckDB since 1.0 opens it."""


@contextmanager
def building(root: Path, ref: TableRef, run_id: str) -> Generator[Path]:
    """A fresh build folder of one table and run, removed at the end unless it was placed.

    The caller holds the table's lease, so what other runs left in the table's build folder is dead
    and goes first.
    """
    table_builds = build_folder(root, ref)
    remove_folder(table_builds)
    folder = table_builds / folder_name(run_id)
    with disk_full_named():
        folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        remove_folder(folder)


def stage_rows(
    folder: Path, plan: TablePlan, batches: Iterator[Any], on_rows: Callable[[int], None]
) -> int:
    """Write all *batches* into the build; rows written. `settle_rows` comes next.

    They are ``pyarrow.RecordBatch`` values of `arrow_schema`. *on_rows* hears the running total a
    batch, on a thread of DuckDB's. Raises what *batches* raises, `TooManyRows` and `DiskFull`.
    """
    stream = _CountedBatches(plan, batches, on_rows)
    schema = arrow_schema(plan.ref, plan.columns)
    with _writer(_staged_file(folder, plan), plan) as db:
        _create_table(db, plan, staged_columns(plan))
        db.register("incoming", arrow.RecordBatchReader.from_batches(schema, stream.read()))
        try:
            db.execute(f"INSERT INTO {table_name(plan.ref)} SELECT * FROM incoming")
        except duckdb.Error:
            if stream.failure is not None:
                raise stream.failure from None  # DuckDB passes on just its text
            raise
        db.unregister("incoming")
    return stream.rows


def settle_rows(folder: Path, plan: TablePlan) -> Settlement:
    """Give the staged rows the types that all their values fit; what each column became.

    Raises `StaleFence` where another run removed the build, and `DiskFull`.
    """
    if not needs_settling(plan):
        return settle(plan.ref, plan.columns, {}, plan.left_out)
    staged = _staged_file(folder, plan)
    if not staged.exists():
        raise StaleFence(table=str(plan.ref))
    with _writer(folder / DATA_FILE, plan, staged) as db:
        rows = f"{_STAGED}.{table_name(plan.ref)}"
        settled = settle(plan.ref, plan.columns, measure(db, rows, plan.columns), plan.left_out)
        kinds = ", ".join(f"{quote(c.name)} {c.duckdb_type}" for c in settled.columns)
        _create_table(db, plan, kinds)
        values = settled_values(plan.columns, settled.columns)
        db.execute(f"INSERT INTO {table_name(plan.ref)} SELECT {values} FROM {rows}")
        db.execute(f"DETACH {_STAGED}")
    staged.unlink()
    return settled


def seal(folder: Path, plan: TablePlan, facts: dict[str, str]) -> tuple[int, int]:
    """Add ``_meta`` (the plan and *facts*) and close the file; its rows and bytes after that.

    Raises `StaleFence` where another run removed the build, for it then holds the table's lease.
    """
    if not (folder / DATA_FILE).exists():
        raise StaleFence(table=str(plan.ref))
    with _writer(folder / DATA_FILE, plan) as db:
        db.execute("CREATE TABLE _meta (name VARCHAR, value VARCHAR)")
        for name, value in {"plan": plan.model_dump_json(), **facts}.items():
            db.execute("INSERT INTO _meta VALUES ($1, $2)", [name, value])
    path = folder / DATA_FILE
    with duckdb.connect(path, read_only=True, config=_config(plan)) as db:
        row = db.execute(f"SELECT count(*) FROM {table_name(plan.ref)}").fetchone()
    with disk_full_named():
        for leftover in folder.iterdir():  # spill files and the like
            if leftover != path:
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        path.chmod(0o444)
    return (row[0] if row else 0), path.stat().st_size


def place(root: Path, folder: Path, receipt: TableReceipt) -> Path:
    """Move a sealed build to where the manifest may name it; its folder there.

    Raises `StaleFence` where another run took the build folder away, for it then holds the table's
    lease.
    """
    write_durably(folder / RECEIPT_FILE, receipt.model_dump_json(indent=2), mode=0o444)
    target = generation_folder(root, receipt.ref, receipt.generation)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.rename(target)
    except FileNotFoundError as error:
        raise StaleFence(table=str(receipt.ref)) from error
    target.chmod(0o555)  # after the rename: moving a folder writes its ".." entry
    sync_folder(target.parent)
    return target


def writing_threads(cores: int) -> int:
    """DuckDB's threads: one core stays with the driver."""
    return min(MAX_THREADS, max(1, cores - 1))


def memory_mib(plan: TablePlan, threads: int) -> int:
    """DuckDB's memory limit: twice what a row group of the widest rows takes in each thread.

    It keeps what it has written until it reaches the limit, so a high one grows with the table. It
    spills under a low one, yet 61 MiB for row groups of 487 ended in "Out of Memory" (measured).
    """
    buffers = ROW_GROUP_ROWS * row_bytes(plan.columns) + 2 * BLOCK_BYTES * len(plan.columns)
    return min(max(2 * threads * buffers >> 20, MIN_MEMORY_MIB), MAX_MEMORY_MIB)


def new_generation(fence: int) -> str:
    """A generation's name: names of one table sort by fence, and none is given twice."""
    return f"{fence:010d}-{secrets.token_hex(4)}"


def sweep_builds(root: Path, alive_run_ids: Collection[str]) -> int:
    """Remove the build folders of runs that are no longer alive; how many there were."""
    alive = {folder_name(run_id) for run_id in alive_run_ids}
    dead = [f for f in (root / BUILD).glob("*/*/*") if f.name not in alive]
    for folder in dead:
        remove_folder(folder)
    return len(dead)


class _CountedBatches:
    """Counts rows as DuckDB pulls them and remembers the error that ended the stream."""

    def __init__(
        self, plan: TablePlan, batches: Iterator[Any], on_rows: Callable[[int], None]
    ) -> None:
        self.rows = 0
        self.failure: BaseException | None = None
        self._plan, self._batches, self._on_rows = plan, batches, on_rows

    def read(self) -> Iterator[Any]:
        try:
            for batch in self._batches:
                self.rows += batch.num_rows
                self._check_ceiling()
                self._on_rows(self.rows)
                yield batch
        except BaseException as error:
            # Not handled here: it crosses DuckDB as text, and stage_rows raises it again.
            self.failure = error
            raise

    def _check_ceiling(self) -> None:
        if self.rows > self._plan.max_rows:
            raise TooManyRows(table=str(self._plan.ref), ceiling=self._plan.max_rows)


def _staged_file(folder: Path, plan: TablePlan) -> Path:
    return folder / (STAGED_FILE if needs_settling(plan) else DATA_FILE)


@contextmanager
def _writer(
    path: Path, plan: TablePlan, staged: Path | None = None
) -> Generator[duckdb.DuckDBPyConnection]:
    """A connection that writes *path* and reads no other file than *staged*."""
    try:
        config = _config(plan) | {"enable_external_access": staged is not None}
        with duckdb.connect(path, config=config) as db:
            if staged is not None:
                file = str(staged).replace("'", "''")
                db.execute(f"ATTACH '{file}' AS {_STAGED} (READ_ONLY)")
                db.execute("SET enable_external_access = false")
            db.execute("SET TimeZone = 'UTC'")  # instants arrive as naive UTC
            db.execute("SET enable_progress_bar = false")  # it would go to the worker's stdout
            yield db
            db.execute("CHECKPOINT")
    except duckdb.Error as error:
        if "No space left" in str(error):
            raise DiskFull from error
        raise


def _config(plan: TablePlan) -> dict[str, str | bool | int | float | list[str]]:
    threads = writing_threads(len(os.sched_getaffinity(0)))
    return {
        "storage_compatibility_version": STORAGE_VERSION,
        "preserve_insertion_order": False,
        "threads": threads,
        "memory_limit": f"{memory_mib(plan, threads)}MiB",
        "write_buffer_row_group_count": BUFFERED_ROW_GROUPS,
        "enable_external_access": False,
        "autoload_known_extensions": False,
        "autoinstall_known_extensions": False,
    }


def _create_table(db: duckdb.DuckDBPyConnection, plan: TablePlan, columns: str) -> None:
    db.execute(f"CREATE SCHEMA IF NOT EXISTS {quote(plan.ref.schema_name)}")
    db.execute(f"CREATE TABLE {table_name(plan.ref)} ({columns})")


_STAGED = "staged"
