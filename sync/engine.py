"""Run a plan: describe, stage, prove, publish.

Everything a run writes stays invisible until the one moment at its end in which the manifest names
all its tables; whatever stops it before leaves readers, manifest and files as they were.
"""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sync.catalog import TableFacts
from sync.chunks import BreakOff, ChunkedRead, Reading, pieces_of
from sync.errors import PlanDrifted
from sync.moment import Moment, take_moment
from sync.oracle import Session, cancel
from sync.oracle_errors import MomentLost
from sync.plan import Column, Plan, TablePlan, TableRef
from sync.planning import OpenSession, PlanTable, TableSettings, describe, make_table_plan
from sync.progress import Progress
from sync.proving import Replaced, Staged, prove
from sync.reading import read_batches
from sync.receipt import Note, Receipt, TableReceipt
from sync.statements import rows_of
from sync.warehouse.carrying import carries, holds_marks
from sync.warehouse.generation import building, go_on_from, settle_rows, stage_rows
from sync.warehouse.layout import data_file
from sync.warehouse.manifest import Manifest, ManifestEntry, read_manifest
from sync.warehouse.merge import DELETED_AT
from sync.warehouse.publishing import publish_builds

log = logging.getLogger(__name__)

MOST_RESTARTS = 2
"""New moments that are tried after the first, before a run ends or waits for its next attempt."""


@dataclass(frozen=True)
class Steps:
    """What is called as a run goes on; what one of them raises stops it."""

    on_progress: Callable[[Progress], None]
    """For every batch, on another thread."""
    on_verifying: Callable[[], None] = lambda: None
    """All rows have arrived and are now compared with Oracle."""
    on_session: Callable[[BreakOff], None] = lambda _: None
    """Oracle is about to be read in one more session, whose work is ended by what is given."""
    on_publishing: Callable[[], None] = lambda: None
    """They are proven, and readers will see them next."""


def run_plan(  # noqa: PLR0913 -- each is named, and most have a default
    plan: Plan,
    *,
    open_session: OpenSession,
    warehouse: Path,
    run_id: str,
    fence: Callable[[TableRef], int],
    steps: Steps,
    plan_table: PlanTable | None = None,
    build: str | None = None,
    reading: Reading | None = None,
) -> Receipt:
    """Copy, prove and publish all tables of *plan*, or none of them.

    All show one moment of Oracle (`sync.moment`). Before that each is planned again by
    *plan_table*, or as a plain table where there is none; another outcome is drift. The caller
    holds the tables' leases. *fence* gives a table's fencing number; it is asked before Oracle is
    read, so whoever has the higher one also read the newer rows. *build* names what is being
    written, where other attempts of the run may still write. Large tables are read as *reading*
    says, or like all others where it says nothing. A moment that Oracle cannot show any more is
    left for a new one, from which all is read again, `MOST_RESTARTS` times. Raises any
    `OracleError`, `PlanDrifted`, `TooManyRows`, `VerificationFailed`, `FigureDiffers`,
    `KeyNotUnique`, `StaleFence`, `DiskFull`, `WarehouseDamaged` and `LobTooLarge`.
    """
    fences = [fence(table.ref) for table in plan.tables]
    run = _Run(plan, fences, warehouse, run_id, build or run_id, steps, plan_table, reading)
    with open_session(plan.source) as session:
        steps.on_session(partial(cancel, session))
        while True:
            moment = take_moment(session, plan.tables)
            try:
                return _copy(run, moment)
            except MomentLost as lost:
                if moment.read_scn is None or run.restarts == MOST_RESTARTS:
                    raise
                log.warning("run %s is read again at a new moment: %s", run_id, lost)
            run = run.again()


