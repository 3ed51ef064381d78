"""The clock: says when a schedule is due, once, however many clocks run. It copies nothing itself.

APScheduler only ticks; `sync.when` computes, and what people agreed on is JSON in Redis.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import cast
from zoneinfo import ZoneInfo

import redis
from apscheduler.schedulers.background import BackgroundScheduler
from pydantic import BaseModel, ConfigDict, ValidationError

from sync.approvals import agreed_key, schedules_key
from sync.audit import AUDIT_KEPT, audit_key
from sync.errors import WarehouseDamaged
from sync.inbox import put
from sync.put_offs import fire_put_off
from sync.result_condition import note_published
from sync.standing import StandingSchedule
from sync.state import OWNER, PREFIX, key, moment_of, run_script
from sync.warehouse.manifest import Manifest
from sync.when import has_fixed_hours, times, wall_clock

log = logging.getLogger(__name__)

TICK_SECONDS = 5
"""A schedule is noted at most this much later than it is due."""
SILENT_SECONDS = 30
"""A clock that has not ticked for this long does not run."""
MISFIRE_SECONDS = 3600
"""What was due while no clock ran, or Redis was away, still counts for this long, and once."""
LOCAL_TEAM = "local"
"""The team of what is agreed on at a terminal."""

_HEARTBEAT_KEY = f"{PREFIX}:clock"
_WATCHED_SECONDS = 7 * 24 * 3600
_MOST_MISSED = 1000
"""Times that are counted."""


class Schedule(BaseModel):
    """A standing wish of bot.toml: when due, a card asks for the sync."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    tables: tuple[str, ...]
    cron: str
    channel: str
    timezone: str = "UTC"


def list_schedules(client: "redis.Redis", team: str) -> list[StandingSchedule]:
    """Read what a team has agreed on, by name. What cannot be read is logged and left out."""
    stored = cast("dict[str, str]", client.hgetall(schedules_key(team)))
    found = [_read(name, text) for name, text in sorted(stored.items())]
    return [schedule for schedule in found if schedule is not None]


def load_schedule(client: "redis.Redis", team: str, name: str) -> StandingSchedule | None:
    """Read one of them; None if there is none of that name."""
    text = cast("str | None", client.hget(schedules_key(team), name))
    return _read(name, text) if text else None


def load_for_change(
    client: "redis.Redis", team: str, name: str
) -> tuple[StandingSchedule, str] | None:
    """Read one of them with the SHA-1 (hex) of what is stored, for `ScheduleChange.base`."""
    text = cast("str | None", client.hget(schedules_key(team), name))
    schedule = _read(name, text) if text else None
    return (schedule, base_of(text)) if schedule and text else None


def base_of(stored: str) -> str:
    """Name what is stored of a schedule; not for secrecy: Redis's own scripts know SHA-1 only."""
    return hashlib.sha1(stored.encode(), usedforsecurity=False).hexdigest()


def agreed_by(client: "redis.Redis", team: str, name: str) -> tuple[str, ...]:
    """Name who said yes to a schedule as it is now."""
    text = cast("str | None", client.hget(agreed_key(team), name))
    return tuple(cast("list[str]", json.loads(text))) if text else ()


def teams_of(client: "redis.Redis") -> tuple[str, ...]:
    """Name the teams whose schedules this Redis may hold: its workspace, and the terminal."""
    owner = cast("str | None", client.get(OWNER))
    return (owner, LOCAL_TEAM) if owner else (LOCAL_TEAM,)


_PAUSE = f"""
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', {AUDIT_KEPT}, '*', 'what', 'schedule_changed',
           'who', '', 'subject', ARGV[1], 'digest', '', 'where', '', 'detail', ARGV[4])
return 1
"""


def pause_schedule(client: "redis.Redis", team: str, schedule: StandingSchedule, why: str) -> bool:
    """Pause a schedule that may not go on, without a yes; False if it has been changed since.

    The change and its audit entry are one step. Stopping needs nobody; resuming does.
    """
    keys = [schedules_key(team), audit_key(team)]
    stored = cast("str | None", client.hget(keys[0], schedule.name))
    if stored is None or _read(schedule.name, stored) != schedule:
        return False
    paused = schedule.model_copy(update={"paused": True}).model_dump_json()
    detail = f"paused: {why}"[:1000]
    return bool(run_script(client, _PAUSE, keys, schedule.name, stored, paused, detail))


