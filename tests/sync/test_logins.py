import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import NoReturn, cast

import pytest
import redis
from redis import Redis

from sandbox.redis import RedisStandIn
from sync.logins import forget_refusal, open_guarded, refused
from sync.oracle import Session, Source, connect
from sync.oracle_errors import LoginRefused, OracleUnreachable
from sync.state import connect_state

pytest_plugins = ["tests.sync.state_fixtures"]

MAIN = Source("main", "db:1521/ORCL", "READER", "tiger & 호랑이", connect_timeout_seconds=10)
AT_ONCE = 20


def refusing(code: str = "ORA-01017", tries: list[str] | None = None) -> Callable[[], NoReturn]:
    def opening() -> NoReturn:
        if tries is not None:
            tries.append(code)
        raise LoginRefused(user="READER", source="main", oracle_code=code)

    return opening


def keys(client: Redis, pattern: str = "*") -> list[str]:
    return cast("list[str]", client.keys(pattern))


def refuse(client: Redis, source: Source = MAIN, code: str = "ORA-01017") -> None:
    with pytest.raises(LoginRefused):
        open_guarded(client, source, refusing(code))


def opens(client: Redis, source: Source = MAIN) -> bool:
    """Whether the login is tried; it would work."""
    try:
        return open_guarded(client, source, lambda: "session") == "session"
    except LoginRefused:
        return False


@pytest.mark.parametrize("code", ["ORA-01017", "ORA-28000", "ORA-28001"])
def test_what_oracle_refused_is_not_tried_again_and_fails_with_the_same_code(
    state: Redis, code: str
) -> None:
    refuse(state, code=code)
    with pytest.raises(LoginRefused) as again:
        open_guarded(state, MAIN, lambda: pytest.fail("it was tried again"))
    assert again.value.params == {"user": "READER", "source": "main", "oracle_code": code}
    assert refused(state, MAIN) == code


def test_a_refusal_does_not_expire_and_another_process_finds_it(
    state: Redis, redis_url: str
) -> None:
    refuse(state)
    assert {state.ttl(key) for key in keys(state)} == {-1}
    other = connect_state(redis_url)
    assert not opens(other)
    other.close()


@pytest.mark.parametrize(
    "changed",
    [replace(MAIN, password="new"), replace(MAIN, user="R2"), replace(MAIN, dsn="db2:1521/ORCL")],
)
def test_a_changed_secret_is_tried_and_the_old_one_still_is_not(
    state: Redis, changed: Source
) -> None:
    refuse(state)
    assert refused(state, changed) is None
    assert opens(state, changed)
    assert not opens(state)


def test_two_sources_with_one_secret_share_its_refusal(state: Redis) -> None:
    refuse(state)
    mart = replace(MAIN, name="mart")
    assert not opens(state, mart)
    assert forget_refusal(state, "mart")
    assert opens(state)


def test_an_unlocked_account_is_tried_again_once_the_operator_says_so(state: Redis) -> None:
    refuse(state, code="ORA-28000")
    assert not forget_refusal(state, "mart")
    assert not opens(state)
    assert forget_refusal(state, "main")
    assert not forget_refusal(state, "main")
    assert refused(state, MAIN) is None
    assert opens(state)


def test_a_secret_that_worked_is_refused_from_the_moment_it_no_longer_does(state: Redis) -> None:
    assert opens(state)
    refuse(state, code="ORA-28001")
    assert not opens(state)


def test_other_failures_are_no_refusal(state: Redis) -> None:
    def unreachable() -> NoReturn:
        raise OracleUnreachable(source="main", detail="no listener")

    with pytest.raises(OracleUnreachable):
        open_guarded(state, MAIN, unreachable)
    assert refused(state, MAIN) is None
    assert opens(state)


def test_asking_whether_a_secret_was_refused_tries_and_notes_nothing(state: Redis) -> None:
    assert refused(state, MAIN) is None
    refuse(state)
    assert refused(state, MAIN) == "ORA-01017"


def test_of_many_that_start_together_with_a_wrong_password_one_tries_it(state: Redis) -> None:
    refused(state, MAIN)  # the slow fingerprint is computed before they start
    barrier = threading.Barrier(AT_ONCE)
    tries: list[str] = []

    def start() -> LoginRefused:
        barrier.wait(10)
        with pytest.raises(LoginRefused) as told:
            open_guarded(state, MAIN, refusing(tries=tries))
        return told.value

    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = [pool.submit(start) for _ in range(AT_ONCE)]
    assert {outcome.result().params["oracle_code"] for outcome in outcomes} == {"ORA-01017"}
    assert tries == ["ORA-01017"]


