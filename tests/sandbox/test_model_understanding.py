from datetime import date
from typing import Any

import pytest

from sandbox.model.understanding import Step, find_tables, understand

OFFERED = ("SHOP.USERS", "SHOP.CUSTOMERS", "SHOP.PRODUCTS", "SHOP.ORDERS", "SHOP.ORDER_ITEMS")
SUNDAY = date(2026, 11, 22)
TOP_FIVE = {
    "table": "ORDERS",
    "group_by": ["CUSTOMER_ID"],
    "aggregates": [{"function": "sum", "column": "TOTAL_AMOUNT", "alias": "total_amount"}],
    "order_by": [{"column": "total_amount", "direction": "desc"}],
    "limit": 5,
}
MONTHLY_SALES = {
    "table": "ORDERS",
    "group_by": [{"column": "ORDERED_AT", "unit": "month"}],
    "aggregates": [{"function": "sum", "column": "TOTAL_AMOUNT", "alias": "total_amount"}],
    "order_by": [{"column": "ORDERED_AT_month"}],
}
CANCELLED_LAST_WEEK = {
    "table": "ORDERS",
    "where": [
        {"column": "STATUS", "op": "=", "value": "CANCELLED"},
        {"column": "ORDERED_AT", "op": ">=", "value": "2026-11-09"},
        {"column": "ORDERED_AT", "op": "<", "value": "2026-11-16"},
    ],
    "aggregates": [{"function": "count", "column": "ORDER_ID", "alias": "orders"}],
}


def calls(words: str, today: date = SUNDAY) -> list[tuple[str, Any]]:
    return [one for step in understand(words, OFFERED, today) for one in step.calls]


@pytest.mark.parametrize(
    ("words", "tool", "arguments"),
    [
        ("현재 상태 알려줘", "get_sync_status", {}),
        ("USERS 테이블 동기화 해줘", "start_sync", {"tables": ["USERS"]}),
        ("어떤 테이블이 있어?", "list_tables", {}),
        ("ORDERS 테이블 몇 건이야?", "get_table_stats", {"table": "ORDERS"}),
        (
            "유저수 테이블이 뭐가 있는지 검색해줘",
            "search_schema",
            {"text": "유저수 테이블이 뭐가 있는지 검색해줘"},
        ),
        ("find tables about payments", "search_schema", {"text": "find tables about payments"}),
        ("ORDERS 구조 설명해줘", "describe_table", {"table": "ORDERS"}),
        (
            "ORDERS의 STATUS 값 분포 보여줘",
            "profile_column",
            {"table": "ORDERS", "column": "STATUS"},
        ),
        ("profile STATUS of ORDERS", "profile_column", {"table": "ORDERS", "column": "STATUS"}),
        ("status", "get_sync_status", {}),
        ("ORDERS 동기화됐어?", "get_sync_status", {"table": "ORDERS"}),
        ("Is ORDERS synced?", "get_sync_status", {"table": "ORDERS"}),
        ("동기화 상태 알려줘", "get_sync_status", {}),
        ("sync orders and users please", "start_sync", {"tables": ["ORDERS", "USERS"]}),
        ("copy SHOP.ORDERS", "start_sync", {"tables": ["SHOP.ORDERS"]}),
        ("ORDERS를 싱크해줘", "start_sync", {"tables": ["ORDERS"]}),
        ("고객 테이블 동기화해줘", "start_sync", {"tables": ["CUSTOMERS"]}),
        ("동기화해줘 USERS 테이블", "start_sync", {"tables": ["USERS"]}),
        ("PAYMENTS 테이블 동기화", "start_sync", {"tables": ["PAYMENTS"]}),
        ("전부 동기화해줘", "start_sync", {"tables": list(OFFERED)}),
        ("what tables are there?", "list_tables", {}),
        ("ORDERS 되돌려줘", "undo_sync", {"table": "ORDERS"}),
        ("주문 동기화 되돌려 줘", "undo_sync", {"table": "ORDERS"}),
        ("undo the last sync of ORDERS", "undo_sync", {"table": "ORDERS"}),
        ("roll back SHOP.USERS", "undo_sync", {"table": "SHOP.USERS"}),
        ("which tables are synced?", "list_tables", {}),
        ("테이블 목록 보여줘", "list_tables", {}),
        ("how many rows does order_items have?", "get_table_stats", {"table": "ORDER_ITEMS"}),
        (
            "월별 매출 차트 그려줘",
            "make_chart",
            {
                "kind": "bar",
                "title": "월별 매출 차트 그려줘",
                "query": MONTHLY_SALES,
                "x": "ORDERED_AT_month",
                "y": ["total_amount"],
            },
        ),
        (
            "top five customers as a pie chart",
            "make_chart",
            {
                "kind": "pie",
                "title": "top five customers as a pie chart",
                "query": TOP_FIVE,
                "x": "CUSTOMER_ID",
                "y": ["total_amount"],
            },
        ),
        (
            "CSV로 내보내줘",
            "export_result",
            {"query": {"table": "ORDERS"}, "format": "csv", "name": "ORDERS"},
        ),
        (
            "export USERS to excel",
            "export_result",
            {"query": {"table": "USERS"}, "format": "xlsx", "name": "USERS"},
        ),
        ("스케줄 알려줘", "get_scheduler_status", {}),
        ("When is the next sync?", "get_scheduler_status", {}),
        ("지난주에 취소된 주문은 몇 건이야?", "query_table", CANCELLED_LAST_WEEK),
        ("How many orders were cancelled last week?", "query_table", CANCELLED_LAST_WEEK),
        ("주문 금액 상위 5명", "query_table", TOP_FIVE),
        ("상위 다섯 명 보여줘", "query_table", TOP_FIVE),
        ("top five customers by order amount", "query_table", TOP_FIVE),
        ("show CUSTOMERS", "query_table", {"table": "CUSTOMERS", "limit": 10}),
        (
            "최근 주문 3건 보여줘",
            "query_table",
            {
                "table": "ORDERS",
                "limit": 3,
                "order_by": [{"column": "ORDERED_AT", "direction": "desc"}],
            },
        ),
        (
            "orders by status",
            "query_table",
            {
                "table": "ORDERS",
                "group_by": ["STATUS"],
                "aggregates": [{"function": "count", "column": "ORDER_ID", "alias": "orders"}],
                "order_by": [{"column": "orders", "direction": "desc"}],
                "limit": 10,
            },
        ),
        (
            "지난달 매출 얼마야?",
            "query_table",
            {
                "table": "ORDERS",
                "where": [
                    {"column": "ORDERED_AT", "op": ">=", "value": "2026-10-01"},
                    {"column": "ORDERED_AT", "op": "<", "value": "2026-11-01"},
                ],
                "aggregates": [
                    {"function": "sum", "column": "TOTAL_AMOUNT", "alias": "total_amount"}
                ],
            },
        ),
    ],
)
def test_words_lead_to_one_call(words: str, tool: str, arguments: Any) -> None:
    assert calls(words) == [(tool, arguments)]


