"""What a card shows and a click is judged by, in one place: the policy, Oracle, the copies."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import redis

from agent.commands import Typed, run_command
from agent.deps import Caller, Language
from agent.events import Commanded
from app.access import SeeIn, everywhere_whole
from app.bot_config import BotConfig
from app.core import Core, approval_seconds, deps_for, plan_sync, windows_met
from app.places import Place, parse_place
from app.policy import Groups, Judgement, judge_request, may_decide, require_allowed
from app.views.approval_card import can_be_asked_again
from app.views.card_parts import CardFacts, Role
from app.views.schedule_lines import change_lines, window_lines
from app.withheld import rules_for_readers
from app.workspace import NOWHERE, Workspace
from sync.approvals import (
    Approval,
    ApprovalState,
    Outcome,
    Request,
    Verdict,
    approve_by_rule,
    load_approval,
    request_approval,
    revise,
    show_card,
)
from sync.dispatch import queue_place
from sync.errors import WarehouseDamaged
from sync.history import expected_seconds
from sync.oracle_errors import OracleUnreachable
from sync.plan import Column, Plan, TableRef, Wish
from sync.runs import Run, RunState
from sync.state import derived_id, team_of
from sync.warehouse.layout import RESERVE_BYTES
from sync.warehouse.manifest import read_manifest

MakePlan = Callable[[tuple[Wish, ...], str], Plan]
"""Asks Oracle what some wishes would do, for somebody. Raises any DuckferryError."""


def _no_oracle(wishes: tuple[Wish, ...], _asker: str) -> Plan:
    raise OracleUnreachable(source=wishes[0].ref.source, detail="nothing says how to reach it")


Tell = Callable[[Typed, Caller, Language], Commanded]
"""Answers a command that only looks, for its caller alone."""


def _no_tables(typed: Typed, _caller: Caller, _language: Language) -> Commanded:
    return Commanded(typed.command, ok=False, result={"code": "unavailable"})


@dataclass(frozen=True)
class CardDesk:
    """Where clicks are decided and cards are filled in."""

    redis: "redis.Redis" = field(repr=False)
    config: BotConfig
    plan: MakePlan = _no_oracle
    groups: Groups = lambda _: frozenset[str]()
    warehouse: Path | None = None
    readers_language: Callable[[str], Language | None] = lambda _: None
    see: SeeIn = everywhere_whole
    """What of a copy whoever presses a button may see."""
    tell: Tell = _no_tables
    has_model: bool = True
    """Whether anything but commands is understood."""
    workspace: Workspace = NOWHERE
    is_outsider: Callable[[str], bool] = lambda _: False
    """Whether somebody is of another organisation: there is nothing for them."""
    given_up: Callable[[], int] = lambda: 0
    """Counts the entries that failed for good in this process."""


def make_desk(
    core: Core,
    groups: Groups = lambda _: frozenset[str](),
    readers_language: Callable[[str], Language | None] = lambda _: None,
    see: SeeIn = everywhere_whole,
) -> CardDesk:
    """Make the desk of a product that can reach Oracle."""

    def tell(typed: Typed, caller: Caller, language: Language) -> Commanded:
        place = Place(caller.team, caller.channel)
        shown = see(caller.user, caller.channel, None)
        deps = deps_for(core, caller, str(place), language, shown)
        return run_command(core.analyst.agent.registry, deps, typed)

    return CardDesk(
        redis=core.redis,
        config=core.config,
        plan=lambda wishes, asker: plan_sync(core, wishes, asker),
        groups=groups,
        warehouse=core.warehouse,
        readers_language=readers_language,
        see=see,
        tell=tell,
        has_model=core.analyst.has_model,
    )


def judgement_of(desk: CardDesk, approval: Approval) -> Judgement:
    """Say what bot.toml says of a request at this moment."""
    return judge_request(desk.config, approval.request)


def refusal(desk: CardDesk, approval: Approval, user: str, verdict: Verdict) -> str | None:
    """Give None if *user* may decide so now, else the phrase that says why not."""
    return may_decide(judgement_of(desk, approval), desk.groups, approval, user, verdict)


def may_edit(desk: CardDesk, approval: Approval, user: str) -> bool:
    """Whether *user* asked for it or could say no to it."""
    return refusal(desk, approval, user, "reject") is None


def may_cancel(desk: CardDesk, approval: Approval, user: str) -> bool:
    """Whether *user* asked for it, could decide about it, or is an admin."""
    return user in desk.config.admins or may_edit(desk, approval, user)


def limits_of(desk: CardDesk, plan: Plan) -> tuple[int, ...]:
    """Give the highest ceiling of each table of a plan."""
    return tuple(desk.config.max_rows(table.source_ref) for table in plan.tables)


def facts_of(desk: CardDesk, approval: Approval, run: Run | None) -> CardFacts:
    """Look up what a card shows at this moment."""
    request, judgement = approval.request, judgement_of(desk, approval)
    before = load_approval(desk.redis, request.replaces) if request.replaces else None
    later = load_approval(desk.redis, approval.replaced_by) if approval.replaced_by else None
    again = (
        load_approval(desk.redis, again_id(approval)) if can_be_asked_again(approval, run) else None
    )
    # A run that has just been taken has no place any more.
    place = queue_place(desk.redis, run) if run and run.state is RunState.QUEUED else None
    is_pending = approval.state is ApprovalState.PENDING
    return CardFacts(
        approvers=judgement.approvers,
        roles=_roles(desk.config, request.plan, judgement.approvers),
        rules=judgement.rules,
        rule_why=judgement.why,
        refused=judgement.effect == "refuse",
        quorum=judgement.quorum,
        current=_current(desk, request.plan) if run is None else {},
        expected_seconds=expected_seconds(desk.redis, team_of(approval.id), request.plan)
        if is_pending
        else None,
        queue_place=place.position if place else None,
        queue_seconds=place.eta_seconds if place else None,
        free_bytes=free_bytes(desk) if is_pending else None,
        before=before.request.plan if before else None,
        replaced_by=later.request.revision if later else None,
        asked_again_by=again.request.requested_by if again else None,
        change_lines=tuple(_change_lines(desk, request)),
        withheld=_withheld(desk, approval, run),
    )


def _withheld(desk: CardDesk, approval: Approval, run: Run | None) -> str:
    """Name the rules that keep a card's values from some who read it, where it has any."""
    request = approval.request
    has_failed = run is not None and bool(run.failure or run.last_failure)
    goes_on = any(table.is_partial for table in request.plan.tables)
    if not (request.question or has_failed or goes_on):
        return ""
    channel = thread_of(approval).channel
    refs = [table.source_ref for table in request.plan.tables]
    return rules_for_readers(request.language, desk.see, channel, request.requested_by, refs)


