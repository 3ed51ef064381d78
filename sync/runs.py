"""Runs: one execution of an approved plan, its states, its heartbeat and its end."""

import json
import logging
import os
import secrets
import socket
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, cast

import redis
from pydantic import BaseModel, ConfigDict, ValidationError

from sync.approvals import Approval, load_approval, run_key
from sync.errors import Failure, WorkerLost
from sync.plan import Progress, Receipt, TableRef
from sync.state import CARDS, INBOX, LUA_NOW, OPEN_RUNS, key, run_script, team_of

log = logging.getLogger(__name__)


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
    fences: tuple[int | None, ...] = ()
    """Its fencing number of each table of the plan: a generation that carries it is its work."""


Published = Callable[[Run], Receipt | None]
"""Says whether readers see the work of a run: its receipt, or None. The manifest knows."""


def load_run(client: "redis.Redis", run_id: str) -> Run | None:
    """Read a run with its approval.

    None if Redis knows nothing of it, or keeps it in a form this version cannot read.
    """
    fields = cast("dict[str, str]", client.hgetall(run_key(run_id)))
    approval = load_approval(client, fields["approval"]) if "approval" in fields else None
    if approval is None:
        return None
    try:
        return _run(fields, approval)
    except ValidationError as error:
        log.error("run %s cannot be read: %s", run_id, type(error).__name__)  # noqa: TRY400 -- the record may hold anything
        return None


def _run(fields: Mapping[str, str], approval: Approval) -> Run:
    parsed: dict[str, Any] = {**fields, "approval": approval}
    for name, model in (("progress", Progress), ("receipt", Receipt), ("failure", Failure)):
        if name in fields:
            parsed[name] = model.model_validate_json(fields[name])
    tables = approval.request.plan.tables
    parsed["fences"] = tuple(fields.get(fence_field(table.ref)) for table in tables)
    return Run.model_validate(parsed)


def recent_runs(client: "redis.Redis", team: str, limit: int) -> list[Run]:
    """Read up to *limit* runs of a team, newest first."""
    ids = cast("list[str]", client.zrevrange(key(team, "runs"), 0, limit - 1))
    return [run for run in (load_run(client, run_id) for run_id in ids) if run]


def open_runs(client: "redis.Redis") -> list[str]:
    """Name the runs without a final state, oldest first."""
    return cast("list[str]", client.zrange(OPEN_RUNS, 0, -1))


_CLAIM = (
    LUA_NOW
    + """
if redis.call('HGET', KEYS[1], 'claimed_by') == ARGV[3] then return 1 end
if redis.call('HGET', KEYS[1], 'state') ~= 'queued' then return 0 end
redis.call('HSET', KEYS[1], 'state', 'running', 'started_ms', now, 'claimed_by', ARGV[3])
redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
redis.call('XADD', KEYS[3], 'MAXLEN', '~', 10000, '*', 'approval', ARGV[1])
return 1
"""
)


def claim(client: "redis.Redis", run: Run, *, alive_seconds: float = ALIVE_SECONDS) -> bool:
    """Take a queued run; True for exactly one caller, however often the job is delivered."""
    keys = [run_key(run.id), alive_key(run.id), CARDS]
    # The random part lets the same call, sent again after a broken connection, know itself.
    claimant = f"{process_name(os.getpid())}{secrets.token_hex(8)}"
    return bool(
        run_script(client, _CLAIM, keys, run.approval.id, int(alive_seconds * 1000), claimant)
    )


_ADVANCE = """
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'running' and state ~= 'verifying' then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 10000, '*', 'approval', ARGV[1])
return 1
"""


def report_progress(client: "redis.Redis", run: Run, progress: Progress) -> bool:
    """Note how far a run is and tell its card; False, and nothing noted, if it has ended."""
    keys = [run_key(run.id), CARDS]
    text = progress.model_dump_json()
    return bool(run_script(client, _ADVANCE, keys, run.approval.id, "progress", text))


def report_verifying(client: "redis.Redis", run: Run) -> bool:
    """Note that all rows have arrived and are being compared; False if the run has ended."""
    keys = [run_key(run.id), CARDS]
    return bool(
        run_script(client, _ADVANCE, keys, run.approval.id, "state", RunState.VERIFYING.value)
    )


_FINISH = (
    LUA_NOW
    + """
local state = redis.call('HGET', KEYS[1], 'state')
local open = state == 'queued' or state == 'running' or state == 'verifying'
if not open and not (state == 'failed' and ARGV[3] == 'published') then return 0 end
if ARGV[7] == '1' and redis.call('EXISTS', KEYS[5]) == 1 then return 0 end
redis.call('HDEL', KEYS[1], 'failure')
redis.call('HSET', KEYS[1], 'state', ARGV[3], 'finished_ms', now, ARGV[4], ARGV[5])
redis.call('ZREM', KEYS[2], ARGV[2])
redis.call('DEL', KEYS[5])
redis.call('XADD', KEYS[3], 'MAXLEN', '~', 10000, '*', 'approval', ARGV[1])
redis.call('XADD', KEYS[4], '*', 'kind', 'run_ended', 'thread', ARGV[6], 'body', ARGV[8])
return 1
"""
)


def finish(
    client: "redis.Redis",
    run: Run,
    state: RunState,
    end: Receipt | Failure,
    *,
    only_if_lost: bool = False,
) -> bool:
    """End a run: its state, receipt or failure, card and conversation are told in one step.

    Only the first end counts, save that ``published`` corrects ``failed``: a worker may be silent
    long enough to be called lost and publish after all, and what readers see is the truth. With
    *only_if_lost* nothing happens while the worker's heartbeat lasts.
    """
    return bool(
        run_script(
            client,
            _FINISH,
            [run_key(run.id), OPEN_RUNS, CARDS, INBOX, alive_key(run.id)],
            run.approval.id,
            run.id,
            state.value,
            "receipt" if isinstance(end, Receipt) else "failure",
            end.model_dump_json(),
            run.approval.request.thread,
            int(only_if_lost),
            json.dumps({"run": run.id}),
        )
    )


def end_lost_runs(client: "redis.Redis", published: Published = lambda _: None) -> list[str]:
    """End the runs whose worker died without a word; returns their ids.

    A run that died after its publish and before it could say so is *published*, others failed.
    """
    lost: list[str] = []
    for run_id in open_runs(client):
        run = load_run(client, run_id)
        if run is None:
            client.zrem(OPEN_RUNS, run_id)
            continue
        started = run.state in (RunState.RUNNING, RunState.VERIFYING)
        if started and not client.exists(alive_key(run_id)):
            receipt = published(run)
            state = RunState.PUBLISHED if receipt else RunState.FAILED
            end = receipt or worker_lost(run)
            if finish(client, run, state, end, only_if_lost=True):
                lost.append(run_id)
    return lost


def worker_lost(run: Run) -> Failure:
    """The failure of a run whose worker is gone."""
    first = run.approval.request.plan.tables[0].ref
    return WorkerLost(table=run.progress.table if run.progress else str(first)).failure


def alive_key(run_id: str) -> str:
    """Name the key that lasts as long as a run's worker says it is alive."""
    return key(team_of(run_id), "alive", run_id)


def process_name(pid: int) -> str:
    """Name a process of this host, as a claim carries it."""
    return f"{socket.gethostname()}:{pid}:"


def fence_field(ref: TableRef) -> str:
    """Name the field of a run's record that keeps its fencing number of a table."""
    return f"fence:{ref.source}:{ref}"
