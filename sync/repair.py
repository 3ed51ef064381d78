"""Run records that cannot be read: made readable again with what is sound in them, or given up.

Nothing of ours writes such a record; a version that is gone, or a hand in Redis, may have. Without
this its card would say for ever that the run waits.
"""

import logging
import os
from collections.abc import Mapping
from typing import cast

import redis

from sync.approvals import KEEP_DAYS, load_approval, run_key
from sync.audit import note
from sync.errors import RecordUnreadable
from sync.run_scripts import process_name
from sync.runs import FINAL, MAX_LOST_RETRIES, Published, RunState, finish, load_run, open_runs
from sync.state import OPEN_RUNS, team_of

log = logging.getLogger(__name__)

_NUMBERS = ("queued_ms", "put_off_ms", "started_ms", "attempts", "excused", "lost")
_WORDS = ("cancel_by", "claimed_by", "publishing")


def repair_records(client: "redis.Redis", published: Published) -> None:
    """Make the unreadable records of open runs readable; end those whose state is unknown.

    A run that is still known to wait or to be worked on goes on. Of any other it is looked up
    whether readers see its work; where they do not it fails, and is never tried again by itself:
    it may have been published under a fence nobody knows any more. A run whose approval cannot be
    read either has no card that could be drawn; it is given up, and the audit says so.
    """
    for run_id in open_runs(client):
        if load_run(client, run_id) is not None:
            continue
        if not _has_approval(client, run_id):
            if client.zrem(OPEN_RUNS, run_id):
                who = process_name(os.getpid()).rstrip(":")
                note(client, team_of(run_id), "run_ended", who=who, subject=run_id, detail="lost")
            continue
        if not _rewritten(client, run_id):
            continue
        run = load_run(client, run_id)
        if run is None or run.state is RunState.QUEUED:
            continue
        receipt = published(run)
        if receipt:
            finish(client, run, RunState.PUBLISHED, receipt, only_if_lost=True)
        else:
            table = str(run.approval.request.plan.tables[0].ref)
            failure = RecordUnreadable(table=table).failure
            finish(client, run, RunState.FAILED, failure, only_if_lost=True, parked=True)


def _has_approval(client: "redis.Redis", run_id: str) -> bool:
    try:
        return load_approval(client, run_id) is not None
    except redis.ResponseError as error:
        if "WRONGTYPE" not in str(error):
            raise  # what Redis refuses for the moment says nothing about the record
        return False


def _rewritten(client: "redis.Redis", run_id: str) -> bool:
    """Put what is sound of a record in its place; False if somebody else wrote it meanwhile."""
    name = run_key(run_id)
    with client.pipeline() as both:
        both.watch(name)
        is_hash = both.type(name) == "hash"
        fields = cast("dict[str, str]", both.hgetall(name)) if is_hash else {}
        both.multi()
        both.delete(name)
        # The run's id follows from the approval's (`sync.approvals.decide`).
        both.hset(name, mapping={"id": run_id, "approval": run_id, **_sound(fields)})
        both.pexpire(name, KEEP_DAYS * 86_400_000)
        try:
            both.execute()
        except redis.WatchError:
            return False
    log.error("the record of run %s could not be read; what is sound in it was kept", run_id)
    return True


def _sound(fields: Mapping[str, str]) -> dict[str, str]:
    """What can be kept. A run whose state is unknown counts as lost, with no try left."""
    numbers = {
        name: value
        for name, value in fields.items()
        if (name in _NUMBERS or name.startswith("fence:")) and value.isascii() and value.isdigit()
    }
    words = {name: fields[name] for name in _WORDS if name in fields}
    kept = {"queued_ms": "0", **numbers, **words}
    state = fields.get("state", "")
    if state in set(RunState) - FINAL:
        return {**kept, "state": state}
    return {**kept, "state": RunState.RUNNING.value, "lost": str(MAX_LOST_RETRIES)}
