"""One finding of the doctor, and how all are looked for side by side within a time limit."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import redis

from sync.errors import DuckferryError

Status = Literal["OK", "WARN", "FAIL", "SKIP"]

LIMIT_SECONDS = 10.0
"""All that is examined side by side has so long, whatever hangs."""
ANSWER_SECONDS = 4.0
"""One answer over the network has so long, so that what hangs can be named before the limit."""
CLOCK_SECONDS = 30.0
"""A clock may differ so much; schedules count minutes, and Slack's signatures live for five."""
MAX_CHARACTERS = 500
"""Of what was found: an error's text may be a page."""
MAX_NAMED = 12
"""Names listed in one finding."""


@dataclass(frozen=True)
class Check:
    """One finding. Every status but OK has a remedy: one line that says what to do."""

    group: str
    name: str
    status: Status
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Probe:
    """Something to examine. What it yields before it fails or hangs still counts."""

    group: str
    name: str
    checks: Callable[[], Iterator[Check]]


def examine(probes: Sequence[Probe], seconds: float = LIMIT_SECONDS) -> list[Check]:
    """Run all *probes* side by side and give what they found within *seconds*; nothing is raised.

    A probe that hangs is left behind; its thread ends with the process.
    """
    running = [_Running(probe) for probe in probes]
    deadline = time.monotonic() + seconds
    return [
        check for each in running for check in each.found_by(deadline - time.monotonic(), seconds)
    ]


def clock_check(group: str, name: str, difference_seconds: float) -> Check:
    """Say how far another clock is ahead of ours."""
    found = f"{difference_seconds:+.1f} s against this machine"
    if abs(difference_seconds) <= CLOCK_SECONDS:
        return Check(group, name, "OK", found)
    remedy = "Set both clocks by NTP: expiry, schedules and the age of copies rest on them."
    return Check(group, name, "WARN", found, remedy)


def listed(names: Sequence[str]) -> str:
    """Name up to `MAX_NAMED`, and how many more there are."""
    more = len(names) - MAX_NAMED
    return ", ".join(names[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def sized(count: float) -> str:
    """Write a number of bytes for people."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:  # noqa: PLR2004 -- the step between the units
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


class _Running:
    """A probe in a thread of its own."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._found: list[Check] = []
        self._thread = threading.Thread(
            target=_collect, args=(probe, self._found), name=f"doctor {probe.name}", daemon=True
        )
        self._thread.start()

    def found_by(self, wait_seconds: float, limit_seconds: float) -> list[Check]:
        self._thread.join(max(0.0, wait_seconds))
        late = self._thread.is_alive()
        found = list(self._found)
        if late:
            told = f"no answer within {limit_seconds:g} s; what would come after this is not known"
            remedy = "Look at what stands between this machine and it: firewall, proxy, load."
            found.append(Check(self._probe.group, self._probe.name, "FAIL", told, remedy))
        return found


def _collect(probe: Probe, found: list[Check]) -> None:
    """Examine, whatever happens."""
    try:
        for check in probe.checks():
            found.append(check)  # noqa: PERF402 -- what stands in the list counts even if the next one hangs
    except DuckferryError as error:
        remedy = "Do what the line says, then run this again."
        found.append(Check(probe.group, probe.name, "FAIL", str(error), remedy))
    except redis.RedisError as error:
        told = f"Redis did not answer meanwhile ({type(error).__name__})"
        found.append(
            Check(probe.group, probe.name, "FAIL", told, "Put right what is told of Redis.")
        )
    except Exception as error:  # an outer edge: one broken check does not stop the others
        told = f"could not be examined: {type(error).__name__}: {error}"
        remedy = "If the text does not tell what to do, report it as a fault of Duckferry."
        found.append(Check(probe.group, probe.name, "FAIL", told[:MAX_CHARACTERS], remedy))
