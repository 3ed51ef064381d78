"""What the bot does when a schedule is due: run it inside what was agreed on, or ask.

bot.toml's schedules ask by a card each time. What people agreed on in a conversation is planned
again and, inside its envelope, decided at once in the name of the schedule; outside it a card asks.
Each step is known by the tick, so an entry handled again goes on where it stopped.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import redis
from slack_sdk import WebClient

from app.bot_config import BotConfig
from app.core import approval_seconds
from app.failure_texts import word_failure
from app.places import Place, parse_place
from app.policy import Judgement, judge
from app.schedule_teller import Teller
from app.texts import say
from app.views.schedule_lines import outside_lines
from app.views.text import escape, person
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
from sync.errors import DuckferryError, RefusedByRule
from sync.names import resolve_table
from sync.plan import Plan, TableRef
from sync.runs import FINAL, load_run
from sync.schedules import Schedule, load_schedule, pause_schedule, progress_key
from sync.standing import ScheduleChange, StandingSchedule, has_passed, named_plan, outside
from sync.state import derived_id

log = logging.getLogger(__name__)

OPERATOR = "operator"
"""Owns what was agreed on at a terminal, and may always ask."""
PROLONGED_DAYS = 90
"""How much longer a schedule goes on whose last day has passed, if somebody says yes."""


@dataclass(frozen=True)
class DueDesk:
    """What handling a due schedule needs."""

    redis: "redis.Redis" = field(repr=False)
    config: BotConfig
    slack: WebClient
    team: str
    plan: Callable[[tuple[TableRef, ...], str], Plan]
    """Asks Oracle what a copy of some tables would do, for somebody. Raises any DuckferryError."""
    owner_may: Callable[[str], bool] = lambda _: True
    """Whether a Slack user may still ask for syncs."""
    owner_is_gone: Callable[[str], bool] = lambda _: False
    """Whether a Slack user's account is no longer there."""


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
    approval_id = derived_id(team, "schedule", name, schedule.agreed, due)
    approval = load_approval(desk.redis, approval_id)
    if approval is None:
        if _is_paused_now(desk, team, schedule, teller) or _is_running(teller, waits_too=True):
            return
        approval = _request(desk, schedule, teller, approval_id, due)
        if approval is None:
            return
    _settle(desk, approval)
    teller.keep("run", approval.id)
    show_card(desk.redis, approval.id)
    _tell_missed(teller, body)


def _request(
    desk: DueDesk, schedule: StandingSchedule, teller: Teller, approval_id: str, due: str
) -> Approval | None:
    """Plan the tables again and store what is asked for; None where they cannot be planned."""
    name = f"schedule:{schedule.name}"
    team = approval_id.rpartition("-")[0]
    try:
        plan, ruling = _planned(desk, schedule.tables, name)
    except DuckferryError as error:
        reason = escape(word_failure(schedule.language, error.failure))
        teller.once("outage", error.code, "schedule.outage", reason=reason)
        return None
    teller.forget("outage")
    seen = _last(teller)
    approved = seen.request.plan if seen and seen.state is ApprovalState.APPROVED else None
    breaches = outside(schedule, plan, _today(schedule), approved)
    request = Request(
        id=approval_id,
        plan=plan,
        requested_by=name,
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
        detail=f"{due}: {', '.join(one.reason for one in breaches) or 'inside what was agreed on'}",
    )
    return request_approval(
        desk.redis, request, expires_seconds=approval_seconds(desk.config), where="schedule"
    )


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
    elif ruling.effect == "auto":
        approve_by_rule(desk.redis, approval, ", ".join(ruling.rules))


def _is_paused_now(desk: DueDesk, team: str, schedule: StandingSchedule, teller: Teller) -> bool:
    """Pause a schedule that may not go on by itself, and say so; False if it may."""
    if has_passed(schedule, _today(schedule)):
        _ask_to_go_on(desk, team, schedule)
        pause_schedule(desk.redis, team, schedule, f"its last day was {schedule.until}")
        return True
    owner = schedule.owner
    if owner == OPERATOR:
        return False
    if desk.owner_is_gone(owner):
        phrase, why = "schedule.owner_gone", "its owner's account is gone"
    elif not desk.owner_may(owner):
        phrase, why = "schedule.owner_may_not", "its owner may no longer ask"
    else:
        return False
    # Said first: once it is paused, a tick that is handled again has nothing to say.
    teller.once("paused", schedule.agreed, phrase, who=person(owner))
    pause_schedule(desk.redis, team, schedule, why)
    return True


