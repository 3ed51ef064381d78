import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from redis import Redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from sandbox.redis import RedisStandIn
from sync.dispatch import RunLimits
from sync.errors import TableBusy, WarehouseDamaged
from sync.jobs import (
    KNOCK_SECONDS,
    MAX_HANDOVERS,
    QUEUES,
    hand_over,
    reconcile,
    reconcile_until,
)
from sync.leases import table_leases
from sync.receipt import Receipt
from sync.runs import FINAL, Run, RunState, alive_key, claim, put_off
from sync.state import connect_state
from tests.sync.state_parts import ORDERS, inbox_of, queue_run, receipt_of, run_of

pytest_plugins = ["tests.sync.state_fixtures"]

SCRIPT = Path(__file__).with_name("worker_script.py")
ROOT = Path(__file__).parents[2]
WAIT_SECONDS = 12
MANY = RunLimits(runs_per_user=100, runs_per_source=100)

StartWorker = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start_worker(state: Redis, redis_url: str) -> Iterator[StartWorker]:
    """Start workers of `worker_script`; all are gone at the end."""
    workers: list[subprocess.Popen[bytes]] = []

    def start(
        kind: str = "alone", modules: Path = ROOT, backoff_seconds: float = 3600
    ) -> subprocess.Popen[bytes]:
        worker = subprocess.Popen(
            [sys.executable, str(SCRIPT), redis_url, kind, str(backoff_seconds)],
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{modules}"},
        )
        workers.append(worker)
        heard(state, "worker-ready")
        return worker

    yield start
    for worker in workers:
        worker.kill()
        worker.wait(WAIT_SECONDS)


