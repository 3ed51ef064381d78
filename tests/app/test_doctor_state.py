"""What the doctor tells of Redis and of those who work on it, against a real one."""

import threading
from collections.abc import Iterator

import pytest
from redis import Redis
from redis.exceptions import RedisError

from app.doctor.state import check_redis
from sync.jobs import QUEUES
from sync.schedules import tick
from sync.state import OWNER, connect_state
from sync.streams import open_group, read_new
from tests.app.doctor_parts import Finding, by_name, closed_port, silent_server
from tests.sync.state_parts import queue_run


@pytest.fixture
def changed(redis: Redis) -> Iterator[Redis]:
    """A Redis whose settings a test may change."""
    yield redis
    redis.config_set("maxmemory", 0)
    redis.config_set("maxmemory-policy", "noeviction")
    redis.config_set("appendonly", "yes")


def found(client: Redis, url: str, *sources: str) -> dict[str, Finding]:
    return by_name(check_redis(client, url, sources))


def test_a_fresh_redis_is_well_and_nobody_works_on_it(redis: Redis, redis_url: str) -> None:
    told = found(redis, redis_url, "main")
    assert told["reachable"][0] == "OK"
    assert told["reachable"][1].startswith("127.0.0.1:")
    assert told["version"][0] == "OK"
    assert told["memory"][1].endswith("used; maxmemory is not set")
    assert told["durability"] == ("OK", "appendonly yes, maxmemory-policy noeviction")
    assert told["clock difference"][0] == "OK"
    assert told["workspace"] == ("OK", "serves no workspace yet")
    assert told["bot"] == ("WARN", "none asks for new messages")
    assert told["clock"][0] == "WARN"
    assert told["workers"] == ("WARN", "0 alive; none for main")
    assert told["queued runs"] == ("OK", "none")


def test_settings_that_lose_approvals_are_named(changed: Redis, redis_url: str) -> None:
    changed.config_set("maxmemory-policy", "allkeys-lru")
    changed.config_set("appendonly", "no")
    told = found(changed, redis_url)["durability"]
    assert told[0] == "WARN"
    assert "appendonly is off" in told[1]
    assert "maxmemory-policy is allkeys-lru" in told[1]


def test_a_redis_that_is_nearly_full_is_warned_of(changed: Redis, redis_url: str) -> None:
    # What is used moves by some percent from one moment to the next.
    changed.config_set("maxmemory", int(changed.info("memory")["used_memory"]))
    assert found(changed, redis_url)["memory"][0] == "WARN"


def test_what_a_managed_redis_forbids_is_left_out_and_the_rest_told(
    redis: Redis, redis_url: str
) -> None:
    redis.acl_setuser(
        "managed", enabled=True, passwords=["+pw"], categories=["+@all"], keys=["*"],
        channels=["*"], commands=["-config", "-client", "-info"],
    )  # fmt: skip
    url = redis_url.replace("redis://", "redis://managed:pw@")
    told = found(connect_state(url), url)
    redis.acl_deluser("managed")
    assert told["durability"][0] == told["version"][0] == told["bot"][0] == "SKIP"
    assert told["clock difference"][0] == "OK"
    assert "pw" not in "".join(text for _, text in told.values())


@pytest.mark.parametrize("url", ["redis://127.0.0.1:{}/0", "unix:///nowhere/{}.sock"])
def test_a_redis_that_is_away_is_told_once(url: str) -> None:
    url = url.format(closed_port())
    told = found(connect_state(url), url)
    assert list(told) == ["reachable"]
    assert told["reachable"][0] == "FAIL"


def test_a_redis_that_says_nothing_is_told() -> None:
    with silent_server() as port:
        url = f"redis://127.0.0.1:{port}/0"
        assert found(connect_state(url), url)["reachable"][0] == "FAIL"


def test_a_wrong_password_is_told(redis: Redis, redis_url: str) -> None:
    assert redis.ping()
    url = redis_url.replace("redis://", "redis://nobody:wrong@")
    told = found(connect_state(url), url)["reachable"]
    assert told[0] == "FAIL"
    assert "AuthenticationError" in told[1]


def test_living_processes_are_told_and_workers_by_source(redis: Redis, redis_url: str) -> None:
    redis.set(OWNER, "T1")
    tick(redis, [])
    for number, queues in enumerate(("main,hr", "main", "other")):
        names = ",".join(f"{QUEUES}-{name}" for name in queues.split(",") if name != "other")
        redis.hset(f"rq:worker:{number}", mapping={"queues": names or "elsewhere"})
        redis.sadd("rq:workers", f"rq:worker:{number}")
    told = found(redis, redis_url, "main", "hr")
    assert told["workspace"] == ("OK", "serves T1")
    assert told["clock"] == ("OK", "ticked in the last 30 s")
    assert told["workers"] == ("OK", "3 alive, for main (2), hr (1)")


def test_a_bot_that_waits_for_messages_is_seen(redis: Redis, redis_url: str) -> None:
    open_group(redis, "s")
    bot = connect_state(redis_url)

    def wait() -> None:
        try:
            read_new(bot, "s", "c", count=1, wait_seconds=10)
        except RedisError:
            return  # the stream went with the test's data

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    while not any(each["cmd"] == "xreadgroup" for each in redis.client_list()):
        assert waiting.is_alive()
    assert found(redis, redis_url)["bot"] == ("OK", "at least one asks for new messages")
    redis.xadd("s", {"a": "b"})
    waiting.join(10)


def test_a_queued_run_that_nobody_serves_is_named_by_its_source(
    redis: Redis, redis_url: str
) -> None:
    queue_run(redis)
    told = found(redis, redis_url, "main")["queued runs"]
    assert told == ("WARN", "1 wait for a worker of main")
    redis.hset("rq:worker:1", mapping={"queues": f"{QUEUES}-main"})
    redis.sadd("rq:workers", "rq:worker:1")
    told = found(redis, redis_url, "main")["queued runs"]
    assert told == ("OK", "1, and a worker for each")
