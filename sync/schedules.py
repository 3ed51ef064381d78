"""The clock: says when a schedule is due, once, however many clocks run. It copies nothing itself.

Cron is computed by croniter in the way of Unix; APScheduler's own parser differs (0 is Monday
there, day fields are ANDed), so APScheduler only ticks.
"""

import logging
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import redis
from apscheduler.schedulers.background import BackgroundScheduler
from croniter import CroniterBadDateError, CroniterError, croniter
from pydantic import BaseModel, ConfigDict

from sync.inbox import put
from sync.state import PREFIX

log = logging.getLogger(__name__)

TICK_SECONDS = 5
"""A schedule is noted at most this much later than it is due."""
SILENT_SECONDS = 30
"""A clock that has not ticked for this long does not run."""
MISFIRE_SECONDS = 3600
"""What was due while no clock ran, or Redis was away, still counts for this long, and once."""

_HEARTBEAT_KEY = f"{PREFIX}:clock"
_WORDS = "sun|mon|tue|wed|thu|fri|sat|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|l"
_FIELD = re.compile(rf"(?:[0-9*/,\-#]|{_WORDS})+", re.IGNORECASE)
"""croniter takes more: random fields (R), which two clocks would compute differently, W and ?."""


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
    except CroniterBadDateError:
        return f"cron {cron!r} never comes true"
    except CroniterError as error:
        return f"cron {cron!r} cannot be read: {error}"
    return None


def next_time(cron: str, timezone: str, after: datetime) -> datetime:
    """Give the first moment after *after* that the Unix cron line names, by *timezone*'s clocks.

    A time that the change to summer time skips is due at the end of the gap.
    """
    found: datetime = croniter(cron, after.astimezone(ZoneInfo(timezone))).get_next(datetime)
    return found


def start_clock(
    client: "redis.Redis",
    schedules: Sequence[Schedule],
    alive: Callable[[], None] = lambda: None,
) -> BackgroundScheduler:
    """Start ticking in a thread of its own; end it with ``shutdown()``. Each tick calls *alive*.

    A tick that finds Redis away is made up for by a later one.
    """

    def due() -> None:
        alive()
        try:
            tick(client, schedules)
        except redis.RedisError as error:
            log.warning("the clock waits for Redis: %s", type(error).__name__)

    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_job(
        due,
        "interval",
        seconds=TICK_SECONDS,
        next_run_time=datetime.now(UTC),
        coalesce=True,
        misfire_grace_time=None,
        max_instances=1,
    )
    scheduler.start()
    return scheduler


def tick(
    client: "redis.Redis", schedules: Sequence[Schedule], now: datetime | None = None
) -> list[str]:
    """Note what came due since the last tick of any clock; returns the names noted by this one.

    The first tick that sees a schedule only starts watching it. How far it was watched is kept in
    Redis and moves on after the due entry is written, so neither a restart nor an error loses one.
    """
    now = now or datetime.now(UTC)
    client.set(_HEARTBEAT_KEY, now.isoformat(), ex=SILENT_SECONDS)
    noted: list[str] = []
    for schedule in schedules:
        watched = f"{PREFIX}:schedule:{schedule.name}:watched"
        since = client.get(watched)
        due = _last_due(schedule, datetime.fromisoformat(str(since)), now) if since else None
        if due is not None and fire(client, schedule, due):
            noted.append(schedule.name)
        client.set(watched, now.isoformat(), ex=MISFIRE_SECONDS)
    return noted


def fire(client: "redis.Redis", schedule: Schedule, due: datetime) -> bool:
    """Note that *schedule* is due at that planned moment; False if it has been noted already."""
    minute = due.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
    once = [f"schedule:{schedule.name}:{minute}"]
    if not schedule.cron.split()[1].startswith("*"):
        # In autumn an hour comes twice; a schedule of fixed hours is due in the first alone.
        local = due.astimezone(ZoneInfo(schedule.timezone)).strftime("%Y-%m-%dT%H:%M")
        once.append(f"schedule:{schedule.name}:{local}")
    body = {"schedule": schedule.name, "due": minute}
    return put(client, "schedule_due", f"schedule:{schedule.name}", body, once=tuple(once))


def clock_is_running(client: "redis.Redis") -> bool:
    """Say whether any clock has ticked in the last `SILENT_SECONDS`."""
    return bool(client.exists(_HEARTBEAT_KEY))


def _last_due(schedule: Schedule, since: datetime, now: datetime) -> datetime | None:
    """The last planned moment after *since* and up to *now*: several missed ones count once."""
    found = None
    moment = max(since, now - timedelta(seconds=MISFIRE_SECONDS))
    for _ in range(MISFIRE_SECONDS // 60 + 1):
        moment = next_time(schedule.cron, schedule.timezone, moment)
        if moment > now:
            break
        found = moment
    return found
