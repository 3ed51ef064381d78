"""Runs: one execution of an approved plan, its states, its heartbeat and its end."""

import json
import logging
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, cast

import redis
from pydantic import BaseModel, ConfigDict, ValidationError

from sync import run_scripts as scripts
from sync.approvals import Approval, load_approval, run_key
from sync.errors import Cancelled, Failure, WorkerLost
from sync.history import ends_of
from sync.plan import TableRef
from sync.progress import Progress
from sync.receipt import Receipt
from sync.run_scripts import alive_key, process_name
from sync.state import OPEN_RUNS, key, team_of

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

MAX_RETRIES = 3
"""How often a run is tried again after errors that may pass."""

MAX_LOST_RETRIES = 1
"""How often because its worker died: what kills its worker twice would go on doing so."""

BACKOFF_SECONDS = (10.0, 60.0, 300.0)

ALIVE_SECONDS = 15.0
"""A run whose worker has not said so for this long is lost."""


CancelOutcome = Literal["cancelled", "cancelling", "already_ended"]
"""``cancelling``: its worker has been told and stops within about a second."""

Backoff = Callable[[int], float]
"""Seconds before the n-th retry, from 1."""


class Run(BaseModel):
    """A run and the approval that allowed it. Times are milliseconds since 1970 by Redis."""

    model_config = ConfigDict(frozen=True)

    id: str
    approval: Approval
    state: RunState
    queued_ms: int
    put_off_ms: int | None = None
    """Not before this moment: its source may not be read, or it is tried again; of a queued run."""
    started_ms: int | None = None
    finished_ms: int | None = None
    progress: Progress | None = None
    receipt: Receipt | None = None
    failure: Failure | None = None
    attempts: int = 0
    """Attempts before this one, each ended by an error that may pass."""
    excused: int = 0
    """How many of them only waited for another run or for the source, and count for nothing."""
    last_failure: Failure | None = None
    """Of the attempt before."""
    parked: bool = False
    """It failed as often as it may, and waits for a person."""
    cancel_by: str | None = None
    """Who asked for it to stop."""
    fences: tuple[int | None, ...] = ()
    """Its fencing number of each table of the plan: a generation that carries it is its work."""


Published = Callable[[Run], Receipt | None]
"""Says whether readers see the work of a run: its receipt, or None. The manifest knows."""


def load_run(client: "redis.Redis", run_id: str) -> Run | None:
    """Read a run with its approval.

    None if Redis knows nothing of it, or keeps it in a form this version cannot read.
    """
    try:
        fields = cast("dict[str, str]", client.hgetall(run_key(run_id)))
        approval = load_approval(client, fields["approval"]) if "approval" in fields else None
        return None if approval is None else _run(fields, approval)
    except (ValidationError, redis.ResponseError) as error:
        if isinstance(error, redis.ResponseError) and "WRONGTYPE" not in str(error):
            raise  # what Redis refuses for the moment says nothing about the record
        log.error("run %s cannot be read: %s", run_id, type(error).__name__)  # noqa: TRY400 -- the record may hold anything
        return None


def _run(fields: Mapping[str, str], approval: Approval) -> Run:
    parsed: dict[str, Any] = {**fields, "approval": approval}
    for name, model in (
        ("progress", Progress),
        ("receipt", Receipt),
        ("failure", Failure),
        ("last_failure", Failure),
    ):
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


def open_builds(client: "redis.Redis") -> list[str]:
    """Name what runs without a final state may be writing: also an attempt that is told as lost."""
    counts = [
        (name, int(client.hget(run_key(name), "attempts") or 0)) for name in open_runs(client)
    ]
    return [build_name(name, count) for name, n in counts for count in range(max(n - 2, 0), n + 2)]


def build_name(run_id: str, attempt: int) -> str:
    """Name the build of an attempt; no two share one, for the one before may still live."""
    return f"{run_id}-{attempt}" if attempt else run_id


def claim(client: "redis.Redis", run: Run, *, alive_seconds: float = ALIVE_SECONDS) -> bool:
    """Take a queued run whose time has come; True for one caller, however often it is delivered."""
    # The random part lets the same call, sent again after a broken connection, know itself.
    claimant = f"{process_name(os.getpid())}{secrets.token_hex(8)}"
    return bool(_step(client, scripts.CLAIM, run, int(alive_seconds * 1000), claimant, place(run)))


def put_off(client: "redis.Redis", run: Run, until: datetime, why: Failure | None = None) -> bool:
    """Have a queued run wait until a moment, and tell its card; False if it is not queued."""
    reason = why.model_dump_json() if why else ""
    return bool(_step(client, scripts.PUT_OFF, run, round(until.timestamp() * 1000), reason))


def report_progress(client: "redis.Redis", run: Run, progress: Progress) -> bool:
    """Note how far a run is and tell its card; False, and nothing noted, if its attempt is over."""
    return bool(_step(client, scripts.ADVANCE, run, "progress", progress.model_dump_json()))


def report_verifying(client: "redis.Redis", run: Run) -> bool:
    """Note that all rows have arrived and are being compared; False if the attempt is over."""
    return bool(_step(client, scripts.ADVANCE, run, "state", RunState.VERIFYING.value))


def begin_publishing(client: "redis.Redis", run: Run) -> bool:
    """Pass the point after which nobody can stop a run; False if its attempt was stopped before."""
    return bool(_step(client, scripts.BEGIN_PUBLISHING, run))


