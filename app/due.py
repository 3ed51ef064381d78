"""What the bot does when a schedule is due: run it inside what was agreed on, or ask.

bot.toml's schedules ask by a card each time. What people agreed on in a conversation is planned
again and, inside its envelope, decided at once in the name of the schedule; outside it a card asks.
Each step is known by the tick, so an entry handled again goes on where it stopped.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from app.core import approval_seconds
from app.due_conditions import has_nothing_to_copy
from app.due_desk import (
    DueDesk,
    is_let_through,
    is_running,
    last_of,
    planned,
    put_off_tick,
    tell_missed,
)
from app.due_pauses import OPERATOR, is_paused_now, person_of, today_of
from app.failure_texts import word_failure
from app.places import Place, parse_place
from app.policy import is_covered, judge
from app.schedule_teller import Teller
from app.views.schedule_lines import outside_lines
from app.views.text import with_dates
from sync.approvals import (
    Approval,
    ApprovalState,
    Click,
    Request,
    approve_by_rule,
    decide,
    load_approval,
    request_approval,
    show_card,
)
from sync.audit import note as note_audit
from sync.errors import DuckferryError
from sync.names import resolve_table
from sync.oracle_errors import SourceClosed
from sync.plan import Plan
from sync.schedules import Schedule, agreed_by, load_schedule, progress_key
from sync.skips import note_skip
from sync.standing import (
    Outside,
    StandingSchedule,
    outside,
    widest,
)
from sync.state import derived_id

log = logging.getLogger(__name__)


def handle_due(desk: DueDesk, body: Mapping[str, str]) -> None:
    """Do what a due entry of the clock asks for. Raises `SlackAway`, to be called again."""
    if "team" in body:
        _run_standing(desk, body)
    else:
        _ask_for_configured(desk, body)


def place_of_due(desk: DueDesk, body: Mapping[str, str]) -> Place | None:
    """Say where what comes of a due entry is told; None where its schedule is gone."""
    if "team" in body:
        schedule = load_schedule(desk.redis, body["team"], body["schedule"])
        place = parse_place(schedule.thread) if schedule else None
        return place if place and place.team == desk.team else None
    found = [one.channel for one in desk.config.schedule if one.name == body["schedule"]]
    return Place(desk.team, found[0]) if found else None


# What people agreed on


def _run_standing(desk: DueDesk, body: Mapping[str, str]) -> None:
    team, name, due = body["team"], body["schedule"], body["due"]
    schedule = load_schedule(desk.redis, team, name)
    if schedule is None or schedule.paused or schedule.agreed != body["agreed"]:
        log.info("schedule %s was due but has been changed since", name)
        return
    teller = Teller(
        desk.redis,
        desk.slack,
        desk.team,
        schedule.thread,
        progress_key(team, name),
        name,
        schedule.language,
    )
    if "too_late" in body:
        teller.once("missed", due, "schedule.too_late", count=body["missed"])
        return
    approval_id = derived_id(team, "schedule", name, schedule.agreed, due)
    approval = load_approval(desk.redis, approval_id)
    if approval is None:
        if is_paused_now(desk, team, schedule, teller):
            return
        held = is_running(teller, waits_too=True)
        if held:
            note_skip(desk.redis, team, name, held, datetime.now(UTC))
            return
        approval = _request(desk, schedule, teller, approval_id, body)
        if approval is None:
            return
    _settle(desk, approval)
    teller.keep("run", approval.id)
    show_card(desk.redis, approval.id)
    tell_missed(teller, body)


def _request(
    desk: DueDesk,
    schedule: StandingSchedule,
    teller: Teller,
    approval_id: str,
    body: Mapping[str, str],
) -> Approval | None:
    """Plan the tables again and store what is asked for.

    None where they cannot be planned, or have not changed and need not be copied.
    """
    name = f"schedule:{schedule.name}"
    team = approval_id.rpartition("-")[0]
    try:
        plan, ruling = planned(desk, schedule.tables, name)
        skips = schedule.only_if_changed and has_nothing_to_copy(
            desk, schedule, teller, plan, approval_id, body["due"]
        )
    except SourceClosed as error:
        put_off_tick(desk, teller, body, error)
        return None
    except DuckferryError as error:
        reason = with_dates(word_failure(schedule.language, error.failure))
        teller.once("outage", error.code, "schedule.outage", reason=reason)
        return None
    teller.forget("outage")
    if skips:
        return None
    seen = last_of(teller)
    approved = seen.request.plan if seen and seen.state is ApprovalState.APPROVED else None
    breaches = tuple(
        one
        for one in outside(schedule, plan, today_of(desk.redis, schedule), approved)
        if not _may_follow(desk, plan, one)
    )
    if breaches:
        plan = plan.capped(ruling.max_rows)
    else:
        breaches = _stricter(desk, team, schedule, plan)
        plan = plan.capped(schedule.max_rows)
    reasons = ", ".join(one.reason for one in breaches)
    request = Request(
        id=approval_id,
        plan=plan,
        requested_by=name,
        on_behalf_of=person_of(schedule),
        thread=schedule.thread,
        language=schedule.language,
        schedule=schedule.name,
        reason=" ".join(outside_lines(schedule.language, breaches)),
        quorum=ruling.quorum if breaches else 1,
    )
    note_audit(
        desk.redis,
        team,
        "schedule_due",
        who=name,
        subject=schedule.name,
        where=schedule.thread,
        detail=f"{body['due']}: {reasons or 'inside what was agreed on'}",
    )
    return request_approval(
        desk.redis, request, expires_seconds=approval_seconds(desk.config), where="schedule"
    )


def _may_follow(desk: DueDesk, plan: Plan, breach: Outside) -> bool:
    """Whether bot.toml lets the copy follow when a table's columns change."""
    changed = [table for table in plan.tables if str(table.ref) == breach.table]
    settings = desk.config.settings(changed[0].source_ref) if changed else None
    return breach.reason == "columns" and settings is not None and settings.drift == "evolve"


