import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from redis import Redis

from agent.conversation import (
    ConversationHistory,
    Message,
    ToolCall,
    in_order,
    newest_turn,
    unanswered,
)
from agent.recall import estimate_units, read, recall, trim


def user(text: str) -> Message:
    return Message(role="user", content=text, speaker="UMINA")


def said(text: str) -> Message:
    return Message(role="assistant", content=text)


def calls(*ids: str) -> Message:
    asked = tuple(ToolCall(id=one, name="list_tables", arguments="{}") for one in ids)
    return Message(role="assistant", tool_calls=asked)


def answer(call_id: str, content: str = '{"ok": true}') -> Message:
    return Message(role="tool", tool_call_id=call_id, content=content)


def event(state: str) -> Message:
    return Message(role="system", content=json.dumps({"event": "run_ended", "state": state}))


def test_302_conversation_adds_messages_in_order_and_two_objects_see_the_same(redis: Redis) -> None:
    one = ConversationHistory(redis, "T1:C1:1")
    other = ConversationHistory(redis, "T1:C1:1")
    assert one.append(user("안녕하세요"))
    assert other.append(said("hello"))
    assert one.messages() == other.messages() == (user("안녕하세요"), said("hello"))


def test_arguments_that_are_no_object_are_sent_as_an_empty_one_which_every_server_takes() -> None:
    written = ("", '{"table": "US', "[1]", "[" * 100_000, '{"table": "USERS"}')
    asked = [
        ToolCall(id=f"c{n}", name="query_table", arguments=one) for n, one in enumerate(written)
    ]
    sent = Message(role="assistant", tool_calls=tuple(asked)).to_openai()["tool_calls"]
    assert [one["function"]["arguments"] for one in sent] == ["{}"] * 4 + ['{"table": "USERS"}']


def test_303_conversation_is_written_in_openai_format(history: ConversationHistory) -> None:
    for message in (user("tables?"), calls("a"), answer("a"), said("three")):
        history.append(message)
    function = {"name": "list_tables", "arguments": "{}"}
    prompt = read(recall(history), "You help.", 1_000)
    assert [message.to_openai() for message in prompt] == [
        {"role": "system", "content": "You help."},
        {"role": "user", "content": "tables?", "name": "UMINA"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "a", "type": "function", "function": function}],
        },
        {"role": "tool", "content": '{"ok": true}', "tool_call_id": "a"},
        {"role": "assistant", "content": "three"},
    ]


def test_what_the_same_source_brings_again_is_kept_once(history: ConversationHistory) -> None:
    first = Message(role="user", content="sync", speaker="UMINA", source_id="1-1")
    assert history.append(first)
    assert not history.append(first)
    assert history.append(first.model_copy(update={"source_id": "1-2"}))
    assert len(history.messages()) == 2


def test_of_many_deliveries_at_once_one_is_kept(redis: Redis) -> None:
    message = Message(role="user", content="sync", source_id="1-1")
    history = ConversationHistory(redis, "T1:C1:1")
    with ThreadPoolExecutor(8) as bots:
        added = list(bots.map(history.append, [message] * 40))
    assert added.count(True) == 1
    assert history.messages() == (message,)


def test_what_was_seen_is_remembered_for_twice_as_many_messages_as_are_kept(
    redis: Redis, history: ConversationHistory
) -> None:
    seen = "duckferry:1:T1:thread:C1:1700.0001:seen"
    redis.zadd(seen, {f"source:{number}": number for number in range(6_000)})
    history.append(Message(role="user", content="x", source_id="6000"))
    assert not history.append(Message(role="user", content="x", source_id="1"))
    assert redis.zcard(seen) == 6_000
    assert history.append(Message(role="user", content="x", source_id="0"))


def test_a_call_is_answered_once(history: ConversationHistory) -> None:
    history.append(calls("a"))
    assert history.append(answer("a", '{"ok": true, "n": 1}'))
    assert not history.append(answer("a", '{"ok": true, "n": 2}'))
    assert history.messages()[1].content == '{"ok": true, "n": 1}'


