"""A schedule can always be stopped by a click, whatever the rules and tables have become."""

import pytest
from redis import Redis

from app.bot_config import Rule
from app.views.approval_card import APPROVE, REJECT
from sandbox.slack.values import TEAM_ID
from sync.approvals import ApprovalState, Request, schedules_key
from sync.standing import Action, ScheduleChange, StandingSchedule, named_plan
from tests.app.card_world import CHANNEL, CONFIG, JUNHO, MINJI, buttons, card_world
from tests.app.parts import plan

STRICT = CONFIG.model_copy(update={"rule": (Rule(name="none", decision="refuse"),)})


def wish(action: Action, request: Request) -> Request:
    schedule = StandingSchedule(
        name="gone",
        tables=(plan("GONE").tables[0].ref,),
        cron="0 6 * * *",
        timezone="Asia/Seoul",
        thread=f"{TEAM_ID}:{CHANNEL}:1.1",
        owner=MINJI,
        max_rows=(5_000,),
        paused=action == "pause",
    )
    change = ScheduleChange(action=action, schedule=schedule)
    return request.model_copy(update={"plan": named_plan(schedule), "change": change})


@pytest.mark.parametrize("action", ["pause", "delete"])
def test_a_schedule_of_a_table_no_longer_offered_is_stopped_by_one_yes(
    redis: Redis, action: Action
) -> None:
    redis.hset(schedules_key(TEAM_ID), "gone", "{}")
    with card_world(redis, STRICT) as world:
        approval, card = world.ask(wish=lambda request: wish(action, request))
        world.press(JUNHO, card, APPROVE)
        world.until(lambda: bool(world.clicks))
        assert world.now(approval).state is ApprovalState.APPROVED


def test_one_that_a_rule_refuses_by_now_is_not_resumed(redis: Redis) -> None:
    with card_world(redis, STRICT) as world:
        _, card = world.ask(wish=lambda request: wish("resume", request))
        assert buttons(card) == [REJECT]
