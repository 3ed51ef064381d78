"""Calls of Slack wait for room within its limits, which all bots of a workspace share."""

import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from redis import Redis

from app.later import Later
from app.metrics import make_metrics
from app.places import Place
from app.settings import SlackSettings
from app.signs import make_signs, put_mark
from app.slack_client import CallOutcome, PacedClient, for_listeners
from app.slack_gateway import SlackBusy, SlackRefused, SlackShut, make_client, post, update, whisper
from app.slack_pace import BY_CHANNEL, Held, OnHeld, Pace
from app.views.notices import sentence
from sandbox.slack.server import SlackStandIn, start_slack
from sync.state import connect_state
from tests.app.metrics_parts import scrape, value

CHANNEL, OTHER, MINJI = "C0DATA", "C0FINANCE", "U0MINJI"
PLACE = Place("T0SANDBOX", CHANNEL)


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as running:
        running.tiers.enforce()
        yield running


def client_of(
    slack: SlackStandIn,
    redis: Redis | None,
    on_held: OnHeld = lambda _method, _held, _seconds: None,
    calls: list[CallOutcome] | None = None,
) -> PacedClient:
    tokens = {"bot_token": slack.bot_token, "app_token": "xapp-1", "api_url": slack.api_url}

    def called(_method: str, outcome: CallOutcome, _error: str) -> None:
        if calls is not None:
            calls.append(outcome)

    return make_client(SlackSettings.model_validate(tokens), called, Pace(redis, on_held))


def test_messages_of_two_bots_go_out_at_slacks_pace_and_none_is_refused(
    redis: Redis, slack: SlackStandIn
) -> None:
    bots = [client_of(slack, redis), client_of(slack, redis)]
    began = time.monotonic()
    with ThreadPoolExecutor(6) as pool:
        for number in range(7):
            pool.submit(post, bots[number % 2], PLACE, sentence(f"no. {number}"))
    took = time.monotonic() - began
    assert slack.tiers.refused.total() == 0
    assert {one.text for one in slack.messages(CHANNEL)} >= {f"no. {n}" for n in range(7)}
    assert took > 1.5  # five at once, then one a second


def test_each_channel_has_room_of_its_own(redis: Redis) -> None:
    pace = Pace(redis)
    assert [pace.ask(BY_CHANNEL, CHANNEL, 9) for _ in range(6)][:5] == [0] * 5
    assert pace.ask(BY_CHANNEL, CHANNEL, 0.5) < 0
    assert pace.ask(BY_CHANNEL, OTHER, 0.5) == 0


def test_what_only_shows_progress_is_dropped_and_leaves_room_for_what_somebody_waits_for(
    redis: Redis, slack: SlackStandIn, tmp_path: Path
) -> None:
    metrics = make_metrics(redis, tmp_path)
    client = client_of(slack, redis, metrics.slack_was_held)
    ts = post(client, PLACE, sentence("0 rows"))
    shown = 0
    for number in range(1, 21):
        try:
            update(client, CHANNEL, ts, sentence(f"{number} rows"), is_progress=True)
        except SlackBusy:
            continue
        shown = number
    assert shown == 8  # of the fifteen that go at once
    counted = {"method": "chat.update", "outcome": "dropped"}
    assert value(scrape(metrics), "slack_held_total", **counted) == 12
    update(client, CHANNEL, ts, sentence("done"))
    assert [one.text for one in slack.messages(CHANNEL) if one.ts == ts] == ["done"]


def test_nobody_calls_a_method_before_slack_lets_them(redis: Redis, slack: SlackStandIn) -> None:
    first, calls = client_of(slack, redis), list[CallOutcome]()
    second = client_of(slack, redis, calls=calls)
    ts = post(first, PLACE, sentence("hello"))
    slack.faults.rate_limit("chat.update", retry_after_seconds=1)
    changing = threading.Thread(target=update, args=(first, CHANNEL, ts, sentence("by the first")))
    changing.start()
    while not Pace(redis).held_seconds("chat.update"):
        time.sleep(0.01)
    began = time.monotonic()
    update(second, CHANNEL, ts, sentence("by the second"))
    assert time.monotonic() - began > 0.5
    assert calls == ["ok"]
    changing.join()


def test_who_would_wait_too_long_is_told_so_at_once_and_others_are_not(
    redis: Redis, slack: SlackStandIn
) -> None:
    held: list[Held] = []
    client = client_of(slack, redis, lambda _method, what, _: held.append(what))
    slack.faults.rate_limit("chat.postMessage", retry_after_seconds=300)
    for _ in range(2):
        with pytest.raises(SlackBusy, match=r"no room for chat.postMessage for (300|299)"):
            post(client, PLACE, sentence("hello"))
    assert held == ["given_up"] * 2
    with pytest.raises(SlackRefused, match="message_not_found"):
        update(client, CHANNEL, "1.000001", sentence("hello"))


def test_without_redis_calls_go_out(slack: SlackStandIn) -> None:
    client = client_of(slack, connect_state("redis://127.0.0.1:1"))
    post(client, PLACE, sentence("hello"))
    put_mark(make_signs(client), CHANNEL, "1.000001", "eyes")
    assert [one.text for one in slack.messages(CHANNEL)][-1] == "hello"


def test_a_listener_waits_for_no_room_and_what_it_whispers_is_said_later(
    redis: Redis, slack: SlackStandIn
) -> None:
    later: list[Callable[[], None]] = []
    client = client_of(slack, redis)
    quick = for_listeners(client, later.append)
    ts = post(client, PLACE, sentence("a card"))
    for _ in range(15):
        update(quick, CHANNEL, ts, sentence("pressed"))
    with pytest.raises(SlackBusy):
        update(quick, CHANNEL, ts, sentence("pressed"))
    for number in range(40):  # ten more than go at once
        whisper(quick, CHANNEL, MINJI, "", f"not you ({number})")
    assert not slack.ephemerals(MINJI)
    queue = Later()
    for what in later[:3]:
        queue.do(what)
    slack.wait_for(lambda one: one.ephemeral_to == MINJI and one.text == "not you (2)")
    assert [one.text for one in slack.ephemerals(MINJI)] == [f"not you ({n})" for n in range(3)]


def test_an_answer_of_slacks_that_breaks_off_is_told_as_that_and_stops_no_whisper() -> None:
    queue, done = Later(), threading.Event()
    with half_answers() as address:
        client = PacedClient(Pace(), token="xoxb-1", base_url=address)
        with pytest.raises(SlackShut, match="SlackRequestError"):
            post(client, PLACE, sentence("hello"))
    queue.do(fail)
    queue.do(done.set)
    assert done.wait(10)


def fail() -> None:
    raise RuntimeError("whatever else may happen")


@contextmanager
def half_answers() -> Generator[str]:
    """A Web API whose every answer ends in its middle; gives its address."""

    class Half(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"ok": tr')

    with HTTPServer(("127.0.0.1", 0), Half) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
