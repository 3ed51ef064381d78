import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import redis
from redis import Redis

from sandbox.redis import RedisStandIn, start_redis
from sync.schedules import (
    Schedule,
    clock_is_running,
    cron_problem,
    fire,
    next_time,
    start_clock,
    tick,
)
from sync.state import connect_state
from tests.sync.state_parts import inbox_of

pytest_plugins = ["tests.sync.state_fixtures"]

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def nightly(cron: str = "30 6 * * *", timezone: str = "Asia/Seoul") -> Schedule:
    return Schedule(
        name="nightly", tables=("SHOP.ORDERS",), cron=cron, channel="C1", timezone=timezone
    )


def due_times(client: Redis) -> list[str]:
    return [json.loads(entry["body"])["due"] for entry in inbox_of(client)]


@pytest.mark.parametrize(
    ("cron", "timezone", "after", "expected"),
    [
        ("30 6 * * *", "Asia/Seoul", "2026-11-22T00:00", "2026-11-22T21:30"),
        ("0 0 * * 0", "UTC", "2026-11-22T00:00", "2026-11-29T00:00"),  # 0 is Sunday
        ("0 0 * * 7", "UTC", "2026-11-22T00:00", "2026-11-29T00:00"),  # and so is 7
        ("0 0 * * 1", "UTC", "2026-11-22T00:00", "2026-11-23T00:00"),
        ("0 0 * * mon-fri", "UTC", "2026-11-27T00:00", "2026-11-30T00:00"),
        ("0 0 13 * fri", "UTC", "2026-11-22T00:00", "2026-11-27T00:00"),  # either day field
        ("0 0 * * fri#2", "UTC", "2026-11-22T00:00", "2026-12-11T00:00"),
        ("*/15 * * * *", "UTC", "2026-11-22T00:00", "2026-11-22T00:15"),
        ("0 0 29 2 *", "UTC", "2026-11-22T00:00", "2028-02-29T00:00"),
        ("30 2 * * *", BERLIN, "2026-03-28T12:00", "2026-03-29T01:00"),  # skipped: end of the gap
        ("30 2 * * *", BERLIN, "2026-10-24T12:00", "2026-10-25T00:30"),  # the first of two
        ("0 9 * * *", BERLIN, "2026-10-25T00:00", "2026-10-25T08:00"),
    ],
)
def test_cron_means_what_it_means_to_unix(
    cron: str, timezone: str, after: str, expected: str
) -> None:
    assert next_time(cron, timezone, at(after)).astimezone(UTC) == at(expected)
    assert cron_problem(cron, timezone) is None


@pytest.mark.parametrize(
    ("cron", "timezone", "words"),
    [
        ("0 0 31 2 *", "UTC", "never comes true"),
        ("0 0 31 4,6 *", "UTC", "never comes true"),
        ("0 0 * *", "UTC", "needs five fields"),
        ("0 0 0 * * *", "UTC", "needs five fields"),
        ("@daily", "UTC", "needs five fields"),
        ("60 0 * * *", "UTC", "cannot be read"),
        ("*/0 * * * *", "UTC", "cannot be read"),
        ("-1 0 * * *", "UTC", "cannot be read"),
        ("0 0 * * 8", "UTC", "cannot be read"),
        ("R R * * *", "UTC", "'R' is no cron field"),
        ("H 0 * * *", "UTC", "'H' is no cron field"),
        ("0 0 15W * *", "UTC", "'15W' is no cron field"),
        ("a b c d e", "UTC", "'a' is no cron field"),
        ("0 0 * * *", "Asia/Soul", "not a name of the tz database"),
        ("0 0 * * *", "Asia", "not a name of the tz database"),
        ("0 0 * * *", "", "not a name of the tz database"),
        ("0 0 * * *", "../../etc/passwd", "not a name of the tz database"),
    ],
)
def test_what_can_never_fire_is_refused_in_plain_words(
    cron: str, timezone: str, words: str
) -> None:
    problem = cron_problem(cron, timezone)
    assert problem is not None
    assert words in problem


def test_two_clocks_at_once_note_a_due_schedule_once(state: Redis) -> None:
    barrier = threading.Barrier(8)

    def note(_: int) -> bool:
        barrier.wait(10)
        return fire(state, nightly(), at("2026-11-22T21:30"))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(note, range(8))).count(True) == 1
    [entry] = inbox_of(state)
    assert (entry["kind"], entry["thread"]) == ("schedule_due", "schedule:nightly")
    assert json.loads(entry["body"]) == {"schedule": "nightly", "due": "2026-11-22T21:30Z"}


def test_another_schedule_and_another_minute_are_due_for_themselves(state: Redis) -> None:
    assert fire(state, nightly(), at("2026-11-22T21:30"))
    assert fire(state, nightly(), at("2026-11-23T21:30"))
    other = nightly().model_copy(update={"name": "weekly"})
    assert fire(state, other, at("2026-11-22T21:30"))