def _change_lines(desk: CardDesk, request: Request) -> list[str]:
    change, language = request.change, request.language
    if change is None:
        return []
    closed = None if change.stops else windows_met(desk.config, change.schedule)
    return [
        *change_lines(language, change, datetime.now(UTC)),
        *window_lines(language, closed),
    ]


def again_id(approval: Approval) -> str:
    """Name the one request that may follow a card that ended without a copy."""
    return derived_id(team_of(approval.id), "again", approval.id)


def prior_again(desk: CardDesk, approval: Approval) -> Approval | None:
    """Give the request that followed a card already."""
    return load_approval(desk.redis, again_id(approval))


def ask_again(desk: CardDesk, approval: Approval, user: str, *, where: str = "") -> Approval:
    """Ask for the same tables anew, for *user* in the card's thread; whoever was first asks.

    Raises any DuckferryError of a plan; then nothing has changed.
    """
    old = approval.request
    anew = {"requested_by": user, "schedule": None, "thread": str(thread_of(approval))}
    anew["on_behalf_of"] = ""
    if user != old.requested_by:
        anew["reason"] = ""
    return _ask(desk, approval, user, {**anew, "revision": 1, "replaces": None}, where)


def ask_after_drift(desk: CardDesk, approval: Approval, *, in_full: bool = False) -> Approval:
    """Ask for the same tables as they are now, for who asked before; done twice it asks once.

    *in_full*: all of them, whatever was asked for. Raises any DuckferryError of a plan; then
    nothing has changed.
    """
    old = approval.request
    anew = {"revision": old.revision + 1, "replaces": old.id}
    return _ask(desk, approval, old.requested_by, anew, "", in_full=in_full)


