"""What people see of a turn while it goes on, and how they end it."""

import json
import threading
from collections.abc import Callable, Iterator

import pytest
from redis import Redis
from slack_sdk import WebClient

from agent.events import ToolFinished, ToolStarted
from app.bot_config import BotConfig
from app.desk import CardDesk
from app.listeners.answers import stop
from app.listeners.clicks import Pressed
from app.live import Live
from app.places import Place
from app.settings import SlackSettings
from app.slack_client import CallOutcome, PacedClient
from app.slack_gateway import make_client, replace_answer
from app.slack_pace import Pace
from app.views.notices import STOP, sentence
from sandbox.slack.server import SlackStandIn, start_slack
from sandbox.slack.values import BOT_USER_ID, Message

CHANNEL, MINJI, SECONDS = "C0DATA", "U0MINJI", 20.0
MakeLive = Callable[..., Live]


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as running:
        yield running


@pytest.fixture
def stream_asked() -> threading.Event:
    """Set by the first try to start a stream, whatever became of it."""
    return threading.Event()


@pytest.fixture
def client(slack: SlackStandIn, stream_asked: threading.Event) -> WebClient:
    def called(method: str, _outcome: CallOutcome, _error: str) -> None:
        if method == "chat.startStream":
            stream_asked.set()

    tokens = {"bot_token": slack.bot_token, "app_token": "xapp-1", "api_url": slack.api_url}
    return make_client(SlackSettings.model_validate(tokens), called)


@pytest.fixture
def place(slack: SlackStandIn) -> Place:
    return Place("T0SANDBOX", CHANNEL, slack.post(MINJI, CHANNEL, "몇 건이야?"))


@pytest.fixture
def make_live(redis: Redis, client: WebClient, place: Place) -> Iterator[MakeLive]:
    begun: list[Live] = []

    def make(offer_after: float = 60) -> Live:
        live = Live(redis, client, "1-1", place, MINJI, "ko", offer_after)
        begun.append(live)
        live.begin()
        return live

    yield make
    for live in begun:
        live.end()


def said(slack: SlackStandIn, place: Place) -> list[Message]:
    return [m for m in slack.messages(CHANNEL, place.thread_ts) if m.user == BOT_USER_ID]


def wait_for(slack: SlackStandIn, place: Place, text: str) -> Message:
    return slack.wait_for(
        lambda m: m.thread_ts == place.thread_ts and text in m.text and m.user == BOT_USER_ID,
        SECONDS,
    )


def test_words_are_seen_as_they_come_and_the_answer_takes_their_place(
    make_live: MakeLive, slack: SlackStandIn, client: WebClient, place: Place
) -> None:
    live = make_live()
    live.on_text("주문은 <!channel>")
    assert wait_for(slack, place, "주문은").is_streaming
    live.on_text("그럼 모두 {q1.total}건")
    seen = wait_for(slack, place, "모두")
    assert seen.text == "주문은 &lt;!channel&gt;\n\n그럼 모두 "
    live.end()
    replace_answer(client, place, live.message, sentence("주문은 모두 3건입니다."))
    [answer] = said(slack, place)
    assert (answer.ts, answer.text, answer.is_streaming) == (
        seen.ts,
        "주문은 모두 3건입니다.",
        False,
    )


def test_the_answer_takes_their_place_also_where_many_streams_end_at_once(
    redis: Redis, slack: SlackStandIn, place: Place
) -> None:
    pace = Pace(redis)
    paced = PacedClient(pace, token=slack.bot_token, base_url=slack.api_url)
    live = Live(redis, paced, "1-3", place, MINJI, "ko")
    live.begin()
    live.on_text("주문은")
    wait_for(slack, place, "주문은")
    pace.hold("chat.stopStream", 3.2)
    live.end()
    replace_answer(paced, place, live.message, sentence("모두 3건입니다."))
    assert [m.text for m in said(slack, place)] == ["모두 3건입니다."]


def test_no_word_is_seen_of_what_is_for_the_asker_alone(
    make_live: MakeLive, slack: SlackStandIn, place: Place
) -> None:
    live = make_live()
    live.on_event(ToolStarted("c1", "run_sql", {}))
    live.on_event(ToolFinished("c1", "run_sql", ok=True, result={}, private="people"))
    live.on_text("급여는 900입니다.")
    live.end()
    assert live.message == ""
    assert said(slack, place) == []


