"""Runs: one execution of an approved plan, its states, its heartbeat and its end."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, cast

import redis
from pydantic import BaseModel, ConfigDict

from sync.approvals import Approval, load_approval, run_key
from sync.errors import Failure, TableBusy, WorkerLost
from sync.plan import Progress, Receipt, TableRef
from sync.state import CARDS, INBOX, OPEN_RUNS, PREFIX, key, run_script, team_of


class RunState(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    """Decided; no worker has it yet."""
    RUNNING = "running"
    """Rows are travelling."""
    VERIFYING = "verifying"
    """The copy is compared with Oracle."""
    PUBLISHED = "published"
    """Proven, and what readers see now. Final."""
    FAILED = "failed"
    """Nothing was published; `Run.failure` says why. Final."""
    CANCELLED = "cancelled"
    """A person stopped it. Final."""
    SUPERSEDED = "superseded"
    """The source changed since the card; nothing was run. Final."""


FINAL = frozenset({RunState.PUBLISHED, RunState.FAILED, RunState.CANCELLED, RunState.SUPERSEDED})
ALIVE_SECONDS = 15.0
"""A run whose worker has not said so for this long is lost."""


class Run(BaseModel):
    """A run and the approval that allowed it. Times are milliseconds since 1970 by Redis."""

    model_config = ConfigDict(frozen=True)

    id: str
    approval: Approval
    state: RunState
    queued_ms: int
    started_ms: int | None = None
    finished_ms: int | None = None
    progress: Progress | None = None
    receipt: Receipt | None = None
    failure: Failure | None = None


def load_run(client: "redis.Redis", run_id: str) -> Run | None:
    """Read a run with its approval; None if Redis knows nothing of it."""
    fields = cast("dict[str, str]", client.hgetall(run_key(run_id)))
    approval = load_approval(client, fields["approval"]) if fields else None
    if approval is None:
        return None
    parsed: dict[str, Any] = {**fields, "approval": approval}
    for name, model in (("progress", Progress), ("receipt", Receipt), ("failure", Failure)):
        if name in fields:
            parsed[name] = model.model_validate_json(fields[name])
    return Run.model_validate(parsed)


def recent_runs(client: "redis.Redis", team: str, limit: int) -> list[Run]:
    """Read the newest runs of a team, newest first."""
    ids = cast("list[str]", client.zrevrange(key(team, "runs"), 0, limit - 1))
    return [run for run in (load_run(client, run_id) for run_id in ids) if run]


def open_runs(client: "redis.Redis") -> list[str]:
    """Name the runs without a final state, oldest first."""
    return cast("list[str]", client.zrange(OPEN_RUNS, 0, -1))


_CLAIM = """
if redis.call('HGET', KEYS[1], 'state') ~= 'queued' then return 0 end
local t = redis.call('TIME')
redis.call('HSET', KEYS[1], 'state', 'running', 'started_ms', t[1] * 1000 + math.floor(t[2] / 1000))
redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
redis.call('XADD', KEYS[3], 'MAXLEN', '~', 10000, '*', 'approval', ARGV[1])
return 1
"""


def claim(client: "redis.Redis", run: Run, *, alive_seconds: float = ALIVE_SECONDS) -> bool:
    """Take a queued run; True for exactly one caller, however often the job is delivered."""
    keys = [run_key(run.id), _alive(run.id), CARDS]
    return bool(run_script(client, _CLAIM, keys, run.approval.id, int(alive_seconds * 1000)))


_ADVANCE = """
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'running' and state ~= 'verifying' then return 0 end
if #ARGV > 1 then redis.call('HSET', KEYS[1], unpack(ARGV, 2)) end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 10000, '*', 'approval', ARGV[1])
return 1
"""


def report_progress(client: "redis.Redis", run: Run, progress: Progress) -> None:
    """Note how far a run is; its card is told. A run that already ended keeps its end."""
    args = [run.approval.id, "progress", progress.model_dump_json()]
    run_script(client, _ADVANCE, [run_key(run.id), CARDS], *args)


def report_verifying(client: "redis.Redis", run: Run) -> None:
    """Note that all rows have arrived and are being compared."""
    run_script(client, _ADVANCE, [run_key(run.id), CARDS], run.approval.id, "state", RunState.VERIFYING)


_FINISH = """
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'queued' and state ~= 'running' and state ~= 'verifying' then return 0 end
if ARGV[7] == '1' and redis.call('EXISTS', KEYS[5]) == 1 then return 0 end
local t = redis.call('TIME')
redis.call('HSET', KEYS[1], 'state', ARGV[3], 'finished_ms', t[1] * 1000 + math.floor(t[2] / 1000), ARGV[4], ARGV[5])
redis.call('ZREM', KEYS[2], ARGV[2])
redis.call('DEL', KEYS[5])
redis.call('XADD', KEYS[3], 'MAXLEN', '~', 10000, '*', 'approval', ARGV[1])
redis.call('XADD', KEYS[4], '*', 'kind', 'run_ended', 'thread', ARGV[6], 'body', '{"run":"' .. ARGV[2] .. '"}')
return 1
"""


def finish(
    client: "redis.Redis", run: Run, state: RunState, end: Receipt | Failure, *, only_if_lost: bool = False
) -> bool:
    """End a run: its state, its receipt or failure, its card and its conversation are told in one step.

    Only the first end counts. With *only_if_lost* nothing happens while the worker's heartbeat lasts.
    """
    return bool(
        run_script(
            client,
            _FINISH,
            [run_key(run.id), OPEN_RUNS, CARDS, INBOX, _alive(run.id)],
            run.approval.id,
            run.id,
            state,
            "receipt" if isinstance(end, Receipt) else "failure",
            end.model_dump_json(),
            run.approval.request.thread,
            int(only_if_lost),
        )
    )


def end_lost_runs(client: "redis.Redis") -> list[str]:
    """Fail the runs whose worker died without a word; returns their ids."""
    lost: list[str] = []
    for run_id in open_runs(client):
        run = load_run(client, run_id)
        if run is None:
            client.zrem(OPEN_RUNS, run_id)
            continue
        if run.state in (RunState.RUNNING, RunState.VERIFYING) and not client.exists(_alive(run_id)):
            table = run.approval.request.plan.tables[0].ref
            failure = WorkerLost(table=str(table)).failure
            if finish(client, run, RunState.FAILED, failure, only_if_lost=True):
                lost.append(run_id)
    return lost


_LEASE = """
for i = 1, #KEYS do
  local holder = redis.call('GET', KEYS[i])
  if holder and holder ~= ARGV[1] then return i end
