"""Edited and deleted messages: what waits is answered as it stands, the rest is corrected."""

from redis import Redis

from agent.conversation import ConversationHistory, Message
from agent.llm import LLMClient, LLMConfig
from agent.runtime.thread_context import DELETED
from agent.service import make_analyst
from app.changed_messages import follow_change, note_change, words_of
from sync.inbox import Entry, put, take
from sync.state import INBOX
from sync.streams import open_group

THREAD = "T1:C0DATA:1700.0001"
SOURCE = "message:T1:C0DATA:1700.0001"
ANALYST = make_analyst(LLMClient(LLMConfig(api_key="")))


def asked(redis: Redis, text: str = "몇 건?") -> Entry:
    put(redis, "message", THREAD, {"text": text, "user": "U0MINJI", "source": SOURCE})
    return entries(redis)[0]


def entries(redis: Redis) -> list[Entry]:
    open_group(redis, INBOX)
    return take(redis, "reader", count=100, wait_seconds=0.01)


def change(redis: Redis, text: str | None, at: str) -> None:
    note_change(redis, THREAD, SOURCE, text, at=at, event_id=f"Ev{at}")


def answered(redis: Redis, text: str) -> ConversationHistory:
    """The log of a thread in which *text* was answered."""
    history = ConversationHistory(redis, THREAD)
    history.append(Message(role="user", content=text, speaker="U0MINJI", source_id=SOURCE))
    history.append(Message(role="assistant", content="120건입니다."))
    return history


def follow_all(redis: Redis) -> None:
    for entry in entries(redis):
        follow_change(redis, ANALYST, entry)


def test_a_message_that_waits_is_answered_as_it_was_edited_last(redis: Redis) -> None:
    entry = asked(redis)
    assert words_of(redis, entry) == "몇 건?"
    change(redis, "11월에 몇 건?", "1700.0009")
    change(redis, "10월에 몇 건?", "1700.0005")  # told later, done earlier
    assert words_of(redis, entry) == "11월에 몇 건?"


def test_a_message_that_waits_and_was_deleted_is_not_answered(redis: Redis) -> None:
    entry = asked(redis)
    change(redis, None, "9999999999.999999")
    change(redis, "몇 건일까?", "1700.0005")
    assert words_of(redis, entry) is None


def test_a_message_that_waits_and_keeps_only_its_mention_asks_nothing_and_is_answered(
    redis: Redis,
) -> None:
    entry = asked(redis)
    change(redis, "", "1700.0005")
    assert words_of(redis, entry) == ""


def test_a_turn_that_was_begun_goes_on_with_the_words_it_had(redis: Redis) -> None:
    entry = asked(redis)
    answered(redis, "11월에 몇 건?")  # edited before its turn, which then died
    change(redis, None, "9999999999.999999")
    assert words_of(redis, entry) == "11월에 몇 건?"


def test_of_an_answered_message_the_log_takes_the_new_words_once(redis: Redis) -> None:
    history = answered(redis, "몇 건?")
    for _ in range(2):
        change(redis, "11월에 몇 건?", "1700.0009")
    change(redis, "10월에 몇 건?", "1700.0005")
    follow_all(redis)
    assert [message.content for message in history.messages()] == ["11월에 몇 건?", "120건입니다."]
    lines = redis.lrange("duckferry:1:T1:thread:C0DATA:1700.0001", 0, -1)
    assert len(lines) == 3  # type: ignore[arg-type]


def test_of_a_deleted_message_no_word_is_read_and_the_answer_stays(redis: Redis) -> None:
    history = answered(redis, "김민지 주민번호 900101-2345678")
    change(redis, None, "9999999999.999999")
    follow_all(redis)
    assert [message.content for message in history.messages()] == [DELETED, "120건입니다."]
    assert "900101" not in str([message.to_openai() for message in history.messages()])


def test_a_change_of_what_was_never_asked_puts_nothing_into_a_thread(redis: Redis) -> None:
    change(redis, "잡담", "1700.0005")
    follow_all(redis)
    assert not ConversationHistory(redis, THREAD).exists()
