"""Signed HTTP as Slack meets it: over TCP, through the real app, into a real inbox."""

import json
import socket
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydantic import SecretStr
from redis import Redis
from slack_bolt import App, BoltResponse
from slack_sdk import WebClient

from app.bolt import LISTENERS, make_app
from app.bot_config import BotConfig
from app.manifest import EVENTS_PATH as PATH
from app.settings import SettingsError, SlackSettings
from app.signed_http import MAX_BODY_BYTES, SignedHttp
from app.transport import make_transport
from app.unanswered import Unanswered
from sandbox.slack.server import start_slack
from sandbox.slack.signed_http import signature
from sync.inbox import Entry, take
from sync.state import INBOX, connect_state
from sync.streams import open_group

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
MENTION: dict[str, Any] = {
    "token": "verification",
    "team_id": "T1",
    "api_app_id": "A1",
    "event": {
        "type": "app_mention",
        "user": "U0MINJI",
        "text": "<@U0DUCKFERRY> 어떤 테이블이 있어?",
        "ts": "1700.0001",
        "channel": "C0DATA",
        "event_ts": "1700.0001",
    },
    "type": "event_callback",
    "event_id": "Ev1",
    "event_time": 1_795_309_323,
    "authorizations": [{"team_id": "T1", "user_id": "U0DUCKFERRY", "is_bot": True}],
}
JSON = {"Content-Type": "application/json"}
BODY = json.dumps(MENTION, ensure_ascii=False).encode()


class Answer(NamedTuple):
    status: int
    text: str


@pytest.fixture(scope="module")
def slack() -> Iterator[WebClient]:
    with start_slack() as running:
        yield WebClient(token=running.bot_token, base_url=running.api_url)


@contextmanager
def listening(app: App) -> Generator[int]:
    server = SignedHttp(app, SECRET, 0, Unanswered())
    server.open()
    try:
        yield server.port
    finally:
        server.close()


@contextmanager
def bot(redis: Redis, slack: WebClient) -> Generator[int]:
    """The product's own app, with all its listeners, on a free port."""
    settings = SlackSettings(bot_token=SecretStr("xoxb-1"), signing_secret=SecretStr(SECRET))
    with ThreadPoolExecutor(4) as pool:
        app = make_app(settings, redis, slack, BotConfig(), pool)
        with listening(app) as port:
            yield port


@pytest.fixture
def port(redis: Redis, slack: WebClient) -> Iterator[int]:
    with bot(redis, slack) as port:
        yield port


def send(
    port: int, body: bytes, headers: Mapping[str, str], path: str = PATH, method: str = "POST"
) -> Answer:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        return Answer(response.status, response.read().decode())
    finally:
        connection.close()


def signed(body: bytes, age_seconds: int = 0, secret: str = SECRET) -> dict[str, str]:
    return JSON | signature(secret, body, int(time.time()) - age_seconds)


def entries(redis: Redis) -> list[Entry]:
    open_group(redis, INBOX)
    return take(redis, "reader", count=100, wait_seconds=0.01)


def test_a_signed_event_is_taken_in(port: int, redis: Redis) -> None:
    assert send(port, BODY, signed(BODY)).status == 200
    (entry,) = entries(redis)
    assert entry.thread == "T1:C0DATA:1700.0001"
    assert entry.body["text"] == "어떤 테이블이 있어?"


def test_slack_is_answered_when_it_asks_whether_the_address_is_ours(port: int) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1aB"}).encode()
    answer = send(port, body, signed(body))
    assert (answer.status, json.loads(answer.text)) == (200, {"challenge": "3eZbrw1aB"})


GOOD = signature(SECRET, BODY, int(time.time()))
STAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {STAMP: GOOD[STAMP]},
        {SIGNATURE: GOOD[SIGNATURE]},
        signature("another secret", BODY, int(time.time())),
        signature(SECRET, BODY + b" ", int(time.time())),
        signature(SECRET, BODY, int(time.time()) - 301),
        signature(SECRET, BODY, int(time.time()) + 86_400),
        {**GOOD, STAMP: str(int(GOOD[STAMP]) + 1)},
        {**GOOD, STAMP: "yesterday"},
        {**GOOD, STAMP: "9" * 5_000},
        {**GOOD, SIGNATURE: GOOD[SIGNATURE].replace("v0=", "v1=")},
        {**GOOD, SIGNATURE: "v0=é"},
        {**GOOD, SIGNATURE: ""},
    ],
    ids=[
        "nothing",
        "no signature",
        "no time",
        "another secret",
        "another body",
        "five minutes old",
        "from the future",
        "another time",
        "no number",
        "an endless number",
        "another version",
        "not ASCII",
        "empty",
    ],
)
def test_what_slack_did_not_sign_just_now_is_refused(
    port: int, redis: Redis, headers: dict[str, str]
) -> None:
    assert send(port, BODY, JSON | headers).status == 401
    assert entries(redis) == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"payload=%7B"])
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_of_an_unsigned_body_nothing_is_parsed(port: int, body: bytes, kind: str) -> None:
    answer = send(port, body, {"Content-Type": kind})
    assert answer == (401, "not signed by Slack\n")


def test_a_signed_body_that_is_no_text_is_refused(port: int) -> None:
    assert send(port, b"\xff\xfe", signed(b"\xff\xfe")).status == 401