def test_those_that_wait_go_on_side_by_side_as_soon_as_the_first_is_let_in(state: Redis) -> None:
    refused(state, MAIN)
    first_is_in, let_first_go = threading.Event(), threading.Event()
    together = threading.Barrier(3)

    def first() -> str:
        first_is_in.set()
        assert let_first_go.wait(10)
        return "first"

    def later() -> str:
        assert let_first_go.is_set()
        together.wait(10)  # breaks unless all three are in here at once
        return "later"

    with ThreadPoolExecutor(4) as pool:
        outcomes: list[Future[str]] = [pool.submit(open_guarded, state, MAIN, first)]
        assert first_is_in.wait(10)
        outcomes += [pool.submit(open_guarded, state, MAIN, later) for _ in range(3)]
        let_first_go.set()
    assert [outcome.result() for outcome in outcomes] == ["first", "later", "later", "later"]


def test_where_the_first_finds_nothing_out_the_next_one_tries(state: Redis) -> None:
    refused(state, MAIN)
    first_is_in, let_first_go = threading.Event(), threading.Event()

    def first() -> NoReturn:
        first_is_in.set()
        assert let_first_go.wait(10)
        raise OracleUnreachable(source="main", detail="no listener")

    with ThreadPoolExecutor(2) as pool:
        gone = pool.submit(open_guarded, state, MAIN, first)
        assert first_is_in.wait(10)
        next_one = pool.submit(open_guarded, state, MAIN, lambda: "session")
        let_first_go.set()
        assert next_one.result(10) == "session"
    assert isinstance(gone.exception(), OracleUnreachable)


def test_a_try_of_a_process_that_was_killed_is_taken_over(state: Redis) -> None:
    patient = replace(MAIN, connect_timeout_seconds=0.4)
    refused(state, patient)

    def first() -> str:
        (deadline,) = keys(state, "duckferry:1:login:first:*")
        assert 0 < state.pttl(deadline) <= 600
        return open_guarded(state, patient, lambda: "second")  # as long as the first one lasts

    assert open_guarded(state, patient, first) == "second"


def test_who_has_waited_for_as_long_as_a_try_may_last_gives_up(state: Redis) -> None:
    hasty = replace(MAIN, connect_timeout_seconds=0.01)
    refused(state, hasty)

    def first() -> str:
        with pytest.raises(OracleUnreachable, match="another process is still trying the login"):
            open_guarded(state, hasty, lambda: pytest.fail("two try at once"))
        return "first"

    assert open_guarded(state, MAIN, first) == "first"


def test_neither_the_password_nor_the_user_is_in_redis(state: Redis) -> None:
    refuse(state)
    assert opens(state, replace(MAIN, password="new"))
    stored = "".join(key + repr(read(state, key)) for key in keys(state))
    assert "ORA-01017" in stored
    assert not [part for part in ("tiger", "호랑이", "READER", "1521") if part in stored]


def read(client: Redis, key: str) -> object:
    readers = {"string": client.get, "hash": client.hgetall, "set": client.smembers}
    return readers[str(client.type(key))](key)


def test_the_same_password_looks_different_in_every_redis(state: Redis) -> None:
    refuse(state)
    before = state.hkeys("duckferry:1:login:refused")
    state.flushall()
    refuse(state)
    assert state.hkeys("duckferry:1:login:refused") != before


def test_without_redis_nothing_is_tried(mortal_redis: RedisStandIn) -> None:
    client = connect_state(mortal_redis.url)
    mortal_redis.kill()
    with pytest.raises(redis.RedisError):
        open_guarded(client, MAIN, lambda: pytest.fail("it was tried"))


def test_a_session_is_not_lost_with_the_redis_that_goes_away_while_it_opens(
    mortal_redis: RedisStandIn,
) -> None:
    def opening() -> str:
        mortal_redis.kill()
        return "session"

    assert open_guarded(connect_state(mortal_redis.url), MAIN, opening) == "session"


def test_a_refusal_is_told_also_where_it_can_no_longer_be_noted(
    mortal_redis: RedisStandIn,
) -> None:
    def opening() -> NoReturn:
        mortal_redis.kill()
        raise LoginRefused(user="READER", source="main", oracle_code="ORA-01017")

    with pytest.raises(LoginRefused):
        open_guarded(connect_state(mortal_redis.url), MAIN, opening)


def test_oracle_itself_is_asked_once(state: Redis, source: Source) -> None:
    tries: list[str] = []
    wrong = replace(source, password="no")

    def opening() -> Session:
        tries.append("oracle")
        return connect(wrong, action="a", client_identifier="c").__enter__()

    for _ in range(3):
        with pytest.raises(LoginRefused, match="ORA-01017"):
            open_guarded(state, wrong, opening)
    assert tries == ["oracle"]
