"""A worker for the tests: its runs do what the test says over Redis. Started as a process.

Usage: ``python worker_script.py URL WITH_RECONCILER BACKOFF_SECONDS``
"""

import os
import sys
import threading

from redis import Redis

from sync.dispatch import RunLimits
from sync.jobs import reconcile_until, work
from sync.leases import holder_of, stay_alive, table_leases
from sync.runs import RunState, claim, finish, load_run
from sync.state import connect_state
from tests.sync.state_parts import receipt_of

ALIVE_SECONDS = 1.0


def perform(client: Redis, run_id: str) -> None:
    """Claim the run, tell our pid, and wait for the word: publish it."""
    own = connect_state(URL)
    run = load_run(own, run_id)
    if run is None or not claim(own, run, alive_seconds=ALIVE_SECONDS):
        own.rpush(f"seen:{run_id}", "refused")
        return
    refs = [table.ref for table in run.approval.request.plan.tables]
    with table_leases(own, holder_of(run), refs, alive_seconds=ALIVE_SECONDS):
        own.rpush(f"seen:{run_id}", os.getpid())
        for _ in range(300):
            if not stay_alive(own, run, refs, alive_seconds=ALIVE_SECONDS):
                return
            if client.blpop([f"go:{run_id}"], timeout=0.2):
                break
    finish(own, run, RunState.PUBLISHED, receipt_of())


if __name__ == "__main__":
    URL = sys.argv[1]
    BACKOFF_SECONDS = float(sys.argv[3])
    state = connect_state(URL)
    limits = RunLimits(runs_per_user=100, runs_per_source=100)

    def backoff(_: int) -> float:
        """Pause as long as the test says."""
        return BACKOFF_SECONDS

    if sys.argv[2] == "reconciling":
        threading.Thread(
            target=reconcile_until,
            args=(state, threading.Event(), print),
            kwargs={"limits": limits, "backoff": backoff},
            daemon=True,
        ).start()
    state.rpush("worker-ready", os.getpid())
    work(
        URL,
        state,
        ["main"],
        lambda run_id: perform(state, run_id),
        limits=limits,
        backoff=backoff,
    )
    state.rpush("worker-ended", os.getpid())
