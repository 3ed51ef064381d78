"""Write one generation: rows in, a sealed file that never changes again out.

stage → settle → seal; `sync.warehouse.publishing` places it. Until then everything lives in a build
folder that disappears with the ``with`` block, so a run that fails leaves nothing behind.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from sync.errors import DiskFull, StaleFence, TooManyRows, WarehouseDamaged
from sync.plan import Column, TablePlan, TableRef
from sync.settlement import Settlement, settle
from sync.types import arrow, arrow_schema
from sync.warehouse.layout import (
    BUILD,
    DATA_FILE,
    build_folder,
    disk_full_named,
    folder_name,
    is_locked,
    remove_folder,
    sync_file,
)
from sync.warehouse.merge import DELETED_AT, STAGED, Database, widen
from sync.warehouse.settling import measure, needs_settling, settled_values, staged_columns
from sync.warehouse.sql import quote, schema_in, table_in, table_name, text
from sync.warehouse.writers import MAX_THREADS, STORAGE_VERSION, cores, settings

MOST_FREE_TIMES = 2
"""A file of more than so many times its used blocks is written anew."""
SPARE_BLOCKS = 16
"""A small file is left as it is."""

STAGED_FILE = "staged.duckdb"
"""Rows whose types are not decided yet, and those an incremental run takes over. In a file of their
own, for what is dropped from a file leaves holes in it."""

BESIDE = "beside"
"""The name of a second file that is read while a build is written."""

IMPORT_RUN = "import-"
"""Begins the name of what no run but an import builds, which no Redis knows of."""
IMPORT_LOCK = "import.lock"
"""Held for as long as an import builds."""


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


def go_on_from(folder: Path, current: Path) -> None:
    """Begin the build as a copy of the generation readers see, for an incremental run.

    The kernel copies it, on file systems that can by sharing its blocks.
    """
    target = folder / DATA_FILE
    with disk_full_named(), current.open("rb") as old, target.open("xb") as new:
        left = os.fstat(old.fileno()).st_size
        while left:
            left -= os.copy_file_range(old.fileno(), new.fileno(), left)


def begin_as(folder: Path, sealed: Path) -> None:
    """Make the build the file of a sealed generation: the same one, or a copy where it must be."""
    target = folder / DATA_FILE
    try:
        target.hardlink_to(sealed)
    except FileNotFoundError as error:
        raise WarehouseDamaged(file=f"{sealed.parent.name}/{DATA_FILE}") from error
    except OSError:  # a file system without such links, or the file of another user
        go_on_from(folder, sealed)
        sync_file(target)
        target.chmod(0o444)


def stage_rows(
    folder: Path, plan: TablePlan, batches: Iterator[Any], on_rows: Callable[[int], None]
) -> int:
    """Write all *batches* into the build; rows written. `settle_rows` comes next.

    Into the table itself, or beside it where an incremental run takes them over later. They are
    ``pyarrow.RecordBatch`` values of `arrow_schema`. *on_rows* hears the running total a batch, on
    a thread of DuckDB's. Raises what *batches* raises, `TooManyRows` and `DiskFull`.
    """
    stream = _CountedBatches(plan, batches, on_rows)
    schema = arrow_schema(plan.ref, plan.columns)
    with _writer(_staged_file(folder, plan), plan) as db:
        if plan.is_partial:
            db.execute("SET force_compression = 'uncompressed'")  # they are read once or twice
        _create_staged(db, plan)
        db.register("incoming", arrow.RecordBatchReader.from_batches(schema, stream.read()))
        try:
            db.execute(f"INSERT INTO {table_in(db, plan.ref)} BY NAME SELECT * FROM incoming")
        except duckdb.Error:
            if stream.failure is not None:
                raise stream.failure from None  # DuckDB passes on just its text
            raise
        db.unregister("incoming")
    return stream.rows


def settle_rows(
    folder: Path, plan: TablePlan, current: Mapping[str, str] | None = None
) -> Settlement:
    """Give the staged rows the types that all their values fit; what each column became.

    *current* are the types of rows that stay beside the new ones: of the copy an incremental run
    goes on from, which is widened where the new rows need more, while they stay in their own file;
    or of rows carried over. Raises `StaleFence` where another run removed the build, and
    `DiskFull`.
    """
    if not needs_settling(plan):
        return settle(plan.ref, plan.columns, {}, plan.left_out, current)
    staged = _staged_file(folder, plan)
    if not staged.exists():
        raise StaleFence(table=str(plan.ref))
    with writing(folder, plan, beside=staged) as db:
        rows = f"{BESIDE}.{table_name(plan.ref)}"
        measures = measure(db, rows, plan.columns)
        settled = settle(plan.ref, plan.columns, measures, plan.left_out, current)
        if current is not None and plan.is_partial:
            widen(db, plan, settled.columns, current)
            return settled
        _create_table(db, plan, settled.columns)
        values = settled_values(plan.columns, settled.columns)
        db.execute(f"INSERT INTO {table_in(db, plan.ref)} BY NAME SELECT {values} FROM {rows}")
        db.execute(f"DETACH {BESIDE}")
    staged.unlink()
    return settled


@contextmanager
def proving(
    folder: Path, plan: TablePlan, columns: Sequence[Column], replaced: Path | None = None
) -> Generator[Database]:
    """Open the build to prove it; of an incremental run `STAGED` are its rows, of *columns*.

    Of a full run *replaced* stands `BESIDE` it. Nothing is read of Oracle meanwhile, and where
    nothing is added either, all cores are free to answer. Raises what `writing` raises.
    """
    staged = folder / STAGED_FILE
    if plan.is_partial and not staged.exists():
        raise StaleFence(table=str(plan.ref))
    with writing(folder, plan, staged if plan.is_partial else replaced) as db:
        if plan.is_partial:
            values = settled_values(plan.columns, columns)
            rows = f"{BESIDE}.{table_name(plan.ref)}"
            db.execute(f"CREATE TEMP VIEW {STAGED} AS SELECT {values} FROM {rows}")
        elif replaced is None:
            db.execute(f"SET threads = {min(MAX_THREADS, cores())}")
        yield db


def describe(db: Database, plan: TablePlan, facts: dict[str, str]) -> None:
    """Write ``_meta``, the plan and *facts*, into a build."""
    db.execute("CREATE OR REPLACE TABLE _meta (name VARCHAR, value VARCHAR)")
    for name, value in {"plan": plan.model_dump_json(), **facts}.items():
        db.execute("INSERT INTO _meta VALUES ($1, $2)", [name, value])


def seal(folder: Path, plan: TablePlan) -> tuple[int, int]:
    """Let nothing change a build any more; rows and bytes of its file.

    Raises `StaleFence` where another run removed the build, for it then holds the table's lease.
    """
    path = folder / DATA_FILE
    if not path.exists():
        raise StaleFence(table=str(plan.ref))
    rows, is_loose = _rows_in(path, plan)
    if is_loose:
        _write_anew(path, plan)
        rows, _ = _rows_in(path, plan)
    with disk_full_named():
        for leftover in folder.iterdir():  # spill files and the like
            if leftover != path:
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        sync_file(path)
        path.chmod(0o444)
    return rows, path.stat().st_size


def _rows_in(path: Path, plan: TablePlan) -> tuple[int, bool]:
    """Rows of a closed file, and whether it is mostly free blocks."""
    with duckdb.connect(path, read_only=True, config=settings(plan)) as db:
        total, used, rows = db.execute(
            f"SELECT total_blocks, used_blocks, (SELECT count(*) FROM {table_in(db, plan.ref)}) "
            "FROM pragma_database_size() WHERE database_name = current_database()"
        ).fetchall()[0]
    return int(rows), total > MOST_FREE_TIMES * used + SPARE_BLOCKS


def _write_anew(path: Path, plan: TablePlan) -> None:
    """Leave a file's free blocks behind: what was deleted stays in it for ever else."""
    new = path.with_name("compact.duckdb")
    config = {**settings(plan), "enable_external_access": True}
    with named_disk_full(), duckdb.connect(config=config) as db:
        db.execute(f"ATTACH {text(str(path))} AS old (READ_ONLY)")
        version = text(STORAGE_VERSION)
        db.execute(f"ATTACH {text(str(new))} AS new (STORAGE_VERSION {version})")
        db.execute("COPY FROM DATABASE old TO new")
        db.execute("CHECKPOINT new")
    new.replace(path)


