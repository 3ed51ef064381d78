"""The long-running commands: bot, worker, clock, and all three together."""

import logging
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from types import FrameType

import click
import redis

from app.cli.session import Session, child_process
from app.config_diff import note_config
from app.core import perform, run_limits
from app.health import signs_of_life
from app.logs import start_logging
from app.metrics import make_metrics
from app.metrics_http import Pulse, Ready, ready_when, serve_metrics
from app.settings import Settings, SettingsError
from app.sources import resolve_sources
from app.wiring import Bot, build
from sync.counts import is_reachable
from sync.jobs import reconcile_until, work
from sync.orphans import die_with
from sync.perform import published_receipt
from sync.receipt import Receipt
from sync.runs import Run, open_builds
from sync.schedules import start_clock
from sync.state import connect_state
from sync.warehouse.generation import sweep_builds
from sync.warehouse.identity import check_warehouse
from sync.warehouse.manifest import read_manifest
from sync.warehouse.walls import keep_memory_private

log = logging.getLogger(__name__)

_RESTART_SECONDS = 1.0
NO_SOURCE = "bot.toml names no [[source]], so there is nothing to copy; `botctl init` writes one."


def run_all(session: Session) -> None:
    """Run the bot, the clock in a thread, and a worker process that is started again if it dies."""
    keep_memory_private()
    settings = session.settings("slack", "model", "oracle")
    start_logging(settings)
    _tell_page(session)
    with (
        _until_told() as stop,
        _clock(session) as clock,
        signs_of_life(settings.runtime_dir, "bot") as alive,
    ):
        pulse = Pulse(alive)
        config = session.config()
        keeper = threading.Thread(target=_keep_worker, args=(session, stop), name="worker-keeper")
        if config.source:
            keeper.start()
        try:
            bot = build(settings, config, alive=pulse.beat)
            with _served(settings, bot, lambda: pulse.is_fresh() and clock.is_fresh()):
                bot.run(stop)
        finally:
            stop.set()
            if keeper.ident is not None:
                keeper.join()


def run_bot(session: Session) -> None:
    """Run the bot."""
    keep_memory_private()
    settings = session.settings("slack", "model", "oracle")
    start_logging(settings)
    _tell_page(session)
    with _until_told() as stop, signs_of_life(settings.runtime_dir, "bot") as alive:
        pulse = Pulse(alive)
        bot = build(settings, session.config(), alive=pulse.beat)
        with _served(settings, bot, pulse.is_fresh):
            bot.run(stop)


def run_worker(session: Session, parent: int | None) -> None:
    """Run a worker, and its reconciler in a thread; it ends with *parent* if one is named.

    It serves the sources it can reach: those whose passwords it was given.
    """
    keep_memory_private()
    settings = session.settings()
    start_logging(settings)
    if parent is not None:
        die_with(parent, signal.SIGTERM)
    core = session.core()
    sources = resolve_sources(settings.oracle, core.config)
    if not sources.reachable:
        raise SettingsError([*sources.problems] or [NO_SOURCE])
    for problem in sources.problems:
        log.warning("a source is left to other workers: %s", problem)
    names = [source.name for source in sources.reachable]
    url = settings.redis_url.get_secret_value()
    stop = threading.Event()

    def published(run: Run) -> Receipt | None:
        return published_receipt(core.warehouse, run)

    core.warehouse.mkdir(parents=True, exist_ok=True)
    check_warehouse(core.redis, core.warehouse)
    note_config(core.redis, "worker", core.config)
    sweep_builds(core.warehouse, open_builds(core.redis))
    reconciler = threading.Thread(
        target=reconcile_until,
        args=(core.redis, stop, _note, published, run_limits(core.config)),
        name="reconciler",
        daemon=True,
    )
    reconciler.start()
    # A bot that started this worker tells the same, and has the address.
    address = settings.metrics_address if parent is None else None
    metrics = make_metrics(core.redis, core.warehouse)
    with signs_of_life(settings.runtime_dir, "worker") as alive:
        pulse = Pulse(alive)
        with serve_metrics(address, metrics, _ready(core.redis), pulse.is_fresh):
            work(
                url,
                core.redis,
                names,
                lambda run_id: perform(core, run_id),
                published,
                pulse.beat,
                run_limits(core.config),
            )
    stop.set()


def run_clock(session: Session) -> None:
    """Run the clock, and a reconciler that finds the runs of dead workers."""
    keep_memory_private()
    settings = session.settings()
    start_logging(settings)
    client = connect_state(settings.redis_url.get_secret_value())
    check_warehouse(client, settings.warehouse_dir)
    note_config(client, "clock", session.config())
    metrics = make_metrics(client, settings.warehouse_dir)
    with (
        _until_told() as stop,
        _clock(session) as clock,
        serve_metrics(settings.metrics_address, metrics, _ready(client), clock.is_fresh),
    ):
        reconcile_until(
            client,
            stop,
            _note,
            lambda run: published_receipt(settings.warehouse_dir, run),
            run_limits(session.config()),
        )


def _tell_page(session: Session) -> None:
    """Say where the sandbox's Slack can be used, if there is one."""
    if session.page is not None:
        click.echo(f"Slack's stand-in, in a browser: {session.page}")


@contextmanager
def _clock(session: Session) -> Generator[Pulse]:
    settings = session.settings()
    client = connect_state(settings.redis_url.get_secret_value())
    with signs_of_life(settings.runtime_dir, "clock") as alive:
        pulse = Pulse(alive)
        scheduler = start_clock(
            client,
            session.config().schedule,
            pulse.beat,
            lambda: read_manifest(settings.warehouse_dir),
        )
        try:
            yield pulse
        finally:
            scheduler.shutdown(wait=False)


@contextmanager
def _served(settings: Settings, bot: Bot, live: Callable[[], bool]) -> Generator[None]:
    ready = _ready(bot.core.redis, {"the connection to Slack": bot.is_connected})
    with serve_metrics(settings.metrics_address, bot.metrics, ready, live):
        yield


def _ready(client: redis.Redis, others: Mapping[str, Callable[[], bool]] | None = None) -> Ready:
    return ready_when({"Redis": lambda: is_reachable(client), **(others or {})})


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
