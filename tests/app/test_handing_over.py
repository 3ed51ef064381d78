"""Pictures and files beside an answer: each arrives once, or it is said why it does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from slack_sdk import WebClient

from agent.events import ChartShown, Event, FileMade
from agent.outputs import Chart, File, Series
from app.handing_over import attachments, hand_over
from app.pictures import DRAW_SECONDS, Pictures
from app.places import Place
from app.slack_gateway import SlackAway
from sandbox.slack.server import SlackStandIn, start_slack
from sandbox.slack.values import BOT_USER_ID, Message

MINJI, DATA = "U0MINJI", "C0DATA"
LINE = Chart(
    kind="line",
    title="긴 줄",
    x="n",
    axis="number",
    series=(Series(name="y", points=tuple((float(n), float(n * n)) for n in range(50))),),
    points=50,
)


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as stand_in:
        yield stand_in


@pytest.fixture
def place(slack: SlackStandIn) -> Place:
    return Place("T0SANDBOX", DATA, slack.post(MINJI, DATA, "파일로 줘"))


def made(folder: Path, content: str = "n\n1\n") -> FileMade:
    path = folder / "x.csv"
    path.write_text(content, encoding="utf-8")
    size = path.stat().st_size
    return FileMade(File(path=str(path), name="주문.csv", format="csv", rows=1, bytes=size), None)


def give(
    slack: SlackStandIn,
    redis: Redis,
    place: Place,
    *events: Event,
    seconds: float = DRAW_SECONDS,
) -> None:
    client = WebClient(token=slack.bot_token, base_url=slack.api_url)
    with Pictures(seconds) as pictures:
        given = attachments("ko", events, frozenset(), "Asia/Seoul", pictures)
        hand_over(client, redis, place, "delivered:1", "ko", given)


def said(slack: SlackStandIn, place: Place) -> list[Message]:
    found = slack.messages(place.channel, place.thread_ts)
    return [message for message in found if message.user == BOT_USER_ID]


def test_a_file_and_a_picture_arrive_in_the_thread_once(
    slack: SlackStandIn, redis: Redis, place: Place, tmp_path: Path
) -> None:
    events = (made(tmp_path), ChartShown(LINE, None, "c1"))
    give(slack, redis, place, *events)
    give(slack, redis, place, *events)  # as after a crash
    files = [slack.file_of(file["id"]) for message in said(slack, place) for file in message.files]
    assert [file.name for file in files] == ["주문.csv", "duckferry-chart.png"]
    assert files[0].content == b"n\n1\n"
    assert (files[1].content or b"").startswith(b"\x89PNG")
    assert files[1].alt_txt == (
        "꺾은선 차트: 긴 줄. n 0 ~ 49, 계열 1개, 점 50개, 최솟값 0, 최댓값 2,401"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_picture_that_takes_too_long_is_told_in_words_and_what_follows_arrives(
    slack: SlackStandIn, redis: Redis, place: Place, tmp_path: Path
) -> None:
    give(slack, redis, place, ChartShown(LINE, None, "c1"), made(tmp_path), seconds=0.001)
    told, file = said(slack, place)
    assert "차트 “긴 줄”을(를) 그림으로 그리지 못했습니다." in told.text
    assert "n 0 ~ 49, 계열 1개, 점 50개, 최솟값 0, 최댓값 2,401" in told.text
    assert [one["name"] for one in file.files] == ["주문.csv"]


def test_a_file_that_is_gone_is_said_to_be(
    slack: SlackStandIn, redis: Redis, place: Place, tmp_path: Path
) -> None:
    event = made(tmp_path)
    Path(event.file.path).unlink()
    give(slack, redis, place, event)
    assert "다시 내보내 달라고" in said(slack, place)[-1].text


def test_without_the_right_to_upload_it_is_said_who_must_do_what(
    redis: Redis, tmp_path: Path
) -> None:
    with start_slack(scopes=["chat:write", "app_mentions:read"]) as slack:
        place = Place("T0SANDBOX", DATA, slack.post(MINJI, DATA, "파일로 줘"))
        give(slack, redis, place, made(tmp_path))
        assert "`files:write`" in said(slack, place)[-1].text


def test_a_slack_that_is_away_is_tried_again(
    slack: SlackStandIn, redis: Redis, place: Place, tmp_path: Path
) -> None:
    event = made(tmp_path)
    away = WebClient(token=slack.bot_token, base_url="http://127.0.0.1:9/")
    given = attachments("ko", [event], frozenset(), "Asia/Seoul", Pictures())
    with pytest.raises(SlackAway):
        hand_over(away, redis, place, "delivered:1", "ko", given)
    give(slack, redis, place, event)
    assert [file["name"] for file in said(slack, place)[-1].files] == ["주문.csv"]
