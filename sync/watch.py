"""What goes on beside a copy: heartbeat, progress, and whether somebody wants it stopped."""

import logging
import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

import redis

from sync.errors import Cancelled, DuckferryError
from sync.leases import abandon, stay_alive
from sync.oracle_errors import SourceStopped
from sync.pace import Pace
from sync.plan import TableRef
from sync.progress import Progress
from sync.runs import Run, RunState, cancel_asked, finish, report_progress
from sync.stops import require_started

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 0.5
"""The newest progress is noted in Redis, and whether to stop is asked, this often."""

CANCEL_SECONDS = 2.0
"""A copy that is broken off has so long to end in good order."""


class RunEnded(Exception):
    """Somebody else ended the attempt, or has its lease: what is left of it must stop."""


def go_on(still_ours: int) -> None:
    """Raise `RunEnded` where the run is no longer ours."""
    if not still_ours:
        raise RunEnded


class Watch:
    """What threads beside the copy know of an attempt, and tell it."""

    def __init__(
        self, run: Run, on_progress: Callable[[Progress], None], pace: Pace | None = None
    ) -> None:
        self.run = run
        self.pace = pace
        self.lost = threading.Event()
        """The run is no longer this worker's, or somebody wants it stopped."""
        self.cancel_by: str | None = None
        self.stopped_by: DuckferryError | None = None
        """Why the copy was broken off where no person asked for its end."""
        self.newest: list[Progress] = []
        self._break_offs: list[Callable[[], None]] = []
        self._on_progress = on_progress

    def report(self, progress: Progress) -> None:
        """Take the progress of the copy; raises `RunEnded` where that must stop.

        Returns when more may be read, which is later where the source has a ceiling.
        """
        go_on(not self.lost.is_set())
        self._on_progress(progress)
        hold_seconds = self.pace.hold_seconds(progress) if self.pace else 0
        self.newest[:] = [progress.model_copy(update={"is_paced": True} if hold_seconds else {})]
        if hold_seconds:
            go_on(not self.lost.wait(hold_seconds))

    def opened(self, break_off: Callable[[], None]) -> None:
        """Take what a cancel calls to end a session's work; raises `RunEnded` if it is too late.

        A run may have several sessions, and each of them may be opened anew.
        """
        self._break_offs.append(break_off)
        go_on(not self.lost.is_set())

    def break_off(self) -> None:
        """Have the copy stop: its next step raises, and so does what it waits for at Oracle."""
        self.lost.set()
        for one in tuple(self._break_offs):
            one()


@contextmanager
def watching(client: "redis.Redis", watch: Watch) -> Generator[None]:
    """Note the newest progress every `PROGRESS_SECONDS`, and stop the copy if a person says so.

    Also while no more rows come. Redis being away holds no row up: the next note may get through.
    """
    over = threading.Event()

    def look() -> None:
        ended = False
        while not ended:
            ended = over.wait(PROGRESS_SECONDS)
            try:
                if watch.newest and not report_progress(client, watch.run, watch.newest.pop()):
                    watch.lost.set()
                if not ended:
                    _stop_if_asked(client, watch, over)
                    _stop_with_source(client, watch)
            except redis.RedisError as error:
                log.warning("progress of run %s not noted: %s", watch.run.id, type(error).__name__)

    thread = threading.Thread(target=look, name=f"progress-{watch.run.id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _stop_if_asked(client: "redis.Redis", watch: Watch, over: threading.Event) -> None:
    """Break off what Oracle is doing for a run somebody wants stopped.

    Where nothing can be broken off (no session yet, a database that does not answer), the run ends
    and its tables are free all the same; what is left of it publishes nothing.
    """
    if watch.cancel_by is not None:
        return
    asked_by = cancel_asked(client, watch.run)
    if asked_by is None:
        return
    watch.cancel_by = asked_by
    watch.break_off()
    if not over.wait(CANCEL_SECONDS):
        log.warning("run %s cannot be broken off and ends behind its end", watch.run.id)
        finish(client, watch.run, RunState.CANCELLED, Cancelled(by=asked_by).failure)
        abandon(client, watch.run, os.getpid())


def _stop_with_source(client: "redis.Redis", watch: Watch) -> None:
    """Break off what Oracle is doing where the source was stopped."""
    if watch.lost.is_set():
        return
    try:
        require_started(client, watch.run.approval.request.plan.source)
    except SourceStopped as stopped:
        watch.stopped_by = stopped
        watch.break_off()


@contextmanager
def heartbeat(
    client: "redis.Redis", watch: Watch, refs: list[TableRef], alive_seconds: float
) -> Generator[None]:
    """Renew heartbeat and leases in a thread; the watch is told once they are lost."""
    stop = threading.Event()
    run = watch.run

    def beat() -> None:
        while not stop.wait(alive_seconds / 3):
            try:
                if not stay_alive(client, run, refs, alive_seconds=alive_seconds):
                    watch.lost.set()
                    return
            except redis.RedisError as error:
                # The next beat may get through; if none does, the run is called lost.
                log.warning("heartbeat of run %s missed: %s", run.id, type(error).__name__)

    thread = threading.Thread(target=beat, name=f"heartbeat-{run.id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
