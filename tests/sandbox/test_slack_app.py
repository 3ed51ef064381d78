"""The unchanged Slack libraries (Bolt, Socket Mode client, WebClient) against the stand-in."""

import logging
from collections.abc import Iterator
from queue import Queue
from typing import Any, cast

import pytest
from slack_bolt import Ack, App, Respond, Say
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.web import SlackResponse

from sandbox.slack.client import SandboxRefused, SlackClient
from sandbox.slack.faults import ScriptedFault
from sandbox.slack.server import NoSuchButton, SlackStandIn, start_slack
from sandbox.slack.values import dm_id
from sandbox.slack.waiting import NothingMatched

CARD: list[dict[str, Any]] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "Copy *USERS*?"}},
    {
        "type": "actions",
        "block_id": "card:1",
        "elements": [
            {
                "type": "button",
                "action_id": "sync.approve",
                "style": "primary",
                "value": "approval-1",
                "text": {"type": "plain_text", "text": "Approve"},
            },
            {
                "type": "button",
                "action_id": "sync.reject",
                "text": {"type": "plain_text", "text": "Reject"},
            },
        ],
    },
]


class Bot:
    """A small real Bolt app and everything it was told."""

    def __init__(self, slack: SlackStandIn) -> None:
        self.heard: Queue[dict[str, Any]] = Queue()
        self.pressed: Queue[dict[str, Any]] = Queue()
        quiet = logging.getLogger("slack-test-bot")
        quiet.setLevel(logging.CRITICAL)
        client = WebClient(token=slack.bot_token, base_url=slack.api_url, logger=quiet)
        self.app = App(client=client, logger=quiet)
        self.app.event("app_mention")(self._mention)
        self.app.event("message")(self._message)
        self.app.action("sync.approve")(self._approve)
        self.handler = SocketModeHandler(self.app, slack.app_token, logger=quiet)
        self.handler.connect()

    def _mention(self, body: dict[str, Any], event: dict[str, Any], say: Say) -> None:
        self.heard.put(body)
        say(text="네, 확인하겠습니다", thread_ts=event.get("thread_ts") or event["ts"])

    def _message(self, body: dict[str, Any], event: dict[str, Any], say: Say) -> None:
        self.heard.put(body)
        if event.get("channel_type") == "im" and "subtype" not in event:
            say(text="Hello in private", blocks=CARD)

    def _approve(self, ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        self.pressed.put(body)
        respond(text="noted, just for you")

    def next_heard(self) -> dict[str, Any]:
        return self.heard.get(timeout=5)


def ts_of(response: SlackResponse) -> str:
    return cast("str", response["ts"])


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def bot(slack: SlackStandIn) -> Iterator[Bot]:
    bot = Bot(slack)
    yield bot
    bot.handler.close()


@pytest.fixture
def web(slack: SlackStandIn) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url)


def test_a_mention_is_answered_in_its_thread(slack: SlackStandIn, bot: Bot) -> None:
    ts = slack.post("U0MINJI", "C0DATA", "@Duckferry USERS 테이블 동기화 해줘")
    answer = slack.wait_for(lambda message: message.thread_ts == ts)
    assert (answer.user, answer.text) == ("U0DUCKFERRY", "네, 확인하겠습니다")


def test_a_mention_is_told_as_two_events_with_two_ids_and_one_ts(
    slack: SlackStandIn, bot: Bot
) -> None:
    ts = slack.post("U0ALICE", "C0SALES", "@Duckferry how many orders?")
    heard: dict[str, dict[str, Any]] = {}
    while len(heard) < 2:
        body = bot.next_heard()
        if body["event"]["ts"] == ts:
            heard[body["event"]["type"]] = body
    assert set(heard) == {"app_mention", "message"}
    assert heard["app_mention"]["event_id"] != heard["message"]["event_id"]
    assert heard["app_mention"]["event"]["channel"] == heard["message"]["event"]["channel"]


def test_a_direct_message_arrives_with_its_channel_type(slack: SlackStandIn, bot: Bot) -> None:
    ts = slack.direct_message("U0JUNHO", "안녕")
    body = bot.next_heard()
    while body["event"]["ts"] != ts:
        body = bot.next_heard()
    assert body["event"]["type"] == "message"
    assert body["event"]["channel_type"] == "im"
    assert body["event"]["channel"] == dm_id("U0JUNHO")
    assert body["authorizations"][0]["user_id"] == "U0DUCKFERRY"
    answer = slack.wait_for(lambda message: message.text == "Hello in private")
    assert answer.channel == dm_id("U0JUNHO")


def test_a_pressed_button_reaches_its_listener_and_is_acked(
    slack: SlackStandIn, bot: Bot, web: WebClient
) -> None:
    root = slack.post("U0MINJI", "C0DATA", "sync please")
    card = ts_of(web.chat_postMessage(channel="C0DATA", thread_ts=root, text="card", blocks=CARD))
    ack = slack.press("U0JUNHO", "C0DATA", card, "Approve")
    assert ack.latency_seconds < 3
    body = bot.pressed.get(timeout=5)
    assert body["user"] == {
        "id": "U0JUNHO",
        "username": "junho",
        "name": "junho",
        "team_id": "T0SANDBOX",
    }
    assert body["container"] == {
        "type": "message",
        "message_ts": card,
        "channel_id": "C0DATA",
        "is_ephemeral": False,
        "thread_ts": root,
    }
    assert body["actions"][0]["value"] == "approval-1"
    assert body["actions"][0]["block_id"] == "card:1"
    assert body["message"]["ts"] == card
    private = slack.wait_for(lambda message: message.text == "noted, just for you")
    assert private.ephemeral_to == "U0JUNHO"


