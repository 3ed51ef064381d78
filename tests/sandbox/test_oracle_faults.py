"""Errors, lost connections, stalls, cancels and snapshots, as a reader meets them."""

import threading
import time
from collections.abc import Iterator

import oracledb
import pytest

from sandbox.oracle.faults import Fault
from sandbox.oracle.process import OracleStandIn
from tests.sandbox.oracle_fixture import connect, rows

ORDERS = 'select "ORDER_ID" from "SHOP"."ORDERS"'
SLOW = "select count(*), max(a.order_id * b.order_id) from shop.orders a, shop.orders b"


@pytest.fixture
def connection(oracle: OracleStandIn) -> Iterator[oracledb.Connection]:
    with connect(oracle) as connection:
        yield connection
    oracle.control.clear_faults()


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ('select "NOPE" from "SHOP"."ORDERS"', 'ORA-00904: "NOPE"'),
        ('select "order_id" from "SHOP"."ORDERS"', "ORA-00904"),
        ('select "ORDER_ID" "a" from "SHOP"."ORDERS" order by "A2"', "ORA-00904"),
        ("select order_id from shop.orders limit 5", "ORA-00933"),
        ("select order_id from shop.orders as o", "ORA-00933"),
        ("select order_id from shop.orders;", "ORA-00933"),
        ("select 1", "ORA-00923"),
        ("selec 1 from dual", "ORA-00900"),
        ("select 1 from shop.orders where status = 1", "ORA-01722"),
        ("select order_id from shop.orders a, shop.orders b", "ORA-00918"),
        ("delete from shop.orders", "ORA-01031"),
        ("create table t (n number)", "ORA-01031"),
        ("select 1 from shop.orders as of scn 99999999999", "ORA-08181"),
        ("select 1 from shop.orders as of scn 1", "ORA-01555"),
    ],
)
def test_mistakes_get_oracles_codes(
    connection: oracledb.Connection, statement: str, code: str
) -> None:
    cursor = connection.cursor()
    with pytest.raises(oracledb.DatabaseError, match=code):
        cursor.execute(statement)
    assert rows(connection, "select 1 from dual") == [(1,)]


def test_an_error_strikes_at_the_chosen_fetch_and_only_as_often_as_asked(
    oracle: OracleStandIn, connection: oracledb.Connection
) -> None:
    oracle.control.fault(Fault("error", code=1555, at_fetch=3, sql_contains="orders"))
    batches = connection.fetch_df_batches(ORDERS, size=1000)
    assert [next(batches).num_rows() for _ in range(3)] == [1000, 1000, 1000]
    with pytest.raises(oracledb.DatabaseError, match="ORA-01555"):
        next(batches)
    assert rows(connection, f"{ORDERS} where rownum <= 2") == [(1,), (2,)]


def test_a_fault_on_execute_waits_for_its_statement(
    oracle: OracleStandIn, connection: oracledb.Connection
) -> None:
    oracle.control.fault(Fault("error", code=12899, sql_contains="USERS", times=2))
    cursor = connection.cursor()
    cursor.execute("select 1 from dual")
    for _ in range(2):
        with pytest.raises(oracledb.DatabaseError, match="ORA-12899"):
            cursor.execute("select count(*) from shop.users")
    assert rows(connection, "select count(*) from shop.users") == [(150,)]


def test_cleared_faults_do_not_strike(
    oracle: OracleStandIn, connection: oracledb.Connection
) -> None:
    oracle.control.fault(Fault("error", sql_contains="dual"))
    oracle.control.clear_faults()
    assert rows(connection, "select 1 from dual") == [(1,)]


def test_a_dropped_connection_is_dpy_4011_for_the_driver(
    oracle: OracleStandIn, connection: oracledb.Connection
) -> None:
    oracle.control.fault(Fault("drop", at_fetch=1, sql_contains="orders"))
    with pytest.raises(oracledb.DatabaseError, match="DPY-4011"):
        for _ in connection.fetch_df_batches(ORDERS, size=1000):
            pass
    assert not connection.is_healthy()


def test_a_stall_ends_at_the_call_timeout_and_the_connection_lives_on(
    oracle: OracleStandIn, connection: oracledb.Connection
) -> None:
    oracle.control.fault(Fault("stall", at_fetch=1, sql_contains="orders", seconds=30))
    connection.call_timeout = 300
    started = time.monotonic()
    with pytest.raises(oracledb.DatabaseError, match="DPY-4024"):
        for _ in connection.fetch_df_batches(ORDERS, size=1000):
            pass
    assert time.monotonic() - started < 5
    assert rows(connection, "select 1 from dual") == [(1,)]


