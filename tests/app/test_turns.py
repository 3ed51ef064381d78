"""The inbox is worked through in order, by the living, and nothing is lost."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue

import pytest
from redis import Redis

from app.slack_gateway import SlackAway
from app.turns import Turns
from sandbox.redis import start_redis
from sync.errors import DuckferryError, TableBusy
from sync.inbox import MAX_DELIVERIES, Entry, put, take, take_over
from sync.state import INBOX, PREFIX, connect_state
from sync.streams import open_group

SECONDS = 20.0


class Desk:
    """What was worked on and who was told, in order; work is held up while its gate is closed."""

    def __init__(self) -> None:
        self.begun: Queue[str] = Queue()
        self.done: Queue[str] = Queue()
        self.told: Queue[tuple[str, DuckferryError]] = Queue()
        self.is_away = False
        self.gate = threading.Event()
        self.gate.set()

    def handle(self, entry: Entry) -> None:
        text = entry.body["text"]
        self.begun.put(text)
        assert self.gate.wait(SECONDS)
        if text == "busy":
            raise TableBusy(table="SHOP.ORDERS")
        if text == "fault":
            raise ZeroDivisionError("a bug")
        if text == "away" and (self.is_away or self.begun.qsize() == 1):
            raise SlackAway("service_unavailable")
        self.done.put(text)

    def give_up(self, entry: Entry, error: DuckferryError) -> None:
        self.told.put((entry.body["text"], error))


def say(redis: Redis, text: str, thread: str = "T1:C1:1") -> None:
    put(redis, "message", thread, {"text": text})


def next_of(queue: "Queue[str]", count: int = 1) -> list[str]:
    return [queue.get(timeout=SECONDS) for _ in range(count)]


def nothing_in(queue: "Queue[str]", seconds: float) -> bool:
    try:
        queue.get(timeout=seconds)
    except Empty:
        return True
    return False


def left(redis: Redis) -> int:
    return redis.xlen(INBOX)


def until(happens: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def working(
    redis: Redis, desk: Desk, name: str = "bot", *, workers: int = 4, lease_seconds: float = 5.0
) -> Generator[threading.Event]:
    """A bot that works through the inbox until the block ends, or until the event is set."""
    stop = threading.Event()
    turns = Turns(
        redis,
        name,
        workers=workers,
        handle=desk.handle,
        give_up=desk.give_up,
        lease_seconds=lease_seconds,
    )
    thread = threading.Thread(target=turns.run, args=(stop,))
    thread.start()
    try:
        yield stop
    finally:
        desk.gate.set()
        stop.set()
        thread.join(SECONDS)
        assert not thread.is_alive()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_entries_of_one_thread_are_worked_on_in_order(redis: Redis, desk: Desk) -> None:
    texts = [f"{number}" for number in range(30)]
    for text in texts[:15]:
        say(redis, text)
    with working(redis, desk):
        for text in texts[15:]:
            say(redis, text)
        assert next_of(desk.done, 30) == texts
        until(lambda: left(redis) == 0)


def test_one_thread_is_worked_on_by_one_turn_at_a_time(redis: Redis, desk: Desk) -> None:
    desk.gate.clear()
    say(redis, "first")
    say(redis, "second")
    with working(redis, desk):
        assert next_of(desk.begun) == ["first"]
        assert nothing_in(desk.begun, 0.3)
        desk.gate.set()
        assert next_of(desk.begun) == ["second"]


def test_two_bots_share_the_threads_and_keep_their_order(redis: Redis, desk: Desk) -> None:
    for number in range(10):
        for thread in "abc":
            say(redis, f"{thread}{number}", f"T1:C1:{thread}")
    with working(redis, desk, "one", workers=2), working(redis, desk, "two", workers=2):
        done = next_of(desk.done, 30)
        until(lambda: left(redis) == 0)
    assert sorted(done) == sorted(f"{thread}{number}" for number in range(10) for thread in "abc")
    assert nothing_in(desk.done, 0)


def test_threads_do_not_wait_for_each_other(redis: Redis, desk: Desk) -> None:
    desk.gate.clear()
    for thread in "abcd":
        say(redis, thread, f"T1:C1:{thread}")
    with working(redis, desk, workers=4):
        assert sorted(next_of(desk.begun, 4)) == ["a", "b", "c", "d"]


def test_no_more_turns_are_taken_at_once_than_there_are_workers(redis: Redis, desk: Desk) -> None:
    desk.gate.clear()
    for thread in "abc":
        say(redis, thread, f"T1:C1:{thread}")
    with working(redis, desk, workers=2):
        next_of(desk.begun, 2)
        assert nothing_in(desk.begun, 0.3)
        desk.gate.set()
        assert sorted(next_of(desk.done, 3)) == ["a", "b", "c"]


def test_a_busy_thread_takes_in_what_comes_right_after_its_last_entry(
    redis: Redis, desk: Desk
) -> None:
    began = time.monotonic()
    with working(redis, desk, lease_seconds=60.0):
        for number in range(100):
            say(redis, f"{number}")
            assert next_of(desk.done) == [f"{number}"]
    assert time.monotonic() - began < SECONDS


@pytest.mark.parametrize(("text", "code"), [("busy", "table_busy"), ("fault", "unexpected")])
def test_people_are_told_of_an_error_and_the_next_entry_is_worked_on(
    redis: Redis, desk: Desk, text: str, code: str
) -> None:
    say(redis, text)
    say(redis, "next")
    with working(redis, desk):
        told, error = desk.told.get(timeout=SECONDS)
        assert (told, error.code) == (text, code)
        assert next_of(desk.done) == ["next"]
        until(lambda: left(redis) == 0)


def test_people_who_cannot_be_told_do_not_keep_the_next_entry_waiting(
    redis: Redis, desk: Desk
) -> None:
    def fails(entry: Entry, error: DuckferryError) -> None:
        desk.give_up(entry, error)
        raise ValueError("telling failed too")

    stop = threading.Event()
    turns = Turns(redis, "bot", workers=1, handle=desk.handle, give_up=fails, lease_seconds=0.5)
    thread = threading.Thread(target=turns.run, args=(stop,))
    say(redis, "fault")
    say(redis, "next")
    thread.start()
    try:
        assert next_of(desk.done) == ["next"]
        until(lambda: left(redis) == 0)
    finally:
        stop.set()
        thread.join(SECONDS)
    assert desk.told.qsize() == 1


def test_people_are_told_of_a_failure_once_slack_takes_it(redis: Redis, desk: Desk) -> None:
    def tells(entry: Entry, error: DuckferryError) -> None:
        desk.give_up(entry, error)
        if desk.told.qsize() == 1:
            raise SlackAway("ratelimited")

    stop = threading.Event()
    turns = Turns(redis, "bot", workers=1, handle=desk.handle, give_up=tells, lease_seconds=0.5)
    thread = threading.Thread(target=turns.run, args=(stop,))
    say(redis, "busy")
    thread.start()
    try:
        until(lambda: desk.told.qsize() == 2)
        until(lambda: left(redis) == 0)
    finally:
        stop.set()
        thread.join(SECONDS)
    assert next_of(desk.begun) == ["busy"]
    assert desk.begun.empty()


def test_however_often_slack_is_away_while_bots_come_and_go_nothing_is_given_up(
    redis: Redis, desk: Desk
) -> None:
    desk.is_away = True
    say(redis, "away")
    say(redis, "behind")
    for number in range(MAX_DELIVERIES + 1):
        with working(redis, desk, f"bot{number}", lease_seconds=0.2):
            assert next_of(desk.begun) == ["away"]
    desk.is_away = False
    with working(redis, desk, lease_seconds=0.2):
        assert next_of(desk.done, 2) == ["away", "behind"]
    assert desk.told.empty()


def test_what_a_dead_bot_left_is_taken_over_after_its_lease(redis: Redis, desk: Desk) -> None:
    say(redis, "left")
    open_group(redis, INBOX)
    assert [entry.body["text"] for entry in take(redis, "dead", count=1, wait_seconds=1)] == [
        "left"
    ]
    redis.set(f"{PREFIX}:turn:T1:C1:1", "dead", px=500)
    with working(redis, desk, lease_seconds=0.5):
        assert next_of(desk.done) == ["left"]
        until(lambda: left(redis) == 0)


def test_what_a_living_bot_works_on_is_not_taken_however_long_it_takes(
    redis: Redis, desk: Desk
) -> None:
    desk.gate.clear()
    other = Desk()
    say(redis, "long")
    with working(redis, desk, "slow", lease_seconds=1.0):
        next_of(desk.begun)
        with working(redis, other, "idle", lease_seconds=0.6):
            assert nothing_in(other.begun, 1.5)
            desk.gate.set()
            assert next_of(desk.done) == ["long"]
            until(lambda: left(redis) == 0)
            assert nothing_in(other.begun, 0.6)


def test_a_thread_a_living_bot_holds_is_left_to_it(redis: Redis, desk: Desk) -> None:
    redis.set(f"{PREFIX}:turn:T1:C1:1", "elsewhere")
    say(redis, "waits")
    say(redis, "runs", "T1:C1:2")
    with working(redis, desk):
        assert next_of(desk.done) == ["runs"]
        assert nothing_in(desk.begun, 0.2) is False  # "runs" itself
        assert nothing_in(desk.begun, 0.3)
        redis.delete(f"{PREFIX}:turn:T1:C1:1")
        assert next_of(desk.done) == ["waits"]


def test_what_every_bot_dies_of_is_set_aside_and_its_people_are_told(
    redis: Redis, desk: Desk
) -> None:
    say(redis, "poison")
    open_group(redis, INBOX)
    take(redis, "dead-1", count=1, wait_seconds=1)
    for number in range(2, MAX_DELIVERIES + 1):
        assert take_over(redis, f"dead-{number}", idle_seconds=0, count=1)
    with working(redis, desk, lease_seconds=0.2):
        told, error = desk.told.get(timeout=SECONDS)
        assert (told, error.code) == ("poison", "unexpected")
        until(lambda: left(redis) == 0)
    assert nothing_in(desk.begun, 0)


def test_stopping_ends_the_turn_at_hand_and_leaves_the_rest_to_the_next_bot(
    redis: Redis, desk: Desk
) -> None:
    desk.gate.clear()
    for text in ("at hand", "second", "third"):
        say(redis, text)
    with working(redis, desk, "old", lease_seconds=0.5) as stop:
        next_of(desk.begun)
        stop.set()
        desk.gate.set()
        assert next_of(desk.done) == ["at hand"]
    assert nothing_in(desk.done, 0)
    assert left(redis) == 2
    with working(redis, desk, "new", lease_seconds=0.5):
        assert next_of(desk.done, 2) == ["second", "third"]


def test_the_inbox_goes_on_when_redis_comes_back(desk: Desk, tmp_path: Path) -> None:
    server = start_redis(tmp_path / "redis")
    port = int(server.url.rpartition(":")[2].partition("/")[0])
    client = connect_state(server.url)
    try:
        with working(client, desk, lease_seconds=0.5):
            say(client, "before")
            assert next_of(desk.done) == ["before"]
            until(lambda: left(client) == 0)
            server.stop()
            assert nothing_in(desk.begun, 0) is False
            server = start_redis(tmp_path / "redis", port)
            say(client, "after")
            assert next_of(desk.done) == ["after"]
            until(lambda: left(client) == 0)
    finally:
        client.close()
        server.stop()


def test_a_turn_redis_left_in_the_middle_is_taken_again(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = start_redis(tmp_path / "redis")
    port = int(server.url.rpartition(":")[2].partition("/")[0])
    client = connect_state(server.url)
    desk.gate.clear()
    try:
        say(client, "halfway")
        with working(client, desk, lease_seconds=0.5):
            next_of(desk.begun)
            server.kill()
            desk.gate.set()
            assert next_of(desk.done) == ["halfway"]
            until(lambda: "is left for later" in caplog.text)  # its end could not be noted
            server = start_redis(tmp_path / "redis", port)
            assert next_of(desk.done) == ["halfway"]
            until(lambda: left(client) == 0)
    finally:
        client.close()
        server.stop()


def test_what_slack_does_not_take_is_tried_again_and_nobody_is_told_of_a_failure(
    redis: Redis, desk: Desk
) -> None:
    with working(redis, desk, lease_seconds=0.5):
        say(redis, "away")
        assert next_of(desk.done) == ["away"]
    assert next_of(desk.begun, 2) == ["away", "away"]
    assert desk.told.empty()
    assert left(redis) == 0
