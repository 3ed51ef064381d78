"""What handling a due schedule needs, and the steps that both kinds of schedules share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import redis
from slack_sdk import WebClient

from app.access import SeeIn, everywhere_whole
from app.bot_config import BotConfig
from app.failure_texts import word_failure
from app.groups import Members
from app.policy import Groups, Judgement, require_allowed
from app.schedule_teller import Teller
from app.views.text import with_dates
from sync.approvals import Approval, ApprovalState, load_approval
from sync.changes import Look
from sync.errors import QueriesUnguarded
from sync.oracle_errors import SourceClosed
from sync.plan import Plan, TableRef
from sync.put_offs import put_off
from sync.runs import FINAL, load_run
from sync.skips import SkipReason
from sync.warehouse.exposure import Exposure
from sync.warehouse.manifest import Manifest, ManifestEntry
from sync.warehouse.query import CompiledQuery
from sync.warehouse.query_process import QueryResult


def _nobody_answers(
    _compiled: CompiledQuery, _entry: ManifestEntry, _exposure: Exposure
) -> QueryResult:
    raise QueriesUnguarded


@dataclass(frozen=True)
class DueDesk:
    """What handling a due schedule needs."""

    redis: "redis.Redis" = field(repr=False)
    config: BotConfig
    slack: WebClient
    team: str
    plan: Callable[[tuple[TableRef, ...], str], Plan]
    """Asks Oracle what a copy of some tables would do, for somebody. Raises any DuckferryError."""
    owner_is_gone: Callable[[str], bool] = lambda _: False
    """Whether a Slack user's account is no longer there."""
    groups: Groups = lambda _: frozenset[str]()
    members: Members = lambda _: None
    look: Callable[[Plan, str], tuple[Look, ...]] = lambda plan, _: tuple(
        Look(ref=table.ref, trouble="nobody_looks") for table in plan.tables
    )
    """Looks at the tables of a plan in Oracle, for somebody; up to the first that tells nothing."""
    ask: Callable[[CompiledQuery, ManifestEntry, Exposure], QueryResult] = _nobody_answers
    """Runs a question over a copy. Raises what `Queries.run` does."""
    see: SeeIn = everywhere_whole
    manifest: Callable[[], Manifest] = Manifest
    """Reads what is published. Raises `WarehouseDamaged`."""


def planned(desk: DueDesk, refs: tuple[TableRef, ...], asker: str) -> tuple[Plan, Judgement]:
    """Plan and judge. Raises `RefusedByRule` where nobody can allow it, and any DuckferryError."""
    plan = desk.plan(refs, asker)
    return plan, require_allowed(desk.config, plan)


def is_let_through(ruling: Judgement, plan: Plan) -> bool:
    """Whether a rule needs nobody's yes, and the plan stops where the rule does."""
    return ruling.effect == "auto" and plan == plan.capped(ruling.max_rows)


def put_off_tick(
    desk: DueDesk, teller: Teller, body: Mapping[str, str], error: SourceClosed
) -> None:
    """Let the clock fire the tick again at the end of the window, once, and say so."""
    until = str(error.params["until"])
    reason = with_dates(word_failure(teller.language, error.failure))
    if "put_off" in body:
        teller.once("closed", until, "schedule.failed", reason=reason)
        return
    put_off(desk.redis, body, datetime.fromisoformat(until))
    teller.once("closed", until, "schedule.put_off", reason=reason)


def is_running(teller: Teller, *, waits_too: bool) -> SkipReason | None:
    """Tell whether what the last tick led to has not ended; then it is said once."""
    last = last_of(teller)
    if last is None:
        return None
    run = load_run(teller.redis, last.run_id) if last.run_id else None
    if run is not None and run.state not in FINAL:
        teller.once("skipped", last.id, "schedule.overlap")
        return "running"
    if waits_too and last.state is ApprovalState.PENDING:
        teller.once("skipped", last.id, "schedule.waits")
        return "waits"
    return None


def last_of(teller: Teller) -> Approval | None:
    """Give what the last tick led to."""
    last = teller.kept("run")
    return load_approval(teller.redis, last) if last else None


def tell_missed(teller: Teller, body: Mapping[str, str]) -> None:
    """Say how many times were made up for by this one."""
    if "missed" in body:
        teller.once("missed", body["due"], "schedule.missed", count=body["missed"])
