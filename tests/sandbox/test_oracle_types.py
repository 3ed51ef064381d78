# ruff: noqa: DTZ001 (Oracle's DATE and TIMESTAMP have no zone)
"""Columns of every type the thin driver carries: kept, described and sent as they are."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import oracledb
import pytest

from sandbox.oracle.control import Value
from sandbox.oracle.process import OracleStandIn, start_oracle
from sandbox.oracle.release import ReleaseName
from tests.sandbox.oracle_fixture import connect, rows

NINES = "9" * 40
TINY = "1e-130"


@pytest.fixture(scope="module", params=["19c", "23ai"])
def stand_in(request: pytest.FixtureRequest) -> Iterator[OracleStandIn]:
    release: ReleaseName = request.param
    with start_oracle("p", date(2026, 3, 1), tables=[], release=release) as stand_in:
        yield stand_in


@pytest.fixture
def connection(stand_in: OracleStandIn) -> Iterator[oracledb.Connection]:
    with connect(stand_in) as connection:
        yield connection


def made(stand_in: OracleStandIn, kind: str, *values: Value) -> None:
    """A table T of one column C of that type, with a NULL after the values."""
    stand_in.control.execute("DROP TABLE IF EXISTS SHOP.T")
    stand_in.control.create_table("T", [("C", kind)], rows=[[value] for value in (*values, None)])


def read(connection: oracledb.Connection, expression: str = '"C"') -> list[Any]:
    """The expression in every row but the last, which must be NULL, in the rows' order."""
    *found, last = rows(connection, f'select {expression} from "SHOP"."T" order by rowid')
    assert last == (None,)
    return [row[0] for row in found]


@pytest.mark.parametrize(
    ("kind", "values", "described"),
    [
        ("NUMBER", [NINES, f"-{NINES}", "1e125", TINY, f"-{TINY}", "0.1"], (0, -127)),
        ("NUMBER(*,3)", ["-0.125", "9" * 35 + ".999"], (38, 3)),
        ("INTEGER", ["9" * 38, "0"], (38, 0)),
        ("NUMBER(5,-2)", ["1234500", "-9999900"], (5, -2)),
        ("NUMBER(3,7)", ["0.0000999", "-0.0000001"], (3, 7)),
        ("NUMBER(20,50)", ["1.2345678901234567890e-31"], (20, 50)),
        ("FLOAT", ["0.1", "1e60"], (126, -127)),
        ("FLOAT(24)", ["0.5"], (24, -127)),
    ],
)
def test_numbers_of_every_size(
    stand_in: OracleStandIn,
    connection: oracledb.Connection,
    kind: str,
    values: list[str],
    described: tuple[int, int],
) -> None:
    made(stand_in, kind, *values)
    assert read(connection) == [Decimal(value) for value in values]
    with connection.cursor() as cursor:
        cursor.execute('select "C", max("C") as "M" from "SHOP"."T" group by "C"')
        columns: list[Any] = list(cursor.description or ())
    assert (columns[0][1], columns[0][4:6]) == (oracledb.DB_TYPE_NUMBER, described)
    assert columns[1][4:6] == (0, -127)


def test_numbers_beyond_any_decimal_are_compared_and_written_exactly_and_summed_to_40_digits(
    stand_in: OracleStandIn, connection: oracledb.Connection
) -> None:
    made(stand_in, "NUMBER", NINES, "-0.5", "1e-50", "12")
    assert read(connection, "to_char(\"C\", 'TM9')") == [NINES, "-.5", "." + "0" * 49 + "1", "12"]
    made(stand_in, "NUMBER", "1e64", "-1.25e64", "3e-65", "-12e-100")
    written = ["1E+64", "-1.25E+64", "3E-65", "-1.2E-99"]
    assert read(connection, "to_char(\"C\", 'TM9')") == written
    made(stand_in, "NUMBER", NINES, "-0.5", "1e-50", "12")
    above = 'select count(*) from "SHOP"."T" where "C" >= :1'
    assert [rows(connection, above, [value])[0][0] for value in (12, Decimal("1e-50"), -1)] == [
        2, 3, 4,
    ]  # fmt: skip
    between = 'select "C" from "SHOP"."T" t where t."C" between -1 and 11.5 order by "C"'
    assert rows(connection, between) == [(Decimal("-0.5"),), (Decimal("1e-50"),)]
    aggregates = 'select count("C"), sum("C"), min("C"), max("C") from "SHOP"."T"'
    assert rows(connection, aggregates) == [(4, Decimal(10**40), Decimal("-0.5"), Decimal(NINES))]


