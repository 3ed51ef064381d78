import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from redis import Redis

from sandbox.redis import RedisStandIn
from sync.errors import TableNotFound
from sync.plan import Progress, Receipt
from sync.runs import (
    FINAL,
    Run,
    RunState,
    alive_key,
    claim,
    end_lost_runs,
    finish,
    load_run,
    open_runs,
    recent_runs,
    report_progress,
    report_verifying,
)
from sync.state import connect_state
from tests.sync.state_parts import (
    ORDERS,
    THREAD,
    USERS,
    cards_of,
    inbox_of,
    plan_of,
    queue_run,
    receipt_of,
    run_of,
)

pytest_plugins = ["tests.sync.state_fixtures"]

HALF_WAY = Progress(
    table="SHOP.USERS", table_number=2, tables=2, rows=70, expected_rows=150, seconds=1.5
)
NO_TABLE = TableNotFound(source="main", table="SHOP.ORDERS").failure


def started(client: Redis) -> Run:
    run = queue_run(client, plan_of(ORDERS, USERS))
    assert claim(client, run)
    return run


def silence(client: Redis, run: Run) -> None:
    """Let the heartbeat of a run have stopped too long ago."""
    client.delete(alive_key(run.id))


def test_a_queued_run_is_claimed_once_by_sixteen_workers_at_once(state: Redis) -> None:
    run = queue_run(state)
    barrier = threading.Barrier(16)

    def try_it(_: int) -> bool:
        barrier.wait(10)
        return claim(state, run)

    with ThreadPoolExecutor(16) as pool:
        claimed = list(pool.map(try_it, range(16)))
    assert claimed.count(True) == 1
    now = run_of(state, run.id)
    assert now.state is RunState.RUNNING
    assert now.started_ms is not None
    assert now.started_ms >= now.queued_ms


def test_a_claim_lasts_as_long_as_the_worker_says_it_is_alive(state: Redis) -> None:
    run = queue_run(state)
    claim(state, run, alive_seconds=20)
    assert 15_000 < int(state.pttl(alive_key(run.id))) <= 20_000


def test_progress_and_verifying_are_seen_and_tell_the_card(state: Redis) -> None:
    run = started(state)
    before = len(cards_of(state))
    assert report_progress(state, run, HALF_WAY)
    assert run_of(state, run.id).progress == HALF_WAY
    assert report_verifying(state, run)
    now = run_of(state, run.id)
    assert (now.state, now.progress) == (RunState.VERIFYING, HALF_WAY)
    assert len(cards_of(state)) - before == 2


def test_a_run_that_waits_or_has_ended_makes_no_progress(state: Redis) -> None:
    run = queue_run(state)
    assert not report_progress(state, run, HALF_WAY)
    assert not report_verifying(state, run)
    claim(state, run)
    finish(state, run, RunState.FAILED, NO_TABLE)
    assert not report_progress(state, run, HALF_WAY)
    assert not report_verifying(state, run)
    now = run_of(state, run.id)
    assert (now.state, now.progress) == (RunState.FAILED, None)


def test_a_published_run_has_its_receipt_and_tells_card_and_conversation_once(
    state: Redis,
) -> None:
    run = started(state)
    cards = len(cards_of(state))
    assert finish(state, run, RunState.PUBLISHED, receipt_of())
    assert not finish(state, run, RunState.PUBLISHED, receipt_of(rows=7))
    now = run_of(state, run.id)
    assert (now.state, now.receipt, now.failure) == (RunState.PUBLISHED, receipt_of(), None)
    assert now.finished_ms is not None
    assert open_runs(state) == []
    assert not state.exists(alive_key(run.id))
    [entry] = inbox_of(state)
    assert (entry["kind"], entry["thread"]) == ("run_ended", THREAD)
    assert json.loads(entry["body"]) == {"run": run.id}
    assert len(cards_of(state)) - cards == 1


@pytest.mark.parametrize("end", sorted(FINAL))
def test_the_first_end_stands(state: Redis, end: RunState) -> None:
    run = started(state)
    assert finish(state, run, end, receipt_of() if end is RunState.PUBLISHED else NO_TABLE)
    for later in FINAL - {RunState.PUBLISHED}:
        assert not finish(state, run, later, NO_TABLE)
    assert not claim(state, run)
    assert run_of(state, run.id).state is end


def test_ends_that_come_at_once_are_one_end(state: Redis) -> None:
    run = started(state)
    barrier = threading.Barrier(8)

    def end(_: int) -> bool:
        barrier.wait(10)
        return finish(state, run, RunState.FAILED, NO_TABLE)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(end, range(8))).count(True) == 1
    assert len(inbox_of(state)) == 1


