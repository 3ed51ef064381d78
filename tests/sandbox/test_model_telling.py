from datetime import date
from string import Formatter
from typing import Any

import pytest

from sandbox.model.phrases import PHRASES, names, number
from sandbox.model.scene import Outcome
from sandbox.model.telling import tell
from sandbox.model.understanding import understand

OFFERED = ("SHOP.USERS", "SHOP.CUSTOMERS", "SHOP.PRODUCTS", "SHOP.ORDERS", "SHOP.ORDER_ITEMS")
EMPTY: dict[str, Any] = {"ok": True, "rows": []}


@pytest.mark.parametrize(
    ("words", "result", "answer"),
    [
        (
            "ORDERS 테이블 몇 건이야?",
            {"ok": True, "table": "SHOP.ORDERS", "rows": 100000, "columns": ["ORDER_ID", "STATUS"]},
            "ORDERS 테이블은 100,000건이고 열은 2개입니다.",
        ),
        (
            "which tables are there?",
            {
                "ok": True,
                "tables": [
                    {"table": "SHOP.USERS", "synced": True, "rows": 1500},
                    {"table": "SHOP.ORDERS", "synced": False, "rows": None},
                ],
            },
            "There are 2 tables, 1 of them synced: USERS (1,500 rows), ORDERS (not synced).",
        ),
        (
            "현재 상태 알려줘",
            {
                "ok": True,
                "runs": [
                    {"tables": ["SHOP.USERS"], "state": "published", "rows": 150},
                    {"tables": ["SHOP.ORDERS"], "state": "running", "rows_so_far": 60000},
                    {"tables": ["SHOP.CUSTOMERS"], "state": "failed", "rows": None},
                ],
                "pending_approvals": [{"tables": ["SHOP.PRODUCTS"]}],
                "synced_tables": 1,
                "offered_tables": 5,
            },
            (
                "테이블 5개 중 1개가 동기화되어 있습니다. 최근 실행: USERS 완료 (150건), "
                "ORDERS 실행 중 (지금까지 60,000건 읽음), CUSTOMERS 실패. 승인 대기: PRODUCTS."
            ),
        ),
        (
            "show the schedules",
            {
                "ok": True,
                "clock_running": False,
                "schedules": [
                    {
                        "name": "customers-daily",
                        "tables": ["SHOP.CUSTOMERS"],
                        "cron": "0 6 * * *",
                        "timezone": "Asia/Seoul",
                        "next_at": "2026-11-23T06:00+09:00",
                    }
                ],
            },
            (
                "Schedules: 1. customers-daily (CUSTOMERS, `0 6 * * *` Asia/Seoul, next at "
                "2026-11-23T06:00+09:00). The scheduler is not running, though."
            ),
        ),
        (
            "find tables about stock",
            {"ok": True, "matches": [], "oracle": [{"source": "main", "away": "No answer."}]},
            (
                "No table fits these words. Try others.\nOracle is away, so tables that are not "
                "synced were searched as far as they are known."
            ),
        ),
        (
            "find tables about users",
            {
                "ok": True,
                "matches": [{"table": "SHOP.USERS", "copied": True, "rows": 150, "comment": "x"}],
                "glossary": [{"words": ["user"], "means": "staff"}],
            },
            "1 tables fit: USERS: x (150 rows).\nFrom the glossary, user: staff",
        ),
        (
            "상태별 주문 보여줘",
            {"ok": True, "rows": [["SHIPPED", 40000], ["PAID", 30000]]},
            "주문 상태별: SHIPPED 40,000건, PAID 30,000건.",
        ),
        (
            "How many orders were returned yesterday?",
            {"ok": True, "rows": [[1200]]},
            "Returned orders yesterday (2026-11-21): 1,200.",
        ),
        (
            "이번 달 매출 얼마야?",
            {"ok": True, "rows": [["9876543.25"]]},
            "이번 달(2026-11-01 ~ 2026-11-30) 주문 금액은 모두 9,876,543.25입니다.",
        ),
        (
            "show USERS",
            {"ok": True, "table": "SHOP.USERS", "rows": [[1], [2]], "truncated": True},
            "USERS: 2 rows. There are more rows.",
        ),
        ("top five customers", EMPTY, "No rows match."),
        (
            "show USERS",
            {"ok": True, "note": "This result was dropped to save room."},
            "The result is no longer at hand. Please ask again.",
        ),
    ],
)
def test_results_become_one_sentence_in_the_person_s_language(
    words: str, result: Any, answer: str
) -> None:
    (step,) = understand(words, OFFERED, date(2026, 11, 22))
    ((name, arguments),) = step.calls
    language = "en" if words.isascii() else "ko"
    assert tell(Outcome(name, arguments, result), step.question, language) == answer


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (100000, 0, "100,000"),
        ("1234567.50", 2, "1,234,567.50"),
        ("1234567.00", 2, "1,234,567"),
        (3.14159, 2, "3.14"),
        (None, 0, "0"),
        ("n/a", 0, "n/a"),
    ],
)
def test_numbers_are_grouped_by_thousands(value: object, digits: int, text: str) -> None:
    assert number(value, digits) == text


def test_a_schema_is_named_only_where_two_tables_share_a_name() -> None:
    assert names(["SHOP.USERS", "HR.USERS", "SHOP.ORDERS"]) == "SHOP.USERS, HR.USERS, ORDERS"


def test_every_sentence_exists_in_both_languages_with_the_same_places() -> None:
    def places(text: str) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    assert len(PHRASES) > 30
    for wording in PHRASES.values():
        assert places(wording.ko) == places(wording.en)
        assert wording.ko
        assert wording.en
