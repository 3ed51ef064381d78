"""A schedule of bot.toml asks by a card each time it is due."""

from dataclasses import replace

from app.due import handle_due, place_of_due
from app.due_desk import DueDesk
from app.places import Place
from sandbox.slack.server import SlackStandIn
from sync.approvals import (
    Click,
    decide,
    load_approval,
)
from sync.oracle_errors import OracleUnreachable
from tests.app.due_parts import (
    CHANNEL,
    NIGHTLY,
    TEAM,
    Planner,
    asking,
    config,
    newest,
    told,
)
from tests.app.parts import plan

pytest_plugins = ["tests.app.due_fixtures"]


def test_a_schedule_of_bot_toml_asks_by_a_card_in_its_channel_each_time(desk: DueDesk) -> None:
    handle_due(desk, NIGHTLY)
    handle_due(desk, NIGHTLY)
    handle_due(desk, {**NIGHTLY, "due": "2026-11-23T21:00Z"})
    asked = asking(desk.redis)
    assert len(asked) == 2
    assert {one.request.thread for one in asked} == {f"{TEAM}:{CHANNEL}:"}
    assert {one.request.requested_by for one in asked} == {"schedule:nightly"}
    assert place_of_due(desk, NIGHTLY) == Place(TEAM, CHANNEL)


def test_a_schedule_of_bot_toml_waits_while_its_last_run_goes_on(
    desk: DueDesk, slack: SlackStandIn
) -> None:
    handle_due(desk, NIGHTLY)
    [approval] = asking(desk.redis)
    click = Click(user="U0JUNHO", verdict="approve", digest=approval.request.digest)
    decide(desk.redis, approval, click, may_decide=True)
    handle_due(desk, {**NIGHTLY, "due": "2026-11-23T21:00Z"})
    assert asking(desk.redis) == []
    assert "아직 끝나지 않아" in told(slack)[0]


def test_what_a_schedule_of_bot_toml_missed_and_why_it_failed_is_told(
    desk: DueDesk, planner: Planner, slack: SlackStandIn
) -> None:
    handle_due(desk, {**NIGHTLY, "missed": "4"})
    planner.error = OracleUnreachable(source="main", detail="DPY-6005")
    handle_due(desk, {**NIGHTLY, "due": "2026-11-23T21:00Z"})
    missed, failed = told(slack)
    assert "4번을 놓쳐" in missed
    assert "연결할 수 없습니다" in failed


def test_a_schedule_that_is_no_longer_in_bot_toml_is_left_alone(
    desk: DueDesk, planner: Planner
) -> None:
    body = {"schedule": "gone", "due": "2026-11-22T21:00Z"}
    handle_due(desk, body)
    assert planner.asked == []
    assert place_of_due(desk, body) is None
    assert load_approval(desk.redis, "T1-0") is None


def test_a_rule_that_needs_nobody_lets_no_more_rows_through_than_it_says(
    desk: DueDesk, planner: Planner
) -> None:
    planner.plan = plan("CUSTOMERS", rows=700)
    rule = {"name": "small", "up_to_rows": 800, "decision": "auto"}
    handle_due(replace(desk, config=config(rule=[rule])), NIGHTLY)
    approval = newest(desk.redis)
    assert approval.decided_by == "rule:small"
    assert approval.request.plan.tables[0].max_rows == 800
