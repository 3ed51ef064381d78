"""The buttons of an answer: each press is answered, and a refresh only asks for a card."""

import pytest
from redis import Redis
from slack_sdk import WebClient

from agent.conversation import ConversationHistory, Message, OnlyFor, Table, ToolCall
from app.bot_config import BotConfig
from app.desk import CardDesk
from app.listeners.actions import guarded
from app.listeners.answers import refresh, show_sql
from app.listeners.clicks import Pressed
from sync.inbox import Entry, take
from sync.state import INBOX, key
from sync.streams import open_group

THREAD = "T1:C1:1700.0001"
CONFIG = BotConfig.model_validate(
    {"source": [{"name": "main"}], "table": [{"name": "SHOP.ORDERS"}, {"name": "SHOP.USERS"}]}
)
NOWHERE = WebClient(token="none", base_url="http://127.0.0.1:9/")


@pytest.fixture
def desk(redis: Redis) -> CardDesk:
    history = ConversationHistory(redis, THREAD)
    history.append(Message(role="user", content="취소된 주문은 몇 건이야?", source_id="m1"))
    call = ToolCall(id="call_1", name="run_sql", arguments="{}")
    history.append(Message(role="assistant", tool_calls=(call,)))
    table = Table(columns=("n",), rows=((3,),), truncated=False, sql="SELECT count(*) FROM ORDERS")
    history.append(Message(role="tool", content="{}", tool_call_id="call_1", table=table))
    return CardDesk(redis, CONFIG)


def pressed(thread: str = "1700.0001", message: str = "1700.0002") -> Pressed:
    return Pressed(
        user="UMINA", team="T1", channel="C1", thread=thread, message=message, approval_id="",
        digest="",
    )  # fmt: skip


def waiting(redis: Redis) -> list[Entry]:
    open_group(redis, INBOX)
    return take(redis, "bot", count=10, wait_seconds=0.01)


def test_a_refresh_asks_for_a_sync_and_the_same_question_once_for_an_answer(
    desk: CardDesk,
) -> None:
    first = refresh(desk, NOWHERE, pressed(), '["SHOP.ORDERS"]')
    assert first.words.startswith("SHOP.ORDERS의 동기화를 요청했습니다.")
    second = refresh(desk, NOWHERE, pressed(), '["SHOP.ORDERS"]')
    assert second.words == "이 답변의 새로고침은 이미 요청되었습니다."
    entries = waiting(desk.redis)
    assert [(entry.kind, entry.thread, entry.body["user"]) for entry in entries] == [
        ("message", THREAD, "UMINA")
    ]
    assert entries[0].body["text"] == (
        "SHOP.ORDERS 동기화하고, 그다음 다시 답해 줘: 취소된 주문은 몇 건이야?"
    )


@pytest.mark.parametrize("value", ["", "[]", "{}", '["HR.SALARIES"]', '["SHOP.ORDERS", "X"]', "["])
def test_a_refresh_of_what_is_not_offered_asks_for_nothing(desk: CardDesk, value: str) -> None:
    answer = refresh(desk, NOWHERE, pressed(), value)
    assert answer.words == "이 대화는 더 이상 보관되어 있지 않습니다. 다시 물어봐 주세요."
    assert waiting(desk.redis) == []


def test_a_thread_that_cannot_be_read_leaves_no_press_unanswered(desk: CardDesk) -> None:
    desk.redis.rpush(key("T1", "thread", "C1:1700.0001"), "no message")
    answer = guarded(desk, lambda: show_sql(desk, NOWHERE, pressed(), "call_1"))
    assert answer.outcome == "failed"
    assert answer.words


def test_sql_of_another_thread_is_not_shown(desk: CardDesk) -> None:
    answer = show_sql(desk, NOWHERE, pressed(thread="1800.0009"), "call_1")
    assert answer.words == "이 대화는 더 이상 보관되어 있지 않습니다. 다시 물어봐 주세요."


def test_a_slack_that_opens_no_form_is_told_as_such(desk: CardDesk) -> None:
    answer = show_sql(desk, NOWHERE, pressed(), "call_1")
    assert answer.outcome == "too_late"
    assert "다시 눌러 주세요" in answer.words


def test_the_sql_of_what_was_for_one_alone_is_shown_to_nobody_else(desk: CardDesk) -> None:
    history = ConversationHistory(desk.redis, THREAD)
    call = ToolCall(id="call_2", name="run_sql", arguments="{}")
    history.append(Message(role="assistant", tool_calls=(call,)))
    table = Table(columns=("n",), rows=((3,),), truncated=False, sql="SELECT NAME FROM USERS")
    alone = OnlyFor(user="UALICE", rules="people")
    answer = Message(role="tool", content="{}", tool_call_id="call_2", table=table, private=alone)
    history.append(answer)
    found = show_sql(desk, NOWHERE, pressed(), "call_2")
    assert (found.outcome, found.words) == (
        "not_allowed",
        "이 결과는 규칙 people에 따라 물어본 사람만 볼 수 있습니다.",
    )
