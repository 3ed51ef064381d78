from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from sync.blackout import (
    Blackout,
    blackout_problem,
    closed_times,
    closed_until,
    parse_blackout,
)
from sync.when import times

SEOUL = "Asia/Seoul"
EVERY_DAY = frozenset(range(7))


def until(windows: list[str], zone: str, now: str) -> str | None:
    """The end of the closed time as ISO 8601; *now* as ISO 8601 too."""
    end = closed_until(windows, zone, datetime.fromisoformat(now))
    return end.isoformat(timespec="minutes") if end else None


@pytest.mark.parametrize(
    ("text", "days", "begins", "ends"),
    [
        ("mon-fri 08:30-09:30", {0, 1, 2, 3, 4}, 510, 570),
        ("daily 22:00-02:00", EVERY_DAY, 1320, 1560),
        ("sat,sun 00:00-24:00", {5, 6}, 0, 1440),
        ("* 12:00-13:00", EVERY_DAY, 720, 780),
        ("wed 22:00-00:00", {2}, 1320, 1440),
        ("fri-mon 01:00-02:00", {4, 5, 6, 0}, 60, 120),
        ("Mon, THU-Fri  8:05 - 9:00", {0, 3, 4}, 485, 540),
        ("  DAILY 23:59-24:00 ", EVERY_DAY, 1439, 1440),
        ("mon-mon 01:00-02:00", {0}, 60, 120),
    ],
)
def test_a_window_is_read(text: str, days: frozenset[int], begins: int, ends: int) -> None:
    read = parse_blackout(text)
    assert (read.days, read.begins_minute, read.ends_minute) == (days, begins, ends)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it needs days and two times"),
        ("mon-fri", "it needs days and two times"),
        ("08:30-09:30", "it needs days and two times"),
        ("mon 8-9", "it needs days and two times"),
        ("mon 08:30-09:30 UTC", "it needs days and two times"),
        ("mon ٠٨:٣٠-٠٩:٣٠", "it needs days and two times"),
        ("monday 08:30-09:30", "'monday' names no days"),
        ("mon,,fri 08:30-09:30", "'' names no days"),
        ("mon-wed-fri 08:30-09:30", "'mon-wed-fri' names no days"),
        ("월-금 08:30-09:30", "'월-금' names no days"),
        ("daily,mon 08:30-09:30", "'daily' names no days"),
        ("mon 24:00-24:00", "times go from 00:00 to 24:00"),
        ("mon 08:60-09:30", "times go from 00:00 to 24:00"),
        ("mon 08:00-24:01", "times go from 00:00 to 24:00"),
        ("mon 08:30-08:30", "it begins when it ends; a whole day is 00:00-24:00"),
    ],
)
def test_a_text_that_is_no_window_is_told_what_a_right_one_looks_like(
    text: str, reason: str
) -> None:
    with pytest.raises(ValueError, match="Right ones are 'mon-fri 08:30-09:30'") as told:
        parse_blackout(text)
    assert str(told.value).startswith(f"{text!r} is no blackout window: {reason}.")
    assert blackout_problem([text], SEOUL) == str(told.value)
    with pytest.raises(ValueError, match="is no blackout window"):
        closed_until([text], SEOUL, datetime.now(UTC))


def test_a_window_does_not_change() -> None:
    window = parse_blackout("daily 01:00-02:00")
    with pytest.raises(ValidationError):
        window.begins_minute = 0  # pyright: ignore[reportAttributeAccessIssue] -- what is tried
    assert window == Blackout(days=EVERY_DAY, begins_minute=60, ends_minute=120)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "Asia", "", "../etc/passwd"])
def test_a_time_zone_nobody_knows_is_named(zone: str) -> None:
    problem = blackout_problem(["daily 01:00-02:00"], zone)
    assert problem == f"timezone {zone!r} is not a name of the tz database, such as Asia/Seoul"
    with pytest.raises(ValueError, match="tz database"):
        closed_until([], zone, datetime.now(UTC))


