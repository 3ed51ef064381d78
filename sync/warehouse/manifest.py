"""The list of current generations: the only thing readers trust, replaced as a whole."""

import fcntl
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from sync.errors import StaleFence, TableBusy, TableNotSynced, WarehouseDamaged
from sync.plan import Column, TableReceipt, TableRef
from sync.warehouse.layout import (
    data_file,
    disk_full_named,
    remove_folder,
    table_folder,
    write_durably,
)

GENERATIONS_KEPT = 3
"""Of each table, the current one included."""

LOCK_WAIT_SECONDS = 30
"""A publish holds the lock for milliseconds; longer means something is stuck."""

MANIFEST_FILE = "manifest.json"


class ManifestEntry(BaseModel):
    """The current generation of one table, and what people ask about it without a query."""

    model_config = ConfigDict(frozen=True)

    ref: TableRef
    generation: str
    fence: int
    """Grows with every publish of the table; a run with an older one came too late."""
    rows: int
    as_of: str
    """ISO 8601 UTC moment of Oracle that the copy shows."""
    published_at: str
    """ISO 8601 UTC."""
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    comment: str | None
    column_comments: dict[str, str]
    """By column name; columns without a comment are left out."""
    bytes: int
    receipt: TableReceipt
    previous: tuple[str, ...] = ()
    """Older generations still on disk, newest first. Filled in by `publish`."""


class Manifest(BaseModel):
    """All current generations, ordered by source, schema and table."""

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    entries: tuple[ManifestEntry, ...] = ()

    def find(self, ref: TableRef) -> ManifestEntry | None:
        """The table's entry, if it was ever published."""
        return next((entry for entry in self.entries if entry.ref == ref), None)

    def entry(self, ref: TableRef) -> ManifestEntry:
        """The table's entry; raises `TableNotSynced`."""
        found = self.find(ref)
        if found is None:
            raise TableNotSynced(table=str(ref))
        return found


def read_manifest(root: Path) -> Manifest:
    """What is published now; empty where nothing was yet. Raises `WarehouseDamaged`."""
    try:
        return Manifest.model_validate_json((root / MANIFEST_FILE).read_bytes())
    except FileNotFoundError:
        return Manifest()
    except ValidationError as error:
        raise WarehouseDamaged(file=MANIFEST_FILE) from error


def next_fence(manifest: Manifest, ref: TableRef, redis_fence: int) -> int:
    """*redis_fence*, the next number by Redis, or more where a lost Redis counts from 1 again.

    Ask before reading Oracle: then whoever has the higher fence also read the newer rows.
    """
    published = manifest.find(ref)
    return max(redis_fence, published.fence + 1 if published else 1)


def publish(root: Path, entries: Sequence[ManifestEntry]) -> Manifest:
    """Make *entries*, whose generations are in place, the current ones, all in one moment.

    Raises `StaleFence`, and publishes none, where one of the tables has a newer or equal fence.
    Prunes what is older than the last `GENERATIONS_KEPT`; a reader that has a pruned file open
    keeps reading it.
    """
    with _locked(root):
        manifest = read_manifest(root)
        merged = {entry.ref: entry for entry in manifest.entries}
        for entry in entries:
            before = merged.get(entry.ref)
            if before is not None and before.fence >= entry.fence:
                raise StaleFence(table=str(entry.ref))
            if not data_file(root, entry.ref, entry.generation).is_file():
                raise WarehouseDamaged(file=entry.generation)
            merged[entry.ref] = entry.model_copy(update={"previous": _history(before, entry)})
        published = Manifest(entries=tuple(sorted(merged.values(), key=_place_in_list)))
        write_durably(root / MANIFEST_FILE, published.model_dump_json(indent=2), mode=0o644)
        for entry in entries:
            _prune(root, merged[entry.ref])
    return published


def _history(before: ManifestEntry | None, entry: ManifestEntry) -> tuple[str, ...]:
    if before is None:
        return ()
    older = [g for g in (before.generation, *before.previous) if g != entry.generation]
    return tuple(older[: GENERATIONS_KEPT - 1])


def _place_in_list(entry: ManifestEntry) -> tuple[str, str, str]:
    return entry.ref.source, entry.ref.schema_name, entry.ref.table


def _prune(root: Path, entry: ManifestEntry) -> None:
    kept = {entry.generation, *entry.previous}
    for folder in table_folder(root, entry.ref).iterdir():
        # A newer fence is a run that has placed its generation and waits for our lock.
        if folder.name not in kept and _fence_of(folder.name) < entry.fence:
            remove_folder(folder)


def _fence_of(generation: str) -> int:
    """The fence a generation's name begins with (`generation.new_generation`)."""
    digits = generation.partition("-")[0]
    return int(digits) if digits.isdecimal() else 0


@contextmanager
def _locked(root: Path) -> Generator[None]:
    """Hold the warehouse's publish lock; raises `TableBusy` after `LOCK_WAIT_SECONDS`."""
    with disk_full_named():
        root.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    with (root / "manifest.lock").open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TableBusy(table=MANIFEST_FILE) from None
                time.sleep(0.01)
        yield  # closing the file releases the lock
