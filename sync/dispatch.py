"""Which queued runs may go to workers now, and how long the others will wait.

People before schedules; people take turns; then by age. A run takes a place of its user and of its
source from the moment it is handed over until it ends or is put off (`sync.run_scripts.PLACES`).
Only `take_places` gives them, each in one step that counts, so whoever hands runs over, and however
many do at once, no more are out than allowed.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import redis

from sync.approvals import run_key
from sync.history import expected_seconds
from sync.run_scripts import PLACES
from sync.runs import FINAL, Run, RunState, load_run, open_runs, place
from sync.state import LUA_NOW, run_script, team_of

log = logging.getLogger(__name__)

MAX_WAITING = 1000
"""Open runs that are looked at, the oldest; those behind them get their turn as these end."""


@dataclass(frozen=True)
class RunLimits:
    """How many runs may be out at once."""

    runs_per_user: int = 2
    runs_per_source: int = 2


USUAL_LIMITS = RunLimits()


@dataclass(frozen=True)
class Place:
    """Where a queued run stands among those of its source."""

    position: int
    """1: it is the next."""
    of: int
    eta_seconds: float | None
    """Until it begins, by what the tables before it took in the past; None where one never ran."""


_TAKE = (
    LUA_NOW
    + """
if redis.call('HGET', KEYS[1], 'state') ~= 'queued' then return 0 end
if tonumber(redis.call('HGET', KEYS[1], 'put_off_ms') or '0') > now then return 0 end
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then return 0 end
local user, source = string.match(ARGV[2], '^(.*)\\n(.*)$')
local users, sources = 0, 0
for _, taken in ipairs(redis.call('HVALS', KEYS[2])) do
  local theirs, from = string.match(taken, '^(.*)\\n(.*)$')
  if theirs == user then users = users + 1 end
  if from == source then sources = sources + 1 end
end
if users >= tonumber(ARGV[3]) or sources >= tonumber(ARGV[4]) then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return 1
"""
)


def take_places(client: "redis.Redis", limits: RunLimits) -> list[Run]:
    """Give the free places to queued runs, and give back those runs: they must be handed over.

    Places of runs that have ended, or that Redis has forgotten, become free first.
    """
    taken = _taken(client)
    waiting = [run for run in _queued(client) if run.id not in taken]
    if not waiting:
        return []
    taken = _free_places(client, taken)
    return [
        run
        for run in in_turn(waiting, taken.values())
        if run_script(
            client,
            _TAKE,
            [run_key(run.id), PLACES],
            run.id,
            place(run),
            limits.runs_per_user,
            limits.runs_per_source,
        )
    ]


def handed_over(client: "redis.Redis") -> list[Run]:
    """Read the queued runs that were handed to workers, none of which has begun them yet."""
    found = [load_run(client, run_id) for run_id in _taken(client)]
    return [run for run in found if run is not None and run.state is RunState.QUEUED]


def in_turn(waiting: Iterable[Run], taken: Iterable[str]) -> list[Run]:
    """Order runs by who is next: people first, then who has the fewest runs out, then by age."""
    turns: Counter[str] = Counter(_user(one) for one in taken)
    ordered: list[tuple[bool, int, int, str, Run]] = []
    for run in sorted(waiting, key=lambda run: (_scheduled(run), run.queued_ms, run.id)):
        user = _user(place(run))
        ordered.append((_scheduled(run), turns[user], run.queued_ms, run.id, run))
        turns[user] += 1
    return [run for *_, run in sorted(ordered, key=lambda one: one[:4])]


def queue_place(client: "redis.Redis", run: Run) -> Place:
    """Say where a queued run stands among those of its source, and when it may begin.

    A run that is put off stands behind those that are not. It may begin once those before it and
    those under way are through, as many at once as are under way now.
    """
    source = run.approval.request.plan.source
    taken = _taken(client)
    waiting = [one for one in _queued(client, also=run) if _source(place(one)) == source]
    out = [one for one in waiting if one.id in taken]
    due = [one for one in waiting if one.id not in taken and one.put_off_ms is None]
    later = [one for one in waiting if one.id not in taken and one.put_off_ms is not None]
    line = [
        *out,
        *in_turn(due, taken.values()),
        *sorted(later, key=lambda one: (one.put_off_ms or 0, one.id)),
    ]
    position = [one.id for one in line].index(run.id)
    running = [
        one
        for run_id, theirs in taken.items()
        if _source(theirs) == source
        and (one := load_run(client, run_id)) is not None
        and one.state in (RunState.RUNNING, RunState.VERIFYING)
    ]
    eta = _seconds_for(client, [*running, *line[:position]])
    at_once = max(1, len(running) + len(out))
    return Place(position + 1, len(line), None if eta is None else round(eta / at_once, 1))


def _seconds_for(client: "redis.Redis", runs: Iterable[Run]) -> float | None:
    """What is left of *runs*, one after the other."""
    seconds = 0.0
    for run in runs:
        expected = expected_seconds(client, team_of(run.id), run.approval.request.plan)
        if expected is None:
            return None
        seconds += max(0.0, expected - (run.progress.seconds if run.progress else 0.0))
    return seconds


def _queued(client: "redis.Redis", *, also: Run | None = None) -> list[Run]:
    """Read the runs that wait, *also* among them."""
    ids = dict.fromkeys(open_runs(client)[:MAX_WAITING])
    found = [load_run(client, run_id) for run_id in ids]
    queued = [run for run in found if run is not None and run.state is RunState.QUEUED]
    if also is not None and all(run.id != also.id for run in queued):
        queued.append(also)
    return queued


def _taken(client: "redis.Redis") -> dict[str, str]:
    """Whose places at which source are taken, by run."""
    return cast("dict[str, str]", client.hgetall(PLACES))


def _free_places(client: "redis.Redis", taken: dict[str, str]) -> dict[str, str]:
    """Free the places of runs that are over; those that remain."""
    pipeline = client.pipeline(transaction=False)
    for run_id in taken:
        pipeline.hget(run_key(run_id), "state")
    states: list[Any] = pipeline.execute(raise_on_error=False) if taken else []
    open_states = set(RunState) - FINAL
    over = [run_id for run_id, state in zip(taken, states, strict=True) if state not in open_states]
    if over:
        client.hdel(PLACES, *over)
        log.warning("places of runs that are over were still taken: %s", ", ".join(over))
    return {run_id: theirs for run_id, theirs in taken.items() if run_id not in over}


def _user(taken: str) -> str:
    return taken.partition("\n")[0]


def _source(taken: str) -> str:
    return taken.partition("\n")[2]


def _scheduled(run: Run) -> bool:
    return run.approval.request.schedule is not None
