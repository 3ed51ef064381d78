"""Inside what was agreed on a due schedule runs by itself; outside it a card asks."""

from dataclasses import replace
from typing import Any

import pytest

from app.due import handle_due, place_of_due
from app.due_desk import DueDesk
from sandbox.slack.server import SlackStandIn
from sync.approvals import (
    ApprovalState,
    Click,
    Request,
    agreed_key,
    decide,
    request_approval,
    schedules_key,
)
from sync.audit import read_audit
from sync.runs import open_runs
from sync.state import derived_id
from tests.app.due_parts import (
    MINJI,
    TEAM,
    Agree,
    Planner,
    asking,
    config,
    due,
    end_newest,
    newest,
    told,
)
from tests.app.parts import plan

pytest_plugins = ["tests.app.due_fixtures"]


def test_a_run_inside_the_envelope_is_decided_at_once_in_the_name_of_the_schedule(
    desk: DueDesk, agree: Agree, planner: Planner, slack: SlackStandIn
) -> None:
    schedule = agree()
    handle_due(desk, due(schedule))
    approval = newest(desk.redis)
    assert (approval.state, approval.decided_by) == (
        ApprovalState.APPROVED,
        "schedule:customers",
    )
    assert approval.request.plan == planner.plan.capped((5_000,))
    assert approval.request.plan.tables[0].max_rows == 5_000
    assert approval.request.on_behalf_of == MINJI
    assert approval.request.thread == schedule.thread
    assert open_runs(desk.redis) == [approval.id]
    assert told(slack) == []
    noted = [(entry.what, entry.who) for entry in read_audit(desk.redis, TEAM)]
    assert noted == [
        ("schedule_due", "schedule:customers"),
        ("requested", "schedule:customers"),
        ("approved", "schedule:customers"),
    ]


def test_more_rows_than_agreed_ask_by_a_card_that_says_why(
    desk: DueDesk, agree: Agree, planner: Planner
) -> None:
    planner.plan = plan("CUSTOMERS", rows=5_001)
    handle_due(desk, due(agree()))
    [approval] = asking(desk.redis)
    assert (
        approval.request.reason == "SHOP.CUSTOMERS이(가) 약 5,001행으로 합의한 5,000행을 넘습니다."
    )
    assert approval.request.schedule == "customers"
    assert open_runs(desk.redis) == []


def test_changed_columns_ask_until_a_person_has_said_yes_to_them(
    desk: DueDesk, agree: Agree, planner: Planner
) -> None:
    schedule = agree()
    table = planner.plan.tables[0]
    columns = (table.columns[0].model_copy(update={"name": "NEW"}),)
    changed = (table.model_copy(update={"columns": columns}),)
    planner.plan = planner.plan.model_copy(update={"tables": changed})
    handle_due(desk, due(schedule))
    [approval] = asking(desk.redis)
    assert "열이나 키가" in approval.request.reason
    click = Click(user="U0JUNHO", verdict="approve", digest=approval.request.digest)
    decide(desk.redis, approval, click, may_decide=True)
    end_newest(desk.redis)
    handle_due(desk, due(schedule, day=23))
    assert newest(desk.redis).decided_by == "schedule:customers"
    assert asking(desk.redis) == []


def test_a_rule_that_refuses_is_told_and_one_that_needs_nobody_lets_it_run(
    desk: DueDesk, agree: Agree, planner: Planner, slack: SlackStandIn
) -> None:
    planner.plan = plan("CUSTOMERS", rows=9_000)
    schedule = agree()
    rule = {"name": "small", "tables": ["SHOP.*"], "decision": "refuse", "why": "not now"}
    handle_due(replace(desk, config=config(rule=[rule])), due(schedule))
    assert (asking(desk.redis), open_runs(desk.redis)) == ([], [])
    assert "not now" in told(slack)[0]
    allowing = config(rule=[{**rule, "decision": "auto"}])
    handle_due(replace(desk, config=allowing), due(schedule, day=23))
    assert newest(desk.redis).decided_by == "rule:small"


@pytest.mark.parametrize(
    "changes",
    [
        {"approvals": {"approvers": ["U0JUNHO"], "two_above_rows": 4_000}},
        {"rule": [{"name": "others", "approvers": ["U0ALICE"]}]},
        {"rule": [{"name": "large", "above_rows": 4_000, "decision": "refuse"}]},
    ],
)
def test_where_bot_toml_asks_for_more_than_the_yes_the_schedule_got_its_run_asks(
    desk: DueDesk, agree: Agree, changes: dict[str, Any]
) -> None:
    handle_due(replace(desk, config=config(**changes)), due(agree()))
    [approval] = asking(desk.redis)
    assert approval.request.reason == "이 예약이 받은 승인이 지금의 승인 규칙에는 모자랍니다."
    assert open_runs(desk.redis) == []


def leads(_: str) -> frozenset[str]:
    return frozenset({"U0ALICE", "U0EVE"})


def test_members_of_the_group_that_said_yes_are_enough_and_so_is_the_operator(
    desk: DueDesk, agree: Agree
) -> None:
    rule = {"name": "leads", "approvers": ["S0LEADS"], "quorum": 2}
    strict = replace(desk, config=config(rule=[rule]), groups=leads)
    handle_due(strict, due(agree("U0ALICE", "U0EVE")))
    handle_due(strict, due(agree("operator", name="other", owner="operator")))
    assert asking(desk.redis) == []
    assert len(open_runs(desk.redis)) == 2


def test_what_a_kill_left_between_asking_and_deciding_is_decided_by_the_next_try(
    desk: DueDesk, agree: Agree
) -> None:
    schedule = agree()
    request = Request(
        id=derived_id(TEAM, "schedule", "customers", "T1-1", "2026-11-22T21:00Z"),
        plan=plan("CUSTOMERS", rows=2_000),
        requested_by="schedule:customers",
        thread=schedule.thread,
        language="ko",
        schedule="customers",
    )
    request_approval(desk.redis, request, expires_seconds=3600)
    handle_due(desk, due(schedule))
    assert newest(desk.redis).decided_by == "schedule:customers"


def test_a_schedule_of_the_terminal_runs_and_tells_slack_nothing(
    desk: DueDesk, agree: Agree, slack: SlackStandIn
) -> None:
    schedule = agree(thread="local:terminal:1")
    body = {**due(schedule, missed="3"), "team": "local"}
    desk.redis.rename(schedules_key(TEAM), schedules_key("local"))
    desk.redis.rename(agreed_key(TEAM), agreed_key("local"))
    handle_due(desk, body)
    assert len(open_runs(desk.redis)) == 1
    assert told(slack) == []
    assert place_of_due(desk, body) is None
