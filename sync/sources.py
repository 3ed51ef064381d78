"""A source with all that guards it: windows, a number of sessions, and no wrong password twice."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import redis

from sync.blackout import closed_until
from sync.logins import open_guarded
from sync.oracle import Session, Source, connect
from sync.oracle_errors import SourceClosed
from sync.sessions import session_slot
from sync.stops import require_started


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

    @property
    def name(self) -> str:
        """What bot.toml calls it."""
        return self.source.name


@contextmanager
def open_source(
    client: "redis.Redis",
    guarded: GuardedSource,
    *,
    action: str,
    client_identifier: str,
    wait_seconds: float,
) -> Generator[Session]:
    """A session at a source, for an action in the name of somebody; a DBA sees both.

    Waits up to *wait_seconds* for one of its sessions to be free. Raises `SourceClosed` and
    `SourceStopped`, `SourceBusy`, `LoginRefused`, also for a password that was refused before, and
    what `sync.oracle.connect` raises.
    """
    require_open(guarded)
    require_started(client, guarded.name)
    with (
        session_slot(client, guarded.name, most=guarded.max_sessions, wait_seconds=wait_seconds),
        ExitStack() as stack,
    ):
        opening = connect(guarded.source, action=action, client_identifier=client_identifier)
        yield open_guarded(client, guarded.source, lambda: stack.enter_context(opening))


def require_open(guarded: GuardedSource) -> None:
    """Raise `SourceClosed` within a window in which the source may not be read."""
    until = closed_until(guarded.blackout, guarded.timezone, datetime.now(UTC))
    if until is not None:
        raise SourceClosed(source=guarded.name, until=until.isoformat(timespec="minutes"))
