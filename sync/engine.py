"""Make a plan, and run it: describe, stage, count, compare, publish.

Everything a run writes stays invisible until the one moment at its end in which the manifest names
all its tables; whatever stops it before leaves readers, manifest and files as they were.
"""

import json
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sync.catalog import TableFacts, describe_table
from sync.columns import ALL_COLUMNS, ColumnChoices, plan_columns
from sync.errors import ColumnNotFound, PlanDrifted, VerificationFailed, WarehouseDamaged
from sync.names import one_source
from sync.oracle import (
    Session,
    begin_read_only,
    count_rows,
    current_scn,
    oracle_now,
    read_batches,
)
from sync.plan import (
    Estimate,
    Plan,
    Progress,
    Receipt,
    TablePlan,
    TableReceipt,
    TableRef,
)
from sync.settlement import Settlement
from sync.warehouse.generation import (
    building,
    new_generation,
    place,
    seal,
    settle_rows,
    stage_rows,
)
from sync.warehouse.layout import generation_folder, remove_folder
from sync.warehouse.manifest import Manifest, ManifestEntry, publish, read_manifest

log = logging.getLogger(__name__)

OpenSession = Callable[[str], AbstractContextManager[Session]]
"""Opens a session on the source of that name."""

PlanTable = Callable[[TableFacts], TablePlan]
"""Makes the plan of a table from its facts by what is configured; see `make_table_plan`."""


def plan_tables(
    open_session: OpenSession,
    refs: Sequence[TableRef],
    manifest: Manifest,
    plan_table: PlanTable,
) -> Plan:
    """What copying *refs*, all of one source, would do.

    From the dictionary alone: no row is read or counted. Raises `SourcesMixed`, `TableNotFound`,
    and what *plan_table* and opening a session raise.
    """
    tables: list[TablePlan] = []
    estimates: list[Estimate] = []
    with open_session(one_source(refs)) as session:
        for ref in refs:
            facts = describe_table(session, ref)
            tables.append(plan_table(facts))
            estimates.append(make_estimate(facts, manifest))
    return Plan(tables=tuple(tables), estimates=tuple(estimates))


def make_table_plan(
    facts: TableFacts,
    max_rows: int,
    key: tuple[str, ...] = (),
    choices: ColumnChoices = ALL_COLUMNS,
) -> TablePlan:
    """The plan of one table; *key* takes the place of Oracle's own.

    Raises what `plan_columns` raises, and `ColumnNotFound` for a column of *key*.
    """
    columns, left_out = plan_columns(facts.ref, facts.columns, choices)
    names = [column.name for column in columns]
    for name in key or facts.key:
        if name not in names:
            raise ColumnNotFound(table=str(facts.ref), column=name, columns=", ".join(names))
    return TablePlan(
        ref=facts.ref,
        mode="full",
        columns=columns,
        key=key or facts.key,
        max_rows=max_rows,
        left_out=left_out,
    )


