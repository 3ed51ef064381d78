"""Every type of docs/types.md, from a real table to the sealed file, proven deeply on the way.

A row of NULL goes with the values of each type, and a second table holds no row at all, so that
each figure's SQL is run over values, over NULL and over nothing.
"""

from dataclasses import dataclass

import pytest

from tests.live.database import Copies, Database

LONG_TEXT = "가나다🦆" * 200
NATIONAL_TEXT = "한🦆" + "글" * 900


@dataclass(frozen=True)
class Case:
    """Values of one type as Oracle's SQL writes them, and as text of the copy."""

    kind: str
    sql: tuple[str, ...]
    copied: tuple[str | None, ...]
    becomes: str
    since: tuple[int, int] = (11, 2)
    stand_in: tuple[str, ...] = ()
    """The values in DuckDB's SQL, where Oracle's is not understood, or as text behind an @."""

    def __str__(self) -> str:
        return f"{self.kind} as {self.becomes}"


def zoned(text: str) -> str:
    return f"TO_TIMESTAMP_TZ('{text}', 'YYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM')"


CASES = (
    Case("NUMBER(5)", ("12345", "-1"), ("12345", "-1"), "BIGINT"),
    Case("NUMBER(5,-2)", ("12345", "-150"), ("12300", "-200"), "BIGINT",
         stand_in=("12300", "-200")),
    Case("NUMBER(12,2)", ("1.10", "-9999999999.99"), ("1.10", "-9999999999.99"), "DECIMAL(12,2)"),
    Case("NUMBER(38)", ("9" * 38, "-" + "9" * 38), ("9" * 38, "-" + "9" * 38), "DECIMAL(38,0)"),
    Case("NUMBER", ("12", "-7"), ("12", "-7"), "BIGINT"),
    Case("NUMBER", ("0.5", "1e3"), ("0.5", "1000.0"), "DECIMAL(18,1)"),
    Case("FLOAT(126)", ("-12.5", "0.25"), ("-12.50", "0.25"), "DECIMAL(18,2)"),
    Case("FLOAT(49)", ("0.1", "1.25"), ("0.1", "1.25"), "DOUBLE"),
    Case(
        "BINARY_DOUBLE",
        ("BINARY_DOUBLE_NAN", "-BINARY_DOUBLE_INFINITY", "0.1D"),
        ("nan", "-inf", "0.1"),
        "DOUBLE",
        stand_in=("'nan'", "'-inf'", "0.1"),
    ),
    Case(
        "BINARY_FLOAT",
        ("BINARY_FLOAT_NAN", "BINARY_FLOAT_INFINITY", "0.5F"),
        ("nan", "inf", "0.5"),
        "FLOAT",
        stand_in=("'nan'", "'inf'", "0.5"),
    ),
    Case("VARCHAR2(40 CHAR)", ("'한글'", "'a''b'", "''"), ("한글", "a'b", None), "VARCHAR",
         stand_in=("'한글'", "'a''b'", "NULL")),
    Case("VARCHAR2(4000)", (f"'{LONG_TEXT}'", "'짧다'"), (LONG_TEXT, "짧다"), "VARCHAR"),
    Case("CHAR(5)", ("'a'", "'가'"), ("a    ", "가  "), "VARCHAR"),
    Case("NVARCHAR2(1500)", (f"N'{NATIONAL_TEXT}'", "N'x'"), (NATIONAL_TEXT, "x"), "VARCHAR",
         stand_in=(f"'{NATIONAL_TEXT}'", "'x'")),
    Case("NCHAR(3)", ("N'가'", "N'abc'"), ("가  ", "abc"), "VARCHAR",
         stand_in=("'가'", "'abc'")),
    Case(
        "DATE",
        (
            "TO_DATE('0001-01-01', 'YYYY-MM-DD')",
            "TO_DATE('1582-10-04 23:59:59', 'YYYY-MM-DD HH24:MI:SS')",
            "TO_DATE('9999-12-31 23:59:59', 'YYYY-MM-DD HH24:MI:SS')",
        ),
        ("0001-01-01 00:00:00", "1582-10-04 23:59:59", "9999-12-31 23:59:59"),
        "TIMESTAMP",
        stand_in=(
            "TIMESTAMP_S '0001-01-01 00:00:00'",
            "TIMESTAMP_S '1582-10-04 23:59:59'",
            "TIMESTAMP_S '9999-12-31 23:59:59'",
        ),
    ),
    Case("TIMESTAMP(0)", ("TIMESTAMP '2026-11-27 09:30:01'",), ("2026-11-27 09:30:01",),
         "TIMESTAMP"),
    Case(
        "TIMESTAMP(6)",
        ("TIMESTAMP '1500-03-01 00:00:00.000001'", "TIMESTAMP '2026-11-27 09:30:01.123456'"),
        ("1500-03-01 00:00:00.000001", "2026-11-27 09:30:01.123456"),
        "TIMESTAMP",
    ),
    Case(
        "TIMESTAMP(9)",
        ("TIMESTAMP '2026-11-27 09:30:01.123456789'",),
        ("2026-11-27 09:30:01.123456789",),
        "TIMESTAMP_NS",
        stand_in=("@2026-11-27 09:30:01.123456789",),
    ),
    Case(
        "TIMESTAMP(6) WITH TIME ZONE",
        (zoned("2026-11-27 09:30:01.123456000 +09:00"),),
        ("2026-11-27 00:30:01.123456+00",),
        "TIMESTAMPTZ",
        stand_in=("@2026-11-27 09:30:01.123456+09:00",),
    ),
    Case(
        "TIMESTAMP(9) WITH TIME ZONE",
        (zoned("2026-11-27 09:30:01.123456789 +09:00"),),
        ("2026-11-27 00:30:01.123456789",),
        "TIMESTAMP_NS",
        stand_in=("@2026-11-27 09:30:01.123456789+09:00",),
    ),
    Case(
        "TIMESTAMP(6) WITH LOCAL TIME ZONE",
        (zoned("2026-11-27 09:30:01.123456000 +09:00"),),
        ("2026-11-27 00:30:01.123456+00",),
        "TIMESTAMPTZ",
        stand_in=("@2026-11-27 09:30:01.123456+09:00",),
    ),
    Case(
        "INTERVAL DAY(2) TO SECOND(6)",
        ("INTERVAL '3 04:05:06.000007' DAY TO SECOND(6)",),
        ("3 days 04:05:06.000007",),
        "INTERVAL",
        stand_in=("@+3 04:05:06.000007",),
    ),
    Case(
        "INTERVAL YEAR(2) TO MONTH",
        ("INTERVAL '-1-2' YEAR TO MONTH",),
        ("-1 year -2 months",),
        "INTERVAL",
        stand_in=("@-1-02",),
    ),
    Case("RAW(4)", ("HEXTORAW('00FF')", "HEXTORAW('61')"), ("\\x00\\xFF", "a"), "BLOB",
         stand_in=("'\\x00\\xFF'::BLOB", "'a'::BLOB")),
    Case("CLOB", (f"TO_CLOB('{LONG_TEXT}')", "TO_CLOB('a')"), (LONG_TEXT, "a"), "VARCHAR",
         stand_in=(f"'{LONG_TEXT}'", "'a'")),
    Case("NCLOB", (f"TO_NCLOB(N'{LONG_TEXT}')",), (LONG_TEXT,), "VARCHAR",
         stand_in=(f"'{LONG_TEXT}'",)),
    Case("BLOB", ("TO_BLOB(HEXTORAW('00FF61'))",), ("\\x00\\xFFa",), "BLOB",
         stand_in=("'\\x00\\xFFa'::BLOB",)),
    Case("LONG", (f"'{LONG_TEXT}'",), (LONG_TEXT,), "VARCHAR"),
    Case("LONG RAW", ("HEXTORAW('00FF')",), ("\\x00\\xFF",), "BLOB",
         stand_in=("'\\x00\\xFF'::BLOB",)),
    Case("ROWID", ("CHARTOROWID('AAAR3sAAEAAAACXAAA')",), ("AAAR3sAAEAAAACXAAA",), "VARCHAR",
         stand_in=("'AAAR3sAAEAAAACXAAA'",)),
    Case("XMLTYPE", ("XMLTYPE('<a>가</a>')",), ("<a>가</a>",), "VARCHAR",
         stand_in=("'<a>가</a>'",)),
    Case("JSON", ("""JSON('{"a":1}')""",), ('{"a":1}',), "VARCHAR", (21, 0),
         stand_in=("""'{"a":1}'""",)),
    Case("BOOLEAN", ("TRUE", "FALSE"), ("true", "false"), "BOOLEAN", (23, 0)),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_type_comes_as_the_table_of_types_says(
    database: Database, copies: Copies, case: Case
) -> None:
    if database.release() < case.since:
        pytest.skip(f"{case.kind} is of Oracle {case.since[0]}")
    values = case.sql if database.is_real or not case.stand_in else case.stand_in
    rows = [[str(number), value] for number, value in enumerate((*values, "NULL"))]
    ref = database.create([("ID", "NUMBER(3)"), ("값", case.kind)], ["ID"], rows)
    receipt = copies.run(ref)
    assert [check for check in receipt.checks if not check.agrees] == []
    assert copies.types(ref)["값"] == case.becomes
    found = copies.rows(ref, 'ID, CAST("값" AS VARCHAR)')
    assert [row[1] for row in found] == [*case.copied, None]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_figure_can_be_asked_of_a_table_without_a_row(
    database: Database, copies: Copies, case: Case
) -> None:
    if database.release() < case.since:
        pytest.skip(f"{case.kind} is of Oracle {case.since[0]}")
    ref = database.create([("ID", "NUMBER(3)"), ("값", case.kind)], ["ID"])
    receipt = copies.run(ref)
    assert [check for check in receipt.checks if not check.agrees] == []
    assert receipt.rows == 0
