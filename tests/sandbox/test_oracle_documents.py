"""LOBs by locator, JSON as the value it is, and XML as text."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import oracledb
import pytest

from sandbox.oracle.faults import Fault
from sandbox.oracle.process import OracleStandIn, SmallTable, start_oracle
from sandbox.oracle.release import ReleaseName
from tests.sandbox.oracle_fixture import connect, rows

LONG = "주문 🦆 " * 20_000
XML = "<주문><번호>1</번호></주문>"
DOCUMENT: dict[str, Any] = {
    "번호": 12345678901234567890,
    "합계": Decimal("-0.10"),
    "줄": [{"이름": "오리" * 200, "수": 0}, None, True, False, "x" * 70_000],
    "빈": {},
}
TABLE = SmallTable(
    "DOCUMENTS",
    [("ID", "NUMBER(5)"), ("C", "CLOB"), ("N", "NCLOB"), ("B", "BLOB"), ("J", "JSON"),
     ("X", "XMLTYPE")],
    [(1, LONG, "한글", b"\x00\xff" * 50_000, json.dumps(DOCUMENT, default=float), XML),
     (2, None, None, None, None, None),
     (3, "짧다", "x", b"1", '"그냥 글"', f"<a>{'긴 ' * 20_000}</a>")],
)  # fmt: skip


@pytest.fixture(scope="module", params=["19c", "23ai"])
def stand_in(request: pytest.FixtureRequest) -> Iterator[OracleStandIn]:
    release: ReleaseName = request.param
    with start_oracle("p", date(2026, 3, 1), tables=[TABLE], release=release) as stand_in:
        yield stand_in


@pytest.fixture
def connection(stand_in: OracleStandIn) -> Iterator[oracledb.Connection]:
    with connect(stand_in) as connection:
        yield connection


def test_lobs_are_read_by_their_locators(connection: oracledb.Connection) -> None:
    statement = 'select "C", "N", "B" from "SHOP"."DOCUMENTS" order by "ID"'
    for _ in range(2):  # the second time the statement is known to both sides
        first, second, third = rows(connection, statement)
        assert [lob.read() for lob in first] == [LONG, "한글", b"\x00\xff" * 50_000]
        assert second == (None, None, None)
        assert [lob.read() for lob in third] == ["짧다", "x", b"1"]
        assert [lob.size() for lob in first] == [6 * 20_000, 2, 100_000]
        assert first[0].read(1, 2) == "주문"
        assert first[2].read(2, 3) == b"\xff\x00\xff"
        assert first[2].getchunksize() > 0


def test_a_lob_cannot_be_written_and_the_connection_stays(
    connection: oracledb.Connection,
) -> None:
    ((lob,),) = rows(connection, 'select "B" from "SHOP"."DOCUMENTS" where "ID" = 3')
    with pytest.raises(oracledb.DatabaseError, match="ORA-01031"):
        lob.trim(0)
    assert lob.read() == b"1"


def test_reading_a_lob_can_fail_or_lose_the_connection(
    stand_in: OracleStandIn, connection: oracledb.Connection
) -> None:
    ((lob,),) = rows(connection, 'select "C" from "SHOP"."DOCUMENTS" where "ID" = 1')
    stand_in.control.fault(Fault("error", code=1555, at="lob"))
    with pytest.raises(oracledb.DatabaseError, match="ORA-01555"):
        lob.read()
    assert lob.read() == LONG
    stand_in.control.fault(Fault("drop", at="lob"))
    with pytest.raises(oracledb.DatabaseError, match="DPY-4011"):
        lob.read()


def test_json_arrives_as_the_value_it_is(connection: oracledb.Connection) -> None:
    found = rows(connection, 'select "J", "ID" from "SHOP"."DOCUMENTS" order by "ID"')
    (document, _), (nothing, _), (text, _) = found
    assert document == json.loads(json.dumps(DOCUMENT, default=float), parse_float=Decimal)
    assert (nothing, text) == (None, "그냥 글")


def test_xml_as_an_object_is_refused_in_words(connection: oracledb.Connection) -> None:
    with pytest.raises(oracledb.DatabaseError, match="only as a CLOB"):
        rows(connection, 'select "X" from "SHOP"."DOCUMENTS"')


@pytest.mark.parametrize(
    ("expression", "column", "length"),
    [
        ('XMLSERIALIZE(CONTENT "X" AS CLOB)', XML, len(XML)),
        ('t."X".getClobVal()', XML, len(XML)),
        ('SUBSTR(XMLSERIALIZE(CONTENT "X" AS CLOB), 1, 4)', XML[:4], 4),
        ('SUBSTR("C", 1, 4)', LONG[:4], 5),
        ('JSON_SERIALIZE("J" RETURNING CLOB)', json.dumps(DOCUMENT, default=float), None),
    ],
)
def test_documents_can_be_asked_for_as_clobs(
    connection: oracledb.Connection, expression: str, column: str, length: int | None
) -> None:
    statement = f'select {expression} as "E" from "SHOP"."DOCUMENTS" t where "ID" = 1'
    with connection.cursor() as cursor:
        cursor.execute(statement, fetch_lobs=False)
        described: list[Any] = list(cursor.description or ())
        assert described[0][1] == oracledb.DB_TYPE_LONG  # as which a CLOB comes inline
        assert cursor.fetchall() == [(column,)]
    if length is not None:
        told = f'select DBMS_LOB.GETLENGTH({expression}) from "SHOP"."DOCUMENTS" t where "ID" = 1'
        assert rows(connection, told) == [(length,)]


def test_the_first_bytes_of_a_blob(connection: oracledb.Connection) -> None:
    first = 'select DBMS_LOB.SUBSTR("B", 3, 1) from "SHOP"."DOCUMENTS" where "ID" = 1'
    assert rows(connection, first) == [(b"\x00\xff\x00",)]
