"""What a column becomes whose values decide it, from staged text to the sealed file."""

import random
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sync.fidelity import ColumnFidelity
from sync.plan import Column, TableRef
from sync.settlement import Measure, settle
from sync.warehouse.generation import building, seal, settle_rows, stage_rows
from sync.warehouse.layout import DATA_FILE
from tests.sync.tables import record_batch, table_plan

REF = TableRef(source="main", schema_name="SHOP", table="T")


def settled(
    root: Path, kind: str, values: Sequence[str | None]
) -> tuple[ColumnFidelity, list[str | None]]:
    """The report on a column of these staged values, and what the sealed file holds as text."""
    plan = table_plan([("N", "NUMBER(9)"), ("V", kind)])
    with building(root, plan.ref, "run") as folder:
        rows: list[tuple[Any, ...]] = list(enumerate(values))
        stage_rows(folder, plan, iter([record_batch(plan, rows)]), lambda _: None)
        outcome = settle_rows(folder, plan)
        assert seal(folder, plan)[0] == len(values)
        assert [path.name for path in folder.iterdir()] == [DATA_FILE]
        with duckdb.connect(folder / DATA_FILE, read_only=True) as db:
            db.execute("SET TimeZone = 'UTC'")
            kept = db.execute("SELECT CAST(V AS VARCHAR), typeof(V) FROM SHOP.T ORDER BY N")
            found = kept.fetchall()
    report = outcome.fidelity[1]
    full = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}
    assert {row[1] for row in found} <= {full.get(report.duckdb_type, report.duckdb_type)}
    assert outcome.columns[1].duckdb_type == report.duckdb_type
    return report, [row[0] for row in found]


@pytest.mark.parametrize(
    ("values", "duckdb_type", "kept"),
    [
        ([], "BIGINT", []),
        ([None], "BIGINT", [None]),
        (["0", "-7", "999999999999999999"], "BIGINT", ["0", "-7", "999999999999999999"]),
        (["1000000000000000000"], "DECIMAL(38,0)", ["1000000000000000000"]),
        ([".5", "-.25", "12"], "DECIMAL(18,2)", ["0.50", "-0.25", "12.00"]),
        (["9" * 38], "DECIMAL(38,0)", ["9" * 38]),
        (["-" + "9" * 38], "DECIMAL(38,0)", ["-" + "9" * 38]),
        (["." + "0" * 37 + "1"], "DECIMAL(38,38)", ["." + "0" * 37 + "1"]),
        (["12345678.1234567891"], "DECIMAL(18,10)", ["12345678.1234567891"]),
        (["123456789.1234567891"], "DECIMAL(38,10)", ["123456789.1234567891"]),
        (["." + "3" * 40, "1"], "VARCHAR", ["0." + "3" * 40, "1"]),
        (["1" + "0" * 38, "-.5"], "VARCHAR", ["1" + "0" * 38, "-0.5"]),
        (["9" * 30, ".000000001"], "VARCHAR", ["9" * 30, "0.000000001"]),
        (["9.9E+125", "1E-130"], "VARCHAR", ["9.9E+125", "1E-130"]),
    ],
)
def test_a_bare_number_becomes_the_narrowest_type_that_holds_all_its_values(
    tmp_path: Path, values: list[str | None], duckdb_type: str, kept: list[str | None]
) -> None:
    report, found = settled(tmp_path, "NUMBER", values)
    assert (report.duckdb_type, report.lossless, found) == (duckdb_type, True, kept)


def test_numbers_that_no_decimal_holds_are_counted_and_none_is_rounded(tmp_path: Path) -> None:
    third = "." + "3" * 40
    report, found = settled(tmp_path, "FLOAT(126)", ["1", third, "9.9E+125"])
    assert report.why == "number_as_text"
    assert report.params == {"whole": 1, "fraction": 40, "count": 2}
    assert found == ["1", "0" + third, "9.9E+125"]


