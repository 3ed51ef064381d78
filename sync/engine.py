"""Make a plan, and run it: describe, stage, count, compare, publish.

Everything a run writes stays invisible until the one moment at its end in which the manifest names
all its tables; whatever stops it before leaves readers, manifest and files as they were.
"""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sync.catalog import TableFacts, describe_table
from sync.errors import PlanDrifted, UnsupportedColumn, VerificationFailed, WarehouseDamaged
from sync.oracle import (
    Session,
    begin_read_only,
    count_rows,
    current_scn,
    oracle_now,
    read_batches,
)
from sync.plan import (
    Column,
    Estimate,
    Plan,
    Progress,
    Receipt,
    TablePlan,
    TableReceipt,
    TableRef,
)
from sync.types import require_rule
from sync.warehouse.generation import building, new_generation, place, seal, stage_rows
from sync.warehouse.layout import generation_folder, remove_folder
from sync.warehouse.manifest import Manifest, ManifestEntry, publish, read_manifest

log = logging.getLogger(__name__)

OpenSession = Callable[[str], AbstractContextManager[Session]]
"""Opens a session on the source of that name."""


def plan_tables(
    open_session: OpenSession,
    refs: Sequence[TableRef],
    manifest: Manifest,
    max_rows: Callable[[TableRef], int],
) -> Plan:
    """What copying *refs* would do, from the dictionary alone: no row is read or counted."""
    tables: list[TablePlan] = []
    estimates: list[Estimate] = []
    with ExitStack() as stack:
        sessions = {
            name: stack.enter_context(open_session(name))
            for name in dict.fromkeys(ref.source for ref in refs)
        }
        for ref in refs:
            facts = describe_table(sessions[ref.source], ref)
            tables.append(make_table_plan(facts, max_rows(ref)))
            estimates.append(make_estimate(facts, manifest))
    return Plan(tables=tuple(tables), estimates=tuple(estimates))


def make_table_plan(facts: TableFacts, max_rows: int) -> TablePlan:
    """The plan of one table; raises `UnsupportedColumn`."""
    columns: list[Column] = []
    taken: set[str] = set()
    for column in facts.columns:
        if column.name.casefold() in taken:
            raise UnsupportedColumn(
                table=str(facts.ref),
                column=column.name,
                oracle_type=f"{column.oracle_type} and another column's name in other case",
            )
        taken.add(column.name.casefold())
        rule = require_rule(facts.ref, column.name, column.oracle_type)
        columns.append(
            Column(
                name=column.name,
                oracle_type=column.oracle_type,
                duckdb_type=rule.duckdb_type,
                nullable=column.nullable,
            )
        )
    return TablePlan(
        ref=facts.ref, mode="full", columns=tuple(columns), key=facts.key, max_rows=max_rows
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


def run_plan(
    plan: Plan,
    *,
    open_session: OpenSession,
    warehouse: Path,
    run_id: str,
    fence: Callable[[TableRef], int],
    on_progress: Callable[[Progress], None],
    on_verifying: Callable[[], None] = lambda: None,
    on_publishing: Callable[[], None] = lambda: None,
) -> Receipt:
    """Copy, prove and publish all tables of *plan*, or none of them.

    The tables of one source are read in one read-only transaction, so they show one moment. The
    caller holds the tables' leases. *fence* gives a table's fencing number; it is asked before
    Oracle is read, so whoever has the higher one also read the newer rows. *on_progress* is called
    for every batch, on another thread, *on_verifying* and *on_publishing* before what they name;
    what they raise stops the run. Raises any `OracleError`, `PlanDrifted`, `TooManyRows`,
    `VerificationFailed`, `StaleFence`, `DiskFull` and `ValueDoesNotFit`.
    """
    began = time.monotonic()
    fences = [fence(table.ref) for table in plan.tables]
    with ExitStack() as stack:
        moments = {
            name: _begin(stack.enter_context(open_session(name)))
            for name in dict.fromkeys(table.ref.source for table in plan.tables)
        }
        facts = [_still_as_planned(moments[t.ref.source].session, t) for t in plan.tables]
        staged: list[_Staged] = []
        for number, table in enumerate(plan.tables):
            folder = stack.enter_context(building(warehouse, table.ref, run_id))
            report = _reporter(plan, number, began, on_progress)
            moment = moments[table.ref.source]
            staged.append(_stage(moment, table, folder, fences[number], report))
        on_verifying()
        receipts = [_prove(one, run_id) for one in staged]
        on_publishing()
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


def _begin(session: Session) -> _Moment:
    begin_read_only(session)
    return _Moment(session, current_scn(session), oracle_now(session).isoformat())


def _still_as_planned(session: Session, planned: TablePlan) -> TableFacts:
    """Fresh facts of the table; raises `PlanDrifted` where they make another plan."""
    facts = describe_table(session, planned.ref)
    if make_table_plan(facts, planned.max_rows) != planned:
        raise PlanDrifted(table=str(planned.ref))
    return facts


def _stage(
    moment: _Moment, plan: TablePlan, folder: Path, fence: int, report: Callable[[int], None]
) -> _Staged:
    began = time.monotonic()
    report(0)
    with closing(read_batches(moment.session, plan)) as batches:
        stage_rows(folder, plan, batches, report)
    return _Staged(moment, plan, folder, fence, _since(began))


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
        _entry(one.plan, fact, receipt, now)
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


def _entry(plan: TablePlan, facts: TableFacts, receipt: TableReceipt, now: str) -> ManifestEntry:
    return ManifestEntry(
        ref=plan.ref,
        generation=receipt.generation,
        fence=receipt.fence,
        rows=receipt.rows,
        as_of=receipt.as_of,
        published_at=now,
        columns=plan.columns,
        key=plan.key,
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

    def report(rows: int) -> None:
        on_progress(
            Progress(
                table=table,
                table_number=number + 1,
                tables=len(plan.tables),
                rows=rows,
                expected_rows=expected,
                seconds=_since(began),
            )
        )

    return report


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
