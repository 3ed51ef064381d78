"""What tests of due schedules share: a desk on real Redis and Slack, a planner that can be told."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from redis import Redis

from app.bot_config import BotConfig, check_bot_config
from sandbox.slack.server import SlackStandIn
from sync.approvals import (
    Approval,
    pending_approvals,
)
from sync.errors import DuckferryError
from sync.plan import Plan, TableRef
from sync.runs import RunState, claim, finish, recent_runs
from sync.standing import StandingSchedule
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


def config(**changes: Any) -> BotConfig:
    return check_bot_config({**CONFIG, **changes}, "bot.toml")


Agree = Callable[..., StandingSchedule]


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


def take_bodies(redis: Redis) -> list[dict[str, str]]:
    return [json.loads(one["body"]) for one in inbox_of(redis) if one["kind"] == "schedule_due"]
