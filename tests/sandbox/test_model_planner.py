import json
from typing import Any

import pytest

from sandbox.model.planner import plan_reply
from sandbox.model.replies import Calls, Reply, Status, Text

TABLES = "SHOP.USERS, SHOP.CUSTOMERS, SHOP.PRODUCTS, SHOP.ORDERS, SHOP.ORDER_ITEMS"
SYSTEM = {
    "role": "system",
    "content": f"You are a data assistant.\nToday is 2026-11-22, Sunday, in Asia/Seoul.\n"
    f"Tables you may ask about: {TABLES}.\nOf these, copied already: SHOP.USERS.",
}
TOOLS: list[Any] = [
    {"type": "function", "function": {"name": name}}
    for name in (
        "ask_user",
        "start_sync",
        "undo_sync",
        "get_sync_status",
        "list_tables",
        "get_table_stats",
        "query_table",
        "explain_change",
        "get_scheduler_status",
    )
]
TOP_FIVE = {
    "table": "ORDERS",
    "group_by": ["CUSTOMER_ID"],
    "aggregates": [{"function": "sum", "column": "TOTAL_AMOUNT", "alias": "total_amount"}],
    "order_by": [{"column": "total_amount", "direction": "desc"}],
    "limit": 5,
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
WAITING = {"ok": True, "status": "waiting_for_approval", "tables": ["SHOP.ORDERS"]}
NOT_SYNCED = {
    "ok": False,
    "code": "table_not_synced",
    "error": "SHOP.ORDERS has not been copied yet. Propose a sync of it first.",
}
TOP_FIVE_ROWS = {
    "ok": True,
    "table": "SHOP.ORDERS",
    "columns": ["CUSTOMER_ID", "total_amount"],
    "rows": [[17, "1234567.50"], [4, "999000.00"]],
    "truncated": False,
}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def event(**body: Any) -> dict[str, Any]:
    return {"role": "system", "content": json.dumps(body)}


def published(table: str, rows: int) -> dict[str, Any]:
    return event(event="run_ended", state="published", tables=[{"table": table, "rows": rows}])


def plan(*log: dict[str, Any]) -> Reply:
    return plan_reply([SYSTEM, *log], TOOLS)


def said(*log: dict[str, Any]) -> str:
    reply = plan(*log)
    assert isinstance(reply, Text), reply
    return reply.text


def called(*log: dict[str, Any]) -> list[tuple[str, Any]]:
    reply = plan(*log)
    assert isinstance(reply, Calls), reply
    return [(one.name, json.loads(one.arguments)) for one in reply.calls]


def step(log: list[dict[str, Any]], *results: Any) -> list[dict[str, Any]]:
    """Let the model call, and its tools answer *results*."""
    reply = plan(*log)
    assert isinstance(reply, Calls), reply
    ids = [f"call_{len(log)}_{number}" for number in range(len(reply.calls))]
    functions = [{"name": one.name, "arguments": one.arguments} for one in reply.calls]
    calls = [
        {"id": one, "type": "function", "function": function}
        for one, function in zip(ids, functions, strict=True)
    ]
    answers = [
        {"role": "tool", "tool_call_id": one, "content": json.dumps(result)}
        for one, result in zip(ids, results, strict=True)
    ]
    return [*log, {"role": "assistant", "content": reply.text, "tool_calls": calls}, *answers]


def test_a_file_of_the_thread_is_joined_with_the_orders_of_its_customers() -> None:
    files = '\nFiles of this thread\n- FILE.고객: 3 rows, the file "고객.csv", shared at 2026\n'
    system = {**SYSTEM, "content": SYSTEM["content"] + files}
    tools = [{"type": "function", "function": {"name": "run_sql"}}]
    reply = plan_reply([system, user("이 파일의 고객들이 지난주에 주문한 금액은?")], tools)
    assert isinstance(reply, Calls)
    assert json.loads(reply.calls[0].arguments) == {
        "sql": "SELECT sum(TOTAL_AMOUNT) AS total_amount FROM ORDERS WHERE CUSTOMER_ID IN "
        "(SELECT CUSTOMER_ID FROM FILE.고객) AND ORDERED_AT >= '2026-11-09' AND "
        "ORDERED_AT < '2026-11-16'"
    }


def test_why_a_number_changed_is_asked_with_the_question_behind_it() -> None:
    rows = {"ok": True, "columns": ["orders"], "rows": [[5]], "truncated": False}
    log = step([user("지난주에 취소된 주문은 몇 건이야?")], rows)
    asked = [*log, {"role": "assistant", "content": "5건"}, user("왜 바뀌었어?")]
    assert called(*asked) == [("explain_change", {"query": CANCELLED_LAST_WEEK})]
    moved = {"ok": True, "figures_that_moved": 1, "rows": [["orders", 5, 7, "2"]]}
    assert said(*step(asked, moved)) == "가장 크게 바뀐 것은 orders: 5 → 7입니다."
    kept_back = {"ok": True, "figures_that_moved": 1, "name": "q1", "columns": list("abcd")}
    assert "{q1.a}: {q1.b} → {q1.c}" in said(*step(asked, kept_back))
    same = {"ok": True, "figures_that_moved": 0, "rows": [["orders", 5, 5, "0"]]}
    assert said(*step(asked, same)) == "두 시점의 결과가 같습니다."


def test_why_without_a_number_asks_which_one_is_meant() -> None:
    assert "Ask for the number first" in said(user("why did this number change?"))


def test_the_first_words_of_a_conversation_say_that_no_model_wrote_them() -> None:
    reply = plan(user("USERS 테이블 동기화 해줘"))
    assert isinstance(reply, Calls)
    assert reply.text == (
        "_(데모 모델: 규칙으로 답합니다)_\n"
        """사용자가 'start_sync' 도구를 원함, 파라미터: {"tables": ["USERS"]}"""
    )
    assert said(user("hello")).startswith("_(demo model: answers by rules)_\nI can")


def test_later_words_carry_no_label() -> None:
    log = [user("hello"), {"role": "assistant", "content": "I can …"}, user("sync USERS")]
    reply = plan(*log)
    assert isinstance(reply, Calls)
    assert reply.text == (
        """The person wants the 'start_sync' tool, parameters: {"tables": ["USERS"]}"""
    )


def test_a_published_sync_is_told_with_its_rows() -> None:
    log = step([user("USERS 테이블 동기화 해줘")], {**WAITING, "tables": ["SHOP.USERS"]})
    assert said(*log) == "USERS 동기화는 승인을 기다리고 있습니다."
    assert said(*log, published("SHOP.USERS", 150)) == (
        "USERS 테이블 동기화를 마쳤습니다. 총 150건의 데이터가 처리되었습니다."
    )


@pytest.mark.parametrize(
    ("words", "opening", "answer"),
    [
        (
            "ORDERS 동기화하고 상위 5명 보여줘",
            "ORDERS 테이블 동기화를 마쳤습니다. 총 100,000건의 데이터가 처리되었습니다.",
            "주문 금액이 가장 큰 고객은 17이고 합계는 1,234,567.50입니다.",
        ),
        (
            "sync ORDERS, then show the top five customers",
            "The sync of ORDERS is complete. 100,000 rows were processed in total.",
            "Customer 17 comes first with 1,234,567.50 in orders.",
        ),
        (
            "show the top five customers after syncing ORDERS",
            "The sync of ORDERS is complete. 100,000 rows were processed in total.",
            "Customer 17 comes first with 1,234,567.50 in orders.",
        ),
    ],
)
def test_after_a_sync_the_rest_of_the_request_is_done(
    words: str, opening: str, answer: str
) -> None:
    log = [user(words)]
    assert called(*log) == [("start_sync", {"tables": ["ORDERS"]})]
    log = [*step(log, WAITING), published("SHOP.ORDERS", 100_000)]
    assert called(*log) == [("query_table", TOP_FIVE)]
    reply = plan(*log)
    assert isinstance(reply, Calls)
    assert reply.text is not None
    assert reply.text.startswith(opening + "\n")
    assert said(*step(log, TOP_FIVE_ROWS)) == answer


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (
            "USERS 테이블 동기화하고 몇 건인지 알려줘",
            "USERS 테이블은 150건이고 열은 2개입니다.",
        ),
        ("sync USERS and tell me how many there are", "USERS has 150 rows and 2 columns."),
    ],
)
def test_after_a_sync_what_was_synced_is_counted(words: str, answer: str) -> None:
    log = step([user(words)], {**WAITING, "tables": ["SHOP.USERS"]})
    log = [*log, published("SHOP.USERS", 150)]
    assert called(*log) == [("get_table_stats", {"table": "USERS"})]
    stats: Any = {"ok": True, "table": "SHOP.USERS", "rows": 150, "columns": ["ID", "LOGIN"]}
    assert said(*step(log, stats)) == answer


