"""The list of current generations: the only thing readers trust, replaced as a whole."""

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from sync.errors import DiskFull, StaleFence, TableNotSynced, WarehouseDamaged
from sync.past_errors import CopyMoved, ManifestReadable
from sync.plan import Column, TableRef
from sync.receipt import TableReceipt
from sync.warehouse.current import link_current, unlink_current
from sync.warehouse.layout import (
    data_file,
    locked,
    remove_folder,
    table_folder,
    write_durably,
)

log = logging.getLogger(__name__)

GENERATIONS_KEPT = 3
"""Of each table, the current one included."""

_GENERATION = re.compile(r"(?P<fence>[0-9]{10,})-[0-9a-f]{8}")
"""What `sync.warehouse.generation.new_generation` makes."""

LOCK_WAIT_SECONDS = 30
"""A publish holds the lock for milliseconds; longer means something is stuck."""

MANIFEST_FILE = "manifest.json"
LOCK_FILE = "manifest.lock"


class ManifestEntry(BaseModel):
    """The current generation of one table, and what people ask about it without a query."""

    model_config = ConfigDict(frozen=True)

    ref: TableRef
    generation: str
    fence: int
    """Grows with every publish of the table; a run with an older one came too late."""
    rows: int
    as_of: str
    """ISO 8601 UTC moment of Oracle that the copy shows; of an imported table, of the import."""
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

    @property
    def imported(self) -> tuple[TableRef, ...]:
        """The tables that were imported from DuckDB files, and files beside them."""
        return tuple(entry.ref for entry in self.entries if entry.ref.is_imported)

    def beside(self, files: Sequence[ManifestEntry]) -> "Manifest":
        """The same with the files of a thread, which are published nowhere."""
        return self.model_copy(update={"entries": (*self.entries, *files)}) if files else self

    def find(self, ref: TableRef) -> ManifestEntry | None:
        """The table's entry, if it was ever published."""
        return next((entry for entry in self.entries if entry.ref == ref), None)

    def entry(self, ref: TableRef) -> ManifestEntry:
        """The table's entry; raises `TableNotSynced`."""
        found = self.find(ref)
        if found is None:
            raise TableNotSynced(table=str(ref))
        return found

    def names(self, ref: TableRef, generation: str) -> bool:
        """Whether *generation* is the table's current one or a kept older one."""
        entry = self.find(ref)
        return entry is not None and generation in (entry.generation, *entry.previous)


def read_manifest(root: Path) -> Manifest:
    """What is published now; empty where nothing was yet. Raises `WarehouseDamaged`."""
    try:
        found = Manifest.model_validate_json((root / MANIFEST_FILE).read_bytes())
    except FileNotFoundError:
        return Manifest()
    except (ValidationError, OSError) as error:
        raise WarehouseDamaged(file=MANIFEST_FILE) from error
    if not found.model_fields_set >= {"version", "entries"}:
        # An empty object is no list of nothing: publishing over it would hide what is there.
        raise WarehouseDamaged(file=MANIFEST_FILE)
    return found


def publish(root: Path, entries: Sequence[ManifestEntry]) -> Manifest:
    """Make *entries*, whose generations are in place, the current ones, all in one moment.

    Raises `StaleFence`, and publishes none, where one of the tables has a newer or equal fence.
    Once readers see the new manifest nothing raises: what could not be made safe against a power
    cut, or not be pruned, is logged. Prunes what is older than the last `GENERATIONS_KEPT`; a
    reader that has a pruned file open keeps reading it.
    """
    lock = root / LOCK_FILE
    with locked(lock, wait_seconds=LOCK_WAIT_SECONDS, what=MANIFEST_FILE):
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
        is_safe = _replaced(root, published)
        link_current(root, [(entry.ref, entry.generation) for entry in published.entries])
        if is_safe:
            for entry in entries:
                _prune(root, merged[entry.ref])
    return published


