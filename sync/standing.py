"""A schedule as a value: what is copied when, and the envelope its approval stands for."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

from sync.plan import Estimate, Mode, Plan, TablePlan, TableRef
from sync.result_condition import ResultCondition, condition_problem
from sync.when import cron_problem

Action = Literal["create", "change", "pause", "resume", "delete"]

MAX_SCHEDULES = 200
"""Of a team."""
MAX_TABLES = 20
_DAILY = "0 0 * * *"
_CONDITIONS = frozenset({"only_if_changed", "tell_if", "modes"})
_NAME = re.compile(r"[^\W_](?:[^\W_]|-){0,39}")


class StandingSchedule(BaseModel):
    """A schedule people agreed on in a conversation. One yes stands for every run inside it."""

    model_config = ConfigDict(frozen=True)

    name: str
    """Unique in its team; letters, digits and dashes."""
    tables: tuple[TableRef, ...]
    """All of one source; copied together."""
    mode: Literal["full"] = "full"
    cron: str = ""
    """Five fields, as Unix cron reads them; empty where `after` says when."""
    timezone: str
    """On whose wall clock, as the tz database names it."""
    after: tuple[TableRef, ...] = ()
    """Besides `cron`: due once all of these were published since it was due last."""
    thread: str
    """Where it was agreed on, and where what comes of it is told."""
    owner: str
    """Who asked for it. When their account is gone, it is paused."""
    language: Literal["ko", "en"] = "ko"
    """In which what comes of it is told."""
    max_rows: tuple[int, ...]
    """Of each table: a run that would exceed it asks first."""
    shapes: tuple[str, ...] = ()
    """Of each table, `shape_of` it when it was agreed on; another one asks first."""
    modes: tuple[Mode, ...] = ()
    """How each was to be copied then; where that was not all of it, a full copy asks first. None:
    in full."""
    until: str | None = None
    """ISO date after which it asks again; None: never."""
    only_if_changed: bool = False
    """A tick copies nothing where the source is as the copies show it; see `sync.changes`."""
    tell_if: ResultCondition | None = None
    """Where a channel is told of each publish of one of its tables."""
    paused: bool = False
    agreed: str = ""
    """The request that made it what it is: another one is watched anew."""

    @model_serializer(mode="wrap")
    def _without_what_is_not_wished(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out conditions nobody asked for.

        So what was shown before there were any keeps its digest, and a click on it still counts.
        """
        written = cast("dict[str, Any]", write(self))
        return {name: value for name, value in written.items() if name not in _CONDITIONS or value}


class ScheduleChange(BaseModel):
    """What a yes does to a schedule."""

    model_config = ConfigDict(frozen=True)

    action: Action
    schedule: StandingSchedule
    """As it is afterwards."""
    base: str = ""
    """SHA-1 (hex) of what was stored when it was asked for: a yes changes nothing else."""

    @property
    def stops(self) -> bool:
        """Whether it only ends something, which no rule may stand in the way of."""
        return self.action in ("pause", "delete")

    def stored(self) -> str:
        """Give what is stored under its name; nothing where it goes."""
        return "" if self.action == "delete" else self.schedule.model_dump_json()


Reason = Literal["mode", "rows", "rows_unknown", "columns", "until", "tables", "policy"]


class Outside(BaseModel):
    """One way in which a run would leave what was agreed on."""

    model_config = ConfigDict(frozen=True)

    reason: Reason
    table: str = ""
    rows: int = 0
    """What the dictionary believes."""
    limit: int = 0
    until: str = ""


def outside(
    schedule: StandingSchedule, plan: Plan, today: date, seen: Plan | None = None
) -> tuple[Outside, ...]:
    """Say how running *plan* would leave the envelope; empty where the yes covers it.

    *today* is the date by the schedule's clock. *seen* is the last plan of it that was approved:
    whoever said yes to other columns has seen them. Rows the dictionary does not know count as
    too many, unless the envelope is as wide as the table's own ceiling, at which every run stops.
    """
    found: list[Outside] = []
    if has_passed(schedule, today):
        found.append(Outside(reason="until", until=schedule.until or ""))
    if tuple(table.ref for table in plan.tables) != schedule.tables:
        return (*found, Outside(reason="tables"))
    shapes = {*schedule.shapes, *(map(shape_of, seen.tables) if seen else ())}
    for number, (table, limit) in enumerate(zip(plan.tables, schedule.max_rows, strict=True)):
        rows = plan.estimates[number].rows if number < len(plan.estimates) else None
        name = str(table.ref)
        if rows is not None and rows > limit:
            found.append(Outside(reason="rows", table=name, rows=rows, limit=limit))
        elif rows is None and limit < table.max_rows:
            found.append(Outside(reason="rows_unknown", table=name, limit=limit))
        if shape_of(table) not in shapes:
            found.append(Outside(reason="columns", table=name))
        elif table.mode == "full" and schedule.modes and schedule.modes[number] != "full":
            found.append(Outside(reason="mode", table=name))
    return tuple(found)


