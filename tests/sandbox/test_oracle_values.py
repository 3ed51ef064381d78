# ruff: noqa: DTZ001 (Oracle's DATE and TIMESTAMP have no zone)
"""Every type goes out and comes back exactly, row by row and as Arrow."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import oracledb
import pyarrow as pa
import pytest

from sandbox.oracle.process import OracleStandIn
from tests.sandbox.oracle_fixture import connect, rows

HUGE = "12345678901234567890123456789012345678"
SMALL = "0.00000000000000000000000000000000000001"


@pytest.fixture
def connection(oracle: OracleStandIn) -> Iterator[oracledb.Connection]:
    with connect(oracle) as connection:
        yield connection


def stored(
    oracle: OracleStandIn, connection: oracledb.Connection, table: str, kind: str, *literals: str
) -> list[Any]:
    """What a column of that Oracle type gives back for these DuckDB literals."""
    oracle.control.create_table(table, [("N", "NUMBER(3)"), ("V", kind)])
    values = ", ".join(f"({n}, {literal})" for n, literal in enumerate(literals))
    oracle.control.execute(f"INSERT INTO SHOP.{table} VALUES {values}")
    found = rows(connection, f'select "V" from "SHOP"."{table}" order by "N"')
    oracle.control.execute(f"DROP TABLE SHOP.{table}")
    return [row[0] for row in found]


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("NUMBER(38)", [HUGE, f"-{HUGE}", "0", "1", "-1", "100", "-100", "99", "-99", "9" * 38]),
        ("NUMBER(12,2)", ["0.01", "-0.01", "1234567890.12", "-1234567890.12", "0.10", "99.99"]),
        ("NUMBER(38,38)", [SMALL, f"-{SMALL}", "0.1", "-0.123"]),
        ("NUMBER", ["1000000000000000000000000000", "-0.0000000001", "3.5"]),
        ("NUMBER(10)", ["1", "10", "1000000000", "-1000000000", "9999999999"]),
    ],
)
def test_numbers_keep_every_digit(
    oracle: OracleStandIn, connection: oracledb.Connection, kind: str, texts: list[str]
) -> None:
    found = stored(oracle, connection, "T_NUMBER", kind, *texts, "NULL")
    assert found == [*map(Decimal, texts), None]


@pytest.mark.parametrize(
    ("kind", "literals", "expected"),
    [
        ("VARCHAR2(40)", ["'주문 확인'", "''", "NULL", "'it''s'"],
         ["주문 확인", None, None, "it's"]),
        ("VARCHAR2(4000)", ["repeat('가', 1300)"], ["가" * 1300]),
        ("VARCHAR2(400)", ["repeat('x', 252)", "repeat('x', 253)"], ["x" * 252, "x" * 253]),
        ("NVARCHAR2(40)", ["'서울 🦆'", "NULL"], ["서울 🦆", None]),
        ("CHAR(4)", ["'KR'", "NULL"], ["KR  ", None]),
        ("RAW(16)", ["unhex('00FF10')", "NULL"], [b"\x00\xff\x10", None]),
        (
            "DATE",
            ["'1969-12-31 23:59:59'", "'2026-02-28 13:05:09'", "NULL", "'0001-01-01'"],
            [datetime(1969, 12, 31, 23, 59, 59), datetime(2026, 2, 28, 13, 5, 9), None,
             datetime(1, 1, 1)],
        ),
        (
            "TIMESTAMP(6)",
            ["'2026-02-28 13:05:09.000001'", "'1960-01-01 00:00:00.999999'", "'2026-03-01'"],
            [datetime(2026, 2, 28, 13, 5, 9, 1), datetime(1960, 1, 1, 0, 0, 0, 999999),
             datetime(2026, 3, 1)],
        ),
        ("BINARY_DOUBLE", ["1.5", "-1e300", "0", "NULL", "1e-300"], [1.5, -1e300, 0, None, 1e-300]),
        ("BINARY_FLOAT", ["0.5", "-2"], [0.5, -2.0]),
    ],
)  # fmt: skip
def test_other_types_come_back_as_they_were_stored(
    oracle: OracleStandIn,
    connection: oracledb.Connection,
    kind: str,
    literals: list[str],
    expected: list[Any],
) -> None:
    assert stored(oracle, connection, "T_OTHER", kind, *literals) == expected


def test_a_zoned_time_loses_its_offset_unless_it_is_extracted_as_utc(
    oracle: OracleStandIn, connection: oracledb.Connection
) -> None:
    oracle.control.create_table("T_ZONED", [("V", "TIMESTAMP(6) WITH TIME ZONE")])
    oracle.control.execute("INSERT INTO SHOP.T_ZONED VALUES ('2026-02-28 12:00:00.25+00')")
    statement = 'select "V", sys_extract_utc("V") as "V" from "SHOP"."T_ZONED"'
    assert [column[1] for column in described(connection, statement)] == [
        oracledb.DB_TYPE_TIMESTAMP_TZ,
        oracledb.DB_TYPE_TIMESTAMP,
    ]
    assert rows(connection, statement) == [
        (datetime(2026, 2, 28, 21, 0, 0, 250000), datetime(2026, 2, 28, 12, 0, 0, 250000))
    ]


def test_the_clock_moves_from_one_read_only_transaction_to_the_next(
    connection: oracledb.Connection,
) -> None:
    moments: list[datetime] = []
    for _ in range(2):
        connection.cursor().execute("set transaction read only")
        moments += rows(connection, "select sys_extract_utc(systimestamp), sysdate from dual")[0]
        connection.rollback()
    first, first_date, second, second_date = moments
    assert first < second
    assert abs(datetime.now(UTC).replace(tzinfo=None) - first) < timedelta(seconds=60)
    for moment, day in ((first, first_date), (second, second_date)):
        assert abs(moment - day) <= timedelta(seconds=1)


def test_the_clock_is_one_for_a_statement_also_without_a_transaction(
    connection: oracledb.Connection,
) -> None:
    statement = "select sys_extract_utc(systimestamp), sys_extract_utc(systimestamp) from dual"
    ((before, same_before),) = rows(connection, statement)
    ((after, same_after),) = rows(connection, statement)
    assert before == same_before < after == same_after


def test_binds_of_every_type_arrive_by_position_and_by_name(
    connection: oracledb.Connection,
) -> None:
    moment = datetime(2026, 2, 28, 23, 59, 59)
    sent = (Decimal("-12.50"), 10**30, "가" * 200, moment, b"\x00\x01", None, "x" * 40000)
    assert rows(connection, "select :1, :2, :3, :4, :5, :6, :7 from dual", sent) == [sent]
    named = "select :b, :a, :b from dual"
    assert rows(connection, named, {"a": 1, "b": "둘"}) == [("둘", 1, "둘")]
    assert rows(connection, named, {"a": -0.5, "b": None}) == [(None, Decimal("-0.5"), None)]


def test_a_datetime_is_bound_as_a_date_unless_the_cursor_says_timestamp(
    connection: oracledb.Connection,
) -> None:
    moment = datetime(2026, 2, 28, 23, 59, 59, 123456)
    statement = "select :t from dual"
    assert rows(connection, statement, [moment]) == [(moment.replace(microsecond=0),)]
    with connection.cursor() as cursor:
        cursor.setinputsizes(t=oracledb.DB_TYPE_TIMESTAMP)
        cursor.execute(statement, t=moment)
        assert cursor.fetchone() == (moment,)


def test_a_bind_that_is_missing_is_an_error_of_the_driver_or_server(
    connection: oracledb.Connection,
) -> None:
    with pytest.raises(oracledb.DatabaseError, match=r"DPY-4010|ORA-01008"):
        connection.cursor().execute("select :a from dual")


def test_binds_select_rows(connection: oracledb.Connection) -> None:
    statement = 'select "ORDER_ID" from "SHOP"."ORDERS" where "ORDER_ID" in (:1, :2) order by 1'
    assert rows(connection, statement, [3, 7]) == [(3,), (7,)]
    assert rows(connection, statement, [100000, 99999]) == [(99999,), (100000,)]
    assert rows(connection, statement, [-1, 0]) == []
    since = 'select count(*) from shop.orders where "ORDERED_AT" >= :since'
    week = {"since": datetime(2026, 2, 22)}
    assert rows(connection, since, week) == [(959,)]
    assert rows(connection, f"{since} and rownum <= :most", {**week, "most": 5}) == [(5,)]


def test_arrow_batches_equal_the_rows(connection: oracledb.Connection) -> None:
    statement = (
        'select "ORDER_ID", "TOTAL_AMOUNT", "STATUS", "ORDERED_AT", "UPDATED_AT", "NOTE" '
        'from "SHOP"."ORDERS" where "ORDER_ID" <= :1 order by "ORDER_ID"'
    )
    schema: Any = pa.schema(  # pyright: ignore[reportUnknownVariableType] - pyarrow has no types
        [
            ("ORDER_ID", pa.decimal128(10, 0)),
            ("TOTAL_AMOUNT", pa.decimal128(12, 2)),
            ("STATUS", pa.string()),
            ("ORDERED_AT", pa.timestamp("s")),
            ("UPDATED_AT", pa.timestamp("us")),
            ("NOTE", pa.string()),
        ]
    )
    batches = list(
        connection.fetch_df_batches(statement, [2500], size=1000, requested_schema=schema)
    )
    assert [batch.num_rows() for batch in batches] == [1000, 1000, 500]
    tables: list[Any] = [pa.table(batch) for batch in batches]
    from_arrow = [tuple(row.values()) for table in tables for row in table.to_pylist()]
    assert from_arrow == rows(connection, statement, [2500])
    assert len(from_arrow) == 2500


def test_all_orders_arrive_as_arrow_with_their_exact_sum(connection: oracledb.Connection) -> None:
    statement = 'select "ORDER_ID", "TOTAL_AMOUNT" from "SHOP"."ORDERS"'
    schema: Any = pa.schema(  # pyright: ignore[reportUnknownVariableType] - pyarrow has no types
        [("ORDER_ID", pa.int64()), ("TOTAL_AMOUNT", pa.decimal128(12, 2))]
    )
    ids: set[int] = set()
    total = Decimal(0)
    batches = connection.fetch_df_batches(statement, size=20_000, requested_schema=schema)
    tables: list[Any] = [pa.table(batch) for batch in batches]
    for table in tables:
        ids.update(table["ORDER_ID"].to_pylist())
        total += sum(table["TOTAL_AMOUNT"].to_pylist())
    assert ids == set(range(1, 100_001))
    assert rows(connection, 'select sum("TOTAL_AMOUNT") from "SHOP"."ORDERS"') == [(total,)]


def test_a_size_that_divides_the_rows_ends_with_the_last_row(
    connection: oracledb.Connection,
) -> None:
    statement = 'select "USER_ID" from "SHOP"."USERS"'
    batches = list(connection.fetch_df_batches(statement, size=50))
    assert sum(batch.num_rows() for batch in batches) == 150
    for arraysize in (1, 7, 149, 150, 151):
        cursor = connection.cursor()
        cursor.arraysize, cursor.prefetchrows = arraysize, arraysize
        cursor.execute(statement)
        assert len(list(cursor)) == 150


def test_an_empty_result_is_one_empty_batch_with_its_columns(
    connection: oracledb.Connection,
) -> None:
    statement = "select * from shop.orders where 1 = 0"
    (batch,) = connection.fetch_df_batches(statement, size=100)
    assert (batch.num_rows(), batch.column_names()[0]) == (0, "ORDER_ID")
    assert rows(connection, statement) == []


def test_descriptions_name_the_declared_types(connection: oracledb.Connection) -> None:
    columns = described(
        connection, 'select "ORDER_ID", "TOTAL_AMOUNT", "NOTE", "ORDERED_AT" from "SHOP"."ORDERS"'
    )
    assert [(c[0], c[1].name, c[4], c[5]) for c in columns] == [
        ("ORDER_ID", "DB_TYPE_NUMBER", 10, 0),
        ("TOTAL_AMOUNT", "DB_TYPE_NUMBER", 12, 2),
        ("NOTE", "DB_TYPE_VARCHAR", None, None),
        ("ORDERED_AT", "DB_TYPE_DATE", None, None),
    ]
    columns = described(connection, 'select count(*), sum("TOTAL_AMOUNT") from "SHOP"."ORDERS"')
    assert [(c[0], c[4], c[5]) for c in columns] == [
        ("COUNT(*)", 0, -127),
        ('SUM("TOTAL_AMOUNT")', 0, -127),
    ]


def described(connection: oracledb.Connection, statement: str) -> list[Any]:
    """(name, type, display size, size, precision, scale, may be NULL) of each column."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.description or ())
