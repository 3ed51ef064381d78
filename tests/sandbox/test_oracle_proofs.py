# ruff: noqa: DTZ001 (Oracle's DATE and TIMESTAMP have no zone)
"""Aggregates that prove a copy: counts, sums, extremes, lengths and hashes, computed by Oracle."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import oracledb
import pytest

from sandbox.oracle.control import Value
from sandbox.oracle.process import OracleStandIn, start_oracle
from tests.sandbox.oracle_fixture import connect, rows

NAN, INF = float("nan"), float("inf")


@pytest.fixture(scope="module")
def stand_in() -> Iterator[OracleStandIn]:
    with start_oracle("p", date(2026, 3, 1), tables=[]) as stand_in:
        yield stand_in


@pytest.fixture
def connection(stand_in: OracleStandIn) -> Iterator[oracledb.Connection]:
    with connect(stand_in) as connection:
        yield connection


def asked(
    stand_in: OracleStandIn,
    connection: oracledb.Connection,
    kind: str,
    values: list[Value],
    expressions: str,
) -> tuple[Any, ...]:
    """One row of aggregates over a table of one column `값`, with a NULL beside the values."""
    stand_in.control.execute("DROP TABLE IF EXISTS SHOP.PROOF")
    table = [[value] for value in (*values, None)]
    stand_in.control.create_table("PROOF", [("값", kind)], rows=table)
    (found,) = rows(connection, f'select {expressions} from "SHOP"."PROOF"')
    return found


@pytest.mark.parametrize(
    ("kind", "values", "total"),
    [
        ("NUMBER(38)", ["9" * 38, "9" * 38, "1"], 2 * (10**38 - 1) + 1),
        ("NUMBER(38)", ["-" + "9" * 38] * 3, -3 * (10**38 - 1)),
        ("NUMBER(38,10)", ["9999999999999999999999999999.0000000001"] * 2,
         Decimal("19999999999999999999999999998.0000000002")),
        ("NUMBER", ["0.0000000001", "-3.5"], Decimal("-3.4999999999")),
        ("NUMBER(12,2)", ["0.10", "0.20"], Decimal("0.30")),
        ("NUMBER(5)", [], None),
    ],
)  # fmt: skip
def test_a_sum_of_numbers_is_exact(
    stand_in: OracleStandIn,
    connection: oracledb.Connection,
    kind: str,
    values: list[Value],
    total: object,
) -> None:
    expressions = 'count(*), count("값"), sum("값"), min("값"), max("값")'
    ordered = sorted(Decimal(str(value)) for value in values) or [None]
    assert asked(stand_in, connection, kind, values, expressions) == (
        len(values) + 1, len(values), total, ordered[0], ordered[-1],
    )  # fmt: skip


SECONDS = "SUM((TRUNC({0}) - DATE '1970-01-01') * 86400 + TO_NUMBER(TO_CHAR({0}, 'SSSSS')))"


@pytest.mark.parametrize("kind", ["DATE", "TIMESTAMP(0)", "TIMESTAMP(6)"])
def test_dates_add_up_as_seconds(
    stand_in: OracleStandIn, connection: oracledb.Connection, kind: str
) -> None:
    values = [
        datetime(1969, 12, 31, 23, 59, 58),
        datetime(9999, 12, 31, 23, 59, 59),
        datetime(1, 1, 1),
    ]
    epoch = datetime(1970, 1, 1)
    total = sum((value - epoch) // timedelta(seconds=1) for value in values)
    expressions = f'{SECONDS.format(chr(34) + "값" + chr(34))}, min("값"), max("값")'
    found = asked(stand_in, connection, kind, list(values), expressions)
    assert found == (total, values[2], values[1])


def test_fractions_and_zones_add_up(
    stand_in: OracleStandIn, connection: oracledb.Connection
) -> None:
    fraction = "sum(to_number(to_char({0}, 'FF9')))"
    moment = datetime(2026, 2, 28, 12, 0, 1, 123456)
    found = asked(stand_in, connection, "TIMESTAMP(6)", [moment, moment], fraction.format('"값"'))
    assert found == (2 * 123_456_000,)
    utc = 'SYS_EXTRACT_UTC("값")'
    zoned = moment.replace(tzinfo=UTC)
    expressions = f"{SECONDS.format(utc)}, {fraction.format(utc)}, max({utc})"
    found = asked(stand_in, connection, "TIMESTAMP(6) WITH TIME ZONE", [zoned], expressions)
    assert found == (int(zoned.timestamp()), 123_456_000, moment)


@pytest.mark.parametrize(
    ("kind", "values", "lengths"),
    [
        ("VARCHAR2(40)", ["가나다", "🦆a"], {"LENGTH": 5, "LENGTH4": 5, "LENGTHB": 14}),
        ("NVARCHAR2(40)", ["가나다", "🦆a"], {"LENGTH": 6, "LENGTH4": 5, "LENGTHB": 12}),
        ("CHAR(6)", ["가"], {"LENGTH": 4, "LENGTHB": 6}),
        ("CHAR(6 CHAR)", ["가", "abcdef"], {"LENGTH": 12, "LENGTHB": 14}),
        ("CLOB", ["🦆" * 3, "x"], {"LENGTH": 7, "DBMS_LOB.GETLENGTH": 7}),
        ("BLOB", [b"\x00\xff", b"1"], {"DBMS_LOB.GETLENGTH": 3}),
        ("RAW(20)", [b"\x00\xff", b"1"], {"UTL_RAW.LENGTH": 3}),
        ("NUMBER(12,4)", ["0.50", "-12"], {"LENGTH": 5}),
    ],
)
def test_lengths_are_those_of_the_columns_character_set(
    stand_in: OracleStandIn,
    connection: oracledb.Connection,
    kind: str,
    values: list[Value],
    lengths: dict[str, int],
) -> None:
    expressions = ", ".join(f'sum({function}("값"))' for function in lengths)
    found = asked(stand_in, connection, kind, values, expressions)
    assert found == tuple(lengths.values())


@pytest.mark.parametrize("kind", ["BINARY_DOUBLE", "BINARY_FLOAT"])
def test_not_a_number_is_the_greatest_and_can_be_counted(
    stand_in: OracleStandIn, connection: oracledb.Connection, kind: str
) -> None:
    expressions = (
        'count("값"), min("값"), max("값"), sum(case when "값" is nan then 1 else 0 end), '
        'sum(case when "값" is not nan and "값" is infinite then 1 else 0 end), '
        'max(case when "값" is not nan and "값" is not infinite then "값" end)'
    )
    found = asked(stand_in, connection, kind, [1.5, NAN, INF, -INF, -2.0], expressions)
    assert (found[0], *map(str, found[1:3]), *found[3:]) == (5, "-inf", "nan", 1, 2, 1.5)


def test_a_hash_is_md5_over_utf8_and_can_be_added_up(
    stand_in: OracleStandIn, connection: oracledb.Connection
) -> None:
    texts = ["서울 🦆", "b"]
    digests = [hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() for text in texts]
    hashed = "STANDARD_HASH(CONVERT({0}, 'AL32UTF8'), 'MD5')"
    part = f"TO_NUMBER(SUBSTR(RAWTOHEX({hashed}), 1, 15), 'XXXXXXXXXXXXXXX')"
    raw = "STANDARD_HASH(UTL_I18N.STRING_TO_RAW({0}, 'AL32UTF8'), 'MD5')"
    expressions = f"sum({part}), max(rawtohex({raw}))".replace("{0}", '"값"')
    for kind in ("VARCHAR2(40)", "NVARCHAR2(40)"):
        found = asked(stand_in, connection, kind, list(texts), expressions)
        assert found == (sum(int(each[:15], 16) for each in digests), max(digests).upper())
    padded = hashlib.md5(b"KR  ", usedforsecurity=False).digest()
    char = f"max({hashed})".replace("{0}", '"값"')
    assert asked(stand_in, connection, "CHAR(4)", ["KR"], char) == (padded,)
    with pytest.raises(oracledb.DatabaseError, match="ORA-00902"):
        asked(stand_in, connection, "CLOB", ["x"], f"max({hashed})".replace("{0}", '"값"'))


def test_intervals_can_be_taken_apart(
    stand_in: OracleStandIn, connection: oracledb.Connection
) -> None:
    parts = ", ".join(
        f'sum(extract({part} from "값"))' for part in ("day", "hour", "minute", "second")
    )
    span = timedelta(days=3, hours=4, minutes=5, seconds=6, microseconds=789)
    found = asked(stand_in, connection, "INTERVAL DAY(3) TO SECOND(6)", [span, -span, span], parts)
    assert found == (3, 4, 5, Decimal("6.000789"))


def test_the_same_aggregates_hold_in_the_past_and_in_a_read_only_transaction(
    stand_in: OracleStandIn, connection: oracledb.Connection
) -> None:
    control = stand_in.control
    moment = control.create_table("PAST", [("값", "NUMBER(38)")], rows=[["9" * 38], ["1"]])
    proof = 'select count(*), sum("값"), sum(length(to_char("값"))) from "SHOP"."PAST"'
    connection.cursor().execute("set transaction read only")
    expected = [(2, 10**38, 39)]
    assert rows(connection, proof) == expected
    control.execute("DELETE FROM SHOP.PAST")
    assert rows(connection, proof) == expected
    connection.rollback()
    assert rows(connection, proof) == [(0, None, None)]
    assert rows(connection, f"{proof} as of scn :1", [moment]) == expected
