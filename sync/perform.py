"""What a worker does with one run: claim it, copy, prove, publish, and say how it ended."""

import logging
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import redis
from pydantic import ValidationError

from sync.engine import OpenSession, run_plan
from sync.errors import Failure, PlanDrifted, Unexpected, WarehouseDamaged
from sync.leases import next_fence, stay_alive, table_leases
from sync.plan import Progress, Receipt, TableReceipt, TableRef
from sync.runs import (
    ALIVE_SECONDS,
    Run,
    RunState,
    claim,
    finish,
    load_run,
    report_progress,
    report_verifying,
    worker_lost,
)
from sync.state import named_error
from sync.warehouse.layout import RECEIPT_FILE, generation_folder
from sync.warehouse.manifest import read_manifest

log = logging.getLogger(__name__)

_REDIS_PAUSE_SECONDS = 0.3
PROGRESS_SECONDS = 0.5
"""The newest progress is noted in Redis this often; the end is in the receipt."""


def perform_run(
    client: "redis.Redis",
    run_id: str,
    *,
    open_session: OpenSession,
    warehouse: Path,
    on_progress: Callable[[Progress], None] = lambda _: None,
    alive_seconds: float = ALIVE_SECONDS,
) -> None:
    """Execute a queued run to its final state.

    A run somebody else has, or that has ended, is left alone. Every error becomes the run's
    failure, unless readers see its work already. Only Redis being away is raised, since then
    nothing can be noted: the run is found again by its silence (`sync.runs.end_lost_runs`); and
    what ends the process (Ctrl-C), after it was noted.
    """
    run = load_run(client, run_id)
    if run is None or not claim(client, run, alive_seconds=alive_seconds):
        return
    plan = run.approval.request.plan
    refs = [table.ref for table in plan.tables]
    patiently = partial(_patiently, seconds=alive_seconds)
    try:
        with (
            table_leases(client, run_id, refs, alive_seconds=alive_seconds),
            _heartbeat(client, run_id, refs, alive_seconds) as lost,
            _progress_noted(client, run, on_progress, lost) as report,
        ):
            receipt = run_plan(
                plan,
                open_session=open_session,
                warehouse=warehouse,
                run_id=run_id,
                fence=lambda ref: _fence(client, run, ref, warehouse),
                on_progress=report,
                on_verifying=lambda: patiently(lambda: _go_on(report_verifying(client, run))),
                on_publishing=lambda: patiently(
                    lambda: _go_on(stay_alive(client, run_id, refs, alive_seconds=alive_seconds))
                ),
            )
        patiently(lambda: finish(client, run, RunState.PUBLISHED, receipt))
    except redis.RedisError:
        raise
    except _RunEnded:
        log.warning(
            "run %s is no longer this worker's and stopped", run_id, extra={"run_id": run_id}
        )
        finish(client, run, RunState.FAILED, worker_lost(run))
    except PlanDrifted as error:
        finish(client, run, RunState.SUPERSEDED, error.failure)
    except Exception as error:  # the job is an outer edge: whatever happens, the run says why
        named = named_error(error)
        if isinstance(named, Unexpected):
            log.exception("run %s failed: %s", run_id, named, extra={"run_id": run_id})
        else:
            log.warning("run %s failed: %s", run_id, named)
        _end_failed(client, run, warehouse, named.failure)
    except BaseException:  # Ctrl-C and the like: whoever looks at the run must not wait for it
        log.warning("run %s was interrupted", run_id, extra={"run_id": run_id})
        try:
            _end_failed(client, run, warehouse, worker_lost(load_run(client, run_id) or run))
        except redis.RedisError as error:
            log.warning("run %s is left to the reconciler: %s", run_id, type(error).__name__)
        raise


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


def _end_failed(client: "redis.Redis", run: Run, warehouse: Path, failure: Failure) -> None:
    """End a run with *failure*, or as published where it was stopped after that."""
    try:
        receipt = published_receipt(warehouse, load_run(client, run.id) or run)
    except (OSError, WarehouseDamaged) as error:
        log.warning("run %s: its copies cannot be read: %s", run.id, type(error).__name__)
        receipt = None
    if receipt:
        finish(client, run, RunState.PUBLISHED, receipt)
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
        entry = manifest.find(table.ref)
        if entry is None or fence is None:
            return None
        found = [entry.receipt, *(_receipt(warehouse, table.ref, old) for old in entry.previous)]
        ours = next((one for one in found if one is not None and one.fence == fence), None)
        if ours is None:
            return None
        receipts.append(ours)
    return Receipt(tables=tuple(receipts), seconds=round(sum(r.seconds for r in receipts), 3))


def _receipt(warehouse: Path, ref: TableRef, generation: str) -> TableReceipt | None:
    path = generation_folder(warehouse, ref, generation) / RECEIPT_FILE
    try:
        return TableReceipt.model_validate_json(path.read_bytes())
    except FileNotFoundError:  # pruned since the manifest was read
        return None
    except ValidationError as error:
        log.warning("receipt %s of %s cannot be read: %s", generation, ref, type(error).__name__)
        return None


class _RunEnded(Exception):
    """Somebody else ended the run, or has its lease: what is left of it must stop."""


def _go_on(still_ours: int) -> None:
    if not still_ours:
        raise _RunEnded


def _fence(client: "redis.Redis", run: Run, ref: TableRef, warehouse: Path) -> int:
    current = read_manifest(warehouse).find(ref)
    fence = next_fence(client, run, ref, published=current.fence if current else 0)
    _go_on(fence)
    return fence


@contextmanager
def _progress_noted(
    client: "redis.Redis",
    run: Run,
    on_progress: Callable[[Progress], None],
    lost: threading.Event,
) -> Generator[Callable[[Progress], None]]:
    """Note the newest progress every `PROGRESS_SECONDS`, also while no more rows come.

    Redis being away holds no row up: the next note may get through.
    """
    newest: list[Progress] = []
    stop = threading.Event()

    def report(progress: Progress) -> None:
        _go_on(not lost.is_set())
        on_progress(progress)
        newest[:] = [progress]

    def note() -> None:
        ended = False
        while not ended:
            ended = stop.wait(PROGRESS_SECONDS)
            try:
                if newest and not report_progress(client, run, newest.pop()):
                    lost.set()
            except redis.RedisError as error:
                log.warning("progress of run %s not noted: %s", run.id, type(error).__name__)

    thread = threading.Thread(target=note, name=f"progress-{run.id}", daemon=True)
    thread.start()
    try:
        yield report
    finally:
        stop.set()
        thread.join()


@contextmanager
def _heartbeat(
    client: "redis.Redis", run_id: str, refs: list[TableRef], alive_seconds: float
) -> Generator[threading.Event]:
    """Renew heartbeat and leases in a thread; gives an event that is set once they are lost."""
    stop, lost = threading.Event(), threading.Event()

    def beat() -> None:
        while not stop.wait(alive_seconds / 3):
            try:
                if not stay_alive(client, run_id, refs, alive_seconds=alive_seconds):
                    lost.set()
                    return
            except redis.RedisError as error:
                # The next beat may get through; if none does, the run is called lost.
                log.warning("heartbeat of run %s missed: %s", run_id, type(error).__name__)

    thread = threading.Thread(target=beat, name=f"heartbeat-{run_id}", daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        stop.set()
        thread.join()