def test_a_question_about_a_table_without_a_copy_proposes_its_sync_and_goes_on_after_it() -> None:
    question = "지난주에 취소된 주문은 몇 건이야?"
    log = step([user(question)], NOT_SYNCED)
    assert called(*log) == [("start_sync", {"tables": ["ORDERS"], "reason": question})]
    log = [*step(log, WAITING), published("SHOP.ORDERS", 100_000)]
    assert called(*log) == [("query_table", CANCELLED_LAST_WEEK)]
    log = step(log, {"ok": True, "columns": ["orders"], "rows": [[1234]], "truncated": False})
    assert said(*log) == ("지난주(2026-11-09 ~ 2026-11-15)에 취소된 주문은 1,234건입니다.")


def test_an_undo_of_a_table_without_a_copy_is_refused_and_proposes_no_sync() -> None:
    log = step([user("ORDERS 되돌려줘")], NOT_SYNCED)
    assert "아직 동기화되지 않은 테이블입니다." in said(*log)


def test_a_table_that_stays_without_a_copy_is_proposed_once() -> None:
    log = step([user("How many orders were cancelled last week?")], NOT_SYNCED)
    log = [*step(log, WAITING), published("SHOP.ORDERS", 0)]
    assert said(*step(log, NOT_SYNCED)) == (
        "That did not work: SHOP.ORDERS has not been copied yet. Propose a sync of it first."
    )


