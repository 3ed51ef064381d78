"""A chart as Slack's own block, as a picture, in words and at a terminal."""

import random
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from agent.events import ChartShown, Event, Said
from agent.outputs import Chart, Point, Series
from app.pictures import NotDrawn, Pictures
from app.terminal import answer_lines
from app.views.answer import answer_message
from app.views.approval_card import Message
from app.views.chart import alt_text, chart_block, native_charts
from app.views.chart_spec import chart_spec
from app.views.results import plainer
from app.views.text_chart import chart_lines
from sandbox.slack.blocks_text import block_lines
from sandbox.slack.limits import refuse_over_limit
from sandbox.slack.mrkdwn import Reader
from tests.app.parts import BOTH, HOSTILE_NAMES

SEOUL = "Asia/Seoul"
PNG = b"\x89PNG\r\n\x1a\n"
MONTHS = tuple((f"2026-{month:02d}-01T00:00:00", month * 1000.5) for month in range(1, 5))


def chart(*series: tuple[str, tuple[Point, ...]], **given: Any) -> Chart:
    named = tuple(Series(name=name, points=points) for name, points in series)
    parts: dict[str, Any] = {
        "kind": "bar",
        "title": "월별 매출",
        "x": "MONTH",
        "axis": "time",
        "series": named or (Series(name="total", points=MONTHS),),
        "points": sum(len(points) for _, points in series) or len(MONTHS),
    }
    return Chart(**(parts | given))


@pytest.fixture(scope="module")
def pictures() -> Iterator[Pictures]:
    with Pictures() as drawing:
        yield drawing


def drawn(*events: Event) -> Message:
    message = answer_message("ko", events)
    assert message is not None
    refuse_over_limit(message.text, message.blocks)
    return message


def test_a_small_chart_is_slacks_own_block() -> None:
    block = chart_block("ko", chart(unit="원"), SEOUL)
    assert block == {
        "type": "data_visualization",
        "title": "월별 매출",
        "chart": {
            "type": "bar",
            "series": [
                {
                    "name": "total",
                    "data": [
                        {"label": "2026-01", "value": 1000.5},
                        {"label": "2026-02", "value": 2001.0},
                        {"label": "2026-03", "value": 3001.5},
                        {"label": "2026-04", "value": 4002.0},
                    ],
                }
            ],
            "axis_config": {
                "categories": ["2026-01", "2026-02", "2026-03", "2026-04"],
                "x_label": "MONTH",
                "y_label": "원",
            },
        },
    }


def test_an_answer_with_a_chart_says_it_in_words_where_it_cannot_be_seen() -> None:
    message = drawn(Said("매출이 늘고 있습니다."), ChartShown(chart(), None, "c1"))
    assert [block["type"] for block in message.blocks] == [
        "section",
        "data_visualization",
        "actions",
    ]
    assert "막대 차트: 월별 매출. MONTH 2026-01 ~ 2026-04" in message.text


def test_what_the_sandbox_shows_of_a_chart_is_its_figures() -> None:
    message = drawn(ChartShown(chart(), None))
    lines = block_lines(message.blocks, Reader(users={}, channels={}))
    assert lines[0] == "[bar chart: 월별 매출]"
    assert "2026-03 │ 3,001.5" in lines


def test_a_pie_of_many_slices_has_the_smallest_together() -> None:
    points = tuple((f"s{number}", float(number)) for number in range(1, 10))
    block = chart_block("en", chart(("n", points), kind="pie", axis="category"), SEOUL)
    assert block is not None
    assert block["chart"]["segments"][-2:] == [
        {"label": "s5", "value": 5.0},
        {"label": "4 others", "value": 10.0},
    ]


@pytest.mark.parametrize(
    "large",
    [
        chart(("n", tuple((f"c{n}", 1.0) for n in range(21))), axis="category"),
        chart(*((f"s{n}", MONTHS) for n in range(7))),
        chart(("a", MONTHS), ("b", MONTHS[1:])),
        chart(("a" * 20 + "1", MONTHS), ("a" * 20 + "2", MONTHS)),
        chart(("n", ((1.0, 1.0), (2.0, 3.0))), axis="number", kind="line"),
        chart(("n", ((1.0, 1.0),)), axis="number", kind="scatter"),
    ],
)
def test_what_does_not_fit_slacks_block_is_a_picture(pictures: Pictures, large: Chart) -> None:
    assert chart_block("en", large, SEOUL) is None
    assert pictures.draw(chart_spec("en", large, SEOUL), "en").startswith(PNG)


