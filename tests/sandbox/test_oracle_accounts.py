"""Locked accounts, expired passwords, limits of sessions, and how often a login was tried."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime

import oracledb
import pytest

from sandbox.oracle.process import OracleStandIn, start_oracle
from tests.sandbox.oracle_fixture import connect, rows


@pytest.fixture(scope="module")
def strict() -> Iterator[OracleStandIn]:
    """Locks after three wrong passwords, and lets a user in twice at a time."""
    with start_oracle(
        "right", date(2026, 3, 1), tables=[], failed_login_attempts=3, sessions_limit=2
    ) as stand_in:
        yield stand_in


@pytest.fixture
def door(strict: OracleStandIn) -> Iterator[OracleStandIn]:
    yield strict
    strict.control.unlock(strict.user)
    strict.control.set_password(strict.user, strict.password)
    strict.control.limit(failed_login_attempts=3, sessions_per_user=2, sessions=None)


def refusal(oracle: OracleStandIn, password: str | None = None, user: str = "DUCKFERRY") -> str:
    """The code a login is refused with, or "in"."""
    try:
        oracledb.connect(user=user, password=password or "right", dsn=oracle.dsn).close()
    except oracledb.DatabaseError as error:
        return str(error.args[0].full_code)
    return "in"


def test_three_wrong_passwords_in_a_row_lock_the_account_for_the_right_one_too(
    door: OracleStandIn,
) -> None:
    before = door.control.login_attempts("DUCKFERRY")
    assert [refusal(door, "wrong") for _ in range(2)] == ["ORA-01017"] * 2
    assert refusal(door) == "in"
    assert [refusal(door, "wrong") for _ in range(4)] == ["ORA-01017"] * 3 + ["ORA-28000"]
    assert refusal(door) == "ORA-28000"
    assert door.control.login_attempts("duckferry") - before == 8
    door.control.unlock("duckferry")
    assert refusal(door) == "in"


def test_a_user_who_does_not_exist_is_counted_and_never_locked(door: OracleStandIn) -> None:
    assert [refusal(door, user="NOBODY") for _ in range(4)] == ["ORA-01017"] * 4
    assert door.control.login_attempts("NOBODY") == 4
    with pytest.raises(RuntimeError, match="no user 'NOBODY'"):
        door.control.unlock("NOBODY")


def test_without_a_limit_no_number_of_wrong_passwords_locks(door: OracleStandIn) -> None:
    door.control.limit(failed_login_attempts=None)
    assert [refusal(door, "wrong") for _ in range(5)] == ["ORA-01017"] * 5
    assert refusal(door) == "in"


def test_a_lock_by_hand_a_new_password_and_an_expired_one(door: OracleStandIn) -> None:
    with connect(door) as connection:
        status = "select account_status, profile from user_users"
        assert rows(connection, status) == [("OPEN", "DEFAULT")]
        door.control.lock("DUCKFERRY")
        assert rows(connection, status) == [("LOCKED", "DEFAULT")]
        assert refusal(door) == "ORA-28000"
        door.control.unlock("DUCKFERRY")
        door.control.expire_password("DUCKFERRY", datetime(2999, 1, 1, tzinfo=UTC))
        ((expiry,),) = rows(connection, "select expiry_date from user_users")
        assert (expiry.year, refusal(door)) == (2999, "in")
        door.control.expire_password("DUCKFERRY")
        assert rows(connection, status) == [("EXPIRED", "DEFAULT")]
        assert refusal(door) == "ORA-28001"
        assert refusal(door, "wrong") == "ORA-01017"
        door.control.set_password("DUCKFERRY", "새 비밀번호")
        assert (refusal(door, "새 비밀번호"), refusal(door)) == ("in", "ORA-01017")


def test_sessions_are_limited_by_user_and_by_instance_and_a_closed_one_makes_room(
    door: OracleStandIn,
) -> None:
    with ExitStack() as stack:
        first, _ = (stack.enter_context(connect(door)) for _ in range(2))
        assert door.control.session_count() == 2
        assert refusal(door) == "ORA-02391"
        door.control.limit(sessions_per_user=None, sessions=2)
        assert refusal(door) == "ORA-00018"
        first.close()
        assert door.control.session_count() == 1
        assert refusal(door) == "in"


def test_limits_are_shown_in_the_dictionary(door: OracleStandIn) -> None:
    with connect(door) as connection:
        limits = "select resource_name, limit from user_resource_limits where resource_name = :1"
        assert rows(connection, limits, ["SESSIONS_PER_USER"]) == [("SESSIONS_PER_USER", "2")]
        assert rows(connection, "select limit from user_password_limits order by 1") == [
            ("3",),
            ("UNLIMITED",),
        ]


def test_v_session_shows_everybody_once_it_is_granted(door: OracleStandIn) -> None:
    with connect(door) as connection, connect(door) as other:
        other.module, other.action, other.client_identifier = "duckferry", "sync", "U123"
        other.ping()
        named = "select module, action, client_identifier from v$session where username = user"
        with pytest.raises(oracledb.DatabaseError, match="ORA-00942"):
            rows(connection, named)
        door.control.grant("SELECT", "V_$SESSION")
        assert min(rows(connection, named), key=str) == ("duckferry", "sync", "U123")
        door.control.grant("SELECT", "GV_$SESSION")
        assert rows(connection, "select count(*) from gv$session") == [(2,)]
