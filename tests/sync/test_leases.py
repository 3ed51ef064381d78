import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import redis
from redis import Redis

from sandbox.redis import RedisStandIn
from sync.errors import TableBusy
from sync.leases import (
    abandon,
    holder_of,
    next_fence,
    publish_turn,
    stay_alive,
    table_leases,
)
from sync.oracle_errors import ConnectionDropped, TableNotFound
from sync.runs import Run, RunState, alive_key, claim, finish, try_again
from sync.state import connect_state
from tests.sync.run_parts import free
from tests.sync.state_parts import ORDERS, USERS, plan_of, queue_run, run_of

pytest_plugins = ["tests.sync.state_fixtures"]

NO_TABLE = TableNotFound(source="main", table="SHOP.ORDERS").failure
BOTH = [ORDERS, USERS]


def started(client: Redis) -> Run:
    run = queue_run(client, plan_of(ORDERS, USERS))
    assert claim(client, run)
    return run


def test_a_table_is_held_by_one_run_and_free_after_it(state: Redis) -> None:
    with (
        table_leases(state, "T1-a", BOTH),
        pytest.raises(TableBusy, match=r"SHOP\.USERS"),
        table_leases(state, "T1-b", [USERS]),
    ):
        pytest.fail("two runs hold one table")
    assert free(state, *BOTH)


def test_who_cannot_have_all_tables_takes_none(state: Redis) -> None:
    with table_leases(state, "T1-a", [USERS]):
        assert not free(state, ORDERS, USERS)
        assert free(state, ORDERS)


def test_the_same_name_in_another_source_or_schema_is_another_table(state: Redis) -> None:
    with table_leases(state, "T1-a", [ORDERS]):
        assert free(state, ORDERS.model_copy(update={"source": "mart"}))
        assert free(state, ORDERS.model_copy(update={"schema_name": "SALES"}))


def test_leases_are_given_up_when_the_work_fails(state: Redis) -> None:
    with pytest.raises(ZeroDivisionError), table_leases(state, "T1-a", BOTH):
        raise ZeroDivisionError
    assert free(state, *BOTH)


def test_a_lease_that_went_to_another_run_is_not_taken_from_it_at_the_end(state: Redis) -> None:
    with table_leases(state, "T1-a", [ORDERS]):
        state.set("duckferry:1:lease:main:SHOP.ORDERS", "T1-b")
    assert state.get("duckferry:1:lease:main:SHOP.ORDERS") == "T1-b"


def test_of_runs_that_want_one_table_at_once_one_gets_it(state: Redis) -> None:
    barrier = threading.Barrier(8)
    asked = threading.Barrier(8)

    def work(number: int) -> bool:
        barrier.wait(10)
        try:
            with table_leases(state, f"T1-{number}", BOTH):
                asked.wait(10)
                return True
        except TableBusy:
            asked.wait(10)
            return False

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))).count(True) == 1


def test_a_living_run_renews_heartbeat_and_leases(state: Redis) -> None:
    run = started(state)
    with table_leases(state, holder_of(run), BOTH, alive_seconds=5):
        assert stay_alive(state, run, BOTH, alive_seconds=60)
        for name in (alive_key(run.id), "duckferry:1:lease:main:SHOP.ORDERS"):
            assert int(state.pttl(name)) > 50_000


def test_what_ran_out_while_redis_was_away_is_taken_again(state: Redis) -> None:
    run = started(state)
    with table_leases(state, holder_of(run), BOTH):
        state.delete(alive_key(run.id), "duckferry:1:lease:main:SHOP.ORDERS")
        assert stay_alive(state, run, BOTH)
        assert state.exists(alive_key(run.id))
        assert not free(state, ORDERS)


def test_a_run_whose_table_went_to_another_must_stop_and_renews_nothing(state: Redis) -> None:
    run = started(state)
    with table_leases(state, holder_of(run), BOTH):
        state.set("duckferry:1:lease:main:SHOP.USERS", "T1-other")
        state.delete(alive_key(run.id))
        assert not stay_alive(state, run, BOTH)
        assert not state.exists(alive_key(run.id))


def test_a_run_that_was_ended_or_forgotten_must_stop_and_stays_dead(state: Redis) -> None:
    run = started(state)
    finish(state, run, RunState.FAILED, NO_TABLE)
    assert not stay_alive(state, run, BOTH)
    assert not state.exists(alive_key(run.id))
    state.flushall()
    assert not stay_alive(state, run, BOTH)
    assert state.keys("*") == []


