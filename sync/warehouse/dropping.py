"""Drop an imported table: out of the manifest, and its files from the disk."""

from pathlib import Path

from sync.errors import TableBusy
from sync.import_errors import ImportRunning, NotImported
from sync.warehouse.generation import IMPORT_LOCK
from sync.warehouse.layout import locked
from sync.warehouse.manifest import ManifestEntry, forget


def drop_imported(root: Path, entry: ManifestEntry) -> None:
    """Drop the table whose current copy is *entry*, with its older copies.

    Raises `NotImported` for a copy of Oracle, `ImportRunning`, and what `forget` raises.
    """
    if not entry.ref.is_imported:
        raise NotImported(table=str(entry.ref))
    try:
        with locked(root / IMPORT_LOCK, wait_seconds=0, what="import"):
            forget(root, entry)
    except TableBusy as error:
        raise ImportRunning from error
