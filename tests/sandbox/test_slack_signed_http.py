"""Signed HTTP request by request, as an app's server sees it."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import pytest
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from sandbox.slack.delivery import NotAcknowledged
from sandbox.slack.server import SlackStandIn, start_slack

BUTTON: dict[str, Any] = {
    "type": "button",
    "action_id": "go",
    "text": {"type": "plain_text", "text": "승인"},
}


class Request(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


class AppServer:
    """An app's server: keeps what it is sent and answers as told, 200 unless told otherwise."""

    def __init__(self) -> None:
        self.requests: Queue[Request] = Queue()
        self.answers: Queue[tuple[int, dict[str, str]]] = Queue()
        self.silent = threading.Event()
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                app.requests.put(Request(self.path, dict(self.headers), body))
                if app.silent.is_set():
                    app.spoke.wait(10)
                status, headers = (200, {}) if app.answers.empty() else app.answers.get()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 -- its name

        self.spoke = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/slack/events"
        self._thread = threading.Thread(target=self.server.serve_forever)
        self._thread.start()

    def next(self) -> Request:
        return self.requests.get(timeout=10)

    def stop(self) -> None:
        self.spoke.set()
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture
def app() -> Iterator[AppServer]:
    server = AppServer()
    yield server
    server.stop()


@pytest.fixture
def slack(app: AppServer) -> Iterator[SlackStandIn]:
    with start_slack() as stand_in:
        stand_in.deliver_to(app.url)
        yield stand_in


def post_card(slack: SlackStandIn) -> str:
    web = WebClient(token=slack.bot_token, base_url=slack.api_url)
    web.chat_postMessage(
        channel="C0DATA", text="card", blocks=[{"type": "actions", "elements": [BUTTON]}]
    )
    return slack.messages("C0DATA")[-1].ts


def is_signed(slack: SlackStandIn, request: Request) -> bool:
    return SignatureVerifier(slack.signing_secret).is_valid_request(request.body, request.headers)


def test_an_event_is_json_and_signed(app: AppServer, slack: SlackStandIn) -> None:
    ts = slack.post("U0MINJI", "C0DATA", "몇 건이야?")
    request = app.next()
    payload = json.loads(request.body)
    assert request.path == "/slack/events"
    assert request.headers["Content-Type"] == "application/json"
    assert (payload["type"], payload["event"]["ts"]) == ("event_callback", ts)
    assert payload["event"]["text"] == "몇 건이야?"
    assert "X-Slack-Retry-Num" not in request.headers
    assert is_signed(slack, request)
    assert not is_signed(slack, request._replace(body=request.body + b" "))
    (delivery,) = slack.deliveries()
    assert 0 <= delivery.ack.result(5).latency_seconds < 3


def test_a_click_is_a_form_with_one_field_and_signed(app: AppServer, slack: SlackStandIn) -> None:
    ts = post_card(slack)
    app.next()
    slack.press("U0EVE", "C0DATA", ts, "승인")
    request = app.next()
    fields = parse_qs(request.body.decode(), strict_parsing=True)
    payload = json.loads(fields["payload"][0])
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert list(fields) == ["payload"]
    assert (payload["type"], payload["actions"][0]["action_id"]) == ("block_actions", "go")
    assert payload["actions"][0]["text"]["text"] == "승인"
    assert is_signed(slack, request)


def test_a_failed_event_is_sent_again_at_once_with_number_and_reason(
    app: AppServer, slack: SlackStandIn
) -> None:
    app.answers.put((503, {}))
    slack.post("U0MINJI", "C0DATA", "again")
    first, again = app.next(), app.next()
    assert again.body == first.body
    assert again.headers["X-Slack-Retry-Num"] == "1"
    assert again.headers["X-Slack-Retry-Reason"] == "http_error"
    assert is_signed(slack, again)
    failed, acked = slack.deliveries()
    assert "http_error, status 503" in str(failed.ack.exception(5))
    assert acked.ack.result(5).envelope_id != failed.envelope_id


def test_an_app_may_ask_not_to_be_sent_it_again(app: AppServer, slack: SlackStandIn) -> None:
    app.answers.put((500, {"X-Slack-No-Retry": "1"}))
    slack.post("U0MINJI", "C0DATA", "once")
    (delivery,) = slack.deliveries()
    assert isinstance(delivery.ack.exception(5), NotAcknowledged)
    slack.post("U0MINJI", "C0DATA", "another")
    texts = [json.loads(app.next().body)["event"]["text"] for _ in range(2)]
    assert texts == ["once", "another"]


def test_silence_of_three_seconds_is_a_timeout_and_a_click_is_not_sent_again(
    app: AppServer, slack: SlackStandIn
) -> None:
    ts = post_card(slack)
    app.next()
    app.silent.set()
    said = slack.post("U0MINJI", "C0DATA", "hello?")
    with pytest.raises(NotAcknowledged, match="http_timeout"):
        slack.press("U0EVE", "C0DATA", ts, "go")
    sent = [app.next() for _ in range(3)]
    again = [each for each in sent if "X-Slack-Retry-Num" in each.headers]
    assert [each.headers["X-Slack-Retry-Reason"] for each in again] == ["http_timeout"]
    assert json.loads(again[0].body)["event"]["ts"] == said
    assert app.requests.empty()


def test_while_nobody_listens_clicks_fail_and_events_come_again(app: AppServer) -> None:
    app.stop()
    with start_slack() as slack:
        slack.deliver_to(app.url)
        assert not slack.is_reachable()
        ts = post_card(slack)
        with pytest.raises(NotAcknowledged, match="connection_failed"):
            slack.press("U0EVE", "C0DATA", ts, "go")
        slack.deliveries()[0].ack.exception(5)
        assert [each.retry_attempt for each in slack.deliveries() if each.kind == "events_api"] in (
            [0],
            [0, 1],
        )


def test_somebody_who_listens_is_reachable(slack: SlackStandIn) -> None:
    assert slack.is_reachable()


def test_an_event_redelivered_by_hand_says_so(app: AppServer, slack: SlackStandIn) -> None:
    slack.post("U0MINJI", "C0DATA", "again")
    app.next()
    for delivery in slack.redeliver(slack.events()[0], 2):
        delivery.ack.result(5)
    numbers = {app.next().headers["X-Slack-Retry-Num"] for _ in range(2)}
    assert numbers == {"1", "2"}


def test_stopping_gives_up_what_is_on_its_way_and_leaves_no_thread(app: AppServer) -> None:
    before = set(threading.enumerate())
    app.silent.set()
    slack = start_slack()
    slack.deliver_to(app.url)
    slack.post("U0MINJI", "C0DATA", "nobody answers")
    app.next()
    slack.stop()
    (delivery,) = slack.deliveries()
    assert isinstance(delivery.ack.exception(1), NotAcknowledged)
    assert not [t for t in set(threading.enumerate()) - before if "slack" in t.name]
