"""Run a plan: describe, stage, prove, publish.

Everything a run writes stays invisible until the one moment at its end in which the manifest names
all its tables; whatever stops it before leaves readers, manifest and files as they were.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sync.catalog import TableFacts, describe_table
from sync.errors import PlanDrifted
from sync.moment import Moment, take_moment
from sync.oracle import Session
from sync.plan import Column, Plan, Receipt, TablePlan, TableReceipt, TableRef
from sync.planning import OpenSession, PlanTable, TableSettings, make_table_plan
from sync.progress import Progress
from sync.proving import Staged, prove
from sync.reading import read_batches
from sync.statements import rows_of
from sync.warehouse.generation import building, go_on_from, settle_rows, stage_rows
from sync.warehouse.layout import data_file
from sync.warehouse.manifest import Manifest, ManifestEntry, read_manifest
from sync.warehouse.merge import DELETED_AT
from sync.warehouse.publishing import publish_builds


@dataclass(frozen=True)
class Steps:
    """What is called as a run goes on; what one of them raises stops it."""

    on_progress: Callable[[Progress], None]
    """For every batch, on another thread."""
    on_verifying: Callable[[], None] = lambda: None
    """All rows have arrived and are now compared with Oracle."""
    on_session: Callable[[Session], None] = lambda _: None
    """Oracle is about to be read in this session, which `sync.oracle.cancel` can break off."""
    on_publishing: Callable[[], None] = lambda: None
    """They are proven, and readers will see them next."""


def run_plan(
    plan: Plan,
    *,
    open_session: OpenSession,
    warehouse: Path,
    run_id: str,
    fence: Callable[[TableRef], int],
    steps: Steps,
    plan_table: PlanTable | None = None,
    build: str | None = None,
) -> Receipt:
    """Copy, prove and publish all tables of *plan*, or none of them.

    All show one moment of Oracle (`sync.moment`). Before that each is planned again by
    *plan_table*, or as a plain table where there is none; another outcome is drift. The caller
    holds the tables' leases. *fence* gives a table's fencing number; it is asked before Oracle is
    read, so whoever has the higher one also read the newer rows. *build* names what is being
    written, where other attempts of the run may still write. Raises any `OracleError`,
    `PlanDrifted`, `TooManyRows`, `VerificationFailed`, `FigureDiffers`, `KeyNotUnique`,
    `StaleFence`, `DiskFull` and `LobTooLarge`.
    """
    began = time.monotonic()
    fences = [fence(table.ref) for table in plan.tables]
    with ExitStack() as stack:
        session = stack.enter_context(open_session(plan.source))
        steps.on_session(session)
        moment = take_moment(session, plan.tables)
        manifest = read_manifest(warehouse)
        facts = [_still_as_planned(session, table, plan_table, manifest) for table in plan.tables]
        staged: list[Staged] = []
        for number, table in enumerate(plan.tables):
            folder = stack.enter_context(building(warehouse, table.ref, build or run_id))
            current = manifest.entry(table.ref) if table.is_partial else None
            if current is not None:
                go_on_from(folder, data_file(warehouse, table.ref, current.generation))
            report = _reporter(plan, number, began, steps.on_progress)
            staged.append(_stage(moment, table, folder, fences[number], report, current))
        steps.on_verifying()
        receipts = [prove(moment, one, run_id) for one in staged]
        steps.on_publishing()
        now = datetime.now(UTC).isoformat()
        builds = [
            (one.folder, _entry(one, fact, receipt, now))
            for one, fact, receipt in zip(staged, facts, receipts, strict=True)
        ]
        publish_builds(warehouse, builds)
    return Receipt(tables=tuple(receipts), seconds=_since(began))


def _still_as_planned(
    session: Session, planned: TablePlan, plan_table: PlanTable | None, manifest: Manifest
) -> TableFacts:
    """Fresh facts of the table; raises `PlanDrifted` where they make another plan."""
    facts = describe_table(session, planned.source_ref)
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
    moment: Moment,
    plan: TablePlan,
    folder: Path,
    fence: int,
    report: Callable[[int], None],
    current: ManifestEntry | None,
) -> Staged:
    began = time.monotonic()
    report(0)
    with closing(read_batches(moment.session, plan, rows_of(plan, moment.read_scn))) as batches:
        stage_rows(folder, plan, batches, report)
    kinds = {column.name: column.duckdb_type for column in current.columns} if current else None
    settled = settle_rows(folder, plan, kinds)
    return Staged(plan, folder, fence, _since(began), settled)


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
