"""Files that people shared in a thread, as the model's tools know them there, and not elsewhere."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from agent.deps import AnalystDeps
from agent.glossary import Example, Glossary
from agent.relevance import relevant
from agent.runtime.config import system_prompt
from agent.runtime.files_part import files_part
from agent.service import SCHEDULER_TOOLS
from agent.tools.base import ToolResult
from agent.tools.copies import copies
from agent.tools.describe_tool import DESCRIBE_TOOLS
from agent.tools.query_tools import QUERY_TOOLS
from agent.tools.registry import ToolRegistry
from agent.tools.search_tool import SEARCH_TOOLS
from agent.tools.sql_tool import SQL_TOOLS
from agent.tools.sync_tools import SYNC_TOOLS
from sync.plan import TableRef
from sync.warehouse.attaching import Wanted, attach
from sync.warehouse.exposure import WHOLE, Exposure
from sync.warehouse.walls import walls

ORDERS = TableRef(source="main", schema_name="SHOP", table="ORDERS")
FILE = "고객번호,등급\n1,VIP\n2,일반\n".encode()


def call(deps: AnalystDeps, name: str, **arguments: Any) -> ToolResult:
    registry = ToolRegistry(
        SYNC_TOOLS, QUERY_TOOLS, DESCRIBE_TOOLS, SEARCH_TOOLS, SQL_TOOLS, SCHEDULER_TOOLS
    )
    return registry.call(deps, name, json.dumps(arguments), "call_1")


@pytest.fixture
def there(deps: AnalystDeps, publish_table: Callable[..., Any]) -> AnalystDeps:
    """The thread that has ``고객.csv``; ORDERS shows only its first customer, by a rule."""
    rows = [(1, Decimal(10)), (1, Decimal(5)), (2, Decimal(100))]
    publish_table(ORDERS, {"CUSTOMER_ID": "NUMBER(10)", "AMOUNT": "NUMBER(12,2)"}, rows)
    wanted = Wanted(thread="abc", file="고객.csv", by="민지", table="고객")
    entry, _ = attach(deps.warehouse, walls(), wanted, FILE)
    hidden = Exposure(hidden={"AMOUNT": "no-sums"}, rule="no-sums")

    def see(ref: TableRef) -> Exposure:
        return WHOLE if ref.is_attached else hidden

    return replace(deps, files=(entry,), queries=deps.queries.taking(files=[entry]), exposure=see)


def test_a_file_is_listed_found_described_and_asked_as_what_it_is(there: AnalystDeps) -> None:
    listed = call(there, "list_tables").data["tables"]
    told = next(one for one in listed if one["table"] == "FILE.고객")
    assert (told["file"], told["shared_by"], told["rows"]) == ("고객.csv", "민지", 2)
    assert told["proof"] == "none: a file of a person, not compared with Oracle"
    assert call(there, "search_schema", text="등급").data["matches"][0]["table"] == "FILE.고객"
    columns = call(there, "describe_table", table="고객").data["columns"]
    assert columns == [
        {"name": "고객번호", "type": "BIGINT"},
        {"name": "등급", "type": "VARCHAR"},
    ]
    where = [{"column": "등급", "op": "=", "value": "VIP"}]
    assert call(there, "query_table", table="고객", where=where).data["rows"] == [[1, "VIP"]]
    assert "a file of this thread" in str(call(there, "start_sync", tables=["고객"]).data)


def test_a_join_with_a_file_shows_no_more_of_a_table_than_its_rule_does(
    there: AnalystDeps,
) -> None:
    join = "FROM SHOP.ORDERS o JOIN FILE.고객 f ON f.고객번호 = o.CUSTOMER_ID WHERE f.등급 = 'VIP'"
    found = call(there, "run_sql", sql=f"SELECT count(*) AS n {join}")
    assert found.data["rows"] == [[2]]
    assert {(one.table, one.shared_by, one.rule) for one in found.basis} == {
        ("SHOP.ORDERS", "", "no-sums"),
        ("FILE.고객", "민지", ""),
    }
    refused = call(there, "run_sql", sql=f"SELECT sum(AMOUNT) {join}")
    assert (refused.ok, refused.data["code"]) == (False, "column_hidden")


def test_another_thread_finds_nothing_of_it(there: AnalystDeps, deps: AnalystDeps) -> None:
    assert "고객" not in str(call(deps, "list_tables").data)
    for tool, arguments in (
        ("run_sql", {"sql": "FROM FILE.고객"}),
        ("run_sql", {"sql": f'FROM "{there.files[0].ref.source}".FILE.고객'}),
        ("describe_table", {"table": "고객"}),
    ):
        assert call(deps, tool, **arguments).data["code"] == "table_not_offered"


def test_a_file_named_like_a_kept_back_table_opens_no_words_of_the_glossary_about_that(
    there: AnalystDeps,
) -> None:
    example = Example(question="등급별 몇 명이야?", sql="SELECT 등급, 연봉 FROM HR.고객")
    known = Example(question="등급 몇 개야?", sql="SELECT count(*) FROM SHOP.ORDERS")
    deps = replace(there, glossary=Glossary(example=(example, known)), offered=(ORDERS,))
    assert relevant(deps, "등급별 몇 명이야?").examples == (known,)


def test_the_prompt_names_the_files_of_its_thread_and_no_column(there: AnalystDeps) -> None:
    prompt = system_prompt(there, copies(there))
    assert "Imported from a DuckDB file, not from Oracle: none." in prompt
    assert "copied already: SHOP.ORDERS." in prompt
    part = files_part(there.files)
    assert '- FILE.고객: 2 rows, the file "고객.csv", shared at 20' in part
    assert "등급" not in part
    assert files_part(()) == ""
