"""The Lua of `sync.runs`: each step of a run with all it leads to, its audit entry included.

In every script KEYS 1 to 10 are the run, the open runs, the cards, the inbox, the run's heartbeat,
how runs ended, the audit stream, the places given to runs, the run's knock and its hand-overs; ARGV
1 to 5 are the run's id, its approval, the attempt it is about, who acts, and the digest.
"""

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis

from sync.approvals import run_key
from sync.audit import AUDIT_KEPT, audit_key
from sync.state import CARDS, INBOX, LUA_NOW, OPEN_RUNS, PREFIX, key, run_script, team_of

HISTORY_KEPT = 50
"""Ends of runs that are remembered of each table."""

RUNS_ENDED = f"{PREFIX}:runs:ended"
"""Hash: how often a run ended in each state, since this Redis was new."""

PLACES = f"{PREFIX}:runs:places"
"""Hash: the runs handed to workers or running, and whose place at which source each takes."""


@dataclass(frozen=True)
class About:
    """The attempt of a run that a step is about."""

    run: str
    approval: str
    attempt: int
    digest: str


def step(
    client: "redis.Redis",
    script: str,
    about: About,
    *args: str | int,
    keys: Sequence[str] = (),
    who: str = "",
) -> Any:
    """Take one of the steps below; *who* acts, or this process."""
    team, run = team_of(about.run), about.run
    all_keys = [
        run_key(run),
        OPEN_RUNS,
        CARDS,
        INBOX,
        alive_key(run),
        RUNS_ENDED,
        audit_key(team),
        PLACES,
        knock_key(run),
        handovers_key(run),
        *keys,
    ]
    actor = who or process_name(os.getpid()).rstrip(":")
    return run_script(
        client, script, all_keys, run, about.approval, about.attempt, actor, about.digest, *args
    )


def alive_key(run_id: str) -> str:
    """Name the key that lasts as long as a run's worker says it is alive."""
    return key(team_of(run_id), "alive", run_id)


def knock_key(run_id: str) -> str:
    """Name the key that lasts as long as a knock for a run counts."""
    return key(team_of(run_id), "knock", run_id)


def handovers_key(run_id: str) -> str:
    """Name the key that counts how often an attempt of a run was handed to a worker."""
    return key(team_of(run_id), "handovers", run_id)


def process_name(pid: int) -> str:
    """Name a process of this host, as a claim carries it."""
    return f"{socket.gethostname()}:{pid}:"


_RUN = (
    LUA_NOW
    + f"""
local function tell_card()
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', 10000, '*', 'approval', ARGV[2])
end
local function note(what, detail)
  redis.call('XADD', KEYS[7], 'MAXLEN', '~', {AUDIT_KEPT}, '*', 'what', what, 'who', ARGV[4],
             'subject', ARGV[1], 'digest', ARGV[5], 'where', '', 'detail', detail)
end
local state = redis.call('HGET', KEYS[1], 'state')
local mine = (redis.call('HGET', KEYS[1], 'attempts') or '0') == ARGV[3]
local started = state == 'running' or state == 'verifying'
local function finish()
  redis.call('HDEL', KEYS[1], 'failure', 'put_off_ms', 'parked')
  redis.call('HSET', KEYS[1], 'state', ARGV[6], 'finished_ms', now, ARGV[7], ARGV[8])
  if ARGV[13] == '1' then redis.call('HSET', KEYS[1], 'parked', 1) end
  redis.call('ZREM', KEYS[2], ARGV[1])
  redis.call('HDEL', KEYS[8], ARGV[1])
  redis.call('DEL', KEYS[5], KEYS[9], KEYS[10])
  redis.call('HINCRBY', KEYS[6], ARGV[6], 1)
  note('run_ended', ARGV[11])
  tell_card()
  redis.call('XADD', KEYS[4], '*', 'kind', 'run_ended', 'thread', ARGV[9], 'body', ARGV[10])
  for i = 14, #ARGV do
    redis.call('LPUSH', KEYS[i - 3], now .. ' ' .. ARGV[i])
    redis.call('LTRIM', KEYS[i - 3], 0, {HISTORY_KEPT - 1})
  end
end
"""
)
"""``finish()`` takes ARGV 6 to 13: the final state, the field of its receipt or failure and that as
JSON, the thread and what it is told, what the audit is told, whether only a lost run may end, and
whether it is parked; then what each table's history keeps, whose keys follow KEYS 10."""

