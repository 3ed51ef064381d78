"""Approvals: a decision about one digest, made once, by someone allowed, before its expiry."""

import hashlib
import json
import logging
from enum import StrEnum
from typing import Any, Literal, cast

import redis
from pydantic import BaseModel, ConfigDict

from sync import approval_scripts as scripts
from sync.audit import audit_key
from sync.plan import Plan
from sync.standing import ScheduleChange
from sync.state import CARDS, INBOX, OPEN_RUNS, key, run_script, team_of

log = logging.getLogger(__name__)

Verdict = Literal["approve", "reject", "withdraw"]
Outcome = Literal[
    "approved",
    "one_more",
    "rejected",
    "withdrawn",
    "replaced",
    "already_approved",
    "already_rejected",
    "already_withdrawn",
    "already_replaced",
    "already_yours",
    "expired",
    "changed",
    "not_allowed",
    "unknown",
]
"""``one_more``: this yes counts, and another person's is needed."""

KEEP_DAYS = 30
"""A decided or expired approval is remembered so long: a click on its card gets a true answer."""

RUNS_LISTED = 500
"""Newest runs of a team that can be listed; older ones are still found by their id."""

MAX_REASON_CHARACTERS = 500


class ApprovalState(StrEnum):
    """Where a request stands. Only ``pending`` can change."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    """By who asked."""
    REPLACED = "replaced"
    """By another revision of the same wish."""
    EXPIRED = "expired"


Wanted = Literal["rows", "chart", "file"]
"""What is made of the rows of SQL."""


class Question(BaseModel):
    """SQL whose plan works through so many rows that a person is asked first."""

    model_config = ConfigDict(frozen=True)

    sql: str
    planned_rows: int
    wanted: Wanted = "rows"


class Request(BaseModel):
    """What somebody is asked to allow; never changes once it is stored."""

    model_config = ConfigDict(frozen=True)

    id: str
    plan: Plan
    change: ScheduleChange | None = None
    """A schedule that a yes creates, changes or ends, instead of a run of *plan* now."""
    question: Question | None = None
    """SQL over the tables of *plan* that a yes lets run, instead of a run."""
    requested_by: str
    """Who asked; for a schedule, its name."""
    on_behalf_of: str = ""
    """The person a schedule acts for: whoever may not approve their own may not approve this."""
    thread: str
    """The conversation that goes on when the run has ended."""
    language: Literal["ko", "en"]
    schedule: str | None = None
    """Name of the schedule that asked, if no person did."""
    reason: str = ""
    """Why, in the words of who asked."""
    quorum: int = 1
    """How many people must say yes."""
    revision: int = 1
    replaces: str | None = None
    """The request this is a new revision of."""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of exactly what a yes leads to."""
        instead = self.change or self.question
        if instead is None:
            return self.plan.digest
        both = [self.plan.digest, instead.model_dump_json()]
        return hashlib.sha256(json.dumps(both).encode()).hexdigest()


class Approval(BaseModel):
    """A request and what became of it. Times are milliseconds since 1970 by Redis."""

    model_config = ConfigDict(frozen=True)

    request: Request
    state: ApprovalState
    created_ms: int
    expires_ms: int
    yeses: tuple[str, ...] = ()
    """Who has said yes so far, in order."""
    decided_by: str | None = None
    decided_ms: int | None = None
    reason: str = ""
    """Why it was rejected."""
    replaced_by: str | None = None
    run_id: str | None = None
    card: str | None = None
    """Where its card stands, in the words of the surface that posted it."""

    @property
    def id(self) -> str:
        """The request's id."""
        return self.request.id


def request_approval(
    client: "redis.Redis", request: Request, *, expires_seconds: int, where: str = ""
) -> Approval:
    """Store a request and start its clock; the same id again gives what is stored.

    Its card is asked for with `show_card`, once what belongs above it has been said.
    """
    flat = run_script(
        client,
        scripts.REQUEST,
        _keys(request.id),
        request.id,
        request.requested_by,
        where,
        *_stored(request, expires_seconds),
    )
    return _approval(flat)


def revise(
    client: "redis.Redis",
    old: Approval,
    request: Request,
    *,
    user: str,
    expires_seconds: int,
    where: str = "",
) -> Outcome:
    """Void a pending request and store another revision in one step; both cards are told.

    ``replaced``, or what stood in the way; then nothing has changed.
    """
    outcome = run_script(
        client,
        scripts.REVISE,
        [*_keys(old.id), approval_key(request.id)],
        old.id,
        user,
        where,
        *_stored(request, expires_seconds),
        request.id,
    )
    return cast("Outcome", outcome)


def load_approval(client: "redis.Redis", approval_id: str) -> Approval | None:
    """Read an approval, expired if its time is up.

    None if Redis knows nothing of it, or keeps it in a form this version cannot read.
    """
    flat = run_script(client, scripts.LOAD, _keys(approval_id), approval_id, "", "")
    try:
        return _approval(flat) if flat else None
    except (ValueError, KeyError) as error:
        log.error("approval %s cannot be read: %s", approval_id, type(error).__name__)  # noqa: TRY400 -- the record may hold anything
        return None


