import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from agent.deps import AnalystDeps
from agent.glossary import Glossary
from agent.tools.base import ToolResult
from agent.tools.describe_tool import DESCRIBE_TOOLS
from agent.tools.profile_tool import PROFILE_TOOLS
from agent.tools.registry import ToolRegistry
from agent.tools.search_tool import SEARCH_TOOLS
from agent.tools.sql_tool import SQL_TOOLS
from sync.errors import Failure
from sync.fidelity import ColumnFidelity
from sync.offered_catalog import KnownColumn, KnownSource, KnownTable
from sync.plan import TableRef
from sync.warehouse.exposure import Exposure
from sync.warehouse.manifest import publish

USERS = TableRef(source="main", schema_name="SHOP", table="USERS")
ORDERS = TableRef(source="main", schema_name="SHOP", table="ORDERS")
CUSTOMERS = TableRef(source="main", schema_name="SHOP", table="CUSTOMERS")
AT = datetime(2026, 11, 22, 3, tzinfo=UTC)
AS_OF = "2026-11-22T00:00:00Z"
COLUMNS = {"ID": "NUMBER(10)", "STATUS": "VARCHAR2(20)", "AMOUNT": "NUMBER(12,2)"}
COMMENTS = {"STATUS": "주문 상태", "AMOUNT": "금액 / Amount"}
GLOSSARY = Glossary.model_validate(
    {
        "term": [
            {"words": ["유저", "user"], "means": "people with an account", "tables": ["SHOP.USERS"]}
        ],
        "code": [
            {"table": "SHOP.ORDERS", "column": "STATUS", "value": "CANCELLED", "words": ["취소"]}
        ],
    }
)
KNOWN = KnownSource(
    source="main",
    at=AT,
    tables=(
        KnownTable(
            ref=CUSTOMERS,
            comment="고객 / Customers",
            columns=(
                KnownColumn(
                    name="PHONE", oracle_type="VARCHAR2(20)", nullable=False, comment="전화번호"
                ),
                KnownColumn(name="SALARY", oracle_type="NUMBER", nullable=True, comment="연봉"),
            ),
        ),
    ),
)


@pytest.fixture
def orders(publish_table: Callable[..., Any]) -> Any:
    rows = [(n, "PAID", Decimal(n)) for n in range(1, 7)]
    rows += [(7, "CANCELLED", None), (8, None, Decimal("100.50"))]
    return publish_table(ORDERS, COLUMNS, rows, comment="주문 / Orders", column_comments=COMMENTS)


def call(deps: AnalystDeps, name: str, **arguments: Any) -> ToolResult:
    registry = ToolRegistry(DESCRIBE_TOOLS, PROFILE_TOOLS, SEARCH_TOOLS, SQL_TOOLS)
    return registry.call(deps, name, json.dumps(arguments), "call_1")


def search(deps: AnalystDeps, text: str) -> dict[str, Any]:
    return dict(call(deps, "search_schema", text=text).data)


def found(deps: AnalystDeps, text: str) -> list[str]:
    return [match["table"] for match in search(deps, text)["matches"]]


# describe_table