def test_only_tables_without_a_copy_are_proposed() -> None:
    stats: Any = {"ok": True, "table": "SHOP.USERS", "rows": 150, "columns": []}
    log = step([user("USERS ORDERS 몇 건?")], stats, NOT_SYNCED)
    assert called(*log) == [("start_sync", {"tables": ["ORDERS"], "reason": "USERS ORDERS 몇 건?"})]


def test_an_event_belongs_to_the_request_that_proposed_it_not_to_the_latest_words() -> None:
    log = step([user("sync ORDERS, then show the top five customers")], WAITING)
    log = [*log, user("현재 상태 알려줘")]
    log = step(log, {"ok": True, "runs": [], "synced_tables": 1, "offered_tables": 5})
    log = [*log, {"role": "assistant", "content": said(*log)}]
    assert log[-1]["content"] == "테이블 5개 중 1개가 동기화되어 있습니다."
    assert called(*log, published("SHOP.ORDERS", 10)) == [("query_table", TOP_FIVE)]


def test_an_event_nobody_asked_for_is_only_told() -> None:
    assert said(user("hello"), {"role": "assistant", "content": "…"}, published("A.T", 7)) == (
        "The sync of T is complete. 7 rows were processed in total."
    )


@pytest.mark.parametrize(
    ("what", "korean", "english"),
    [
        (
            {"event": "rejected", "tables": ["SHOP.ORDERS"], "rejected_by": "U0JUNHO"},
            "ORDERS 테이블 동기화가 거절되었습니다. 바뀐 것은 없습니다.",
            "The sync of ORDERS was declined. Nothing was changed.",
        ),
        (
            {"event": "expired", "tables": ["SHOP.ORDERS"]},
            "ORDERS 테이블 동기화는 승인 시한이 지나 실행되지 않았습니다. 다시 요청해 주세요.",
            "The approval for ORDERS ran out of time, so nothing ran. Ask again if it is needed.",
        ),
        (
            {
                "event": "run_ended",
                "state": "failed",
                "code": "connection_dropped",
                "error": "The connection broke off.",
                "tables": [{"table": "SHOP.ORDERS"}],
            },
            (
                "ORDERS 테이블 동기화에 실패했습니다: Oracle 연결이 끊겼습니다. "
                "기존 데이터는 그대로이니 다시 요청해 주세요."
            ),
            "The sync of ORDERS failed: The connection broke off.",
        ),
        (
            {"event": "run_ended", "state": "cancelled", "tables": [{"table": "SHOP.ORDERS"}]},
            "ORDERS 테이블 동기화가 취소되었습니다. 바뀐 것은 없습니다.",
            "The sync of ORDERS was cancelled. Nothing was changed.",
        ),
    ],
)
def test_what_did_not_happen_is_said_plainly_and_the_request_ends(
    what: dict[str, Any], korean: str, english: str
) -> None:
    asked_ko = step([user("ORDERS 동기화하고 상위 5명 보여줘")], WAITING)
    asked_en = step([user("sync ORDERS, then show the top five customers")], WAITING)
    assert said(*asked_ko, event(**what)) == korean
    assert said(*asked_en, event(**what)) == english