def make_estimate(facts: TableFacts, manifest: Manifest) -> Estimate:
    """What the dictionary believes, beside what the present copy holds."""
    current = manifest.find(facts.ref)
    return Estimate(
        rows=facts.rows,
        bytes=facts.bytes,
        analyzed_at=facts.analyzed_at,
        current_rows=current.rows if current else None,
    )


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

    All are read in one read-only transaction, so they show one moment. Before that each is planned
    again by *plan_table*, or by the plan's own ceiling where there is none; another outcome is
    drift. The caller holds the tables' leases. *fence* gives a table's fencing number; it is asked
    before Oracle is read, so whoever has the higher one also read the newer rows. *build* names
    what is being written, where other attempts of the run may still write. Raises any
    `OracleError`, `PlanDrifted`, `TooManyRows`, `VerificationFailed`, `StaleFence`, `DiskFull` and
    `LobTooLarge`.
    """
    began = time.monotonic()
    fences = [fence(table.ref) for table in plan.tables]
    with ExitStack() as stack:
        session = stack.enter_context(open_session(plan.source))
        steps.on_session(session)
        moment = _begin(session)
        facts = [_still_as_planned(moment.session, table, plan_table) for table in plan.tables]
        staged: list[_Staged] = []
        for number, table in enumerate(plan.tables):
            folder = stack.enter_context(building(warehouse, table.ref, build or run_id))
            report = _reporter(plan, number, began, steps.on_progress)
            staged.append(_stage(moment, table, folder, fences[number], report))
        steps.on_verifying()
        receipts = [_prove(one, run_id) for one in staged]
        steps.on_publishing()
        _publish(warehouse, staged, facts, receipts)
    return Receipt(tables=tuple(receipts), seconds=_since(began))


@dataclass(frozen=True)
class _Moment:
    """A read-only transaction and the moment of Oracle it shows."""

    session: Session
    scn: int | None
    as_of: str


@dataclass(frozen=True)
class _Staged:
    """A table whose rows are written and not yet proven."""

    moment: _Moment
    plan: TablePlan
    folder: Path
    fence: int
    seconds: float
    settled: Settlement


def _begin(session: Session) -> _Moment:
    begin_read_only(session)
    return _Moment(session, current_scn(session), oracle_now(session).isoformat())


def _still_as_planned(
    session: Session, planned: TablePlan, plan_table: PlanTable | None
) -> TableFacts:
    """Fresh facts of the table; raises `PlanDrifted` where they make another plan."""
    facts = describe_table(session, planned.ref)
    again = plan_table(facts) if plan_table else make_table_plan(facts, planned.max_rows)
    # A lower ceiling than the configured one was agreed on in a form; a higher one is drift.
    ceiling = min(planned.max_rows, again.max_rows)
    again = again.model_copy(update={"max_rows": ceiling})
    if again != planned:
        raise PlanDrifted(table=str(planned.ref))
    return facts


def _stage(
    moment: _Moment, plan: TablePlan, folder: Path, fence: int, report: Callable[[int], None]
) -> _Staged:
    began = time.monotonic()
    report(0)
    with closing(read_batches(moment.session, plan)) as batches:
        stage_rows(folder, plan, batches, report)
    settled = settle_rows(folder, plan)
    return _Staged(moment, plan, folder, fence, _since(began), settled)


def _prove(staged: _Staged, run_id: str) -> TableReceipt:
    """Count on both sides at the same moment; raises `VerificationFailed` where they differ."""
    began = time.monotonic()
    moment, ref = staged.moment, staged.plan.ref
    counted = count_rows(moment.session, ref, read_seconds=staged.seconds)
    facts = {
        "run": run_id,
        "fence": str(staged.fence),
        "scn": "" if moment.scn is None else str(moment.scn),
        "as_of": moment.as_of,
        "oracle_rows": str(counted),
        "consistency": "read_only_transaction",
        "columns": json.dumps([column.model_dump() for column in staged.settled.columns]),
    }
    copied, size = seal(staged.folder, staged.plan, facts)
    if copied != counted:
        raise VerificationFailed(table=str(ref), copied=copied, counted=counted)
    return TableReceipt(
        ref=ref,
        generation=new_generation(staged.fence),
        fence=staged.fence,
        rows=copied,
        oracle_rows=counted,
        scn=moment.scn,
        consistency="read_only_transaction",
        as_of=moment.as_of,
        seconds=round(staged.seconds + _since(began), 3),
        bytes=size,
        columns=staged.settled.fidelity,
    )


def _publish(
    warehouse: Path,
    staged: Sequence[_Staged],
    facts: Sequence[TableFacts],
    receipts: Sequence[TableReceipt],
) -> None:
    """Move all generations into place and name them in one manifest; on failure take them back."""
    now = datetime.now(UTC).isoformat()
    entries = [
        _entry(one, fact, receipt, now)
        for one, fact, receipt in zip(staged, facts, receipts, strict=True)
    ]
    with ExitStack() as undo:
        undo.callback(_take_back, warehouse, receipts)
        for one, receipt in zip(staged, receipts, strict=True):
            place(warehouse, one.folder, receipt)
        publish(warehouse, entries)
        undo.pop_all()


def _take_back(warehouse: Path, receipts: Sequence[TableReceipt]) -> None:
    """Remove the generations of *receipts* that the manifest does not name.

    Where it cannot be read all of them stay: the next publish of the table prunes a spare one, but
    nothing brings back one that readers were sent to.
    """
    try:
        manifest = read_manifest(warehouse)
        for one in receipts:
            if not manifest.names(one.ref, one.generation):
                remove_folder(generation_folder(warehouse, one.ref, one.generation))
    except (OSError, WarehouseDamaged) as error:
        log.warning("unpublished copies are left to the next publish: %s", type(error).__name__)


def _entry(staged: _Staged, facts: TableFacts, receipt: TableReceipt, now: str) -> ManifestEntry:
    return ManifestEntry(
        ref=staged.plan.ref,
        generation=receipt.generation,
        fence=receipt.fence,
        rows=receipt.rows,
        as_of=receipt.as_of,
        published_at=now,
        columns=staged.settled.columns,
        key=staged.plan.key,
        comment=facts.comment,
        column_comments={c.name: c.comment for c in facts.columns if c.comment},
        bytes=receipt.bytes,
        receipt=receipt,
    )


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
