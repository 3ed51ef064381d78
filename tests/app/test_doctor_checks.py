"""Probes are examined side by side, each on its own, within a time limit."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.doctor.checks import Check, Probe, clock_check, examine, listed, sized
from sync.errors import StateUnavailable


def found(*names: str) -> Any:
    return lambda: (Check("g", name, "OK", "") for name in names)


def test_a_probe_that_breaks_or_hangs_stops_no_other_and_keeps_what_it_found() -> None:
    never = threading.Event()

    def hangs() -> Iterator[Check]:
        yield Check("g", "before", "OK", "")
        never.wait(60)

    def breaks() -> Iterator[Check]:
        yield Check("g", "first", "OK", "")
        raise KeyError("k")

    def says() -> Iterator[Check]:
        raise StateUnavailable
        yield

    probes = [
        Probe("g", "hanging", hangs),
        Probe("g", "broken", breaks),
        Probe("g", "said", says),
        Probe("g", "fine", found("last")),
    ]
    begun = time.monotonic()
    checks = examine(probes, seconds=0.3)
    assert time.monotonic() - begun < 5
    never.set()
    assert [(check.name, check.status) for check in checks] == [
        ("before", "OK"),
        ("hanging", "FAIL"),
        ("first", "OK"),
        ("broken", "FAIL"),
        ("said", "FAIL"),
        ("last", "OK"),
    ]
    assert "no answer within 0.3 s" in checks[1].found
    assert "KeyError: 'k'" in checks[3].found
    assert checks[4].found == str(StateUnavailable())


@pytest.mark.parametrize(("difference", "status"), [(0, "OK"), (-30, "OK"), (31, "WARN")])
def test_a_clock_that_is_far_off_is_warned_of(difference: float, status: str) -> None:
    assert clock_check("g", "n", difference).status == status


def test_long_lists_and_sizes_are_written_for_people() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed([str(number) for number in range(14)]).endswith(", 11 and 2 more")
    assert [sized(0), sized(1536), sized(3 << 40)] == ["0 B", "1.5 KiB", "3.0 TiB"]