def test_a_short_stall_only_delays(oracle: OracleStandIn, connection: oracledb.Connection) -> None:
    oracle.control.fault(Fault("stall", sql_contains="dual", seconds=0.2))
    started = time.monotonic()
    assert rows(connection, "select 1 from dual") == [(1,)]
    assert time.monotonic() - started >= 0.2


def test_a_stall_at_every_round_trip_is_a_slow_network(
    oracle: OracleStandIn, connection: oracledb.Connection
) -> None:
    oracle.control.fault(Fault("stall", at_fetch=None, times=3, seconds=0.1))
    started = time.monotonic()
    batches = connection.fetch_df_batches('select "USER_ID" from "SHOP"."USERS"', size=60)
    assert [batch.num_rows() for batch in batches] == [60, 60, 30]
    assert time.monotonic() - started >= 0.3


def test_a_call_timeout_interrupts_a_running_query(connection: oracledb.Connection) -> None:
    connection.call_timeout = 400
    started = time.monotonic()
    with pytest.raises(oracledb.DatabaseError, match="DPY-4024"):
        connection.cursor().execute(SLOW)
    assert time.monotonic() - started < 5
    connection.call_timeout = 0
    assert rows(connection, "select 1 from dual") == [(1,)]


def test_a_cancelled_query_is_ora_01013(
    oracle: OracleStandIn, connection: oracledb.Connection
) -> None:
    oracle.control.fault(Fault("stall", sql_contains="orders", seconds=30))
    canceller = threading.Timer(0.2, connection.cancel)
    canceller.start()
    with pytest.raises(oracledb.DatabaseError, match="ORA-01013"):
        connection.cursor().execute(SLOW)
    canceller.join()
    assert rows(connection, "select 1 from dual") == [(1,)]


def test_a_read_only_transaction_keeps_its_moment_and_others_move_on(
    oracle: OracleStandIn, connection: oracledb.Connection
) -> None:
    oracle.control.create_table("T_MOMENT", [("N", "NUMBER(10)")])
    count = "select count(*) from shop.t_moment"
    with connect(oracle) as other:
        cursor = connection.cursor()
        cursor.execute("set transaction read only")
        oracle.control.execute("INSERT INTO SHOP.T_MOMENT VALUES (1), (2)")
        assert rows(connection, count) == [(0,)]
        assert rows(other, count) == [(2,)]
        with pytest.raises(oracledb.DatabaseError, match="ORA-01453"):
            cursor.execute("set transaction read only")
        with pytest.raises(oracledb.DatabaseError, match="ORA-01722"):
            cursor.execute("select 1 from shop.orders where status = 1")
        assert rows(connection, count) == [(0,)]
        connection.commit()
        assert rows(connection, count) == [(2,)]
        cursor.execute("set transaction read only")
        connection.rollback()


def test_a_flashback_query_sees_all_tables_as_of_its_scn(
    oracle: OracleStandIn, connection: oracledb.Connection
) -> None:
    oracle.control.create_table("T_PAST", [("N", "NUMBER(10)"), ("V", "VARCHAR2(10)")])
    oracle.control.execute("INSERT INTO SHOP.T_PAST VALUES (1, 'old')")
    ((scn,),) = rows(connection, "select current_scn from v$database")
    later = oracle.control.execute("UPDATE SHOP.T_PAST SET V = 'new'; "
                                   "INSERT INTO SHOP.T_PAST VALUES (2, 'new')")  # fmt: skip
    assert later > scn
    statement = 'select "N", "V" from "SHOP"."T_PAST" as of scn :scn where "N" < :top order by "N"'
    assert rows(connection, statement, {"scn": scn, "top": 10}) == [(1, "old")]
    assert rows(connection, statement, {"scn": later, "top": 10}) == [
        (1, "new"),
        (2, "new"),
    ]
    assert rows(connection, f"select v from shop.t_past as of scn {scn}") == [("old",)]
    oracle.control.execute("DROP TABLE SHOP.T_PAST")


