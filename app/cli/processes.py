"""The long-running commands: bot, worker, clock, and all three together."""

import logging
import os
import signal
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from app.cli.session import Session, child_process, start_logging
from app.core import perform
from app.wiring import build
from sync.jobs import die_with, reconcile_until, work
from sync.perform import published_receipt
from sync.plan import Receipt
from sync.runs import Run, open_runs
from sync.schedules import start_clock
from sync.state import connect_state
from sync.warehouse.generation import sweep_builds

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


def run_worker(session: Session, parent: int | None) -> None:
    """Run a worker, and its reconciler in a thread; it ends with *parent* if one is named."""
    start_logging()
    if parent is not None:
        die_with(parent, signal.SIGTERM)
    core = session.core("oracle")
    url = session.settings().redis_url.get_secret_value()
    stop = threading.Event()

    def published(run: Run) -> Receipt | None:
        return published_receipt(core.warehouse, run)

    sweep_builds(core.warehouse, open_runs(core.redis))
    reconciler = threading.Thread(
        target=reconcile_until,
        args=(core.redis, stop, _note, published),
        name="reconciler",
        daemon=True,
    )
    reconciler.start()
    work(url, core.redis, lambda run_id: perform(core, run_id), published)
    stop.set()


def run_clock(session: Session) -> None:
    """Run the clock, and a reconciler that finds the runs of dead workers."""
    start_logging()
    with _until_told() as stop, _clock(session):
        settings = session.settings()
        reconcile_until(
            connect_state(settings.redis_url.get_secret_value()),
            stop,
            _note,
            lambda run: published_receipt(settings.warehouse_dir, run),
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
        with child_process(session, "worker", "--parent", str(os.getpid())) as worker:
            while not stop.is_set():
                try:
                    worker.wait(timeout=0.5)
                except subprocess.TimeoutExpired:
                    continue
                log.warning("the worker ended with %s and is started again", worker.returncode)
                break
        stop.wait(_RESTART_SECONDS)


def _note(error: Exception) -> None:
    log.warning("reconciling is tried again: %s", type(error).__name__)
