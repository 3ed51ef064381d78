"""What became of each table's runs, and how long the next one will take by that.

Redis keeps the last ends of each table; of what was published the receipts in the warehouse are the
truth, also after Redis was lost.
"""

import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import cast

import redis
from pydantic import BaseModel, ConfigDict, ValidationError

from sync.approvals import Approval
from sync.errors import Failure
from sync.plan import Estimate, Plan, TableRef
from sync.receipt import Receipt, TableReceipt
from sync.run_scripts import HISTORY_KEPT
from sync.state import key, team_of
from sync.warehouse.layout import RECEIPT_FILE, generation_folder
from sync.warehouse.manifest import Manifest, read_manifest

log = logging.getLogger(__name__)

RUNS_COMPARED = 5
"""The newest published runs an expectation is made of."""


class PastRun(BaseModel):
    """How a run of a table ended."""

    model_config = ConfigDict(frozen=True)

    run: str
    """Its id; empty where only the receipt is left."""
    ended_ms: int
    """Milliseconds since 1970 by Redis; of a bare receipt, the moment the copy shows."""
    state: str
    rows: int | None = None
    """Of this table; None where nothing was published."""
    seconds: float | None = None
    """This table took, read and proven."""
    fence: int | None = None
    failure: Failure | None = None
    requested_by: str = ""
    approved_by: tuple[str, ...] = ()


def table_history(
    client: "redis.Redis", team: str, ref: TableRef, limit: int, *, warehouse: Path | None = None
) -> list[PastRun]:
    """Read up to *limit* past runs of a table, newest first.

    With a *warehouse*, published ones Redis does not know are told by their receipts; raises
    `WarehouseDamaged` then.
    """
    found = _remembered(client, team, ref)
    if warehouse is not None:
        known = {past.fence for past in found}
        kept = kept_receipts(warehouse, read_manifest(warehouse), ref)
        found += [_bare(receipt) for receipt in kept if receipt.fence not in known]
    return sorted(found, key=lambda past: past.ended_ms, reverse=True)[:limit]


def expected_seconds(client: "redis.Redis", team: str, plan: Plan) -> float | None:
    """How long a plan will take, by what its tables took before; None if one never ran.

    For each table, the median seconds a row of its last published runs, times the rows the
    dictionary believes in (or, where it knows nothing, what was copied last).
    """
    estimates = plan.estimates or (None,) * len(plan.tables)
    seconds = 0.0
    for table, estimate in zip(plan.tables, estimates, strict=True):
        past = _published(_remembered(client, team, table.ref))
        if not past:
            return None
        rows = _rows(estimate, past[0][0])
        seconds += median(took / max(copied, 1) for copied, took in past) * max(rows, 1)
    return round(seconds, 3)


def ends_of(
    approval: Approval, run_id: str, state: str, end: Receipt | Failure
) -> list[tuple[str, str]]:
    """What the history of each table of a run is told of its end: keys and entries."""
    receipts = {one.ref: one for one in end.tables} if isinstance(end, Receipt) else {}
    told: list[tuple[str, str]] = []
    for table in approval.request.plan.tables:
        receipt = receipts.get(table.ref)
        past = PastRun(
            run=run_id,
            ended_ms=0,  # the script puts the moment before it
            state=state,
            rows=receipt.rows if receipt else None,
            # An undo copies nothing, so it tells nothing of how long a copy takes.
            seconds=receipt.seconds if receipt and receipt.undone is None else None,
            fence=receipt.fence if receipt else None,
            failure=end if isinstance(end, Failure) else None,
            requested_by=approval.request.requested_by,
            approved_by=approval.yeses,
        )
        told.append((_key(team_of(run_id), table.ref), past.model_dump_json()))
    return told


def kept_receipts(warehouse: Path, manifest: Manifest, ref: TableRef) -> Iterator[TableReceipt]:
    """Read the receipts of a table's generations, newest first; what cannot be read is left out."""
    entry = manifest.find(ref)
    if entry is None:
        return
    yield entry.receipt
    for generation in entry.previous:
        path = generation_folder(warehouse, ref, generation) / RECEIPT_FILE
        try:
            yield TableReceipt.model_validate_json(path.read_bytes())
        except FileNotFoundError:  # pruned since the manifest was read
            continue
        except ValidationError as error:
            log.warning(
                "receipt %s of %s cannot be read: %s", generation, ref, type(error).__name__
            )


def _remembered(client: "redis.Redis", team: str, ref: TableRef) -> list[PastRun]:
    """What Redis keeps, newest first; a run whose end was corrected is told once."""
    stored = cast("list[str]", client.lrange(_key(team, ref), 0, HISTORY_KEPT - 1))
    found: dict[str, PastRun] = {}
    for text in stored:
        moment, _, content = text.partition(" ")
        try:
            past = PastRun.model_validate_json(content)
            found.setdefault(past.run, past.model_copy(update={"ended_ms": int(moment)}))
        except ValueError as error:
            log.warning("a past run of %s cannot be read: %s", ref, type(error).__name__)
    return list(found.values())


def _published(remembered: list[PastRun]) -> list[tuple[int, float]]:
    """Rows and seconds of the newest published runs."""
    both = [
        (past.rows, past.seconds)
        for past in remembered
        if past.rows is not None and past.seconds is not None
    ]
    return both[:RUNS_COMPARED]


def _rows(estimate: Estimate | None, copied_last: int) -> int:
    return estimate.rows if estimate and estimate.rows is not None else copied_last


def _bare(receipt: TableReceipt) -> PastRun:
    return PastRun(
        run="",
        ended_ms=round(datetime.fromisoformat(receipt.as_of).timestamp() * 1000),
        state="published",
        rows=receipt.rows,
        seconds=receipt.seconds,
        fence=receipt.fence,
    )


def _key(team: str, ref: TableRef) -> str:
    return key(team, "history", ref.source, str(ref))