def rebuild(root: Path, found: Sequence[ManifestEntry], *, force: bool) -> Manifest:
    """Write the manifest anew of the generations that were *found* on disk, newest of each current.

    Raises `ManifestReadable` where there is one that can be read, unless by *force*.
    """
    with locked(root / LOCK_FILE, wait_seconds=LOCK_WAIT_SECONDS, what=MANIFEST_FILE):
        if not force and _is_readable(root):
            raise ManifestReadable
        kept: dict[TableRef, ManifestEntry] = {}
        for entry in sorted(found, key=lambda one: one.fence):
            before = kept.get(entry.ref)
            kept[entry.ref] = entry.model_copy(update={"previous": _history(before, entry)})
        rebuilt = Manifest(entries=tuple(sorted(kept.values(), key=_place_in_list)))
        write_durably(root / MANIFEST_FILE, rebuilt.model_dump_json(indent=2), mode=0o644)
        link_current(root, [(entry.ref, entry.generation) for entry in rebuilt.entries])
    return rebuilt


def forget(root: Path, entry: ManifestEntry) -> None:
    """Take a table out of the manifest in one moment, and then remove all its generations.

    Raises `CopyMoved`, and changes nothing, where *entry* is not the current one any more. A reader
    that has a file of it open keeps reading. Where the removal fails or is cut off the files stay,
    in nobody's sight: the next import of the name goes on, and `rebuild` alone would find them.
    """
    with locked(root / LOCK_FILE, wait_seconds=LOCK_WAIT_SECONDS, what=MANIFEST_FILE):
        manifest = read_manifest(root)
        if manifest.find(entry.ref) != entry:
            raise CopyMoved(table=str(entry.ref))
        kept = tuple(one for one in manifest.entries if one.ref != entry.ref)
        unlink_current(root, entry.ref)  # first: cut off here, the table can be dropped again
        is_safe = _replaced(root, Manifest(entries=kept))
        if is_safe:
            try:
                remove_folder(table_folder(root, entry.ref))
            except OSError as error:
                log.warning("files of %s could not be removed: %s", entry.ref, _cause(error))


def generations_on_disk(table: Path) -> list[Path]:
    """The folders in a table's folder that are named like generations, oldest first."""
    named = (f for f in table.iterdir() if _GENERATION.fullmatch(f.name) and not f.is_symlink())
    return sorted((f for f in named if f.is_dir()), key=lambda f: (len(f.name), f.name))


def _is_readable(root: Path) -> bool:
    try:
        read_manifest(root)
    except WarehouseDamaged:
        return False
    return (root / MANIFEST_FILE).exists()


def _replaced(root: Path, published: Manifest) -> bool:
    """Replace the manifest; False where readers see it and a power cut may bring the old one back.

    Then nothing may be pruned, for the old one names what the new one does not.
    """
    try:
        write_durably(root / MANIFEST_FILE, published.model_dump_json(indent=2), mode=0o644)
    except (OSError, DiskFull) as error:
        if read_manifest(root) != published:
            raise
        log.warning("the new manifest is in use but not yet safe on disk: %s", _cause(error))
        return False
    return True


def _history(before: ManifestEntry | None, entry: ManifestEntry) -> tuple[str, ...]:
    if before is None:
        return ()
    older = [g for g in (before.generation, *before.previous) if g != entry.generation]
    return tuple(older[: GENERATIONS_KEPT - 1])


def _place_in_list(entry: ManifestEntry) -> tuple[str, str, str]:
    return entry.ref.source, entry.ref.schema_name, entry.ref.table


def _prune(root: Path, entry: ManifestEntry) -> None:
    """Remove older generations; what cannot be removed is tried again by the next publish."""
    try:
        old = [f for f in table_folder(root, entry.ref).iterdir() if _is_old(f, entry)]
    except OSError as error:
        log.warning("old copies of %s could not be listed: %s", entry.ref, _cause(error))
        return
    for folder in old:
        try:
            remove_folder(folder)
        except OSError as error:
            log.warning(
                "old copy %s of %s could not be removed: %s", folder.name, entry.ref, _cause(error)
            )


def _is_old(folder: Path, entry: ManifestEntry) -> bool:
    named = _GENERATION.fullmatch(folder.name)
    if named is None or folder.name in {entry.generation, *entry.previous}:
        return False  # what we did not write is not ours to remove
    # A newer fence is a run that has placed its generation and waits for our lock.
    is_folder = folder.is_dir() and not folder.is_symlink()
    return is_folder and int(named["fence"]) < entry.fence


def _cause(error: Exception) -> str:
    """What the system said, without the path."""
    cause = error if isinstance(error, OSError) else error.__cause__
    return getattr(cause, "strerror", None) or type(error).__name__
