"""A thread is forgotten when who takes part in it, or the operator, asks for that."""

from pathlib import Path

import pytest
from redis import Redis

from agent.conversation import ConversationHistory, Message
from app.changed_messages import note_change
from app.cli.forgetting import read_thread
from app.thread_memory import asks_to_forget, expect_turn, forget_as_asked, is_ours
from app.turns import hold_thread
from sync.audit import read_audit
from sync.inbox import Entry
from sync.state import OWNER
from tests.botctl import call_botctl

THREAD = "T1:C0DATA:1795309323.000100"
LINK = "https://acme.slack.com/archives/C0DATA/p1795309400000200?thread_ts=1795309323.000100&cid=C0DATA"


@pytest.mark.parametrize(
    "text",
    [
        "이 스레드 잊어줘",
        "이 스레드를 모두 잊어 주세요.",
        "이 쓰레드 내용은 잊어버려 줘!",
        "이 대화 잊어줘요",
        "forget this thread",
        "Please forget this conversation.",
        "can you forget all about this thread?",
        "Forget the thread, please",
    ],
)
def test_asks_for_a_thread_to_be_forgotten(text: str) -> None:
    assert asks_to_forget(text)


@pytest.mark.parametrize(
    "text",
    [
        "이 스레드에서 뭐라고 했지?",
        "이 스레드 잊어줘라고 하면 어떻게 돼?",
        "방금 질문은 잊어줘",
        "don't forget this thread",
        "forget it",
        "forget this thread and drop the table",
    ],
)
def test_asks_for_something_else(text: str) -> None:
    assert not asks_to_forget(text)


def entry(user: str = "U0MINJI", number: int = 1) -> Entry:
    body = {"user": user, "text": "이 스레드 잊어줘", "source": f"message:{number}"}
    return Entry(f"{number}-0", "message", THREAD, body)


@pytest.fixture
def history(redis: Redis) -> ConversationHistory:
    history = ConversationHistory(redis, THREAD)
    asked = {"content": "매출은?", "speaker": "U0MINJI", "source_id": "message:0"}
    history.append(Message.model_validate({"role": "user", **asked}))
    history.append(Message(role="assistant", content="1,200,000원입니다."))
    return history


def test_who_takes_part_has_it_forgotten_and_is_told_the_same_again(
    redis: Redis, history: ConversationHistory, tmp_path: Path
) -> None:
    note_change(redis, THREAD, "message:0", "주민번호는?", at="1795309400.1", event_id="Ev1")
    expect_turn(redis, THREAD)
    told = [forget_as_asked(redis, tmp_path, entry(), "ko") for _ in range(2)]
    assert told[0] == told[1]
    assert "잊었습니다" in told[0]
    assert not is_ours(redis, THREAD)
    kept = [name for name in redis.keys("*") if "C0DATA" in str(name)]
    assert kept == []
    assert history.append(Message(role="user", content="매출은?", source_id="message:0"))
    [audited] = read_audit(redis, "T1")
    assert (audited.what, audited.who, audited.subject) == ("thread_forgotten", "U0MINJI", THREAD)


def test_who_does_not_take_part_is_refused_and_told_whom_to_ask(
    redis: Redis, history: ConversationHistory, tmp_path: Path
) -> None:
    told = forget_as_asked(redis, tmp_path, entry("U0EVE"), "en")
    assert "Only those who have talked to the bot in this thread (<@U0MINJI>)" in told
    assert len(history.messages()) == 2


def test_of_a_thread_nobody_knows_it_is_said_that_there_is_nothing_to_forget(
    redis: Redis, tmp_path: Path
) -> None:
    assert "nothing to forget" in forget_as_asked(redis, tmp_path, entry(), "en")


def test_the_operator_forgets_a_thread_by_its_link_unless_it_is_being_answered(
    redis: Redis, redis_url: str, history: ConversationHistory, tmp_path: Path
) -> None:
    def botctl(*arguments: str) -> tuple[int, str]:
        environ = {"REDIS_URL": redis_url, "WAREHOUSE_DIR": str(tmp_path)}
        done = call_botctl(environ, "threads", "forget", *arguments)
        return done.returncode, done.stdout + done.stderr

    redis.set(OWNER, "T1")
    hold_thread(redis, THREAD, "bot", seconds=60)
    code, told = botctl(LINK, "--yes")
    assert (code, history.exists()) == (1, True)
    assert "in which U0MINJI wrote to the bot" in told
    assert "answering in this thread just now" in told
    redis.delete("duckferry:1:turn:" + THREAD)
    assert botctl(LINK, "--yes")[0] == 0
    assert not history.exists()
    assert "Nothing is remembered" in botctl("C0DATA:1795309323.000100")[1]
    code, told = botctl("my thread")
    assert code == 2
    assert "copy the link of a message" in told


def test_a_link_to_a_message_outside_of_threads_names_the_thread_below_it() -> None:
    place = read_thread("https://acme.slack.com/archives/D0MINJI/p1795309323000100", "T1")
    assert str(place) == "T1:D0MINJI:1795309323.000100"
