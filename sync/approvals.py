"""Approvals: a decision about one digest, made once, by someone allowed, before its expiry."""

import logging
from enum import StrEnum
from typing import Any, Literal, cast

import redis
from pydantic import BaseModel, ConfigDict, ValidationError

from sync.plan import Plan
from sync.state import CARDS, INBOX, LUA_NOW, OPEN_RUNS, key, run_script, team_of

log = logging.getLogger(__name__)

Verdict = Literal["approve", "reject"]
Outcome = Literal[
    "approved",
    "rejected",
    "already_approved",
    "already_rejected",
    "expired",
    "changed",
    "not_allowed",
    "unknown",
]

KEEP_DAYS = 30
"""A decided or expired approval is remembered so long: a click on its card gets a true answer."""

RUNS_LISTED = 500
"""Newest runs of a team that can be listed; older ones are still found by their id."""


class ApprovalState(StrEnum):
    """Where a request stands. Only ``pending`` can change."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"


class Request(BaseModel):
    """What somebody is asked to allow; never changes once it is stored."""

    model_config = ConfigDict(frozen=True)

    id: str
    plan: Plan
    requested_by: str
    """Who asked; for a schedule, its name."""
    thread: str
    """The conversation that goes on when the run has ended."""
    language: Literal["ko", "en"]
    schedule: str | None = None
    """Name of the schedule that asked, if no person did."""


class Approval(BaseModel):
    """A request and what became of it. Times are milliseconds since 1970 by Redis."""

    model_config = ConfigDict(frozen=True)

    request: Request
    state: ApprovalState
    created_ms: int
    expires_ms: int
    decided_by: str | None = None
    decided_ms: int | None = None
    run_id: str | None = None
    card: str | None = None
    """Where its card stands, in the words of the surface that posted it."""

    @property
    def id(self) -> str:
        """The request's id."""
        return self.request.id


_LOOK = (
    LUA_NOW
    + """
local function tell_card()
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', 10000, '*', 'approval', ARGV[1])
end
local function tell_thread(kind)
  local thread = redis.call('HGET', KEYS[1], 'thread')
  local body = cjson.encode({approval = ARGV[1]})
  redis.call('XADD', KEYS[4], '*', 'kind', kind, 'thread', thread, 'body', body)
end
local function look()
  local fields = redis.call('HMGET', KEYS[1], 'state', 'expires_ms')
  if fields[1] == 'pending' and now >= tonumber(fields[2]) then
    redis.call('HSET', KEYS[1], 'state', 'expired')
    redis.call('ZREM', KEYS[2], ARGV[1])
    tell_card()
    tell_thread('expired')
    return 'expired'
  end
  return fields[1]
end
"""
)
"""Start of every script here: ``look()`` gives the state, expired by this look if its time is up.

KEYS are the approval, the team's pending ones, the cards and the inbox; ARGV[1] is the approval's
id.
"""

_REQUEST = (
    _LOOK
    + """
if not look() then
  redis.call('HSET', KEYS[1], 'request', ARGV[2], 'digest', ARGV[3], 'state', 'pending',
             'created_ms', now, 'expires_ms', now + ARGV[4], 'thread', ARGV[6])
  redis.call('PEXPIRE', KEYS[1], ARGV[4] + ARGV[5])
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1001)
  redis.call('ZADD', KEYS[2], now + ARGV[4], ARGV[1])
end
return redis.call('HGETALL', KEYS[1])
"""
)


def request_approval(client: "redis.Redis", request: Request, *, expires_seconds: int) -> Approval:
    """Store a request and start its clock; the same id again gives what is stored.

    Its card is asked for with `show_card`, once what belongs above it has been said.
    """
    flat = run_script(
        client,
        _REQUEST,
        _keys(request.id),
        request.id,
        request.model_dump_json(),
        request.plan.digest,
        expires_seconds * 1000,
        KEEP_DAYS * 86_400_000,
        request.thread,
    )
    return _approval(flat)


_LOAD = (
    _LOOK
    + """
if not look() then return {} end
return redis.call('HGETALL', KEYS[1])
"""
)


def load_approval(client: "redis.Redis", approval_id: str) -> Approval | None:
    """Read an approval, expired if its time is up.

    None if Redis knows nothing of it, or keeps it in a form this version cannot read.
    """
    flat = run_script(client, _LOAD, _keys(approval_id), approval_id)
    try:
        return _approval(flat) if flat else None
    except (ValidationError, KeyError) as error:
        log.error("approval %s cannot be read: %s", approval_id, type(error).__name__)  # noqa: TRY400 -- the record may hold anything
        return None


