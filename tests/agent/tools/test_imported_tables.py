"""Tables of a DuckDB file, as the model's tools know them."""

import json
from pathlib import Path
from typing import Any

import pytest

from agent.deps import AnalystDeps
from agent.events import Basis
from agent.runtime.config import system_prompt
from agent.service import SCHEDULER_TOOLS
from agent.tools.base import ToolResult
from agent.tools.copies import copies
from agent.tools.describe_tool import DESCRIBE_TOOLS
from agent.tools.query_tools import QUERY_TOOLS
from agent.tools.registry import ToolRegistry
from agent.tools.sql_tool import SQL_TOOLS
from agent.tools.sync_tools import SYNC_TOOLS
from sync.warehouse.foreign import look_into
from sync.warehouse.importing import import_tables
from sync.warehouse.manifest import ManifestEntry
from tests.sync.foreign_files import ORDERS_FILE, make_file


def call(deps: AnalystDeps, name: str, **arguments: Any) -> ToolResult:
    registry = ToolRegistry(SYNC_TOOLS, QUERY_TOOLS, DESCRIBE_TOOLS, SQL_TOOLS, SCHEDULER_TOOLS)
    return registry.call(deps, name, json.dumps(arguments), "call_1")


@pytest.fixture
def orders(deps: AnalystDeps, tmp_path: Path) -> ManifestEntry:
    """``주문 내역`` of a file with a Korean view beside it."""
    file = make_file(tmp_path / "team.duckdb", *ORDERS_FILE)
    found = import_tables(deps.warehouse, file, look_into(file, 100), most_rows=100)
    return next(entry for entry in found.entries if entry.ref.table == "주문 내역")


def test_they_are_listed_by_their_names_as_imported_and_not_as_synced(
    deps: AnalystDeps, orders: ManifestEntry
) -> None:
    result = call(deps, "list_tables")
    listed = {line["table"]: line for line in result.data["tables"]}
    assert list(listed) == ["SHOP.USERS", "SHOP.ORDERS", "SHOP.CUSTOMERS", "완료 주문", "주문 내역"]
    assert listed["주문 내역"] == {
        "table": "주문 내역",
        "rows": 3,
        "imported_from": "team.duckdb",
        "imported_at": orders.as_of,
        "proof": "none: not compared with Oracle, which may not even have this table",
        "comment": "들어온 주문",
    }


def test_one_is_described_and_asked_by_its_bare_name(
    deps: AnalystDeps, orders: ManifestEntry
) -> None:
    described = call(deps, "describe_table", table="주문 내역")
    assert described.data["key"] == ["번호"]
    assert {"name": "금액", "type": "DECIMAL(12,2)", "comment": "원"} in described.data["columns"]
    result = call(
        deps,
        "query_table",
        table="주문 내역",
        where=[{"column": "상태", "op": "=", "value": "완료"}],
        aggregates=[{"function": "sum", "column": "금액", "alias": "합계"}],
    )
    assert result.data["rows"] == [["20.25"]]
    assert "as_of" not in result.data
    assert result.basis == (Basis("주문 내역", 3, orders.as_of, imported="team.duckdb"),)


def test_sql_joins_one_with_its_view(deps: AnalystDeps, orders: ManifestEntry) -> None:
    sql = 'SELECT count(*) AS n FROM "주문 내역" JOIN main."완료 주문" USING (번호)'
    result = call(deps, "run_sql", sql=sql)
    assert result.data["rows"] == [[2]]
    assert {one.imported for one in result.basis} == {orders.receipt.imported}


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("start_sync", {"tables": ["주문 내역"]}),
        ("start_sync", {"tables": ["main.주문 내역"]}),
        ("get_sync_status", {"table": "주문 내역"}),
        ("create_schedule", {"tables": ["주문 내역"], "cron": "0 6 * * *"}),
    ],
)
@pytest.mark.usefixtures("orders")
def test_a_sync_of_one_is_refused_in_words(
    deps: AnalystDeps, tool: str, arguments: dict[str, Any]
) -> None:
    result = call(deps, tool, **arguments)
    assert (result.ok, result.approval) == (False, None)
    assert "was imported from a DuckDB file and is not in Oracle" in str(result.data)


@pytest.mark.usefixtures("orders")
def test_they_count_as_no_synced_table(deps: AnalystDeps) -> None:
    assert call(deps, "get_sync_status").data["synced_tables"] == 0


@pytest.mark.usefixtures("orders")
def test_the_model_is_told_which_tables_are_imported(deps: AnalystDeps) -> None:
    prompt = system_prompt(deps, copies(deps))
    assert "Of these, copied already: none." in prompt
    assert "not from Oracle: main.완료 주문, main.주문 내역." in prompt
