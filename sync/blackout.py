"""Blackout windows: times of the week in which a source may not be read.

A window is meant on the wall clock of its time zone. Where summer time begins or ends in it, it
lasts from the first moment the clocks show its beginning to the last one they show its end; of
what the clocks skip, nothing is left.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

LEAST_TIMES = 60
"""Of a cron line that are looked at: a first of the month so meets every day of the week."""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EVERY_DAY = ("*", "daily")
_DAY = 24 * 60
_WEEK = 7 * _DAY
_WINDOW = re.compile(r"(\S.*?)\s+(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)", re.ASCII)


class Blackout(BaseModel):
    """One window, on each of its days. Minutes count from that day's midnight."""

    model_config = ConfigDict(frozen=True)

    days: frozenset[int]
    """On which it begins; Monday is 0."""
    begins_minute: int
    ends_minute: int
    """Not part of it any more; more than 1440 where it goes over midnight."""


def closed_until(windows: Sequence[str], timezone: str, now: datetime) -> datetime | None:
    """Give the end of the closed time that *now* (with a time zone) is in, or None if it is open.

    Windows that overlap or touch are one closed time; a week ahead is as far as it looks. The end
    is told by *timezone*'s clocks. Raises ValueError for what `blackout_problem` would name.
    """
    zone = _zone(timezone)
    parsed = [parse_blackout(text) for text in windows]
    _require_open_time(windows, parsed)
    start = now.astimezone(UTC)
    until = start
    for begins, ends in sorted(_spans(parsed, zone, now.astimezone(zone).date())):
        if begins <= until < ends:
            until = ends
    if until == start:
        return None
    return min(until, start + timedelta(days=7)).astimezone(zone)


def blackout_problem(windows: Sequence[str], timezone: str) -> str | None:
    """Say in plain words what is wrong with the windows of a source or the time zone, or None.

    Also wrong are windows that together leave no minute of the week open.
    """
    try:
        _zone(timezone)
        _require_open_time(windows, [parse_blackout(text) for text in windows])
    except ValueError as error:
        return str(error)
    return None


class Closed(BaseModel):
    """How many of the next times of a cron line fall into the windows of a source."""

    model_config = ConfigDict(frozen=True)

    source: str
    windows: tuple[str, ...]
    times: int
    """That were looked at: of eight days, and never fewer than `LEAST_TIMES`."""
    closed: int

    @property
    def problem(self) -> str | None:
        """Say in plain words that it would never run at its own times, or None."""
        if self.closed < self.times:
            return None
        return (
            f"every one of its times falls into a blackout window of source {self.source} "
            f"({', '.join(self.windows)}), so it would never run then; choose times outside it"
        )


def closed_times(
    source: str, windows: Sequence[str], timezone: str, moments: Iterable[datetime], now: datetime
) -> Closed:
    """Count which of the coming *moments*, without end, the windows of a source close.

    A minute counts by what the clocks of *timezone* show.
    """
    minutes = _closed_minutes([parse_blackout(text) for text in windows])
    zone, until = _zone(timezone), now + timedelta(days=8)
    seen = closed = 0
    for moment in moments:
        if seen >= LEAST_TIMES and moment > until:
            break
        wall = moment.astimezone(zone)
        seen += 1
        closed += wall.weekday() * _DAY + wall.hour * 60 + wall.minute in minutes
    return Closed(source=source, windows=tuple(windows), times=seen, closed=closed)


def parse_blackout(text: str) -> Blackout:
    """Read a window such as ``mon-fri 08:30-09:30``, ``sat,sun 00:00-24:00``, ``* 22:00-02:00``.

    Raises ValueError with a sentence that says what a right one looks like.
    """
    found = _WINDOW.fullmatch(text.strip())
    if found is None:
        raise _wrong(text, "it needs days and two times")
    days, *clock = found.groups()
    begin_hour, begin_minute, end_hour, end_minute = map(int, clock)
    begins, ends = begin_hour * 60 + begin_minute, end_hour * 60 + end_minute
    if max(begin_minute, end_minute) > 59 or begins >= _DAY or ends > _DAY:  # noqa: PLR2004 -- of an hour
        raise _wrong(text, "times go from 00:00 to 24:00")
    if begins == ends:
        raise _wrong(text, "it begins when it ends; a whole day is 00:00-24:00")
    return Blackout(
        days=_days(text, days),
        begins_minute=begins,
        ends_minute=ends if ends > begins else ends + _DAY,
    )


def _require_open_time(texts: Sequence[str], windows: Sequence[Blackout]) -> None:
    if len(_closed_minutes(windows)) == _WEEK:
        told = ", ".join(repr(text) for text in texts)
        raise ValueError(f"the blackout windows {told} leave no time of the week open")


def _closed_minutes(windows: Sequence[Blackout]) -> frozenset[int]:
    """Give the minutes of the week, from Monday's midnight on, that windows close."""
    return frozenset(
        minute % _WEEK
        for window in windows
        for day in window.days
        for minute in range(day * _DAY + window.begins_minute, day * _DAY + window.ends_minute)
    )


def _days(text: str, days: str) -> frozenset[int]:
    if days.lower() in _EVERY_DAY:
        return frozenset(range(7))
    named: set[int] = set()
    for part in days.lower().split(","):
        ends = [name.strip() for name in part.split("-")]
        unknown = next((name for name in ends if name not in _DAYS), None)
        if unknown is not None or len(ends) > 2:  # noqa: PLR2004 -- from one day to another
            raise _wrong(text, f"{part.strip()!r} names no days")
        first, last = _DAYS.index(ends[0]), _DAYS.index(ends[-1])
        named.update(day % 7 for day in range(first, last + 1 if last >= first else last + 8))
    return frozenset(named)


def _wrong(text: str, reason: str) -> ValueError:
    return ValueError(
        f"{text!r} is no blackout window: {reason}. Right ones are 'mon-fri 08:30-09:30', "
        "'sat,sun 00:00-24:00' and, over midnight, 'daily 22:00-02:00'"
    )


def _zone(timezone: str) -> ZoneInfo:
    try:
        return ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):  # OSError: the name of a folder, such as Asia
        raise ValueError(
            f"timezone {timezone!r} is not a name of the tz database, such as Asia/Seoul"
        ) from None


def _spans(
    windows: Sequence[Blackout], zone: ZoneInfo, today: date
) -> Iterator[tuple[datetime, datetime]]:
    """Yield beginnings and ends, in UTC, of what may touch *today* or the week after it."""
    for day in (today + timedelta(days=number) for number in range(-2, 9)):
        midnight = datetime.combine(day, time())
        for window in windows:
            if day.weekday() in window.days:
                begins = midnight + timedelta(minutes=window.begins_minute)
                ends = midnight + timedelta(minutes=window.ends_minute)
                yield _moment(begins, zone, fold=0), _moment(ends, zone, fold=1)


def _moment(wall: datetime, zone: ZoneInfo, *, fold: int) -> datetime:
    """Give the moment, in UTC, the clocks show *wall*: of two the first (*fold* 0) or the last (1).

    Where they skip it, the moment of the change.
    """
    first, last = (wall.replace(tzinfo=zone, fold=which).astimezone(UTC) for which in (0, 1))
    if first <= last:
        return last if fold else first
    # Read by the clocks of before and of after the change, a skipped time lies on both its sides.
    before, after = last, first
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).replace(tzinfo=None) < wall:
            before = middle
        else:
            after = middle
    return after
