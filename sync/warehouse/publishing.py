"""Put sealed builds where readers find them, in one moment, and read back what a generation is."""

import json
import logging
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from pydantic import ValidationError

from sync.errors import StaleFence, WarehouseDamaged
from sync.plan import TableRef
from sync.warehouse.layout import (
    ENTRY_FILE,
    RECEIPT_FILE,
    generation_folder,
    remove_folder,
    sync_folder,
    write_durably,
)
from sync.warehouse.manifest import ManifestEntry, publish, read_manifest

log = logging.getLogger(__name__)


def publish_builds(root: Path, builds: Sequence[tuple[Path, ManifestEntry]]) -> None:
    """Move sealed builds into place and name them in one manifest; on failure take them back.

    Raises `StaleFence`, `DiskFull` and `WarehouseDamaged`.
    """
    with ExitStack() as undo:
        undo.callback(_take_back, root, [entry for _, entry in builds])
        for folder, entry in builds:
            place(root, folder, entry)
        publish(root, [entry for _, entry in builds])
        undo.pop_all()


def place(root: Path, folder: Path, entry: ManifestEntry) -> Path:
    """Move a sealed build to where the manifest may name it; its folder there.

    With it goes all that the manifest says of it, so that the manifest can be made again. Raises
    `StaleFence` where another run took the build folder away, for it then holds the table's lease.
    """
    told = entry.model_dump_json(exclude={"receipt", "previous"}, indent=2)
    write_durably(folder / RECEIPT_FILE, entry.receipt.model_dump_json(indent=2), mode=0o444)
    write_durably(folder / ENTRY_FILE, told, mode=0o444)
    target = generation_folder(root, entry.ref, entry.generation)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.rename(target)
    except FileNotFoundError as error:
        raise StaleFence(table=str(entry.ref)) from error
    target.chmod(0o555)  # after the rename: moving a folder writes its ".." entry
    sync_folder(target.parent)
    return target


def read_entry(folder: Path) -> ManifestEntry:
    """What the manifest said of the generation in *folder*, without `ManifestEntry.previous`.

    Raises `WarehouseDamaged`.
    """
    try:
        told = json.loads((folder / ENTRY_FILE).read_bytes())
        receipt = json.loads((folder / RECEIPT_FILE).read_bytes())
        return ManifestEntry.model_validate({**told, "receipt": receipt})
    except (OSError, ValueError, TypeError, ValidationError) as error:
        raise WarehouseDamaged(file=f"{folder.name}/{ENTRY_FILE}") from error


def kept_entry(root: Path, ref: TableRef, generation: str) -> ManifestEntry:
    """The same of a table's kept generation; raises `WarehouseDamaged`."""
    return read_entry(generation_folder(root, ref, generation))


def _take_back(root: Path, entries: Sequence[ManifestEntry]) -> None:
    """Remove the generations of *entries* that the manifest does not name.

    Where it cannot be read all of them stay: the next publish of the table prunes a spare one, but
    nothing brings back one that readers were sent to.
    """
    try:
        manifest = read_manifest(root)
        for one in entries:
            if not manifest.names(one.ref, one.generation):
                remove_folder(generation_folder(root, one.ref, one.generation))
    except (OSError, WarehouseDamaged) as error:
        log.warning("unpublished copies are left to the next publish: %s", type(error).__name__)
