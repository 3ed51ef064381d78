"""What a turn said reaches those it is for, each once, whenever Slack goes away."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from agent.deps import Caller
from agent.events import Event, Said, ToolFinished
from agent.service import make_analyst
from app.access import everywhere_whole, see_whole
from app.answering import give_up
from app.bot_config import BotConfig
from app.core import Core, deps_for
from app.delivering import deliver
from app.live import Live
from app.office import Office
from app.places import Place
from app.settings import SlackSettings
from app.signs import make_signs
from app.slack_gateway import SlackAway, make_client, post, post_answer, update
from app.views.approval_card import Message
from app.views.notices import sentence
from app.views.text import section
from sandbox.slack.server import SlackStandIn, start_slack
from sandbox.slack.values import BOT_USER_ID
from sync.errors import TableBusy
from sync.inbox import Entry
from sync.warehouse.query_process import QueryLimits, open_queries
from tests.app.metrics_parts import Script

MINJI, CHANNEL = "U0MINJI", "C0DATA"
ENTRY = Entry("1-1", "message", "", {"user": MINJI, "text": "", "source": "1.1"})


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as running:
        yield running


@pytest.fixture
def office(redis: Redis, slack: SlackStandIn, tmp_path: Path) -> Office:
    tokens = {"bot_token": slack.bot_token, "app_token": "xapp-1", "api_url": slack.api_url}
    client = make_client(SlackSettings.model_validate(tokens))
    client.retry_handlers[:] = []  # so that a fault of Slack's is met at once
    core = Core(
        redis=redis,
        config=BotConfig(),
        warehouse=tmp_path,
        queries=open_queries(tmp_path, QueryLimits()),
        analyst=make_analyst(Script()),
        sources=(),
    )
    return Office(core, client, "T0SANDBOX", everywhere_whole, signs=make_signs(client))


@pytest.fixture
def place(slack: SlackStandIn) -> Place:
    return Place("T0SANDBOX", CHANNEL, slack.post(MINJI, CHANNEL, "who earns most?"))


def test_what_is_for_the_asker_alone_is_sent_once_where_the_line_in_the_thread_is_tried_again(
    office: Office, slack: SlackStandIn, place: Place
) -> None:
    streamed = post(office.slack, place, sentence("Let me look."))
    deps = deps_for(office.core, Caller(place.team, MINJI, CHANNEL), str(place), "en", see_whole)
    found = ToolFinished("c1", "run_sql", ok=True, result={}, private="people")
    events: list[Event] = [found, Said("Ann, with 900.")]
    slack.faults.server_error("chat.update")
    with pytest.raises(SlackAway):
        deliver(office, ENTRY, place, "en", events, deps, into=streamed)
    deliver(office, ENTRY, place, "en", events, deps, into=streamed)
    alone = [one for one in slack.messages() if "Ann, with 900." in one.text]
    assert [one.channel.startswith("D") for one in alone] == [True]
    [told] = [one for one in slack.messages(CHANNEL, place.thread_ts) if one.user == BOT_USER_ID]
    assert told.text == (f":lock: Answered to <@{MINJI}> alone, in a direct message (rule people).")


def test_words_of_a_stream_slack_has_closed_give_way_to_the_answer_and_to_a_failure(
    office: Office, slack: SlackStandIn, place: Place
) -> None:
    for entry in (replace(ENTRY, id="2-1"), replace(ENTRY, id="2-2", thread=str(place))):
        live = Live(office.core.redis, office.slack, entry.id, place, MINJI, "en")
        live.begin()
        live.on_text("Orders are")
        slack.wait_for(lambda one: one.is_streaming, 20)
        slack.expire_streams()  # five minutes have passed
        live.on_text("Orders are counted, and")
        live.end()
        if entry.thread:
            give_up(office, entry, TableBusy(table="SHOP.ORDERS"))
        else:
            deliver(office, entry, place, "en", [Said("All 3.")], None, into=live.message)
    answer, failure = [one for one in slack.messages(CHANNEL, place.thread_ts) if one.blocks]
    assert answer.text == "All 3."
    assert "SHOP.ORDERS" in failure.text
    assert "Orders are" not in answer.text + failure.text


@pytest.mark.parametrize(
    ("error", "why"),
    [
        ("not_in_channel", "the bot is not in that channel"),
        ("is_archived", "the channel is archived"),
        ("restricted_action_read_only_channel", "writing there is restricted"),
    ],
)
def test_an_answer_that_cannot_be_written_where_it_was_asked_is_told_directly_once(
    office: Office, slack: SlackStandIn, place: Place, error: str, why: str
) -> None:
    entry = replace(ENTRY, id=f"3-{error}")
    for _ in range(2):  # the second time as after a crash
        slack.faults.refuse("chat.postMessage", error)
        deliver(office, entry, place, "en", [Said(f"All 3 ({error}).")], None)
        slack.faults.clear()
    [told] = [one for one in slack.messages() if f"({error})" in one.text]
    assert told.channel == slack.workspace.open_dm(MINJI).id
    head = f"The answer to what you asked in <#{CHANNEL}>, where it cannot be written: {why}."
    assert told.blocks[0]["elements"][0]["text"] == head
    assert not [one for one in slack.messages(CHANNEL, place.thread_ts) if one.user == BOT_USER_ID]


def test_a_failure_that_cannot_be_told_in_its_channel_is_told_directly(
    office: Office, slack: SlackStandIn, place: Place
) -> None:
    slack.faults.refuse("chat.postMessage", "not_in_channel")
    give_up(office, replace(ENTRY, id="4-1", thread=str(place)), TableBusy(table="SHOP.LEFT"))
    asked = {"user": MINJI, "text": "동기화 X", "source": "s", "language": "ko"}
    lost = Entry("4-2", "asked", f"T0SANDBOX:{CHANNEL}:", asked)
    give_up(office, lost, TableBusy(table="SHOP.ASKED"))
    for table in ("SHOP.LEFT", "SHOP.ASKED"):
        [told] = [one for one in slack.messages() if table in one.text]
        assert told.channel == slack.workspace.open_dm(MINJI).id


def test_a_long_answer_is_told_in_several_messages_each_once_and_the_rest_in_a_file(
    office: Office, slack: SlackStandIn, place: Place
) -> None:
    told = "\n\n".join(f"문단 {number}. " + "가나다 라마바 " * 90 for number in range(120))
    streamed = post(office.slack, place, sentence("문단 0."))
    entry = replace(ENTRY, id="3-1")
    slack.faults.server_error("chat.postMessage")
    deps = deps_for(office.core, Caller(place.team, MINJI, CHANNEL), str(place), "ko", see_whole)
    with pytest.raises(SlackAway):
        deliver(office, entry, place, "ko", [Said(told)], deps, into=streamed)
    for _ in range(2):
        deliver(office, entry, place, "ko", [Said(told)], deps, into=streamed)
    said = [m for m in slack.messages(CHANNEL, place.thread_ts) if m.user == BOT_USER_ID]
    words = [one for one in said if one.blocks]
    assert words[0].ts == streamed
    assert len(words) == 5
    assert "전체는 아래 파일에 있습니다" in words[-1].text
    seen = [n for one in words for n in re.findall(r"문단 (\d+)\.", str(one.blocks))]
    assert seen == [str(number) for number in range(len(seen))]
    [file] = slack.files()
    assert (file.content or b"").decode() == told


def test_blocks_slack_does_not_take_are_told_as_words(
    office: Office, slack: SlackStandIn, place: Place
) -> None:
    odd = [{"type": "markdown", "text": "**3** <rows>"}, {"type": "of_tomorrow"}]
    slack.faults.refuse("chat.postMessage", "invalid_blocks")
    plain = post_answer(office.slack, place, Message("3 rows", odd))
    [shown] = [m for m in slack.messages(CHANNEL, place.thread_ts) if m.ts == plain.ts]
    assert [block["type"] for block in shown.blocks] == ["section"]
    slack.faults.refuse("chat.update", "invalid_blocks", times=2)
    update(office.slack, CHANNEL, plain.ts, Message("3 rows", [*odd, section("3")]))
    [shown] = [m for m in slack.messages(CHANNEL, place.thread_ts) if m.ts == plain.ts]
    assert (shown.text, shown.blocks) == ("3 rows", ())


def test_whoever_is_named_where_a_turn_said_nothing_is_mentioned(
    office: Office, slack: SlackStandIn, place: Place
) -> None:
    words = f"Ask <@{MINJI}>."
    deliver(office, ENTRY, place, "en", [], None, otherwise=words)
    [told] = [one for one in slack.messages(CHANNEL, place.thread_ts) if one.user == BOT_USER_ID]
    assert (told.text, told.blocks[0]["text"]["text"]) == (words, words)


def test_a_slack_without_feedback_buttons_is_given_the_answer_without_them(
    office: Office, slack: SlackStandIn, place: Place
) -> None:
    slack.faults.refuse("chat.postMessage", "invalid_blocks")
    deliver(office, ENTRY, place, "en", [Said("900.")], None, judged="message:1")
    other = Entry("1-2", "message", "", ENTRY.body)
    deliver(office, other, place, "en", [Said("901.")], None, judged="message:1")
    first, second = [m for m in slack.messages(CHANNEL, place.thread_ts) if m.user == BOT_USER_ID]
    assert [block["type"] for block in first.blocks] == ["section"]
    assert [block["type"] for block in second.blocks] == ["section", "context_actions"]