@dataclass(frozen=True)
class _Run:
    """What a run is, at whichever moment of Oracle it is read."""

    plan: Plan
    fences: Sequence[int]
    warehouse: Path
    run_id: str
    build: str
    steps: Steps
    plan_table: PlanTable | None
    reading: Reading | None
    restarts: int = 0
    began: float = field(default_factory=time.monotonic)

    def again(self) -> "_Run":
        """The same in smaller chunks, each of which is read sooner after the moment."""
        smaller = self.reading and replace(
            self.reading, chunk_rows=max(self.reading.chunk_rows // 2, 1)
        )
        return replace(self, restarts=self.restarts + 1, reading=smaller)


def _copy(run: _Run, moment: Moment) -> Receipt:
    """Do all of a run at one moment; raises `MomentLost` where another one may do."""
    plan, warehouse = run.plan, run.warehouse
    manifest = read_manifest(warehouse)
    facts = [
        _still_as_planned(moment.session, table, run.plan_table, manifest) for table in plan.tables
    ]
    staged: list[Staged] = []
    with ExitStack() as stack:
        for number, table in enumerate(plan.tables):
            folder = stack.enter_context(building(warehouse, table.ref, run.build))
            current = manifest.find(table.ref)
            if current is not None and table.is_partial:
                go_on_from(folder, data_file(warehouse, table.ref, current.generation))
            believed = facts[number].rows
            if believed is None and current is not None:
                believed = current.rows  # of a view there are no statistics
            staged.append(_stage(run, number, moment, believed, folder, current))
        run.steps.on_verifying()
        receipts = [prove(moment, one, run.run_id) for one in staged]
        run.steps.on_publishing()
        now = datetime.now(UTC).isoformat()
        builds = [
            (one.folder, _entry(one, fact, receipt, now))
            for one, fact, receipt in zip(staged, facts, receipts, strict=True)
        ]
        publish_builds(warehouse, builds)
    return Receipt(tables=tuple(receipts), seconds=_since(run.began))


def _still_as_planned(
    session: Session, planned: TablePlan, plan_table: PlanTable | None, manifest: Manifest
) -> TableFacts:
    """Fresh facts of the table; raises `PlanDrifted` where they make another plan."""
    facts = describe(session, planned.source_ref, planned.select)
    current = manifest.find(planned.source_ref)
    again = (
        plan_table(facts, planned.wished, current)
        if plan_table
        else make_table_plan(facts, TableSettings(planned.max_rows), planned.wished, current)
    )
    # A lower ceiling than the configured one was agreed on in a form; a higher one is drift.
    ceiling = min(planned.max_rows, again.max_rows)
    again = again.model_copy(update={"max_rows": ceiling})
    if again != planned:
        raise PlanDrifted(table=str(planned.ref))
    return facts


def _stage(
    run: _Run,
    number: int,
    moment: Moment,
    rows_believed: int | None,
    folder: Path,
    current: ManifestEntry | None,
) -> Staged:
    began = time.monotonic()
    plan, steps = run.plan.tables[number], run.steps
    report = _reporter(run.plan, number, run.began, steps.on_progress)
    report(0)
    notes = [Note(code="restarted", params={"count": run.restarts})] if run.restarts else []
    pieces = pieces_of(moment, plan, rows_believed, run.reading) if run.reading else ()
    if run.reading is None or len(pieces) == 1:
        with closing(read_batches(moment.session, plan, rows_of(plan, moment.read_scn))) as batches:
            stage_rows(folder, plan, batches, report)
    else:
        chunked = ChunkedRead(
            moment, plan, folder, pieces, run.reading, on_reader=steps.on_session, report=report
        )
        with closing(chunked.batches()) as batches:
            stage_rows(folder, plan, batches, lambda _: None)  # told when they are read
        if chunked.resumed:
            notes.append(Note(code="resumed", params={"count": chunked.resumed}))
    stays = current is not None and (plan.is_partial or carries(plan, current))
    kinds = {c.name: c.duckdb_type for c in current.columns} if current and stays else None
    return Staged(
        plan=plan,
        folder=folder,
        fence=run.fences[number],
        settled=settle_rows(folder, plan, kinds),
        seconds=_since(began),
        notes=tuple(notes),
        chunks=max(len(pieces), 1),
        replaced=_replaced(run, plan, current),
    )


def _replaced(run: _Run, plan: TablePlan, current: ManifestEntry | None) -> Replaced | None:
    if current is None or plan.is_partial:
        return None
    if not carries(plan, current) and not holds_marks(current):
        return None
    return Replaced(current, data_file(run.warehouse, plan.ref, current.generation))


def _entry(staged: Staged, facts: TableFacts, receipt: TableReceipt, now: str) -> ManifestEntry:
    marked = [_DELETED_AT] if staged.plan.deletes == "mark" else []
    return ManifestEntry(
        ref=staged.plan.ref,
        generation=receipt.generation,
        fence=receipt.fence,
        rows=receipt.rows,
        as_of=receipt.as_of,
        published_at=now,
        columns=(*staged.settled.columns, *marked),
        key=staged.plan.key,
        comment=facts.comment,
        column_comments={c.name: c.comment for c in facts.columns if c.comment},
        bytes=receipt.bytes,
        receipt=receipt,
    )


_DELETED_AT = Column(name=DELETED_AT, oracle_type="", duckdb_type="TIMESTAMP", nullable=True)
"""Not Oracle's: when a run noticed that the row is gone there, in UTC."""


def _reporter(
    plan: Plan, number: int, began: float, on_progress: Callable[[Progress], None]
) -> Callable[[int], None]:
    """Turns the running total of one table into `Progress`."""
    table = str(plan.tables[number].ref)
    expected = plan.estimates[number].rows if plan.estimates else None
    table_began = time.monotonic()

    def report(rows: int) -> None:
        on_progress(
            Progress(
                table=table,
                table_number=number + 1,
                tables=len(plan.tables),
                rows=rows,
                expected_rows=expected,
                seconds=_since(began),
                table_seconds=_since(table_began),
            )
        )

    return report


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
