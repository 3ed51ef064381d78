"""Import the tables of a DuckDB file: each a generation of its own, all in one manifest.

They are written and sealed as every other copy is, so whatever reads, keeps, undoes, backs up or
rebuilds copies does so with these; only that nothing of them was proven against Oracle.
"""

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from sync.errors import TableBusy, WarehouseDamaged
from sync.import_errors import ImportFileChanged, ImportRunning, NothingToImport
from sync.plan import TablePlan, TableRef
from sync.receipt import TableReceipt
from sync.warehouse.foreign import (
    Contents,
    Foreign,
    LeftOut,
    Offer,
    bounded_view,
    first_line,
    opened,
    require_sound,
    stamp_of,
    too_many,
)
from sync.warehouse.generation import (
    IMPORT_LOCK,
    IMPORT_RUN,
    building,
    describe,
    named_disk_full,
    new_generation,
    seal,
    writing,
)
from sync.warehouse.layout import BUILD, DATA_FILE, RESERVE_BYTES, locked, require_room
from sync.warehouse.manifest import ManifestEntry, read_manifest
from sync.warehouse.publishing import publish_builds
from sync.warehouse.sql import quote, text
from sync.warehouse.writers import STORAGE_VERSION

_BUILD = "build"
"""What DuckDB calls the file that is written."""


@dataclass(frozen=True)
class Imported:
    """What an import published, and what it could not."""

    entries: tuple[ManifestEntry, ...]
    left_out: tuple[LeftOut, ...]


def import_tables(
    root: Path,
    file: Path,
    contents: Contents,
    *,
    most_rows: int,
    on_table: Callable[[TableRef], None] = lambda _: None,
) -> Imported:
    """Publish what `look_into` has offered of *file*; *on_table* hears which table is copied next.

    What cannot be copied is left out, and a copy of it from before stays. Raises `NothingToImport`
    where that is all, `ImportFileChanged`, `ImportRunning`, `DiskFull`, `StaleFence`,
    `WarehouseDamaged`, and what `look_into` raises; nothing is published then.
    """
    at, run = datetime.now(UTC), f"{IMPORT_RUN}{secrets.token_hex(8)}"
    left_out = list(contents.left_out)
    builds: list[tuple[Path, ManifestEntry]] = []
    root = root.absolute()
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(root / IMPORT_LOCK, wait_seconds=0, what="import"))
        except TableBusy as error:
            raise ImportRunning from error
        foreign = stack.enter_context(opened(file, writes=root / BUILD))
        if stamp_of(file) != contents.stamp:
            raise ImportFileChanged(file=str(file))
        manifest = read_manifest(root)
        for offer in contents.offers:
            on_table(offer.ref)
            require_room(root, RESERVE_BYTES)
            folder = stack.enter_context(building(root, offer.ref, run))
            before = manifest.find(offer.ref)
            fence = before.fence + 1 if before else 1
            try:
                with named_disk_full():
                    rows = _copy(foreign, folder, offer, most_rows)
                    if rows <= most_rows:
                        builds.append((folder, _sealed(folder, offer, file.name, rows, fence, at)))
                    else:
                        left_out.append(LeftOut(offer.ref, too_many(most_rows)))
            except duckdb.Error as error:
                require_sound(file, error)
                left_out.append(LeftOut(offer.ref, first_line(error)))
        if not builds:
            raise NothingToImport(file=str(file))
        publish_builds(root, builds)
    return Imported(tuple(entry for _, entry in builds), tuple(left_out))


def _copy(foreign: Foreign, folder: Path, offer: Offer, most_rows: int) -> int:
    """Write the rows into a file of their own; how many there are, one too many at most."""
    db = foreign.db
    values = ", ".join(
        f"CAST({quote(one.name)} AS VARCHAR) AS {quote(one.name)}"
        if one in offer.as_text
        else quote(one.name)
        for one in offer.columns
    )
    schema = f"{_BUILD}.{quote(offer.ref.schema_name)}"
    path = text(str(folder / DATA_FILE))
    db.execute(f"ATTACH {path} AS {_BUILD} (STORAGE_VERSION {text(STORAGE_VERSION)})")
    try:
        db.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        with bounded_view(db, is_view=offer.is_view):
            limit = f" LIMIT {most_rows + 1}" if offer.is_view else ""
            copied = db.execute(
                f"CREATE TABLE {schema}.{quote(offer.ref.table)} AS "
                f"SELECT {values} FROM {foreign.name(offer.ref)}{limit}"
            ).fetchone()
        db.execute(f"CHECKPOINT {_BUILD}")
    finally:
        db.execute(f"DETACH {_BUILD}")
    return int(copied[0]) if copied else 0


def _sealed(
    folder: Path, offer: Offer, file: str, copied: int, fence: int, at: datetime
) -> ManifestEntry:
    """Close the file and say what it is."""
    plan = TablePlan(
        ref=offer.ref,
        mode="full",
        columns=offer.columns,
        key=offer.key,
        max_rows=max(copied, 1),
        proof="count",
    )
    facts = {"imported": file, "as_of": at.isoformat(), "consistency": "imported", "proof": "none"}
    with writing(folder, plan) as db:
        describe(db, plan, {"fence": str(fence), **facts})
    rows, size = seal(folder, plan)
    if rows != copied:
        raise WarehouseDamaged(file=DATA_FILE)
    now = datetime.now(UTC)
    receipt = TableReceipt(
        ref=offer.ref,
        generation=new_generation(fence),
        fence=fence,
        rows=rows,
        oracle_rows=None,
        scn=None,
        consistency="imported",
        as_of=at.isoformat(),
        seconds=round((now - at).total_seconds(), 3),
        bytes=size,
        proof="none",
        imported=file,
    )
    return ManifestEntry(
        ref=offer.ref,
        generation=receipt.generation,
        fence=fence,
        rows=rows,
        as_of=receipt.as_of,
        published_at=now.isoformat(),
        columns=offer.columns,
        key=offer.key,
        comment=offer.comment,
        column_comments=offer.column_comments,
        bytes=size,
        receipt=receipt,
    )
