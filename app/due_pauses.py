"""When a schedule may not go on by itself: it is paused, once, and its people are told why."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import redis

from app.core import approval_seconds
from app.due_desk import DueDesk
from app.policy import judge
from app.schedule_teller import Teller
from app.texts import say
from app.views.text import person
from sync.approvals import Request, request_approval, show_card
from sync.pauses import note_pause
from sync.schedules import agreed_by, base_of, pause_schedule
from sync.standing import ScheduleChange, StandingSchedule, has_passed, named_plan, widest
from sync.state import derived_id, moment_of

OPERATOR = "operator"
"""Owns what was agreed on at a terminal, and may always ask."""
PROLONGED_DAYS = 90
"""How much longer a schedule goes on whose last day has passed, if somebody says yes."""


def is_paused_now(desk: DueDesk, team: str, schedule: StandingSchedule, teller: Teller) -> bool:
    """Pause a schedule that may not go on by itself, and say so; False if it may."""
    if has_passed(schedule, today_of(desk.redis, schedule)):
        _ask_to_go_on(desk, team, schedule)
        note_pause(desk.redis, team, schedule, "last_day")
        pause_schedule(desk.redis, team, schedule, f"its last day was {schedule.until}")
        return True
    owner = schedule.owner
    # Said first: once it is paused, a tick that is handled again has nothing to say.
    if owner != OPERATOR and desk.owner_is_gone(owner):
        teller.once("paused", schedule.agreed, "schedule.owner_gone", who=person(owner))
        note_pause(desk.redis, team, schedule, "owner_gone")
        pause_schedule(desk.redis, team, schedule, "its owner's account is gone")
        return True
    yeses = agreed_by(desk.redis, team, schedule.name)
    if _stand_on_nobody(desk, schedule, yeses):
        who = ", ".join(map(person, yeses))
        teller.once("paused", schedule.agreed, "schedule.role_lost", who=who)
        note_pause(desk.redis, team, schedule, "role_lost")
        why = f"none of those who said yes ({', '.join(yeses)}) may decide about it any more"
        pause_schedule(desk.redis, team, schedule, why)
        return True
    return False


def person_of(schedule: StandingSchedule) -> str:
    """Give the person a schedule acts for, if it is one."""
    return "" if schedule.owner == OPERATOR else schedule.owner


def today_of(client: "redis.Redis", schedule: StandingSchedule) -> date:
    """Give the date by a schedule's own clock."""
    return moment_of(client).astimezone(ZoneInfo(schedule.timezone)).date()


def _stand_on_nobody(desk: DueDesk, schedule: StandingSchedule, yeses: tuple[str, ...]) -> bool:
    """Whether nobody who said yes may decide about its tables, by the rules or without them.

    A rule that asks for others, or for more of them, takes nobody's place away: then a card asks.
    So does Slack where it does not say who is in a group.
    """
    if not yeses or OPERATOR in yeses:
        return False
    ruling = judge(desk.config, widest(named_plan(schedule), schedule))
    if ruling.effect == "auto":
        return False
    may = ruling.approvers | desk.config.deciders(schedule.tables)
    groups = [desk.members(one) for one in may if one.startswith("S")]
    if None in groups:
        return False
    return not may.union(*(group for group in groups if group)).intersection(yeses)


def _ask_to_go_on(desk: DueDesk, team: str, schedule: StandingSchedule) -> None:
    """Ask once whether a schedule whose last day has passed goes on for `PROLONGED_DAYS`."""
    approval_id = derived_id(team, "until", schedule.name, schedule.agreed)
    until = (today_of(desk.redis, schedule) + timedelta(days=PROLONGED_DAYS)).isoformat()
    after = schedule.model_copy(update={"until": until, "agreed": approval_id})
    paused = schedule.model_copy(update={"paused": True}).model_dump_json()
    words = {"until": schedule.until or "", "new": until}
    request = Request(
        id=approval_id,
        plan=named_plan(schedule),
        # By then it is paused: that is what a yes is about.
        change=ScheduleChange(action="resume", schedule=after, base=base_of(paused)),
        requested_by=f"schedule:{schedule.name}",
        on_behalf_of=person_of(schedule),
        thread=schedule.thread,
        language=schedule.language,
        schedule=schedule.name,
        reason=say(schedule.language, "schedule.out_until", **words),
    )
    request_approval(
        desk.redis, request, expires_seconds=approval_seconds(desk.config), where="schedule"
    )
    show_card(desk.redis, approval_id)
