"""What waits and what has ended, counted in Redis at this moment: the same for whoever asks."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sync.approvals import run_key
from sync.run_scripts import RUNS_ENDED
from sync.runs import FINAL, RunState
from sync.schedules import clock_is_running
from sync.state import CARDS, INBOX, OPEN_RUNS, OWNER, key, run_script
from sync.stops import stops
from sync.streams import GROUP

PATIENCE_SECONDS = 2.0
"""Redis has so long for each answer here; a scrape or a probe is given up after ten, or fewer."""
MAX_RUNS = 10_000
"""Open runs that are looked at, the oldest."""
MAX_BACKLOG = 20_000
"""Card changes that are counted; the stream itself is kept near half of that."""
_WORKERS_KEY = "rq:workers"
"""RQ's own set of its workers' keys; the key of a dead one expires (rq.worker_registration)."""


@dataclass(frozen=True)
class StateCounts:
    """What Redis holds. Ages are 0 where nothing waits, and measured by Redis's clock."""

    open_runs: Mapping[RunState, int]
    oldest_queued_seconds: float
    runs_ended: Mapping[RunState, int]
    """Since this Redis was new. A run called lost that was published after all is in both."""
    approvals_pending: int
    inbox_entries: int
    """Not worked on yet, or at hand."""
    oldest_entry_seconds: float
    cards_waiting: int
    """Card changes nobody has drawn."""
    clock_ticks: bool
    stopped_sources: Sequence[str]
    """Those that somebody stopped."""
    workers: int
    """Alive in the last 90 s: RQ keeps a worker's key for its 30 s and a minute more."""


def count_state(client: "redis.Redis") -> StateCounts:
    """Count. Raises `redis.RedisError`."""
    pipeline = client.pipeline(transaction=False)
    pipeline.time()
    pipeline.get(OWNER)
    pipeline.zrange(OPEN_RUNS, 0, MAX_RUNS - 1)
    pipeline.hgetall(RUNS_ENDED)
    pipeline.xlen(INBOX)
    pipeline.xrange(INBOX, count=1)
    pipeline.smembers(_WORKERS_KEY)
    clock, owner, run_ids, ended, entries, oldest, workers = pipeline.execute()
    now_ms = clock[0] * 1000 + clock[1] // 1000
    runs = _runs(client, run_ids)
    queued = [queued_ms for state, queued_ms in runs if state is RunState.QUEUED]
    first_ms = int(oldest[0][0].partition("-")[0]) if oldest else now_ms
    return StateCounts(
        open_runs={
            state: sum(found is state for found, _ in runs)
            for state in RunState
            if state not in FINAL
        },
        oldest_queued_seconds=max(now_ms - min(queued, default=now_ms), 0) / 1000,
        runs_ended={state: int(ended.get(state, 0)) for state in RunState if state in FINAL},
        approvals_pending=_pending(client, owner, now_ms),
        inbox_entries=entries,
        oldest_entry_seconds=max(now_ms - first_ms, 0) / 1000,
        cards_waiting=int(run_script(client, _BACKLOG, [CARDS], GROUP, MAX_BACKLOG)),
        clock_ticks=clock_is_running(client),
        stopped_sources=sorted(stops(client)),
        workers=client.exists(*workers) if workers else 0,
    )


def is_reachable(client: "redis.Redis") -> bool:
    """Say whether the Redis of *client* answers within `PATIENCE_SECONDS`."""
    with impatient(client) as quick:
        try:
            return bool(quick.ping())
        except redis.RedisError:
            return False


@contextmanager
def impatient(client: "redis.Redis") -> Generator["redis.Redis"]:
    """A client of the same server that asks once and does not wait long."""
    pool = client.connection_pool
    options: dict[str, Any] = {
        **pool.connection_kwargs,
        "socket_timeout": PATIENCE_SECONDS,
        "socket_connect_timeout": PATIENCE_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }
    quick = redis.ConnectionPool(connection_class=pool.connection_class, **options)
    try:
        yield redis.Redis(connection_pool=quick)
    finally:
        quick.disconnect()


_BACKLOG = """
local groups = redis.pcall('XINFO', 'GROUPS', KEYS[1])
if groups.err then return 0 end
local waiting, after = 0, '-'
for _, flat in ipairs(groups) do
  local group = {}
  for i = 1, #flat, 2 do group[flat[i]] = flat[i + 1] end
  if group['name'] == ARGV[1] then
    waiting, after = group['pending'], '(' .. group['last-delivered-id']
  end
end
return waiting + #redis.call('XRANGE', KEYS[1], after, '+', 'COUNT', ARGV[2])
"""
"""What was handed out and not done, and what was not handed out yet.

Redis 6.2 tells no lag of a group, and an entry that is done stays in the stream until it is
trimmed, so what lies behind the last one handed out is counted.
"""


def _runs(client: "redis.Redis", run_ids: Sequence[str]) -> list[tuple[RunState, int]]:
    """Read the states and moments (ms) of runs that have not ended since they were named."""
    pipeline = client.pipeline(transaction=False)
    for run_id in run_ids:
        pipeline.hmget(run_key(run_id), "state", "queued_ms")
    records = cast("list[tuple[str | None, str | None]]", pipeline.execute())
    known = {state.value: state for state in RunState if state not in FINAL}
    return [(known[state], int(ms)) for state, ms in records if state in known and ms]


def _pending(client: "redis.Redis", owner: str | None, now_ms: int) -> int:
    """Count what waits for a person; who asks at a terminal decides there."""
    if owner is None:
        return 0
    waiting = key(owner, "approvals", "pending")
    return client.zcount(waiting, f"({now_ms}", "+inf")
