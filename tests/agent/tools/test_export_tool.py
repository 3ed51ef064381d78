import csv
import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from pyarrow import parquet

from agent.deps import AnalystDeps
from agent.outputs import File
from agent.tools.base import ToolResult
from agent.tools.export_tool import EXPORT_TOOLS
from agent.tools.registry import ToolRegistry
from sync.plan import TableRef
from sync.types import arrow
from sync.warehouse.exposure import Exposure

moment = datetime.fromisoformat
arrow_parquet: Any = parquet
ORDERS = TableRef(source="main", schema_name="SHOP", table="ORDERS")
MANY = "SELECT r.range AS n FROM range(250000) r, (SELECT count(*) FROM ORDERS) one"


@pytest.fixture
def orders(publish_table: Callable[..., Any]) -> None:
    rows = [
        (1, moment("2026-01-05T00:00:00"), "김하나", Decimal("12345678901234567890.12")),
        (2, moment("2026-01-09T13:30:00"), "=1+1", Decimal("-99.50")),
        (3, None, None, None),
    ]
    columns = {
        "ID": "NUMBER(10)",
        "ORDERED_AT": "DATE",
        "NAME": "VARCHAR2(20)",
        "AMOUNT": "NUMBER(30,2)",
    }
    publish_table(ORDERS, columns, rows)


def export(deps: AnalystDeps, **arguments: Any) -> ToolResult:
    raw = json.dumps({"query": {"table": "ORDERS"}, **arguments})
    return ToolRegistry(EXPORT_TOOLS).call(deps, "export_result", raw, "call_1")


def file_of(result: ToolResult) -> File:
    assert result.file is not None, result.content
    return result.file


@pytest.mark.usefixtures("orders")
def test_csv_opens_in_a_sheet_with_korean_and_without_formulas(deps: AnalystDeps) -> None:
    result = export(deps, name="주문/목록.csv")
    file = file_of(result)
    content = Path(file.path).read_bytes()
    assert content.startswith("\ufeff".encode())
    assert list(csv.reader(content.decode("utf-8-sig").splitlines())) == [
        ["ID", "ORDERED_AT", "NAME", "AMOUNT"],
        ["1", "2026-01-05 00:00:00", "김하나", "12345678901234567890.12"],
        ["2", "2026-01-09 13:30:00", "'=1+1", "-99.50"],
        ["3", "", "", ""],
    ]
    assert (file.name, file.rows, file.bytes) == ("주문_목록_20261122.csv", 3, len(content))
    assert result.data["rows"] == 3
    assert "김하나" not in result.content


@pytest.mark.usefixtures("orders")
def test_a_sheet_holds_numbers_as_numbers_only_where_none_loses_a_digit(
    deps: AnalystDeps,
) -> None:
    with ZipFile(file_of(export(deps, format="xlsx")).path) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<v>-99.5</v>" in sheet
    assert '<c r="D2" t="inlineStr"><is><t>12345678901234567890.12</t></is></c>' in sheet
    assert '<c r="C3" t="inlineStr"><is><t>=1+1</t></is></c>' in sheet
    assert "<f>" not in sheet  # no formula
    assert "<v>46027</v>" in sheet  # 2026-01-05, as sheets count days


@pytest.mark.usefixtures("orders")
def test_parquet_keeps_types_and_every_digit(deps: AnalystDeps) -> None:
    table = arrow_parquet.read_table(file_of(export(deps, format="parquet")).path)
    assert table.schema.field("AMOUNT").type == arrow.decimal128(30, 2)
    assert table.to_pylist() == [
        {
            "ID": 1,
            "ORDERED_AT": moment("2026-01-05T00:00:00"),
            "NAME": "김하나",
            "AMOUNT": Decimal("12345678901234567890.12"),
        },
        {
            "ID": 2,
            "ORDERED_AT": moment("2026-01-09T13:30:00"),
            "NAME": "=1+1",
            "AMOUNT": Decimal("-99.50"),
        },
        {"ID": 3, "ORDERED_AT": None, "NAME": None, "AMOUNT": None},
    ]


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize("file_format", ["csv", "xlsx", "parquet"])
def test_no_file_has_more_rows_than_it_may_and_says_so(
    make_deps: Callable[..., AnalystDeps], file_format: str
) -> None:
    result = export(make_deps(export_rows=2), format=file_format)
    assert (file_of(result).rows, file_of(result).cut) == (2, True)
    assert "more rows" in result.data["cut"]


@pytest.mark.usefixtures("orders")
def test_many_rows_come_in_pieces_and_all_of_them(make_deps: Callable[..., AnalystDeps]) -> None:
    deps = make_deps(export_rows=1_000_000)
    file = file_of(export(deps, query=None, sql=MANY))
    lines = Path(file.path).read_text("utf-8-sig").splitlines()
    assert (file.rows, file.cut) == (250_000, False)
    assert lines[1:] == [str(number) for number in range(250_000)]


@pytest.mark.usefixtures("orders")
def test_bytes_are_bounded_too(make_deps: Callable[..., AnalystDeps]) -> None:
    file = file_of(export(make_deps(export_bytes=100_000), query=None, sql=MANY))
    assert file.cut
    assert file.rows < 25_000


@pytest.mark.usefixtures("orders")
def test_the_first_few_that_were_asked_for_are_all_that_was(deps: AnalystDeps) -> None:
    file = file_of(export(deps, query={"table": "ORDERS", "limit": 1}))
    assert (file.rows, file.cut) == (1, False)


@pytest.mark.usefixtures("orders")
def test_a_file_holds_what_its_caller_may_see(make_deps: Callable[..., AnalystDeps]) -> None:
    partly = Exposure(hidden={"NAME": "no names"}, masks={"AMOUNT": "null"}, rule="no names")
    deps = make_deps(exposure=lambda _: partly)  # pyright: ignore[reportUnknownLambdaType]
    lines = Path(file_of(export(deps)).path).read_text("utf-8-sig").splitlines()
    assert lines[:2] == ["ID,ORDERED_AT,AMOUNT", "1,2026-01-05 00:00:00,"]


@pytest.mark.usefixtures("orders")
def test_a_query_that_fails_leaves_no_file(make_deps: Callable[..., AnalystDeps]) -> None:
    deps = make_deps(export_rows=1_000_000)
    late = f"SELECT CAST(CASE WHEN n = 200000 THEN 'x' ELSE '1' END AS INTEGER) FROM ({MANY})"
    result = export(deps, query=None, sql=late)
    assert not result.ok
    assert list((deps.warehouse / ".files").glob("*")) == []