def cancel_asked(client: "redis.Redis", run: Run) -> str | None:
    """Name who asked for a run to stop."""
    return cast("str | None", client.hget(run_key(run.id), "cancel_by"))


def ask_cancel(client: "redis.Redis", run: Run, user: str) -> CancelOutcome:
    """Stop a run for *user*: one that waits ends at once, of one that runs its worker is told.

    What is being published, or has ended, stays as it is. The audit is told in the same step.
    """
    end = _end(run, RunState.CANCELLED, Cancelled(by=user).failure)
    histories = [name for name, _ in end.histories]
    return cast(
        "CancelOutcome", _step(client, scripts.CANCEL, run, *end.args, keys=histories, who=user)
    )


def finish(
    client: "redis.Redis",
    run: Run,
    state: RunState,
    end: Receipt | Failure,
    *,
    only_if_lost: bool = False,
    parked: bool = False,
) -> bool:
    """End a run: its state, receipt or failure, card and conversation are told in one step.

    Only the first end counts, save that ``published`` corrects ``failed`` and ``cancelled``, and
    is true of whichever attempt: a worker may be silent long enough to be called lost and publish
    after all, and what readers see is the truth. With *only_if_lost* nothing happens while the
    worker's heartbeat lasts. A *parked* run is not tried again by itself.
    """
    told = _end(run, state, end, only_if_lost=only_if_lost, parked=parked)
    histories = [name for name, _ in told.histories]
    return bool(_step(client, scripts.FINISH, run, *told.args, keys=histories))


def try_again(
    client: "redis.Redis",
    run: Run,
    failure: Failure,
    *,
    backoff: Backoff,
    only_if_lost: bool = False,
) -> bool:
    """Queue a run once more after an error that may pass; end it where that was tried enough.

    One step puts it back behind a pause, as its next attempt; what is left of this one can note,
    fence and publish nothing any more. A run whose worker died is tried again once. A run that
    somebody wants stopped ends so. False where the attempt is no longer this caller's.
    """
    outcome = _step(
        client,
        scripts.TRY_AGAIN,
        run,
        failure.model_dump_json(),
        round(backoff(run.attempts + 1) * 1000),
        MAX_RETRIES,
        failure.code,
        MAX_LOST_RETRIES,
        int(only_if_lost),
    )
    if outcome == "spent":
        return finish(client, run, RunState.FAILED, failure, only_if_lost=only_if_lost, parked=True)
    if outcome == "cancelled":
        end = Cancelled(by=cancel_asked(client, run) or "?").failure
        return finish(client, run, RunState.CANCELLED, end, only_if_lost=only_if_lost)
    return outcome == "retried"


def usual_backoff(retry: int) -> float:
    """Seconds before the first, second and third retry; each differs by up to a fifth."""
    seconds = BACKOFF_SECONDS[min(retry, len(BACKOFF_SECONDS)) - 1]
    return seconds * (0.8 + secrets.randbelow(401) / 1000)


def end_lost_runs(
    client: "redis.Redis",
    published: Published = lambda _: None,
    backoff: Backoff = usual_backoff,
) -> list[str]:
    """Settle the runs whose worker died without a word; returns their ids.

    A run that died after its publish and before it could say so is *published*, others are tried
    again (`try_again`).
    """
    lost: list[str] = []
    for run_id in open_runs(client):
        run = load_run(client, run_id)
        if run is None:  # for `sync.repair`
            continue
        started = run.state in (RunState.RUNNING, RunState.VERIFYING)
        if started and not client.exists(alive_key(run_id)):
            receipt = published(run)
            settled = (
                finish(client, run, RunState.PUBLISHED, receipt, only_if_lost=True)
                if receipt
                else try_again(client, run, worker_lost(run), backoff=backoff, only_if_lost=True)
            )
            if settled:
                lost.append(run_id)
    return lost


def worker_lost(run: Run) -> Failure:
    """The failure of a run whose worker is gone."""
    first = run.approval.request.plan.tables[0].ref
    return WorkerLost(table=run.progress.table if run.progress else str(first)).failure


def fence_field(ref: TableRef) -> str:
    """Name the field of a run's record that keeps its fencing number of a table."""
    return f"fence:{ref.source}:{ref}"


def place(run: Run) -> str:
    """Say whose place at which source a run takes, as `sync.dispatch` counts them."""
    request = run.approval.request
    return f"{team_of(run.id)}:{request.requested_by}\n{request.plan.source}"


@dataclass(frozen=True)
class _End:
    """What the end of a run is told."""

    args: tuple[str | int, ...]
    histories: list[tuple[str, str]]


def _end(
    run: Run,
    state: RunState,
    end: Receipt | Failure,
    *,
    only_if_lost: bool = False,
    parked: bool = False,
) -> _End:
    published = isinstance(end, Receipt)
    detail = [state.value, "" if published else end.code, "parked" if parked else ""]
    histories = ends_of(run.approval, run.id, state.value, end)
    args = (
        state.value,
        "receipt" if published else "failure",
        end.model_dump_json(),
        run.approval.request.thread,
        json.dumps({"run": run.id}),
        " ".join(word for word in detail if word),
        int(only_if_lost),
        int(parked),
        *(entry for _, entry in histories),
    )
    return _End(args, histories)


def _step(
    client: "redis.Redis",
    script: str,
    run: Run,
    *args: str | int,
    keys: Sequence[str] = (),
    who: str = "",
) -> Any:
    about = scripts.About(run.id, run.approval.id, run.attempts, run.approval.request.digest)
    return scripts.step(client, script, about, *args, keys=keys, who=who)
