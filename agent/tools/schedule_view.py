"""Schedules as the model reads them: in words, with their next times and what they skipped."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from agent.deps import AnalystDeps
from sync.access_errors import NotAllowed
from sync.names import shown_name
from sync.outcomes import last_outcome
from sync.plan import TableRef
from sync.schedules import list_schedules
from sync.skips import SkipReason, last_skip
from sync.standing import (
    StandingSchedule,
)
from sync.when import in_words, next_times

_MAX_LISTED = 50
_NEXT_SHOWN = 5


def list_described(deps: AnalystDeps) -> list[dict[str, Any]]:
    """Describe them all: also what copies tables that are no longer offered can be stopped."""
    lines = [
        {
            "name": line.name,
            "tables": [_name_of(deps, table) for table in line.tables],
            "cron": line.cron,
            "timezone": line.timezone,
            "when": in_words(line.cron, line.timezone, deps.language),
            "next_at": line.next_at,
            "approval": "each_time",
        }
        for line in deps.schedule_status().schedules
    ]
    for schedule in list_schedules(deps.redis, deps.caller.team):
        told = described(deps, schedule)
        lines.append({**told, "next_at": next(iter(told["next"]), None), "approval": "once"})
    return lines[:_MAX_LISTED]


def described(deps: AnalystDeps, schedule: StandingSchedule) -> Mapping[str, Any]:
    """Write a schedule for the model, in words and with its next times where it has some."""
    told: dict[str, Any] = {
        "name": schedule.name,
        "tables": _names(deps, schedule.tables),
        "cron": schedule.cron or None,
        "timezone": schedule.timezone,
        "next": [],
        "max_rows": list(schedule.max_rows),
        "until": schedule.until,
        "paused": schedule.paused,
    }
    if schedule.cron:
        told["when"] = in_words(schedule.cron, schedule.timezone, deps.language)
    if schedule.cron and not schedule.paused:
        coming = next_times(schedule.cron, schedule.timezone, datetime.now(UTC), _NEXT_SHOWN)
        told["next"] = [moment.isoformat(timespec="minutes") for moment in coming]
    if schedule.after:
        told["after"] = _names(deps, schedule.after)
    if schedule.only_if_changed:
        told["only_if_changed"] = True
    if schedule.tell_if and _may_see(deps, schedule.tell_if.table):
        told["tell_if"] = schedule.tell_if.model_dump(
            mode="json", exclude_defaults=True, exclude={"table"}
        ) | {"table": _names(deps, (schedule.tell_if.table,))[0]}
        outcome = last_outcome(deps.redis, deps.caller.team, schedule.name)
        if outcome:
            told["condition_looked_at_last"] = outcome.model_dump(mode="json")
    skip = last_skip(deps.redis, deps.caller.team, schedule.name)
    if skip:
        at = skip.at.astimezone(ZoneInfo(schedule.timezone)).isoformat(timespec="minutes")
        told["last_skipped"] = {"at": at, "why": _WHY_SKIPPED[skip.why]}
    closed = deps.windows_met(schedule)
    if closed and closed.closed:
        told["wait_for_the_end_of_a_blackout"] = f"{closed.closed} of its next {closed.times} times"
    return told


_WHY_SKIPPED: Mapping[SkipReason, str] = {
    "unchanged": "the source had not changed since its copies",
    "running": "its run before had not ended",
    "waits": "its card before waited for a decision",
}


def _names(deps: AnalystDeps, refs: tuple[TableRef, ...]) -> list[str]:
    return [shown_name(ref, deps.offered) if ref not in deps.hidden else _HIDDEN for ref in refs]


_HIDDEN = "a table this person may not see"


def _name_of(deps: AnalystDeps, written: str) -> str:
    """Give a table's name as bot.toml's schedule writes it, unless a rule hides the table."""
    hidden = {name for ref in deps.hidden for name in (ref.table, str(ref), f"{ref.source}.{ref}")}
    return _HIDDEN if written in hidden else written


def _may_see(deps: AnalystDeps, table: TableRef) -> bool:
    """Whether the figure of a condition may be told to the caller; asking notes a private one."""
    try:
        deps.exposure(table)
    except NotAllowed:
        return False
    return True