def test_a_body_above_the_limit_is_refused_unread(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), 10) as wire:
        length = MAX_BODY_BYTES + 1
        wire.sendall(
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode()
        )
        assert wire.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_long_message_is_below_the_limit(port: int) -> None:
    body = json.dumps({**MENTION, "blocks": "가" * 200_000}).encode()
    assert send(port, body, signed(body)).status == 200


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/"), ("POST", f"{PATH}/"), ("POST", "/slack/install")]
)
def test_there_is_one_path(port: int, method: str, path: str) -> None:
    assert send(port, BODY, signed(BODY), path, method).status == 404


def test_nothing_is_shown_to_a_browser(port: int) -> None:
    assert send(port, b"", {}, method="GET").status == 401
    assert send(port, b"", signed(b""), method="GET").status == 404


def test_a_delivery_again_is_answered_and_taken_in_once(port: int, redis: Redis) -> None:
    again = {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"}
    assert [send(port, BODY, signed(BODY) | more).status for more in ({}, again)] == [200, 200]
    assert len(entries(redis)) == 1


def test_while_redis_is_away_slack_is_told_to_deliver_again(redis: Redis, slack: WebClient) -> None:
    with bot(connect_state("redis://127.0.0.1:1/0"), slack) as port:
        assert send(port, BODY, signed(BODY)).status == 503
    with bot(redis, slack) as port:
        again = {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_error"}
        assert send(port, BODY, signed(BODY) | again).status == 200
    assert len(entries(redis)) == 1


def test_a_hundred_requests_at_once_are_answered_by_a_bounded_number_of_threads(
    port: int, redis: Redis
) -> None:
    bodies = [
        json.dumps({**MENTION, "event_id": f"Ev{n}", "event": {**MENTION["event"], "ts": f"1.{n}"}})
        for n in range(100)
    ]
    with ThreadPoolExecutor(40) as pool:
        asked = [pool.submit(send, port, body.encode(), signed(body.encode())) for body in bodies]
        assert {each.result().status for each in asked} == {200}
    threads = [thread.name for thread in threading.enumerate() if "waitress" in thread.name]
    assert len(threads) == LISTENERS
    open_group(redis, INBOX)
    assert len(take(redis, "reader", count=200, wait_seconds=0.01)) == 100


def test_closing_answers_the_request_at_hand_and_takes_no_new_one(slack: WebClient) -> None:
    began, release = threading.Event(), threading.Event()

    def slow() -> BoltResponse:
        began.set()
        assert release.wait(10)
        return BoltResponse(status=200, body="answered")

    app = App(client=slack, signing_secret=SECRET)
    app.use(slow)
    server = SignedHttp(app, SECRET, 0, Unanswered())
    before = set(threading.enumerate())
    server.open()
    with ThreadPoolExecutor(2) as pool:
        asked = pool.submit(send, server.port, BODY, signed(BODY))
        assert began.wait(10)
        closed = pool.submit(server.close)
        wait_until_refused(server.port)
        assert not server.is_open()
        assert not asked.done()
        assert not closed.done()
        release.set()
        assert asked.result(10) == (200, "answered")
        closed.result(10)
    assert [t.name for t in set(threading.enumerate()) - before if t.name.startswith("wait")] == []


def test_an_idle_connection_does_not_hold_up_closing(slack: WebClient) -> None:
    server = SignedHttp(App(client=slack, signing_secret=SECRET), SECRET, 0, Unanswered())
    server.open()
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("POST", "/")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (404, b"Not Found")
    began = time.monotonic()
    server.close()
    assert time.monotonic() - began < 5
    assert connection.sock.recv(100) == b""
    connection.close()


def test_a_port_that_is_taken_is_named(slack: WebClient) -> None:
    app = App(client=slack, signing_secret=SECRET)
    with listening(app) as port, pytest.raises(SettingsError) as raised:
        SignedHttp(app, SECRET, port, Unanswered()).open()
    assert raised.value.problems == [
        f"SLACK_HTTP_PORT {port} cannot be opened: Address already in use. Free it, or set another."
    ]


def test_the_setup_page_tells_the_limits() -> None:
    page = (Path(__file__).parents[2] / "docs" / "slack-setup.md").read_text(encoding="utf-8")
    assert f"A body above {MAX_BODY_BYTES / 1e6:g} MB is refused." in page
    assert f"At most {LISTENERS} requests are worked on at once" in page
    assert f"`{PATH}`" in page


def test_an_app_token_means_socket_mode_and_a_signing_secret_alone_means_http() -> None:
    with start_slack() as slack:
        web = WebClient(token=slack.bot_token, base_url=slack.api_url)
        app = App(client=web, signing_secret=SECRET)
        token = SecretStr(slack.bot_token)
        both = SlackSettings(
            bot_token=token,
            app_token=SecretStr(slack.app_token),
            signing_secret=SecretStr(SECRET),
        )
        over_socket = make_transport(app, both, Unanswered())
        assert not over_socket.is_open()
        over_socket.open()
        assert over_socket.is_open()
        assert slack.connections() == 1
        over_socket.close()
        over_http = make_transport(
            app,
            SlackSettings(bot_token=token, signing_secret=SecretStr(SECRET), http_port=0),
            Unanswered(),
        )
        over_http.open()
        assert over_http.is_open()
        assert slack.connections() == 0
        over_http.close()
        assert not over_http.is_open()


def wait_until_refused(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            return
        except ConnectionResetError:
            continue  # it stood in the queue while the port was closed
    raise AssertionError("the port is still open")