def widest(plan: Plan, schedule: StandingSchedule) -> Plan:
    """Give the largest copy that the schedule's one yes covers: this is what is judged."""
    estimates = tuple(
        Estimate(rows=rows, bytes=None, analyzed_at=None, current_rows=None)
        for rows in schedule.max_rows
    )
    return plan.capped(schedule.max_rows).model_copy(update={"estimates": estimates})


def has_passed(schedule: StandingSchedule, today: date) -> bool:
    """Tell whether the last day it was agreed for lies behind *today*."""
    return schedule.until is not None and today.isoformat() > schedule.until


def shape_of(table: TablePlan) -> str:
    """Name what of a table is copied: its name, columns, key and filter, as 16 hex digits."""
    text = table.model_dump_json(include={"ref", "columns", "key", "where", "select"})
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def modes_of(plan: Plan) -> tuple[Mode, ...]:
    """Give how each table is copied, where that is not in full anyway."""
    modes: tuple[Mode, ...] = tuple(table.mode for table in plan.tables)
    return modes if any(mode != "full" for mode in modes) else ()


def row_limits(plan: Plan, max_rows: int | None) -> tuple[int, ...]:
    """Give the most rows of each table that are agreed on: *max_rows*, or its own ceiling."""
    return tuple(min(max_rows or table.max_rows, table.max_rows) for table in plan.tables)


def named_plan(schedule: StandingSchedule) -> Plan:
    """Name the tables of a schedule without a look at Oracle: for a change that reads nothing."""
    tables = tuple(
        TablePlan(ref=ref, mode=schedule.mode, columns=(), key=(), max_rows=limit)
        for ref, limit in zip(schedule.tables, schedule.max_rows, strict=True)
    )
    return Plan(tables=tables)


def schedule_problem(
    schedule: StandingSchedule,
    others: Sequence[StandingSchedule],
    today: date,
    taken: Iterable[str] = (),
) -> str | None:
    """Say in plain words why a new schedule cannot be; None where it can.

    *others* are those of its team, *taken* the names of other ones.
    """
    if not _NAME.fullmatch(schedule.name):
        return "the name must be at most 40 letters, digits and dashes, and begin with no dash"
    if schedule.name in {*taken, *(one.name for one in others)}:
        return f"there is a schedule {schedule.name} already; choose another name, or delete it"
    if not schedule.cron and not schedule.after:
        return "it needs a cron line, or tables after which it is due"
    problem = cron_problem(schedule.cron or _DAILY, schedule.timezone)
    if problem:
        return problem
    if schedule.until is not None and not _is_coming(schedule.until, today):
        return f"until must be a date that is still to come, as in 2027-06-30, not {schedule.until}"
    if any(limit < 1 for limit in schedule.max_rows):
        return "max_rows must be at least 1"
    if len(others) >= MAX_SCHEDULES:
        return f"there are {MAX_SCHEDULES} schedules already; delete one first"
    if _leads_back(schedule, others):
        return "it would be due after its own tables, and so for ever"
    return None


def tell_problem(schedule: StandingSchedule, plan: Plan) -> str | None:
    """Say in plain words why its result condition cannot be; None where it can, or has none."""
    condition = schedule.tell_if
    if condition is None:
        return None
    shape = next((one for one in plan.tables if one.ref == condition.table), plan.tables[0])
    return condition_problem(condition, schedule.tables, shape)


def free_name(tables: Sequence[TableRef], taken: Iterable[str]) -> str:
    """Make a name nobody has: the first table's, with a number where it is taken."""
    base = re.sub(r"[\W_]+", "-", tables[0].table.lower()).strip("-")[:30] or "schedule"
    names = set(taken)
    numbered = (base if number == 1 else f"{base}-{number}" for number in range(1, len(names) + 2))
    return next(name for name in numbered if name not in names)


def _is_coming(until: str, today: date) -> bool:
    try:
        return date.fromisoformat(until) >= today and len(until) == len("2027-06-30")
    except ValueError:
        return False


def _leads_back(schedule: StandingSchedule, others: Sequence[StandingSchedule]) -> bool:
    """Tell whether what *schedule* publishes would make it due again, by itself or by others."""
    reached = frozenset(schedule.tables)
    for _ in others:
        led_to = [one.tables for one in others if reached.intersection(one.after)]
        reached = reached.union(*led_to)
    return bool(reached.intersection(schedule.after))
