"""A table that fails again and again is one message with a thread, and then good news."""

from collections.abc import Iterator

import pytest
from redis import Redis

from app.bot_config import Alerts, BotConfig
from app.incidents import Desk, tell_incidents
from app.settings import SlackSettings
from app.slack_gateway import SlackAway, make_client
from sandbox.slack.server import SlackStandIn, start_slack
from sandbox.slack.values import Message
from sync.errors import DiskFull
from sync.runs import Run, RunState
from tests.app.parts import plan, receipt, request, run, shown

OPS, DATA = "C0SALES", "C0DATA"


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as running:
        yield running


def desk(redis: Redis, slack: SlackStandIn, channel: str = OPS) -> Desk:
    settings = {"bot_token": slack.bot_token, "app_token": "xapp-1", "api_url": slack.api_url}
    client = make_client(SlackSettings.model_validate(settings))
    return Desk(redis, client, BotConfig(language="en", alerts=Alerts(channel=channel)))


def ended(state: RunState, number: int, *tables: str, schedule: str | None = None) -> Run:
    wish = request(
        plan(*tables or ("ORDERS",)),
        approval_id=f"T1-{number:032x}",
        thread=f"T1:{DATA}:",
        schedule=schedule,
    )
    if state is RunState.PUBLISHED:
        return run(wish, state, receipt=receipt(wish.plan))
    return run(wish, state, failure=DiskFull().failure)


def told(slack: SlackStandIn, channel: str = OPS) -> list[Message]:
    return list(slack.messages(channel))


def test_the_first_failure_is_a_message_and_its_reason_stands_in_the_thread(
    redis: Redis, slack: SlackStandIn
) -> None:
    tell_incidents(desk(redis, slack), ended(RunState.FAILED, 1))
    head, reason = told(slack)
    assert "Syncs of *main.SHOP.ORDERS* fail: 1 so far" in shown(head.blocks)
    assert reason.thread_ts == head.ts
    assert "disk" in shown(reason.blocks)


def test_repeats_go_into_its_thread_and_the_head_counts_them(
    redis: Redis, slack: SlackStandIn
) -> None:
    at = desk(redis, slack)
    for number in range(3):
        tell_incidents(at, ended(RunState.FAILED, number))
    head, *reasons = told(slack)
    assert "3 so far" in shown(head.blocks)
    assert [reason.thread_ts for reason in reasons] == [head.ts] * 3


def test_the_same_end_told_again_after_a_crash_counts_once(
    redis: Redis, slack: SlackStandIn
) -> None:
    at = desk(redis, slack)
    for _ in range(3):
        tell_incidents(at, ended(RunState.FAILED, 1))
    head, _reason = told(slack)
    assert "1 so far" in shown(head.blocks)


def test_a_failure_slack_took_half_of_counts_once_and_its_reason_comes_later(
    redis: Redis, slack: SlackStandIn
) -> None:
    at = desk(redis, slack)
    tell_incidents(at, ended(RunState.FAILED, 1))
    slack.faults.refuse("chat.postMessage", "internal_error", times=2)
    for _ in range(2):
        with pytest.raises(SlackAway):
            tell_incidents(at, ended(RunState.FAILED, 2))
    tell_incidents(at, ended(RunState.FAILED, 2))
    head, *reasons = told(slack)
    assert "2 so far" in shown(head.blocks)
    assert len(reasons) == 2


def test_recovery_edits_the_head_and_the_next_failure_is_a_new_message(
    redis: Redis, slack: SlackStandIn
) -> None:
    at = desk(redis, slack)
    tell_incidents(at, ended(RunState.FAILED, 1))
    tell_incidents(at, ended(RunState.PUBLISHED, 2))
    head, _reason = told(slack)
    assert "work again, after 1 that failed" in shown(head.blocks)
    tell_incidents(at, ended(RunState.PUBLISHED, 3))
    assert len(told(slack)) == 2
    tell_incidents(at, ended(RunState.FAILED, 4))
    assert [message.thread_ts for message in told(slack)].count(None) == 2


def test_each_table_of_a_run_is_an_incident_of_its_own(redis: Redis, slack: SlackStandIn) -> None:
    at = desk(redis, slack)
    tell_incidents(at, ended(RunState.FAILED, 1, "ORDERS", "USERS"))
    tell_incidents(at, ended(RunState.PUBLISHED, 2, "USERS"))
    heads = [shown(one.blocks) for one in told(slack) if one.thread_ts is None]
    assert ["work again" in head for head in heads] == [False, True]


def test_without_a_channel_only_what_a_schedule_started_is_told_where_it_lives(
    redis: Redis, slack: SlackStandIn
) -> None:
    at = desk(redis, slack, channel="")
    tell_incidents(at, ended(RunState.FAILED, 1))
    assert told(slack, DATA) == []
    tell_incidents(at, ended(RunState.FAILED, 2, schedule="nightly"))
    assert len(told(slack, DATA)) == 2


@pytest.mark.parametrize("state", [RunState.CANCELLED, RunState.SUPERSEDED])
def test_what_was_stopped_or_never_ran_is_no_incident(
    redis: Redis, slack: SlackStandIn, state: RunState
) -> None:
    tell_incidents(desk(redis, slack), ended(state, 1))
    assert told(slack) == []
