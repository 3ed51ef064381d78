"""Korean bytes in databases that take them for other signs: decoded by column, and proven."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import pytest

from app.fidelity_texts import word_fidelity
from sandbox.oracle.process import OracleStandIn, start_oracle
from sync.catalog import OracleColumn, TableFacts
from sync.columns import ColumnChoices, plan_columns
from sync.errors import ColumnNotFound, DuckferryError, EncodingDoesNotFit, NotDecodable
from sync.oracle import Session, Source, connect, rows
from sync.plan import Encoding, Filter, TableRef
from sync.planning import TableSettings, make_table_plan
from sync.planning_errors import BadFilter
from sync.receipt import TableReceipt
from sync.reproving import prove_again
from sync.statements import rows_of
from sync.warehouse.manifest import read_manifest
from tests.sync.copying import copied_rows, plan_copy, run_copy


def shop(table: str) -> TableRef:
    return TableRef(source="main", schema_name="SHOP", table=table)


REF = shop("PEOPLE")
KOREAN = ("김민지", "뷁 ABC 123", "", "서울특별시 " * 3, "ASCII")
LONG = "x" + "가나다라" * 450
"""3,601 bytes of cp949, more than SQL gives of a RAW: the cut at 2,000 goes through a sign."""
COLUMNS = [("ID", "NUMBER(3)"), ("NAME", "VARCHAR2(80)"), ("CITY", "CHAR(60)")]
MEMO = ("MEMO", "VARCHAR2(4000)")


def held(text: str, encoding: str) -> str:
    """Text as the stand-in holds its bytes: a sign for each."""
    return text.encode(encoding).decode("latin-1")


@pytest.fixture(scope="module", params=["US7ASCII", "WE8ISO8859P1"])
def old(request: pytest.FixtureRequest) -> Iterator[OracleStandIn]:
    with start_oracle(
        "tiger", date(2026, 3, 1), tables=[], character_set=request.param
    ) as stand_in:
        yield stand_in


def session_of(oracle: OracleStandIn) -> AbstractContextManager[Session]:
    source = Source("main", oracle.dsn, oracle.user, oracle.password, call_timeout_seconds=20)
    return connect(source, action="sync", client_identifier="U1")


def settings(encodings: dict[str, Encoding], where: tuple[Filter, ...] = ()) -> TableSettings:
    return TableSettings(
        1_000, choices=ColumnChoices(encodings=encodings), where=where, proof="deep"
    )


def copied(
    oracle: OracleStandIn, root: Path, ref: TableRef, encodings: dict[str, Encoding]
) -> TableReceipt:
    def open_session(_: str) -> AbstractContextManager[Session]:
        return session_of(oracle)

    plan = plan_copy(open_session, root, ref, settings(encodings))
    return run_copy(open_session, root, plan, settings(encodings))


def kept(root: Path, column: str) -> list[str | None]:
    return [text for _, text in copied_rows(root, REF, f"ID, {column}")]


def test_text_is_decoded_as_bot_toml_says_and_proven_by_its_bytes(
    old: OracleStandIn, tmp_path: Path
) -> None:
    values = [
        [str(number), held(text, "cp949"), held(text, "utf-8"), held(LONG[number:], "cp949")]
        for number, text in enumerate(KOREAN)
    ]
    old.control.create_table("PEOPLE", [*COLUMNS, MEMO], key=["ID"], rows=values)
    receipt = copied(old, tmp_path, REF, {"NAME": "cp949", "CITY": "utf-8", "MEMO": "cp949"})
    assert kept(tmp_path, "NAME") == [text or None for text in KOREAN]
    assert [text and text.rstrip() for text in kept(tmp_path, "CITY")] == [
        text.rstrip() or None for text in KOREAN
    ]
    assert kept(tmp_path, "MEMO") == [LONG[number:] for number in range(len(KOREAN))]

    bytes_of = {check.what: check.oracle for check in receipt.checks if "bytes" in check.what}
    assert bytes_of == {
        "bytes(NAME)": str(sum(len(text.encode("cp949")) for text in KOREAN)),
        "bytes(CITY)": str(60 * sum(bool(text) for text in KOREAN)),
        "bytes(MEMO)": str(sum(len(LONG[n:].encode("cp949")) for n in range(len(KOREAN)))),
    }
    assert not [check for check in receipt.checks if "length" in check.what]
    report = {column.name: column for column in receipt.columns}
    assert [report[name].why for name in ("NAME", "CITY")] == ["decoded_cp949", "decoded_utf8"]
    assert report["NAME"].lossless
    assert "Decoded from cp949" in word_fidelity("en", report["NAME"])
    assert "UTF-8로 해석" in word_fidelity("ko", report["CITY"])


def test_the_proof_of_a_decoded_copy_can_be_repeated(old: OracleStandIn, tmp_path: Path) -> None:
    values = [[str(n), held(text, "cp949"), "x"] for n, text in enumerate(KOREAN)]
    old.control.create_table("AGAIN", COLUMNS, key=["ID"], rows=values)
    receipt = copied(old, tmp_path, shop("AGAIN"), {"NAME": "cp949"})
    entry = read_manifest(tmp_path).entry(shop("AGAIN"))
    found = prove_again(tmp_path, entry, lambda _: session_of(old))
    assert (found.verdict, found.proof, found.checks) == ("agrees", "deep", receipt.checks)


def test_bytes_that_are_no_text_in_it_stop_the_run_by_name_with_their_number(
    old: OracleStandIn, tmp_path: Path
) -> None:
    broken = ["1", "Ren\xe9", "x"], ["2", held("김", "cp949"), "x"], ["3", "\xff", "x"]
    old.control.create_table("BROKEN", COLUMNS, key=["ID"], rows=broken)
    with pytest.raises(NotDecodable, match=r"^2 of the 3 .* column NAME of SHOP.BROKEN .* cp949"):
        copied(old, tmp_path, shop("BROKEN"), {"NAME": "cp949"})
    assert read_manifest(tmp_path).find(shop("BROKEN")) is None


def test_without_the_setting_such_a_database_sends_other_signs(old: OracleStandIn) -> None:
    old.control.create_table("PLAIN", COLUMNS, rows=[["1", held("김", "cp949"), "x"]])
    with session_of(old) as session:
        [(name, charset)] = rows(
            session,
            "SELECT name, (SELECT value FROM nls_database_parameters "
            "WHERE parameter = 'NLS_CHARACTERSET') FROM shop.plain",
        )
    assert name == ("\ufffd\ufffd" if charset == "US7ASCII" else held("김", "cp949"))


FACTS = TableFacts(
    ref=REF,
    columns=(
        OracleColumn("ID", "NUMBER(3)", nullable=False, comment=None),
        OracleColumn("NAME", "VARCHAR2(4000)", nullable=True, comment=None),
        OracleColumn("WIDE", "NVARCHAR2(20)", nullable=True, comment=None),
    ),
    key=("ID",),
    comment=None,
    rows=None,
    bytes=None,
    analyzed_at=None,
)


@pytest.mark.parametrize(
    ("encodings", "where", "error"),
    [
        ({"WIDE": "cp949"}, (), EncodingDoesNotFit),
        ({"ID": "cp949"}, (), EncodingDoesNotFit),
        ({"NONE": "cp949"}, (), ColumnNotFound),
        ({"NAME": "cp949"}, (Filter(column="NAME", op="=", values=("김",)),), BadFilter),
    ],
)
def test_what_cannot_be_decoded_or_compared_is_refused_when_it_is_planned(
    encodings: dict[str, Encoding], where: tuple[Filter, ...], error: type[DuckferryError]
) -> None:
    with pytest.raises(error):
        make_table_plan(FACTS, settings(encodings, where))


def test_the_encoding_is_part_of_what_is_agreed_on() -> None:
    plain = make_table_plan(FACTS, settings({}))
    decoded = make_table_plan(FACTS, settings({"NAME": "cp949"}))
    assert plain.column("NAME").declared != decoded.column("NAME").declared
    sql = rows_of(decoded, None).sql
    assert 'UTL_RAW.CAST_TO_RAW(SUBSTRB("NAME", 1, 2000)) AS "NAME"' in sql
    assert 'UTL_RAW.CAST_TO_RAW(SUBSTRB("NAME", 2001, 2000)) AS "piece 0"' in sql


def test_a_skipped_column_needs_no_encoding() -> None:
    choices = ColumnChoices(policies={"WIDE": "skip"}, encodings={"WIDE": "cp949"})
    copied_columns, left_out = plan_columns(REF, FACTS.columns, choices)
    assert [column.name for column in copied_columns] == ["ID", "NAME"]
    assert [column.name for column in left_out] == ["WIDE"]