def new_generation(fence: int) -> str:
    """A generation's name: names of one table sort by fence, and none is given twice."""
    return f"{fence:010d}-{secrets.token_hex(4)}"


def sweep_builds(root: Path, alive_run_ids: Collection[str]) -> int:
    """Remove the build folders of runs that are no longer alive; how many there were."""
    dead = dead_builds(root, alive_run_ids)
    for folder in dead:
        remove_folder(folder)
    return len(dead)


def dead_builds(root: Path, alive_run_ids: Collection[str]) -> list[Path]:
    """The build folders of runs that are no longer alive, and of imports that broke off."""
    alive = {folder_name(run_id) for run_id in alive_run_ids}
    dead = [f for f in (root / BUILD).glob("*/*/*") if f.name not in alive]
    if dead and is_locked(root / IMPORT_LOCK):
        dead = [f for f in dead if not f.name.startswith(IMPORT_RUN)]
    return dead


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
    return folder / (STAGED_FILE if needs_settling(plan) or plan.is_partial else DATA_FILE)


@contextmanager
def writing(folder: Path, plan: TablePlan, beside: Path | None = None) -> Generator[Database]:
    """Open the build's file to write, to read *beside* it a file as `BESIDE`; left checkpointed.

    Raises `DiskFull`, `WarehouseDamaged` where *beside* cannot be read, and `StaleFence` where
    another run removed the build, for it then holds the table's lease.
    """
    if not folder.exists():
        raise StaleFence(table=str(plan.ref))
    with _writer(folder / DATA_FILE, plan, beside) as db:
        yield db


