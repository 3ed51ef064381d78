"""The long-running commands: bot, worker, clock, and all three together."""

import logging
import signal
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from app.cli.session import Session, child_process, start_logging
from app.core import perform
from app.wiring import build
from sync.jobs import reconcile_until, work
from sync.schedules import start_clock
from sync.state import connect_state

log = logging.getLogger(__name__)

_RESTART_SECONDS = 1.0


def run_all(session: Session) -> None:
    """Run the bot, the clock in a thread, and a worker process that is started again if it dies."""
    start_logging()
    session.settings("slack", "model", "oracle")
    with _until_told() as stop, _clock(session):
        keeper = threading.Thread(target=_keep_worker, args=(session, stop), name="worker-keeper")
        keeper.start()
        try:
            build(session.settings("slack", "model", "oracle"), session.config()).run(stop)
        finally:
            stop.set()
            keeper.join()


def run_bot(session: Session) -> None:
    """Run the bot."""
    start_logging()
    with _until_told() as stop:
        build(session.settings("slack", "model", "oracle"), session.config()).run(stop)


def run_worker(session: Session) -> None:
    """Run a worker, and its reconciler in a thread."""
    start_logging()
    core = session.core("oracle")
    url = session.settings().redis_url.get_secret_value()
    stop = threading.Event()
    reconciler = threading.Thread(
        target=reconcile_until, args=(core.redis, stop, _note_redis), name="reconciler", daemon=True
    )
    reconciler.start()
    work(url, core.redis, lambda run_id: perform(core, run_id))
    stop.set()


def run_clock(session: Session) -> None:
    """Run the clock, and a reconciler that finds the runs of dead workers."""
    start_logging()
    with _until_told() as stop, _clock(session):
        reconcile_until(
            connect_state(session.settings().redis_url.get_secret_value()), stop, _note_redis
        )


@contextmanager
def _clock(session: Session) -> Generator[None]:
    client = connect_state(session.settings().redis_url.get_secret_value())
    scheduler = start_clock(client, session.config().schedule)
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)


@contextmanager
def _until_told() -> Generator[threading.Event]:
    """Give an event that SIGTERM and Ctrl-C set; a second signal ends the process at once."""
    stop = threading.Event()

    def told(number: int, _: FrameType | None) -> None:
        log.info("ending after %s; what is at hand is finished first", signal.Signals(number).name)
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told)
    yield stop


def _keep_worker(session: Session, stop: threading.Event) -> None:
    while not stop.is_set():
        with child_process(session, "worker") as worker:
            while not stop.is_set():
                try:
                    worker.wait(timeout=0.5)
                except subprocess.TimeoutExpired:
                    continue
                log.warning("the worker ended with %s and is started again", worker.returncode)
                break
        stop.wait(_RESTART_SECONDS)


def _note_redis(error: Exception) -> None:
    log.warning("reconciling waits for Redis: %s", type(error).__name__)
