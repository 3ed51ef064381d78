import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from redis import Redis

from sandbox.redis import RedisStandIn, start_redis
from sync.oracle_errors import SourceBusy
from sync.sessions import session_slot, sessions_open
from sync.state import connect_state

pytest_plugins = ["tests.sync.state_fixtures"]

SHORT_SECONDS = 1.5
"""A life short enough to see it end, long enough to be renewed on a busy machine."""

# Takes a slot, says so, and holds it until it is killed.
HOLDER = f"""
import sys, time
from sync.sessions import session_slot
from sync.state import connect_state
client = connect_state(sys.argv[1])
with session_slot(client, "main", most=2, wait_seconds=0, slot_seconds={SHORT_SECONDS}):
    print("held", flush=True)
    time.sleep(60)
"""


def free(client: Redis, most: int, source_name: str = "main", wait_seconds: float = 0) -> bool:
    try:
        with session_slot(client, source_name, most=most, wait_seconds=wait_seconds):
            return True
    except SourceBusy:
        return False


def test_there_are_as_many_slots_as_allowed_and_no_more(state: Redis) -> None:
    with (
        session_slot(state, "main", most=2, wait_seconds=0),
        session_slot(state, "main", most=2, wait_seconds=0),
        pytest.raises(SourceBusy, match="All 2 sessions of Oracle source main") as busy,
        session_slot(state, "main", most=2, wait_seconds=0),
    ):
        pytest.fail("a third session was let in")
    assert busy.value.params == {"source": "main", "most": 2}
    assert busy.value.transient


def test_each_source_has_slots_of_its_own(state: Redis) -> None:
    with session_slot(state, "main", most=1, wait_seconds=0):
        assert free(state, 1, "mart")
        assert not free(state, 1, "main")


def test_the_open_sessions_are_counted(state: Redis) -> None:
    assert sessions_open(state, "main") == 0
    with session_slot(state, "main", most=3, wait_seconds=0):
        with session_slot(state, "main", most=3, wait_seconds=0):
            assert sessions_open(state, "main") == 2
            assert sessions_open(state, "mart") == 0
        assert sessions_open(state, "main") == 1
    assert sessions_open(state, "main") == 0


def test_a_slot_is_free_again_when_the_work_in_it_fails(state: Redis) -> None:
    with pytest.raises(ZeroDivisionError), session_slot(state, "main", most=1, wait_seconds=0):
        raise ZeroDivisionError
    assert free(state, 1)


def test_who_waits_gets_the_slot_that_comes_free(state: Redis) -> None:
    with ThreadPoolExecutor(1) as pool:
        with session_slot(state, "main", most=1, wait_seconds=0):
            waiting = pool.submit(free, state, 1, wait_seconds=20)
            assert not waiting.done()
        assert waiting.result(20)


def test_over_many_at_once_the_number_is_never_exceeded_and_all_have_their_turn(
    state: Redis,
) -> None:
    lock = threading.Lock()
    inside: list[int] = []
    most_seen: list[int] = []
    two_inside = threading.Event()

    def work(number: int) -> None:
        with session_slot(state, "main", most=2, wait_seconds=30):
            with lock:
                inside.append(number)
                most_seen.append(len(inside))
                if len(inside) == 2:
                    two_inside.set()
            assert two_inside.wait(10)
            with lock:
                inside.remove(number)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [None] * 8
    assert (len(most_seen), max(most_seen)) == (8, 2)


def test_a_held_slot_outlasts_its_life(state: Redis) -> None:
    with session_slot(state, "main", most=1, wait_seconds=0, slot_seconds=SHORT_SECONDS):
        assert not free(state, 1, wait_seconds=2 * SHORT_SECONDS)
    assert free(state, 1)


def test_the_slot_of_a_killed_process_comes_free(state: Redis, redis_url: str) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, redis_url],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder, session_slot(state, "main", most=2, wait_seconds=0):
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        assert not free(state, 2, wait_seconds=SHORT_SECONDS)
        os.kill(holder.pid, signal.SIGKILL)
        assert free(state, 2, wait_seconds=20)
        assert sessions_open(state, "main") == 1


def test_what_is_left_in_redis_of_a_dead_process_goes_by_itself(state: Redis) -> None:
    with session_slot(state, "main", most=1, wait_seconds=0):
        assert 0 < state.pttl("duckferry:1:sessions:main") <= 30_000
    assert state.dbsize() == 0


class Told(logging.Handler):
    """Sets an event as soon as a log line holds a text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.event = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if self.text in record.getMessage():
            self.event.set()


@pytest.fixture
def not_renewed() -> Iterator[threading.Event]:
    told = Told("session slot of main not renewed")
    logging.getLogger("sync.sessions").addHandler(told)
    yield told.event
    logging.getLogger("sync.sessions").removeHandler(told)


def test_a_session_goes_on_while_redis_is_away_and_counts_again_after_it(
    mortal_redis: RedisStandIn, not_renewed: threading.Event
) -> None:
    client = connect_state(mortal_redis.url)
    port = urlsplit(mortal_redis.url).port
    assert port
    with session_slot(client, "main", most=1, wait_seconds=0, slot_seconds=SHORT_SECONDS):
        mortal_redis.kill()
        assert not_renewed.wait(20)
        back = start_redis(port=port)  # an empty one: the slot is gone
        try:
            wait_for_sessions(client, 1)
            assert not free(client, 1)
        finally:
            back.stop()


def wait_for_sessions(client: Redis, number: int) -> None:
    found = threading.Event()
    for _ in range(400):
        if sessions_open(client, "main") == number:
            return
        found.wait(0.05)
    pytest.fail(f"there were never {number} sessions")


def test_without_redis_no_session_is_let_in(mortal_redis: RedisStandIn) -> None:
    client = connect_state(mortal_redis.url)
    mortal_redis.kill()
    with (
        pytest.raises(redis.RedisError),
        session_slot(client, "main", most=1, wait_seconds=5),
    ):
        pytest.fail("a session was let in")
