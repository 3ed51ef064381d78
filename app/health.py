"""Signs of life: a long-running process touches a small file from its main loop while all is well.

Whether Oracle, the model or Redis answers is not part of it: starting again would not help, and a
container that is started again for it would be so for ever. The file tells nothing but its age.
"""

import logging
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from app.settings import SettingsError

log = logging.getLogger(__name__)

Kind = Literal["bot", "worker", "clock"]
KINDS: tuple[Kind, ...] = ("bot", "worker", "clock")

BEAT_SECONDS = 5.0
"""The file is touched at most this often."""
FRESH_SECONDS = 90.0
"""A sign of life counts for this long. A worker that waits for Redis pauses for up to 60 s."""


@contextmanager
def signs_of_life(directory: Path | None, kind: Kind) -> Generator[Callable[[], None]]:
    """Give what a main loop calls each time round while all is well.

    The process is well from its first call on, and no longer when the block ends. Without a
    *directory* nothing is written. Raises SettingsError where nothing can be.
    """
    if directory is None:
        yield lambda: None
        return
    path = _sign(directory, kind)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # that of a process before us
        path.touch()
        path.unlink()
    except OSError as error:
        problem = f"RUNTIME_DIR is {directory}, where nothing can be written: {error.strerror}."
        raise SettingsError([problem]) from error
    last = 0.0

    def alive() -> None:
        nonlocal last
        now = time.monotonic()
        if last and now - last < BEAT_SECONDS:
            return
        last = now
        try:
            path.touch()
        except OSError as error:
            log.warning("no sign of life could be left in %s: %s", directory, error.strerror)

    try:
        yield alive
    finally:
        path.unlink(missing_ok=True)


def check_health(
    directory: Path | None, kinds: Sequence[Kind], now: float | None = None
) -> tuple[bool, str]:
    """Say in one line whether processes of these kinds live; of none: all that left a sign.

    *now* is seconds since 1970.
    """
    if directory is None:
        return False, "RUNTIME_DIR is not set, so no process leaves a sign of life."
    now = time.time() if now is None else now
    ages = [(kind, _age_seconds(directory, kind, now)) for kind in kinds or KINDS]
    asked = [(kind, age) for kind, age in ages if kinds or age is not None]
    if not asked:
        return False, f"There is no sign of life in {directory}: nothing runs, or not yet."
    told = "; ".join(_told(kind, age) for kind, age in asked)
    return all(_is_fresh(age) for _, age in asked), told


def _told(kind: str, age: float | None) -> str:
    if age is None:
        return f"{kind}: no sign of life"
    if _is_fresh(age):
        return f"{kind}: alive {max(age, 0):.0f} s ago"
    why = "it hangs, or is not connected to Slack" if kind == "bot" else "it hangs"
    return f"{kind}: no sign of life for {age:.0f} s; {why}"


def _is_fresh(age: float | None) -> bool:
    return age is not None and age < FRESH_SECONDS


def _age_seconds(directory: Path, kind: Kind, now: float) -> float | None:
    try:
        return now - _sign(directory, kind).stat().st_mtime
    except FileNotFoundError:
        return None


def _sign(directory: Path, kind: Kind) -> Path:
    return directory / f"{kind}.alive"
