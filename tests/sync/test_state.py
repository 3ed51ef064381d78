import pytest
import redis
from redis import Redis

from sandbox.redis import RedisStandIn
from sync.errors import StateUnavailable, TableNotSynced, Unexpected
from sync.state import (
    connect_state,
    derived_id,
    key,
    missing_safety,
    named_error,
    new_id,
    run_script,
    team_of,
)

pytest_plugins = ["tests.sync.state_fixtures"]


def test_an_id_leads_to_its_team_and_no_two_are_alike() -> None:
    ids = {new_id("T0123") for _ in range(1000)}
    assert len(ids) == 1000
    assert {team_of(one) for one in ids} == {"T0123"}
    assert {len(one) for one in ids} == {len("T0123-") + 32}


def test_the_same_parts_lead_to_the_same_id_and_their_borders_count() -> None:
    assert derived_id("T1", "C1", "17") == derived_id("T1", "C1", "17")
    assert derived_id("T1", "C1", "17") != derived_id("T1", "C11", "7")
    assert derived_id("T1", "C1", "17") != derived_id("T2", "C1", "17")


def test_keys_carry_the_layout_version_and_the_team() -> None:
    assert key("T1", "run", "T1-ab") == "duckferry:1:T1:run:T1-ab"


def test_a_safe_redis_is_missing_nothing(state: Redis) -> None:
    assert missing_safety(state) == []


def test_a_redis_that_would_lose_approvals_is_told_what_to_set(
    mortal_redis: RedisStandIn,
) -> None:
    client = connect_state(mortal_redis.url)
    client.config_set("appendonly", "no")
    client.config_set("maxmemory-policy", "allkeys-lru")
    problems = missing_safety(client)
    assert len(problems) == 2
    assert "set appendonly yes" in problems[0]
    assert "set noeviction" in problems[1]


def test_where_config_is_forbidden_nothing_is_claimed(mortal_redis: RedisStandIn) -> None:
    client = connect_state(mortal_redis.url)
    client.execute_command("ACL", "SETUSER", "default", "-config")
    assert missing_safety(client) == []


def test_connecting_sends_nothing_and_a_dead_redis_raises_at_the_first_command(
    mortal_redis: RedisStandIn,
) -> None:
    mortal_redis.kill()
    client = connect_state(mortal_redis.url)
    with pytest.raises(redis.ConnectionError):
        client.ping()


def test_a_script_survives_a_flush_of_the_script_cache(state: Redis) -> None:
    script = "return {ARGV[1], tonumber(ARGV[2]) + 1}"
    assert run_script(state, script, [], "a", 1) == ["a", 2]
    state.script_flush()
    assert run_script(state, script, [], "b", 2) == ["b", 3]


def test_every_error_gets_a_name_people_are_told() -> None:
    ours = TableNotSynced(table="SHOP.ORDERS")
    assert named_error(ours) is ours
    assert isinstance(named_error(redis.ConnectionError("secret host")), StateUnavailable)
    unexpected = named_error(ZeroDivisionError("secret"))
    assert isinstance(unexpected, Unexpected)
    reference = unexpected.params["reference"]
    # Nothing of the cause, and no promise about a publish that may have happened.
    assert str(unexpected) == f"Something failed on our side (reference {reference})."