def test_two_tables_are_counted_at_once() -> None:
    assert understand("ORDERS랑 USERS 몇 건이야?", OFFERED, SUNDAY) == (
        Step((("get_table_stats", {"table": "ORDERS"}), ("get_table_stats", {"table": "USERS"}))),
    )


@pytest.mark.parametrize(
    "words",
    [
        "ORDERS 동기화하고 상위 5명 보여줘",
        "ORDERS 동기화 한 다음 상위 다섯 명",
        "ORDERS sync하고 상위 5명",
        "sync ORDERS, then show the top five customers",
        "Please copy orders and show me the top 5 customers.",
        "Sync ORDERS. Who are the top customers?",
        "show the top five customers after syncing ORDERS",
    ],
)
def test_a_sync_comes_first_and_the_rest_of_the_sentence_after_it(words: str) -> None:
    assert calls(words) == [("start_sync", {"tables": ["ORDERS"]}), ("query_table", TOP_FIVE)]


@pytest.mark.parametrize(
    ("words", "table"),
    [
        ("USERS 테이블 동기화하고 몇 건인지 알려줘", "USERS"),
        ("sync USERS, then tell me how many rows ORDERS has", "ORDERS"),
    ],
)
def test_a_count_after_a_sync_is_of_what_was_synced_unless_it_names_another(
    words: str, table: str
) -> None:
    assert calls(words)[1:] == [("get_table_stats", {"table": table})]


@pytest.mark.parametrize(
    "words", ["USERS 동기화 부탁해", "Please sync USERS", "sync USERS, thanks"]
)
def test_politeness_around_a_sync_asks_for_nothing_more(words: str) -> None:
    assert calls(words) == [("start_sync", {"tables": ["USERS"]})]


@pytest.mark.parametrize(
    ("words", "first", "after_last"),
    [
        ("오늘 주문 몇 건?", "2026-03-01", "2026-03-02"),
        ("How many orders yesterday?", "2026-02-28", "2026-03-01"),
        ("지난주 주문 몇 건?", "2026-02-16", "2026-02-23"),
        ("how many orders this week", "2026-02-23", "2026-03-02"),
        ("지난달 주문 몇 건?", "2026-02-01", "2026-03-01"),
        ("이번 달 주문 몇 건?", "2026-03-01", "2026-04-01"),
        ("올해 주문 몇 건?", "2026-01-01", "2027-01-01"),
    ],
)
def test_periods_are_whole_days_and_weeks_begin_on_monday(
    words: str, first: str, after_last: str
) -> None:
    ((_, query),) = calls(words, date(2026, 3, 1))
    assert [(one["op"], one["value"]) for one in query["where"]] == [
        (">=", first),
        ("<", after_last),
    ]


@pytest.mark.parametrize(
    ("words", "offered", "found"),
    [
        ("ORDERS를 orders SHOP.USERS는", OFFERED, ("ORDERS", "SHOP.USERS")),
        ("ORDER_ITEMS", OFFERED, ("ORDER_ITEMS",)),
        ("MY_ORDERS2, REORDERS", OFFERED, ()),
        ("주문 상품과 고객", OFFERED, ("ORDER_ITEMS", "CUSTOMERS")),
        ("고객의 주문", ("HR.EMP",), ()),
        ("T and OLD.T", ("NEW.T", "OLD.T"), ("T", "OLD.T")),
        ("NOPE 테이블", OFFERED, ("NOPE",)),
    ],
)
def test_tables_are_found_with_particles_schemas_and_everyday_words(
    words: str, offered: tuple[str, ...], found: tuple[str, ...]
) -> None:
    assert find_tables(words, offered) == found


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("주문 내역 테이블 몇 건이야?", ("get_table_stats", {"table": "주문 내역"})),
        ("주문 내역 보여줘", ("query_table", {"table": "주문 내역", "limit": 10})),
        ("주문 내역 동기화 해줘", ("start_sync", {"tables": ["주문 내역"]})),
        ("주문 몇 건이야?", ("get_table_stats", {"table": "ORDERS"})),
    ],
)
def test_an_imported_table_goes_by_its_whole_name(words: str, call: tuple[str, object]) -> None:
    [step] = understand(words, OFFERED, SUNDAY, ("main.주문 내역", "main.t"))
    assert step.calls == (call,)