def test_a_slack_that_takes_no_streams_gets_the_answer_at_the_end(
    make_live: MakeLive, slack: SlackStandIn, place: Place, stream_asked: threading.Event
) -> None:
    slack.faults.refuse("chat.startStream", "ratelimited")
    live = make_live()
    live.on_text("주문은")
    assert stream_asked.wait(SECONDS)
    live.on_text("주문은 모두 3건입니다.")
    live.end()
    assert live.message == ""
    assert said(slack, place) == []


def test_a_turn_taken_again_writes_no_second_message(
    make_live: MakeLive, slack: SlackStandIn, client: WebClient, place: Place
) -> None:
    first = make_live()
    first.on_text("주문은")
    begun = wait_for(slack, place, "주문은")
    first.end()
    again = make_live()
    assert again.message == begun.ts
    again.on_text("주문은 모두 3건입니다.")
    again.end()
    replace_answer(client, place, again.message, sentence("모두 3건입니다."))
    assert [m.text for m in said(slack, place)] == ["모두 3건입니다."]


def test_where_the_streamed_message_is_gone_the_answer_is_posted(
    slack: SlackStandIn, client: WebClient, place: Place
) -> None:
    replace_answer(client, place, "1.000001", sentence("모두 3건입니다."))
    assert [m.text for m in said(slack, place)] == ["모두 3건입니다."]


def test_the_status_says_what_the_agent_does(
    make_live: MakeLive, slack: SlackStandIn, place: Place
) -> None:
    seen: list[str] = []
    live = make_live()
    live.on_event(ToolStarted("c1", "run_sql", {}))
    while not seen or seen[-1] != "데이터를 살펴보고 있습니다…":
        seen.append(slack.status_of(CHANNEL, place.thread_ts))
    live.end()


def test_whoever_asked_can_stop_a_turn_that_takes_long(
    make_live: MakeLive, slack: SlackStandIn, redis: Redis, place: Place, client: WebClient
) -> None:
    live = make_live(offer_after=0)
    offered = slack.wait_for(
        lambda m: m.ephemeral_to == MINJI and m.thread_ts == place.thread_ts, SECONDS
    )
    button = offered.blocks[-1]["elements"][0]
    assert (button["action_id"], button["text"]["text"]) == (STOP, "멈추기")
    assert not live.is_stopped()
    desk = CardDesk(redis, BotConfig())
    pressed = Pressed(
        user=MINJI, team=place.team, channel=CHANNEL, thread=place.thread_ts, message="1.2",
        approval_id="", digest="",
    )  # fmt: skip
    other = json.dumps({"entry": "1-1", "thread": "T2:C0DATA:1.1"})
    for forged in ("[", "{}", json.dumps({"entry": "1-1" * 40, "thread": str(place)}), other):
        assert stop(desk, client, pressed, forged).outcome == "unknown"
    assert stop(desk, client, pressed, button["value"]).words == "멈추는 중입니다."
    stopped = False
    while not stopped:
        stopped = live.is_stopped()
    live.end()
    assert stop(desk, client, pressed, button["value"]).words == "이미 끝났습니다."


def test_what_slack_refuses_of_a_stream_does_not_take_the_way_to_stop(
    make_live: MakeLive, slack: SlackStandIn, place: Place
) -> None:
    slack.faults.refuse("chat.startStream", "invalid_arguments")
    live = make_live(offer_after=1)
    live.on_text("주문은")
    slack.wait_for(lambda m: m.ephemeral_to == MINJI and m.thread_ts == place.thread_ts, SECONDS)
    live.end()


def test_no_status_is_left_below_an_answer_that_was_streamed(
    make_live: MakeLive, slack: SlackStandIn, client: WebClient, place: Place
) -> None:
    live = make_live()
    live.on_text("주문은")
    wait_for(slack, place, "주문은")
    live.on_event(ToolStarted("c1", "run_sql", {}))
    while not slack.status_of(CHANNEL, place.thread_ts):
        pass
    live.end()
    replace_answer(client, place, live.message, sentence("모두 3건입니다."))
    assert slack.status_of(CHANNEL, place.thread_ts) == ""


def test_where_slack_has_a_way_to_stop_a_turn_no_button_of_ours_is_offered(
    redis: Redis, client: WebClient, slack: SlackStandIn, place: Place
) -> None:
    begun = threading.Event()

    def begin_session() -> bool:
        begun.set()
        return True

    live = Live(redis, client, "1-2", place, MINJI, "ko", 0, begin_session)
    live.begin()
    live.on_text("주문은")
    wait_for(slack, place, "주문은")
    live.end()
    assert begun.is_set()
    assert [m for m in slack.ephemerals(MINJI) if m.thread_ts == place.thread_ts] == []
