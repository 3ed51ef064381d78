"""The switch of a DBA or an operator: a stopped source gets no session of ours until it is started.

It is kept in Redis, so it holds for every process, and over restarts. Runs wait meanwhile; one that
was reading is broken off and begins again later.
"""

from collections.abc import Mapping
from datetime import timedelta

import redis
from pydantic import BaseModel, ConfigDict

from sync.oracle_errors import SourceStopped
from sync.runs import RunState, load_run, open_runs, put_off
from sync.state import PREFIX, moment_of

LOOK_AGAIN_SECONDS = 600
"""What waits for a stopped source looks again after this long; a start wakes runs sooner."""
_STOPPED = f"{PREFIX}:sources:stopped"
"""Hash of sources' names and their `Stop` as JSON."""


class Stop(BaseModel):
    """That a source is stopped, and why."""

    model_config = ConfigDict(frozen=True)

    since: str
    """ISO 8601, UTC."""
    reason: str


def stop_source(client: "redis.Redis", name: str, reason: str) -> None:
    """Let nobody open a session at a source, and break off what is read there, until it starts."""
    since = moment_of(client).isoformat(timespec="seconds")
    client.hset(_STOPPED, name, Stop(since=since, reason=reason).model_dump_json())


def start_source(client: "redis.Redis", name: str) -> bool:
    """Let a source be read again, and the runs that wait for it begin; False if it was not stopped.

    A run that waits for something else is looked at now, too, and goes on waiting.
    """
    if not client.hdel(_STOPPED, name):
        return False
    for run_id in open_runs(client):
        run = load_run(client, run_id)
        waits = run is not None and run.state is RunState.QUEUED and run.put_off_ms is not None
        if run is not None and waits and run.approval.request.plan.source == name:
            put_off(client, run, moment_of(client))
    return True


def stops(client: "redis.Redis") -> Mapping[str, Stop]:
    """All stopped sources by name."""
    kept = client.hgetall(_STOPPED)
    return {str(name): Stop.model_validate_json(str(text)) for name, text in kept.items()}


def require_started(client: "redis.Redis", name: str) -> None:
    """Raise `SourceStopped` where a source is stopped."""
    text = client.hget(_STOPPED, name)
    if text is not None:
        stop = Stop.model_validate_json(str(text))
        until = moment_of(client) + timedelta(seconds=LOOK_AGAIN_SECONDS)
        raise SourceStopped(
            source=name,
            reason=stop.reason,
            since=stop.since,
            until=until.isoformat(timespec="seconds"),
        )
