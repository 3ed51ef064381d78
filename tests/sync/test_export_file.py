"""Files of rows: each format holds what it can, says nothing false, and starts anew if told to."""

import csv
import os
import time
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from pyarrow import parquet

from sync.errors import BadQuery
from sync.warehouse.export_file import KEPT_SECONDS, ExportFile, FileFormat

arrow_parquet: Any = parquet


def written(root: Path, file_format: FileFormat, kinds: list[str], *rows: list[Any]) -> Path:
    file = ExportFile(root, file_format, "Asia/Seoul")
    file.begin([(f"c{at}", kind) for at, kind in enumerate(kinds)])
    file.add(rows)
    file.close()
    assert file.rows == len(rows)
    return file.path


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_a_sheet_would_run_is_text_and_numbers_stay_numbers(
    tmp_path: Path, sign: str
) -> None:
    path = written(tmp_path, "csv", ["VARCHAR", "DECIMAL(5,1)"], [f"{sign}1+1", "-5.0"])
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1] == [f"'{sign}1+1", "-5.0"]


def test_a_column_called_like_a_formula_is_harmless_too(tmp_path: Path) -> None:
    file = ExportFile(tmp_path, "csv", "UTC")
    file.begin([("=cmd()", "BIGINT")])
    file.close()
    assert file.path.read_text("utf-8-sig") == "'=cmd()\n"


@pytest.mark.parametrize("file_format", ["csv", "xlsx", "parquet"])
def test_rows_that_come_again_from_the_start_are_there_once(
    tmp_path: Path, file_format: FileFormat
) -> None:
    file = ExportFile(tmp_path, file_format, "UTC")
    file.begin([("a", "BIGINT")])
    file.add([[1], [2], [3]])
    file.begin([("b", "BIGINT")])
    file.add([[4]])
    file.close()
    assert file.rows == 1
    if file_format == "csv":
        assert file.path.read_text("utf-8-sig").split() == ["b", "4"]
    elif file_format == "parquet":
        assert arrow_parquet.read_table(file.path).to_pylist() == [{"b": 4}]
    else:
        with ZipFile(file.path) as book:
            sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert sheet.count("<row ") == 2


def test_parquet_holds_each_type_as_what_it_is(tmp_path: Path) -> None:
    kinds = ["HUGEINT", "DATE", "TIMESTAMP WITH TIME ZONE", "BLOB", "DOUBLE", "TIME", "BOOLEAN"]
    row = [10**30, "2026-11-22", "2026-11-22T03:04:05.123456+00:00", "00FF", "nan", "01:02", True]
    table = arrow_parquet.read_table(written(tmp_path, "parquet", kinds, row, [None] * 7))
    assert [str(field.type) for field in table.schema] == [
        "decimal128(38, 0)",
        "date32[day]",
        "timestamp[us, tz=UTC]",
        "binary",
        "double",
        "string",
        "bool",
    ]
    found = table.to_pylist()[0]
    assert (int(found["c0"]), found["c3"], found["c5"]) == (10**30, b"\x00\xff", "01:02")
    assert found["c2"].isoformat() == "2026-11-22T03:04:05.123456+00:00"


def test_a_value_parquet_cannot_hold_is_said_by_its_column(tmp_path: Path) -> None:
    with pytest.raises(BadQuery, match="column c0 holds a value that Parquet cannot"):
        written(tmp_path, "parquet", ["DATE"], ["0044-03-15 (BC)"])


def test_a_sheet_cuts_what_is_too_long_for_a_cell_and_counts_it(tmp_path: Path) -> None:
    file = ExportFile(tmp_path, "xlsx", "UTC")
    file.begin([("a", "VARCHAR")])
    file.add([["x" * 40_000], ["y"]])
    file.close()
    assert file.cut_cells == 1


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("BIGINT", 9_007_199_254_740_993, "<t>9007199254740993</t>"),
        ("BIGINT", 900_719_925_474_099, "<v>900719925474099</v>"),
        ("DATE", "1899-12-31", "<t>1899-12-31</t>"),
        ("TIMESTAMP", "2026-01-01T12:00:00", "<v>46023.5</v>"),
        ("TIMESTAMP", "2026-01-01T12:00:00.000001", "<t>2026-01-01T12:00:00.000001</t>"),
        ("TIMESTAMP WITH TIME ZONE", "2026-01-01T03:00:00+00:00", "<v>46023.5</v>"),
        ("VARCHAR", "007", "<t>007</t>"),
        ("VARCHAR", "https://example.com", "<t>https://example.com</t>"),
    ],
)
def test_a_sheet_shows_a_value_as_a_number_or_a_date_only_where_that_is_exact(
    tmp_path: Path, kind: str, value: Any, shown: str
) -> None:
    with ZipFile(written(tmp_path, "xlsx", [kind], [value])) as book:
        assert shown in book.read("xl/worksheets/sheet1.xml").decode()


def test_what_nobody_fetched_for_a_day_is_removed(tmp_path: Path) -> None:
    old = written(tmp_path, "csv", ["BIGINT"], [1])
    then = time.time() - KEPT_SECONDS - 60
    os.utime(old, (then, then))
    new = written(tmp_path, "csv", ["BIGINT"], [2])
    assert list(new.parent.iterdir()) == [new]
