"""Both sides are asked the same and answer alike for every type, and a digit's difference shows."""

import hashlib
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.oracle.process import OracleStandIn
from sync.plan import Proof, TableRef
from sync.planning import TableSettings
from sync.proof import as_text, compared, figures, require_agreement
from sync.proof_errors import FigureDiffers
from sync.receipt import Check, TableReceipt
from tests.sync.copying import OpenSession, plan_copy, run_copy
from tests.sync.tables import table_plan


def copied(
    oracle: OracleStandIn,
    open_session: OpenSession,
    root: Path,
    table: str,
    kind: str,
    literals: list[str],
    proof: Proof = "sums",
) -> TableReceipt:
    oracle.control.create_table(table, [("ID", "NUMBER(3)"), ("V", kind)], key=["ID"])
    rows = ", ".join(f"({number}, {literal})" for number, literal in enumerate(literals))
    oracle.control.execute(f'INSERT INTO SHOP."{table}" VALUES {rows}')
    settings = replace(TableSettings(1000), proof=proof)
    ref = TableRef(source="main", schema_name="SHOP", table=table)
    plan = plan_copy(open_session, root, ref, settings)
    return run_copy(open_session, root, plan, settings)


def of_v(receipt: TableReceipt) -> dict[str, str]:
    return {one.what.partition("(")[0]: one.oracle for one in receipt.checks if "(V)" in one.what}


@pytest.mark.parametrize(
    ("kind", "literals", "figures_of_v"),
    [
        (
            "NUMBER(12,2)",
            ["1.10", "-2.25", "NULL"],
            {"count": "2", "sum": "-1.15", "min": "-2.25", "max": "1.1"},
        ),
        (
            "NUMBER(38)",
            ["99999999999999999999999999999999999999", "99999999999999999999999999999999999999"],
            {
                "count": "2",
                "sum": "200000000000000000000000000000000000000",
                "min": "99999999999999999999999999999999999999",
                "max": "99999999999999999999999999999999999999",
            },
        ),
        ("VARCHAR2(20 CHAR)", ["'한글'", "'😀a'", "NULL"], {"count": "2", "length": "4"}),
        ("CHAR(5)", ["'a'", "'bb'"], {"count": "2", "length": "10"}),
        (
            "DATE",
            [
                "TIMESTAMP_S '0001-01-01 00:00:00'",
                "TIMESTAMP_S '1969-12-31 23:59:59'",
                "TIMESTAMP_S '2026-11-27 09:30:01'",
            ],
            {
                "count": "3",
                "sum": "39962459328960",
                "min": "10101000000",
                "max": "20261127093001",
            },
        ),
        (
            "TIMESTAMP(6)",
            ["TIMESTAMP '1970-01-01 00:00:00.000001'", "NULL"],
            {
                "count": "1",
                "sum": "19700101000000000001000",
                "min": "19700101000000000001000",
                "max": "19700101000000000001000",
            },
        ),
        (
            "TIMESTAMP(3) WITH TIME ZONE",
            ["TIMESTAMPTZ '1970-01-01 09:00:00+09:00'"],
            {
                "count": "1",
                "sum": "19700101000000000000000",
                "min": "19700101000000000000000",
                "max": "19700101000000000000000",
            },
        ),
        (
            "BINARY_DOUBLE",
            ["'NaN'::DOUBLE", "0.1::DOUBLE"],
            {
                "count": "2",
                "nan": "1",
                "min": "0.1",
                "max": "nan",
            },
        ),
        ("FLOAT(49)", ["0.1", "1.25"], {"count": "2", "min": "0.1", "max": "1.25"}),
        (
            "RAW(32767)",
            ["repeat('\\xFF', 20000)::BLOB", "NULL"],
            {"count": "1", "length": "20000"},
        ),
        ("RAW(4)", ["'\\x00\\xFF'::BLOB", "NULL"], {"count": "1", "length": "2"}),
    ],
)
def test_each_type_is_proven_by_its_own_figures(
    oracle: OracleStandIn,
    open_session: OpenSession,
    tmp_path: Path,
    table_name: str,
    kind: str,
    literals: list[str],
    figures_of_v: dict[str, str],
) -> None:
    receipt = copied(oracle, open_session, tmp_path, table_name[-60:], kind, literals)
    assert all(check.agrees for check in receipt.checks)
    found = of_v(receipt)
    assert found == figures_of_v


@pytest.mark.parametrize(("size", "through_hex"), [(16_383, True), (16_384, False)])
def test_bytes_whose_hex_is_longer_than_a_text_may_be_are_not_measured_by_it(
    *, size: int, through_hex: bool
) -> None:
    plan = table_plan([("V", f"RAW({size})")])
    asked = {figure.what: figure.oracle for figure in figures(plan, plan.columns)}
    assert ("RAWTOHEX" in asked["length(V)"]) is through_hex


def test_a_count_alone_asks_nothing_else(
    oracle: OracleStandIn, open_session: OpenSession, tmp_path: Path, table_name: str
) -> None:
    receipt = copied(oracle, open_session, tmp_path, table_name, "NUMBER(3)", ["1"], "count")
    assert receipt.checks == (Check(what="rows", oracle="1", copy_value="1"),)


def test_a_deep_proof_hashes_text_whatever_the_order_of_rows(
    oracle: OracleStandIn, open_session: OpenSession, tmp_path: Path, table_name: str
) -> None:
    texts = ["'가나다'", "'abc'", "NULL"]
    receipt = copied(oracle, open_session, tmp_path, table_name, "VARCHAR2(20 CHAR)", texts, "deep")
    first_digits = [hashlib.md5(text.encode()).hexdigest()[:15] for text in ("가나다", "abc")]  # noqa: S324 -- no secret
    assert of_v(receipt)["md5"] == str(sum(int(digits, 16) for digits in first_digits))


def test_a_deep_proof_hashes_long_text_by_pieces_that_oracle_has_room_for(
    oracle: OracleStandIn, open_session: OpenSession, tmp_path: Path, table_name: str
) -> None:
    texts = ["repeat('가', 1200)", "repeat('나', 500)"]
    receipt = copied(oracle, open_session, tmp_path, table_name, "NVARCHAR2(1200)", texts, "deep")
    pieces = (["가" * 500, "나" * 500], ["가" * 500], ["가" * 200])
    sums = [
        sum(int(hashlib.md5(one.encode()).hexdigest()[:15], 16) for one in piece)  # noqa: S324 -- no secret
        for piece in pieces
    ]
    found = of_v(receipt)
    assert [found["md5"], found["md5 from 501"], found["md5 from 1001"]] == [str(n) for n in sums]


def test_figures_that_differ_are_told_by_column() -> None:
    plan = table_plan([("AMOUNT", "NUMBER(12,2)")])
    asked = figures(plan, plan.columns)
    checks = compared(asked, [2, 2, Decimal("3.1"), 1, 2], [2, 2, Decimal("3.10"), 1, 2])
    require_agreement(plan, checks)
    wrong = compared(asked, [2, 2, Decimal("3.1"), 1, 2], [2, 2, Decimal("3.11"), 1, 2])
    with pytest.raises(FigureDiffers, match=r"sum\(AMOUNT\) is 3.11 but Oracle says 3.1\."):
        require_agreement(plan, wrong)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0, "0"),
        (Decimal("-0.00"), "0"),
        (Decimal("1E+3"), "1000"),
        (Decimal("12.500"), "12.5"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (10**38, "1" + "0" * 38),
    ],
)
def test_a_figure_is_compared_as_plain_text(value: object, text: str) -> None:
    assert as_text(value) == text