def _ask_to_go_on(desk: DueDesk, team: str, schedule: StandingSchedule) -> None:
    """Ask once whether a schedule whose last day has passed goes on for `PROLONGED_DAYS`."""
    approval_id = derived_id(team, "until", schedule.name, schedule.agreed)
    until = (_today(schedule) + timedelta(days=PROLONGED_DAYS)).isoformat()
    after = schedule.model_copy(update={"until": until, "agreed": approval_id})
    words = {"until": schedule.until or "", "new": until}
    request = Request(
        id=approval_id,
        plan=named_plan(schedule),
        change=ScheduleChange(action="resume", schedule=after),
        requested_by=f"schedule:{schedule.name}",
        thread=schedule.thread,
        language=schedule.language,
        schedule=schedule.name,
        reason=say(schedule.language, "schedule.out_until", **words),
    )
    request_approval(
        desk.redis, request, expires_seconds=approval_seconds(desk.config), where="schedule"
    )
    show_card(desk.redis, approval_id)


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
    approval_id = derived_id(desk.team, "schedule", name, due)
    approval = load_approval(desk.redis, approval_id)
    if approval is None:
        if _is_running(teller, waits_too=False):
            return
        try:
            approval = _request_configured(desk, found[0], approval_id, thread)
        except DuckferryError as error:
            reason = escape(word_failure(config.language, error.failure))
            teller.tell("schedule.failed", reason=reason)
            return
    ruling = judge(config, approval.request.plan)
    if approval.state is ApprovalState.PENDING and ruling.effect == "auto":
        approve_by_rule(desk.redis, approval, ", ".join(ruling.rules))
    teller.keep("run", approval.id)
    show_card(desk.redis, approval.id)
    _tell_missed(teller, body)


def _request_configured(
    desk: DueDesk, schedule: Schedule, approval_id: str, thread: str
) -> Approval:
    refs = tuple(resolve_table(table, desk.config.offered) for table in schedule.tables)
    plan, ruling = _planned(desk, refs, f"schedule {schedule.name}")
    request = Request(
        id=approval_id,
        plan=plan,
        requested_by=f"schedule:{schedule.name}",
        thread=thread,
        language=desk.config.language,
        schedule=schedule.name,
        quorum=ruling.quorum,
    )
    return request_approval(
        desk.redis, request, expires_seconds=approval_seconds(desk.config), where="schedule"
    )


# Both


def _planned(desk: DueDesk, refs: tuple[TableRef, ...], asker: str) -> tuple[Plan, Judgement]:
    """Plan and judge. Raises `RefusedByRule` where nobody can allow it, and any DuckferryError."""
    plan = desk.plan(refs, asker)
    ruling = judge(desk.config, plan)
    if ruling.effect == "refuse":
        raise RefusedByRule(rule=", ".join(ruling.rules), why=ruling.why)
    return plan, ruling


def _is_running(teller: Teller, *, waits_too: bool) -> bool:
    """Tell whether what the last tick led to has not ended; then it is said once."""
    last = _last(teller)
    if last is None:
        return False
    run = load_run(teller.redis, last.run_id) if last.run_id else None
    if run is not None and run.state not in FINAL:
        teller.once("skipped", last.id, "schedule.overlap")
        return True
    if waits_too and last.state is ApprovalState.PENDING:
        teller.once("skipped", last.id, "schedule.waits")
        return True
    return False


def _last(teller: Teller) -> Approval | None:
    last = teller.kept("run")
    return load_approval(teller.redis, last) if last else None


def _tell_missed(teller: Teller, body: Mapping[str, str]) -> None:
    if "missed" in body:
        teller.once("missed", body["due"], "schedule.missed", count=body["missed"])


def _today(schedule: StandingSchedule) -> date:
    return datetime.now(UTC).astimezone(ZoneInfo(schedule.timezone)).date()