class Click(BaseModel):
    """A person's decision, as it arrives."""

    model_config = ConfigDict(frozen=True)

    user: str
    verdict: Verdict
    digest: str
    """Of what they were shown."""
    reason: str = ""
    where: str = ""
    """The message or terminal they decided in, for the audit."""


def decide(
    client: "redis.Redis", approval: Approval, click: Click, *, may_decide: bool, quorum: int = 1
) -> Outcome:
    """Decide once, in one step with the consequence and the audit entry.

    A yes queues the run, changes the schedule or lets the question run; a no tells the thread.
    *may_decide* is the policy's answer for this person, and *quorum* how many people it asks for,
    both of the moment of the click; what the request itself asks for counts too. State, expiry (by
    Redis's own clock), digest and earlier yeses are compared inside the step, so of many clicks
    exactly one decides. What is refused is noted as well.
    """
    # The run's id follows from the approval's: however often this is called, there is one run.
    run_id, change = approval.id, approval.request.change
    team = team_of(run_id)
    outcome = run_script(
        client,
        scripts.DECIDE,
        [
            *_keys(approval.id),
            run_key(run_id),
            OPEN_RUNS,
            key(team, "runs"),
            schedules_key(team),
            agreed_key(team),
        ],
        approval.id,
        click.user,
        click.where,
        click.digest,
        click.verdict,
        int(may_decide),
        max(quorum, approval.request.quorum),
        click.reason[:MAX_REASON_CHARACTERS],
        run_id,
        KEEP_DAYS * 86_400_000,
        RUNS_LISTED,
        change.schedule.name if change else "",
        change.stored() if change else "",
        change.action if change else "",
        change.base if change else "",
        "question" if approval.request.question else "",
    )
    return cast("Outcome", outcome)


def approve_by_rule(client: "redis.Redis", approval: Approval, rule: str) -> Approval:
    """Say yes in the name of a rule of the policy, and give the approval as it is then.

    For what needs nobody's yes. It is decided and noted like a person's, so it may be called again.
    """
    click = Click(user=f"rule:{rule}", verdict="approve", digest=approval.request.digest)
    decide(client, approval, click, may_decide=True)
    return load_approval(client, approval.id) or approval


def pending_approvals(client: "redis.Redis", team: str, limit: int) -> list[Approval]:
    """Read up to *limit* requests of a team that wait for a person, the soonest to expire first."""
    ids = cast("list[str]", run_script(client, scripts.PENDING, [pending_key(team)], limit))
    waiting = [load_approval(client, approval_id) for approval_id in ids]
    return [one for one in waiting if one is not None and one.state is ApprovalState.PENDING]


def expire_overdue(client: "redis.Redis", team: str) -> None:
    """Expire the requests of a team whose time is up; their cards are told."""
    for approval_id in run_script(client, scripts.OVERDUE, [pending_key(team)]):
        load_approval(client, approval_id)


def show_card(client: "redis.Redis", approval_id: str) -> None:
    """Ask whoever draws cards to post this one, or to bring it up to date."""
    client.xadd(CARDS, {"approval": approval_id}, maxlen=10_000, approximate=True)


def remember_card(client: "redis.Redis", approval_id: str, card: str) -> None:
    """Note where the card of an approval stands, so that any bot can update it."""
    run_script(client, scripts.REMEMBER_CARD, [approval_key(approval_id)], card)


def run_key(run_id: str) -> str:
    """Name the key of a run's record."""
    return key(team_of(run_id), "run", run_id)


def schedules_key(team: str) -> str:
    """Name the key of a team's schedules, a hash by name."""
    return key(team, "schedules")


def agreed_key(team: str) -> str:
    """Name the key of who said yes to each of a team's schedules, a hash by name."""
    return key(team, "schedules", "agreed")


def _stored(request: Request, expires_seconds: int) -> tuple[str | int, ...]:
    tables = ", ".join(str(table.ref) for table in request.plan.tables)
    asked = "question over" if request.question else "sync"
    if request.change:
        asked = f"{request.change.action} schedule {request.change.schedule.name}"
    return (
        request.model_dump_json(),
        request.digest,
        expires_seconds * 1000,
        KEEP_DAYS * 86_400_000,
        request.thread,
        f"{asked}: {tables}"[:1000],
    )


def _keys(approval_id: str) -> list[str]:
    team = team_of(approval_id)
    return [approval_key(approval_id), pending_key(team), CARDS, INBOX, audit_key(team)]


def pending_key(team: str) -> str:
    """Name the key of a team's approvals that wait, by the moment they end."""
    return key(team, "approvals", "pending")


def approval_key(approval_id: str) -> str:
    """Name the key of an approval's record."""
    return key(team_of(approval_id), "approval", approval_id)


def _approval(flat: list[str]) -> Approval:
    fields: dict[str, Any] = dict(zip(flat[::2], flat[1::2], strict=True))
    fields["request"] = Request.model_validate_json(fields["request"])
    fields["yeses"] = json.loads(fields.get("yeses", "[]"))
    return Approval.model_validate(fields)