def test_an_attempt_that_was_followed_by_another_holds_nothing(state: Redis) -> None:
    old = started(state)
    try_again(state, old, ConnectionDropped(source="main").failure, backoff=lambda _: 0)
    new = run_of(state, old.id)
    assert claim(state, new)
    with table_leases(state, holder_of(new), BOTH):
        assert not stay_alive(state, old, BOTH)
        assert next_fence(state, old, ORDERS, published=0) == 0
        with pytest.raises(TableBusy), table_leases(state, holder_of(old), BOTH):
            pytest.fail("two attempts hold one table")
        assert stay_alive(state, new, BOTH)
        assert next_fence(state, new, ORDERS, published=0) == 1


def test_one_at_a_time_may_publish_a_table_and_its_death_gives_the_turn_back(
    tmp_path: Path,
) -> None:
    script = (
        "import pathlib, sys\n"
        "from sync.leases import publish_turn\n"
        "from sync.plan import TableRef\n"
        "ref = TableRef(source='main', schema_name='SHOP', table='ORDERS')\n"
        "with publish_turn(pathlib.Path(sys.argv[1]), ref):\n"
        "    print('mine', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"mine\n"
        with publish_turn(tmp_path, USERS):
            pass  # another table's turn is another's
        turn = threading.Event()

        def wait_for_it() -> None:
            with publish_turn(tmp_path, ORDERS):
                turn.set()

        waiting = threading.Thread(target=wait_for_it)
        waiting.start()
        assert not turn.wait(0.3)
        other.kill()
        assert turn.wait(5)
        waiting.join(5)


def test_a_dead_process_gives_up_what_it_had(state: Redis) -> None:
    run = started(state)
    with table_leases(state, holder_of(run), BOTH):
        assert abandon(state, run, os.getpid())
        assert not state.exists(alive_key(run.id))
        assert free(state, *BOTH)


def test_the_death_of_another_process_takes_nothing_from_a_living_run(state: Redis) -> None:
    run = started(state)
    with table_leases(state, holder_of(run), BOTH):
        # A pid of which ours is the beginning is another process, too.
        for pid in (os.getpid() + 1, int(f"{os.getpid()}0"), int(str(os.getpid())[:-1] or "0")):
            assert not abandon(state, run, pid)
        assert state.exists(alive_key(run.id))
        assert not free(state, ORDERS)


def test_a_run_nobody_claimed_cannot_be_abandoned(state: Redis) -> None:
    assert not abandon(state, queue_run(state), os.getpid())


def test_fences_grow_and_are_noted_with_the_run(state: Redis) -> None:
    run = started(state)
    assert next_fence(state, run, ORDERS, published=0) == 1
    assert next_fence(state, run, ORDERS, published=0) == 2
    assert next_fence(state, run, USERS, published=0) == 1
    assert run_of(state, run.id).fences == (2, 1)


def test_neither_a_lost_redis_nor_a_lost_warehouse_steps_a_fence_back(state: Redis) -> None:
    run = started(state)
    assert next_fence(state, run, ORDERS, published=57) == 58
    assert next_fence(state, run, ORDERS, published=0) == 59


def test_no_two_runs_ever_get_the_same_fence(state: Redis) -> None:
    runs = [started(state) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        given = pool.map(partial(next_fence, state, ref=ORDERS, published=3), runs)
    assert sorted(given) == [4, 5, 6, 7, 8, 9, 10, 11]


def test_a_run_that_has_ended_gets_no_fence(state: Redis) -> None:
    run = started(state)
    finish(state, run, RunState.FAILED, NO_TABLE)
    assert next_fence(state, run, ORDERS, published=5) == 0
    assert run_of(state, run.id).fences == (None, None)


def test_a_dead_redis_is_told(mortal_redis: RedisStandIn) -> None:
    client = connect_state(mortal_redis.url)
    run = started(client)
    mortal_redis.kill()
    for use in (
        lambda: free(client, ORDERS),
        lambda: stay_alive(client, run, BOTH),
        lambda: abandon(client, run, 1),
        lambda: next_fence(client, run, ORDERS, published=0),
    ):
        with pytest.raises(redis.ConnectionError):
            use()