@pytest.mark.usefixtures("orders")
def test_a_copied_table_is_described_with_both_types_comments_and_codes(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    result = call(make_deps(glossary=GLOSSARY), "describe_table", table="orders")
    assert result.data == {
        "table": "SHOP.ORDERS",
        "copied": True,
        "as_of": AS_OF,
        "comment": "주문 / Orders",
        "key": ["ID"],
        "you_see": "rows",
        "columns": [
            {"name": "ID", "type": "BIGINT", "oracle": "NUMBER(10)"},
            {
                "name": "STATUS",
                "type": "VARCHAR",
                "oracle": "VARCHAR2(20)",
                "comment": "주문 상태",
                "codes": {"CANCELLED": ["취소"]},
            },
            {
                "name": "AMOUNT",
                "type": "DECIMAL(12,2)",
                "oracle": "NUMBER(12,2)",
                "comment": "금액 / Amount",
            },
        ],
    }


def test_what_a_caller_does_not_find_in_a_table_is_said(
    make_deps: Callable[..., AnalystDeps], orders: Any
) -> None:
    left_out = ColumnFidelity(
        name="PHOTO", oracle_type="BLOB", duckdb_type="", lossless=False, why="left_out"
    )
    receipt = orders.receipt.model_copy(update={"columns": (left_out,)})
    newer = orders.model_copy(update={"fence": 2, "receipt": receipt})

    def some(_: TableRef) -> Exposure:
        return Exposure({"AMOUNT": "no amounts"}, {"STATUS": "hash"}, key="k", rule="no amounts")

    deps = make_deps(exposure=some, glossary=GLOSSARY)
    publish(deps.warehouse, [newer])
    result = call(deps, "describe_table", table="ORDERS")
    assert [one["name"] for one in result.data["columns"]] == ["ID", "STATUS"]
    assert result.data["columns"][1] == {
        "name": "STATUS",
        "type": "VARCHAR",
        "comment": "주문 상태",
        "shown_as": "hash",
    }
    assert result.data["not_here"] == [
        {"column": "PHOTO", "because": "not copied"},
        {"columns": 1, "because": "rule no amounts"},
    ]
    assert "AMOUNT" not in result.content


def test_a_table_that_is_not_copied_is_described_by_oracles_dictionary(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    def no_salaries(_: TableRef) -> Exposure:
        return Exposure(hidden={"SALARY": "no salaries"})

    deps = make_deps(known_sources=lambda: (KNOWN,), exposure=no_salaries)
    result = call(deps, "describe_table", table="CUSTOMERS")
    assert result.data == {
        "table": "SHOP.CUSTOMERS",
        "copied": False,
        "dictionary_as_of": "2026-11-22T03:00+00:00",
        "comment": "고객 / Customers",
        "columns": [
            {
                "name": "PHONE",
                "oracle": "VARCHAR2(20)",
                "never_null": True,
                "comment": "전화번호",
            }
        ],
    }
    assert call(deps, "describe_table", table="USERS").data["code"] == "table_not_synced"


# search_schema


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("주문을 담은 테이블", ["SHOP.ORDERS"]),
        ("Order", ["SHOP.ORDERS"]),
        ("유저수 테이블이 뭐가 있는지 검색해줘", ["SHOP.USERS"]),
        ("고객", ["SHOP.CUSTOMERS"]),
        ("전화 번호", ["SHOP.CUSTOMERS"]),
        ("취소된 건", ["SHOP.ORDERS"]),
        ("amount", ["SHOP.ORDERS"]),
        ("customer orders", ["SHOP.ORDERS", "SHOP.CUSTOMERS"]),
        ("재고", []),
    ],
)
def test_tables_are_found_by_names_comments_and_glossary_copied_or_not(
    make_deps: Callable[..., AnalystDeps], text: str, tables: list[str]
) -> None:
    deps = make_deps(glossary=GLOSSARY, known_sources=lambda: (KNOWN,))
    assert found(deps, text) == tables


