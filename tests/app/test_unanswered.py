"""Acks come first: work that nobody has to see at once waits for them, and they wait for none."""

import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from pydantic import SecretStr
from redis import Redis
from slack_bolt import App, BoltResponse
from slack_sdk import WebClient

from app.listeners import events
from app.settings import SlackSettings
from app.signs import make_signs
from app.transport import make_transport
from app.turns import Turns
from app.unanswered import Unanswered
from sandbox.slack.server import SlackStandIn, start_slack
from sync.errors import DuckferryError
from sync.inbox import Entry

SECONDS = 20.0


def nothing() -> None:
    """A listener, so that Slack is answered."""


def unworkable(entry: Entry, error: DuckferryError) -> None:
    raise AssertionError((entry, error))


@contextmanager
def listening(slack: SlackStandIn, app: App, unanswered: Unanswered) -> Generator[None]:
    settings = SlackSettings(
        bot_token=SecretStr(slack.bot_token), app_token=SecretStr(slack.app_token)
    )
    transport = make_transport(app, settings, unanswered)
    transport.open()
    try:
        yield
    finally:
        transport.close()


def test_work_begins_when_the_last_ack_is_out() -> None:
    unanswered, begun = Unanswered(), threading.Event()

    def work() -> None:
        unanswered.let_go_first(SECONDS)
        begun.set()

    unanswered.arrived()
    with ThreadPoolExecutor() as pool:
        with unanswered.one():
            pool.submit(work)
            unanswered.answered()
            assert not begun.wait(0.05)
        assert begun.wait(SECONDS)


def test_work_goes_on_in_a_storm_without_end_once_its_patience_is_over() -> None:
    unanswered = Unanswered()
    unanswered.arrived()
    unanswered.let_go_first(0.01)
    unanswered.let_go_first(0)


def test_an_envelope_counts_from_its_bytes_to_its_ack_and_no_other_message_does() -> None:
    unanswered, arrived, release = Unanswered(), threading.Event(), threading.Event()

    def held(next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002 -- Bolt's name
        arrived.set()
        assert release.wait(SECONDS)
        return next()

    with start_slack() as slack:
        app = App(client=WebClient(token=slack.bot_token, base_url=slack.api_url))
        app.use(held)
        app.event("message")(nothing)
        with listening(slack, app, unanswered), ThreadPoolExecutor() as pool:
            # Slack's hello has come by now, and nobody acknowledges that.
            pool.submit(unanswered.let_go_first, SECONDS).result(SECONDS / 2)
            slack.direct_message("U0MINJI", "몇 건이야?")
            assert arrived.wait(SECONDS)
            work = pool.submit(unanswered.let_go_first, SECONDS)
            assert not work.done()
            release.set()
            work.result(SECONDS / 2)
            assert slack.deliveries()[-1].ack.result(SECONDS)


def test_an_ack_waits_for_no_turn_to_end(redis: Redis) -> None:
    unanswered, begun, release = Unanswered(), threading.Semaphore(0), threading.Event()
    stop = threading.Event()

    def slow(_: Entry) -> None:
        begun.release()
        assert release.wait(SECONDS)

    turns = Turns(
        redis,
        "bot",
        workers=2,
        handle=slow,
        give_up=unworkable,
        before_each=unanswered.let_go_first,
    )
    with start_slack() as slack, ThreadPoolExecutor() as pool:
        client = WebClient(token=slack.bot_token, base_url=slack.api_url)
        app = App(client=client)
        events.register(app, redis, make_signs(client))
        with listening(slack, app, unanswered):
            running = pool.submit(turns.run, stop)
            for number in range(2):
                slack.direct_message("U0MINJI", f"question {number}")
            for _ in range(2):
                assert begun.acquire(timeout=SECONDS)
            # Every worker is in a turn that does not end.
            for number in range(2, 6):
                slack.direct_message("U0MINJI", f"question {number}")
            for delivery in slack.deliveries():
                assert delivery.ack.result(SECONDS)
            assert not release.is_set()
            stop.set()
            release.set()
            running.result(SECONDS)