end
for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2]) end
return 0
"""

_RENEW = """
for i = 2, #KEYS do
  if redis.call('GET', KEYS[i]) ~= ARGV[1] then return 0 end
end
for i = 1, #KEYS do redis.call('PEXPIRE', KEYS[i], ARGV[2]) end
return 1
"""

_RELEASE = """
for i = 1, #KEYS do
  if redis.call('GET', KEYS[i]) == ARGV[1] then redis.call('DEL', KEYS[i]) end
end
"""


@contextmanager
def table_leases(
    client: "redis.Redis", run_id: str, refs: list[TableRef], *, alive_seconds: float = ALIVE_SECONDS
) -> Iterator[None]:
    """Hold the leases of all tables of a run, or none: raises TableBusy naming the first that is taken."""
    keys = [_lease(ref) for ref in refs]
    taken = cast("int", run_script(client, _LEASE, keys, run_id, int(alive_seconds * 1000)))
    if taken:
        raise TableBusy(table=str(refs[taken - 1]))
    try:
        yield
    finally:
        run_script(client, _RELEASE, keys, run_id)


def stay_alive(
    client: "redis.Redis", run_id: str, refs: list[TableRef], *, alive_seconds: float = ALIVE_SECONDS
) -> bool:
    """Renew the heartbeat and the leases of a run; False once a lease has gone to another run."""
    keys = [_alive(run_id), *(_lease(ref) for ref in refs)]
    return bool(run_script(client, _RENEW, keys, run_id, int(alive_seconds * 1000)))


def abandon(client: "redis.Redis", run: Run) -> None:
    """Give up heartbeat and leases of a run whose process is known to be dead, so that nobody waits for them."""
    client.delete(_alive(run.id))
    run_script(client, _RELEASE, [_lease(table.ref) for table in run.approval.request.plan.tables], run.id)


def next_fence(client: "redis.Redis", ref: TableRef) -> int:
    """Give the next fencing number of a table; the manifest compares it again at publish."""
    return cast("int", client.incr(f"{PREFIX}:fence:{ref.source}:{ref}"))


def _alive(run_id: str) -> str:
    return key(team_of(run_id), "alive", run_id)


def _lease(ref: TableRef) -> str:
    return f"{PREFIX}:lease:{ref.source}:{ref}"