def start_clock(
    client: "redis.Redis",
    schedules: Sequence[Schedule],
    alive: Callable[[], None] = lambda: None,
    manifest: Callable[[], Manifest] = Manifest,
) -> BackgroundScheduler:
    """Start ticking in a thread of its own; end it with ``shutdown()``. Each tick calls *alive*.

    *manifest* tells what is published, for schedules that follow tables. A tick that finds Redis
    away is made up for by a later one.
    """

    def published() -> Manifest | None:
        try:
            return manifest()
        except WarehouseDamaged as error:
            log.warning("schedules that follow tables wait: %s", error)
            return None

    def due() -> None:
        alive()
        try:
            tick(client, schedules, manifest=published())
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
    client: "redis.Redis",
    schedules: Sequence[Schedule],
    now: datetime | None = None,
    manifest: Manifest | None = None,
) -> list[str]:
    """Note what came due since the last tick of any clock; returns the names noted by this one.

    Those of bot.toml, and those every team has agreed on. The first tick that sees a schedule, or
    sees it changed, only starts watching it. How far it was watched is kept in Redis and moves on
    after the due entry is written, so neither a restart nor an error loses one. *now* is Redis's
    clock unless it is given: a host's may be a day off.
    """
    now = now or moment_of(client)
    client.set(_HEARTBEAT_KEY, now.isoformat(), ex=SILENT_SECONDS)
    watched = [_of_bot_toml(schedule) for schedule in schedules]
    for team in teams_of(client):
        standing = [one for one in list_schedules(client, team) if not one.paused]
        watched += [_of_team(team, schedule) for schedule in standing if schedule.cron]
    noted = [one.name for one in watched if _is_noted(client, one, now)]
    noted += fire_put_off(client, now)
    return noted + (fire_published(client, manifest) if manifest else [])


def fire(client: "redis.Redis", schedule: Schedule, due: datetime, missed: int = 0) -> bool:
    """Note that *schedule* is due at that planned moment; False if it has been noted already."""
    return _fire(client, _of_bot_toml(schedule), due, missed)


def fire_standing(
    client: "redis.Redis", team: str, schedule: StandingSchedule, due: datetime, missed: int = 0
) -> bool:
    """Note the same of a schedule a team has agreed on."""
    return _fire(client, _of_team(team, schedule), due, missed)


def fire_published(client: "redis.Redis", manifest: Manifest) -> list[str]:
    """Note what is due since all the tables it follows were published; returns the names.

    So are result conditions about what was published, which are told nobody here.

    The first look at a schedule only notes what is published. Any number may look at once: each
    state of the tables leads to one entry.
    """
    noted: list[str] = []
    for team in teams_of(client):
        for schedule in list_schedules(client, team):
            if schedule.paused:
                continue
            if schedule.tell_if:
                _note_for_condition(client, team, schedule, manifest)
            if schedule.after and _follows(client, team, schedule, manifest):
                noted.append(schedule.name)
    return noted


def clock_is_running(client: "redis.Redis") -> bool:
    """Say whether any clock has ticked in the last `SILENT_SECONDS`."""
    return bool(client.exists(_HEARTBEAT_KEY))


def progress_key(team: str, name: str) -> str:
    """Name the hash that keeps how far a team's schedule is: its last run, what was told."""
    return key(team, "schedule", name)


@dataclass(frozen=True)
class _Watched:
    """What the clock knows of a schedule of either kind."""

    name: str
    cron: str
    timezone: str
    claim: str
    """Begins what is claimed for each moment."""
    since_key: str
    body: Mapping[str, str]


def _of_bot_toml(schedule: Schedule) -> _Watched:
    claim = f"schedule:{schedule.name}"
    when = f"{schedule.cron.replace(' ', '_')}:{schedule.timezone}"
    since = f"{PREFIX}:{claim}:{when}:watched"
    body = {"schedule": schedule.name}
    return _Watched(schedule.name, schedule.cron, schedule.timezone, claim, since, body)


