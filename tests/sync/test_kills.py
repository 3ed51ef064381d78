"""Workers killed at random moments of many runs: none is lost, and none published twice."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from redis import Redis

from sandbox.oracle.process import OracleStandIn
from sync.jobs import hand_over, reconcile_until
from sync.perform import published_receipt
from sync.plan import TableRef, plainly
from sync.planning import plan_tables
from sync.run_scripts import PLACES
from sync.runs import FINAL, RunState, open_builds, open_runs
from sync.warehouse.generation import sweep_builds
from sync.warehouse.layout import table_folder
from sync.warehouse.manifest import Manifest, read_manifest
from tests.sync.copying import OpenSession
from tests.sync.kill_parts import LIMITS, pause
from tests.sync.state_parts import inbox_of, queue_run, run_of
from tests.sync.tables import plain

pytest_plugins = ["tests.sync.state_fixtures"]

SCRIPT = Path(__file__).with_name("copying_worker.py")
ROOT = Path(__file__).parents[2]
WORKERS = 2
WAIT_SECONDS = 60

StartWorker = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def start_worker(
    state: Redis, redis_url: str, oracle: OracleStandIn, tmp_path: Path
) -> Iterator[StartWorker]:
    """Start workers that copy from the stand-in; all are gone at the end."""
    workers: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        words = [redis_url, oracle.dsn, oracle.user, oracle.password, str(tmp_path)]
        worker = subprocess.Popen(
            [sys.executable, str(SCRIPT), *words], env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        workers.append(worker)
        assert state.blpop(["worker-ready"], timeout=WAIT_SECONDS)
        return worker

    yield start
    for worker in workers:
        worker.kill()
        worker.wait(WAIT_SECONDS)


def children(worker: subprocess.Popen[bytes]) -> list[int]:
    try:
        found = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(pid) for pid in found.split()]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("seed", "runs"),
    [(1, 6), *(pytest.param(seed, 40, marks=pytest.mark.sweep) for seed in (2, 3, 4))],
)
def test_no_run_is_lost_or_published_twice_whenever_its_worker_is_killed(
    state: Redis,
    oracle: OracleStandIn,
    open_session: OpenSession,
    start_worker: StartWorker,
    tmp_path: Path,
    seed: int,
    runs: int,
) -> None:
    chance = random.Random(seed)  # noqa: S311 -- cases, no secrets
    refs = [
        TableRef(source="main", schema_name="SHOP", table=f"KILLED_{seed}_{number}")
        for number in range(runs)
    ]
    for ref in refs:
        oracle.control.create_table(ref.table, [("ID", "NUMBER(10)")], key=["ID"])
        oracle.control.execute(f'INSERT INTO SHOP."{ref.table}" SELECT range FROM range(5000)')
    tables = {
        queue_run(
            state,
            plan_tables(open_session, plainly([ref]), Manifest(), plain(10_000)),
        ).id: ref
        for ref in refs
    }
    stop, problems = threading.Event(), list[Exception]()
    reconciler = threading.Thread(
        target=reconcile_until,
        args=(state, stop, problems.append, partial(published_receipt, tmp_path), LIMITS, pause),
    )
    reconciler.start()
    try:
        workers = [start_worker() for _ in range(WORKERS)]
        hand_over(state, LIMITS)
        for _ in range(runs):
            time.sleep(chance.uniform(0, 0.7))  # the moment of the kill is the case
            number = chance.randrange(WORKERS)
            horses = children(workers[number])
            if horses and chance.random() < 0.6:
                os.kill(horses[0], signal.SIGKILL)
            else:
                workers[number].kill()
                workers[number].wait(WAIT_SECONDS)
                workers[number] = start_worker()
        deadline = time.monotonic() + WAIT_SECONDS + runs
        while open_runs(state):
            assert time.monotonic() < deadline, [run_of(state, one) for one in open_runs(state)]
            time.sleep(0.1)  # the reconciler's rounds have no event here
    finally:
        stop.set()
        reconciler.join(WAIT_SECONDS)
    assert problems == []
    ended = {run_id: run_of(state, run_id) for run_id in tables}
    assert {run.state for run in ended.values()} <= FINAL
    manifest = read_manifest(tmp_path)
    for run_id, run in ended.items():
        generations = [*table_folder(tmp_path, tables[run_id]).glob("*/data.duckdb")]
        entry = manifest.find(tables[run_id])
        if run.state is RunState.PUBLISHED:
            assert entry is not None
            assert run.receipt is not None
            assert (entry.rows, entry.previous) == (5000, ())
            assert entry.generation == run.receipt.tables[0].generation
        else:
            assert (run.state, run.parked, entry) == (RunState.FAILED, True, None)
        placed = [folder.parent.name for folder in generations]
        assert entry is None or entry.generation in placed
    told = Counter(json.loads(entry["body"])["run"] for entry in inbox_of(state))
    assert told == dict.fromkeys(tables, 1)
    assert not state.exists(PLACES)
    sweep_builds(tmp_path, open_builds(state))
    assert not [*(tmp_path / "build").glob("*/*/*")]
