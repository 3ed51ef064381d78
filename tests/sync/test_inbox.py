import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from redis import Redis

from sandbox.redis import RedisStandIn
from sync.inbox import done, keep, put, take, take_over
from sync.state import INBOX, connect_state
from sync.streams import open_group
from tests.sync.state_parts import inbox_of

pytest_plugins = ["tests.sync.state_fixtures"]

EVENT = ("event:Ev1", "message:T1:C1:1700.0001")


def test_an_entry_comes_out_as_it_was_put_in(state: Redis) -> None:
    open_group(state, INBOX)
    body = {"user": "U1", "text": '안녕 "ORDERS"\n\\'}
    assert put(state, "message", "T1:C1:1700.0001", body)
    [entry] = take(state, "bot-1", count=10, wait_seconds=1)
    assert (entry.kind, entry.thread, entry.body, entry.deliveries) == (
        "message",
        "T1:C1:1700.0001",
        body,
        1,
    )


def test_an_event_delivered_four_times_at_once_is_one_entry(state: Redis) -> None:
    barrier = threading.Barrier(4)

    def deliver(_: int) -> bool:
        barrier.wait(10)
        return put(state, "message", "T1:C1:1", {"text": "hi"}, once=EVENT)

    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(deliver, range(4)))
    assert sorted(added) == [False, False, False, True]
    assert len(inbox_of(state)) == 1


def test_any_known_name_makes_it_the_same_event(state: Redis) -> None:
    assert put(state, "message", "T1:C1:1", {}, once=("event:Ev1", "message:1"))
    assert not put(state, "message", "T1:C1:1", {}, once=("event:Ev2", "message:1"))
    # Ev2 was refused as a whole, so its other name is still free.
    assert put(state, "message", "T1:C1:1", {}, once=("event:Ev2", "message:2"))


def test_entries_without_a_name_are_all_taken(state: Redis) -> None:
    assert put(state, "rejected", "T1:C1:1", {"approval": "T1-ab"})
    assert put(state, "rejected", "T1:C1:1", {"approval": "T1-ab"})
    assert len(inbox_of(state)) == 2


def test_a_full_inbox_refuses_aloud_drops_nothing_and_takes_the_event_later(state: Redis) -> None:
    open_group(state, INBOX)
    for number in range(3):
        assert put(state, "message", f"T1:C1:{number}", {}, max_entries=3)
    with pytest.raises(redis.ResponseError, match="INBOXFULL 3 entries"):
        put(state, "message", "T1:C1:3", {}, once=EVENT, max_entries=3)
    assert [fields["thread"] for fields in inbox_of(state)] == ["T1:C1:0", "T1:C1:1", "T1:C1:2"]
    [first] = take(state, "bot-1", count=1, wait_seconds=1)
    done(state, first.id)
    assert put(state, "message", "T1:C1:3", {}, once=EVENT, max_entries=3)


def test_waiting_ends_without_an_entry(state: Redis) -> None:
    open_group(state, INBOX)
    assert take(state, "bot-1", count=1, wait_seconds=0) == []


def test_a_waiting_bot_gets_an_entry_as_it_comes(state: Redis) -> None:
    open_group(state, INBOX)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(take, state, "bot-1", count=1, wait_seconds=10)
        put(state, "message", "T1:C1:1", {})
        assert [entry.thread for entry in waiting.result(10)] == ["T1:C1:1"]


def test_bots_share_the_entries_without_overlap(state: Redis) -> None:
    open_group(state, INBOX)
    open_group(state, INBOX)  # every bot does
    for number in range(20):
        put(state, "message", f"T1:C1:{number}", {})
    one = take(state, "bot-1", count=10, wait_seconds=1)
    two = take(state, "bot-2", count=20, wait_seconds=1)
    assert [entry.thread for entry in one + two] == [f"T1:C1:{number}" for number in range(20)]


def test_what_was_put_before_the_first_bot_came_is_not_lost(state: Redis) -> None:
    put(state, "message", "T1:C1:1", {})
    open_group(state, INBOX)
    assert len(take(state, "bot-1", count=1, wait_seconds=1)) == 1


def test_what_a_dead_bot_left_is_taken_over_and_the_deliveries_are_counted(state: Redis) -> None:
    open_group(state, INBOX)
    put(state, "message", "T1:C1:1", {"text": "hi"})
    [first] = take(state, "bot-1", count=1, wait_seconds=1)
    [second] = take_over(state, "bot-2", idle_seconds=0, count=10)
    [third] = take_over(state, "bot-3", idle_seconds=0, count=10)
    assert first.id == second.id == third.id
    assert (second.deliveries, third.deliveries) == (2, 3)
    assert third.body == {"text": "hi"}


def test_a_living_bots_entries_are_never_taken_and_keeping_them_counts_nothing(
    state: Redis,
) -> None:
    open_group(state, INBOX)
    put(state, "message", "T1:C1:1", {})
    [entry] = take(state, "bot-1", count=1, wait_seconds=1)
    for _ in range(5):
        keep(state, "bot-1", [entry.id])
    assert take_over(state, "bot-2", idle_seconds=60, count=10) == []
    [again] = take_over(state, "bot-2", idle_seconds=0, count=10)
    assert again.deliveries == 2


def test_a_kept_entry_that_is_done_stays_done(state: Redis) -> None:
    open_group(state, INBOX)
    put(state, "message", "T1:C1:1", {})
    [entry] = take(state, "bot-1", count=1, wait_seconds=1)
    done(state, entry.id)
    keep(state, "bot-1", [entry.id])
    keep(state, "bot-1", [])
    assert take_over(state, "bot-2", idle_seconds=0, count=10) == []
    assert take(state, "bot-2", count=1, wait_seconds=0) == []
    assert inbox_of(state) == []


def test_what_a_dead_bot_left_is_found_behind_many_entries_of_living_ones(state: Redis) -> None:
    open_group(state, INBOX)
    for number in range(60):
        put(state, "message", f"T1:C1:{number}", {})
    held = take(state, "bot-1", count=59, wait_seconds=1)
    [left] = take(state, "bot-2", count=1, wait_seconds=1)
    state.execute_command(
        "XCLAIM", "duckferry:1:inbox", "bots", "bot-2", 0, left.id, "IDLE", 60_000, "JUSTID"
    )
    keep(state, "bot-1", [entry.id for entry in held])
    found = take_over(state, "bot-3", idle_seconds=30, count=1)
    assert [entry.id for entry in found] == [left.id]


def test_no_more_is_taken_over_than_asked_for(state: Redis) -> None:
    open_group(state, INBOX)
    for number in range(30):
        put(state, "message", f"T1:C1:{number}", {})
    take(state, "bot-1", count=30, wait_seconds=1)
    assert len(take_over(state, "bot-2", idle_seconds=0, count=4)) == 4


def test_a_dead_redis_is_told_to_whoever_uses_the_inbox(mortal_redis: RedisStandIn) -> None:
    client = connect_state(mortal_redis.url)
    open_group(client, INBOX)
    mortal_redis.kill()
    for use in (
        lambda: put(client, "message", "T1:C1:1", {}, once=EVENT),
        lambda: open_group(client, INBOX),
        lambda: take(client, "bot-1", count=1, wait_seconds=1),
        lambda: take_over(client, "bot-1", idle_seconds=1, count=1),
        lambda: keep(client, "bot-1", ["1-0"]),
        lambda: done(client, "1-0"),
    ):
        with pytest.raises(redis.ConnectionError):
            use()