def edit(
    desk: CardDesk, approval: Approval, ceilings: Mapping[int, int], user: str, *, where: str = ""
) -> Outcome:
    """Put another revision in the place of a pending request: these tables, at most so many rows.

    Whoever only narrows it edits another's wish; whoever widens it asks for it. Raises any
    DuckferryError of a plan; then nothing has changed.
    """
    old = approval.request
    kept = {old.plan.tables[place].wished: rows for place, rows in ceilings.items()}
    plan = desk.plan(tuple(kept), user).capped(tuple(kept.values()))
    wider = any(rows > old.plan.tables[place].max_rows for place, rows in ceilings.items())
    request = old.model_copy(
        update={
            "id": derived_id(team_of(old.id), "revision", old.id),
            "plan": plan,
            "quorum": require_allowed(desk.config, plan).quorum,
            "requested_by": user if wider else old.requested_by,
            "schedule": None if wider else old.schedule,
            "on_behalf_of": "" if wider else old.on_behalf_of,
            "revision": old.revision + 1,
            "replaces": old.id,
        }
    )
    return revise(
        desk.redis,
        approval,
        request,
        user=user,
        expires_seconds=approval_seconds(desk.config),
        where=where,
    )


def who_may(desk: CardDesk, approval: Approval) -> frozenset[str]:
    """Name who may decide: people and user groups."""
    return judgement_of(desk, approval).approvers


def _ask(
    desk: CardDesk,
    old: Approval,
    user: str,
    anew: Mapping[str, object],
    where: str,
    *,
    in_full: bool = False,
) -> Approval:
    plan = _planned_anew(desk, old.request.plan, user, in_full=in_full)
    ruling = require_allowed(desk.config, plan)
    plan = plan.capped(ruling.max_rows)
    update = {"id": again_id(old), "plan": plan, "quorum": ruling.quorum, **anew}
    request = old.request.model_copy(update=update)
    asked = request_approval(
        desk.redis, request, expires_seconds=approval_seconds(desk.config), where=where
    )
    if ruling.effect == "auto" and asked.request.plan == asked.request.plan.capped(ruling.max_rows):
        approve_by_rule(desk.redis, asked, ", ".join(ruling.rules))
    show_card(desk.redis, asked.id)
    show_card(desk.redis, old.id)
    return asked


def _planned_anew(desk: CardDesk, old: Plan, user: str, *, in_full: bool) -> Plan:
    """Plan the same tables as they are now; a ceiling that was agreed on is not widened."""
    anew = {"mode": "full"} if in_full else {}
    ceilings = {table.wished.model_copy(update=anew): table.max_rows for table in old.tables}
    return desk.plan(tuple(ceilings), user).capped(tuple(ceilings.values()))


def thread_of(approval: Approval) -> Place:
    """The thread of a card, also where it stands in its channel by itself."""
    place = parse_place(approval.request.thread)
    ts = approval.card.partition(":")[2] if approval.card else ""
    return Place(place.team, place.channel, place.thread_ts or ts)


def _roles(config: BotConfig, plan: Plan, approvers: frozenset[str]) -> dict[str, Role]:
    sections = [config.section(table.source_ref) for table in plan.tables]
    owners = frozenset[str]().union(*(one.owners for one in sections if one))

    def role(who: str) -> Role:
        if who in config.approvals.approvers:
            return "approver"
        if who in owners:
            return "owner"
        return "admin" if who in config.admins else "rule"

    return {who: role(who) for who in approvers}


def _current(desk: CardDesk, plan: Plan) -> dict[TableRef, tuple[Column, ...]]:
    if desk.warehouse is None:
        return {}
    try:
        manifest = read_manifest(desk.warehouse)
    except WarehouseDamaged:  # the run will say so; a card without a comparison is still true
        return {}
    found = ((table.ref, manifest.find(table.ref)) for table in plan.tables)
    return {ref: entry.columns for ref, entry in found if entry}


def free_bytes(desk: CardDesk) -> int | None:
    """Say how much room the warehouse's disk has besides the reserve; None where nobody knows."""
    if desk.warehouse is None:
        return None
    try:
        return shutil.disk_usage(desk.warehouse).free - RESERVE_BYTES
    except OSError:  # before the first copy there is no folder
        return None
