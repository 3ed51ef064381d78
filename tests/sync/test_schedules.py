import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from redis import Redis

from sandbox.redis import RedisStandIn, start_redis
from sync.approvals import schedules_key
from sync.audit import read_audit
from sync.plan import TableRef
from sync.schedules import (
    Schedule,
    clock_is_running,
    fire,
    fire_published,
    list_schedules,
    load_schedule,
    pause_schedule,
    start_clock,
    tick,
)
from sync.standing import StandingSchedule
from sync.state import connect_state
from sync.warehouse.manifest import Manifest
from tests.sync.state_parts import ORDERS, THREAD, USERS, inbox_of, receipt_of

pytest_plugins = ["tests.sync.state_fixtures"]

BERLIN = "Europe/Berlin"
CUSTOMERS = TableRef(source="main", schema_name="SHOP", table="CUSTOMERS")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def nightly(cron: str = "30 6 * * *", timezone: str = "Asia/Seoul") -> Schedule:
    return Schedule(
        name="nightly", tables=("SHOP.ORDERS",), cron=cron, channel="C1", timezone=timezone
    )


def due_times(client: Redis) -> list[str]:
    return [json.loads(entry["body"])["due"] for entry in inbox_of(client)]


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
    [entry] = inbox_of(state)
    body = {"schedule": "nightly", "due": "2026-11-22T21:40Z", "missed": "39"}
    assert json.loads(entry["body"]) == body


def test_what_was_missed_longer_than_an_hour_ago_is_let_go(state: Redis) -> None:
    tick(state, [nightly()], at("2026-11-22T21:29:00"))
    assert tick(state, [nightly()], at("2026-11-22T22:31:00")) == []
    [entry] = inbox_of(state)
    assert json.loads(entry["body"]) == {
        "schedule": "nightly",
        "due": "2026-11-22T21:30Z",
        "missed": "1",
        "too_late": "1",
    }


def test_a_clock_that_was_away_for_hours_makes_up_for_the_last_one_and_counts_the_others(
    state: Redis,
) -> None:
    tick(state, [nightly("*/15 * * * *")], at("2026-11-22T18:00:30"))
    [key] = state.keys("duckferry:1:schedule:nightly:*:watched")
    assert int(state.ttl(key)) > 6 * 24 * 3600
    assert tick(state, [nightly("*/15 * * * *")], at("2026-11-22T21:46:00")) == ["nightly"]
    [entry] = inbox_of(state)
    body = {"schedule": "nightly", "due": "2026-11-22T21:45Z", "missed": "14"}
    assert json.loads(entry["body"]) == body


def test_a_clock_with_another_configuration_hides_no_schedule(state: Redis) -> None:
    tick(state, [nightly()], at("2026-11-22T21:29:58"))
    tick(state, [], at("2026-11-22T21:30:01"))
    assert tick(state, [nightly()], at("2026-11-22T21:30:03")) == ["nightly"]


def test_a_changed_schedule_of_bot_toml_is_watched_anew(state: Redis) -> None:
    tick(state, [nightly()], at("2026-11-22T21:29:58"))
    assert tick(state, [nightly("0 6 * * *")], at("2026-11-22T21:30:03")) == []


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
        while not state.keys("duckferry:1:schedule:nightly:*:watched"):
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


# What a team has agreed on


def daily(**changes: Any) -> StandingSchedule:
    parts: dict[str, Any] = {
        "name": "users",
        "tables": (USERS,),
        "cron": "30 6 * * *",
        "timezone": "Asia/Seoul",
        "thread": THREAD,
        "owner": "U1",
        "max_rows": (1_000,),
        "agreed": "T1-1",
    }
    return StandingSchedule.model_validate({**parts, **changes})


def agree(client: Redis, schedule: StandingSchedule, team: str = "T1") -> StandingSchedule:
    """Store a schedule as a yes does, in the workspace this Redis serves."""
    client.set("duckferry:1:team", "T1")
    client.hset(schedules_key(team), schedule.name, schedule.model_dump_json())
    return schedule


def published(**fences: int) -> Manifest:
    """A manifest in which tables of SHOP have these fences."""
    entries: list[dict[str, Any]] = []
    for name, fence in fences.items():
        ref = TableRef(source="main", schema_name="SHOP", table=name)
        receipt = receipt_of(ref, fence=fence).tables[0]
        entries.append(
            {
                "ref": ref,
                "generation": receipt.generation,
                "fence": fence,
                "rows": 1,
                "as_of": "2026-11-22T00:00:00Z",
                "published_at": "2026-11-22T00:00:00Z",
                "columns": (),
                "key": (),
                "comment": None,
                "column_comments": {},
                "bytes": 1,
                "receipt": receipt,
            }
        )
    return Manifest.model_validate({"version": 1, "entries": entries})