@pytest.mark.parametrize(
    "windows",
    [
        ["daily 00:00-24:00"],
        ["mon-fri 00:00-24:00", "sat,sun 00:00-24:00"],
        ["* 06:00-18:00", "* 18:00-06:00"],
        ["daily 12:00-11:59", "daily 11:59-12:00"],
    ],
)
def test_windows_that_leave_no_time_open_are_refused(windows: list[str]) -> None:
    problem = blackout_problem(windows, SEOUL)
    assert problem
    assert repr(windows[0]) in problem
    assert problem.endswith("leave no time of the week open")
    with pytest.raises(ValueError, match="no time of the week open"):
        closed_until(windows, SEOUL, datetime.now(UTC))


def test_a_minute_a_week_is_open_time_enough() -> None:
    windows = ["mon-sat 00:00-24:00", "sun 00:00-23:59"]
    assert blackout_problem(windows, SEOUL) is None
    assert until(windows, SEOUL, "2026-03-01T23:59+09:00") is None
    assert until(windows, SEOUL, "2026-03-02T00:00+09:00") == "2026-03-08T23:59+09:00"


def test_without_windows_a_source_is_always_open() -> None:
    assert blackout_problem([], SEOUL) is None
    assert until([], SEOUL, "2026-03-02T09:00+09:00") is None


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-03-02T08:29:59.999999+09:00", None),
        ("2026-03-02T08:30+09:00", "2026-03-02T09:30+09:00"),
        ("2026-03-02T09:29:59.999999+09:00", "2026-03-02T09:30+09:00"),
        ("2026-03-02T09:30+09:00", None),
        ("2026-03-01T23:45+00:00", "2026-03-02T09:30+09:00"),  # Monday in Seoul already
        ("2026-03-07T09:00+09:00", None),  # Saturday
    ],
)
def test_a_window_is_closed_from_its_beginning_to_just_before_its_end(
    now: str, end: str | None
) -> None:
    assert until(["mon-fri 08:30-09:30"], SEOUL, now) == end


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-03-06T21:59+09:00", None),
        ("2026-03-06T22:00+09:00", "2026-03-07T02:00+09:00"),
        ("2026-03-07T01:59+09:00", "2026-03-07T02:00+09:00"),  # Saturday, begun on Friday
        ("2026-03-07T22:30+09:00", None),
        ("2026-03-06T01:00+09:00", None),  # Friday before it began
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_it_begins_on(now: str, end: str | None) -> None:
    assert until(["fri 22:00-02:00"], SEOUL, now) == end


@pytest.mark.parametrize(
    ("windows", "end"),
    [
        (["mon 08:00-09:00", "mon 09:00-10:00"], "2026-03-02T10:00+09:00"),
        (["mon 09:00-10:00", "mon 08:00-09:15"], "2026-03-02T10:00+09:00"),
        (["mon 08:00-12:00", "mon 09:00-10:00"], "2026-03-02T12:00+09:00"),
        (["mon 08:00-09:00", "mon 09:01-10:00"], "2026-03-02T09:00+09:00"),
        (["mon 08:00-24:00", "tue-thu 00:00-24:00"], "2026-03-06T00:00+09:00"),
        (["sun 20:00-09:00", "mon 08:50-09:30", "mon 09:20-08:00"], "2026-03-03T08:00+09:00"),
    ],
)
def test_windows_that_touch_or_overlap_are_one_closed_time(windows: list[str], end: str) -> None:
    assert until(windows, SEOUL, "2026-03-02T08:30+09:00") == end


# New York 2026: on March 8 the clocks skip 02:00 to 03:00, on November 1 they show 01:00 to
# 02:00 twice.


