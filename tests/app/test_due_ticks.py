"""A tick leads to one run at most: not beside another, not in a window, not for what changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.due import handle_due, place_of_due
from app.due_desk import DueDesk
from app.settings import SlackSettings
from app.slack_gateway import SlackAway, make_client
from sandbox.slack.server import SlackStandIn
from sync.approvals import (
    schedules_key,
)
from sync.errors import PlanDrifted
from sync.oracle_errors import OracleUnreachable, SourceClosed
from sync.runs import open_runs, recent_runs
from sync.schedules import tick
from tests.app.due_parts import (
    NIGHTLY,
    TEAM,
    Agree,
    Planner,
    asking,
    due,
    end_newest,
    take_bodies,
    told,
)
from tests.app.parts import plan

pytest_plugins = ["tests.app.due_fixtures"]


def test_a_tick_that_is_handled_again_leads_to_one_run_and_one_plan(
    desk: DueDesk, agree: Agree, planner: Planner
) -> None:
    body = due(agree())
    for _ in range(3):
        handle_due(desk, body)
    assert len(open_runs(desk.redis)) == 1
    assert planner.asked == ["schedule:customers"]


def test_while_the_last_run_has_not_ended_a_tick_is_skipped_and_that_is_said_once(
    desk: DueDesk, agree: Agree, slack: SlackStandIn
) -> None:
    schedule = agree()
    handle_due(desk, due(schedule))
    for day in (23, 24):
        handle_due(desk, due(schedule, day=day))
    assert len(open_runs(desk.redis)) == 1
    assert told(slack) == ["예약 customers: 앞선 실행이 아직 끝나지 않아 이번에는 건너뜁니다."]
    end_newest(desk.redis)
    handle_due(desk, due(schedule, day=25))
    assert len(recent_runs(desk.redis, TEAM, 10)) == 2


def test_while_its_card_waits_no_other_one_is_asked(
    desk: DueDesk, agree: Agree, planner: Planner, slack: SlackStandIn
) -> None:
    planner.plan = plan("CUSTOMERS", rows=None)
    schedule = agree(language="en")
    for day in (22, 23, 24):
        handle_due(desk, due(schedule, day=day))
    assert len(asking(desk.redis)) == 1
    assert told(slack) == [
        "Schedule customers: its last card still waits for a decision, so this time it is skipped."
    ]


def test_what_was_missed_is_said_once(desk: DueDesk, agree: Agree, slack: SlackStandIn) -> None:
    body = due(agree(), missed="2")
    handle_due(desk, body)
    handle_due(desk, body)
    assert told(slack) == ["예약 customers: 시계가 멈춘 동안 2번을 놓쳐 한 번으로 합쳤습니다."]


def test_an_outage_of_oracle_is_told_once_and_again_only_after_it_worked(
    desk: DueDesk, agree: Agree, planner: Planner, slack: SlackStandIn
) -> None:
    schedule = agree()
    planner.error = OracleUnreachable(source="main", detail="DPY-6005")
    for day in (20, 21, 22):
        handle_due(desk, due(schedule, day=day))
    assert len(told(slack)) == 1
    assert "Oracle main에 연결할 수 없습니다" in told(slack)[0]
    planner.error = None
    handle_due(desk, due(schedule, day=23))
    end_newest(desk.redis)
    planner.error = PlanDrifted(table="SHOP.CUSTOMERS")
    handle_due(desk, due(schedule, day=24))
    assert len(told(slack)) == 2


@pytest.mark.parametrize("change", [{"paused": True}, {"agreed": "T1-2"}])
def test_a_schedule_that_was_changed_since_the_tick_is_left_alone(
    desk: DueDesk, agree: Agree, planner: Planner, change: dict[str, Any]
) -> None:
    body = due(agree())
    agree(**change)
    handle_due(desk, body)
    assert planner.asked == []


def test_a_deleted_schedule_is_left_alone(desk: DueDesk, agree: Agree, planner: Planner) -> None:
    body = due(agree())
    desk.redis.delete(schedules_key(TEAM))
    handle_due(desk, body)
    assert planner.asked == []
    assert place_of_due(desk, body) is None


def test_a_channel_that_is_gone_stops_no_run(desk: DueDesk, agree: Agree) -> None:
    handle_due(desk, due(agree(thread=f"{TEAM}:C0NOWHERE:1.1"), missed="1"))
    assert len(open_runs(desk.redis)) == 1


def test_while_slack_is_away_the_run_starts_and_what_is_to_be_told_is_told_later(
    desk: DueDesk, agree: Agree, planner: Planner, slack: SlackStandIn
) -> None:
    body = due(agree(), missed="2")
    away = {"bot_token": "xoxb-1", "app_token": "xapp-1", "api_url": "http://127.0.0.1:1/api/"}
    deaf = replace(desk, slack=make_client(SlackSettings.model_validate(away)))
    with pytest.raises(SlackAway):
        handle_due(deaf, body)
    assert len(open_runs(desk.redis)) == 1
    handle_due(desk, body)
    assert len(open_runs(desk.redis)) == 1
    assert len(told(slack)) == 1
    assert planner.asked == ["schedule:customers"]


def test_a_tick_in_a_window_is_fired_again_at_its_end_once(
    desk: DueDesk, agree: Agree, planner: Planner, slack: SlackStandIn
) -> None:
    schedule = agree()
    end = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
    planner.error = SourceClosed(source="main", until=end.isoformat(timespec="minutes"))
    for _ in range(2):
        handle_due(desk, due(schedule))
    assert len(told(slack)) == 1
    assert "그때 한 번 다시 시도" in told(slack)[0]
    tick(desk.redis, [], end - timedelta(seconds=1))
    assert take_bodies(desk.redis) == []
    for _ in range(2):
        tick(desk.redis, [], end)
    [body] = take_bodies(desk.redis)
    assert body == {**due(schedule), "put_off": end.isoformat()}
    planner.error = None
    handle_due(desk, body)
    assert len(open_runs(desk.redis)) == 1


def test_a_tick_that_finds_a_second_window_is_told_and_not_put_off_again(
    desk: DueDesk, agree: Agree, planner: Planner, slack: SlackStandIn
) -> None:
    planner.error = SourceClosed(source="main", until="2026-11-22T23:00+00:00")
    handle_due(desk, due(agree(), put_off="2026-11-22T22:00:00+00:00"))
    assert len(told(slack)) == 1
    tick(desk.redis, [], datetime(2026, 11, 23, tzinfo=UTC))
    assert take_bodies(desk.redis) == []


def test_what_was_missed_too_long_ago_is_told_and_not_run(
    desk: DueDesk, agree: Agree, planner: Planner, slack: SlackStandIn
) -> None:
    body = due(agree(), missed="3", too_late="1")
    for _ in range(2):
        handle_due(desk, body)
        handle_due(desk, {**NIGHTLY, "missed": "2", "too_late": "1"})
    assert planner.asked == []
    assert len(told(slack)) == 2
    assert "3번을 놓쳤고" in told(slack)[0]