def test_a_column_widens_when_a_later_row_needs_it(
    stand_in: OracleStandIn, connection: oracledb.Connection
) -> None:
    made(stand_in, "NUMBER", "1.5", "-7")
    moment = stand_in.control.insert("T", [[NINES], [None]])
    found = rows(connection, 'select "C" from "SHOP"."T" as of scn :1 order by "C"', [moment])
    assert found == [(-7,), (Decimal("1.5"),), (Decimal(NINES),), (None,), (None,)]
    made(stand_in, "TIMESTAMP(9)", "2026-02-28 00:00:00.5")
    stand_in.control.insert("T", [["2026-02-28 00:00:00.500000001"]])
    text = """select to_char("C", 'HH24:MI:SS.FF9') from "SHOP"."T" where "C" is not null"""
    assert rows(connection, text) == [("00:00:00.500000000",), ("00:00:00.500000001",)]


def test_nanoseconds_are_kept(stand_in: OracleStandIn, connection: oracledb.Connection) -> None:
    late, early = "9999-12-31 23:59:59.999999999", "0001-01-01 00:00:00.000000001"
    made(stand_in, "TIMESTAMP(9)", late, early)
    text = "to_char(\"C\", 'SYYYY-MM-DD HH24:MI:SS.FF9')"
    assert read(connection, text) == [f" {late}", f" {early}"]
    assert read(connection, "to_number(to_char(\"C\", 'FF9'))") == [999_999_999, 1]
    days = """(trunc("C") - date '1970-01-01') * 86400 + to_number(to_char("C", 'SSSSS'))"""
    assert read(connection, days) == [253_402_300_799, -62_135_596_800]
    assert rows(connection, 'select min("C"), max("C") from "SHOP"."T"') == [
        (datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999))
    ]
    since = 'select count(*) from "SHOP"."T" where "C" > :1'
    with connection.cursor() as cursor:
        cursor.setinputsizes(oracledb.DB_TYPE_TIMESTAMP)
        cursor.execute(since, [datetime(1, 1, 1)])
        assert cursor.fetchone() == (2,)


def test_times_with_zones_keep_their_offset_and_their_instant(
    stand_in: OracleStandIn, connection: oracledb.Connection
) -> None:
    made(
        stand_in, "TIMESTAMP(9) WITH TIME ZONE",
        "2026-02-28 12:00:00.123456789+05:30", "2026-02-28 01:30:00-05:00",
    )  # fmt: skip
    assert read(connection) == [
        datetime(2026, 2, 28, 12, 0, 0, 123456), datetime(2026, 2, 28, 1, 30),
    ]  # fmt: skip
    utc = "to_char(sys_extract_utc(\"C\"), 'YYYY-MM-DD HH24:MI:SS.FF9')"
    assert read(connection, utc) == [
        "2026-02-28 06:30:00.123456789", "2026-02-28 06:30:00.000000000",
    ]  # fmt: skip
    assert rows(connection, 'select max(sys_extract_utc("C")) from "SHOP"."T"') == [
        (datetime(2026, 2, 28, 6, 30, 0, 123456),)
    ]
    assert read(connection, "to_char(\"C\", 'HH24:MI')") == ["12:00", "01:30"]
    since = 'select count(*) from "SHOP"."T" where "C" >= :1'
    assert rows(connection, since, [datetime(2026, 2, 28, 6, 30)]) == [(2,)]
    assert rows(connection, since, [datetime(2026, 2, 28, 6, 30, 1)]) == [(0,)]


@pytest.mark.parametrize("fraction", [".5", ".500000001"])
def test_local_times_are_instants(
    stand_in: OracleStandIn, connection: oracledb.Connection, fraction: str
) -> None:
    made(stand_in, "TIMESTAMP(9) WITH LOCAL TIME ZONE", f"2026-02-28 12:00:00{fraction}+00:00")
    assert read(connection) == [datetime(2026, 2, 28, 21, 0, 0, 500000)]
    assert read(connection, 'sys_extract_utc("C")') == [datetime(2026, 2, 28, 12, 0, 0, 500000)]
    with connection.cursor() as cursor:
        cursor.execute('select max("C") from "SHOP"."T"')
        columns: list[Any] = list(cursor.description or ())
    assert columns[0][1] == oracledb.DB_TYPE_TIMESTAMP_LTZ


