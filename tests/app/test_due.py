"""A due schedule runs inside what was agreed on, asks outside it, and tells each thing once."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from app.bot_config import BotConfig, check_bot_config
from app.due import handle_due, place_of_due
from app.due_desk import DueDesk
from app.places import Place
from app.settings import SlackSettings
from app.slack_gateway import SlackAway, make_client
from sandbox.slack.server import SlackStandIn, start_slack
from sync.approvals import (
    Approval,
    ApprovalState,
    Click,
    Request,
    agreed_key,
    decide,
    load_approval,
    pending_approvals,
    request_approval,
    schedules_key,
)
from sync.audit import read_audit
from sync.errors import DuckferryError, PlanDrifted
from sync.oracle_errors import OracleUnreachable, SourceClosed
from sync.plan import Plan, TableRef
from sync.runs import RunState, claim, finish, open_runs, recent_runs
from sync.schedules import load_schedule, tick
from sync.standing import StandingSchedule, shape_of
from sync.state import derived_id
from tests.app.parts import plan, receipt
from tests.sync.state_parts import inbox_of

TEAM, CHANNEL, MINJI = "T1", "C0DATA", "U0MINJI"
CONFIG: dict[str, Any] = {
    "language": "ko",
    "source": [{"name": "main", "dsn": "h/x", "user": "u"}],
    "table": [{"name": "SHOP.CUSTOMERS"}],
    "approvals": {"approvers": ["U0JUNHO"]},
    "schedule": [
        {
            "name": "nightly",
            "tables": ["SHOP.CUSTOMERS"],
            "cron": "0 6 * * *",
            "channel": CHANNEL,
            "timezone": "Asia/Seoul",
        }
    ],
}
NIGHTLY = {"schedule": "nightly", "due": "2026-11-22T21:00Z"}


@dataclass
class Planner:
    """Plans without Oracle: what it says of the table can be changed."""

    plan: Plan = field(default_factory=lambda: plan("CUSTOMERS", rows=2_000))
    error: DuckferryError | None = None
    asked: list[str] = field(default_factory=list[str])

    def __call__(self, refs: tuple[TableRef, ...], asker: str) -> Plan:
        self.asked.append(asker)
        if self.error:
            raise self.error
        return self.plan


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as running:
        yield running


@pytest.fixture
def planner() -> Planner:
    return Planner()


@pytest.fixture
def desk(redis: Redis, slack: SlackStandIn, planner: Planner) -> DueDesk:
    settings = {"bot_token": slack.bot_token, "app_token": "xapp-1", "api_url": slack.api_url}
    return DueDesk(
        redis=redis,
        config=config(),
        slack=make_client(SlackSettings.model_validate(settings)),
        team=TEAM,
        plan=planner,
    )


@pytest.fixture
def thread(slack: SlackStandIn) -> str:
    return f"{TEAM}:{CHANNEL}:{slack.post(MINJI, CHANNEL, '매일 아침 6시에 동기화 해줘')}"


def config(**changes: Any) -> BotConfig:
    return check_bot_config({**CONFIG, **changes}, "bot.toml")


Agree = Callable[..., StandingSchedule]


@pytest.fixture
def agree(redis: Redis, thread: str) -> Agree:
    def store(*yeses: str, **changes: Any) -> StandingSchedule:
        yeses = yeses or ("U0JUNHO",)
        parts: dict[str, Any] = {
            "name": "customers",
            "tables": (plan("CUSTOMERS").tables[0].ref,),
            "cron": "0 6 * * *",
            "timezone": "Asia/Seoul",
            "thread": thread,
            "owner": MINJI,
            "max_rows": (5_000,),
            "shapes": (shape_of(plan("CUSTOMERS").tables[0]),),
            "agreed": "T1-1",
        }
        schedule = StandingSchedule.model_validate({**parts, **changes})
        redis.hset(schedules_key(TEAM), schedule.name, schedule.model_dump_json())
        redis.hset(agreed_key(TEAM), schedule.name, json.dumps(yeses))
        return schedule

    return store


def due(schedule: StandingSchedule, day: int = 22, **more: str) -> dict[str, str]:
    moment = f"2026-11-{day}T21:00Z"
    name, agreed = schedule.name, schedule.agreed
    return {"schedule": name, "team": TEAM, "agreed": agreed, "due": moment, **more}


def told(slack: SlackStandIn) -> list[str]:
    """What the bot has said, its cards aside: here nobody draws them."""
    return [message.text for message in slack.messages() if message.user != MINJI]


def newest(redis: Redis) -> Approval:
    return recent_runs(redis, TEAM, 1)[0].approval


def end_newest(redis: Redis) -> None:
    run = recent_runs(redis, TEAM, 1)[0]
    assert claim(redis, run)
    assert finish(redis, run, RunState.PUBLISHED, receipt(run.approval.request.plan))


def asking(redis: Redis) -> list[Approval]:
    return pending_approvals(redis, TEAM, 10)


# What people agreed on


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


def test_a_tick_that_is_handled_again_leads_to_one_run_and_one_plan(
    desk: DueDesk, agree: Agree, planner: Planner
) -> None:
    body = due(agree())
    for _ in range(3):
        handle_due(desk, body)
    assert len(open_runs(desk.redis)) == 1
    assert planner.asked == ["schedule:customers"]


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


@pytest.mark.parametrize(
    "changes",
    [
        {"approvals": {"approvers": ["U0JUNHO"], "two_above_rows": 4_000}},
        {"approvals": {"approvers": ["U0ALICE"]}},
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


def test_a_rule_that_needs_nobody_lets_no_more_rows_through_than_it_says(
    desk: DueDesk, planner: Planner
) -> None:
    planner.plan = plan("CUSTOMERS", rows=700)
    rule = {"name": "small", "up_to_rows": 800, "decision": "auto"}
    handle_due(replace(desk, config=config(rule=[rule])), NIGHTLY)
    approval = newest(desk.redis)
    assert approval.decided_by == "rule:small"
    assert approval.request.plan.tables[0].max_rows == 800


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


def take_bodies(redis: Redis) -> list[dict[str, str]]:
    return [json.loads(one["body"]) for one in inbox_of(redis) if one["kind"] == "schedule_due"]


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


# bot.toml's


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