def test_what_a_team_agreed_on_is_listed_by_name_and_found_again(state: Redis) -> None:
    later = agree(state, daily(name="weekly"))
    first = agree(state, daily())
    agree(state, daily(), team="T2")
    state.hset(schedules_key("T1"), "broken", "{}")
    assert list_schedules(state, "T1") == [first, later]
    assert load_schedule(state, "T1", "weekly") == later
    assert load_schedule(state, "T1", "broken") is None
    assert load_schedule(state, "T1", "nothing") is None


def test_a_standing_schedule_is_noted_with_its_team_and_what_was_agreed(state: Redis) -> None:
    agree(state, daily())
    agree(state, daily(name="here", thread="local:terminal:1"), team="local")
    tick(state, [], at("2026-11-22T21:29:58"))
    assert tick(state, [nightly()], at("2026-11-22T21:30:03")) == ["users", "here"]
    first, second = inbox_of(state)
    assert first["thread"] == "schedule:T1:users"
    assert json.loads(first["body"]) == {
        "schedule": "users",
        "team": "T1",
        "agreed": "T1-1",
        "due": "2026-11-22T21:30Z",
    }
    assert json.loads(second["body"])["team"] == "local"


def test_many_clocks_note_a_standing_schedule_once_and_tell_what_was_missed(state: Redis) -> None:
    agree(state, daily(cron="*/15 * * * *"))
    tick(state, [], at("2026-11-22T21:00:30"))
    barrier = threading.Barrier(8)

    def late(_: int) -> list[str]:
        barrier.wait(10)
        return tick(state, [], at("2026-11-22T21:46:00"))

    with ThreadPoolExecutor(8) as pool:
        assert sum(map(len, pool.map(late, range(8)))) == 1
    [entry] = inbox_of(state)
    assert json.loads(entry["body"])["due"] == "2026-11-22T21:45Z"
    assert json.loads(entry["body"])["missed"] == "2"


def test_a_paused_schedule_is_not_due_and_a_resumed_one_is_watched_anew(state: Redis) -> None:
    agree(state, daily())
    tick(state, [], at("2026-11-22T21:29:50"))
    agree(state, daily(paused=True, agreed="T1-2"))
    assert tick(state, [], at("2026-11-22T21:30:03")) == []
    agree(state, daily(agreed="T1-3"))
    assert tick(state, [], at("2026-11-22T21:31:00")) == []
    assert tick(state, [], at("2026-11-23T21:29:59")) == []
    assert tick(state, [], at("2026-11-23T21:30:01")) == ["users"]


def test_a_schedule_that_follows_tables_is_due_once_all_were_published(state: Redis) -> None:
    agree(state, daily(cron="", after=(ORDERS, CUSTOMERS)))
    assert fire_published(state, published(ORDERS=5)) == []  # only looks
    assert fire_published(state, published(ORDERS=6)) == []
    assert fire_published(state, published(ORDERS=6, CUSTOMERS=1)) == ["users"]
    assert fire_published(state, published(ORDERS=6, CUSTOMERS=1)) == []
    assert fire_published(state, published(ORDERS=8, CUSTOMERS=1)) == []
    now = at("2026-11-22T21:30:00")
    assert tick(state, [], now, published(ORDERS=8, CUSTOMERS=2)) == ["users"]
    assert [json.loads(entry["body"])["due"] for entry in inbox_of(state)] == [
        "after [6, 1]",
        "after [8, 2]",
    ]


def test_of_many_that_look_at_what_was_published_one_notes_it(state: Redis) -> None:
    agree(state, daily(cron="", after=(ORDERS,)))
    fire_published(state, published(ORDERS=1))
    barrier = threading.Barrier(8)

    def look(fence: int) -> list[str]:
        barrier.wait(10)
        return fire_published(state, published(ORDERS=fence))

    with ThreadPoolExecutor(8) as pool:
        assert sum(map(len, pool.map(look, [2] * 8))) == 1
    assert len(inbox_of(state)) == 1


def test_a_pause_is_noted_in_the_audit_and_never_undoes_a_change(state: Redis) -> None:
    old = agree(state, daily())
    assert pause_schedule(state, "T1", old, "its owner has left")
    paused = load_schedule(state, "T1", "users")
    assert paused == old.model_copy(update={"paused": True})
    [entry] = read_audit(state, "T1")
    assert (entry.what, entry.subject) == ("schedule_changed", "users")
    assert entry.detail == "paused: its owner has left"
    newer = agree(state, daily(agreed="T1-2"))
    assert not pause_schedule(state, "T1", old, "its owner has left")
    assert load_schedule(state, "T1", "users") == newer
