# ruff: noqa: DTZ001 (Oracle's DATE has no zone)
"""The past and its end: SCNs, lost undo, late commits, changed definitions, far networks."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, cast

import oracledb
import pytest

from sandbox.oracle.process import OracleStandIn, SmallTable, start_oracle
from tests.sandbox.oracle_fixture import connect, rows

CHANGES = SmallTable(
    "변경", [("ID", "NUMBER(10)"), ("AT", "DATE")],
    [(number, datetime(2026, 2, 1, number)) for number in range(10)], key=["ID"],
)  # fmt: skip
PAST = 'select count(*) from "SHOP"."변경" as of scn :1'


@pytest.fixture
def own() -> Iterator[OracleStandIn]:
    with start_oracle("p", date(2026, 3, 1), tables=[CHANGES]) as stand_in:
        yield stand_in


@pytest.fixture
def connection(own: OracleStandIn) -> Iterator[oracledb.Connection]:
    with connect(own) as connection:
        yield connection


def fails_with(connection: oracledb.Connection, code: str, *asked: object) -> bool:
    statement, *binds = asked
    with pytest.raises(oracledb.DatabaseError, match=code):
        rows(connection, str(statement), binds)
    return True


def test_the_scn_can_be_had_from_the_package_only_with_its_grant(
    own: OracleStandIn, connection: oracledb.Connection
) -> None:
    asked = "select dbms_flashback.get_system_change_number from dual"
    assert fails_with(connection, "ORA-00904", asked)
    own.control.grant("EXECUTE", "DBMS_FLASHBACK")
    ((first,),) = rows(connection, asked)
    ((second,),) = rows(connection, asked.replace("dbms_", "sys.dbms_"))
    assert first < second
    assert rows(connection, PAST, [second]) == [(10,)]


def test_a_time_leads_to_the_scn_of_that_time_and_back(
    own: OracleStandIn, connection: oracledb.Connection
) -> None:
    moment = own.control.execute('DELETE FROM SHOP."변경" WHERE ID = 0')
    now = "select timestamp_to_scn(systimestamp), scn_to_timestamp(:1) from dual"
    ((scn, taken),) = rows(connection, now, [moment])
    assert scn == moment
    assert abs(datetime.now(UTC).replace(tzinfo=None) - taken).total_seconds() < 60
    assert fails_with(
        connection, "ORA-08180", "select timestamp_to_scn(date '2001-01-01') from dual"
    )
    assert fails_with(connection, "ORA-08181", "select scn_to_timestamp(1) from dual")


@pytest.mark.parametrize("code", [1555, 8181])
def test_undo_can_go_between_two_reads_and_between_two_batches(
    own: OracleStandIn, connection: oracledb.Connection, code: int
) -> None:
    scn = own.control.execute("SELECT 1")
    with connection.cursor() as cursor:
        cursor.arraysize = cursor.prefetchrows = 4
        cursor.execute('select "ID" from "SHOP"."변경" as of scn :1', [scn])
        batch = cast("list[Any]", cursor.fetchmany(4))
        assert len(batch) == 4
        own.control.forget_undo(scn + 1, code)
        with pytest.raises(oracledb.DatabaseError, match=f"ORA-0{code}"):
            cursor.fetchall()
    assert fails_with(connection, f"ORA-0{code}", PAST, scn)
    later = own.control.execute("SELECT 1")
    assert rows(connection, PAST, [later]) == [(10,)]
    own.control.forget_undo(0)
    assert rows(connection, PAST, [scn]) == [(10,)]


def test_a_read_only_transaction_grows_too_old_as_well(
    own: OracleStandIn, connection: oracledb.Connection
) -> None:
    connection.cursor().execute("set transaction read only")
    assert rows(connection, 'select count(*) from "SHOP"."변경"') == [(10,)]
    own.control.forget_undo(own.control.execute("SELECT 1"))
    assert fails_with(connection, "ORA-01555", 'select count(*) from "SHOP"."변경"')
    connection.rollback()
    assert rows(connection, 'select count(*) from "SHOP"."변경"') == [(10,)]


@pytest.mark.parametrize(
    "statement",
    [
        'ALTER TABLE SHOP."변경" DROP COLUMN "AT"',
        'ALTER TABLE SHOP."변경" ALTER COLUMN "ID" TYPE VARCHAR',
    ],
)
def test_the_past_from_before_a_changed_definition_cannot_be_read(
    own: OracleStandIn, connection: oracledb.Connection, statement: str
) -> None:
    before = own.control.execute("SELECT 1")
    after = own.control.execute(statement)
    assert fails_with(connection, "ORA-01466", PAST, before)
    assert rows(connection, PAST, [after]) == [(10,)]


def test_an_added_column_leaves_the_past_and_truncate_ends_it(
    own: OracleStandIn, connection: oracledb.Connection
) -> None:
    before = own.control.execute("SELECT 1")
    own.control.execute('ALTER TABLE SHOP."변경" ADD COLUMN "NEW" INTEGER')
    assert rows(connection, PAST, [before]) == [(10,)]
    after = own.control.truncate("변경")
    assert fails_with(connection, "ORA-01466", PAST, before)
    assert rows(connection, PAST, [after]) == [(0,)]


def test_a_late_commit_shows_its_rows_only_afterwards_and_its_start_before(
    own: OracleStandIn, connection: oracledb.Connection
) -> None:
    own.control.grant("SELECT", "GV_$TRANSACTION")
    insert = """INSERT INTO SHOP."변경" VALUES (100, '2026-02-01 03:30:00')"""
    own.control.open_transaction(datetime(2026, 2, 1, 3, tzinfo=UTC), duckdb_sql=insert)
    ((scn,),) = rows(connection, "select current_scn from v$database")
    oldest = "select min(start_date), min(start_scn) from gv$transaction"
    ((started, start_scn),) = rows(connection, oldest)
    assert (started, start_scn < scn) == (datetime(2026, 2, 1, 3), True)
    since = 'select "ID" from "SHOP"."변경" where "AT" >= :1 order by "AT" fetch first 2 rows only'
    begin = datetime(2026, 2, 1, 3)
    assert rows(connection, since, [begin]) == [(3,), (4,)]
    committed = own.control.commit_transactions()
    assert rows(connection, since, [begin]) == [(3,), (100,)]
    assert rows(connection, oldest) == [(None, None)]
    assert rows(connection, PAST, [scn]) == [(10,)]
    assert rows(connection, PAST, [committed]) == [(11,)]


def test_a_far_network_holds_every_answer_back(
    own: OracleStandIn, connection: oracledb.Connection
) -> None:
    own.control.delay_round_trips(0.05)
    with connection.cursor() as cursor:
        cursor.arraysize = cursor.prefetchrows = 4
        started = time.monotonic()
        cursor.execute('select "ID" from "SHOP"."변경"')
        found = cast("list[Any]", cursor.fetchall())
        assert len(found) == 10
        assert time.monotonic() - started >= 3 * 0.05
    own.control.delay_round_trips(0)
    assert rows(connection, 'select count(*) from "SHOP"."변경"') == [(10,)]


def test_cursor_columns_are_compared_with_binds_of_their_type(
    own: OracleStandIn, connection: oracledb.Connection
) -> None:
    zoned = "TIMESTAMP(6) WITH TIME ZONE"
    own.control.create_table(
        "CURSORS",
        [("N", "NUMBER(12,2)"), ("T", "TIMESTAMP(6)"), ("Z", zoned)],
        rows=[
            [n, datetime(2026, 2, n, 0, 0, 0, n), datetime(2026, 2, n, tzinfo=UTC)]
            for n in (1, 2, 3)
        ],
    )
    own.control.execute('CREATE VIEW SHOP."보기" AS SELECT N, T FROM SHOP.CURSORS WHERE N > 1')
    ask = 'select n from "SHOP"."CURSORS" where "{0}" >= :since order by 1'
    with connection.cursor() as cursor:
        cases: tuple[tuple[str, object, str, list[int]], ...] = (
            ("N", 2, "DB_TYPE_NUMBER", [2, 3]),
            ("T", datetime(2026, 2, 2, 0, 0, 0, 3), "DB_TYPE_TIMESTAMP", [3]),
            ("T", datetime(2026, 2, 2), "DB_TYPE_DATE", [2, 3]),
            ("Z", datetime(2026, 2, 2), "DB_TYPE_TIMESTAMP", [2, 3]),
            ("Z", datetime(2026, 2, 2, tzinfo=UTC), "DB_TYPE_TIMESTAMP_TZ", [2, 3]),
        )
        for name, since, kind, expected in cases:
            cursor.setinputsizes(since=getattr(oracledb, kind))
            cursor.execute(ask.format(name), since=since)
            fetched = cast("list[Any]", cursor.fetchall())
            assert [row[0] for row in fetched] == expected
    assert rows(connection, 'select count(*), max("T") from "SHOP"."보기"') == [
        (2, datetime(2026, 2, 3, 0, 0, 0, 3))
    ]
    keys = 'select n from "SHOP"."CURSORS" where "N" > :1 or ("N" = :2 and "T" > :3) order by 1'
    assert rows(connection, keys, [1, 1, datetime(2026, 2, 1)]) == [(1,), (2,), (3,)]
    views = "select view_name from all_views where owner = 'SHOP'"
    assert rows(connection, views) == [("보기",)]
    kinds = "select object_type from all_objects where object_name = '보기'"
    assert rows(connection, kinds) == [("VIEW",)]
