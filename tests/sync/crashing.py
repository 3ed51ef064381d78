"""A run in a process of its own that is killed on its way, as by a machine that stops."""

import os
import signal
import threading
from dataclasses import dataclass
from pathlib import Path

from sync.engine import Steps
from sync.oracle import Source, connect
from sync.plan import Plan
from sync.planning import TableSettings
from tests.forking import FORKING
from tests.sync.copying import run_copy

WAIT_SECONDS = 60


@dataclass(frozen=True)
class Crash:
    """Where a run is killed."""

    at: str
    """``reading``, ``verifying``, ``publishing``."""
    after_seconds: float
    """Comes this long before the kill: merging, say, begins with verifying."""


def crash(
    source: Source, root: Path, plan: Plan, settings: TableSettings, fence: int, where: Crash
) -> bool:
    """Run a plan in another process until it is killed; whether it was, or had come to its end."""
    process = FORKING.Process(target=_run, args=(source, root, plan, settings, fence, where))
    process.start()
    process.join(WAIT_SECONDS)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def _run(
    source: Source, root: Path, plan: Plan, settings: TableSettings, fence: int, where: Crash
) -> None:
    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def reached(at: str) -> None:
        if at != where.at:
            return
        if not where.after_seconds:
            die()
        timer = threading.Timer(where.after_seconds, die)
        timer.daemon = True
        timer.start()

    steps = Steps(
        on_progress=lambda progress: reached("reading") if progress.rows else None,
        on_verifying=lambda: reached("verifying"),
        on_publishing=lambda: reached("publishing"),
    )
    run_copy(
        lambda _: connect(source, action="sync", client_identifier="U1"),
        root,
        plan,
        settings,
        fence=fence,
        steps=steps,
    )
