"""Workers killed while they copy: no run is lost, none published twice, no reader sees a half."""

import json
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis

from sandbox.oracle.process import OracleStandIn
from sync.errors import WorkerLost
from sync.jobs import hand_over, reconcile_until
from sync.perform import published_receipt
from sync.plan import TableRef
from sync.run_scripts import PLACES
from sync.runs import FINAL, Run, RunState, open_builds, open_runs
from sync.warehouse.generation import sweep_builds
from sync.warehouse.manifest import read_manifest
from tests.sync.copying import OpenSession, plan_copy, run_copy
from tests.sync.kill_parts import (
    AFTER,
    BATCHES,
    BEFORE,
    COLUMNS,
    LIMITS,
    SETTINGS,
    Content,
    Reading,
    content_after,
    content_of,
    pause,
)
from tests.sync.state_parts import inbox_of, queue_run, run_of

pytest_plugins = ["tests.sync.state_fixtures"]

SCRIPT = Path(__file__).with_name("copying_worker.py")
ROOT = Path(__file__).parents[2]
WORKERS = 2
OPEN_AT_ONCE = 3
READ_AT_ONCE = 8
WAIT_SECONDS = 60
LONGEST_AFTER_BATCH_SECONDS = 0.3
"""What an attempt still takes here after its first batch."""

OLD, NEW = content_after(*BEFORE), content_after(*BEFORE, *AFTER)

log = logging.getLogger(__name__)


