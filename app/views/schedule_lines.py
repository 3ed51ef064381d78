"""Schedules as a person reads them: what, when, and how far one yes reaches."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from app.texts import Language, say
from app.views.condition_text import condition_line
from app.views.text import CONTROL, cut, escape, number, unescape
from sync.blackout import Closed
from sync.outcomes import ConditionOutcome
from sync.plan import TableRef
from sync.skips import Skip
from sync.standing import Action, Outside, ScheduleChange, StandingSchedule
from sync.when import in_words, next_times

NEXT_SHOWN = 5
_NAMES_CHARACTERS = 1000
_DATE = re.compile(r"<!date\^[0-9]+\^[^|<>]*\|([^<>]*)>")
"""As `when` writes it; in escaped text nothing else looks like it."""
_DAYS = {"ko": "월화수목금토일", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}


def change_lines(language: Language, change: ScheduleChange, now: datetime) -> list[str]:
    """Write what a change of a schedule comes to, as lines of safe mrkdwn."""
    schedule = change.schedule
    lines = [
        _headline(language, change.action, escape(schedule.name)),
        say(language, "schedule.copies", tables=_names(schedule.tables)),
        when_line(language, schedule),
    ]
    if change.action in ("pause", "delete"):
        return lines
    return [
        *lines,
        *condition_lines(language, schedule),
        *next_lines(language, schedule, now),
        envelope_line(language, schedule),
    ]


def plain_change_lines(language: Language, change: ScheduleChange, now: datetime) -> list[str]:
    """Write the same for a terminal."""
    headline, *rest = change_lines(language, change, now)
    return [to_plain(line) for line in (headline.replace("*", ""), *rest)]


def to_plain(line: str) -> str:
    """Make safe mrkdwn plain text that commands no terminal; dates are told in UTC."""
    return CONTROL.sub("", unescape(_DATE.sub(r"\1", line)))


def when_line(language: Language, schedule: StandingSchedule) -> str:
    """Write when a schedule is due: by the clock, after tables, or both."""
    parts: list[str] = []
    if schedule.cron:
        parts.append(escape(in_words(schedule.cron, schedule.timezone, language)))
    if schedule.after:
        parts.append(say(language, "schedule.after", tables=_names(schedule.after)))
    return " · ".join(parts)


def condition_lines(language: Language, schedule: StandingSchedule) -> list[str]:
    """Write on what condition a schedule copies, and on which one it tells whom."""
    only = [say(language, "schedule.only_if_changed")] if schedule.only_if_changed else []
    return [*only, *([condition_line(language, schedule.tell_if)] if schedule.tell_if else [])]


def skip_line(language: Language, schedule: StandingSchedule, skip: Skip) -> str:
    """Write when a tick of a schedule copied nothing last, by its own clock, and why."""
    when = _time(language, skip.at.astimezone(ZoneInfo(schedule.timezone)))
    match skip.why:
        case "unchanged":
            return say(language, "schedule.skip_unchanged", when=when)
        case "running":
            return say(language, "schedule.skip_running", when=when)
        case "waits":
            return say(language, "schedule.skip_waits", when=when)


def outcome_line(language: Language, schedule: StandingSchedule, outcome: ConditionOutcome) -> str:
    """Write what a schedule's condition came to last."""
    return say(
        language,
        "condition.held" if outcome.held else "condition.held_not",
        when=_time(language, outcome.at.astimezone(ZoneInfo(schedule.timezone))),
        figure=escape(outcome.figure),
    )


def window_lines(language: Language, closed: Closed | None) -> list[str]:
    """Write how many of its next times wait for the end of a window; none where none does."""
    if closed is None or not closed.closed:
        return []
    return [
        say(
            language,
            "schedule.windows",
            count=closed.times,
            closed=closed.closed,
            source=escape(closed.source),
        )
    ]


def next_lines(
    language: Language, schedule: StandingSchedule, now: datetime, count: int = NEXT_SHOWN
) -> list[str]:
    """Write the next times of a schedule by its own clock; none where tables say when."""
    if not schedule.cron:
        return []
    times = next_times(schedule.cron, schedule.timezone, now, count)
    return [say(language, "schedule.next", times=", ".join(_time(language, one) for one in times))]


def envelope_line(language: Language, schedule: StandingSchedule) -> str:
    """Write how far one yes reaches."""
    limits = [
        say(language, "schedule.rows", table=escape(str(ref)), rows=number(rows))
        for ref, rows in zip(schedule.tables, schedule.max_rows, strict=True)
    ]
    until = (
        say(language, "schedule.until", date=escape(schedule.until))
        if schedule.until
        else say(language, "schedule.no_end")
    )
    shown = cut(", ".join(limits), _NAMES_CHARACTERS)
    return say(language, "schedule.envelope", limits=shown, until=until)


def outside_lines(language: Language, found: tuple[Outside, ...]) -> list[str]:
    """Write as plain text in which ways a run would leave what was agreed on."""
    return [_outside(language, one) for one in found]


def _outside(language: Language, one: Outside) -> str:
    match one.reason:
        case "rows":
            rows, limit = number(one.rows), number(one.limit)
            return say(language, "schedule.out_rows", table=one.table, rows=rows, limit=limit)
        case "rows_unknown":
            limit = number(one.limit)
            return say(language, "schedule.out_rows_unknown", table=one.table, limit=limit)
        case "columns":
            return say(language, "schedule.out_columns", table=one.table)
        case "mode":
            return say(language, "schedule.out_mode", table=one.table)
        case "policy":
            return say(language, "schedule.out_policy")
        case "tables" | "until":
            return say(language, "schedule.out_tables")


def _headline(language: Language, action: Action, name: str) -> str:
    match action:
        case "create":
            return say(language, "schedule.create", name=name)
        case "change":
            return say(language, "schedule.change", name=name)
        case "pause":
            return say(language, "schedule.pause", name=name)
        case "resume":
            return say(language, "schedule.resume", name=name)
        case "delete":
            return say(language, "schedule.delete", name=name)


def _time(language: Language, moment: datetime) -> str:
    """Write a moment by its own zone's clock, the same to every reader: it is that zone's plan."""
    return f"{moment:%Y-%m-%d} ({_DAYS[language][moment.weekday()]}) {moment:%H:%M}"


def _names(refs: tuple[TableRef, ...]) -> str:
    return cut(escape(", ".join(map(str, refs))), _NAMES_CHARACTERS)
