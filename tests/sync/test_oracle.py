"""Reading Oracle through the real driver, against the stand-in over TCP.

A green test here speaks for the driver and for our own decoding, not for Oracle's SQL.
"""

import socket
import struct
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.oracle.faults import Fault
from sandbox.oracle.process import OracleStandIn
from sync.catalog import describe_table
from sync.oracle import (
    Session,
    Source,
    begin_read_only,
    connect,
    current_scn,
    oracle_now,
    patient,
    quote_name,
)
from sync.oracle_errors import (
    ConnectionDropped,
    LoginRefused,
    MomentLost,
    OracleFailure,
    OracleTimeout,
    OracleUnreachable,
    TableNotFound,
)
from sync.plan import TableRef
from sync.planning import TableSettings, make_table_plan
from sync.reading import read_batches
from sync.statements import rows_of
from sync.types import arrow, arrow_schema
from tests.sync.copying import OpenSession
from tests.sync.tables import count_rows, table_plan


def shop(table: str) -> TableRef:
    return TableRef(source="main", schema_name="SHOP", table=table)


@pytest.fixture
def session(open_session: OpenSession) -> Iterator[Session]:
    with open_session("main") as session:
        yield session


def test_a_session_tells_the_dba_who_it_is(oracle: OracleStandIn, session: Session) -> None:
    oracle_now(session)  # the driver sends its names with the next call
    ours = [s for s in oracle.control.sessions() if s.client_identifier == "U1"]
    assert ("duckferry", "sync") in [(s.module, s.action) for s in ours]


def test_a_password_shows_nowhere(source: Source) -> None:
    assert "tiger" not in repr(source)


def test_a_wrong_password_is_refused_by_name(source: Source) -> None:
    wrong = replace(source, password="no")
    with pytest.raises(LoginRefused, match="ORA-01017"):
        connect(wrong, action="a", client_identifier="c").__enter__()


