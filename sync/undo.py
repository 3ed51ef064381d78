"""Go back to the copy before the present one: a publish like any other, of rows proven before.

What is left behind stays kept, so an undo can be undone. The older copy becomes a generation of
its own, with a fence of its own, whose file is the same one on disk: so a lost manifest, a retry
and the next incremental run find it as they find every other.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from sync.engine import Steps
from sync.past_errors import CopyMoved, NothingToUndo
from sync.plan import Estimate, Plan, TablePlan, TableRef, Undo, Wish
from sync.receipt import Receipt
from sync.warehouse.generation import begin_as, building, new_generation
from sync.warehouse.layout import data_file
from sync.warehouse.manifest import ManifestEntry, read_manifest
from sync.warehouse.publishing import kept_entry, publish_builds


def plan_undo(warehouse: Path, ref: TableRef) -> Plan:
    """What going back one copy of a table would do. Raises `TableNotSynced` and `NothingToUndo`."""
    current = read_manifest(warehouse).entry(ref)
    if not current.previous:
        raise NothingToUndo(table=str(ref))
    older = kept_entry(warehouse, ref, current.previous[0])
    planned = TablePlan(
        ref=ref,
        mode="full",
        columns=older.columns,
        key=older.key,
        max_rows=max(older.rows, 1),
        wish=Wish(ref=ref, undo=True),
        where=older.receipt.where,
        undo=Undo(
            to=older.generation,
            to_as_of=older.as_of,
            leaves=current.generation,
            leaves_as_of=current.as_of,
        ),
    )
    estimate = Estimate(
        rows=older.rows, bytes=older.bytes, analyzed_at=None, current_rows=current.rows
    )
    return Plan(tables=(planned,), estimates=(estimate,))


def run_undo(
    plan: Plan, *, warehouse: Path, build: str, fence: Callable[[TableRef], int], steps: Steps
) -> Receipt:
    """Publish the older copies that *plan* names. The caller holds the tables' leases.

    Raises `CopyMoved` where a table was published again since it was planned, `StaleFence`,
    `DiskFull` and `WarehouseDamaged`; nothing has changed then.
    """
    began = time.monotonic()
    fences = [fence(table.ref) for table in plan.tables]
    manifest = read_manifest(warehouse)
    with ExitStack() as stack:
        builds: list[tuple[Path, ManifestEntry]] = []
        for table, number in zip(plan.tables, fences, strict=True):
            undo = table.undo
            if undo is None or manifest.entry(table.ref).generation != undo.leaves:
                raise CopyMoved(table=str(table.ref))
            older = kept_entry(warehouse, table.ref, undo.to)
            folder = stack.enter_context(building(warehouse, table.ref, build))
            begin_as(folder, data_file(warehouse, table.ref, undo.to))
            builds.append((folder, _again(older, undo, number, began)))
        steps.on_publishing()
        publish_builds(warehouse, builds)
    receipts = tuple(entry.receipt for _, entry in builds)
    return Receipt(tables=receipts, seconds=round(time.monotonic() - began, 3))


def _again(older: ManifestEntry, undo: Undo, fence: int, began: float) -> ManifestEntry:
    """The older copy's own entry and receipt, under a new name and fence."""
    generation = new_generation(fence)
    new = {"generation": generation, "fence": fence}
    seconds = round(time.monotonic() - began, 3)
    receipt = older.receipt.model_copy(update={**new, "seconds": seconds, "undone": undo})
    now = datetime.now(UTC).isoformat()
    return older.model_copy(update={**new, "published_at": now, "receipt": receipt})
