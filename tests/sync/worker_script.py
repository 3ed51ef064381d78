"""A worker for the tests: its runs do what the test says over Redis. Started as a process.

Usage: ``python worker_script.py URL WITH_RECONCILER``
"""

import os
import sys
import threading

from redis import Redis

from sync.jobs import reconcile_until, work
from sync.leases import stay_alive, table_leases
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
    with table_leases(own, run_id, refs, alive_seconds=ALIVE_SECONDS):
        own.rpush(f"seen:{run_id}", os.getpid())
        for _ in range(300):
            stay_alive(own, run_id, refs, alive_seconds=ALIVE_SECONDS)
            if client.blpop([f"go:{run_id}"], timeout=0.2):
                break
    finish(own, run, RunState.PUBLISHED, receipt_of())


if __name__ == "__main__":
    URL = sys.argv[1]
    state = connect_state(URL)
    if sys.argv[2] == "reconciling":
        threading.Thread(
            target=reconcile_until, args=(state, threading.Event(), print), daemon=True
        ).start()
    state.rpush("worker-ready", os.getpid())
    work(URL, state, lambda run_id: perform(state, run_id))
    state.rpush("worker-ended", os.getpid())
