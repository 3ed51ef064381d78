"""LOBs as a reader takes them (inline), and intervals."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import cast

import oracledb
import pytest

from sandbox.oracle.process import OracleStandIn, ReleaseName, SmallTable, start_oracle
from tests.sandbox.oracle_fixture import connect, rows

LONG = "주문 " * 50_000
TEXTS = SmallTable(
    "TEXTS",
    [("ID", "NUMBER(5)"), ("BODY", "CLOB"), ("NBODY", "NCLOB"), ("FILE_", "BLOB"),
     ("TITLE", "VARCHAR2(20)")],
    [(1, LONG, "한글", b"\x00\xff" * 40_000, "first"), (2, None, None, None, "none"),
     *((number, f"b{number}", "", b"", "more") for number in range(3, 12))],
)  # fmt: skip
SPANS = SmallTable(
    "SPANS",
    [("ID", "NUMBER(5)"), ("D", "INTERVAL DAY(3) TO SECOND(6)"), ("Y", "INTERVAL YEAR TO MONTH")],
    [(1, timedelta(days=100, hours=5, microseconds=7), "14 months"),
     (2, -timedelta(days=1, seconds=30), "-14 months"), (3, None, None)],
)  # fmt: skip


@pytest.fixture(scope="module", params=["19c", "23ai"])
def large(request: pytest.FixtureRequest) -> Iterator[OracleStandIn]:
    release: ReleaseName = request.param
    with start_oracle("p", date(2026, 3, 1), tables=[TEXTS, SPANS], release=release) as stand_in:
        yield stand_in


def read_inline(connection: oracledb.Connection, statement: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, fetch_lobs=False)
        return cast("list[tuple[object, ...]]", cursor.fetchall())


def test_lobs_travel_inline_with_their_rows(large: OracleStandIn) -> None:
    with connect(large) as connection:
        statement = "select id, body, nbody, file_, title from shop.texts where id < 3 order by id"
        for _ in range(2):
            assert read_inline(connection, statement) == [
                (1, LONG, "한글", b"\x00\xff" * 40_000, "first"),
                (2, None, None, None, "none"),
            ]
        assert rows(connection, "select title from shop.texts where id = 1") == [("first",)]


def test_frames_with_lobs_arrive_after_an_empty_first_batch(large: OracleStandIn) -> None:
    with connect(large) as connection:
        batches = connection.fetch_df_batches(
            "select id, body, file_ from shop.texts order by id", size=4
        )
        assert [batch.num_rows() for batch in batches] == [0, 4, 4, 3]


def test_lob_columns_are_described_as_oracle_does(large: OracleStandIn) -> None:
    with connect(large) as connection:
        assert rows(
            connection,
            "select column_name, data_type, data_length, char_length from all_tab_columns "
            "where table_name = 'TEXTS' and column_id between 2 and 4 order by column_id",
        ) == [("BODY", "CLOB", 4000, 0), ("NBODY", "NCLOB", 4000, 0), ("FILE_", "BLOB", 4000, 0)]


def test_intervals_keep_their_sign_and_parts(large: OracleStandIn) -> None:
    with connect(large) as connection:
        assert rows(connection, "select d, y from shop.spans order by id") == [
            (timedelta(days=100, hours=5, microseconds=7), oracledb.IntervalYM(1, 2)),
            (-timedelta(days=1, seconds=30), oracledb.IntervalYM(-1, -2)),
            (None, None),
        ]
        assert rows(
            connection,
            "select data_type, data_precision, data_scale from all_tab_columns "
            "where table_name = 'SPANS' and column_id > 1 order by column_id",
        ) == [("INTERVAL DAY(3) TO SECOND(6)", 3, 6), ("INTERVAL YEAR(2) TO MONTH", 2, 0)]