def heard(client: Redis, name: str) -> str:
    """What a worker said on a list; waits for it."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        said: Any = client.blpop([name], timeout=5)
        if said:
            return str(said[1])
    pytest.fail(f"nothing was heard on {name}")


def ended(client: Redis, run: Run, within_seconds: float = WAIT_SECONDS) -> Run:
    """The run in its final state; waits for the inbox entry that tells it."""
    deadline = time.monotonic() + within_seconds
    last = "0"
    while time.monotonic() < deadline:
        reply: Any = client.xread({"duckferry:1:inbox": last}, block=1000) or []
        for _, entries in reply:
            for entry_id, fields in entries:
                last = entry_id
                if json.loads(fields["body"]).get("run") == run.id:
                    return run_of(client, run.id)
    pytest.fail(f"run {run.id} did not end: {run_of(client, run.id).state}")


def tried_again(client: Redis, run: Run, attempt: int = 1) -> Run:
    """The run in its next attempt, waiting."""
    deadline = time.monotonic() + WAIT_SECONDS
    last = "0"
    while time.monotonic() < deadline:
        reply: Any = client.xread({"duckferry:1:cards": last}, block=1000) or []
        for _, entries in reply:
            last = entries[-1][0]
        now = run_of(client, run.id)
        if now.attempts == attempt:
            return now
    pytest.fail(f"run {run.id} was not tried again: {run_of(client, run.id).state}")


def rq_queue(url: str) -> Queue:
    return Queue(f"{QUEUES}-main", connection=Redis.from_url(url), serializer=JSONSerializer)


def forget_knock(client: Redis, run: Run) -> None:
    """Let the time a knock counts for be over."""
    client.delete(f"duckferry:1:T1:knock:{run.id}")


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_gone(pid: int) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not gone(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)  # no handle of a foreign process to wait for


def leased(client: Redis) -> bool:
    try:
        with table_leases(client, "T1-probe", [ORDERS]):
            return False
    except TableBusy:
        return True


def test_a_worker_performs_a_run_and_leaves_no_job_behind(
    state: Redis, redis_url: str, start_worker: StartWorker
) -> None:
    start_worker()
    run = queue_run(state)
    hand_over(state, MANY)
    assert heard(state, f"seen:{run.id}").isdecimal()
    assert run_of(state, run.id).state is RunState.RUNNING
    assert leased(state)
    state.rpush(f"go:{run.id}", 1)
    assert ended(state, run).receipt == receipt_of()
    assert not leased(state)
    assert rq_queue(redis_url).job_ids == []


def test_a_job_carries_the_runs_id_as_plain_data_and_nothing_else(
    state: Redis, redis_url: str
) -> None:
    run = queue_run(state)
    for _ in range(3):
        hand_over(state, MANY)
    assert rq_queue(redis_url).job_ids == [run.id]
    job = Job.fetch(run.id, connection=Redis.from_url(redis_url), serializer=JSONSerializer)
    assert (job.args, job.kwargs) == ([run.id], {})


def test_a_job_delivered_twice_runs_once(
    state: Redis, redis_url: str, start_worker: StartWorker
) -> None:
    start_worker()
    start_worker()
    run = queue_run(state)
    hand_over(state, MANY)
    pid = heard(state, f"seen:{run.id}")
    rq_queue(redis_url).push_job_id(run.id)
    assert heard(state, f"seen:{run.id}") == "refused"
    assert pid.isdecimal()
    state.rpush(f"go:{run.id}", 1)
    assert ended(state, run).state is RunState.PUBLISHED
    assert len(inbox_of(state)) == 1


def test_a_forged_job_cannot_choose_what_runs(
    state: Redis, redis_url: str, start_worker: StartWorker, tmp_path: Path
) -> None:
    looked_up = tmp_path / "looked-up"
    (tmp_path / "forged.py").write_text(
        f"import pathlib\npathlib.Path({str(looked_up)!r}).touch()\ndef mark(*_): pass\n"
    )
    run = queue_run(state)
    rq_queue(redis_url).enqueue_call("forged.mark", args=("x",), job_id=run.id, result_ttl=0)
    for event in ("success", "failure", "stopped"):
        state.hset(f"rq:job:{run.id}", f"{event}_callback_name", "forged.mark")
    start_worker(modules=tmp_path)
    # What runs is our own perform, with the id of the job.
    assert heard(state, f"seen:{run.id}").isdecimal()
    state.rpush(f"go:{run.id}", 1)
    assert ended(state, run).state is RunState.PUBLISHED
    # Once the next run is under way, the forged job is over with its callbacks.
    following = queue_run(state)
    hand_over(state, MANY)
    assert heard(state, f"seen:{following.id}").isdecimal()
    assert not looked_up.exists()


def test_a_forged_job_of_no_run_does_nothing(
    state: Redis, redis_url: str, start_worker: StartWorker, tmp_path: Path
) -> None:
    mark = tmp_path / "made"
    rq_queue(redis_url).enqueue_call("os.mkdir", args=(str(mark),), job_id="T1-forged")
    start_worker()
    assert heard(state, "seen:T1-forged") == "refused"
    assert not mark.exists()


def test_a_killed_process_of_a_run_has_it_wait_at_once_and_frees_its_tables(
    state: Redis, start_worker: StartWorker
) -> None:
    start_worker()
    run = queue_run(state)
    hand_over(state, MANY)
    pid = int(heard(state, f"seen:{run.id}"))
    os.kill(pid, signal.SIGKILL)
    lost = tried_again(state, run)
    assert lost.state is RunState.QUEUED
    assert lost.last_failure is not None
    assert lost.last_failure.code == "worker_lost"
    assert not leased(state)
    following = queue_run(state)
    hand_over(state, MANY)
    assert heard(state, f"seen:{following.id}").isdecimal()


def test_a_run_whose_process_was_killed_is_published_by_its_second_attempt(
    state: Redis, start_worker: StartWorker
) -> None:
    start_worker("reconciling", backoff_seconds=0)
    run = queue_run(state)
    hand_over(state, MANY)
    os.kill(int(heard(state, f"seen:{run.id}")), signal.SIGKILL)
    assert heard(state, f"seen:{run.id}").isdecimal()
    state.rpush(f"go:{run.id}", 1)
    published = ended(state, run)
    assert (published.state, published.attempts) == (RunState.PUBLISHED, 1)
    assert len(inbox_of(state)) == 1


def test_a_run_that_kills_its_process_every_time_ends_parked(
    state: Redis, start_worker: StartWorker
) -> None:
    start_worker("reconciling", backoff_seconds=0)
    run = queue_run(state)
    hand_over(state, MANY)
    for _ in range(2):
        os.kill(int(heard(state, f"seen:{run.id}")), signal.SIGKILL)
    parked = ended(state, run)
    assert (parked.state, parked.attempts, parked.parked) == (RunState.FAILED, 1, True)
    assert parked.failure is not None
    assert parked.failure.code == "worker_lost"
    assert parked.started_ms is not None
    assert parked.finished_ms is not None
    assert state.llen(f"seen:{run.id}") == 0
    assert not leased(state)


def test_a_killed_worker_takes_its_run_along_and_a_reconciler_finds_it(
    state: Redis, start_worker: StartWorker
) -> None:
    worker = start_worker()
    run = queue_run(state)
    hand_over(state, MANY)
    horse = int(heard(state, f"seen:{run.id}"))
    worker.kill()
    worker.wait(WAIT_SECONDS)
    wait_gone(horse)
    start_worker("reconciling")
    lost = tried_again(state, run)
    assert lost.state is RunState.QUEUED
    assert lost.last_failure is not None
    assert lost.last_failure.code == "worker_lost"
    assert state.llen(f"seen:{run.id}") == 0  # and it was not started again before its time


def test_the_end_of_a_run_starts_the_next_at_once(state: Redis, start_worker: StartWorker) -> None:
    start_worker()  # which nobody helps by reconciling
    one_at_a_time = RunLimits(runs_per_user=1, runs_per_source=1)
    first = queue_run(state)
    hand_over(state, one_at_a_time)
    assert heard(state, f"seen:{first.id}").isdecimal()
    second = queue_run(state)
    hand_over(state, one_at_a_time)
    assert run_of(state, second.id).state is RunState.QUEUED
    state.rpush(f"go:{first.id}", 1)
    assert heard(state, f"seen:{second.id}").isdecimal()
    state.rpush(f"go:{second.id}", 1)
    assert ended(state, second).state is RunState.PUBLISHED


POISON = {
    "no run": b"T1-gone",
    "no id": b"",
    "spaces": b"not an id",
}


@pytest.mark.parametrize("job_id", POISON.values(), ids=POISON.keys())
def test_jobs_that_are_garbage_do_not_stop_the_worker(
    state: Redis, redis_url: str, start_worker: StartWorker, job_id: bytes
) -> None:
    worker = start_worker()
    raw = Redis.from_url(redis_url)
    for record in ("none", "empty", "fields", "string"):
        raw.delete(b"rq:job:" + job_id)
        if record == "empty":
            raw.hset(b"rq:job:" + job_id, "data", b"")
        elif record == "fields":
            for name in ("data", "created_at", "status", "timeout", "meta", "origin", "ttl"):
                raw.hset(b"rq:job:" + job_id, name, b"\xff garbage")
        elif record == "string":
            raw.set(b"rq:job:" + job_id, b"garbage")
        raw.lpush("rq:queue:duckferry-runs-main", job_id)
        run = queue_run(state)
        hand_over(state, MANY)
        assert heard(state, f"seen:{run.id}").isdecimal(), record
        state.rpush(f"go:{run.id}", 1)
        assert ended(state, run).state is RunState.PUBLISHED
        assert worker.poll() is None


@pytest.mark.parametrize("record", ["fields", "string"])
def test_a_run_whose_job_is_garbage_is_handed_over_all_the_same(
    state: Redis, start_worker: StartWorker, record: str
) -> None:
    run = queue_run(state)
    if record == "fields":
        state.hset(f"rq:job:{run.id}", "created_at", "garbage")
    else:
        state.set(f"rq:job:{run.id}", "garbage")
    start_worker()
    hand_over(state, MANY)
    assert heard(state, f"seen:{run.id}").isdecimal()


def test_a_worker_told_to_end_finishes_the_run_at_hand_and_takes_no_other(
    state: Redis, start_worker: StartWorker
) -> None:
    worker = start_worker()
    run, waiting = queue_run(state), queue_run(state)
    hand_over(state, MANY)
    heard(state, f"seen:{run.id}")
    hand_over(state, MANY)
    worker.send_signal(signal.SIGTERM)
    state.rpush(f"go:{run.id}", 1)
    assert ended(state, run).state is RunState.PUBLISHED
    assert worker.wait(WAIT_SECONDS) == 0
    assert heard(state, "worker-ended") == str(worker.pid)
    assert run_of(state, waiting.id).state is RunState.QUEUED


def test_an_approved_run_whose_hand_over_was_lost_is_handed_over(
    state: Redis, redis_url: str
) -> None:
    run = queue_run(state)
    reconcile(state)
    assert rq_queue(redis_url).job_ids == [run.id]
    forget_knock(state, run)
    reconcile(state)
    assert rq_queue(redis_url).job_ids == [run.id]


def test_a_job_that_waits_for_a_worker_counts_as_no_hand_over(state: Redis, redis_url: str) -> None:
    run = queue_run(state)
    hand_over(state, MANY)
    for _ in range(MAX_HANDOVERS * 3):
        forget_knock(state, run)
        reconcile(state)
    assert run_of(state, run.id).state is RunState.QUEUED
    assert rq_queue(redis_url).job_ids == [run.id]


def test_a_job_that_died_in_a_worker_before_its_run_was_claimed_is_handed_over_again(
    state: Redis, redis_url: str, start_worker: StartWorker
) -> None:
    run = queue_run(state)
    hand_over(state, MANY)
    queue = rq_queue(redis_url)
    state.lpop("rq:queue:duckferry-runs-main")  # a worker takes it and is killed
    state.hset(f"rq:job:{run.id}", "status", "started")
    reconcile(state)
    assert queue.job_ids == []  # a worker gets the time to claim it
    forget_knock(state, run)
    reconcile(state)
    assert queue.job_ids == [run.id]
    start_worker()
    assert heard(state, f"seen:{run.id}").isdecimal()


def test_a_run_that_kills_every_worker_before_its_claim_is_failed_after_three_more_tries(
    state: Redis,
) -> None:
    run = queue_run(state)
    hand_over(state, MANY)
    for _ in range(MAX_HANDOVERS):
        state.delete("rq:queue:duckferry-runs-main")
        forget_knock(state, run)
        reconcile(state)
        assert run_of(state, run.id).state is RunState.QUEUED
    state.delete("rq:queue:duckferry-runs-main")
    forget_knock(state, run)
    reconcile(state)
    failed = run_of(state, run.id)
    assert (failed.state, failed.parked) == (RunState.FAILED, True)
    assert failed.failure is not None
    assert failed.failure.code == "worker_lost"
    assert len(inbox_of(state)) == 1


def test_a_run_that_is_put_off_is_handed_over_when_its_time_has_come(
    state: Redis, redis_url: str
) -> None:
    now, queue = datetime.now(UTC), rq_queue(redis_url)
    run = queue_run(state)
    put_off(state, run, now + timedelta(hours=1))
    for _ in range(MAX_HANDOVERS + 1):
        reconcile(state)
        assert queue.job_ids == []
    put_off(state, run, now - timedelta(seconds=1))
    reconcile(state)
    assert queue.job_ids == [run.id]


def test_many_reconcilers_at_once_hand_a_run_over_once(state: Redis, redis_url: str) -> None:
    run = queue_run(state)
    barrier = threading.Barrier(8)

    def once(_: int) -> None:
        barrier.wait(10)
        reconcile(state)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(once, range(8)))
    assert rq_queue(redis_url).job_ids == [run.id]
    assert state.get(f"duckferry:1:T1:handovers:{run.id}") == "1"
    assert 0 < int(state.ttl(f"duckferry:1:T1:knock:{run.id}")) <= KNOCK_SECONDS


def test_reconciling_for_ever_keeps_no_connections(state: Redis) -> None:
    queue_run(state)
    reconcile(state)
    before = len(state.client_list())
    for _ in range(10):
        reconcile(state)
    assert len(state.client_list()) == before


def test_a_run_claimed_while_it_is_given_up_goes_on(state: Redis) -> None:
    run = queue_run(state)
    assert claim(state, run)
    state.set(f"duckferry:1:T1:handovers:{run.id}", 1 + MAX_HANDOVERS)
    state.hset(f"duckferry:1:T1:run:{run.id}", "state", "queued")  # as the reconciler read it
    reconcile(state)
    assert run_of(state, run.id).state not in FINAL


def test_the_reconciler_asks_what_a_dead_worker_published(state: Redis) -> None:
    run = queue_run(state)
    claim(state, run)
    state.delete(alive_key(run.id))
    reconcile(state, lambda _: receipt_of(fence=3))
    assert run_of(state, run.id).receipt == receipt_of(fence=3)


def test_reconciling_survives_what_it_can_tell_and_ends_when_told(state: Redis) -> None:
    run = queue_run(state)
    claim(state, run)
    state.delete(alive_key(run.id))
    stop = threading.Event()
    told: list[Exception] = []
    answers: list[Exception | None] = [WarehouseDamaged(file="manifest.json"), None]

    def published(_: Run) -> Receipt | None:
        answer = answers.pop(0)
        if answer is not None:
            raise answer
        return receipt_of()

    thread = threading.Thread(target=reconcile_until, args=(state, stop, told.append, published))
    thread.start()
    assert ended(state, run).state is RunState.PUBLISHED
    stop.set()
    thread.join(WAIT_SECONDS)
    assert not thread.is_alive()
    assert [type(error) for error in told] == [WarehouseDamaged]


def test_a_dead_redis_is_told(mortal_redis: RedisStandIn) -> None:
    client = connect_state(mortal_redis.url)
    queue_run(client)
    mortal_redis.kill()
    with pytest.raises(redis.ConnectionError):
        hand_over(client, MANY)
    with pytest.raises(redis.ConnectionError):
        reconcile(client)