class SentAgain(Redis):
    """A client whose every command reaches the server twice, as after a broken connection."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        super().execute_command(*args, **options)
        return cast("object", super().execute_command(*args, **options))


@pytest.mark.parametrize(
    "message",
    [user("tables?"), calls("b"), said("three"), answer("a"), event("published")],
    ids=["words", "calls", "reply", "answer", "event"],
)
def test_a_message_sent_again_after_a_broken_connection_stands_once(
    redis: Redis, message: Message
) -> None:
    restless = SentAgain(connection_pool=redis.connection_pool)
    ConversationHistory(restless, "T1:C1:1").append(calls("a"))
    ConversationHistory(restless, "T1:C1:1").append(message)
    assert ConversationHistory(redis, "T1:C1:1").messages() == (calls("a"), message)


def test_the_same_words_said_twice_stand_twice(history: ConversationHistory) -> None:
    for _ in range(2):
        assert history.append(said("yes"))
    assert history.messages() == (said("yes"), said("yes"))


def test_threads_do_not_see_each_other(redis: Redis) -> None:
    ConversationHistory(redis, "T1:C1:1").append(user("here"))
    assert not ConversationHistory(redis, "T1:C1:2").exists()
    assert not ConversationHistory(redis, "T2:C1:1").exists()
    assert ConversationHistory(redis, "T1:C1:1").exists()


def test_a_thread_is_forgotten_after_its_days_counted_from_the_newest_message(redis: Redis) -> None:
    history = ConversationHistory(redis, "T1:C1:1", keep_days=2)
    history.append(user("one"))
    keys = sorted(redis.keys("*"))
    assert keys == ["duckferry:1:T1:thread:C1:1", "duckferry:1:T1:thread:C1:1:seen"]
    for name in keys:
        redis.expire(name, 10)
    history.append(Message(role="user", content="two", source_id="1-1"))
    lives = [redis.ttl(name) for name in redis.keys("*")]
    assert len(lives) == 2
    assert all(172_700 < seconds <= 172_800 for seconds in lives)


def test_a_thread_keeps_three_thousand_messages(redis: Redis, history: ConversationHistory) -> None:
    lines = [said(str(number)).model_dump_json() for number in range(3_000)]
    redis.rpush("duckferry:1:T1:thread:C1:1700.0001", *lines)
    for number in range(3_000, 3_003):
        history.append(said(str(number)))
    kept = history.messages()
    assert (len(kept), kept[0].content, kept[-1].content) == (3_000, "3", "3002")


def test_a_call_that_takes_the_id_of_a_forgotten_one_is_answered_anew(
    redis: Redis, history: ConversationHistory
) -> None:
    for message in (calls("a"), answer("a", '{"n": 1}')):
        history.append(message)
    redis.delete("duckferry:1:T1:thread:C1:1700.0001")  # as if newer messages had pushed them out
    for message in (user("again"), calls("a")):
        history.append(message)
    assert history.append(answer("a", '{"n": 2}'))
    assert not history.append(answer("a", '{"n": 3}'))
    assert [message.content for message in history.messages()] == ["again", "", '{"n": 2}']


def test_calls_without_an_answer_are_named(history: ConversationHistory) -> None:
    for message in (user("x"), calls("a", "b"), answer("b")):
        history.append(message)
    assert [call.id for call in unanswered(history.messages())] == ["a"]


def test_an_answer_that_came_after_a_persons_words_stands_behind_its_call() -> None:
    log = (user("one"), calls("a", "b"), user("two"), answer("b"), answer("a"))
    assert in_order(log) == (user("one"), calls("a", "b"), answer("a"), answer("b"), user("two"))


def test_an_answer_without_its_call_is_dropped() -> None:
    assert in_order((answer("gone"), said("hi"))) == (said("hi"),)


def test_a_message_that_was_changed_is_read_with_its_newest_words_where_it_stood(
    history: ConversationHistory,
) -> None:
    history.append(user("ordres?").model_copy(update={"source_id": "m1"}))
    history.append(said("There is no such table."))
    history.append(user("and users?").model_copy(update={"source_id": "m2"}))
    for number, words in enumerate(("orders?", "orders of May?")):
        change = {"source_id": f"m1:{number}", "replaces": "m1"}
        history.append(user(words).model_copy(update=change))
    history.append(user("nobody's").model_copy(update={"replaces": "m9"}))
    assert [message.content for message in history.messages()] == [
        "orders of May?",
        "There is no such table.",
        "and users?",
    ]
    assert history.has("m1")
    assert not history.has("m9")


def test_a_turn_begins_with_a_persons_words_or_an_event() -> None:
    first = (user("sync and count"), calls("a"), answer("a"))
    assert newest_turn((*first, event("published"))) == (event("published"),)
    assert newest_turn((*first, said("x"), user("thanks"))) == (user("thanks"),)
    assert newest_turn(()) == ()


def test_trimming_forgets_whole_exchanges_oldest_first() -> None:
    long = "x" * 3_000
    first = (user("one"), calls("a"), answer("a", long), said("1"))
    second = (user("two"), calls("b"), answer("b"), event("published"), said("2"))
    third = (user("three"), said("3"))
    everything = (*first, *second, *third)
    assert trim(everything, 100_000) == everything
    assert trim(everything, 500) == (*second, *third)
    assert trim(everything, estimate_units(third)) == third


def test_trimming_keeps_what_stands_before_the_first_words_while_there_is_room() -> None:
    messages = (event("published"), said("the schedule ran"), user("thanks"), said("sure"))
    assert trim(messages, 1_000) == messages
    assert trim(messages, estimate_units(messages[2:])) == messages[2:]


def test_trimming_keeps_the_newest_exchange_and_empties_its_oldest_results() -> None:
    long = json.dumps({"ok": True, "rows": ["x" * 3_000]})
    newest = (user("new"), calls("b"), answer("b", long), calls("c"), answer("c", long))
    kept = trim((user("old"), said("1"), *newest), 1_500)
    assert [message.role for message in kept] == ["user", "assistant", "tool", "assistant", "tool"]
    assert "dropped to save room" in kept[2].content
    assert kept[4] == answer("c", long)
    assert unanswered(kept) == ()


def test_trimming_leaves_no_answer_without_its_call_at_any_size() -> None:
    turn = (user("q"), calls("a", "b"), answer("a"), answer("b"), said("s"))
    messages = in_order(
        message.model_copy(
            update={
                "tool_calls": tuple(
                    call.model_copy(update={"id": f"{call.id}{n}"}) for call in message.tool_calls
                ),
                "tool_call_id": message.tool_call_id and f"{message.tool_call_id}{n}",
            }
        )
        for n in range(5)
        for message in turn
    )
    assert len(messages) == 25
    for limit in range(0, estimate_units(messages) + 10, 7):
        kept = trim(messages, limit)
        assert len(kept) % 5 == 0
        assert in_order(kept) == kept
        assert unanswered(kept) == ()


def test_korean_text_counts_more_tokens_than_english() -> None:
    assert estimate_units([user("가" * 30)]) == 38
    assert estimate_units([user("a" * 30)]) == 18


def test_trimming_a_thread_of_thousands_of_messages_takes_no_second() -> None:
    messages = [one for n in range(2_000) for one in (user(f"{n} " + "주문 " * 100), said("x"))]
    began = time.monotonic()
    assert trim(messages, 2_000) == tuple(messages[-14:])
    assert time.monotonic() - began < 1
