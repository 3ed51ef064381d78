"""What a run holds while it works: its heartbeat, the leases of its tables and its fences.

A lease keeps two runs off one table as long as both can talk to Redis; the fence settles it where
one could not.
"""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import redis

from sync.approvals import run_key
from sync.errors import TableBusy
from sync.plan import TableRef
from sync.run_scripts import alive_key, process_name
from sync.runs import ALIVE_SECONDS, Run, fence_field
from sync.state import PREFIX, run_script
from sync.warehouse.layout import build_folder, folder_name, locked

log = logging.getLogger(__name__)

TURN_SECONDS = 10.0
"""A publish takes far less; it is shorter than a claim lasts without a heartbeat."""

_LEASE = """
for i = 1, #KEYS do
  local holder = redis.call('GET', KEYS[i])
  if holder and holder ~= ARGV[1] then return i end
end
for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2]) end
return 0
"""


@contextmanager
def table_leases(
    client: "redis.Redis",
    holder: str,
    refs: list[TableRef],
    *,
    alive_seconds: float = ALIVE_SECONDS,
) -> Generator[None]:
    """Hold the leases of all these tables, or none, as `holder_of` an attempt.

    Raises `TableBusy` naming the first that is taken.
    """
    keys = [_lease(ref) for ref in refs]
    taken = int(run_script(client, _LEASE, keys, holder, int(alive_seconds * 1000)))
    if taken:
        raise TableBusy(table=str(refs[taken - 1]))
    try:
        yield
    finally:
        try:
            run_script(client, _RELEASE, keys, holder)
        except redis.RedisError as error:
            # They run out by themselves, and what ends the block must not be hidden.
            log.warning("leases of run %s not given back: %s", holder, type(error).__name__)


_RELEASE = """
for i = 1, #KEYS do
  if redis.call('GET', KEYS[i]) == ARGV[1] then redis.call('DEL', KEYS[i]) end
end
"""

_RENEW = """
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'running' and state ~= 'verifying' then return 0 end
if (redis.call('HGET', KEYS[1], 'attempts') or '0') ~= ARGV[3] then return 0 end
for i = 3, #KEYS do
  local holder = redis.call('GET', KEYS[i])
  if holder and holder ~= ARGV[1] then return 0 end
end
for i = 2, #KEYS do redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2]) end
return 1
"""


def stay_alive(
    client: "redis.Redis",
    run: Run,
    refs: list[TableRef],
    *,
    alive_seconds: float = ALIVE_SECONDS,
) -> bool:
    """Renew the heartbeat and the leases of a run's attempt; False once it must stop.

    It must where the run has ended or is in its next attempt, or where a lease has gone to another
    run. What only ran out while Redis was away is taken again; whoever had it meanwhile has the
    newer fence.
    """
    keys = [run_key(run.id), alive_key(run.id), *(_lease(ref) for ref in refs)]
    life = int(alive_seconds * 1000)
    return bool(run_script(client, _RENEW, keys, holder_of(run), life, run.attempts))


_ABANDON = """
local claimant = redis.call('HGET', KEYS[1], 'claimed_by')
if not claimant or string.sub(claimant, 1, #ARGV[2]) ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[2])
for i = 3, #KEYS do
  if redis.call('GET', KEYS[i]) == ARGV[1] then redis.call('DEL', KEYS[i]) end
end
return 1
"""


def abandon(client: "redis.Redis", run: Run, pid: int) -> bool:
    """Give up heartbeat and leases of a run if the dead process *pid* of this host had it.

    A job may be delivered twice; the death of the process that came second ends nothing.
    """
    leases = [_lease(table.ref) for table in run.approval.request.plan.tables]
    keys = [run_key(run.id), alive_key(run.id), *leases]
    return bool(run_script(client, _ABANDON, keys, holder_of(run), process_name(pid)))


@contextmanager
def publish_turn(warehouse: Path, first: TableRef) -> Generator[None]:
    """Hold the right to publish runs that begin with this table; of their attempts one has it.

    A lock on a file, so that it lasts as long as its process and is freed by its death. Raises
    `TableBusy` after `TURN_SECONDS`.
    """
    name = folder_name(first.schema_name, first.table, "turn")  # no table's own has three parts
    path = build_folder(warehouse, first).parent / name
    with locked(path, wait_seconds=TURN_SECONDS, what=str(first)):
        yield


_FENCE = """
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'running' and state ~= 'verifying' then return 0 end
if (redis.call('HGET', KEYS[1], 'attempts') or '0') ~= ARGV[3] then return 0 end
local fence = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), tonumber(ARGV[2])) + 1
redis.call('SET', KEYS[2], fence)
redis.call('HSET', KEYS[1], ARGV[1], fence)
return fence
"""


def next_fence(client: "redis.Redis", run: Run, ref: TableRef, *, published: int) -> int:
    """Give a run its fencing number of a table and note it with the run; 0 if its attempt is over.

    It is one more than Redis and the manifest (*published*) have seen, so neither a lost Redis nor
    a lost warehouse makes it step back. The manifest compares it again at publish.
    """
    keys = [run_key(run.id), f"{PREFIX}:fence:{ref.source}:{ref}"]
    return int(run_script(client, _FENCE, keys, fence_field(ref), published, run.attempts))


def holder_of(run: Run) -> str:
    """Name the attempt of a run, as a lease names who has it."""
    return f"{run.id}:{run.attempts}"


def _lease(ref: TableRef) -> str:
    return f"{PREFIX}:lease:{ref.source}:{ref}"
