"""Make the manifest again from the files, and tell how much room copies take and need."""

import logging
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from sync.errors import WarehouseDamaged
from sync.plan import TableRef
from sync.warehouse.layout import (
    DATA_FILE,
    ENTRY_FILE,
    OURS,
    RESERVE_BYTES,
    generation_folder,
)
from sync.warehouse.manifest import (
    GENERATIONS_KEPT,
    Manifest,
    ManifestEntry,
    generations_on_disk,
    rebuild,
)
from sync.warehouse.publishing import read_entry
from sync.warehouse.sql import table_in

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TableSpace:
    """What is kept of one table."""

    ref: TableRef
    generations: int
    bytes: int
    """Of all of them; a file that several share counts once."""
    rows: int
    """Of the current one."""
    as_of: str
    imported: str
    """Name of the DuckDB file it was imported from; empty of a copy from Oracle."""
    current_bytes: int


@dataclass(frozen=True)
class Space:
    """What the copies take, and what is left for more."""

    tables: tuple[TableSpace, ...]
    free: int
    """Bytes that runs may still take: what is kept in reserve is left out."""

    @property
    def total(self) -> int:
        """Bytes of all generations."""
        return sum(table.bytes for table in self.tables)

    @property
    def until_full_history(self) -> int:
        """Bytes to come until each table has as many generations as are kept, at today's sizes."""
        return sum(
            max(GENERATIONS_KEPT - table.generations, 0) * table.current_bytes
            for table in self.tables
        )

    @property
    def rounds(self) -> int | None:
        """How often all tables could be copied at today's sizes; None where there is none.

        Once its history is full a publish drops the oldest generation, so then only what one more
        round needs for a moment counts.
        """
        each = sum(table.current_bytes for table in self.tables)
        return max(self.free, 0) // each if each else None


def rebuild_manifest(root: Path, *, force: bool = False) -> Manifest:
    """Make the manifest again from the files: of each table the newest generation that is whole.

    Raises `ManifestReadable` where there is one that can be read, unless by *force*, `DiskFull`,
    and `TableBusy` where something publishes all the time.
    """
    return rebuild(root, list(_whole_generations(root)), force=force)


def measure_space(root: Path, manifest: Manifest) -> Space:
    """What the published tables take on disk, and what is free there."""
    tables = tuple(_space_of(root, entry) for entry in manifest.entries)
    there = next(folder for folder in (root, *root.absolute().parents) if folder.is_dir())
    return Space(tables, shutil.disk_usage(there).free - RESERVE_BYTES)


def _space_of(root: Path, entry: ManifestEntry) -> TableSpace:
    found: dict[int, int] = {}
    kept = 0
    for generation in (entry.generation, *entry.previous):
        try:
            facts = (generation_folder(root, entry.ref, generation) / DATA_FILE).stat()
        except FileNotFoundError:  # pruned since the manifest was read
            continue
        found[facts.st_ino] = facts.st_size
        kept += 1
    return TableSpace(
        ref=entry.ref,
        generations=kept,
        bytes=sum(found.values()),
        rows=entry.rows,
        as_of=entry.as_of,
        imported=entry.receipt.imported,
        current_bytes=entry.bytes,
    )


def _whole_generations(root: Path) -> Iterator[ManifestEntry]:
    sources = (f for f in root.iterdir() if f.is_dir() and f.name not in OURS)
    for table in (table for source in sources for table in source.iterdir() if table.is_dir()):
        for folder in generations_on_disk(table):
            try:
                entry = read_entry(folder)
                _require_whole(root, folder, entry)
            except WarehouseDamaged as error:
                log.warning("%s is left out: %s", os.path.relpath(folder, root), error)
                continue
            yield entry


def _require_whole(root: Path, folder: Path, entry: ManifestEntry) -> None:
    """Raise `WarehouseDamaged` where a folder is not what it says, or cannot be read."""
    if folder != generation_folder(root, entry.ref, entry.generation):
        raise WarehouseDamaged(file=f"{folder.name}/{ENTRY_FILE}")
    try:
        with duckdb.connect(folder / DATA_FILE, read_only=True) as db:
            found = db.execute(f"SELECT count(*) FROM {table_in(db, entry.ref)}").fetchone()
    except duckdb.Error as error:
        raise WarehouseDamaged(file=f"{folder.name}/{DATA_FILE}") from error
    if found is None or found[0] != entry.rows:
        raise WarehouseDamaged(file=f"{folder.name}/{DATA_FILE}")
