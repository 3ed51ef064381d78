"""Start the stand-in, and act in it as the people of the workspace.

    slack = start_slack()
    app = App(client=WebClient(token=slack.bot_token, base_url=slack.api_url))
    ts = slack.post("U0MINJI", "C0DATA", "@Duckferry USERS 테이블 동기화 해줘")
    card = slack.wait_for(lambda message: message.thread_ts == ts and bool(message.blocks))
    slack.press("U0JUNHO", "C0DATA", card.ts, "Approve")

What people can do stands in `people` (messages, files, channels) and `forms` (modals, Home tab,
commands, shortcuts). The server runs in a thread of its own with its own event loop, on the
loopback address.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from concurrent.futures import Future
from threading import Thread
from typing import Any, Self, TypeVar

from aiohttp import web

from sandbox.slack.api import APP_TOKEN, BOT_TOKEN, WebApi
from sandbox.slack.assistant import Assistant, Session
from sandbox.slack.bell import Bell
from sandbox.slack.call import State
from sandbox.slack.control import control_routes
from sandbox.slack.control_page import guarded, page_routes
from sandbox.slack.delivery import Delivery, Kind
from sandbox.slack.faults import Faults
from sandbox.slack.files import Files
from sandbox.slack.forms import Forms
from sandbox.slack.payloads import Event, events_of
from sandbox.slack.people import NoSuchButton
from sandbox.slack.scopes import DEFAULT_SCOPES, Grants
from sandbox.slack.signed_http import SignedHttp
from sandbox.slack.socket_mode import SocketMode
from sandbox.slack.tickets import Tickets
from sandbox.slack.tiers import Tiers
from sandbox.slack.values import BOT_USER_ID, Change, Channel, JsonObject, Message, User
from sandbox.slack.views import Views
from sandbox.slack.waiting import wait_for_message
from sandbox.slack.workspace import Workspace

__all__ = ["NoSuchButton", "SlackStandIn", "start_slack"]

START_SECONDS = 10.0
STOP_SECONDS = 5.0
MAX_REQUEST_BYTES = 64_000_000

T = TypeVar("T")


class SlackStandIn(Forms):
    """A running stand-in. `workspace`, `grants`, `faults`, `tiers` are used directly."""

    bot_token = BOT_TOKEN
    app_token = APP_TOKEN
    signing_secret = "sandbox-signing-secret"

    def __init__(
        self, workspace: Workspace, port: int, grants: Grants, features: JsonObject
    ) -> None:
        bell = Bell()
        state = State(
            workspace=workspace,
            views=Views(bell.ring),
            files=Files(),
            assistant=Assistant(),
            tickets=Tickets(),
            grants=grants,
            bell=bell,
        )
        super().__init__(state, self._send_now, self._tell_one)
        self.grants = grants
        self.features = features
        self.faults = Faults()
        self.tiers = Tiers()
        self._loop = asyncio.new_event_loop()
        self._deliveries: list[Delivery] = []
        self._sockets = SocketMode(self._loop, self._deliveries)
        self._http: SignedHttp | None = None
        self._api = WebApi(state, self.faults, self.tiers, self._sockets)
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
        return f"{self.base_url}/api/"

    @property
    def base_url(self) -> str:
        """Where `sandbox.slack.client` connects to."""
        return self.state.tickets.base_url

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

    def forge(self, kind: Kind, payload: JsonObject) -> Delivery:
        """Deliver what Slack itself would not say, with all proof that it did. Does not wait."""
        return self._send_now(kind, payload)

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Make every connection of the app reconnect; envelopes wait meanwhile."""
        self._in_loop(self.begin_disconnect(reason), STOP_SECONDS)

    async def begin_disconnect(self, reason: str) -> None:
        """`disconnect` for callers inside the server's loop."""
        await self._sockets.disconnect(reason)

    def revoke_token(self, error: str = "token_revoked") -> None:
        """Every call is refused with *error* from now on, and the app is told `tokens_revoked`.

        `account_inactive` is what an app hears that was uninstalled; it is told that as well.
        """
        tokens: JsonObject = {"oauth": [], "bot": [BOT_USER_ID]}
        self._tell_now({"type": "tokens_revoked", "tokens": tokens})
        if error == "account_inactive":
            self._tell_now({"type": "app_uninstalled"})
        self.grants.token_error = error

    def restore_token(self) -> None:
        """The token is good again, as after the app was installed anew."""
        self.grants.token_error = None

    def expire_streams(self) -> None:
        """Let five minutes pass for every open stream: Slack closes it, the message stays."""
        for stream in self.state.assistant.take_all():
            self.workspace.edit(stream.channel, stream.ts, is_streaming=False)

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

    def status_of(self, channel: str, thread_ts: str) -> str:
        """The thinking status of a thread, empty when there is none."""
        return self.workspace.status(channel, thread_ts)

    def title_of(self, channel: str, thread_ts: str) -> str:
        """The title the bot gave a thread, empty when it has none."""
        return self.state.assistant.title(channel, thread_ts)

    def session_of(self, channel: str, thread_ts: str) -> Session | None:
        """The agent session of a thread, None where there is none."""
        return self.state.assistant.session(channel, thread_ts)

    def prompts_of(self, user: str) -> tuple[Mapping[str, Any], ...]:
        """The prompts suggested to *user* in the direct message with the bot."""
        return self.state.assistant.prompts(self.workspace.open_dm(user).id)

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
        self.state.bell.ring()
        for event in events_of(change, self.workspace.channel(change.message.channel)):
            self._tell_one(event)

    def _tell_one(self, event: Event) -> None:
        if self.grants.hears(event.inner):
            self._events.append(event)
            self._send_now("events_api", event.payload)

    def _send_now(self, kind: Kind, payload: JsonObject) -> Delivery:
        return self._way().send(kind, payload)

    async def _serve(self, port: int) -> web.AppRunner:
        application = web.Application(
            client_max_size=MAX_REQUEST_BYTES, middlewares=[guarded(self)]
        )
        routes = [*self._api.routes(), *control_routes(self), *page_routes(self)]
        application.add_routes(routes)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        host, bound_port = runner.addresses[0][:2]
        self.state.tickets.base_url = f"http://{host}:{bound_port}"
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


def start_slack(
    workspace: Workspace | None = None,
    port: int = 0,
    scopes: Iterable[str] = DEFAULT_SCOPES,
    events: Iterable[str] | None = None,
    features: JsonObject | None = None,
) -> SlackStandIn:
    """Start a stand-in on *port* of the loopback address (0: any free one); end it with `stop`.

    The app has *scopes* and is subscribed to *events* (names as in a manifest, such as
    `message.im`; None: all), so that a manifest can be tried before it is installed. Its *features*
    (commands, shortcuts, the Home tab) are what the page offers.
    """
    return SlackStandIn(workspace or Workspace(), port, Grants(scopes, events), features or {})