class Workers:
    """Worker processes, so many at a time."""

    def __init__(self, state: Redis, words: Sequence[str]) -> None:
        self._state, self._words = state, words
        self._living: dict[int, subprocess.Popen[bytes]] = {}

    def fill(self) -> None:
        """Start those that are missing."""
        missing = WORKERS - len(self._living)
        for _ in range(missing):
            worker = subprocess.Popen(
                [sys.executable, str(SCRIPT), *self._words],
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
            self._living[worker.pid] = worker
        for _ in range(missing):
            assert self._state.blpop(["worker-ready"], timeout=WAIT_SECONDS)

    def kill(self, pid: int) -> None:
        worker = self._living.pop(pid, None)
        if worker is not None:
            worker.kill()
            worker.wait(WAIT_SECONDS)

    def end(self) -> None:
        for pid in tuple(self._living):
            self.kill(pid)


@pytest.fixture
def workers(
    state: Redis, redis_url: str, oracle: OracleStandIn, tmp_path: Path
) -> Iterator[Workers]:
    """Workers that copy from the stand-in; all are gone at the end."""
    found = Workers(state, [redis_url, oracle.dsn, oracle.user, oracle.password, str(tmp_path)])
    yield found
    found.end()


@dataclass
class Scene:
    """Tables whose copies workers make, what readers saw of them, and who was killed when."""

    state: Redis
    oracle: OracleStandIn
    open_session: OpenSession
    root: Path
    before: dict[TableRef, Content] = field(default_factory=dict[TableRef, Content])
    """What readers see of each until its run is published."""
    runs: dict[str, TableRef] = field(default_factory=dict[str, TableRef])
    seen: Counter[str] = field(default_factory=Counter[str])
    kills: Counter[str] = field(default_factory=Counter[str])
    """By mode, and how far the run was."""

    def queue(self, ref: TableRef) -> None:
        """Have what Oracle has of a table copied, going on from the copy there is."""
        plan = plan_copy(self.open_session, self.root, ref, SETTINGS)
        self.runs[queue_run(self.state, plan).id] = ref
        hand_over(self.state, LIMITS)

    def next_table(self) -> TableRef:
        """A table that has no copy, or whose copy is older than it; in turn."""
        number = len(self.before)
        ref = TableRef(source="main", schema_name="SHOP", table=f"{self.root.name}_{number}")
        self.oracle.control.create_table(ref.table, COLUMNS, key=["ID"])
        self._execute(ref, BEFORE)
        if number % 2 == 0:
            plan = plan_copy(self.open_session, self.root, ref, SETTINGS)
            run_copy(self.open_session, self.root, plan, SETTINGS)
        self.before[ref] = OLD if number % 2 == 0 else None
        self._execute(ref, AFTER)
        return ref

    def read(self, stop: threading.Event) -> None:
        """Read the tables at hand again and again, as readers do."""
        while not stop.wait(0.02):
            for ref, before in tuple(self.before.items())[-READ_AT_ONCE:]:
                found = content_of(self.root, ref)
                name = "new" if found == NEW else "old" if found == before else str(found)
                self.seen[name] += 1

    def note_kill(self, run_id: str) -> None:
        """Count a kill where it came before the run's end."""
        run = run_of(self.state, run_id)
        if run.state not in FINAL:
            at = "published, not told" if self._is_placed(run) else run.state.value
            self.kills[f"{run.approval.request.plan.tables[0].mode}, {at}"] += 1

    def _is_placed(self, run: Run) -> bool:
        entry = read_manifest(self.root).find(self.runs[run.id])
        return entry is not None and entry.fence in run.fences

    def _execute(self, ref: TableRef, statements: tuple[str, ...]) -> None:
        for statement in statements:
            self.oracle.control.execute(statement.replace("T!", f'SHOP."{ref.table}"'))


@pytest.fixture
def scene(state: Redis, oracle: OracleStandIn, open_session: OpenSession, tmp_path: Path) -> Scene:
    return Scene(state, oracle, open_session, tmp_path)


@contextmanager
def beside(*repeated: Callable[[threading.Event], None]) -> Generator[None]:
    """Threads that go on until the end of the block."""
    stop = threading.Event()
    threads = [threading.Thread(target=one, args=(stop,)) for one in repeated]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(WAIT_SECONDS)


def all_ended(state: Redis) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while open_runs(state):
        assert time.monotonic() < deadline, [run_of(state, one) for one in open_runs(state)]
        time.sleep(0.05)  # the reconciler's rounds have no event here


def kill_until(scene: Scene, kills: int, chance: random.Random, workers: Workers) -> None:
    """Kill so many attempts, each at some moment after its first batch."""
    state, give_up = scene.state, time.monotonic() + 20 + 10 * kills
    while scene.kills.total() < kills:
        assert time.monotonic() < give_up, scene.kills
        workers.fill()
        at_hand = len(open_runs(state))
        is_new = not at_hand or (at_hand < OPEN_AT_ONCE and chance.random() < 0.6)
        ref = scene.next_table() if is_new else None  # else some run's next attempt
        state.delete(BATCHES)  # those are old
        if ref:
            scene.queue(ref)
        found = cast("Any", state.blpop([BATCHES], timeout=2))
        if found is None:
            continue  # the run at hand had come further
        reading = Reading.model_validate_json(found[1])
        time.sleep(chance.uniform(0, LONGEST_AFTER_BATCH_SECONDS))  # the moment is the case
        before = run_of(state, reading.run)
        if before.state in FINAL or before.attempts != reading.attempt:
            continue
        if chance.random() < 0.3:
            workers.kill(reading.worker)
        else:
            with suppress(ProcessLookupError):
                os.kill(reading.horse, signal.SIGKILL)
        scene.note_kill(reading.run)
    workers.fill()


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("seed", "kills"),
    [(1, 3), *(pytest.param(seed, 40, marks=pytest.mark.sweep) for seed in (2, 3, 4))],
)
def test_whenever_its_worker_is_killed_a_run_ends_once_and_readers_see_whole_copies(
    scene: Scene, workers: Workers, seed: int, kills: int
) -> None:
    state, root = scene.state, scene.root
    problems = list[Exception]()

    def reconcile(stop: threading.Event) -> None:
        published = partial(published_receipt, root)
        reconcile_until(state, stop, problems.append, published, LIMITS, pause)

    with beside(reconcile, scene.read):
        kill_until(scene, kills, random.Random(seed), workers)  # noqa: S311 -- no secrets
        all_ended(state)
        first = [run_of(state, run_id) for run_id in scene.runs]
        for run in first:
            if run.state is RunState.FAILED:
                scene.queue(scene.runs[run.id])
        all_ended(state)
    ends = Counter(run.state.value for run in first)
    log.info("killed %s, ended %s, readers saw %s", scene.kills, ends, scene.seen)

    assert problems == []
    assert scene.seen.keys() <= {"old", "new"}
    for run in first:
        lost = run.failure is not None and run.failure.code == WorkerLost.code
        assert (run.state, lost, run.parked) in {
            (RunState.PUBLISHED, False, False),
            (RunState.FAILED, True, True),
        }
    told = Counter(json.loads(entry["body"])["run"] for entry in inbox_of(state))
    assert told == dict.fromkeys(scene.runs, 1)
    manifest = read_manifest(root)
    published = {
        scene.runs[run.id]: run.receipt.tables[0].generation
        for run in map(partial(run_of, state), scene.runs)
        if run.receipt
    }
    assert published == {ref: manifest.entry(ref).generation for ref in scene.before}
    for ref, before in scene.before.items():
        assert content_of(root, ref) == NEW
        assert len(manifest.entry(ref).previous) == (0 if before is None else 1)
    assert not state.exists(PLACES)
    sweep_builds(root, open_builds(state))
    assert not [*(root / "build").glob("*/*/*")]
