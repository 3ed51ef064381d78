"""The buttons of an answer: each press is answered, and a refresh only asks for a card."""

from dataclasses import replace

import pytest
from redis import Redis
from slack_sdk import WebClient

from agent.conversation import ConversationHistory, Message, OnlyFor, Table, ToolCall
from agent.events import Said, TableShown, ToolStarted
from agent.outputs import AskUser
from app.bot_config import BotConfig
from app.desk import CardDesk
from app.listeners.actions import guarded
from app.listeners.answers import choose, refresh, show_sql, suggest
from app.listeners.clicks import Pressed
from app.views.answer import Reader, answer_message
from sync.inbox import Entry, take
from sync.state import INBOX, key
from sync.streams import open_group

THREAD = "T1:C1:1700.0001"
CONFIG = BotConfig.model_validate(
    {"source": [{"name": "main"}], "table": [{"name": "SHOP.ORDERS"}, {"name": "SHOP.USERS"}]}
)
SQL = '{"call": "call_1"}'
OLD = '{"call": "call_1", "tables": ["SHOP.ORDERS"]}'
GONE = "이 대화는 더 이상 보관되어 있지 않습니다. 다시 물어봐 주세요."
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
    first = refresh(desk, NOWHERE, pressed(), OLD)
    assert first.words.startswith("SHOP.ORDERS의 동기화를 요청했습니다.")
    second = refresh(desk, NOWHERE, pressed(), OLD)
    assert second.words == "이 답변의 새로고침은 이미 요청되었습니다."
    entries = waiting(desk.redis)
    assert [(entry.kind, entry.thread, entry.body["user"]) for entry in entries] == [
        ("message", THREAD, "UMINA")
    ]
    assert entries[0].body["text"] == (
        "SHOP.ORDERS 동기화하고, 그다음 다시 답해 줘: 취소된 주문은 몇 건이야?"
    )


def test_a_refresh_of_a_refreshed_answer_asks_the_first_question(desk: CardDesk) -> None:
    history = ConversationHistory(desk.redis, THREAD)
    asked = "SHOP.ORDERS 동기화하고, 그다음 다시 답해 줘: 취소된 주문은 몇 건이야?"
    history.append(Message(role="user", content=asked, source_id="m2"))
    call = ToolCall(id="call_2", name="run_sql", arguments="{}")
    history.append(Message(role="assistant", tool_calls=(call,)))
    history.append(Message(role="tool", content="{}", tool_call_id="call_2"))
    refresh(desk, NOWHERE, pressed(), '{"call": "call_2", "tables": ["SHOP.USERS"]}')
    [entry] = waiting(desk.redis)
    assert entry.body["text"] == (
        "SHOP.USERS 동기화하고, 그다음 다시 답해 줘: 취소된 주문은 몇 건이야?"
    )


@pytest.mark.parametrize(
    "value",
    [
        "[",
        "[]",
        SQL,
        '{"call": "call_9", "tables": ["SHOP.ORDERS"]}',
        '{"call": "call_1", "tables": ["SHOP.ORDERS", "X"]}',
        '{"call": "call_1", "tables": ["SHOP.ORDERS"], "asked_in": "T1:C1:1700.0001:seen"}',
    ],
)
def test_a_refresh_of_what_is_not_offered_asks_for_nothing(desk: CardDesk, value: str) -> None:
    answer = refresh(desk, NOWHERE, pressed(), value)
    assert answer.words == GONE
    assert waiting(desk.redis) == []


def test_a_thread_that_cannot_be_read_leaves_no_press_unanswered(desk: CardDesk) -> None:
    desk.redis.rpush(key("T1", "thread", "C1:1700.0001"), "no message")
    answer = guarded(desk, lambda: show_sql(desk, NOWHERE, pressed(), SQL))
    assert answer.outcome == "failed"
    assert answer.words


def test_sql_of_another_thread_is_not_shown(desk: CardDesk) -> None:
    answer = show_sql(desk, NOWHERE, pressed(thread="1800.0009"), SQL)
    assert answer.words == GONE


def test_a_slack_that_opens_no_form_is_told_as_such(desk: CardDesk) -> None:
    answer = show_sql(desk, NOWHERE, pressed(), SQL)
    assert answer.outcome == "too_late"
    assert "다시 눌러 주세요" in answer.words