CLAIM = (
    _RUN
    + """
if redis.call('HGET', KEYS[1], 'claimed_by') == ARGV[7] then return 1 end
local put_off = tonumber(redis.call('HGET', KEYS[1], 'put_off_ms') or '0')
if state ~= 'queued' or not mine or put_off > now then return 0 end
redis.call('HSET', KEYS[1], 'state', 'running', 'started_ms', now, 'claimed_by', ARGV[7])
redis.call('HDEL', KEYS[1], 'put_off_ms')
redis.call('HSET', KEYS[8], ARGV[1], ARGV[8])
redis.call('SET', KEYS[5], '1', 'PX', ARGV[6])
note('run_started', 'attempt ' .. (ARGV[3] + 1))
tell_card()
return 1
"""
)
"""ARGV 6 to 8: for how long (ms) the claim counts, the claimant, and whose place it takes."""

PUT_OFF = (
    _RUN
    + """
if state ~= 'queued' then return 0 end
redis.call('HDEL', KEYS[8], ARGV[1])
redis.call('DEL', KEYS[9], KEYS[10])
if redis.call('HGET', KEYS[1], 'put_off_ms') ~= ARGV[6] then
  redis.call('HSET', KEYS[1], 'put_off_ms', ARGV[6])
  if ARGV[7] ~= '' then redis.call('HSET', KEYS[1], 'last_failure', ARGV[7]) end
  tell_card()
end
return 1
"""
)
"""ARGV 6 and 7: until when (ms), and the failure it waits after or nothing."""

ADVANCE = (
    _RUN
    + """
if not (started and mine) then return 0 end
redis.call('HSET', KEYS[1], ARGV[6], ARGV[7])
tell_card()
return 1
"""
)
"""ARGV 6 and 7: a field and its value."""

BEGIN_PUBLISHING = (
    _RUN
    + """
if not (started and mine) or redis.call('HEXISTS', KEYS[1], 'cancel_by') == 1 then return 0 end
redis.call('HSET', KEYS[1], 'publishing', 1)
return 1
"""
)

TRY_AGAIN = (
    _RUN
    + """
if not (started and mine) then return 'not_ours' end
if ARGV[11] == '1' and redis.call('EXISTS', KEYS[5]) == 1 then return 'not_ours' end
if redis.call('HEXISTS', KEYS[1], 'cancel_by') == 1 then return 'cancelled' end
local lost = tonumber(redis.call('HGET', KEYS[1], 'lost') or '0')
local excused = tonumber(redis.call('HGET', KEYS[1], 'excused') or '0')
local waits = ARGV[9] == 'table_busy' or ARGV[9] == 'source_closed'
  or ARGV[9] == 'source_stopped'
if waits then
  if excused >= 1000 then return 'spent' end
  redis.call('HSET', KEYS[1], 'excused', excused + 1)
elseif tonumber(ARGV[3]) - excused >= tonumber(ARGV[8])
   or (ARGV[9] == 'worker_lost' and lost >= tonumber(ARGV[10])) then return 'spent' end
if ARGV[9] == 'worker_lost' then redis.call('HSET', KEYS[1], 'lost', lost + 1) end
redis.call('HSET', KEYS[1], 'state', 'queued', 'attempts', ARGV[3] + 1, 'last_failure', ARGV[6],
           'put_off_ms', now + ARGV[7])
redis.call('HDEL', KEYS[1], 'claimed_by', 'started_ms', 'progress', 'publishing')
redis.call('HDEL', KEYS[8], ARGV[1])
redis.call('DEL', KEYS[5], KEYS[9], KEYS[10])
note('run_retried', 'attempt ' .. (ARGV[3] + 1) .. ' ' .. ARGV[9])
tell_card()
return 'retried'
"""
)
"""Waiting for another run, or for a source to open, is no try. ARGV 6 to 11: the failure, the pause
in ms, how many times a run and how many times a lost one may be tried again, the failure's code,
and whether only a lost run may."""

FINISH = (
    _RUN
    + """
local wrong = state == 'failed' or state == 'cancelled'
if ARGV[6] == 'published' then
  if not (state == 'queued' or started or wrong) then return 0 end
elseif not ((state == 'queued' or started) and mine) then
  return 0
end
if ARGV[12] == '1' and redis.call('EXISTS', KEYS[5]) == 1 then return 0 end
finish()
return 1
"""
)

CANCEL = (
    _RUN
    + """
if state == 'cancelled' and redis.call('HGET', KEYS[1], 'cancel_by') == ARGV[4] then
  return 'cancelled'
end
if state == 'queued' then
  redis.call('HSET', KEYS[1], 'cancel_by', ARGV[4])
  note('run_cancel_asked', state)
  finish()
  return 'cancelled'
end
if not started or redis.call('HEXISTS', KEYS[1], 'publishing') == 1 then return 'already_ended' end
if redis.call('HSETNX', KEYS[1], 'cancel_by', ARGV[4]) == 1 then
  note('run_cancel_asked', state)
  tell_card()
end
return 'cancelling'
"""
)
"""ARGV as `FINISH`, for a run that still waits."""