@pytest.mark.parametrize(
    ("words", "result", "answer"),
    [
        (
            "USERS 몇 건?",
            {"ok": False, "code": "table_not_offered", "error": "USERS is not offered."},
            "처리하지 못했습니다: 이 봇이 다루지 않는 테이블입니다.",
        ),
        (
            "USERS 몇 건?",
            {"ok": False, "code": "bad_query", "error": "This cannot be asked."},
            "처리하지 못했습니다: 이유를 알 수 없습니다.",
        ),
        (
            "sync USERS",
            {"ok": False, "code": "oracle_unreachable", "error": "Oracle cannot be reached."},
            "That did not work: Oracle cannot be reached.",
        ),
    ],
)
def test_an_error_is_said_plainly_in_the_person_s_language(
    words: str, result: Any, answer: str
) -> None:
    assert said(*step([user(words)], result)) == answer


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("동기화하지 마", "알겠습니다. 아무것도 바꾸지 않습니다."),
        ("don't sync ORDERS", "All right, I change nothing."),
        ("네", "승인은 글이 아니라 카드의 *승인* 버튼으로 합니다."),
        ("고마워!", "천만에요. 더 궁금한 것이 있으면 말씀해 주세요."),
    ],
)
def test_words_that_need_no_tool_are_answered_at_once(words: str, answer: str) -> None:
    assert said(user(words)).split("\n", 1)[1] == answer


def test_a_stranger_is_told_what_can_be_asked() -> None:
    assert "`어떤 테이블이 있어?`" in said(user("안녕!"))
    assert "`which tables are there?`" in said(user("What is the meaning of life?"))


def test_a_tool_that_is_not_offered_is_never_called() -> None:
    reply = plan_reply([SYSTEM, user("sync USERS")], TOOLS[2:])
    assert isinstance(reply, Text)
    assert reply.text.endswith("The 'start_sync' tool is not available now.")


def test_a_period_without_a_known_day_is_refused_rather_than_guessed() -> None:
    reply = plan_reply([user("how many orders last week?")], TOOLS)
    assert isinstance(reply, Status)
    assert "Today is YYYY-MM-DD" in reply.message


def test_a_sync_of_no_table_asks_back_with_tables_to_choose_from() -> None:
    [(name, asked)] = called(user("동기화 해줘"))
    assert (name, asked["choices"][0]) == ("ask_user", "SHOP.USERS 동기화 해줘")
    assert asked["question"].startswith("어떤 테이블을 동기화할까요?")


def test_the_same_messages_get_the_same_reply() -> None:
    log = step([user("ORDERS 동기화하고 상위 5명 보여줘")], WAITING)
    assert plan(*log) == plan(*log)
