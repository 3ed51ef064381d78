"""Both generations of the protocol with both password verifiers, and faults at every round trip."""

from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import Any, Literal, cast

import oracledb
import pytest

from sandbox.oracle.faults import Fault
from sandbox.oracle.process import OracleStandIn, SmallTable, start_oracle
from sandbox.oracle.release import ReleaseName, Verifier
from tests.sandbox.oracle_fixture import connect, rows

BATCH, ROW_COUNT = 10, 35
ROUND_TRIPS = range(4)
"""Of a read of 35 rows by 10: the execute, which brings ten, and three fetches."""
READ = 'select "N" from "SHOP"."ITEMS" order by "N"'
ITEMS = SmallTable("ITEMS", [("N", "NUMBER(5)")], [(number,) for number in range(ROW_COUNT)])
GENERATIONS: list[tuple[ReleaseName, Verifier]] = list(product(("19c", "23ai"), ("11G", "12C")))


@pytest.fixture(scope="module", params=GENERATIONS, ids="-".join)
def stand_in(request: pytest.FixtureRequest) -> Iterator[OracleStandIn]:
    release, verifier = cast("tuple[ReleaseName, Verifier]", request.param)
    today = date(2026, 3, 1)
    with start_oracle(
        "호랑이", today, tables=[ITEMS], release=release, verifier=verifier
    ) as oracle:
        yield oracle


def read(connection: oracledb.Connection, found: list[int]) -> None:
    """Read all items in batches into a list, which keeps what came before an error."""
    with connection.cursor() as cursor:
        cursor.arraysize = cursor.prefetchrows = BATCH
        cursor.execute(READ)
        while batch := cast("list[Any]", cursor.fetchmany()):
            found += [row[0] for row in batch]


def test_the_right_password_comes_in_and_reads(stand_in: OracleStandIn) -> None:
    with connect(stand_in) as connection:
        found: list[int] = []
        read(connection, found)
        assert found == list(range(ROW_COUNT))
        assert rows(connection, "select :1 from dual", ["글"]) == [("글",)]


@pytest.mark.parametrize(("user", "password"), [("DUCKFERRY", "호랑"), ("NOBODY", "호랑이")])
def test_a_wrong_password_stays_out(stand_in: OracleStandIn, user: str, password: str) -> None:
    with pytest.raises(oracledb.DatabaseError, match="ORA-01017"):
        oracledb.connect(user=user, password=password, dsn=stand_in.dsn)
    stand_in.control.unlock("DUCKFERRY")


@pytest.mark.parametrize("trip", ROUND_TRIPS)
@pytest.mark.parametrize("kind", ["error", "drop", "cut"])
def test_a_fault_at_any_batch_leaves_the_batches_before_it(
    stand_in: OracleStandIn, kind: Literal["error", "drop", "cut"], trip: int
) -> None:
    found: list[int] = []
    code = "ORA-01555" if kind == "error" else "DPY-4011"
    with connect(stand_in) as connection:
        stand_in.control.fault(Fault(kind, code=1555, at_fetch=trip, sql_contains="ITEMS"))
        with pytest.raises(oracledb.DatabaseError, match=code):
            read(connection, found)
        assert found == list(range(trip * BATCH))
        assert connection.is_healthy() == (kind == "error")
    assert stand_in.control.waiting_faults() == []


@pytest.mark.parametrize("trip", ROUND_TRIPS)
def test_a_stall_at_any_batch_ends_with_the_call_timeout(
    stand_in: OracleStandIn, trip: int
) -> None:
    found: list[int] = []
    with connect(stand_in) as connection:
        connection.call_timeout = 100
        stand_in.control.fault(Fault("stall", at_fetch=trip, sql_contains="ITEMS"))
        with pytest.raises(oracledb.DatabaseError, match="DPY-4024"):
            read(connection, found)
        assert found == list(range(trip * BATCH))
        connection.call_timeout = 0
        assert rows(connection, 'select count(*) from "SHOP"."ITEMS"') == [(ROW_COUNT,)]


def test_a_block_of_one_select_fills_its_binds(stand_in: OracleStandIn) -> None:
    block = "begin select max(n), '글' into :most, :text from shop.items; end;"
    with connect(stand_in) as connection, connection.cursor() as cursor:
        most, text = cursor.var(int), cursor.var(str)
        cursor.execute(block, most=most, text=text)
        assert (most.getvalue(), text.getvalue()) == (ROW_COUNT - 1, "글")
        with pytest.raises(oracledb.DatabaseError, match="ORA-01422"):
            cursor.execute("begin select n into :most from shop.items; end;", most=most)
        with pytest.raises(oracledb.DatabaseError, match="ORA-00900"):
            cursor.execute("begin null; select n into :most from shop.items; end;", most=most)
