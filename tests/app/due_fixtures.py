"""A desk for due schedules on real Redis and Slack, and a schedule that was agreed on."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from app.due_desk import DueDesk
from app.settings import SlackSettings
from app.slack_gateway import make_client
from sandbox.slack.server import SlackStandIn, start_slack
from sync.approvals import (
    agreed_key,
    schedules_key,
)
from sync.standing import StandingSchedule, shape_of
from tests.app.due_parts import CHANNEL, MINJI, TEAM, Agree, Planner, config
from tests.app.parts import plan


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
