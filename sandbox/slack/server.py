"""Start the stand-in, and act in it as the people of the workspace.

    slack = start_slack()
    app = App(client=WebClient(token=slack.bot_token, base_url=slack.api_url))
    ts = slack.post("U0MINJI", "C0DATA", "@Duckferry USERS 테이블 동기화 해줘")
    card = slack.wait_for(lambda message: message.thread_ts == ts and bool(message.blocks))
    slack.press("U0JUNHO", "C0DATA", card.ts, "Approve")

The server runs in a thread of its own with its own event loop, on the loopback address.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from threading import Thread
from typing import Any, Self, TypeVar

from aiohttp import web

from sandbox.slack.api import APP_TOKEN, BOT_TOKEN, WebApi
from sandbox.slack.control import control_routes
from sandbox.slack.delivery import Ack, Delivery, NotAcknowledged
from sandbox.slack.faults import Faults
from sandbox.slack.payloads import Event, block_actions, buttons_of, events_of
from sandbox.slack.signed_http import SignedHttp
from sandbox.slack.socket_mode import SocketMode
from sandbox.slack.values import BOT_MENTION, BOT_NAME, Change, Channel, JsonObject, Message, User
from sandbox.slack.waiting import wait_for_message
from sandbox.slack.workspace import SlackRefusal, Workspace

START_SECONDS = 10.0
STOP_SECONDS = 5.0
PRESS_SECONDS = 15.0
"""How long a press waits for an app that is not connected; a connected one has 3 seconds."""

T = TypeVar("T")


class NoSuchButton(LookupError):
    """The message shows no button of that name; the error lists the ones it shows."""


class SlackStandIn:
    """A running stand-in. `workspace` and `faults` may be read and used directly."""

    bot_token = BOT_TOKEN
    app_token = APP_TOKEN
    press_seconds = PRESS_SECONDS
    signing_secret = "sandbox-signing-secret"

    def __init__(self, workspace: Workspace, port: int) -> None:
        self.workspace = workspace
        self.faults = Faults()
        self._loop = asyncio.new_event_loop()
        self._deliveries: list[Delivery] = []
        self._sockets = SocketMode(self._loop, self._deliveries)
        self._http: SignedHttp | None = None
        self._api = WebApi(workspace, self.faults, self._sockets)
        self._events: list[Event] = []
        self._thread = Thread(target=self._loop.run_forever, name="slack-stand-in", daemon=True)
        self._thread.start()
        try:
            self._runner = self._in_loop(self._serve(port), START_SECONDS)
        except BaseException:
            self._end_loop()
            raise
        self._end_events = workspace.on_change(self._tell)

    @property
    def api_url(self) -> str:
        """What `SLACK_API_URL` is set to."""
        return f"{self._api.base_url}/api/"

    @property
    def base_url(self) -> str:
        """Where `sandbox.slack.client` connects to."""
        return self._api.base_url

    # what people do

    def post(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> str:
        """*user* says something; `@Duckferry` becomes a mention. Returns its ts."""
        if user not in self.workspace.channel(channel).members:
            raise SlackRefusal("not_in_channel")
        text = text.replace(f"@{BOT_NAME}", BOT_MENTION)
        return self.workspace.post(channel=channel, user=user, text=text, thread_ts=thread_ts).ts

    def direct_message(self, user: str, text: str, thread_ts: str | None = None) -> str:
        """*user* writes to the bot alone. Returns its ts; the channel is `dm_id(user)`."""
        return self.post(user, self.workspace.open_dm(user).id, text, thread_ts)

    def press(
        self, user: str, channel: str, message_ts: str, button: str, version: int = -1
    ) -> Ack:
        """*user* presses the button with this action id or label.

        *version* picks what the person was looking at: 0 is the message as first posted, -1 as it
        is now. Raises `NoSuchButton`, and `NotAcknowledged` where Slack shows a warning triangle.
        """
        delivery = self.begin_press(user, channel, message_ts, button, version)
        try:
            return delivery.ack.result(self.press_seconds)
        except FutureTimeoutError as late:
            raise NotAcknowledged(f"no app took the press of {button!r}: {late}") from late

    def begin_press(
        self, user: str, channel: str, message_ts: str, button: str, version: int = -1
    ) -> Delivery:
        """Like `press`, without waiting for the ack."""
        person = self.workspace.user(user)
        shown = self._shown(channel, message_ts, version)
        if shown.ephemeral_to not in (None, user):
            raise SlackRefusal("message_not_found")
        payload = block_actions(
            user=person,
            channel=self.workspace.channel(channel),
            message=shown,
            button=_button(shown, button),
            trigger_id=self._api.new_trigger(),
            response_url=self._api.new_response_url(shown, user),
            action_ts=self.workspace.next_ts(),
        )
        return self._way().send("interactive", payload)

    # what Slack itself does

    def events(self, channel: str | None = None, ts: str | None = None) -> tuple[Event, ...]:
        """Events told to the app so far, oldest first, each once however often delivered."""
        return tuple(
            event
            for event in tuple(self._events)
            if channel in (None, event.channel) and ts in (None, event.ts)
        )

    def deliveries(self) -> tuple[Delivery, ...]:
        """Every envelope or request sent so far, retries included, with its ack."""
        return tuple(self._deliveries)

    def redeliver(self, event: Event, times: int = 1) -> tuple[Delivery, ...]:
        """Deliver *event* again, *times* times, with the same event id. Does not wait."""
        return tuple(
            self._way().send("events_api", event.payload, retry_attempt=attempt)
            for attempt in range(1, times + 1)
        )

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Make every connection of the app reconnect; envelopes wait meanwhile."""
        self._in_loop(self.begin_disconnect(reason), STOP_SECONDS)

    async def begin_disconnect(self, reason: str) -> None:
        """`disconnect` for callers inside the server's loop."""
        await self._sockets.disconnect(reason)

    def connections(self) -> int:
        """How many Socket Mode connections are open."""
        return self._sockets.connections()

    def deliver_to(self, url: str) -> None:
        """Send events and clicks to *url* over signed HTTP from now on, not over Socket Mode."""
        self._http = SignedHttp(self._loop, self._deliveries, url, self.signing_secret)

    def is_reachable(self) -> bool:
        """Whether an app is there to take deliveries: connected, or listening."""
        return self._http.is_reachable() if self._http else self._sockets.connections() > 0

    # what can be seen

    def messages(
        self, channel: str | None = None, thread_ts: str | None = None
    ) -> tuple[Message, ...]:
        """Messages the whole channel sees, oldest first; *thread_ts* asks for root and replies."""
        return self.workspace.messages(channel, thread_ts)

    def ephemerals(self, user: str | None = None) -> tuple[Message, ...]:
        """Messages just one person sees, oldest first."""
        return self.workspace.ephemerals(user)

    def changes(self, after: int = 0, timeout_seconds: float = 0.0) -> tuple[Change, ...]:
        """Changes numbered above *after*; waits for one up to *timeout_seconds*."""
        return self.workspace.changes(after, timeout_seconds)

    def users(self) -> tuple[User, ...]:
        """Everyone, the bot last."""
        return self.workspace.users()

    def channels(self) -> tuple[Channel, ...]:
        """All channels and direct messages."""
        return self.workspace.channels()

    def version(self) -> int:
        """The number of the last change."""
        return self.workspace.version()

    def wait_for(
        self, predicate: Callable[[Message], bool], timeout_seconds: float = 10.0
    ) -> Message:
        """The first message, ephemeral ones included, that is or becomes as *predicate* wants.

        Raises `NothingMatched`, which shows what was there instead.
        """
        return wait_for_message(self, predicate, timeout_seconds)

    def stop(self) -> None:
        """Close every connection and end the thread."""
        self._end_events()
        self._in_loop(self._close(), STOP_SECONDS)
        self._end_loop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_SECONDS)
        self._loop.close()

    def _tell(self, change: Change) -> None:
        for event in events_of(change, self.workspace.channel(change.message.channel)):
            self._events.append(event)
            self._way().send("events_api", event.payload)

    def _shown(self, channel: str, ts: str, version: int) -> Message:
        self.workspace.message(channel, ts)
        return self.workspace.versions(channel, ts)[version]

    async def _serve(self, port: int) -> web.AppRunner:
        application = web.Application()
        application.add_routes([*self._api.routes(), *control_routes(self)])
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        host, bound_port = runner.addresses[0][:2]
        self._api.base_url = f"http://{host}:{bound_port}"
        return runner

    def _way(self) -> SignedHttp | SocketMode:
        return self._http or self._sockets

    async def _close(self) -> None:
        if self._http:
            await self._http.close()
        await self._sockets.close()
        await self._runner.cleanup()
        await asyncio.sleep(0.01)  # what was closed leaves the loop in its next rounds

    def _in_loop(self, coroutine: Coroutine[Any, Any, T], timeout_seconds: float) -> T:
        future: Future[T] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        return future.result(timeout_seconds)


def start_slack(workspace: Workspace | None = None, port: int = 0) -> SlackStandIn:
    """Start a stand-in on *port* of the loopback address (0: any free one); end it with `stop`."""
    return SlackStandIn(workspace or Workspace(), port)


def _button(message: Message, name: str) -> JsonObject:
    buttons = buttons_of(message)
    for button in buttons:
        if name in (button.get("action_id"), button["text"]["text"]):
            return button
    shown = ", ".join(f"{each['text']['text']} ({each.get('action_id')})" for each in buttons)
    raise NoSuchButton(f"no button {name!r} on {message.ts}; it shows: {shown or 'no buttons'}")
