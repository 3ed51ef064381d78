"""What a worker does with one run: claim it, copy, prove, publish, and say how it ended."""

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import redis

from sync.chunks import Reading
from sync.engine import Steps, run_plan
from sync.errors import (
    Cancelled,
    DuckferryError,
    Failure,
    PlanDrifted,
    TableBusy,
    Unexpected,
    WarehouseDamaged,
)
from sync.history import kept_receipts
from sync.leases import holder_of, next_fence, publish_turn, stay_alive, table_leases
from sync.oracle_errors import SourceClosed, SourceStopped
from sync.pace import Pace
from sync.plan import TableRef
from sync.planning import OpenSession, PlanTable
from sync.progress import Progress
from sync.receipt import Receipt, TableReceipt
from sync.runs import (
    ALIVE_SECONDS,
    Backoff,
    Run,
    RunState,
    begin_publishing,
    build_name,
    claim,
    finish,
    load_run,
    put_off,
    report_verifying,
    try_again,
    usual_backoff,
    worker_lost,
)
from sync.state import moment_of, named_error
from sync.stops import require_started
from sync.undo import run_undo
from sync.warehouse.layout import RESERVE_BYTES, require_room
from sync.warehouse.manifest import read_manifest
from sync.watch import RunEnded, Watch, go_on, heartbeat, watching

log = logging.getLogger(__name__)

_REDIS_PAUSE_SECONDS = 0.3


@dataclass(frozen=True)
class Rules:
    """What a run must keep to besides its plan."""

    plan_table: PlanTable | None = None
    """Plans each table again by what is configured now; see `run_plan`."""
    require_open: Callable[[str], None] = lambda _: None
    """Raises `SourceClosed` where a source may not be read now."""
    rows_per_second: Callable[[str], float | None] = lambda _: None
    """What a run may read from a source, over all its sessions; None: any."""
    reading: Callable[[str], Reading | None] = lambda _: None
    """How large tables of a source are read; None: like all others."""
    reserve_bytes: int = RESERVE_BYTES
    """Room that must be left on the warehouse's disk."""
    backoff: Backoff = usual_backoff
    """How long a run waits before it is tried again."""


def perform_run(
    client: "redis.Redis",
    run_id: str,
    *,
    open_session: OpenSession,
    warehouse: Path,
    on_progress: Callable[[Progress], None] = lambda _: None,
    alive_seconds: float = ALIVE_SECONDS,
    rules: Rules = Rules(),
) -> None:
    """Execute a queued run to its final state, or to where it waits for its next attempt.

    A run somebody else has, whose time has not come, or that has ended, is left alone. One whose
    source may not be read now is put off, or stopped at its next batch once it has begun (where
    somebody stopped the source, at once, with what Oracle is doing for it); one that
    somebody wants stopped ends cancelled. An error that may pass puts the run back into the queue
    (`sync.runs.try_again`), every other becomes its failure, unless readers see its work already.
    Only Redis being away is raised, since then nothing can be noted: the run is found again by its
    silence (`sync.runs.end_lost_runs`); and what ends the process (Ctrl-C), after it was noted.
    """
    run = load_run(client, run_id)
    if run is None or not _begin(client, run, rules, alive_seconds):
        return

    plan = run.approval.request.plan

    def seen(progress: Progress) -> None:
        rules.require_open(plan.source)
        require_room(warehouse, rules.reserve_bytes)
        on_progress(progress)

    ceiling = None if plan.is_undo else rules.rows_per_second(plan.source)
    watch = Watch(run, seen, Pace(ceiling) if ceiling else None)
    try:
        with watching(client, watch):
            receipt = _published_before(warehouse, run) or _copy(
                client, watch, open_session, warehouse, alive_seconds, rules
            )
        _patiently(lambda: finish(client, run, RunState.PUBLISHED, receipt), alive_seconds)
    except redis.RedisError:
        raise
    except Exception as error:  # the job is an outer edge: whatever happens, the run says why
        _end_early(client, watch, warehouse, error, rules.backoff)
    except BaseException:  # Ctrl-C and the like: whoever looks at the run must not wait for it
        log.warning("run %s was interrupted", run_id, extra={"run_id": run_id})
        try:
            _end_unpublished(client, watch, warehouse, worker_lost(load_run(client, run_id) or run))
        except redis.RedisError as error:
            log.warning("run %s is left to the reconciler: %s", run_id, type(error).__name__)
        raise


def _begin(client: "redis.Redis", run: Run, rules: Rules, alive_seconds: float) -> bool:
    """Claim a run, or put it off; False where there is nothing to do for this worker."""
    plan = run.approval.request.plan
    try:
        if not plan.is_undo:  # that reads no source
            rules.require_open(plan.source)
            require_started(client, plan.source)
    except SourceClosed as closed:
        why = closed.failure if isinstance(closed, SourceStopped) else None
        put_off(client, run, datetime.fromisoformat(str(closed.params["until"])), why)
        return False
    return claim(client, run, alive_seconds=alive_seconds)


def _published_before(warehouse: Path, run: Run) -> Receipt | None:
    """Give what an attempt before this one has published, once it can publish no more.

    Such an attempt may still live, and may be anywhere in its publish. Whoever has the turn asks
    Redis first whether the run is still theirs, so after this one had it nobody else has.
    """
    if run.attempts == 0:
        return None
    with publish_turn(warehouse, run.approval.request.plan.tables[0].ref):
        return published_receipt(warehouse, run)