def test_the_first_tick_only_starts_watching(state: Redis) -> None:
    assert tick(state, [nightly()], at("2026-11-22T21:30:01")) == []
    assert tick(state, [nightly()], at("2026-11-23T21:29:59")) == []


def test_a_schedule_is_noted_by_the_first_tick_after_it_is_due(state: Redis) -> None:
    tick(state, [nightly()], at("2026-11-22T21:29:58"))
    assert tick(state, [nightly()], at("2026-11-22T21:30:03")) == ["nightly"]
    assert tick(state, [nightly()], at("2026-11-22T21:30:08")) == []
    assert due_times(state) == ["2026-11-22T21:30Z"]


def test_clocks_that_are_not_quite_in_time_note_it_once(state: Redis) -> None:
    ahead, behind = connect_state_like(state), state
    tick(behind, [nightly()], at("2026-11-22T21:29:50"))
    assert tick(ahead, [nightly()], at("2026-11-22T21:30:02")) == ["nightly"]
    assert tick(behind, [nightly()], at("2026-11-22T21:29:59")) == []
    assert tick(behind, [nightly()], at("2026-11-22T21:30:04")) == []
    assert due_times(state) == ["2026-11-22T21:30Z"]


def connect_state_like(client: Redis) -> Redis:
    return Redis(connection_pool=client.connection_pool)


def test_what_was_missed_while_no_clock_ran_counts_once(state: Redis) -> None:
    every_minute = nightly("* * * * *")
    tick(state, [every_minute], at("2026-11-22T21:00:30"))
    assert tick(state, [every_minute], at("2026-11-22T21:40:10")) == ["nightly"]
    assert due_times(state) == ["2026-11-22T21:40Z"]


def test_what_was_missed_longer_than_an_hour_ago_is_let_go(state: Redis) -> None:
    tick(state, [nightly()], at("2026-11-22T21:29:00"))
    assert tick(state, [nightly()], at("2026-11-22T22:31:00")) == []


def test_a_clock_with_another_configuration_hides_no_schedule(state: Redis) -> None:
    tick(state, [nightly()], at("2026-11-22T21:29:58"))
    tick(state, [], at("2026-11-22T21:30:01"))
    assert tick(state, [nightly()], at("2026-11-22T21:30:03")) == ["nightly"]


def ticks(client: Redis, schedule: Schedule, start: str, hours: int) -> list[str]:
    """Tick every minute for some hours."""
    for minute in range(hours * 60 + 1):
        tick(client, [schedule], at(start) + timedelta(minutes=minute, seconds=2))
    return due_times(client)


@pytest.mark.parametrize(
    ("cron", "start", "expected"),
    [
        ("30 2 * * *", "2026-10-24T23:50", ["2026-10-25T00:30Z"]),
        ("30 2,3 * * *", "2026-10-24T23:50", ["2026-10-25T00:30Z", "2026-10-25T02:30Z"]),
        (
            "30 * * * *",
            "2026-10-24T23:50",
            ["2026-10-25T00:30Z", "2026-10-25T01:30Z", "2026-10-25T02:30Z"],
        ),
        ("30 2 * * *", "2026-03-29T00:30", ["2026-03-29T01:00Z"]),
    ],
)
def test_when_clocks_change_fixed_hours_fire_once_and_every_hour_goes_on(
    state: Redis, cron: str, start: str, expected: list[str]
) -> None:
    assert ticks(state, nightly(cron, BERLIN), start, 3) == expected


def test_a_clock_says_it_is_running_until_it_is_silent_for_half_a_minute(state: Redis) -> None:
    assert not clock_is_running(state)
    tick(state, [])
    assert clock_is_running(state)
    assert 25 < int(state.ttl("duckferry:1:clock")) <= 30


def test_a_started_clock_ticks_at_once_in_a_thread_of_its_own(state: Redis) -> None:
    clock = start_clock(state, [nightly()])
    try:
        deadline = time.monotonic() + 10
        while not state.exists("duckferry:1:schedule:nightly:watched"):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        clock.shutdown()
    assert clock_is_running(state)


def test_a_schedule_due_while_redis_is_away_is_told_and_noted_when_it_is_back(
    mortal_redis: RedisStandIn,
) -> None:
    client = connect_state(mortal_redis.url)
    client.config_set("appendfsync", "always")
    tick(client, [nightly()], at("2026-11-22T21:29:58"))
    mortal_redis.kill()
    with pytest.raises(redis.ConnectionError):
        tick(client, [nightly()], at("2026-11-22T21:30:03"))
    port = int(mortal_redis.url.rsplit(":", 1)[1].split("/")[0])
    revived = start_redis(mortal_redis.directory, port)
    try:
        assert tick(client, [nightly()], at("2026-11-22T21:31:00")) == ["nightly"]
        assert due_times(client) == ["2026-11-22T21:30Z"]
    finally:
        revived.stop()
