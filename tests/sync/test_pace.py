"""The ceiling on rows a second: how long a run is held back after what it read."""

import pytest

from sync.pace import Pace
from sync.progress import Progress


def progress(table: str, rows: int) -> Progress:
    return Progress(table=table, table_number=1, tables=2, rows=rows, expected_rows=None, seconds=0)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_batch_is_paid_for_after_it_came_and_time_passed_counts() -> None:
    clock = Clock()
    pace = Pace(1000, clock)
    assert pace.hold_seconds(progress("A", 0)) == 0
    assert pace.hold_seconds(progress("A", 2000)) == pytest.approx(2.0)
    clock.now += 1.5
    assert pace.hold_seconds(progress("A", 3000)) == pytest.approx(1.5)


def test_all_tables_of_a_run_share_the_ceiling() -> None:
    pace = Pace(1000, Clock())
    assert pace.hold_seconds(progress("A", 500)) == pytest.approx(0.5)
    assert pace.hold_seconds(progress("B", 500)) == pytest.approx(1.0)


def test_time_in_which_nothing_was_read_is_not_saved_up() -> None:
    clock = Clock()
    pace = Pace(1000, clock)
    clock.now += 3600
    assert pace.hold_seconds(progress("A", 1000)) == pytest.approx(1.0)


def test_rows_that_are_read_again_are_paid_for_again() -> None:
    clock = Clock()
    pace = Pace(1000, clock)
    pace.hold_seconds(progress("A", 5000))
    clock.now += 5
    assert pace.hold_seconds(progress("A", 4000)) == 0  # a part of it is lost
    assert pace.hold_seconds(progress("A", 5000)) == pytest.approx(1.0)
    clock.now += 1
    assert pace.hold_seconds(progress("A", 0)) == 0  # all of it
    assert pace.hold_seconds(progress("A", 1000)) == pytest.approx(1.0)
