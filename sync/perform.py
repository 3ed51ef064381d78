"""What a worker does with one run: claim it, copy, prove, publish, and say how it ended."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from sync.engine import OpenSession, run_plan
from sync.errors import PlanDrifted
from sync.plan import Progress, TableRef
from sync.runs import (
    ALIVE_SECONDS,
    Run,
    RunState,
    claim,
    finish,
    load_run,
    next_fence,
    report_progress,
    report_verifying,
    stay_alive,
    table_leases,
)
from sync.state import named_error

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 0.5
"""Progress is noted at most this often; the first and the end always are."""


def perform_run(
    client: "redis.Redis",
    run_id: str,
    *,
    open_session: OpenSession,
    warehouse: Path,
    on_progress: Callable[[Progress], None] = lambda _: None,
    alive_seconds: float = ALIVE_SECONDS,
) -> None:
    """Execute a queued run to its final state. A run somebody else has, or that has ended, is left alone.

    Every error becomes the run's failure; only Redis being away is raised, since then nothing can be noted.
    """
    run = load_run(client, run_id)
    if run is None or not claim(client, run, alive_seconds=alive_seconds):
        return
    plan = run.approval.request.plan
    refs = [table.ref for table in plan.tables]
    try:
        with table_leases(client, run_id, refs, alive_seconds=alive_seconds), _heartbeat(client, run_id, refs, alive_seconds):
            receipt = run_plan(
                plan,
                open_session=open_session,
                warehouse=warehouse,
                run_id=run_id,
                fence=lambda ref: next_fence(client, ref),
                on_progress=_throttled(client, run, on_progress),
                on_verifying=lambda: report_verifying(client, run),
            )
        finish(client, run, RunState.PUBLISHED, receipt)
    except redis.RedisError:
        raise
    except PlanDrifted as error:
        finish(client, run, RunState.SUPERSEDED, error.failure)
    except Exception as error:  # the job is an outer edge: whatever happens, the run ends and says why
        named = named_error(error)
        log.exception("run %s failed: %s", run_id, named)
        finish(client, run, RunState.FAILED, named.failure)


def _throttled(
    client: "redis.Redis", run: Run, on_progress: Callable[[Progress], None]
) -> Callable[[Progress], None]:
    last = 0.0

    def report(progress: Progress) -> None:
        nonlocal last
        on_progress(progress)
        now = time.monotonic()
        if now - last >= PROGRESS_SECONDS:
            last = now
            report_progress(client, run, progress)

    return report


@contextmanager
def _heartbeat(
    client: "redis.Redis", run_id: str, refs: list[TableRef], alive_seconds: float
) -> Iterator[None]:
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(alive_seconds / 3):
            try:
                stay_alive(client, run_id, refs, alive_seconds=alive_seconds)
            except redis.RedisError as error:
                # The next beat may get through; if none does, the run is called lost and its fence is too old.
                log.warning("heartbeat of run %s missed: %s", run_id, error)

    thread = threading.Thread(target=beat, name=f"heartbeat-{run_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