def _settle(desk: DueDesk, approval: Approval) -> None:
    """Decide what the envelope's one yes covers, or what a rule allows; the rest is asked."""
    request = approval.request
    if approval.state is not ApprovalState.PENDING:
        return
    ruling = judge(desk.config, request.plan)
    if not request.reason:
        click = Click(
            user=request.requested_by, verdict="approve", digest=request.digest, where="schedule"
        )
        decide(desk.redis, approval, click, may_decide=True)
    elif is_let_through(ruling, request.plan):
        approve_by_rule(desk.redis, approval, ", ".join(ruling.rules))


def _stricter(
    desk: DueDesk, team: str, schedule: StandingSchedule, plan: Plan
) -> tuple[Outside, ...]:
    """Say whether bot.toml asks for more by now than the yeses the schedule got."""
    ruling = judge(desk.config, widest(plan, schedule))
    yeses = agreed_by(desk.redis, team, schedule.name)
    # Whoever runs botctl decides in the place of everybody, but of no rule that refuses.
    by_operator = OPERATOR in yeses and ruling.effect != "refuse"
    covered = by_operator or is_covered(ruling, desk.groups, yeses, schedule.owner)
    return () if covered else (Outside(reason="policy"),)


# bot.toml's


def _ask_for_configured(desk: DueDesk, body: Mapping[str, str]) -> None:
    config, name, due = desk.config, body["schedule"], body["due"]
    found = [schedule for schedule in config.schedule if schedule.name == name]
    if not found:
        log.warning("schedule %s was due but is no longer in bot.toml", name)
        return
    thread = str(Place(desk.team, found[0].channel))
    progress = progress_key(desk.team, f"bot.toml:{name}")
    teller = Teller(desk.redis, desk.slack, desk.team, thread, progress, name, config.language)
    if "too_late" in body:
        teller.once("missed", due, "schedule.too_late", count=body["missed"])
        return
    approval_id = derived_id(desk.team, "schedule", name, due)
    approval = load_approval(desk.redis, approval_id)
    if approval is None:
        if is_running(teller, waits_too=False):
            return
        try:
            approval = _request_configured(desk, found[0], approval_id, thread)
        except SourceClosed as error:
            put_off_tick(desk, teller, body, error)
            return
        except DuckferryError as error:
            reason = with_dates(word_failure(config.language, error.failure))
            teller.tell("schedule.failed", reason=reason)
            return
    ruling = judge(config, approval.request.plan)
    if approval.state is ApprovalState.PENDING and is_let_through(ruling, approval.request.plan):
        approve_by_rule(desk.redis, approval, ", ".join(ruling.rules))
    teller.keep("run", approval.id)
    show_card(desk.redis, approval.id)
    tell_missed(teller, body)


def _request_configured(
    desk: DueDesk, schedule: Schedule, approval_id: str, thread: str
) -> Approval:
    refs = tuple(resolve_table(table, desk.config.offered) for table in schedule.tables)
    plan, ruling = planned(desk, refs, f"schedule {schedule.name}")
    request = Request(
        id=approval_id,
        plan=plan.capped(ruling.max_rows),
        requested_by=f"schedule:{schedule.name}",
        thread=thread,
        language=desk.config.language,
        schedule=schedule.name,
        quorum=ruling.quorum,
    )
    return request_approval(
        desk.redis, request, expires_seconds=approval_seconds(desk.config), where="schedule"
    )
