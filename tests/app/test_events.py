"""What counts as a question, what its words are, and that it arrives in the inbox once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from slack_bolt import App, BoltRequest
from slack_sdk import WebClient

from agent.conversation import ConversationHistory, Message
from app.listeners import events
from app.listeners.hearing import Said, heard, spoken
from app.signs import make_signs
from app.thread_memory import forget_all, is_ours
from sandbox.slack.server import start_slack
from sync.attached import Attached, keep_file
from sync.inbox import Entry, take
from sync.state import INBOX, connect_state
from sync.streams import open_group
from sync.warehouse.attaching import Wanted, attach
from sync.warehouse.walls import walls

BOT = "<@U0DUCKFERRY>"


def body(event: Mapping[str, Any], event_id: str = "Ev1", team: str = "T1") -> dict[str, Any]:
    return {
        "token": "verification",
        "team_id": team,
        "api_app_id": "A1",
        "event": dict(event),
        "type": "event_callback",
        "event_id": event_id,
        "event_time": 1_795_309_323,
        "authorizations": [{"team_id": team, "user_id": "U0DUCKFERRY", "is_bot": True}],
    }


def mention(text: str = f"{BOT} 어떤 테이블이 있어?", **more: Any) -> dict[str, Any]:
    return {
        "type": "app_mention",
        "user": "U0MINJI",
        "text": text,
        "ts": "1700.0001",
        "channel": "C0DATA",
        "event_ts": "1700.0001",
        **more,
    }


def in_channel(**more: Any) -> dict[str, Any]:
    return {**mention(), "type": "message", "channel_type": "channel", **more}


def direct(text: str = "몇 건이야?", **more: Any) -> dict[str, Any]:
    place = {"type": "message", "channel": "D0MINJI", "channel_type": "im"}
    return {**mention(text), **place, **more}


QUESTIONS = {
    "a mention in a channel": mention(),
    "a mention in a thread": mention(thread_ts="1699.0001", parent_user_id="U0JUNHO"),
    "a mention with a file": mention(subtype="file_share", files=[{"id": "F1"}]),
    "a mention also sent to the channel": mention(subtype="thread_broadcast", thread_ts="1699.1"),
    "a direct message": direct(),
    "a direct message in a thread": direct(thread_ts="1699.0001"),
    "a direct message with a file": direct(subtype="file_share", files=[{"id": "F1"}]),
    "a direct message of nothing": direct(""),
    "the message of a mention": in_channel(),
    "a mention in a private channel": in_channel(channel_type="group"),
    "a mention in a group message": in_channel(channel_type="mpim"),
}
NO_QUESTIONS = {
    "talk in a channel": in_channel(text="hello"),
    "talk in a private channel": in_channel(text="hello", channel_type="group"),
    "talk of a group": in_channel(text="hello", channel_type="mpim"),
    "a reply in a thread of others": in_channel(text="몇 건이야?", thread_ts="1699.0001"),
    "the bot's own words": direct(user="U0DUCKFERRY"),
    "the bot's own message": direct(bot_id="B0DUCKFERRY"),
    "a message of another bot": direct(subtype="bot_message", bot_id="B1", user=None),
    "another bot's mention": mention(bot_id="B1"),
    "an edit": direct(subtype="message_changed", message={"text": "x", "user": "U0MINJI"}),
    "a deletion": direct(subtype="message_deleted", previous_message={"ts": "1"}),
    "somebody joined": direct(subtype="channel_join"),
    "a reply was counted": direct(subtype="message_replied"),
    "an action in the third person": direct(subtype="me_message"),
    "a topic": direct(subtype="channel_topic", topic="x"),
    "a message of nobody": {**direct(), "user": ""},
    "a reaction": {"type": "reaction_added", "user": "U1", "item": {"channel": "C1", "ts": "1"}},
    "the home page": {"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "home"},
}


@pytest.mark.parametrize("event", QUESTIONS.values(), ids=QUESTIONS)
def test_calls_the_bot(event: dict[str, Any]) -> None:
    said = heard(body(event))
    assert isinstance(said, Said)
    assert said.is_call


@pytest.mark.parametrize(
    "other", [{}, {"type": "block_actions", "actions": []}, {"event": None}, {"event": {}}]
)
def test_what_is_no_event_says_nothing(other: dict[str, Any]) -> None:
    assert heard(other) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{BOT} 안녕", "안녕"),
        (f"{BOT}안녕", "안녕"),
        (f"안녕 {BOT}", "안녕"),
        ("<@U0DUCKFERRY|duckferry> hello", "hello"),
        ("<@W012AB> hello", "hello"),
        (f"{BOT}", ""),
        (f"{BOT}   \n", ""),
        ("no mention", "no mention"),
        (f"{BOT} amount &gt; 5 &amp;&amp; id &lt; 9", "amount > 5 && id < 9"),
        (f"{BOT} say &amp;lt;b&amp;gt;", "say &lt;b&gt;"),
        (f"{BOT} first\nsecond", "first\nsecond"),
        (f"{BOT} <#C0DATA|data>", "<#C0DATA|data>"),
    ],
)
def test_the_words_of_a_message_are_what_was_typed_without_the_call(text: str, words: str) -> None:
    assert spoken(text) == words


# Through Bolt, whose middleware takes questions in before Slack is answered.


class Door:
    """A Bolt app with our listeners, and the inbox behind it."""

    def __init__(self, redis: Redis, slack: WebClient, inbox: Redis | None = None) -> None:
        self._redis = inbox or redis
        self._app = App(client=slack, signing_secret=None, request_verification_enabled=False)
        events.register(
            self._app, redis, make_signs(slack), lambda channel, _words: channel == "C0OPEN"
        )

    def deliver(self, payload: Mapping[str, Any]) -> int:
        """Deliver as Socket Mode does; gives the status of the answer."""
        request = BoltRequest(mode="socket_mode", body=dict(payload))
        return self._app.dispatch(request).status

    def entries(self) -> list[Entry]:
        open_group(self._redis, INBOX)
        return take(self._redis, "reader", count=100, wait_seconds=0.01)


@pytest.fixture(scope="module")
def slack() -> Any:
    with start_slack() as running:
        yield WebClient(token=running.bot_token, base_url=running.api_url)


@pytest.fixture
def door(redis: Redis, slack: WebClient) -> Door:
    return Door(redis, slack)


def test_a_mention_opens_a_thread_of_its_own(door: Door) -> None:
    assert door.deliver(body(mention())) == 200
    (entry,) = door.entries()
    assert (entry.kind, entry.thread) == ("message", "T1:C0DATA:1700.0001")
    assert entry.body == {
        "user": "U0MINJI",
        "text": "어떤 테이블이 있어?",
        "source": "message:T1:C0DATA:1700.0001",
    }


@pytest.mark.parametrize("event", [mention(thread_ts="1699.1"), direct(thread_ts="1699.1")])
def test_a_reply_belongs_to_its_thread(door: Door, event: dict[str, Any]) -> None:
    door.deliver(body(event))
    (entry,) = door.entries()
    assert entry.thread == f"T1:{event['channel']}:1699.1"


def test_an_event_delivered_again_is_taken_in_once(door: Door) -> None:
    assert [door.deliver(body(mention())) for _ in range(4)] == [200] * 4
    assert len(door.entries()) == 1


def test_an_event_that_reaches_two_bots_is_taken_in_once(redis: Redis, slack: WebClient) -> None:
    doors = [Door(redis, slack), Door(redis, slack)]
    for payload in (body(mention(), "Ev1"), body(in_channel(), "Ev2")):
        assert [door.deliver(payload) for door in doors] == [200, 200]
    assert len(doors[0].entries()) == 1


def test_a_message_told_by_two_events_is_taken_in_once(door: Door) -> None:
    door.deliver(body(mention(), "Ev1"))
    door.deliver(body(mention(edited={"user": "U0MINJI", "ts": "1700.9"}), "Ev2"))
    assert len(door.entries()) == 1


@pytest.mark.parametrize("kind", ["channel", "group", "mpim"])
def test_a_mention_arrives_once_whichever_of_its_events_comes_first(door: Door, kind: str) -> None:
    told = [body(mention(), "Ev1"), body(in_channel(channel_type=kind), "Ev2")]
    later = [{**one, "event": {**one["event"], "ts": "1700.0002"}} for one in reversed(told)]
    for payload in [*told, *later]:
        door.deliver(payload)
    assert [entry.thread for entry in door.entries()] == [
        "T1:C0DATA:1700.0001",
        "T1:C0DATA:1700.0002",
    ]


REPLY = {"thread_ts": "1699.0001", "ts": "1700.0009"}


@pytest.mark.parametrize("kind", ["channel", "group", "mpim"])
def test_a_reply_in_a_thread_the_agent_remembers_needs_no_mention(
    door: Door, redis: Redis, kind: str
) -> None:
    ConversationHistory(redis, "T1:C0DATA:1699.0001").append(Message(role="user", content="hi"))
    door.deliver(body(in_channel(text="그럼 11월은?", channel_type=kind, **REPLY)))
    [entry] = door.entries()
    assert (entry.thread, entry.body["text"]) == ("T1:C0DATA:1699.0001", "그럼 11월은?")


def test_a_reply_that_comes_before_the_first_turn_of_its_thread_needs_no_mention(
    door: Door,
) -> None:
    door.deliver(body(mention(thread_ts="1699.0001"), "Ev1"))
    door.deliver(body(in_channel(text="11월만", **REPLY), "Ev2"))
    door.deliver(body(in_channel(text="네", thread_ts="1699.0002", ts="1700.3"), "Ev3"))
    assert [entry.body["text"] for entry in door.entries()] == ["어떤 테이블이 있어?", "11월만"]


def test_a_mention_told_twice_does_not_make_a_forgotten_thread_ours_again(
    door: Door, redis: Redis, tmp_path: Path
) -> None:
    door.deliver(body(mention(), "Ev1"))
    door.entries()
    forget_all(redis, tmp_path, "T1:C0DATA:1700.0001", "U0MINJI")
    door.deliver(body(in_channel(), "Ev2"))
    assert not is_ours(redis, "T1:C0DATA:1700.0001")


def test_a_file_that_is_deleted_in_slack_is_forgotten_by_its_thread(
    door: Door, redis: Redis, tmp_path: Path
) -> None:
    thread = "T1:C0DATA:1700.0001"
    entry, reading = attach(tmp_path, walls(), Wanted("x", "a.csv", "민지", "a"), b"a\n1\n")
    file = Attached(id="F1", message="m", user="U0MINJI", entry=entry, reading=reading)
    keep_file(redis, tmp_path, thread, file, 30)
    told = {"id": "F1", "name": "a.csv"}
    waiting = mention(ts="1701.0001", subtype="file_share", files=[told])  # not read yet
    door.deliver(body(waiting, "Ev1"))
    for file_id in ("F1", "F1", "F2"):
        door.deliver(body({"type": "file_deleted", "file_id": file_id}))
    assert [(one.kind, one.thread, one.body.get("file")) for one in door.entries()] == [
        ("message", "T1:C0DATA:1701.0001", None),
        ("file_deleted", thread, "F1"),
        ("file_deleted", "T1:C0DATA:1701.0001", "F1"),
    ]


TO_THE_BOT = [
    "what did <@U0BOB> order?",
    "thanks, and in November?",
    f"<@U0BOB> see this. {BOT} how many orders?",
    "감사합니다. 11월은요?",
]
TO_OTHERS = [
    "<@U0BOB> can you check?",
    "  <@U0BOB|bob>, 확인 부탁드려요",
    "<@U0BOB>",
    "<@U0BOB> <@W0EVE>",
    "Thanks <@U0BOB>!",
    "hey <@U0BOB>: is that right?",
    "cc <@U0BOB>",
    "네 <@U0BOB> 님 확인했습니다",
    "<!subteam^S0DBA|@dba> 봐 주세요",
    "<!here> anyone?",
]


@pytest.mark.parametrize("text", [*TO_THE_BOT, *TO_OTHERS])
def test_a_reply_that_begins_with_somebody_else_is_left_to_them(
    door: Door, redis: Redis, text: str
) -> None:
    ConversationHistory(redis, "T1:C0DATA:1699.0001").append(Message(role="user", content="hi"))
    door.deliver(body(in_channel(text=text, **REPLY)))
    assert len(door.entries()) == (text in TO_THE_BOT)


def test_what_another_bot_says_in_the_agents_thread_is_left_alone(door: Door, redis: Redis) -> None:
    ConversationHistory(redis, "T1:C0DATA:1699.0001").append(Message(role="user", content="hi"))
    door.deliver(body(in_channel(text="deployed", bot_id="B1", **REPLY), "Ev1"))
    door.deliver(body(in_channel(text="x", subtype="bot_message", user=None, **REPLY), "Ev2"))
    assert door.entries() == []


def test_in_a_channel_that_opted_in_a_question_opens_a_thread_of_its_own(door: Door) -> None:
    asked = in_channel(text="주문 몇 건?", channel="C0OPEN")
    door.deliver(body(asked, "Ev1"))
    door.deliver(body({**asked, "channel": "C0DATA"}, "Ev2"))
    door.deliver(body({**asked, "thread_ts": "1699.1", "ts": "1700.2"}, "Ev3"))
    door.deliver(body({**asked, "text": "<@U0BOB> 주문 몇 건?", "ts": "1700.3"}, "Ev4"))
    assert [entry.thread for entry in door.entries()] == ["T1:C0OPEN:1700.0001"]


def edited(before: str, now: str, ts: str = "1700.0001", **more: Any) -> dict[str, Any]:
    event = in_channel(subtype="message_changed", hidden=True, ts="1700.0500")
    del event["user"], event["text"]
    message = {"type": "message", "user": "U0MINJI", "text": now, "ts": ts, **more}
    at = {"user": "U0MINJI", "ts": "1700.0500"}
    previous = {**message, "text": before}
    return {**event, "message": {**message, "edited": at}, "previous_message": previous}


def deleted(ts: str = "1700.0001", **more: Any) -> dict[str, Any]:
    event = in_channel(subtype="message_deleted", hidden=True, ts="1700.0600", deleted_ts=ts)
    del event["user"], event["text"]
    return {**event, "previous_message": {"type": "message", "user": "U0MINJI", "ts": ts, **more}}


def test_an_edit_and_a_deletion_of_a_question_follow_it_into_its_thread(door: Door) -> None:
    door.deliver(body(mention(thread_ts="1699.1"), "Ev1"))
    edit = edited(f"{BOT} 어떤 테이블이 있어?", f"{BOT} 몇 건?", thread_ts="1699.1")
    for _ in range(2):
        door.deliver(body(edit, "Ev2"))
    door.deliver(body(deleted(thread_ts="1699.1"), "Ev3"))
    entries = door.entries()
    assert [(entry.kind, entry.thread, entry.body["text"]) for entry in entries] == [
        ("message", "T1:C0DATA:1699.1", "어떤 테이블이 있어?"),
        ("message_changed", "T1:C0DATA:1699.1", "몇 건?"),
        ("message_changed", "T1:C0DATA:1699.1", ""),
    ]
    assert {entry.body["source"] for entry in entries} == {"message:T1:C0DATA:1700.0001"}


CHANGES_NOTHING = {
    "a link was unfolded": edited(f"{BOT} see a.example", f"{BOT} see a.example"),
    "a reply was counted": edited(f"{BOT} hi", f"{BOT} hi", reply_count=1),
    "other talk was edited": edited("hello", "good morning", ts="1700.0077"),
    "other talk was deleted": deleted("1700.0077"),
    "another bot edited its message": edited("a", "b", bot_id="B1"),
    "a card was edited": edited("a", "b", user="U0DUCKFERRY", bot_id="B0DUCKFERRY"),
}


@pytest.mark.parametrize("event", CHANGES_NOTHING.values(), ids=CHANGES_NOTHING)
def test_what_changes_no_words_of_a_question_does_not_arrive(
    door: Door, event: dict[str, Any]
) -> None:
    door.deliver(body(mention(), "Ev1"))
    door.entries()
    door.deliver(body(event, "Ev2"))
    assert door.entries() == []


def test_a_question_below_which_others_wrote_is_gone_once_slack_says_so(door: Door) -> None:
    door.deliver(body(mention(), "Ev1"))
    stone = edited("어떤 테이블이 있어?", "This message was deleted.", subtype="tombstone")
    door.deliver(body(stone, "Ev2"))
    assert [entry.body["text"] for entry in door.entries()] == ["어떤 테이블이 있어?", ""]


def test_a_mention_that_is_added_later_asks_once(door: Door) -> None:
    door.deliver(body(in_channel(text="몇 건이야?"), "Ev1"))
    edit = edited("몇 건이야?", f"{BOT} 몇 건이야?")
    door.deliver(body(edit, "Ev2"))
    door.deliver(body(mention(f"{BOT} 몇 건이야?", edited={"ts": "1700.05"}), "Ev3"))
    assert [(entry.kind, entry.body["text"]) for entry in door.entries()] == [
        ("message", "몇 건이야?")
    ]


def test_messages_of_one_moment_in_two_channels_or_teams_are_different(door: Door) -> None:
    door.deliver(body(mention(), "Ev1"))
    door.deliver(body(mention(channel="C0SALES"), "Ev2"))
    door.deliver(body(mention(), "Ev3", "T2"))
    assert [entry.thread for entry in door.entries()] == [
        "T1:C0DATA:1700.0001",
        "T1:C0SALES:1700.0001",
        "T2:C0DATA:1700.0001",
    ]


@pytest.mark.parametrize("event", NO_QUESTIONS.values(), ids=NO_QUESTIONS)
def test_what_is_no_question_does_not_arrive(door: Door, event: dict[str, Any]) -> None:
    door.deliver(body(event))
    assert door.entries() == []


def test_an_event_is_not_answered_as_taken_while_redis_is_away(
    redis: Redis, slack: WebClient
) -> None:
    away = connect_state("redis://127.0.0.1:1/0")
    assert Door(away, slack, inbox=redis).deliver(body(mention())) >= 500
    door = Door(redis, slack)
    assert door.deliver(body(mention())) == 200
    assert len(door.entries()) == 1