@pytest.mark.usefixtures("orders")
def test_a_match_says_why_and_whether_there_is_a_copy(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    deps = make_deps(glossary=GLOSSARY, known_sources=lambda: (KNOWN,))
    assert search(deps, "취소") == {
        "matches": [
            {
                "table": "SHOP.ORDERS",
                "copied": True,
                "rows": 8,
                "as_of": AS_OF,
                "comment": "주문 / Orders",
                "why": ["glossary: 취소 is 'CANCELLED' in STATUS"],
                "columns": [{"name": "STATUS", "type": "VARCHAR", "comment": "주문 상태"}],
            }
        ],
        "searched": 3,
        "oracle": [{"source": "main", "dictionary_as_of": "2026-11-22T03:00+00:00"}],
    }
    match = search(deps, "전화")["matches"][0]
    assert (match["copied"], match["why"]) == (False, ["전화: comment of column PHONE"])


def test_where_oracle_is_away_the_rest_is_searched_and_that_is_said(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    away = KnownSource(
        source="main",
        trouble=Failure(code="oracle_unreachable", params={"source": "main", "detail": "x"}),
    )
    found = search(make_deps(known_sources=lambda: (away,)), "customers")
    assert [match["table"] for match in found["matches"]] == ["SHOP.CUSTOMERS"]
    assert "searched by their names alone" in found["oracle"][0]["note"]
    assert "main" in found["oracle"][0]["away"]


@pytest.mark.usefixtures("orders")
def test_a_hidden_column_is_found_by_nobody_it_is_hidden_from(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    def no_amounts(_: TableRef) -> Exposure:
        return Exposure(hidden={"AMOUNT": "no amounts"})

    assert found(make_deps(exposure=no_amounts), "금액") == []
    assert found(make_deps(), "금액") == ["SHOP.ORDERS"]


def test_terms_about_tables_a_caller_may_not_see_are_not_told(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    assert "glossary" in search(make_deps(glossary=GLOSSARY), "유저")
    assert "glossary" not in search(make_deps(glossary=GLOSSARY, offered=(ORDERS,)), "유저")


def test_a_search_that_finds_nothing_names_what_is_called_most_like_it(deps: AnalystDeps) -> None:
    assert "SHOP.CUSTOMERS" in search(deps, "CUSTMERS")["note"]
    assert "list_tables" in search(deps, "테이블 보여줘")["note"]


def test_many_matches_are_limited_and_counted(make_deps: Callable[..., AnalystDeps]) -> None:
    many = tuple(TableRef(source="main", schema_name="S", table=f"LOG_{n}") for n in range(50))
    result = search(make_deps(offered=many), "log")
    assert (len(result["matches"]), result["left_out"]) == (10, 40)


# profile_column


@pytest.mark.usefixtures("orders")
def test_a_column_of_numbers_is_profiled(deps: AnalystDeps) -> None:
    result = call(deps, "profile_column", table="ORDERS", column="amount")
    data = result.data
    assert {name: data[name] for name in ("column", "type", "rows", "nulls", "distinct")} == {
        "column": "AMOUNT",
        "type": "DECIMAL(12,2)",
        "rows": 8,
        "nulls": 1,
        "distinct": 7,
    }
    assert (data["min"], data["median"], data["max"]) == ("1.00", "4.00", "100.50")
    assert data["top"][0] == {"value": "1.00", "rows": 1}


@pytest.mark.usefixtures("orders")
def test_people_read_a_profile_as_a_table_in_their_language(
    make_deps: Callable[..., AnalystDeps],
) -> None:
    result = call(make_deps(language="ko"), "profile_column", table="ORDERS", column="STATUS")
    assert result.data["top"] == [{"value": "PAID", "rows": 6}, {"value": "CANCELLED", "rows": 1}]
    assert result.table is not None
    assert result.table.columns == ("항목", "값", "행 수")
    assert result.table.rows[0] == ("전체 행", None, 8)
    assert result.table.rows[-1] == ("자주 나오는 값", "CANCELLED", 1)


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize(
    ("sees", "read", "kept"), [("aggregates", ["PAID"], ["CANCELLED"]), ("schema", [], ["PAID"])]
)
def test_the_model_reads_of_a_profile_what_it_may_see_of_the_table(
    make_deps: Callable[..., AnalystDeps], sees: str, read: list[str], kept: list[str]
) -> None:
    def sees_so(_: TableRef) -> str:
        return sees

    deps = make_deps(model_sees=sees_so)
    result = call(deps, "profile_column", table="ORDERS", column="STATUS")
    assert [value for value in ("PAID", "CANCELLED") if value in result.content] == read
    assert not any(value in result.content for value in kept)
    assert result.table is not None
    assert ("frequent value", "CANCELLED", 1) in result.table.rows


@pytest.mark.usefixtures("orders")
def test_a_profile_is_of_what_the_caller_is_shown(make_deps: Callable[..., AnalystDeps]) -> None:
    def some(_: TableRef) -> Exposure:
        return Exposure(hidden={"AMOUNT": "no amounts"}, masks={"STATUS": "last4"})

    deps = make_deps(exposure=some)
    result = call(deps, "profile_column", table="ORDERS", column="STATUS")
    assert [one["value"] for one in result.data["top"]] == ["…", "…LLED"]
    refused = call(deps, "profile_column", table="ORDERS", column="AMOUNT")
    assert refused.data["code"] == "column_hidden"


# names that do not bind


@pytest.mark.usefixtures("orders")
@pytest.mark.parametrize("sql", ["SELECT STATE FROM ORDERS", "SELECT o.STATE FROM ORDERS o"])
def test_an_unknown_column_in_sql_comes_back_with_the_nearest_the_caller_sees(
    make_deps: Callable[..., AnalystDeps], sql: str
) -> None:
    def no_amounts(_: TableRef) -> Exposure:
        return Exposure(hidden={"AMOUNT": "no amounts"})

    error = call(make_deps(exposure=no_amounts), "run_sql", sql=sql).data["error"]
    assert error.endswith("Nearest, of the tables it names: STATUS, ID.")


@pytest.mark.usefixtures("orders")
def test_an_unknown_table_in_sql_comes_back_with_the_nearest(deps: AnalystDeps) -> None:
    result = call(deps, "run_sql", sql="SELECT * FROM ORDER_")
    assert result.data["code"] == "table_not_offered"
    assert "SHOP.ORDERS" in result.data["error"]
