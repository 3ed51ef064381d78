"""What counts as a question, what its words are, and that it arrives in the inbox once."""

from collections.abc import Mapping
from typing import Any

import pytest
from redis import Redis
from slack_bolt import App, BoltRequest
from slack_sdk import WebClient

from app.listeners import events
from app.listeners.events import question, spoken
from sandbox.slack.server import start_slack
from sync.inbox import Entry, take
from sync.state import INBOX, connect_state
from sync.streams import open_group

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
}
NO_QUESTIONS = {
    "talk in a channel": in_channel(text="hello"),
    "the message of a mention": in_channel(),
    "talk in a private channel": in_channel(channel_type="group"),
    "talk of a group": in_channel(channel_type="mpim"),
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
def test_is_a_question(event: dict[str, Any]) -> None:
    assert question(body(event)) == event


@pytest.mark.parametrize("event", NO_QUESTIONS.values(), ids=NO_QUESTIONS)
def test_is_no_question(event: dict[str, Any]) -> None:
    assert question(body(event)) is None


@pytest.mark.parametrize(
    "other", [{}, {"type": "block_actions", "actions": []}, {"event": None}, {"event": {}}]
)
def test_what_is_no_event_is_no_question(other: dict[str, Any]) -> None:
    assert question(other) is None


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
        events.register(self._app, redis)

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


def test_a_message_told_by_two_events_is_taken_in_once(door: Door) -> None:
    door.deliver(body(mention(), "Ev1"))
    door.deliver(body(mention(edited={"user": "U0MINJI", "ts": "1700.9"}), "Ev2"))
    assert len(door.entries()) == 1


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