def test_intervals(stand_in: OracleStandIn, connection: oracledb.Connection) -> None:
    long, short = "+123456789 23:59:59.123456789", "-0 00:00:00.000001"
    made(stand_in, "INTERVAL DAY(9) TO SECOND(9)", long, short)
    assert read(connection) == [
        timedelta(days=123456789, hours=23, minutes=59, seconds=59, microseconds=123456),
        timedelta(microseconds=-1),
    ]
    assert read(connection, 'to_char("C")') == [long, "-000000000 00:00:00.000001000"]
    assert read(connection, 'extract(second from "C")') == [
        Decimal("59.123456789"), Decimal("-0.000001"),
    ]  # fmt: skip
    made(stand_in, "INTERVAL DAY TO SECOND", timedelta(days=-3, microseconds=-7))
    assert read(connection) == [timedelta(days=-3, microseconds=-7)]
    assert read(connection, 'to_char("C")') == ["-03 00:00:00.000007"]
    made(stand_in, "INTERVAL YEAR(3) TO MONTH", "+123-11", "-1-02")
    assert read(connection) == [oracledb.IntervalYM(123, 11), oracledb.IntervalYM(-1, -2)]
    assert read(connection, 'to_char("C")') == ["+123-11", "-001-02"]


def test_long_and_long_raw(stand_in: OracleStandIn, connection: oracledb.Connection) -> None:
    texts = ["가" * 30_000, "short"]
    made(stand_in, "LONG", *texts)
    assert read(connection) == texts
    data = [b"\x00\xff" * 40_000, b"1"]
    made(stand_in, "LONG RAW", *data)
    assert read(connection) == data


def test_rowids_that_are_kept_in_columns(
    stand_in: OracleStandIn, connection: oracledb.Connection
) -> None:
    physical, logical = "AAAQ+jAAEAAAAAeAAB", "*BAMAA7MCwQIHZHVja2ZlcnJ5/g"
    made(stand_in, "ROWID", physical)
    assert read(connection) == [physical]
    assert read(connection, 'rowidtochar("C")') == [physical]
    made(stand_in, "UROWID", physical, logical)
    assert read(connection) == [physical, logical]
    assert read(connection, 'cast("C" as varchar2(4000))') == [physical, logical]


def test_truth_values(stand_in: OracleStandIn, connection: oracledb.Connection) -> None:
    made(stand_in, "BOOLEAN", "true", "false")
    assert read(connection) == [True, False]


@pytest.mark.parametrize("kind", ["BINARY_DOUBLE", "BINARY_FLOAT"])
def test_floats_that_are_no_numbers(
    stand_in: OracleStandIn, connection: oracledb.Connection, kind: str
) -> None:
    made(stand_in, kind, float("inf"), float("-inf"), float("nan"), -0.0)
    assert str(read(connection)) == "[inf, -inf, nan, -0.0]"


def test_the_catalog_names_the_types_as_oracle_does(
    stand_in: OracleStandIn, connection: oracledb.Connection
) -> None:
    kinds = ["NUMBER(*,3)", "FLOAT(24)", "LONG", "LONG RAW", "ROWID", "BOOLEAN", "XMLTYPE",
             "TIMESTAMP(3) WITH LOCAL TIME ZONE", "INTERVAL DAY(9) TO SECOND(9)"]  # fmt: skip
    stand_in.control.execute("DROP TABLE IF EXISTS SHOP.KINDS")
    columns = [(f"C{place}", kind) for place, kind in enumerate(kinds)]
    stand_in.control.create_table("KINDS", columns)
    found = rows(
        connection,
        "select data_type, data_precision, data_scale from all_tab_columns "
        "where table_name = 'KINDS' order by column_id",
    )
    assert found == [
        ("NUMBER", None, 3), ("FLOAT", 24, None), ("LONG", None, None), ("LONG RAW", None, None),
        ("ROWID", None, None), ("BOOLEAN", None, None), ("XMLTYPE", None, None),
        ("TIMESTAMP(3) WITH LOCAL TIME ZONE", None, 3), ("INTERVAL DAY(9) TO SECOND(9)", 9, 9),
    ]  # fmt: skip