_DECIDE = (
    _LOOK
    + """
local state = look()
if not state then return 'unknown' end
if state == 'expired' then return state end
if state ~= 'pending' then return 'already_' .. state end
if redis.call('HGET', KEYS[1], 'digest') ~= ARGV[2] then return 'changed' end
if ARGV[5] ~= '1' then return 'not_allowed' end
redis.call('ZREM', KEYS[2], ARGV[1])
tell_card()
redis.call('HSET', KEYS[1], 'decided_by', ARGV[3], 'decided_ms', now)
if ARGV[4] == 'approve' then
  redis.call('HSET', KEYS[1], 'state', 'approved', 'run_id', ARGV[6])
  redis.call('HSET', KEYS[5], 'id', ARGV[6], 'approval', ARGV[1], 'state', 'queued',
             'queued_ms', now)
  redis.call('PEXPIRE', KEYS[5], ARGV[7])
  redis.call('ZADD', KEYS[6], now, ARGV[6])
  redis.call('ZADD', KEYS[7], now, ARGV[6])
  redis.call('ZREMRANGEBYRANK', KEYS[7], 0, -1 - ARGV[8])
  return 'approved'
end
redis.call('HSET', KEYS[1], 'state', 'rejected')
tell_thread('rejected')
return 'rejected'
"""
)


def decide(
    client: "redis.Redis",
    approval: Approval,
    *,
    digest: str,
    user: str,
    verdict: Verdict,
    may_decide: bool,
) -> Outcome:
    """Decide once, in one step with the consequence: a yes queues the run, a no tells the thread.

    *digest* is what the person was shown; *may_decide* is the policy's answer for *user*, asked at
    the click. State, expiry (by Redis's own clock) and digest are compared inside the step, so of
    many clicks exactly one decides.
    """
    # The run's id follows from the approval's: however often this is called, there is one run.
    run_id = approval.id
    outcome = run_script(
        client,
        _DECIDE,
        [
            *_keys(approval.id),
            run_key(run_id),
            OPEN_RUNS,
            key(team_of(run_id), "runs"),
        ],
        approval.id,
        digest,
        user,
        verdict,
        int(may_decide),
        run_id,
        KEEP_DAYS * 86_400_000,
        RUNS_LISTED,
    )
    return cast("Outcome", outcome)


_PENDING = (
    LUA_NOW + "return redis.call('ZRANGEBYSCORE', KEYS[1], now + 1, '+inf', 'LIMIT', 0, ARGV[1])"
)


def pending_approvals(client: "redis.Redis", team: str, limit: int) -> list[Approval]:
    """Read up to *limit* requests of a team that wait for a person, the soonest to expire first."""
    ids = cast("list[str]", run_script(client, _PENDING, [_pending_key(team)], limit))
    waiting = [load_approval(client, approval_id) for approval_id in ids]
    return [one for one in waiting if one is not None and one.state is ApprovalState.PENDING]


_OVERDUE = LUA_NOW + "return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)"


def expire_overdue(client: "redis.Redis", team: str) -> None:
    """Expire the requests of a team whose time is up; their cards are told."""
    for approval_id in run_script(client, _OVERDUE, [_pending_key(team)]):
        load_approval(client, approval_id)


_REMEMBER_CARD = """
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'card', ARGV[1]) end
"""


def show_card(client: "redis.Redis", approval_id: str) -> None:
    """Ask whoever draws cards to post this one, or to bring it up to date."""
    client.xadd(CARDS, {"approval": approval_id}, maxlen=10_000, approximate=True)


def remember_card(client: "redis.Redis", approval_id: str, card: str) -> None:
    """Note where the card of an approval stands, so that any bot can update it."""
    run_script(client, _REMEMBER_CARD, [_key(approval_id)], card)


def run_key(run_id: str) -> str:
    """Name the key of a run's record."""
    return key(team_of(run_id), "run", run_id)


def _keys(approval_id: str) -> list[str]:
    return [_key(approval_id), _pending_key(team_of(approval_id)), CARDS, INBOX]


def _pending_key(team: str) -> str:
    return key(team, "approvals", "pending")


def _key(approval_id: str) -> str:
    return key(team_of(approval_id), "approval", approval_id)


def _approval(flat: list[str]) -> Approval:
    fields: dict[str, Any] = dict(zip(flat[::2], flat[1::2], strict=True))
    fields["request"] = Request.model_validate_json(fields["request"])
    return Approval.model_validate(fields)