def oracle_text(number: Decimal) -> str:
    """As TO_CHAR(n, 'TM9') writes it: no zero before the point, scientific above 64 characters."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    text = text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text
    return text if len(text) <= 64 else f"{number:E}"


@pytest.mark.parametrize("seed", range(5))
def test_random_numbers_come_back_with_every_digit(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    longest, shift = chance.choice([(6, 2), (18, 9), (30, 8), (40, 40), (40, 125)])
    numbers = [
        Decimal(chance.choice(["", "-"]) + str(chance.randrange(1, 10**longest)))
        .scaleb(-chance.randrange(shift + 1))
        .normalize()
        for _ in range(200)
    ]
    _, found = settled(tmp_path, "NUMBER", [oracle_text(number) for number in numbers])
    assert [Decimal(text or "NaN") for text in found] == numbers


@pytest.mark.parametrize(
    ("kind", "values", "duckdb_type", "kept"),
    [
        (
            "TIMESTAMP(9)",
            [" 2026-11-22 09:30:01.123456789", None],
            "TIMESTAMP_NS",
            ["2026-11-22 09:30:01.123456789", None],
        ),
        (
            "TIMESTAMP(7)",
            [" 9999-12-31 23:59:59.123456000", " 1500-01-01 00:00:00.000000000"],
            "TIMESTAMP",
            ["9999-12-31 23:59:59.123456", "1500-01-01 00:00:00"],
        ),
        (
            "TIMESTAMP(9)",
            [" 9999-12-31 23:59:59.123456001"],
            "VARCHAR",
            ["9999-12-31 23:59:59.123456001"],
        ),
        (
            "TIMESTAMP(9)",
            ["-4712-01-01 00:00:00.000000000"],
            "VARCHAR",
            ["-4712-01-01 00:00:00.000000000"],
        ),
        (
            "TIMESTAMP(9) WITH TIME ZONE",
            [" 2026-11-22 00:30:01.123456000"],
            "TIMESTAMPTZ",
            ["2026-11-22 00:30:01.123456+00"],
        ),
        (
            "TIMESTAMP(9) WITH LOCAL TIME ZONE",
            [" 2026-11-22 00:30:01.123456789"],
            "TIMESTAMP_NS",
            ["2026-11-22 00:30:01.123456789"],
        ),
        (
            "TIMESTAMP(9) WITH TIME ZONE",
            [" 2300-01-01 00:00:00.000000001"],
            "VARCHAR",
            ["2300-01-01 00:00:00.000000001"],
        ),
        (
            "INTERVAL DAY(2) TO SECOND(6)",
            ["+03 01:00:00.500000", "-00 00:00:00.000001", None],
            "INTERVAL",
            ["3 days 01:00:00.5", "-00:00:00.000001", None],
        ),
        (
            "INTERVAL DAY(9) TO SECOND(9)",
            ["-999999999 23:59:59.999999000"],
            "INTERVAL",
            ["-999999999 days -23:59:59.999999"],
        ),
        (
            "INTERVAL DAY(9) TO SECOND(9)",
            ["+000000003 01:00:00.500000001"],
            "VARCHAR",
            ["+000000003 01:00:00.500000001"],
        ),
        ("INTERVAL YEAR(2) TO MONTH", ["-02-03"], "INTERVAL", ["-2 years -3 months"]),
        ("INTERVAL YEAR(9) TO MONTH", ["+999999999-11"], "VARCHAR", ["+999999999-11"]),
    ],
)
def test_a_time_becomes_what_holds_all_its_digits(
    tmp_path: Path,
    kind: str,
    values: list[str | None],
    duckdb_type: str,
    kept: list[str | None],
) -> None:
    report, found = settled(tmp_path, kind, values)
    assert (report.duckdb_type, found) == (duckdb_type, kept)


def test_an_offset_that_is_not_kept_is_said() -> None:
    zoned = Column(
        name="A",
        oracle_type="TIMESTAMP(6) WITH TIME ZONE",
        duckdb_type="TIMESTAMPTZ",
        nullable=True,
    )
    kinds = ("", "LOCAL ")
    columns = [
        zoned.model_copy(update={"oracle_type": f"TIMESTAMP({digits}) WITH {kind}TIME ZONE"})
        for digits in (6, 9)
        for kind in kinds
    ]
    report = settle(REF, columns, {"A": Measure(finer=1)}).fidelity
    assert [(one.why, one.lossless) for one in report] == [
        ("instant", False),
        ("local_instant", True),
        ("utc_nanoseconds", False),
        ("local_nanoseconds", True),
    ]


@pytest.mark.parametrize(
    ("oracle_type", "current", "measure", "widened"),
    [
        ("NUMBER", "BIGINT", Measure(whole=3), "BIGINT"),
        ("NUMBER", "BIGINT", Measure(whole=3, fraction=2), "DECIMAL(38,2)"),
        ("NUMBER", "BIGINT", Measure(whole=20), "DECIMAL(38,0)"),
        ("NUMBER", "DECIMAL(18,2)", Measure(whole=3), "DECIMAL(18,2)"),
        ("NUMBER", "DECIMAL(18,2)", Measure(fraction=4), "DECIMAL(38,4)"),
        ("NUMBER", "DECIMAL(38,10)", Measure(fraction=11), "VARCHAR"),
        ("NUMBER", "VARCHAR", Measure(whole=1), "VARCHAR"),
        ("NUMBER", "BIGINT", Measure(boundless=1), "VARCHAR"),
        ("TIMESTAMP(9)", "TIMESTAMP_NS", Measure(), "TIMESTAMP_NS"),
        ("TIMESTAMP(9)", "TIMESTAMP_NS", Measure(out_of_reach=1), "VARCHAR"),
        ("TIMESTAMP(9)", "TIMESTAMP", Measure(), "TIMESTAMP"),
        ("TIMESTAMP(9)", "TIMESTAMP", Measure(finer=1), "VARCHAR"),
        ("TIMESTAMP(9) WITH TIME ZONE", "TIMESTAMPTZ", Measure(), "TIMESTAMPTZ"),
        ("TIMESTAMP(9) WITH TIME ZONE", "TIMESTAMP_NS", Measure(), "TIMESTAMP_NS"),
        ("INTERVAL DAY(2) TO SECOND(9)", "VARCHAR", Measure(), "VARCHAR"),
    ],
)
def test_beside_rows_that_stay_a_type_only_widens(
    oracle_type: str, current: str, measure: Measure, widened: str
) -> None:
    column = Column(name="A", oracle_type=oracle_type, duckdb_type="INTERVAL", nullable=True)
    outcome = settle(REF, [column], {"A": measure}, current={"A": current})
    assert outcome.columns[0].duckdb_type == widened


def test_what_is_cut_is_counted_and_what_is_left_out_is_named(tmp_path: Path) -> None:
    plan = table_plan([("ID", "NUMBER(9)"), ("BODY", "CLOB")])
    body = plan.columns[1].model_copy(update={"policy": "truncate", "limit": 3})
    photo = body.model_copy(update={"name": "PHOTO", "policy": "skip"})
    plan = plan.model_copy(update={"columns": (plan.columns[0], body), "left_out": (photo,)})
    batch = record_batch(plan, [(1, "가나다", 5), (2, "ab", 2), (3, None, None)])
    with building(tmp_path, plan.ref, "run") as folder:
        stage_rows(folder, plan, iter([batch]), lambda _: None)
        report = settle_rows(folder, plan).fidelity
        seal(folder, plan)
        with duckdb.connect(folder / DATA_FILE, read_only=True) as db:
            assert db.execute("SELECT * FROM SHOP.T ORDER BY ID").fetchall() == [
                (1, "가나다"),
                (2, "ab"),
                (3, None),
            ]
    assert [(one.name, one.why, one.lossless, one.params) for one in report] == [
        ("ID", "whole", True, {}),
        ("BODY", "cut", False, {"limit": 3, "count": 1}),
        ("PHOTO", "left_out", False, {}),
    ]