def _of_team(team: str, schedule: StandingSchedule) -> _Watched:
    claim = f"schedule:{team}:{schedule.name}"
    since = f"{PREFIX}:{claim}:{schedule.agreed}:watched"
    body = {"schedule": schedule.name, "team": team, "agreed": schedule.agreed}
    return _Watched(schedule.name, schedule.cron, schedule.timezone, claim, since, body)


def _is_noted(client: "redis.Redis", watched: _Watched, now: datetime) -> bool:
    since = cast("str | None", client.get(watched.since_key))
    noted = False
    if since:
        began = datetime.fromisoformat(since)
        counts = max(began, now - timedelta(seconds=MISFIRE_SECONDS))
        older, due = _due(watched, began, counts), _due(watched, counts, now)
        if due:
            noted = _fire(client, watched, due[-1], len(older) + len(due) - 1)
        elif older:
            _fire(client, watched, older[-1], len(older), too_late=True)
    client.set(watched.since_key, now.isoformat(), ex=_WATCHED_SECONDS)
    return noted


def _due(watched: _Watched, since: datetime, now: datetime) -> list[datetime]:
    """The planned moments after *since* and up to *now*: several missed ones are noted as one."""
    coming = times(watched.cron, watched.timezone, since)
    return list(islice(takewhile(lambda moment: moment <= now, coming), _MOST_MISSED))


def _fire(
    client: "redis.Redis", watched: _Watched, due: datetime, missed: int, *, too_late: bool = False
) -> bool:
    """Note one due entry; *too_late*: only to be told that it was missed."""
    minute = due.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
    once = [f"{watched.claim}:{minute}"]
    if has_fixed_hours(watched.cron):
        # In autumn an hour comes twice; a schedule of fixed hours is due in the first alone.
        once.append(f"{watched.claim}:{wall_clock(due.astimezone(ZoneInfo(watched.timezone)))}")
    body = {**watched.body, "due": minute, **({"missed": str(missed)} if missed else {})}
    if too_late:
        body["too_late"] = "1"
    return put(client, "schedule_due", watched.claim, body, once=tuple(once))


_MOVE_ON = """
local old = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if old == ARGV[2] then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
return 0
"""


def _follows(
    client: "redis.Redis", team: str, schedule: StandingSchedule, manifest: Manifest
) -> bool:
    """Note a schedule as due if all its tables have newer fences than when it was due last."""
    entries = [manifest.find(ref) for ref in schedule.after]
    fences = [entry.fence if entry else 0 for entry in entries]
    state, field = progress_key(team, schedule.name), f"after:{schedule.agreed}"
    seen = cast("str | None", client.hget(state, field)) or ""
    noted = False
    if seen:
        before = cast("list[int]", json.loads(seen))
        if not all(new > old for new, old in zip(fences, before, strict=True)):
            return False
        watched = _of_team(team, schedule)
        # Claimed by what was seen before: two that look at once may see different fences now.
        body = {**watched.body, "due": f"after {json.dumps(fences)}"}
        once = (f"{watched.claim}:{schedule.agreed}:after:{seen}",)
        noted = put(client, "schedule_due", watched.claim, body, once=once)
    run_script(client, _MOVE_ON, [state], field, seen, json.dumps(fences))
    return noted


def _note_for_condition(
    client: "redis.Redis", team: str, schedule: StandingSchedule, manifest: Manifest
) -> None:
    entry = manifest.find(schedule.tell_if.table) if schedule.tell_if else None
    watched = _of_team(team, schedule)
    note_published(
        client,
        progress_key(team, schedule.name),
        schedule.agreed,
        fence=entry.fence if entry else 0,
        claim=watched.claim,
        body=watched.body,
    )


def _read(name: str, text: str) -> StandingSchedule | None:
    try:
        return StandingSchedule.model_validate_json(text)
    except ValidationError as error:
        log.error("schedule %s cannot be read: %s", name, type(error).__name__)  # noqa: TRY400 -- the record may hold anything
        return None
