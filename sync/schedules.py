"""The clock: says when a schedule is due, once, however many clocks run. It never copies anything itself.

Cron is computed by croniter in the way of Unix; APScheduler's own parser differs (0 is Monday there, day fields are
ANDed), so APScheduler only ticks.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import redis
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from croniter import CroniterBadCronError, CroniterBadDateError, croniter
from pydantic import BaseModel, ConfigDict

from sync.inbox import put
from sync.state import PREFIX

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 10
_HEARTBEAT_KEY = f"{PREFIX}:clock"
MISFIRE_SECONDS = 3600
"""A tick that comes late (a suspended machine) still counts for this long; several missed ones count once."""


class Schedule(BaseModel):
    """A standing wish of bot.toml: when due, a card asks for the sync."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    tables: tuple[str, ...]
    cron: str
    channel: str
    timezone: str = "UTC"


def cron_problem(cron: str, timezone: str) -> str | None:
    """Say in plain words what is wrong with a cron line or time zone, or None."""
    if len(cron.split()) != 5:
        return f"cron {cron!r} needs five fields: minute hour day month weekday"
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError):
        return f"timezone {timezone!r} is not a name of the tz database, such as Asia/Seoul"
    try:
        next_time(cron, timezone, datetime.now(UTC))
    except CroniterBadDateError:
        return f"cron {cron!r} never comes true"
    except (CroniterBadCronError, ValueError, KeyError) as error:
        return f"cron {cron!r} cannot be read: {error}"
    return None


def next_time(cron: str, timezone: str, after: datetime) -> datetime:
    """Give the first moment after *after* that the Unix cron line names, on the wall clock of *timezone*."""
    local = after.astimezone(ZoneInfo(timezone))
    found: datetime = croniter(cron, local).get_next(datetime)
    return found


def start_clock(client: "redis.Redis", schedules: Sequence[Schedule]) -> BackgroundScheduler:
    """Start ticking in a thread of its own; end it with ``shutdown()``."""
    scheduler = BackgroundScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": MISFIRE_SECONDS, "max_instances": 1}
    )
    scheduler.add_listener(_note_error, EVENT_JOB_ERROR)
    for schedule in schedules:
        trigger = _UnixCron(schedule.cron, schedule.timezone)
        scheduler.add_job(fire, trigger, args=(client, schedule), id=schedule.name)
    scheduler.add_job(
        _beat, "interval", seconds=HEARTBEAT_SECONDS, args=(client,), next_run_time=datetime.now(UTC)
    )
    scheduler.start()
    return scheduler


def fire(client: "redis.Redis", schedule: Schedule, now: datetime | None = None) -> bool:
    """Note that *schedule* is due this minute; False if another clock has noted it already."""
    minute = (now or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
    body = {"schedule": schedule.name, "due": minute}
    return put(client, "schedule_due", f"schedule:{schedule.name}", body, once=(f"schedule:{schedule.name}:{minute}",))


def clock_is_running(client: "redis.Redis") -> bool:
    """Say whether any clock has given a sign of life in the last half minute."""
    return bool(client.exists(_HEARTBEAT_KEY))


def _beat(client: "redis.Redis") -> None:
    client.set(_HEARTBEAT_KEY, "1", ex=HEARTBEAT_SECONDS * 3)


def _note_error(event: JobExecutionEvent) -> None:
    log.error("the clock's tick of %s failed: %s", event.job_id, event.exception)


class _UnixCron(BaseTrigger):
    """A trigger that asks croniter."""

    def __init__(self, cron: str, timezone: str) -> None:
        self.cron = cron
        self.timezone = timezone

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        return next_time(self.cron, self.timezone, max(previous_fire_time or now, now))

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__)