def test_a_flashback_query_by_time_sees_what_was_committed_then(
    oracle: OracleStandIn, connection: oracledb.Connection
) -> None:
    oracle.control.create_table("T_TIME", [("N", "NUMBER(10)")], rows=[(1,)])
    ((moment,),) = rows(connection, "select sys_extract_utc(systimestamp) from dual")
    oracle.control.execute("INSERT INTO SHOP.T_TIME VALUES (2)")
    now = "select n from shop.t_time as of timestamp systimestamp t where n < :top order by n"
    assert rows(connection, now, [9]) == [(1,), (2,)]
    past = """select n from shop.t_time as of timestamp to_timestamp(:m, 'YYYY-MM-DD HH24:MI:SS.FF')
              where n < :top"""
    assert rows(connection, past, {"m": str(moment), "top": 9}) == [(1,)]
    for before in ("(systimestamp - interval '9' day)", "systimestamp - interval '9' day",
                   "timestamp '2020-01-01 00:00:00'"):  # fmt: skip
        with pytest.raises(oracledb.DatabaseError, match="ORA-08180"):
            rows(connection, f"select n from shop.t_time as of timestamp {before}")


def test_a_refused_change_changes_nothing(
    oracle: OracleStandIn, connection: oracledb.Connection
) -> None:
    with pytest.raises(RuntimeError, match="no type 'SDO_GEOMETRY'"):
        oracle.control.create_table("T_REFUSED", [("A", "NUMBER"), ("B", "SDO_GEOMETRY")])
    with pytest.raises(RuntimeError, match="Conversion"):
        oracle.control.execute("DELETE FROM SHOP.USERS; INSERT INTO SHOP.USERS (USER_ID) "
                               "VALUES ('x')")  # fmt: skip
    assert rows(connection, "select count(*) from shop.users") == [(150,)]


def test_queries_stopped_by_a_timeout_do_not_use_a_snapshot_up(
    connection: oracledb.Connection,
) -> None:
    ((scn,),) = rows(connection, "select current_scn from v$database")
    slow = SLOW.replace("orders ", f"orders as of scn {scn} ")
    connection.call_timeout = 200
    for _ in range(4):
        with pytest.raises(oracledb.DatabaseError, match="DPY-4024"):
            connection.cursor().execute(slow)


def test_a_right_can_be_taken_away(oracle: OracleStandIn, connection: oracledb.Connection) -> None:
    oracle.control.create_table("T_RIGHT", [("N", "NUMBER(3)")])
    assert rows(connection, "select * from shop.t_right") == []
    oracle.control.execute("""INSERT INTO SYS."HIDDEN$" VALUES ('SHOP', 'T_RIGHT')""")
    with pytest.raises(oracledb.DatabaseError, match="ORA-00942"):
        rows(connection, "select * from shop.t_right")


def test_eight_sessions_read_at_the_same_time(oracle: OracleStandIn) -> None:
    found: list[tuple[int, int]] = []

    def read(part: int) -> None:
        with connect(oracle) as connection:
            for offset in range(5):
                low = part * 1000 + offset * 200
                between = f"{ORDERS} where order_id > :1 and order_id <= :2"
                found.append((part, len(rows(connection, between, [low, low + 200]))))

    threads = [threading.Thread(target=read, args=(part,)) for part in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found) == [(part, 200) for part in range(8) for _ in range(5)]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            """select /*+ parallel(o 4) */ nvl(note, '-') as n, -- a remark
                      to_char(ordered_at, 'YYYY-MM-DD HH24:MI:SS') d
               from shop.orders o where rownum <= 2 and o.order_id > 2 order by o.order_id""",
            [("leave at door #3", "2024-03-01 00:31:03"), ("-", "2024-03-01 00:41:33")],
        ),
        (
            """select user_id from shop.users order by user_id desc
               offset 1 rows fetch next 2 rows only""",
            [(149,), (148,)],
        ),
        ("select count(*) from shop.users where rownum <= 7 and rownum < 5", [(4,)]),
        ("select user_id from shop.users where user_id < 3 minus select 1 from dual", [(2,)]),
        (
            """with big as (select * from shop.orders where total_amount > 500000)
               select extract(year from ordered_at) y from big
               group by extract(year from ordered_at) order by 1""",
            [(2024,), (2025,), (2026,)],
        ),
        (
            "select trunc(sysdate) - (trunc(sysdate) - 1) as a, '' b, n'글' c from dual",
            [(1, None, "글")],
        ),
        (
            """select count(*) from shop.orders
               where ordered_at < sysdate - 0.5 and ordered_at >= date '2026-02-28'""",
            [(137,)],
        ),
    ],
)
def test_oracle_words_are_understood(
    connection: oracledb.Connection, statement: str, expected: list[object]
) -> None:
    assert rows(connection, statement) == expected
