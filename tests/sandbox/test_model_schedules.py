"""The demo model understands wishes that come again and again, and tells what became of them."""

from datetime import date
from typing import Any

import pytest

from sandbox.model.telling import tell_event
from sandbox.model.understanding import understand

OFFERED = ("SHOP.USERS", "SHOP.ORDERS", "SHOP.CUSTOMERS", "SHOP.PRODUCTS", "SHOP.ORDER_ITEMS")


def calls(text: str) -> list[tuple[str, dict[str, Any]]]:
    steps = understand(text, OFFERED, date(2026, 11, 22))
    return [call for step in steps for call in step.calls]


@pytest.mark.parametrize(
    ("text", "table", "cron"),
    [
        ("매일 아침 6시에 CUSTOMERS 동기화 해줘", "CUSTOMERS", "0 6 * * *"),
        ("매주 월요일, 수요일 오후 3시 반에 주문 동기화 예약해줘", "ORDERS", "30 15 * * 1,3"),
        ("평일 18시 30분에 USERS 동기화", "USERS", "30 18 * * 1-5"),
        ("2시간마다 USERS 동기화", "USERS", "0 */2 * * *"),
        ("매월 1일 9시에 PRODUCTS 동기화", "PRODUCTS", "0 9 1 * *"),
        ("sync USERS every 30 minutes", "USERS", "*/30 * * * *"),
        ("sync ORDERS every day at 7pm", "ORDERS", "0 19 * * *"),
        ("sync USERS every sunday at 9", "USERS", "0 9 * * 0"),
        ("sync ORDERS hourly", "ORDERS", "0 * * * *"),
        ("sync ORDERS `0 6 * * 1-5`", "ORDERS", "0 6 * * 1-5"),
    ],
)
def test_a_wish_for_again_and_again_becomes_a_proposed_schedule(
    text: str, table: str, cron: str
) -> None:
    assert calls(text) == [("create_schedule", {"tables": [table], "cron": cron})]


def test_a_time_zone_is_heard() -> None:
    [(_, arguments)] = calls("sync CUSTOMERS every weekday at 18:30 Asia/Seoul")
    assert (arguments["cron"], arguments["timezone"]) == ("30 18 * * 1-5", "Asia/Seoul")


@pytest.mark.parametrize(
    "text", ["sync USERS after ORDERS is published", "ORDERS가 게시되면 USERS 동기화 해줘"]
)
def test_a_table_may_follow_another(text: str) -> None:
    assert calls(text) == [("create_schedule", {"tables": ["USERS"], "after": ["ORDERS"]})]


@pytest.mark.parametrize(
    ("text", "name", "action"),
    [
        ("pause the schedule customers", "customers", "pause"),
        ("resume schedule order-items-2", "order-items-2", "resume"),
        ("예약 customers 일시 중지해줘", "customers", "pause"),
        ("customers 예약 삭제해줘", "customers", "delete"),
    ],
)
def test_a_schedule_is_changed_by_its_name(text: str, name: str, action: str) -> None:
    assert calls(text) == [("change_schedule", {"name": name, "action": action})]


def test_questions_about_schedules_are_looked_up() -> None:
    assert calls("예약 목록") == [("list_schedules", {})]
    assert calls("show me the schedules") == [("list_schedules", {})]
    assert calls("다음 동기화 언제야?") == [("get_scheduler_status", {})]
    assert calls("예약 일시 중지해줘") == [("list_schedules", {})]


def test_a_sync_that_is_wanted_once_stays_one() -> None:
    assert calls("USERS 테이블 동기화 해줘") == [("start_sync", {"tables": ["USERS"]})]
    assert calls("매일 동기화하지 마") == []


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (
            {"event": "schedule_changed", "action": "create", "when": "매일 06:00 (Asia/Seoul)"},
            "예약 customers을 저장했습니다: 매일 06:00 (Asia/Seoul).",
        ),
        (
            {"event": "schedule_changed", "action": "create", "after": ["SHOP.ORDERS"]},
            "예약 customers을 저장했습니다: ORDERS 게시 후.",
        ),
        ({"event": "schedule_changed", "action": "pause"}, "예약 customers을 일시 중지했습니다."),
        ({"event": "schedule_changed", "action": "delete"}, "예약 customers을 삭제했습니다."),
        ({"event": "withdrawn"}, "예약 customers 변경이 거절되었습니다. 바뀐 것은 없습니다."),
        (
            {"event": "expired"},
            "예약 customers 변경은 승인 시한이 지났습니다. 바뀐 것은 없습니다.",
        ),
    ],
)
def test_what_became_of_a_schedule_is_told(event: dict[str, Any], words: str) -> None:
    told = {"tables": ["SHOP.CUSTOMERS"], "schedule": "customers", **event}
    assert tell_event(told, "ko") == words


SHORT = {"channel": "<#C0OPS|ops>", "where": [{"column": "UNIT_PRICE", "op": "<", "value": 10}]}


@pytest.mark.parametrize(
    ("text", "table", "condition"),
    [
        (
            "매일 6시에 PRODUCTS 동기화하고, 단가가 10 미만인 게 있으면 <#C0OPS|ops>에 알려줘",
            "PRODUCTS",
            SHORT,
        ),
        (
            "sync PRODUCTS every day at 6 and tell <#C0OPS|ops> only if price < 10",
            "PRODUCTS",
            SHORT,
        ),
        (
            "sync ORDER_ITEMS every day at 6 and tell #orders if the total quantity is below 500",
            "ORDER_ITEMS",
            {
                "channel": "#orders",
                "function": "sum",
                "column": "QUANTITY",
                "op": "<",
                "value": 500,
            },
        ),
    ],
)
def test_a_channel_is_told_on_a_condition(text: str, table: str, condition: dict[str, Any]) -> None:
    expected = {"tables": [table], "cron": "0 6 * * *", "tell_if": condition}
    assert calls(text) == [("create_schedule", expected)]


@pytest.mark.parametrize(
    "text",
    [
        "매일 아침 6시에 PRODUCTS 바뀌었을 때만 동기화 해줘",
        "sync PRODUCTS every day at 6 only if it has changed",
    ],
)
def test_a_run_may_hang_on_a_change(text: str) -> None:
    expected = {"tables": ["PRODUCTS"], "cron": "0 6 * * *", "only_if_changed": True}
    assert calls(text) == [("create_schedule", expected)]