def test_a_button_that_is_not_shown_cannot_be_pressed_but_an_earlier_card_can(
    slack: SlackStandIn, bot: Bot, web: WebClient
) -> None:
    ts = ts_of(web.chat_postMessage(channel="C0DATA", text="card", blocks=CARD))
    web.chat_update(channel="C0DATA", ts=ts, text="decided")
    with pytest.raises(NoSuchButton, match="no buttons"):
        slack.press("U0JUNHO", "C0DATA", ts, "sync.approve")
    assert slack.press("U0JUNHO", "C0DATA", ts, "sync.approve", version=0).payload is None


def test_an_update_replaces_the_message_and_its_versions_are_kept(
    slack: SlackStandIn, web: WebClient
) -> None:
    ts = ts_of(web.chat_postMessage(channel="C0DATA", text="10%", blocks=CARD))
    web.chat_update(channel="C0DATA", ts=ts, text="100%")
    versions = slack.workspace.versions("C0DATA", ts)
    assert [(each.text, len(each.blocks)) for each in versions] == [("10%", 2), ("100%", 0)]
    assert slack.workspace.message("C0DATA", ts).text == "100%"


def test_an_ephemeral_message_is_seen_by_one_person(slack: SlackStandIn, web: WebClient) -> None:
    web.chat_postEphemeral(channel="C0DATA", user="U0EVE", text="only approvers may do this")
    assert "only approvers may do this" in [each.text for each in slack.ephemerals("U0EVE")]
    assert "only approvers may do this" not in [each.text for each in slack.ephemerals("U0ALICE")]
    assert "only approvers may do this" not in [each.text for each in slack.messages("C0DATA")]


def test_one_event_delivered_four_times_more_keeps_its_event_id(
    slack: SlackStandIn, bot: Bot
) -> None:
    ts = slack.post("U0EVE", "C0SALES", "no mention here")
    [event] = slack.events("C0SALES", ts)
    deliveries = slack.redeliver(event, times=4)
    assert [each.ack.result(timeout=5).payload for each in deliveries] == [None] * 4
    heard = [bot.next_heard()]
    while len([body for body in heard if body["event"]["ts"] == ts]) < 5:
        heard.append(bot.next_heard())
    assert {body["event_id"] for body in heard if body["event"]["ts"] == ts} == {event.event_id}
    assert [each.retry_attempt for each in deliveries] == [1, 2, 3, 4]


def test_after_a_disconnect_the_client_returns_and_events_still_arrive(
    slack: SlackStandIn, bot: Bot
) -> None:
    slack.disconnect("refresh_requested")
    ts = slack.post("U0MINJI", "C0DATA", "@Duckferry 아직 거기 있어?")
    answer = slack.wait_for(lambda message: message.thread_ts == ts)
    assert answer.text == "네, 확인하겠습니다"


def test_another_process_can_use_the_same_verbs(slack: SlackStandIn, bot: Bot) -> None:
    remote = SlackClient(slack.base_url)
    ts = remote.post("U0ALICE", "C0DATA", "@Duckferry from afar")
    answer = remote.wait_for(lambda message: message.thread_ts == ts)
    assert answer == slack.workspace.message("C0DATA", answer.ts)
    remote.direct_message("U0ALICE", "hi")
    card = remote.wait_for(
        lambda message: message.channel == dm_id("U0ALICE") and bool(message.blocks)
    )
    assert remote.press("U0ALICE", card.channel, card.ts, "Approve").latency_seconds < 3
    assert [user.real_name for user in remote.users()][:2] == ["민지", "준호"]
    remote.fault(ScriptedFault(method="users.info", error="fatal_error"))
    with pytest.raises(SlackApiError, match="fatal_error"):
        bot.app.client.users_info(user="U0EVE")
    with pytest.raises(SandboxRefused, match="NoSuchButton"):
        remote.press("U0ALICE", card.channel, card.ts, "Postpone")


def test_waiting_in_vain_says_what_was_there(slack: SlackStandIn) -> None:
    slack.post("U0EVE", "C0SALES", "something else")
    with pytest.raises(NothingMatched, match="something else"):
        slack.wait_for(lambda message: message.text == "never said", timeout_seconds=0.05)


def test_a_rate_limited_call_is_repeated_by_the_sdk_after_the_time_slack_names(
    slack: SlackStandIn, web: WebClient
) -> None:
    web.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
    slack.faults.rate_limit("reactions.add", retry_after_seconds=0)
    ts = slack.post("U0MINJI", "C0DATA", "react to this")
    assert web.reactions_add(channel="C0DATA", timestamp=ts, name="eyes")["ok"] is True
    assert [each.name for each in slack.workspace.message("C0DATA", ts).reactions] == ["eyes"]
