"""A schedule that may not go on by itself is paused once, and its people are told why."""

from dataclasses import replace
from typing import Any

import pytest

from app.due import handle_due
from app.due_desk import DueDesk
from sandbox.slack.server import SlackStandIn
from sync.approvals import (
    Click,
    decide,
)
from sync.audit import read_audit
from sync.runs import open_runs
from sync.schedules import load_schedule
from tests.app.due_parts import (
    MINJI,
    TEAM,
    Agree,
    Planner,
    asking,
    config,
    due,
    newest,
    told,
)

pytest_plugins = ["tests.app.due_fixtures"]


def test_a_last_day_that_has_passed_pauses_the_schedule_and_asks_once_to_go_on(
    desk: DueDesk, agree: Agree, planner: Planner
) -> None:
    schedule = agree(until="2020-01-01")
    for day in (22, 23):
        handle_due(desk, due(schedule, day=day))
    assert planner.asked == []
    [approval] = asking(desk.redis)
    change = approval.request.change
    assert change is not None
    assert change.action == "resume"
    assert "2020-01-01" in approval.request.reason
    paused = load_schedule(desk.redis, TEAM, "customers")
    assert paused is not None
    assert paused.paused
    click = Click(user="U0JUNHO", verdict="approve", digest=approval.request.digest)
    assert decide(desk.redis, approval, click, may_decide=True) == "approved"
    resumed = load_schedule(desk.redis, TEAM, "customers")
    assert resumed is not None
    assert (resumed.paused, resumed.until) == (False, change.schedule.until)
    handle_due(desk, due(resumed, day=24))
    assert newest(desk.redis).decided_by == "schedule:customers"


def test_an_owner_who_left_pauses_the_schedule_and_it_is_said(
    desk: DueDesk, agree: Agree, planner: Planner, slack: SlackStandIn
) -> None:
    schedule = agree()
    changed = replace(desk, owner_is_gone=[MINJI].__contains__)
    for day in (22, 23):
        handle_due(changed, due(schedule, day=day))
    paused = load_schedule(desk.redis, TEAM, "customers")
    assert paused is not None
    assert paused.paused
    assert planner.asked == []
    [said] = told(slack)
    assert "계정이 없어져 일시 중지" in said
    assert f"<@{MINJI}>" in said


def test_what_an_operator_owns_asks_nobody_whether_they_may(desk: DueDesk, agree: Agree) -> None:
    schedule = agree(owner="operator")
    nobody = replace(desk, owner_is_gone={"operator"}.__contains__)
    handle_due(nobody, due(schedule))
    assert len(open_runs(desk.redis)) == 1


GROUPED = {"approvals": {"approvers": ["S0LEADS"]}}


@pytest.mark.parametrize(
    ("changes", "members"),
    [
        ({"approvals": {"approvers": ["U0ALICE"]}}, None),
        (GROUPED, frozenset({"U0ALICE"})),
        (GROUPED, frozenset[str]()),
    ],
)
def test_where_nobody_who_said_yes_may_decide_any_more_it_is_paused_and_told_once(
    desk: DueDesk,
    agree: Agree,
    planner: Planner,
    slack: SlackStandIn,
    changes: dict[str, Any],
    members: frozenset[str] | None,
) -> None:
    schedule = agree("U0JUNHO", "U0EVE")
    left = replace(desk, config=config(**changes), members={"S0LEADS": members}.get)
    for day in (22, 23):
        handle_due(left, due(schedule, day=day))
    paused = load_schedule(desk.redis, TEAM, "customers")
    assert paused is not None
    assert paused.paused
    assert (planner.asked, asking(desk.redis)) == ([], [])
    [said] = told(slack)
    assert "<@U0JUNHO>, <@U0EVE>이(가) 이 테이블을 더는 결정할 수 없어 일시 중지했습니다" in said
    assert "재개를 요청하세요" in said
    [noted] = [one for one in read_audit(desk.redis, TEAM) if one.what == "schedule_changed"]
    assert "none of those who said yes (U0JUNHO, U0EVE) may decide about it" in noted.detail


@pytest.mark.parametrize(
    "changes",
    [
        {"admins": ["U0JUNHO"], "approvals": {}},
        {"approvals": {}, "table": [{"name": "SHOP.CUSTOMERS", "owners": ["U0JUNHO"]}]},
        {"rule": [{"name": "mine", "approvers": ["U0JUNHO"]}], "approvals": {}},
    ],
)
def test_whoever_may_still_decide_by_another_role_keeps_it_going(
    desk: DueDesk, agree: Agree, changes: dict[str, Any]
) -> None:
    handle_due(replace(desk, config=config(**changes)), due(agree("U0JUNHO", "U0EVE")))
    assert newest(desk.redis).decided_by == "schedule:customers"


def test_while_slack_does_not_say_who_is_in_a_group_nothing_is_paused_and_a_card_asks(
    desk: DueDesk, agree: Agree, slack: SlackStandIn
) -> None:
    away = replace(desk, config=config(**GROUPED), members={"S0LEADS": None}.get)
    handle_due(away, due(agree()))
    assert len(asking(desk.redis)) == 1
    kept = load_schedule(desk.redis, TEAM, "customers")
    assert kept is not None
    assert not kept.paused
    assert told(slack) == []