@contextmanager
def silent_listener() -> Generator[int]:
    """Accepts TCP and says nothing until the end, when it refuses whoever still waits."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
        reason = b"(DESCRIPTION=(ERR=12514))"
        refusal = b"\x22\x00" + struct.pack(">H", len(reason)) + reason
        waiting, _ = server.accept()
        with waiting:
            waiting.sendall(struct.pack(">HHBBH", 8 + len(refusal), 0, 4, 0, 0) + refusal)
            for thread in threading.enumerate():
                if thread.name == "connect main":
                    thread.join(10)
                    assert not thread.is_alive()


def test_a_listener_that_never_answers_is_given_up_at_the_deadline(source: Source) -> None:
    with silent_listener() as port:
        silent = replace(source, dsn=f"127.0.0.1:{port}/x", connect_timeout_seconds=0.5)
        began = time.monotonic()
        with pytest.raises(OracleUnreachable, match=r"no answer within 0\.5 s"):
            connect(silent, action="a", client_identifier="c").__enter__()
        assert time.monotonic() - began < 2


def test_a_closed_port_and_an_unknown_service_are_unreachable(source: Source) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    for dsn in (f"127.0.0.1:{free}/x", source.dsn.rpartition("/")[0] + "/NOSUCHSERVICE"):
        with pytest.raises(OracleUnreachable) as refused:
            connect(replace(source, dsn=dsn), action="a", client_identifier="c").__enter__()
        assert "tiger" not in str(refused.value)


def test_a_table_is_described_as_people_write_it(session: Session) -> None:
    facts = describe_table(session, shop("ORDERS"))
    types = {c.name: c.oracle_type for c in facts.columns}
    assert types["ORDER_ID"] == "NUMBER(10)"
    assert types["TOTAL_AMOUNT"] == "NUMBER(12,2)"
    assert types["NOTE"] == "VARCHAR2(200 CHAR)"
    assert types["UPDATED_AT"] == "TIMESTAMP(6)"
    assert facts.key == ("ORDER_ID",)
    assert [c.nullable for c in facts.columns if c.name in {"ORDER_ID", "NOTE"}] == [False, True]
    assert facts.comment == "주문 / Orders"


def test_a_missing_table_is_named(session: Session) -> None:
    with pytest.raises(TableNotFound, match=r"SHOP\.NOSUCH"):
        describe_table(session, shop("NOSUCH"))
    with pytest.raises(TableNotFound, match=r"SHOP\.NOSUCH"):
        count_rows(session, shop("NOSUCH"))


def count(session: Session, ref: TableRef, *, read_seconds: float) -> int:
    with patient(session, read_seconds) as waiting:
        return count_rows(waiting, ref)


def test_a_count_may_take_twice_as_long_as_the_read_did(
    oracle: OracleStandIn, source: Source
) -> None:
    hasty = replace(source, call_timeout_seconds=0.8)
    slow = Fault("stall", sql_contains='COUNT(*) FROM "SHOP"."USERS"', seconds=1.2)
    with connect(hasty, action="sync", client_identifier="U1") as session:
        oracle.control.fault(slow)
        assert count(session, shop("USERS"), read_seconds=5) == 150
        assert session.connection.call_timeout == 800
        oracle.control.fault(slow)
        with pytest.raises(OracleTimeout, match="within 1 s"):
            count(session, shop("USERS"), read_seconds=0.1)


def test_a_count_that_outlasts_its_own_time_names_that_time(
    oracle: OracleStandIn, source: Source
) -> None:
    hasty = replace(source, call_timeout_seconds=0.3)
    oracle.control.fault(Fault("stall", sql_contains='COUNT(*) FROM "SHOP"."ORDERS"', seconds=20))
    with (
        connect(hasty, action="sync", client_identifier="U1") as session,
        pytest.raises(OracleTimeout, match="within 2 s"),
    ):
        count(session, shop("ORDERS"), read_seconds=1)


def test_oracles_clock_is_utc(session: Session) -> None:
    assert abs(oracle_now(session) - datetime.now(UTC)) < timedelta(seconds=10)


def test_the_scn_is_unknown_where_the_view_is_not_granted(
    oracle: OracleStandIn, session: Session
) -> None:
    assert isinstance(current_scn(session), int)
    for code in (942, 1031):
        oracle.control.fault(Fault("error", code=code, sql_contains="v$database"))
        assert current_scn(session) is None
    oracle.control.fault(Fault("error", code=1555, sql_contains="v$database"))
    with pytest.raises(MomentLost, match="ORA-01555"):
        current_scn(session)


def test_a_read_only_transaction_shows_one_moment(
    oracle: OracleStandIn, session: Session, table_name: str
) -> None:
    oracle.control.create_table(table_name, [("ID", "NUMBER(3)")])
    oracle.control.execute(f"INSERT INTO SHOP.{table_name} VALUES (1)")
    begin_read_only(session)
    assert count_rows(session, shop(table_name)) == 1
    oracle.control.execute(f"INSERT INTO SHOP.{table_name} VALUES (2)")
    assert count_rows(session, shop(table_name)) == 1


def stored(
    oracle: OracleStandIn, session: Session, table: str, kind: str, *literals: str
) -> list[Any]:
    """What arrives of a column of that Oracle type holding these DuckDB literals."""
    oracle.control.create_table(table, [("N", "NUMBER(3)"), ("V", kind)])
    if literals:
        values = ", ".join(f"({n}, {literal})" for n, literal in enumerate(literals))
        oracle.control.execute(f"INSERT INTO SHOP.{table} VALUES {values}")
    plan = make_table_plan(describe_table(session, shop(table)), TableSettings(1000))
    schema = arrow_schema(plan.ref, plan.columns)
    whole = arrow.Table.from_batches(
        list(read_batches(session, plan, rows_of(plan, None))), schema
    ).sort_by("N")
    return whole.column("V").cast(arrow.string()).to_pylist()


@pytest.mark.parametrize(
    ("kind", "literal", "arrives"),
    [
        ("NUMBER(12,2)", "9999999999.99", "9999999999.99"),
        ("NUMBER(20)", "12345678901234567890", "12345678901234567890"),
        ("NUMBER(38)", "99999999999999999999999999999999999999", "9" * 38),
        ("NUMBER(18)", "-999999999999999999", "-999999999999999999"),
        ("NUMBER(5,-2)", "1234500", "1234500"),
        ("NUMBER(3,5)", "0.00123", "0.00123"),
        (
            "NUMBER",
            "-1234567890123456789012345678.0123456789",
            "-1234567890123456789012345678.0123456789",
        ),
        ("NUMBER", "0.5", ".5"),
        ("BINARY_DOUBLE", "0.1", "0.1"),
        ("VARCHAR2(40 CHAR)", "'한글 ''q'' \"d\"'", "한글 'q' \"d\""),
        ("NVARCHAR2(10)", "'日本'", "日本"),
        ("CHAR(3)", "'A'", "A  "),
        ("DATE", "TIMESTAMP '2026-11-22 09:30:01'", "2026-11-22 09:30:01.000000"),
        (
            "TIMESTAMP(9)",
            "TIMESTAMP '2026-11-22 09:30:01.000001'",
            " 2026-11-22 09:30:01.000001000",
        ),
        ("INTERVAL DAY(3) TO SECOND(6)", "INTERVAL '-3 days -4:00:00.5'", "-003 04:00:00.500000"),
        ("INTERVAL YEAR(2) TO MONTH", "INTERVAL '27 months'", "+02-03"),
        ("CLOB", "repeat('가나다', 20000)", "가나다" * 20000),
        ("NCLOB", "'日本'", "日本"),
        ("DATE", "TIMESTAMP '9999-12-31 23:59:59'", "9999-12-31 23:59:59.000000"),
        ("TIMESTAMP(6)", "TIMESTAMP '2026-11-22 09:30:01.123456'", "2026-11-22 09:30:01.123456"),
        (
            "TIMESTAMP(6) WITH TIME ZONE",
            "TIMESTAMPTZ '2026-11-22 09:30:01.5+09:00'",
            "2026-11-22 00:30:01.500000",
        ),
    ],
)
def test_a_value_arrives_exactly(
    oracle: OracleStandIn, session: Session, table_name: str, kind: str, literal: str, arrives: str
) -> None:
    assert stored(oracle, session, table_name, kind, literal, "NULL") == [arrives, None]


def test_an_empty_table_gives_only_empty_batches(
    oracle: OracleStandIn, session: Session, table_name: str
) -> None:
    assert stored(oracle, session, table_name, "NUMBER(5)") == []


def test_rows_come_in_batches_of_the_size_asked(source: Source) -> None:
    small = replace(source, fetch_rows=64)
    with connect(small, action="a", client_identifier="c") as session:
        plan = make_table_plan(describe_table(session, shop("USERS")), TableSettings(1000))
        sizes = [batch.num_rows for batch in read_batches(session, plan, rows_of(plan, None))]
    assert sum(sizes) == 150
    assert max(sizes) <= 64


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (Fault("drop", at_fetch=1), ConnectionDropped),
        (Fault("error", code=1555, at_fetch=1), MomentLost),
        (Fault("error", code=8181, at_fetch=0), MomentLost),
        (Fault("error", code=1466, at_fetch=0), MomentLost),
        (Fault("error", code=8103, at_fetch=1), MomentLost),
        (Fault("error", code=1578, at_fetch=1), OracleFailure),
        (Fault("error", code=942, at_fetch=0), TableNotFound),
        (Fault("error", code=3113, at_fetch=1), ConnectionDropped),
        (Fault("stall", seconds=20, at_fetch=1), OracleTimeout),
    ],
)
def test_a_fault_in_the_middle_of_a_read_is_named(
    oracle: OracleStandIn, source: Source, fault: Fault, raised: type[Exception]
) -> None:
    impatient = replace(source, fetch_rows=64, call_timeout_seconds=1)
    with connect(impatient, action="a", client_identifier="c") as session:
        plan = make_table_plan(describe_table(session, shop("USERS")), TableSettings(1000))
        oracle.control.fault(replace(fault, sql_contains='FROM "SHOP"."USERS"'))
        with pytest.raises(raised):
            list(read_batches(session, plan, rows_of(plan, None)))


def test_what_the_driver_would_change_oracle_writes_itself() -> None:
    plan = table_plan(
        [
            ("A", "NUMBER(3)"),
            ("회원", "TIMESTAMP(6) WITH TIME ZONE"),
            ("N", "NUMBER"),
            ("T", "TIMESTAMP(9)"),
        ]
    )
    assert rows_of(plan, None).sql == (
        'SELECT "A", SYS_EXTRACT_UTC("회원") AS "회원", TO_CHAR("N", \'TM9\') AS "N", '
        'TO_CHAR("T", \'SYYYY-MM-DD HH24:MI:SS.FF9\') AS "T" FROM "SHOP"."T"'
    )


@pytest.mark.parametrize("name", ["", 'A"B', "A\0", "가" * 43])
def test_what_oracle_cannot_have_named_is_never_quoted(name: str) -> None:
    with pytest.raises(ValueError, match="not an Oracle name"):
        quote_name(name)
