"""A source with all that guards it: windows, a number of sessions, and no wrong password twice."""

import logging
import threading
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import redis

from sync.blackout import closed_until
from sync.chunk_reader import ChunkReader, chunk_reader
from sync.chunks import READERS
from sync.logins import open_guarded
from sync.oracle import Session, Source, cancel, connect
from sync.oracle_errors import OracleError, SourceClosed
from sync.sessions import session_slot
from sync.state import moment_of
from sync.stops import require_started

log = logging.getLogger(__name__)

T = TypeVar("T")

LOOK_SECONDS = 0.5
"""A session whose every call may be long is looked after this often."""


@dataclass(frozen=True)
class GuardedSource:
    """How a source is reached, and how gently."""

    source: Source
    max_sessions: int
    """At the same time, over all our processes."""
    blackout: tuple[str, ...]
    """Windows in which it may not be read; see `sync.blackout`."""
    timezone: str
    """Whose wall clock the windows are meant on."""
    rows_per_second: int | None = None
    """What a run may read, over all its sessions."""
    readers: int = READERS
    """Processes that read one large table side by side, each in a session."""

    @property
    def name(self) -> str:
        """What bot.toml calls it."""
        return self.source.name


def open_source(
    client: "redis.Redis",
    guarded: GuardedSource,
    *,
    action: str,
    client_identifier: str,
    wait_seconds: float,
) -> AbstractContextManager[Session]:
    """A session at a source, for an action in the name of somebody; a DBA sees both.

    Waits up to *wait_seconds* for one of its sessions to be free. Raises `SourceClosed` and
    `SourceStopped`, `SourceBusy`, `LoginRefused`, also for a password that was refused before, and
    what `sync.oracle.connect` raises.
    """
    opening = connect(guarded.source, action=action, client_identifier=client_identifier)
    return _opened(client, guarded, opening, wait_seconds)


def open_chunk_reader(
    client: "redis.Redis", guarded: GuardedSource, *, action: str, client_identifier: str
) -> AbstractContextManager[ChunkReader]:
    """A process with such a session, which counts like any other; for one that is free now."""
    opening = chunk_reader(guarded.source, action=action, client_identifier=client_identifier)
    return _opened(client, guarded, opening, 0)


@contextmanager
def _opened(
    client: "redis.Redis",
    guarded: GuardedSource,
    opening: AbstractContextManager[T],
    wait_seconds: float,
) -> Generator[T]:
    require_readable(client, guarded)
    with (
        session_slot(client, guarded.name, most=guarded.max_sessions, wait_seconds=wait_seconds),
        ExitStack() as stack,
    ):
        yield open_guarded(client, guarded.source, lambda: stack.enter_context(opening))


def require_readable(client: "redis.Redis", guarded: GuardedSource) -> None:
    """Raise `SourceClosed` or `SourceStopped` where a source may not be read now."""
    require_open(guarded, moment_of(client))
    require_started(client, guarded.name)


def require_open(guarded: GuardedSource, now: datetime) -> None:
    """Raise `SourceClosed` if *now* is in a window in which the source may not be read."""
    until = closed_until(guarded.blackout, guarded.timezone, now)
    if until is not None:
        raise SourceClosed(source=guarded.name, until=until.isoformat(timespec="minutes"))


@contextmanager
def closing_with_source(session: Session, require: Callable[[], None]) -> Generator[None]:
    """End what the block has Oracle do once its source may not be read; for long calls without us.

    *require* raises `SourceClosed` then, as it does before a session is opened; so does the block.
    """
    over = threading.Event()
    closed: list[SourceClosed] = []

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            try:
                require()
            except SourceClosed as error:
                closed[:] = [error]
                cancel(session)  # again each time: it ends the call that is under way, and no other
            except redis.RedisError as error:
                name = session.source.name
                log.warning("not known if %s may be read: %s", name, type(error).__name__)

    thread = threading.Thread(target=look, name=f"look {session.source.name}", daemon=True)
    thread.start()
    try:
        yield
    except OracleError as error:
        if closed:
            raise closed[0] from error
        raise
    finally:
        over.set()
        thread.join()