def _copy(
    client: "redis.Redis",
    watch: Watch,
    open_session: OpenSession,
    warehouse: Path,
    alive_seconds: float,
    rules: Rules,
) -> Receipt:
    """Hold what a run holds while its plan is executed."""
    run, plan = watch.run, watch.run.approval.request.plan
    refs = [table.ref for table in plan.tables]
    patiently = partial(_patiently, seconds=alive_seconds)
    with ExitStack() as until_published:

        def on_publishing() -> None:
            until_published.enter_context(publish_turn(warehouse, refs[0]))
            patiently(lambda: go_on(begin_publishing(client, run)))
            patiently(lambda: go_on(stay_alive(client, run, refs, alive_seconds=alive_seconds)))

        until_published.enter_context(
            table_leases(client, holder_of(run), refs, alive_seconds=alive_seconds)
        )
        until_published.enter_context(heartbeat(client, watch, refs, alive_seconds))
        build = build_name(run.id, run.attempts)
        steps = Steps(
            on_progress=watch.report,
            on_session=watch.opened,
            on_verifying=lambda: patiently(lambda: go_on(report_verifying(client, run))),
            on_publishing=on_publishing,
        )

        def fence(ref: TableRef) -> int:
            return _fence(client, run, ref, warehouse)

        if plan.is_undo:
            return run_undo(plan, warehouse=warehouse, build=build, fence=fence, steps=steps)
        return run_plan(
            plan,
            open_session=open_session,
            warehouse=warehouse,
            run_id=run.id,
            build=build,
            fence=fence,
            steps=steps,
            plan_table=rules.plan_table,
            reading=rules.reading(plan.source),
        )


def _patiently(call: Callable[[], object], seconds: float) -> None:
    """Wait so long for Redis: what is copied must not be lost to its restart."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            call()
        except redis.RedisError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_REDIS_PAUSE_SECONDS)
        else:
            return


def _end_early(
    client: "redis.Redis", watch: Watch, warehouse: Path, error: Exception, backoff: Backoff
) -> None:
    """End a run that an error stopped, or have it tried again where the error may pass."""
    run = watch.run
    error = watch.stopped_by or error
    if isinstance(error, PlanDrifted) and watch.cancel_by is None:
        finish(client, run, RunState.SUPERSEDED, error.failure)
        return
    if isinstance(error, RunEnded):
        log.warning(
            "run %s is no longer this worker's and stopped", run.id, extra={"run_id": run.id}
        )
        failure, pause = worker_lost(load_run(client, run.id) or run), backoff
    else:
        named = named_error(error)
        if isinstance(named, Unexpected):
            log.error("run %s failed: %s", run.id, named, exc_info=error, extra={"run_id": run.id})
        else:
            log.warning("run %s failed: %s", run.id, named)
        failure, pause = named.failure, _pause(client, named, backoff)
    _end_unpublished(client, watch, warehouse, failure, pause)


def _pause(client: "redis.Redis", error: DuckferryError, backoff: Backoff) -> Backoff | None:
    """How long to wait before another attempt, or None where none may follow."""
    if isinstance(error, SourceClosed):
        until = datetime.fromisoformat(str(error.params["until"]))
        seconds = max((until - moment_of(client)).total_seconds(), 1.0)
        return lambda _: seconds
    if isinstance(error, TableBusy):
        return lambda _: backoff(1)  # however long the other run takes
    return backoff if error.transient else None


def _end_unpublished(
    client: "redis.Redis",
    watch: Watch,
    warehouse: Path,
    failure: Failure,
    backoff: Backoff | None = None,
) -> None:
    """End a run with *failure*, or have it tried again; as published if it was stopped later."""
    run = watch.run
    try:
        receipt = published_receipt(warehouse, load_run(client, run.id) or run)
    except (OSError, WarehouseDamaged) as error:
        log.warning("run %s: its copies cannot be read: %s", run.id, type(error).__name__)
        receipt = None
    if receipt:
        finish(client, run, RunState.PUBLISHED, receipt)
    elif watch.cancel_by is not None:
        finish(client, run, RunState.CANCELLED, Cancelled(by=watch.cancel_by).failure)
    elif backoff:
        try_again(client, run, failure, backoff=backoff)
    else:
        finish(client, run, RunState.FAILED, failure)


def published_receipt(warehouse: Path, run: Run) -> Receipt | None:
    """Give the receipt of a run that was published, also where newer runs followed; else None.

    Its generations are known by their fences, which no other run has. Raises `WarehouseDamaged`
    where the manifest cannot be read.
    """
    manifest = read_manifest(warehouse)
    receipts: list[TableReceipt] = []
    for table, fence in zip(run.approval.request.plan.tables, run.fences, strict=True):
        kept = kept_receipts(warehouse, manifest, table.ref)
        ours = next((one for one in kept if one.fence == fence), None)
        if ours is None:
            return None
        receipts.append(ours)
    return Receipt(tables=tuple(receipts), seconds=round(sum(r.seconds for r in receipts), 3))


def _fence(client: "redis.Redis", run: Run, ref: TableRef, warehouse: Path) -> int:
    current = read_manifest(warehouse).find(ref)
    fence = next_fence(client, run, ref, published=current.fence if current else 0)
    go_on(fence)
    return fence
