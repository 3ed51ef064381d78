"""The product in a process of its own, as `botctl` starts it, in the sandbox's environment."""

import os
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sandbox.start import Sandbox

START_SECONDS = 30.0
STOP_SECONDS = 30.0


class BotNotStarted(Exception):
    """The bot ended, or did not connect in time; the error holds the end of its log."""


@contextmanager
def running_bot(
    sandbox: Sandbox, log: Path, environ: Mapping[str, str] | None = None
) -> "Generator[subprocess.Popen[bytes]]":
    """Run bot, clock and worker (`botctl run`) until the block ends.

    *environ* is put over the sandbox's own. Raises BotNotStarted.
    """
    with running(sandbox, log, "run", environ=environ) as process:
        _wait_until_connected(sandbox, process, log)
        yield process


@contextmanager
def running(
    sandbox: Sandbox, log: Path, command: str, *, environ: Mapping[str, str] | None = None
) -> "Generator[subprocess.Popen[bytes]]":
    """Run one of `botctl`'s processes (run, bot, worker, clock) until the block ends.

    Nothing of this process's environment is handed on. Does not wait until it is of use.
    """
    with log.open("ab") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli.main", command],
            env={"PATH": os.defpath, **sandbox.environ, **(environ or {})},
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def tail(log: Path, lines: int = 30) -> str:
    """Give the last lines of a log."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _wait_until_connected(sandbox: Sandbox, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not sandbox.slack.is_reachable():
        if process.poll() is not None:
            raise BotNotStarted(f"the bot ended with {process.returncode}:\n{tail(log)}")
        if time.monotonic() > deadline:
            raise BotNotStarted(f"the bot did not connect to Slack in time:\n{tail(log)}")
        time.sleep(0.05)