def test_what_draws_is_ended_where_it_takes_too_long_and_another_draws_the_next() -> None:
    with Pictures(seconds=3) as pictures:
        endless = {"data": {"sequence": {"start": 0, "stop": 1e9}}, "mark": "point"}
        with pytest.raises(NotDrawn, match="within 3 seconds"):
            pictures.draw(endless, "en")
        assert pictures.draw(chart_spec("en", chart(), SEOUL), "en").startswith(PNG)


def test_a_message_shows_two_charts_itself() -> None:
    events = [ChartShown(chart(), None, f"c{number}") for number in range(3)]
    assert list(native_charts("ko", events, SEOUL)) == ["c0", "c1"]
    kinds = [block["type"] for block in drawn(*events).blocks]
    assert kinds.count("data_visualization") == 2


def test_a_slack_that_knows_no_charts_gets_none() -> None:
    message = drawn(Said("네"), ChartShown(chart(), None))
    assert [block["type"] for block in plainer(message.blocks)] == ["section"]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_are_drawn_as_text_and_taken_by_slack(pictures: Pictures, name: str) -> None:
    points = ((name, 3.0), ("other", 1.0))
    charts: dict[Any, Chart] = {
        kind: chart((name, points), kind=kind, axis="category", title=name, x=name, unit=name[:9])
        for kind in ("bar", "pie", "line")
    }
    for (kind, hostile), language in product(charts.items(), BOTH):
        message = answer_message(language, [ChartShown(hostile, None, "c1")])
        assert message is not None, kind
        refuse_over_limit(message.text, message.blocks)
        assert "<!channel>" not in message.text
        assert "\x07" not in "".join(answer_lines(language, ChartShown(hostile, None)))
    assert pictures.draw(chart_spec("ko", charts["bar"], SEOUL), "ko").startswith(PNG)


def test_a_moment_with_a_zone_stands_on_the_peoples_clock() -> None:
    points = (("2026-01-01T15:00:00+00:00", 1.0), ("2026-01-02T15:00:00+00:00", 2.0))
    block = chart_block("en", chart(("n", points), kind="line"), SEOUL)
    assert block is not None
    assert block["chart"]["axis_config"]["categories"] == ["2026-01-02", "2026-01-03"]
    spec = chart_spec("en", chart(("n", points), kind="line"), SEOUL)
    assert spec["data"]["values"][0]["x"] == "2026-01-02T00:00:00Z"


@pytest.mark.parametrize("seed", range(8))
def test_any_chart_is_taken_by_slack_or_drawn(pictures: Pictures, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 -- a repeatable chart
    kind: Any = chance.choice(["bar", "line", "area", "pie", "scatter"])
    axis = "category" if kind == "pie" else chance.choice(["time", "category"])
    count = 1 if kind == "pie" else chance.randint(1, 12)
    places = [
        f"20{n:02d}-0{chance.randint(1, 9)}-01T0{n % 10}:00:00" if axis == "time" else f"{n}번"
        for n in range(chance.randint(1, 60))
    ]
    least = 0.001 if kind == "pie" else -1e15
    series = [
        (f"s{n}", tuple((place, chance.uniform(least, 1e15)) for place in places))
        for n in range(count)
    ]
    made = chart(*series, kind=kind, axis=axis)
    message = drawn(ChartShown(made, None, "c1"))
    if message.blocks[0]["type"] != "data_visualization":
        assert pictures.draw(chart_spec("ko", made, SEOUL), "ko").startswith(PNG)
    assert len(alt_text("ko", made, SEOUL)) <= 1000


def test_a_thinned_chart_says_of_how_many_points() -> None:
    message = drawn(ChartShown(chart(kind="line", points=100_000), None))
    assert "점 100,000개를 모양이 남도록 4개로" in message.text


def test_a_terminal_shows_bars_or_a_line_for_each_series() -> None:
    assert chart_lines("en", chart(), SEOUL)[:3] == [
        "월별 매출",
        "2026-01  ██████████                                1,000.5",
        "2026-02  ████████████████████                      2,001",
    ]
    two = chart_lines("en", chart(("Seoul", MONTHS), ("Busan", MONTHS)), SEOUL)
    assert two[1] == "Seoul  ▁▃▆█  1,000.5 … 4,002"
