"""A small real Bolt app against the stand-in, over Socket Mode or signed HTTP."""

import logging
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any, Literal

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.error import BoltUnhandledRequestError
from slack_sdk import WebClient

from sandbox.slack.server import SlackStandIn

Way = Literal["socket_mode", "signed_http"]
WAYS: tuple[Way, ...] = ("socket_mode", "signed_http")


class Bot:
    """A Bolt app that keeps every body it is sent in `bodies`."""

    def __init__(self, slack: SlackStandIn) -> None:
        self.slack = slack
        self.web = WebClient(token=slack.bot_token, base_url=slack.api_url)
        self.bodies: Queue[dict[str, Any]] = Queue()
        quiet = logging.getLogger("slack-test-bot")
        quiet.setLevel(logging.CRITICAL)
        self.app = App(
            client=self.web,
            logger=quiet,
            signing_secret=slack.signing_secret,
            raise_error_for_unhandled_request=True,
        )
        self.app.error(_taken)
        self.app.use(self._keep)

    def next(self, wanted: Callable[[dict[str, Any]], bool] = bool) -> dict[str, Any]:
        """The next body that is as wanted; those before it are passed over."""
        while not wanted(body := self.bodies.get(timeout=10)):
            pass
        return body

    def next_event(self, kind: str) -> dict[str, Any]:
        """The next event of this type or subtype."""

        def is_kind(body: dict[str, Any]) -> bool:
            event = body.get("event", {})
            return kind in (event.get("type"), event.get("subtype"))

        return self.next(is_kind)["event"]

    def _keep(self, body: dict[str, Any], next: Callable[[], Any]) -> Any:  # noqa: A002 -- Bolt's name
        self.bodies.put(body)
        return next()


def _taken(error: Exception) -> BoltResponse:
    """What nobody listens to counts as taken, or Slack would send it again."""
    return BoltResponse(status=200 if isinstance(error, BoltUnhandledRequestError) else 500)


@contextmanager
def connected(slack: SlackStandIn, way: Way) -> Generator[Bot]:
    """A bot that takes deliveries the given way."""
    bot = Bot(slack)
    if way == "socket_mode":
        handler = SocketModeHandler(bot.app, slack.app_token, logger=bot.app.logger)
        greeted = threading.Event()
        handler.client.on_message_listeners.append(lambda _: greeted.set())
        handler.connect()
        try:
            assert greeted.wait(
                30
            )  # closed before that, slack_sdk waits for its own thread for ever
            yield bot
        finally:
            handler.close()
        return
    with _listening(bot.app) as url:
        slack.deliver_to(url)
        yield bot


@contextmanager
def _listening(app: App) -> Generator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            headers: dict[str, str | Sequence[str]] = {
                name.lower(): value for name, value in self.headers.items()
            }
            answer = app.dispatch(BoltRequest(body=body, headers=headers))
            said = (answer.body or "").encode()
            self.send_response(answer.status)
            for name, values in answer.headers.items():
                for value in values:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 -- its name

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/slack/events"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
