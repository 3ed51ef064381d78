"""When a cron line comes true, by whose clock, and how a person would say it.

croniter computes Unix cron: 0 and 7 are Sunday, and of two day fields either is enough.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Literal
from zoneinfo import ZoneInfo

from croniter import CroniterBadDateError, CroniterError, croniter

Language = Literal["ko", "en"]

LEAST_MINUTES = 15
"""Between two ticks of a schedule, unless somebody sets another limit."""

_DAY_MINUTES = 24 * 60
_WORDS = "sun|mon|tue|wed|thu|fri|sat|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|l"
_FIELD = re.compile(rf"(?:[0-9*/,\-#]|{_WORDS})+", re.IGNORECASE)
"""croniter takes more: random fields (R), which two clocks would compute differently, W and ?."""
_DAYS = {
    "ko": ("일요일", "월요일", "화요일", "수요일", "목요일", "금요일", "토요일"),
    "en": ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
}
_WEEKDAYS, _WEEKEND = (1, 2, 3, 4, 5), (0, 6)


def cron_problem(cron: str, timezone: str, *, least_minutes: int = LEAST_MINUTES) -> str | None:
    """Say in plain words what is wrong with a cron line or time zone, or None.

    A line that never comes true, or whose ticks are closer than *least_minutes*, is wrong too.
    """
    fields = cron.split()
    if len(fields) != 5:  # noqa: PLR2004 -- counted in the sentence
        return f"cron {cron!r} needs five fields: minute hour day month weekday"
    unknown = next((field for field in fields if not _FIELD.fullmatch(field)), None)
    if unknown:
        return f"cron {cron!r} cannot be read: {unknown!r} is no cron field"
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):  # OSError: the name of a folder, such as Asia
        return f"timezone {timezone!r} is not a name of the tz database, such as Asia/Seoul"
    try:
        next_time(cron, timezone, datetime.now(UTC))
        apart = _least_apart(cron)
    except CroniterBadDateError:
        return f"cron {cron!r} never comes true"
    except CroniterError as error:
        return f"cron {cron!r} cannot be read: {error}"
    if apart < least_minutes:
        return (
            f"cron {cron!r} comes true every {apart} min; at least {least_minutes} min must lie "
            "between two times"
        )
    return None


def next_time(cron: str, timezone: str, after: datetime) -> datetime:
    """Give the first moment after *after* that the Unix cron line names, by *timezone*'s clocks.

    A time that the change to summer time skips is due at the end of the gap.
    """
    found: datetime = croniter(cron, after.astimezone(ZoneInfo(timezone))).get_next(datetime)
    return found


def times(cron: str, timezone: str, after: datetime) -> Iterator[datetime]:
    """Give the moments after *after* one by one, without end, by *timezone*'s clocks.

    The hour that comes twice in autumn counts once for a line of fixed hours.
    """
    last, moment = "", after
    while True:
        moment = next_time(cron, timezone, moment)
        if not has_fixed_hours(cron) or wall_clock(moment) != last:
            yield moment
        last = wall_clock(moment)


def next_times(cron: str, timezone: str, after: datetime, count: int) -> list[datetime]:
    """Give the first *count* of `times`."""
    return list(islice(times(cron, timezone, after), count))


def has_fixed_hours(cron: str) -> bool:
    """Tell whether a line names hours of the day, rather than every or every n-th hour."""
    return not cron.split()[1].startswith("*")


def wall_clock(moment: datetime) -> str:
    """Write what the clock on the wall shows at a moment of a time zone."""
    return moment.strftime("%Y-%m-%dT%H:%M")


def in_words(cron: str, timezone: str, language: Language) -> str:
    """Say a cron line as a person would: ``every weekday at 18:30 (Asia/Seoul)``.

    What has no short name is shown as the line itself: ``0 9 1 1 * (Asia/Seoul)``.
    """
    return f"{_said(cron, language) or cron} ({timezone})"


def _said(cron: str, language: Language) -> str | None:
    fields, nth_days = croniter.expand(cron)
    minutes, hours, days, months, weekdays = (_numbers(field) for field in fields)
    last_days = any("l" in field for field in fields)
    if last_days or nth_days or months is not None or (days is not None and weekdays is not None):
        return None
    every_day = days is None and weekdays is None
    if hours is None or not has_fixed_hours(cron):
        return _said_often(minutes, hours, language) if every_day else None
    if minutes is None or len(minutes) * len(hours) > _MOST_TIMES:
        return None
    times = ", ".join(f"{hour:02}:{minute:02}" for hour in hours for minute in minutes)
    if every_day:
        return f"매일 {times}" if language == "ko" else f"every day at {times}"
    if days is not None:
        if language == "ko":
            return f"매월 {', '.join(f'{day}일' for day in days)} {times}"
        return f"every month on day {_joined([str(day) for day in days])} at {times}"
    return f"{_said_weekdays(tuple(sorted(weekdays or ())), language)} {times}"


_MOST_TIMES = 6
"""A day's times that are listed; more are shown as the cron line."""


def _said_often(
    minutes: list[int] | None, hours: list[int] | None, language: Language
) -> str | None:
    """Say what comes true every n minutes or every n hours."""
    if minutes is None:
        return ("매분" if language == "ko" else "every minute") if hours is None else None
    if hours is None and len(minutes) > 1:
        step = _step(minutes, 60)
        if step is None:
            return None
        return f"{step}분마다" if language == "ko" else f"every {step} minutes"
    if len(minutes) > 1:
        return None
    step = 1 if hours is None else _step(hours, 24)
    if step is None:
        return None
    if step == 1:
        return f"매시 {minutes[0]:02}분" if language == "ko" else f"every hour at :{minutes[0]:02}"
    if language == "ko":
        return f"{step}시간마다 {minutes[0]:02}분"
    return f"every {step} hours at :{minutes[0]:02}"


def _said_weekdays(weekdays: tuple[int, ...], language: Language) -> str:
    if weekdays in (_WEEKDAYS, _WEEKEND):
        working = weekdays == _WEEKDAYS
        if language == "ko":
            return "평일" if working else "주말"
        return "every weekday at" if working else "every Saturday and Sunday at"
    # People's week begins on Monday.
    names = [_DAYS[language][day] for day in sorted(weekdays, key=lambda day: day or 7)]
    return f"매주 {', '.join(names)}" if language == "ko" else f"every {_joined(names)} at"


def _joined(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _numbers(field: Sequence[int | str]) -> list[int] | None:
    """Give the numbers a field names; None where it is ``*``."""
    return None if "*" in field else [value for value in field if isinstance(value, int)]


def _step(values: list[int], of: int) -> int | None:
    """Give n where *values* are every n-th, from 0 on, of a whole that n divides."""
    step = of // len(values)
    return step if values == list(range(0, of, step)) else None


def _least_apart(cron: str) -> int:
    """Give the fewest minutes between two times of a day, or from one day to the next."""
    fields, _ = croniter.expand(cron)
    minutes = _numbers(fields[0]) or range(60)
    hours = _numbers(fields[1]) or range(24)
    times = sorted(60 * hour + minute for hour in hours for minute in minutes)
    return min(
        (later - earlier) % _DAY_MINUTES or _DAY_MINUTES
        for earlier, later in zip(times, [*times[1:], times[0]], strict=True)
    )
