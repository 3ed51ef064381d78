import json
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from redis import Redis

from sandbox.redis import RedisStandIn
from sync.audit import read_audit
from sync.errors import Cancelled
from sync.oracle_errors import ConnectionDropped, TableNotFound
from sync.progress import Progress
from sync.receipt import Receipt
from sync.runs import (
    FINAL,
    Run,
    RunState,
    alive_key,
    ask_cancel,
    begin_publishing,
    build_name,
    cancel_asked,
    claim,
    end_lost_runs,
    finish,
    load_run,
    open_builds,
    open_runs,
    recent_runs,
    report_progress,
    report_verifying,
    try_again,
    usual_backoff,
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
DROPPED = ConnectionDropped(source="main").failure


def started(client: Redis) -> Run:
    run = queue_run(client, plan_of(ORDERS, USERS))
    assert claim(client, run)
    return run


def at_once(_: int) -> float:
    return 0


def redis_ms(client: Redis) -> int:
    """Redis's own clock."""
    seconds, micros = client.time()
    return seconds * 1000 + micros // 1000


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
    finish(state, run, RunState.FAILED, NO_TABLE)
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


def test_a_silent_worker_is_lost_and_its_run_waits_for_one_more_attempt(state: Redis) -> None:
    run = started(state)
    report_progress(state, run, HALF_WAY)
    assert end_lost_runs(state) == []
    silence(state, run)
    assert end_lost_runs(state) == [run.id]
    now = run_of(state, run.id)
    assert (now.state, now.attempts, now.progress, now.failure) == (RunState.QUEUED, 1, None, None)
    assert now.last_failure is not None
    assert (now.last_failure.code, now.last_failure.params) == (
        "worker_lost",
        {"table": "SHOP.USERS"},
    )
    assert now.put_off_ms is not None
    assert 7_000 < now.put_off_ms - redis_ms(state) <= 12_000
    assert end_lost_runs(state) == []
    assert inbox_of(state) == []


def test_what_kills_its_worker_twice_ends_parked_naming_the_table_it_was_at(state: Redis) -> None:
    run = started(state)
    silence(state, run)
    end_lost_runs(state, backoff=at_once)
    again = run_of(state, run.id)
    assert claim(state, again)
    report_progress(state, again, HALF_WAY)
    silence(state, run)
    assert end_lost_runs(state, backoff=at_once) == [run.id]
    now = run_of(state, run.id)
    assert (now.state, now.attempts, now.parked) == (RunState.FAILED, 1, True)
    assert now.failure is not None
    assert (now.failure.code, now.failure.params) == ("worker_lost", {"table": "SHOP.USERS"})
    assert len(inbox_of(state)) == 1


def test_a_run_is_tried_again_three_times_and_its_card_told_of_each(state: Redis) -> None:
    run = started(state)
    pauses: list[int] = []
    for attempt in range(1, 4):
        before = len(cards_of(state))
        assert try_again(state, run, DROPPED, backoff=lambda n: pauses.append(n) or 0)
        assert len(cards_of(state)) == before + 1
        run = run_of(state, run.id)
        assert (run.state, run.attempts, run.last_failure) == (RunState.QUEUED, attempt, DROPPED)
        assert (run.started_ms, run.failure) == (None, None)
        assert claim(state, run)
    assert try_again(state, run, DROPPED, backoff=at_once)
    ended = run_of(state, run.id)
    assert (ended.state, ended.attempts, ended.parked) == (RunState.FAILED, 3, True)
    assert (ended.failure, pauses) == (DROPPED, [1, 2, 3])
    assert open_runs(state) == []
    assert len(inbox_of(state)) == 1


def test_the_pauses_are_ten_seconds_a_minute_and_five_a_fifth_more_or_less() -> None:
    for retry, seconds in ((1, 10), (2, 60), (3, 300)):
        drawn = {usual_backoff(retry) for _ in range(50)}
        assert all(0.799 * seconds <= one <= 1.201 * seconds for one in drawn)
        assert len(drawn) > 1


def test_a_run_is_not_claimed_before_its_time(state: Redis) -> None:
    run = started(state)
    try_again(state, run, DROPPED, backoff=lambda _: 3600)
    waiting = run_of(state, run.id)
    assert not claim(state, waiting)
    state.hset(f"duckferry:1:T1:run:{run.id}", "put_off_ms", redis_ms(state))
    assert claim(state, waiting)
    assert run_of(state, run.id).put_off_ms is None


def test_what_is_left_of_an_attempt_can_do_nothing_more(state: Redis) -> None:
    old = started(state)
    try_again(state, old, DROPPED, backoff=at_once)
    new = run_of(state, old.id)

    def tries() -> list[bool]:
        return [
            report_progress(state, old, HALF_WAY),
            report_verifying(state, old),
            begin_publishing(state, old),
            finish(state, old, RunState.FAILED, NO_TABLE),
            try_again(state, old, DROPPED, backoff=at_once),
            claim(state, old),
        ]

    assert tries() == [False] * 6
    assert claim(state, new)
    assert tries() == [False] * 6
    assert report_progress(state, new, HALF_WAY)
    assert state.exists(alive_key(new.id))
    # What readers see is the truth, whoever says it.
    assert finish(state, old, RunState.PUBLISHED, receipt_of())


def test_no_two_attempts_share_a_build_and_those_that_may_still_be_written_are_spared(
    state: Redis,
) -> None:
    run = started(state)
    builds = [build_name(run.id, attempt) for attempt in range(6)]
    assert len(set(builds)) == 6
    assert open_builds(state) == builds[:2]
    state.hset(f"duckferry:1:T1:run:{run.id}", "attempts", 4)
    assert open_builds(state) == builds[2:6]
    finish(state, run_of(state, run.id), RunState.FAILED, NO_TABLE)
    assert open_builds(state) == []


def test_every_step_of_a_run_is_in_the_audit(state: Redis) -> None:
    run = started(state)
    try_again(state, run, DROPPED, backoff=at_once)
    again = run_of(state, run.id)
    claim(state, again)
    assert ask_cancel(state, again, "U7") == "cancelling"
    finish(state, again, RunState.PUBLISHED, receipt_of())
    entries = [one for one in read_audit(state, "T1") if one.subject == run.id]
    me = f"{socket.gethostname()}:{os.getpid()}"
    assert [(one.what, one.who, one.detail) for one in entries[-5:]] == [
        ("run_started", me, "attempt 1"),
        ("run_retried", me, "attempt 1 connection_dropped"),
        ("run_started", me, "attempt 2"),
        ("run_cancel_asked", "U7", "running"),
        ("run_ended", me, "published"),
    ]
    assert {one.digest for one in entries} == {run.approval.request.digest}


def test_a_refused_end_leaves_no_audit_entry(state: Redis) -> None:
    run = started(state)
    finish(state, run, RunState.FAILED, NO_TABLE)
    before = len(list(read_audit(state, "T1")))
    finish(state, run, RunState.FAILED, NO_TABLE)
    claim(state, run)
    ask_cancel(state, run, "U7")
    entries = list(read_audit(state, "T1"))
    assert len(entries) == before
    assert entries[-1].detail == "failed table_not_found"


def test_a_run_that_waits_is_cancelled_at_once(state: Redis) -> None:
    run = queue_run(state)
    cards = len(cards_of(state))
    assert ask_cancel(state, run, "U7") == "cancelled"
    assert ask_cancel(state, run, "U7") == "cancelled"  # the same click, sent again
    assert ask_cancel(state, run, "U8") == "already_ended"
    now = run_of(state, run.id)
    assert (now.state, now.failure) == (RunState.CANCELLED, Cancelled(by="U7").failure)
    assert open_runs(state) == []
    assert not claim(state, now)
    assert [entry["kind"] for entry in inbox_of(state)] == ["run_ended"]
    assert len(cards_of(state)) == cards + 1
    assert [one.what for one in read_audit(state, "T1")][-2:] == ["run_cancel_asked", "run_ended"]


def test_a_run_that_waits_for_its_next_attempt_is_cancelled_at_once(state: Redis) -> None:
    run = started(state)
    try_again(state, run, DROPPED, backoff=lambda _: 3600)
    assert ask_cancel(state, run_of(state, run.id), "U7") == "cancelled"
    assert run_of(state, run.id).state is RunState.CANCELLED


def test_of_a_run_under_way_its_worker_is_told_who_wants_it_stopped(state: Redis) -> None:
    run = started(state)
    assert cancel_asked(state, run) is None
    assert ask_cancel(state, run, "U7") == "cancelling"
    cards = len(cards_of(state))
    assert ask_cancel(state, run, "U8") == "cancelling"
    assert len(cards_of(state)) == cards
    assert cancel_asked(state, run) == "U7"
    assert run_of(state, run.id).state is RunState.RUNNING
    assert not begin_publishing(state, run)


def test_a_run_that_is_being_published_or_has_ended_is_not_cancelled(state: Redis) -> None:
    run = started(state)
    assert begin_publishing(state, run)
    assert ask_cancel(state, run, "U7") == "already_ended"
    assert run_of(state, run.id).cancel_by is None
    finish(state, run, RunState.PUBLISHED, receipt_of())
    assert ask_cancel(state, run, "U7") == "already_ended"
    state.flushall()
    assert ask_cancel(state, run, "U7") == "already_ended"
    assert state.keys("*") == []


def test_a_run_whose_worker_died_while_it_was_to_stop_is_cancelled(state: Redis) -> None:
    run = started(state)
    ask_cancel(state, run, "U7")
    silence(state, run)
    assert end_lost_runs(state) == [run.id]
    now = run_of(state, run.id)
    assert (now.state, now.failure) == (RunState.CANCELLED, Cancelled(by="U7").failure)


@pytest.mark.parametrize("name", ["run", "approval"])
@pytest.mark.parametrize("garbage", ["string", "fields"])
def test_a_run_whose_record_is_garbage_stops_no_reconciler(
    state: Redis, name: str, garbage: str
) -> None:
    broken, lost = started(state), started(state)
    record = f"duckferry:1:T1:{name}:{broken.id}"
    if garbage == "string":
        state.delete(record)
        state.set(record, "garbage")
    else:
        state.hset(record, "request" if name == "approval" else "state", "garbage")
    silence(state, lost)
    assert load_run(state, broken.id) is None
    assert end_lost_runs(state) == [lost.id]
    assert set(open_runs(state)) == {broken.id, lost.id}


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


def test_many_reconcilers_at_once_end_a_lost_run_once(state: Redis) -> None:
    run = started(state)
    silence(state, run)
    barrier = threading.Barrier(8)

    def reconcile(_: int) -> list[str]:
        barrier.wait(10)
        return end_lost_runs(state, backoff=lambda _: 3600)

    with ThreadPoolExecutor(8) as pool:
        ended = [one for lost in pool.map(reconcile, range(8)) for one in lost]
    assert ended == [run.id]
    assert run_of(state, run.id).attempts == 1


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
        lambda: try_again(client, run, DROPPED, backoff=at_once),
        lambda: ask_cancel(client, run, "U7"),
        lambda: begin_publishing(client, run),
    ):
        with pytest.raises(redis.ConnectionError):
            use()