def test_what_was_for_one_alone_is_led_back_to_its_thread_for_them_and_nobody_else(
    desk: CardDesk,
) -> None:
    history = ConversationHistory(desk.redis, THREAD)
    history.append(Message(role="user", content="How many users are there?", source_id="m2"))
    call = ToolCall(id="call_2", name="run_sql", arguments="{}")
    history.append(Message(role="assistant", tool_calls=(call,)))
    table = Table(columns=("n",), rows=((3,),), truncated=False, sql="SELECT NAME FROM USERS")
    alone = OnlyFor(user="UALICE", rules="people")
    answer = Message(role="tool", content="{}", tool_call_id="call_2", table=table, private=alone)
    history.append(answer)
    history.append(Message(role="user", content="고마워", source_id="m3"))
    found = show_sql(desk, NOWHERE, pressed(), '{"call": "call_2"}')
    assert (found.outcome, found.words) == (
        "not_allowed",
        "By the rule people this result is for whoever asked for it alone.",
    )
    value = f'{{"call": "call_2", "tables": ["SHOP.USERS"], "asked_in": "{THREAD}"}}'
    directly = replace(pressed(thread="", message="1800.0001"), channel="DMINA")
    assert show_sql(desk, NOWHERE, directly, value).words == GONE
    assert refresh(desk, NOWHERE, directly, value).words == GONE
    assert waiting(desk.redis) == []
    theirs = replace(directly, user="UALICE", channel="DALICE")
    assert show_sql(desk, NOWHERE, theirs, value).outcome == "too_late"  # no Slack there to open it
    assert refresh(desk, NOWHERE, theirs, value).words.endswith(
        "The card stands in C1, in the thread you asked in; the answer comes here alone again."
    )
    assert refresh(desk, NOWHERE, theirs, value).outcome == "asked_again"
    (entry,) = waiting(desk.redis)
    assert (entry.thread, entry.body["user"], entry.body["text"]) == (
        THREAD,
        "UALICE",
        "Sync SHOP.USERS, then answer again: How many users are there?",
    )
    elsewhere = replace(theirs, team="T2")
    assert refresh(desk, NOWHERE, elsewhere, value).outcome == "unknown"


def test_a_choice_is_sent_in_the_name_of_whoever_pressed_it_once(desk: CardDesk) -> None:
    history = ConversationHistory(desk.redis, THREAD)
    call = ToolCall(id="call_2", name="ask_user", arguments="{}")
    history.append(Message(role="assistant", tool_calls=(call,)))
    ask = AskUser(question="어느 달?", choices=("3월", "4월"))
    history.append(Message(role="tool", content="{}", tool_call_id="call_2", ask=ask))
    value = '{"call": "call_2"}'
    forged = replace(pressed(), action="answer_choice_4")
    assert choose(desk, NOWHERE, forged, value).words == GONE
    assert choose(desk, NOWHERE, replace(pressed(), action="answer_choice_1"), SQL).words == GONE
    second = replace(pressed(), action="answer_choice_1")
    assert choose(desk, NOWHERE, second, value).outcome == "asked"
    again = choose(desk, NOWHERE, replace(second, user="UALICE"), value)
    assert again.words == "이미 답한 질문입니다. 다른 답은 글로 써 주세요."
    [entry] = waiting(desk.redis)
    assert (entry.kind, entry.thread) == ("message", THREAD)
    assert (entry.body["text"], entry.body["user"]) == ("4월", "UMINA")


def test_a_suggestion_is_asked_in_the_name_of_whoever_pressed_it_once(desk: CardDesk) -> None:
    chart = replace(pressed(), action="answer_suggest_chart")
    assert suggest(desk, NOWHERE, chart, SQL).words == "대신 물어봤습니다: 그래프로 보여줘"
    assert suggest(desk, NOWHERE, chart, SQL).words == "이미 물어본 것입니다."
    forged = replace(pressed(), action="answer_suggest_drop")
    assert suggest(desk, NOWHERE, forged, SQL).words == GONE
    assert suggest(desk, NOWHERE, replace(chart, thread="1.1"), SQL).words == GONE
    [entry] = waiting(desk.redis)
    assert (entry.thread, entry.body["text"]) == (THREAD, "그래프로 보여줘")


def test_suggestions_are_drawn_only_where_they_are_wanted() -> None:
    rows = (("PAID", 7), ("OPEN", 5), ("SENT", 4))
    types = ("VARCHAR", "BIGINT")
    shown = TableShown(("S", "N"), rows, truncated=False, basis=None, types=types, call_id="c1")
    events = [ToolStarted("c1", "run_sql", {}), shown, Said("Most are paid.")]

    def offered(*, suggests: bool) -> list[str]:
        message = answer_message("en", events, Reader(suggests=suggests))
        assert message is not None
        return [
            button["text"]["text"]
            for block in message.blocks
            if block["type"] == "actions"
            for button in block["elements"]
        ]

    assert offered(suggests=True) == ["Show SQL", "Show it as a chart"]
    assert offered(suggests=False) == ["Show SQL"]
