import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import redis
from redis import Redis

from sandbox.redis import RedisStandIn
from sync.approvals import Request, request_approval
from sync.dispatch import Place, RunLimits, handed_over, queue_place, take_places
from sync.jobs import hand_over
from sync.oracle_errors import ConnectionDropped
from sync.plan import Estimate, Plan, TableRef
from sync.progress import Progress
from sync.runs import Run, RunState, ask_cancel, claim, finish, put_off, report_progress, try_again
from sync.state import connect_state, new_id
from tests.sync.state_parts import ORDERS, THREAD, USERS, plan_of, press, receipt_of, run_of

pytest_plugins = ["tests.sync.state_fixtures"]

DROPPED = ConnectionDropped(source="main").failure
ONE_EACH = RunLimits(runs_per_user=1, runs_per_source=100)
ONE = RunLimits(runs_per_user=1, runs_per_source=1)


def queue(
    client: Redis,
    user: str,
    *,
    schedule: str | None = None,
    source: str = "main",
    rows: int | None = None,
    ref: TableRef = ORDERS,
) -> Run:
    """Have a wish of *user* (or of a schedule) approved; its run waits."""
    plan = plan_of(ref.model_copy(update={"source": source}))
    if rows is not None:
        estimate = Estimate(rows=rows, bytes=None, analyzed_at=None, current_rows=None)
        plan = Plan(tables=plan.tables, estimates=(estimate,))
    request = Request(
        id=new_id("T1"),
        plan=plan,
        requested_by=schedule or user,
        thread=THREAD,
        language="ko",
        schedule=schedule,
    )
    approval = request_approval(client, request, expires_seconds=3600)
    assert press(client, approval) == "approved"
    return run_of(client, approval.id)


def aged(client: Redis, *runs: Run) -> None:
    """Let the runs be as old as their order says."""
    for number, run in enumerate(runs):
        client.hset(f"duckferry:1:T1:run:{run.id}", "queued_ms", 1000 + number)
        client.zadd("duckferry:1:runs:open", {run.id: 1000 + number})


def ids(runs: Sequence[Run]) -> list[str]:
    return [run.id for run in runs]


def test_people_come_before_schedules(state: Redis) -> None:
    nightly = queue(state, "", schedule="nightly")
    person = queue(state, "U1")
    aged(state, nightly, person)
    assert ids(take_places(state, RunLimits(2, 1))) == [person.id]
    finish(state, person, RunState.PUBLISHED, receipt_of())
    assert ids(take_places(state, RunLimits(2, 1))) == [nightly.id]


def test_people_take_turns_and_then_age_decides(state: Redis) -> None:
    first = [queue(state, "U1") for _ in range(3)]
    second = [queue(state, "U2") for _ in range(2)]
    aged(state, *first, *second)
    assert ids(take_places(state, RunLimits(100, 100))) == ids(
        [first[0], second[0], first[1], second[1], first[2]]
    )


def test_who_has_a_run_out_already_comes_after_who_has_none(state: Redis) -> None:
    out = queue(state, "U1")
    take_places(state, ONE)
    again, other = queue(state, "U1"), queue(state, "U2")
    aged(state, out, again, other)
    assert ids(take_places(state, RunLimits(2, 2))) == [other.id]


def test_no_more_runs_of_a_person_are_out_than_allowed(state: Redis) -> None:
    runs = [queue(state, "U1") for _ in range(3)]
    aged(state, *runs)
    limits = RunLimits(runs_per_user=2, runs_per_source=100)
    assert ids(take_places(state, limits)) == ids(runs[:2])
    assert take_places(state, limits) == []
    claim(state, runs[0])
    assert take_places(state, limits) == []
    finish(state, runs[0], RunState.FAILED, DROPPED)
    assert ids(take_places(state, limits)) == [runs[2].id]


def test_no_more_runs_of_a_source_are_out_than_allowed_and_other_sources_go_on(
    state: Redis,
) -> None:
    here = [queue(state, f"U{number}") for number in range(3)]
    there = queue(state, "U1", source="erp")
    aged(state, *here, there)
    limits = RunLimits(runs_per_user=2, runs_per_source=2)
    assert set(ids(take_places(state, limits))) == {here[0].id, here[1].id, there.id}


@pytest.mark.parametrize("end", ["cancelled", "put off", "tried again", "forgotten"])
def test_a_place_is_free_again_once_its_run_is_out_no_more(state: Redis, end: str) -> None:
    first, second = queue(state, "U1"), queue(state, "U1")
    aged(state, first, second)
    assert ids(take_places(state, ONE)) == [first.id]
    if end == "cancelled":
        ask_cancel(state, first, "U1")
    elif end == "put off":
        put_off(state, first, datetime.now(UTC) + timedelta(hours=1))
    elif end == "tried again":
        claim(state, first)
        try_again(state, first, DROPPED, backoff=lambda _: 3600)
    else:
        state.delete(f"duckferry:1:T1:run:{first.id}")
    assert ids(take_places(state, ONE)) == [second.id]