@pytest.mark.parametrize(
    ("window", "now", "end"),
    [
        # The day has an hour less, and the wall clock still says when.
        ("sun 00:00-06:00", "2026-03-08T00:30-05:00", "2026-03-08T06:00-04:00"),
        ("sun 04:00-06:00", "2026-03-08T03:59-04:00", None),
        # It begins in what is skipped: with the first moment after it.
        ("sun 02:30-05:00", "2026-03-08T01:59:59-05:00", None),
        ("sun 02:30-05:00", "2026-03-08T03:00-04:00", "2026-03-08T05:00-04:00"),
        # It ends in what is skipped: with the last moment before it.
        ("sun 01:00-02:30", "2026-03-08T01:59-05:00", "2026-03-08T03:00-04:00"),
        ("sun 01:00-02:30", "2026-03-08T03:00-04:00", None),
        # All of it is skipped.
        ("sun 02:10-02:50", "2026-03-08T01:59:59-05:00", None),
        ("sun 02:10-02:50", "2026-03-08T03:00-04:00", None),
        # The day has an hour more.
        ("sun 00:00-06:00", "2026-11-01T00:30-04:00", "2026-11-01T06:00-05:00"),
        # It ends in what comes twice: with the second time.
        ("sat 22:00-01:30", "2026-11-01T01:45-04:00", "2026-11-01T01:30-05:00"),
        ("sat 22:00-01:30", "2026-11-01T01:29-05:00", "2026-11-01T01:30-05:00"),
        ("sat 22:00-01:30", "2026-11-01T01:30-05:00", None),
        # It begins in what comes twice: with the first time.
        ("sun 01:30-03:00", "2026-11-01T01:29-04:00", None),
        ("sun 01:30-03:00", "2026-11-01T01:30-04:00", "2026-11-01T03:00-05:00"),
        ("sun 01:30-03:00", "2026-11-01T01:10-05:00", "2026-11-01T03:00-05:00"),
    ],
)
def test_summer_time_moves_a_window_with_the_wall_clock(
    window: str, now: str, end: str | None
) -> None:
    assert until([window], "America/New_York", now) == end


@pytest.mark.parametrize(("zone", "year"), [("America/New_York", 2026), ("Pacific/Apia", 2011)])
def test_whenever_the_wall_clock_shows_a_time_of_a_window_it_is_closed(
    zone: str, year: int
) -> None:
    """Also in the years of a change, minute by minute around it; Apia once skipped a whole day."""
    window = "* 01:20-03:40"
    changes = {2026: ["2026-03-08T00:00", "2026-11-01T00:00"], 2011: ["2011-12-29T00:00"]}
    for change in changes[year]:
        start = datetime.fromisoformat(change).replace(tzinfo=UTC)
        for minute in range(0, 48 * 60, 7):
            now = start + timedelta(minutes=minute)
            end = closed_until([window], zone, now)
            wall = now.astimezone(ZoneInfo(zone))
            if (1, 20) <= (wall.hour, wall.minute) < (3, 40):
                assert end
                assert now < end <= now + timedelta(hours=4)


@pytest.mark.parametrize(
    ("cron", "zone", "windows", "seen", "closed"),
    [
        ("0 6 * * *", SEOUL, ["daily 05:00-07:00"], 60, 60),
        ("0 6 * * *", "UTC", ["daily 05:00-07:00"], 60, 0),
        ("0 7 * * *", SEOUL, ["daily 05:00-07:00"], 60, 0),
        ("0 6,12 * * *", SEOUL, ["daily 22:00-07:00"], 60, 30),
        ("*/15 * * * *", SEOUL, ["mon 00:00-01:00"], 768, 5),
        ("0 9 1 * *", SEOUL, ["sat,sun 00:00-24:00"], 60, 17),
    ],
)
def test_of_the_coming_times_those_in_a_window_are_counted(
    cron: str, zone: str, windows: list[str], seen: int, closed: int
) -> None:
    now = datetime(2026, 11, 22, 0, 0, tzinfo=ZoneInfo(SEOUL))
    found = closed_times("main", windows, SEOUL, times(cron, zone, now), now)
    assert (found.times, found.closed) == (seen, closed)
    assert (found.problem is None) == (closed < seen)
