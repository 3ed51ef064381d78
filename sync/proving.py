"""Prove a table that was read and take it over into its copy, or publish nothing."""

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from sync.bounds import written
from sync.errors import VerificationFailed
from sync.moment import Moment
from sync.oracle import Statement, patient, rows
from sync.plan import Column, TablePlan
from sync.proof import compared, figures, in_batches, require_agreement
from sync.reading import read_keys
from sync.receipt import Changes, Check, Note, TableReceipt
from sync.settlement import Settlement
from sync.statements import count_of, figures_of, keys_of
from sync.warehouse.carrying import carry
from sync.warehouse.generation import describe, new_generation, proving, seal
from sync.warehouse.manifest import ManifestEntry
from sync.warehouse.merge import (
    Database,
    ask,
    count_rows,
    merge,
    newest,
    remove_gone,
    require_unique,
    staged_table,
)
from sync.warehouse.sql import table_in


@dataclass(frozen=True)
class Replaced:
    """The copy whose place a full run takes, where rows of it may be marked as gone."""

    entry: ManifestEntry
    file: Path


@dataclass(frozen=True)
class Staged:
    """A table whose rows are written and not yet proven."""

    plan: TablePlan
    folder: Path
    fence: int
    seconds: float
    """Reading took."""
    settled: Settlement
    """What its columns became."""
    notes: tuple[Note, ...] = ()
    chunks: int = 1
    replaced: Replaced | None = None
    """Has rows to carry over, or to tell of."""


def prove(moment: Moment, staged: Staged, run_id: str) -> TableReceipt:
    """Compare what was read with Oracle, take it over, and seal the file.

    A full run proves the whole table; an incremental one the window it has read and that keys are
    unique. That Oracle then has another number of rows is a change nobody told of (a delete, a late
    commit): it is noted, and does not stop the run. Rows that are marked as gone are no part of
    what is compared. Raises `VerificationFailed`, `FigureDiffers`, `KeyNotUnique`,
    `TooManyDeletes`, and what Oracle and the warehouse raise.
    """
    began = time.monotonic()
    plan, replaced, columns = staged.plan, staged.replaced, staged.settled.columns
    with proving(staged.folder, plan, columns, replaced and replaced.file) as db:
        checks = _compare(moment, staged, db)
        changes = _take_over(moment, plan, db, columns, int(checks[0].copy_value or 0))
        if plan.mode != "incremental":  # its merge has seen to that
            require_unique(db, plan, table_in(db, plan.ref))
        marks = ()
        if replaced:
            marks = carry(db, plan, columns, replaced.entry, moment.as_of)
        counted = _counted(moment, staged, int(checks[0].oracle or 0))
        kept = count_rows(db, plan)
        greatest, ahead = newest(db, plan, moment.as_of)
        watermark = _watermark(moment, plan, greatest)
        facts = {
            "run": run_id,
            "fence": str(staged.fence),
            "scn": "" if moment.scn is None else str(moment.scn),
            "as_of": moment.as_of,
            "oracle_rows": str(counted),
            "consistency": moment.consistency,
            "watermark": watermark or "",
            "columns": json.dumps([column.model_dump() for column in columns]),
        }
        describe(db, plan, facts)
    notes = (*_notes(moment, plan, counted, kept, ahead), *marks, *staged.notes)
    rows_in_file, size = seal(staged.folder, plan)
    return TableReceipt(
        ref=plan.ref,
        generation=new_generation(staged.fence),
        fence=staged.fence,
        rows=rows_in_file,
        oracle_rows=counted,
        scn=moment.scn,
        consistency=moment.consistency,
        as_of=moment.as_of,
        seconds=round(staged.seconds + time.monotonic() - began, 3),
        bytes=size,
        columns=staged.settled.fidelity,
        mode=plan.mode,
        cursor=plan.cursor,
        watermark=watermark,
        where=plan.where,
        all_columns=plan.all_columns,
        trial_of=plan.source_ref if plan.wished.trial_rows is not None else None,
        changes=changes,
        proof=plan.proof,
        checks=checks,
        chunks=staged.chunks,
        notes=notes,
    )