@contextmanager
def _writer(path: Path, plan: TablePlan, beside: Path | None = None) -> Generator[Database]:
    """A connection that writes *path* and reads no other file than *beside*."""
    config = settings(plan) | {"enable_external_access": beside is not None}
    with named_disk_full(), duckdb.connect(path, config=config) as db:
        if beside is not None:
            try:
                db.execute(f"ATTACH {text(str(beside))} AS {BESIDE} (READ_ONLY)")
            except duckdb.Error as error:
                raise WarehouseDamaged(file=f"{beside.parent.name}/{beside.name}") from error
            db.execute("SET enable_external_access = false")
        db.execute("SET TimeZone = 'UTC'")  # instants arrive as naive UTC
        db.execute("SET enable_progress_bar = false")  # it would go to the worker's stdout
        yield db
        db.execute("CHECKPOINT")


@contextmanager
def named_disk_full() -> Generator[None]:
    """Turn DuckDB's "No space left" into `DiskFull`."""
    try:
        yield
    except duckdb.Error as error:
        if "No space left" in str(error):
            raise DiskFull from error
        raise


def _create_staged(db: Database, plan: TablePlan) -> None:
    """Make the table that rows arrive in: as they arrive, where the data decides a type."""
    db.execute(f"CREATE SCHEMA IF NOT EXISTS {schema_in(db, plan.ref.schema_name)}")
    if needs_settling(plan):
        db.execute(f"CREATE TABLE {table_in(db, plan.ref)} ({staged_columns(plan)})")
    else:
        _create_table(db, plan, plan.columns)


def _create_table(db: Database, plan: TablePlan, columns: Sequence[Column]) -> None:
    """Make the table of the copy, or one like it for rows that an incremental run takes over."""
    kinds = [f"{quote(c.name)} {c.duckdb_type}" for c in columns]
    if plan.deletes == "mark" and not plan.is_partial:
        kinds.append(f"{quote(DELETED_AT)} TIMESTAMP")
    db.execute(f"CREATE SCHEMA IF NOT EXISTS {schema_in(db, plan.ref.schema_name)}")
    db.execute(f"CREATE TABLE {table_in(db, plan.ref)} ({', '.join(kinds)})")
