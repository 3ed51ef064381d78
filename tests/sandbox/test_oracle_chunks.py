"""ROWIDs, samples and ranges: what a read in chunks asks for."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Any, cast

import oracledb
import pytest

from sandbox.oracle.process import OracleStandIn, SmallTable, start_oracle
from tests.sandbox.oracle_fixture import connect, rows

ROW_COUNT = 20_000
TABLE = '"SHOP"."주문 내역"'
COLUMNS = [("번호", "NUMBER(10)"), ("이름", "VARCHAR2(30)")]


@pytest.fixture(scope="module")
def big() -> Iterator[OracleStandIn]:
    with start_oracle("p", date(2026, 3, 1), tables=[SmallTable("주문 내역", COLUMNS)]) as stand_in:
        stand_in.control.execute(
            f"INSERT INTO {TABLE} SELECT range, 'n' || range FROM range({ROW_COUNT})"
        )
        yield stand_in


@pytest.fixture
def connection(big: OracleStandIn) -> Iterator[oracledb.Connection]:
    with connect(big) as connection:
        yield connection


def scn(connection: oracledb.Connection) -> int:
    ((found,),) = rows(connection, "select current_scn from v$database")
    return int(found)


def test_a_rowid_comes_as_its_own_type_and_as_text(connection: oracledb.Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f'select rowid, rowidtochar(t.rowid) as "R", "번호" from {TABLE} t order by rowid'
        )
        described: list[Any] = list(cursor.description or ())
        assert [column[:2] for column in described[:2]] == [
            ("ROWID", oracledb.DB_TYPE_ROWID),
            ("R", oracledb.DB_TYPE_VARCHAR),
        ]
        found = cast("list[Any]", cursor.fetchall())
    assert [row[2] for row in found] == list(range(ROW_COUNT))
    assert all(row[0] == row[1] for row in found)
    assert len({row[0] for row in found}) == ROW_COUNT
    first, last = found[0][0], found[-1][0]
    assert (len(first), first[6:]) == (18, "AAEAAAACDAAA")
    assert rows(connection, f"select min(rowid), max(rowid) from {TABLE}") == [(first, last)]
    one = f'select "번호" from {TABLE} where rowid = :1'
    assert rows(connection, one, [found[777][0]]) == [(777,)]
    assert rows(connection, f"{one} or rowid = chartorowid('{first}')", [last]) == [
        (0,), (ROW_COUNT - 1,),
    ]  # fmt: skip


def test_ranges_between_sampled_rowids_cover_every_row_once_at_one_scn(
    big: OracleStandIn, connection: oracledb.Connection
) -> None:
    sample = f"select rowid from {TABLE} sample block (5) seed (7) order by rowid"
    bounds = [row[0] for row in rows(connection, sample)]
    assert 64 <= len(bounds) <= ROW_COUNT // 5
    moment = scn(connection)
    big.control.execute(f'DELETE FROM {TABLE} WHERE "번호" % 2 = 0')
    read = f'select "번호" from {TABLE} as of scn :1 where'
    found = rows(connection, f"{read} rowid < :2", [moment, bounds[0]])
    for low, high in pairwise(bounds):
        part = f"{read} ROWID >= :2 and ROWID < :3"
        found += rows(connection, part, [moment, low, high])
    found += rows(connection, f"{read} rowid >= :2", [moment, bounds[-1]])
    assert found == [(number,) for number in range(ROW_COUNT)]
    between = f"select count(*) from {TABLE} as of scn {moment} where rowid between :1 and :2"
    assert rows(connection, between, [bounds[0], bounds[0]]) == [(1,)]
    big.control.execute(
        f"INSERT INTO {TABLE} SELECT range, 'n' || range FROM range(0, {ROW_COUNT}, 2)"
    )


def test_a_bound_in_the_middle_of_a_block_or_of_another_object_takes_no_row_twice(
    connection: oracledb.Connection,
) -> None:
    ((first,),) = rows(connection, f"select min(rowid) from {TABLE}")
    past_the_block = first[:15] + "AH/"  # the block's last possible row
    count = f"select count(*) from {TABLE} where rowid"
    below, above = (
        rows(connection, f"{count} {operator} :1", [past_the_block])[0][0]
        for operator in ("<", ">=")
    )
    assert (below > 0, below + above) == (True, ROW_COUNT)
    assert rows(connection, f"{count} <= :1", ["A" * 18]) == [(0,)]
    assert rows(connection, f"{count} >= :1", ["A" * 18]) == [(ROW_COUNT,)]
    assert rows(connection, f"{count} < :1", ["/" * 18]) == [(ROW_COUNT,)]
    with pytest.raises(oracledb.DatabaseError, match="ORA-01410"):
        rows(connection, f"{count} < :1", ["not a rowid"])


def test_a_sample_is_a_share_of_the_rows_and_repeats_with_its_seed(
    connection: oracledb.Connection,
) -> None:
    sample = f'select "번호" from {TABLE} sample (10) seed (3) where "번호" >= 0 or 1 = 0'
    found = rows(connection, sample)
    assert ROW_COUNT * 0.08 < len(found) < ROW_COUNT * 0.12
    assert rows(connection, sample) == found
    assert rows(connection, sample.replace("seed (3)", "seed (4)")) != found
    with pytest.raises(oracledb.DatabaseError, match="ORA-30562"):
        rows(connection, f"select rowid from {TABLE} sample block (100)")


def test_a_chunk_can_be_read_in_a_read_only_transaction_and_through_a_subquery(
    connection: oracledb.Connection,
) -> None:
    connection.cursor().execute("set transaction read only")
    ((low,), (high,)) = rows(
        connection, f'select rowid from {TABLE} where "번호" in (101, 203) order by rowid'
    )
    part = f'(select "번호", "이름" from {TABLE} where rowid >= :1 and rowid < :2)'
    assert len(rows(connection, f'select "이름" from {part} where "번호" > :3', [low, high, 0]))
    assert rows(connection, f'select "번호" from {part} fetch first 1 rows only', [low, high])
    assert rows(connection, f"select count(*) from {part} where rownum <= 5", [low, high]) == [(5,)]
    connection.rollback()


def test_kept_encodings_of_a_range_are_of_that_range(
    big: OracleStandIn, connection: oracledb.Connection
) -> None:
    big.control.keep_encoded("주문 내역")
    moment = scn(connection)
    read = f'select count(*) from {TABLE} as of scn :1 where "번호" < :2'
    for _ in range(2):
        assert rows(connection, read, [moment, 10]) == [(10,)]
        assert rows(connection, read, [moment, 20]) == [(20,)]


def test_a_view_has_no_rowids_and_no_sample(
    big: OracleStandIn, connection: oracledb.Connection
) -> None:
    big.control.execute(f'CREATE VIEW SHOP."보기" AS SELECT * FROM {TABLE}')
    for asked in ("", " sample block (1)"):
        with pytest.raises(oracledb.DatabaseError, match="ORA-01445"):
            rows(connection, f'select rowidtochar(rowid) from "SHOP"."보기"{asked} order by rowid')
    assert rows(connection, 'select count(*) from "SHOP"."보기"') == [(ROW_COUNT,)]
