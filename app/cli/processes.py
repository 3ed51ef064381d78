"""The long-running commands: bot, worker, clock, and all three together."""

import logging
import os
import signal
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from app.cli.session import Session, child_process
from app.core import perform
from app.health import signs_of_life
from app.logs import start_logging
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
    settings = session.settings("slack", "model", "oracle")
    start_logging(settings)
    with (
        _until_told() as stop,
        _clock(session),
        signs_of_life(settings.runtime_dir, "bot") as alive,
    ):
        keeper = threading.Thread(target=_keep_worker, args=(session, stop), name="worker-keeper")
        keeper.start()
        try:
            build(settings, session.config(), alive=alive).run(stop)
        finally:
            stop.set()
            keeper.join()


def run_bot(session: Session) -> None:
    """Run the bot."""
    settings = session.settings("slack", "model", "oracle")
    start_logging(settings)
    with _until_told() as stop, signs_of_life(settings.runtime_dir, "bot") as alive:
        build(settings, session.config(), alive=alive).run(stop)


def run_worker(session: Session, parent: int | None) -> None:
    """Run a worker, and its reconciler in a thread; it ends with *parent* if one is named."""
    settings = session.settings("oracle")
    start_logging(settings)
    if parent is not None:
        die_with(parent, signal.SIGTERM)
    core = session.core("oracle")
    url = settings.redis_url.get_secret_value()
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
    with signs_of_life(settings.runtime_dir, "worker") as alive:
        work(url, core.redis, lambda run_id: perform(core, run_id), published, alive)
    stop.set()


def run_clock(session: Session) -> None:
    """Run the clock, and a reconciler that finds the runs of dead workers."""
    settings = session.settings()
    start_logging(settings)
    with _until_told() as stop, _clock(session):
        reconcile_until(
            connect_state(settings.redis_url.get_secret_value()),
            stop,
            _note,
            lambda run: published_receipt(settings.warehouse_dir, run),
        )


@contextmanager
def _clock(session: Session) -> Generator[None]:
    settings = session.settings()
    client = connect_state(settings.redis_url.get_secret_value())
    with signs_of_life(settings.runtime_dir, "clock") as alive:
        scheduler = start_clock(client, session.config().schedule, alive)
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
