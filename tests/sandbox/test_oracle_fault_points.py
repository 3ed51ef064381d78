"""Faults outside statements, at the n-th of them, and in the middle of a packet."""

import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Literal

import oracledb
import pytest

from sandbox.oracle.faults import Fault, FaultPoint
from sandbox.oracle.process import OracleStandIn, SmallTable, start_oracle
from tests.sandbox.oracle_fixture import connect, rows

ITEMS = SmallTable("ITEMS", [("N", "NUMBER(5)")], [(number,) for number in range(1, 11)])
COUNT = "select count(*) from shop.items"


@pytest.fixture(scope="module")
def small() -> Iterator[OracleStandIn]:
    with start_oracle("p", date(2026, 3, 1), tables=[ITEMS]) as stand_in:
        yield stand_in


@pytest.fixture
def shaky(small: OracleStandIn) -> Iterator[OracleStandIn]:
    yield small
    assert small.control.waiting_faults() == []
    small.control.clear_faults()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault("error", code=12516, at="connect"), "DPY-6000.*12516"),
        (Fault("error", code=12514, at="connect"), "DPY-6001"),
        (Fault("error", code=12505, at="connect"), "DPY-6003"),
        (Fault("drop", at="connect"), "DPY-4011"),
        (Fault("cut", at="connect"), "DPY-4011"),
        (Fault("error", code=18, at="login"), "ORA-00018"),
        (Fault("error", code=1033, at="login"), "ORA-01033"),
        (Fault("drop", at="login"), "DPY-4011"),
        (Fault("cut", at="login"), "DPY-4011"),
    ],
)
def test_a_fault_at_connect_or_login_keeps_one_client_out(
    shaky: OracleStandIn, fault: Fault, code: str
) -> None:
    shaky.control.fault(fault)
    with pytest.raises((oracledb.DatabaseError, OSError)) as refused:
        connect(shaky)
    assert refused.match(code)
    with connect(shaky) as connection:
        assert rows(connection, COUNT) == [(10,)]


@pytest.mark.parametrize("point", ["connect", "login"])
def test_a_stall_at_connect_or_login_only_delays(
    shaky: OracleStandIn, point: Literal["connect", "login"]
) -> None:
    shaky.control.fault(Fault("stall", at=point, seconds=0.2))
    started = time.monotonic()
    connect(shaky).close()
    assert time.monotonic() - started >= 0.2


CALLS: dict[FaultPoint, Callable[[oracledb.Connection], None]] = {
    "commit": oracledb.Connection.commit,
    "rollback": oracledb.Connection.rollback,
    "ping": oracledb.Connection.ping,
}


@pytest.mark.parametrize("point", CALLS)
def test_commit_rollback_and_ping_can_fail_or_lose_the_connection(
    shaky: OracleStandIn, point: FaultPoint
) -> None:
    with connect(shaky) as connection:
        shaky.control.fault(Fault("error", code=2049, at=point))
        with pytest.raises(oracledb.DatabaseError, match="ORA-02049"):
            CALLS[point](connection)
        CALLS[point](connection)
        assert rows(connection, COUNT) == [(10,)]
    for kind in ("drop", "cut"):
        with connect(shaky) as connection:
            shaky.control.fault(Fault(kind, at=point))
            with pytest.raises(oracledb.DatabaseError, match="DPY-4011"):
                CALLS[point](connection)


@pytest.mark.parametrize("kind", ["error", "drop", "cut"])
def test_a_session_that_is_lost_while_it_logs_off_leaves_nothing_open(
    shaky: OracleStandIn, kind: Literal["error", "drop", "cut"]
) -> None:
    connection = connect(shaky)
    shaky.control.fault(Fault(kind, at="close"))
    try:
        connection.close()
    except oracledb.DatabaseError:
        assert not connection.is_healthy()
    deadline = time.monotonic() + 5
    while shaky.control.session_count() and time.monotonic() < deadline:
        pass
    assert shaky.control.session_count() == 0


def test_a_fault_strikes_at_the_nth_execute_that_fits(shaky: OracleStandIn) -> None:
    shaky.control.fault(Fault("error", code=4031, sql_contains="ITEMS", skip=2, times=2))
    found: list[str] = []
    with connect(shaky) as connection:
        for _ in range(5):
            rows(connection, "select 1 from dual")
            try:
                found.append(f"{rows(connection, COUNT)[0][0]} rows")
            except oracledb.DatabaseError as error:
                found.append(str(error.args[0].full_code))
    assert found == ["10 rows", "10 rows", "ORA-04031", "ORA-04031", "10 rows"]


def test_a_batch_can_end_in_the_middle_of_a_packet(
    oracle: OracleStandIn,
) -> None:
    with connect(oracle) as connection:
        oracle.control.fault(Fault("cut", at_fetch=2, sql_contains="customers"))
        batches = connection.fetch_df_batches("select name, score from shop.customers", size=100)
        assert [next(batches).num_rows() for _ in range(2)] == [100, 100]
        with pytest.raises(oracledb.DatabaseError, match="DPY-4011"):
            next(batches)
        assert not connection.is_healthy()