def _compare(moment: Moment, staged: Staged, db: Database) -> tuple[Check, ...]:
    """Ask both sides the same questions about the rows that were read."""
    plan = staged.plan
    checks: list[Check] = []
    with ThreadPoolExecutor(1, thread_name_prefix=f"prove {plan.ref}") as other_side:
        for asked in in_batches(figures(plan, staged.settled.columns)):
            statement = figures_of(plan, moment.read_scn, [figure.oracle for figure in asked])
            theirs = other_side.submit(_one_row, moment, staged, statement)
            ours = ask(db, staged_table(db, plan), asked)
            checks += compared(asked, theirs.result(), ours)
    if not checks[0].agrees:
        raise VerificationFailed(
            table=str(plan.ref), copied=int(checks[0].copy_value), counted=int(checks[0].oracle)
        )
    require_agreement(plan, checks)
    return tuple(checks)


def _one_row(moment: Moment, staged: Staged, statement: Statement) -> tuple[Any, ...]:
    with patient(moment.session, staged.seconds) as session:
        ref = staged.plan.source_ref
        return rows(session, statement.sql, statement.binds, ref=ref, exact=True)[0]


def _take_over(
    moment: Moment, plan: TablePlan, db: Database, columns: Sequence[Column], fetched: int
) -> Changes | None:
    if not plan.is_partial:
        return None
    merged = merge(db, plan)
    deleted = 0
    wish = plan.wished
    is_backfill = wish.since is not None or wish.until is not None
    if plan.deletes != "keep" and plan.key and not is_backfill:
        statement = keys_of(plan, moment.read_scn)
        with closing(read_keys(moment.session, plan, statement)) as batches:
            deleted = remove_gone(db, plan, columns, batches, moment.as_of)
    return Changes(
        fetched=fetched, inserted=merged.inserted, updated=merged.updated, deleted=deleted
    )


def _counted(moment: Moment, staged: Staged, in_window: int) -> int:
    """Rows Oracle has of the whole table; a full run has counted them already."""
    if not staged.plan.is_partial:
        return in_window
    return int(_one_row(moment, staged, count_of(staged.plan, moment.read_scn))[0])


def _watermark(moment: Moment, plan: TablePlan, greatest: object) -> str | None:
    """From where the next run goes on: not past what may still be committed.

    A transaction that was open for so many seconds has written no time that lies further back than
    they do, whichever clock it writes. A backfill moves nothing.
    """
    if plan.cursor is None or plan.wished.until is not None or plan.wished.since is not None:
        return plan.watermark
    if greatest is None:
        return plan.watermark
    if isinstance(greatest, str):
        return None  # what is kept as text is not in its own order
    if not isinstance(greatest, datetime) and moment.open_seconds:
        return plan.watermark  # a number says nothing of when: what is open may still bring less
    if isinstance(greatest, datetime) and moment.open_seconds is not None:
        naive = datetime.fromisoformat(written(greatest))
        back = timedelta(seconds=moment.open_seconds + moment.look_seconds)
        return written(naive - back) if naive - datetime.min > back else written(naive)  # noqa: DTZ901
    return written(cast("Any", greatest))


def _notes(
    moment: Moment, plan: TablePlan, counted: int, kept: int, ahead: int
) -> tuple[Note, ...]:
    found: list[Note] = []
    if moment.consistency == "read_only_transaction":
        found.append(Note(code="no_flashback"))
    goes_on = plan.cursor is not None and plan.wanted != "full"
    if goes_on:
        if ahead:
            found.append(Note(code="future", params={"column": plan.cursor or "", "count": ahead}))
        if moment.open_seconds is None:
            found.append(Note(code="lag_only", params={"seconds": plan.lag}))
        elif moment.open_seconds:
            found.append(Note(code="frontier", params={"seconds": moment.open_seconds}))
    if plan.is_partial and counted != kept:
        found.append(Note(code="rows_differ", params={"oracle": counted, "copied": kept}))
    return tuple(found)