def test_a_run_that_is_put_off_waits_until_its_time(state: Redis) -> None:
    run = queue(state, "U1")
    put_off(state, run, datetime.now(UTC) + timedelta(hours=1))
    assert take_places(state, ONE) == []
    put_off(state, run, datetime.now(UTC) - timedelta(seconds=1))
    assert ids(take_places(state, ONE)) == [run.id]


def test_a_run_that_was_claimed_without_a_place_takes_one(state: Redis) -> None:
    here, waiting = queue(state, "U1"), queue(state, "U1")
    assert claim(state, here)  # as `botctl sync` does, in its own process
    assert take_places(state, ONE) == []
    finish(state, here, RunState.PUBLISHED, receipt_of())
    assert ids(take_places(state, ONE)) == [waiting.id]


def test_many_at_once_give_no_place_twice_and_none_too_many(state: Redis) -> None:
    for number in range(12):
        queue(state, f"U{number % 3}")
    barrier = threading.Barrier(8)
    limits = RunLimits(runs_per_user=2, runs_per_source=5)

    def take(_: int) -> list[Run]:
        barrier.wait(10)
        return take_places(state, limits)

    with ThreadPoolExecutor(8) as pool:
        given = [run for runs in pool.map(take, range(8)) for run in runs]
    assert len(set(ids(given))) == len(given) == 5
    users = Counter(run.approval.request.requested_by for run in given)
    assert max(users.values()) <= 2


def test_garbage_among_the_places_stops_nobody(state: Redis) -> None:
    state.hset("duckferry:1:runs:places", mapping={"": "", "T1-x": "garbage", "y": "a\nb\nc"})
    state.set("duckferry:1:T1:run:T1-x", "garbage")
    run = queue(state, "U1")
    assert ids(take_places(state, ONE)) == [run.id]
    assert state.hkeys("duckferry:1:runs:places") == [run.id]


def test_what_was_handed_over_and_is_not_begun_is_known(state: Redis) -> None:
    first, second = queue(state, "U1"), queue(state, "U2")
    take_places(state, RunLimits(1, 1))
    [handed] = handed_over(state)
    assert handed.id in (first.id, second.id)
    claim(state, handed)
    assert handed_over(state) == []


def test_only_what_dispatch_lets_through_is_pushed(state: Redis) -> None:
    runs = [queue(state, "U1") for _ in range(4)]
    aged(state, *runs)
    limits = RunLimits(runs_per_user=1, runs_per_source=1)
    for _ in range(3):
        hand_over(state, limits)
    assert state.lrange("rq:queue:duckferry-runs-main", 0, -1) == [runs[0].id]


def test_the_place_in_the_queue_is_that_of_its_source_in_the_order_of_turns(state: Redis) -> None:
    nightly = queue(state, "", schedule="nightly")
    mine = [queue(state, "U1") for _ in range(2)]
    theirs = queue(state, "U2")
    elsewhere = queue(state, "U3", source="erp")
    aged(state, nightly, *mine, theirs, elsewhere)
    places = [queue_place(state, run) for run in (mine[0], theirs, mine[1], nightly, elsewhere)]
    assert [(one.position, one.of) for one in places] == [(1, 4), (2, 4), (3, 4), (4, 4), (1, 1)]
    hand_over(state, ONE)
    assert queue_place(state, mine[0]) == Place(1, 4, 0.0)
    put_off(state, theirs, datetime.now(UTC) + timedelta(hours=1))
    assert queue_place(state, run_of(state, theirs.id)).position == 4


def test_the_wait_is_reckoned_from_what_the_tables_before_it_took(state: Redis) -> None:
    done = queue(state, "U1")
    claim(state, done)
    finish(state, done, RunState.PUBLISHED, receipt_of(rows=150))  # in 1.5 s: 100 rows a second
    running = queue(state, "U1", rows=1000)
    hand_over(state, ONE)
    claim(state, running)
    before, mine = queue(state, "U2", rows=2000), queue(state, "U3", rows=1)
    aged(state, before, mine)
    assert queue_place(state, mine) == Place(2, 2, 30.0)
    half_way = Progress(
        table="SHOP.ORDERS", table_number=1, tables=1, rows=500, expected_rows=1000, seconds=4.0
    )
    report_progress(state, running, half_way)
    assert queue_place(state, mine).eta_seconds == 26.0
    never_copied, unknown = queue(state, "U2", ref=USERS), queue(state, "U3")
    aged(state, before, mine, never_copied, unknown)
    assert queue_place(state, unknown).eta_seconds is None


def test_a_dead_redis_is_told(mortal_redis: RedisStandIn) -> None:
    client = connect_state(mortal_redis.url)
    run = queue(client, "U1")
    mortal_redis.kill()
    for use in (
        lambda: take_places(client, ONE_EACH),
        lambda: handed_over(client),
        lambda: queue_place(client, run),
    ):
        with pytest.raises(redis.ConnectionError):
            use()