def test_a_publish_of_a_run_called_lost_corrects_its_end(state: Redis) -> None:
    run = started(state)
    silence(state, run)
    assert end_lost_runs(state) == [run.id]
    assert finish(state, run, RunState.PUBLISHED, receipt_of())
    now = run_of(state, run.id)
    assert (now.state, now.receipt, now.failure) == (RunState.PUBLISHED, receipt_of(), None)
    assert [json.loads(entry["body"]) for entry in inbox_of(state)] == [{"run": run.id}] * 2


def test_a_run_nobody_knows_cannot_be_ended(state: Redis) -> None:
    run = started(state)
    state.flushall()
    assert not finish(state, run, RunState.FAILED, NO_TABLE)
    assert not claim(state, run)
    assert not report_progress(state, run, HALF_WAY)
    assert load_run(state, run.id) is None
    assert state.keys("*") == []


def test_a_silent_worker_is_lost_and_its_run_failed_naming_the_table_it_was_at(
    state: Redis,
) -> None:
    run = started(state)
    report_progress(state, run, HALF_WAY)
    assert end_lost_runs(state) == []
    silence(state, run)
    assert end_lost_runs(state) == [run.id]
    now = run_of(state, run.id)
    assert now.state is RunState.FAILED
    assert now.failure is not None
    assert (now.failure.code, now.failure.params) == ("worker_lost", {"table": "SHOP.USERS"})
    assert end_lost_runs(state) == []


def test_a_worker_that_died_after_its_publish_leaves_a_published_run(state: Redis) -> None:
    run = started(state)
    report_verifying(state, run)
    asked: list[str] = []

    def published(lost: Run) -> Receipt | None:
        asked.append(lost.id)
        return receipt_of(fence=7)

    assert end_lost_runs(state, published) == []
    silence(state, run)
    assert end_lost_runs(state, published) == [run.id]
    assert asked == [run.id]
    now = run_of(state, run.id)
    assert (now.state, now.receipt) == (RunState.PUBLISHED, receipt_of(fence=7))


def test_a_heartbeat_that_comes_back_in_time_saves_the_run(state: Redis) -> None:
    run = started(state)
    silence(state, run)

    def published(_: Run) -> None:
        state.set(alive_key(run.id), "1")

    assert end_lost_runs(state, published) == []
    assert run_of(state, run.id).state is RunState.RUNNING


def test_a_run_that_waits_for_a_worker_is_not_lost(state: Redis) -> None:
    run = queue_run(state)
    assert end_lost_runs(state) == []
    assert open_runs(state) == [run.id]


def test_a_run_whose_approval_redis_has_forgotten_is_open_no_more(state: Redis) -> None:
    run = started(state)
    state.delete(f"duckferry:1:T1:approval:{run.id}")
    assert load_run(state, run.id) is None
    assert end_lost_runs(state) == []
    assert open_runs(state) == []


def test_many_reconcilers_at_once_end_a_lost_run_once(state: Redis) -> None:
    run = started(state)
    silence(state, run)
    barrier = threading.Barrier(8)

    def reconcile(_: int) -> list[str]:
        barrier.wait(10)
        return end_lost_runs(state)

    with ThreadPoolExecutor(8) as pool:
        ended = [one for lost in pool.map(reconcile, range(8)) for one in lost]
    assert ended == [run.id]
    assert len(inbox_of(state)) == 1


def test_recent_runs_come_newest_first_and_of_one_team(state: Redis) -> None:
    runs = [queue_run(state) for _ in range(3)]
    for number, run in enumerate(runs):
        state.zadd("duckferry:1:T1:runs", {run.id: number})
    assert [run.id for run in recent_runs(state, "T1", 2)] == [runs[2].id, runs[1].id]
    assert recent_runs(state, "T2", 10) == []


def test_a_dead_redis_is_told_to_whoever_uses_runs(mortal_redis: RedisStandIn) -> None:
    client = connect_state(mortal_redis.url)
    run = started(client)
    mortal_redis.kill()
    for use in (
        lambda: load_run(client, run.id),
        lambda: recent_runs(client, "T1", 1),
        lambda: claim(client, run),
        lambda: report_progress(client, run, HALF_WAY),
        lambda: report_verifying(client, run),
        lambda: finish(client, run, RunState.PUBLISHED, receipt_of()),
        lambda: end_lost_runs(client),
    ):
        with pytest.raises(redis.ConnectionError):
            use()
