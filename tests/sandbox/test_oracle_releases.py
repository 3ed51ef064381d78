"""11g and 23ai as the driver and the SQL of a reader meet them."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import oracledb
import pytest

from sandbox.oracle.faults import Fault
from sandbox.oracle.process import OracleStandIn, SmallTable, start_oracle
from tests.sandbox.oracle_fixture import connect, rows

MOMENT = datetime(2026, 2, 1, 10, 30, 0, 5)  # noqa: DTZ001 (a TIMESTAMP has no zone)
ORDERS = SmallTable(
    "ORDERS",
    [("ID", "NUMBER(10)"), ("TOTAL", "NUMBER(12,2)"), ("CITY", "NVARCHAR2(20)"),
     ("UPDATED_AT", "TIMESTAMP(6)"), ("NOTE", "VARCHAR2(4000)")],
    [(number, Decimal(number) / 4, "서울", MOMENT, "x" * 3000) for number in range(1, 41)],
    key=["ID"],
)  # fmt: skip
DAY = date(2026, 3, 1)


@pytest.fixture(scope="module")
def old() -> Iterator[OracleStandIn]:
    with start_oracle("p", DAY, tables=[ORDERS], release="11g",
                      character_set="KO16MSWIN949") as stand_in:  # fmt: skip
        yield stand_in


@pytest.fixture(scope="module")
def new() -> Iterator[OracleStandIn]:
    with start_oracle("p", DAY, tables=[ORDERS], release="23ai") as stand_in:
        yield stand_in


def test_the_thin_driver_refuses_11g_by_itself() -> None:
    with (
        start_oracle("p", DAY, tables=[], release="11g", thin_refused=True) as stand_in,
        pytest.raises(oracledb.DatabaseError, match="DPY-3010"),
    ):
        connect(stand_in)


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("select id from shop.orders order by id fetch first 3 rows only", "ORA-00933"),
        ("select id from shop.orders offset 5 rows", "ORA-00933"),
        ("select standard_hash(note, 'SHA256') from shop.orders", 'ORA-00904: "STANDARD_HASH"'),
        (f"select id as {'a' * 31} from shop.orders", "ORA-00972"),
        (f'select id from "SHOP"."{"한" * 11}"', "ORA-00972"),
        ("select username, oracle_maintained from all_users", 'ORA-00904: "ORACLE_MAINTAINED"'),
        ("select oracle_maintained from all_objects", "ORA-00904"),
        ("select version_full from product_component_version", "ORA-00904"),
        ("select 1", "ORA-00923"),
    ],
)
def test_11g_does_not_know_what_came_later(old: OracleStandIn, statement: str, code: str) -> None:
    with connect(old) as connection, pytest.raises(oracledb.DatabaseError, match=code):
        rows(connection, statement)


def test_11g_reads_and_shows_its_version_charset_and_rights(old: OracleStandIn) -> None:
    with connect(old) as connection:
        assert connection.version == "11.2.0.4.0"
        assert rows(
            connection, "select id, total, city, updated_at from shop.orders where rownum <= 1"
        ) == [(1, Decimal("0.25"), "서울", MOMENT)]
        products = rows(connection, "select product, version from product_component_version")
        assert ("Oracle Database 11g Enterprise Edition ", "11.2.0.4.0") in products
        assert len(products) == 4
        assert "11.2.0.4.0" in rows(connection, "select banner from v$version")[0][0]
        assert rows(connection, "select version from v$instance") == [("11.2.0.4.0",)]
        nls = "select value from nls_database_parameters where parameter = :1"
        assert rows(connection, nls, ["NLS_CHARACTERSET"]) == [("KO16MSWIN949",)]
        assert rows(connection, nls, ["NLS_NCHAR_CHARACTERSET"]) == [("AL16UTF16",)]
        assert rows(
            connection, "select privilege from user_tab_privs where owner = 'SHOP' order by 1"
        ) == [("FLASHBACK",), ("SELECT",)]


def test_names_of_30_bytes_fit_11g_and_of_128_the_later_ones(
    old: OracleStandIn, new: OracleStandIn
) -> None:
    with connect(old) as earlier, connect(new) as later:
        assert rows(earlier, f"select 1 as {'a' * 30} from dual") == [(1,)]
        assert rows(later, f"select 1 as {'a' * 128} from dual") == [(1,)]
        with pytest.raises(oracledb.DatabaseError, match="ORA-00972"):
            rows(later, f"select 1 as {'a' * 129} from dual")


def test_23ai_reads_rows_frames_and_errors_over_its_own_protocol(new: OracleStandIn) -> None:
    with connect(new) as connection:
        assert connection.version == "23.6.0.24.10"
        assert rows(connection, "select 1") == [(1,)]
        assert rows(
            connection,
            "select id, total, city, updated_at from shop.orders where id > :1 order by id",
            [39],
        ) == [(40, Decimal(10), "서울", MOMENT)]
        frames = connection.fetch_df_batches("select id, note from shop.orders", size=15)
        assert [frame.num_rows() for frame in frames] == [15, 15, 10]
        with pytest.raises(oracledb.DatabaseError, match="ORA-00942"):
            rows(connection, "select * from shop.nowhere")
        connection.module, connection.action = "duckferry", "sync"
        connection.current_schema = "SHOP"
        cursor = connection.cursor()
        cursor.execute("set transaction read only")
        assert rows(connection, "select count(*) from orders") == [(40,)]
        connection.rollback()
        connection.ping()
        assert [each.module for each in new.control.sessions()] == ["duckferry"]
        assert "23ai" in rows(connection, "select banner_full from v$version")[0][0]
    with pytest.raises(oracledb.DatabaseError, match="ORA-01017"):
        oracledb.connect(user=new.user, password="wrong", dsn=new.dsn)


def test_23ai_survives_a_call_timeout_and_tells_a_torn_answer(new: OracleStandIn) -> None:
    with connect(new) as connection:
        connection.call_timeout = 200
        new.control.fault(Fault("stall", sql_contains="orders", seconds=30))
        with pytest.raises(oracledb.DatabaseError, match="DPY-4024"):
            rows(connection, "select id from shop.orders")
        connection.call_timeout = 0
        assert rows(connection, "select count(*) from shop.orders") == [(40,)]
        new.control.fault(Fault("cut", sql_contains="orders"))
        with pytest.raises(oracledb.DatabaseError, match="DPY-4011"):
            rows(connection, "select id, note from shop.orders")
