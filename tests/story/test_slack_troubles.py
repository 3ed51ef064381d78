"""When Slack is in the way: nothing crashes, who can be told is told, and what waits arrives."""

import pytest

from app.event_log import last_events, last_refusals
from sandbox.slack.values import BOT_USER_ID, TEAM_ID, Message
from tests.story.world import APPROVE, DATA, JUNHO, MINJI, World, shown


def direct(world: World, saying: str) -> Message:
    """Wait for what the bot tells 민지 directly."""
    return world.sandbox.slack.wait_for(
        lambda m: m.channel == "D0MINJI" and saying in shown(m), timeout_seconds=40
    )


def test_who_asked_in_a_channel_the_bot_is_put_out_of_is_answered_directly(shared: World) -> None:
    shared.synced("USERS")
    slack = shared.sandbox.slack
    shared.ask("USERS 테이블 몇 건이야?")
    slack.leave(BOT_USER_ID, DATA)
    try:
        told = shown(direct(shared, "봇이 그 채널에 없음"))
    finally:
        slack.join(BOT_USER_ID, DATA, JUNHO)
    assert f"<#{DATA}>" in told
    assert "USERS 테이블은 150건" in told
    assert ("not_in_channel", "chat.postMessage") in last_refusals(shared.redis)


def test_a_run_approved_in_a_channel_that_is_archived_meanwhile_is_done_and_told(
    shared: World,
) -> None:
    slack = shared.sandbox.slack
    asked = shared.ask("USERS 테이블 동기화 해줘")
    card = shared.open_card(asked)
    before = len(shared.runs())
    shared.press(card, APPROVE)
    slack.workspace.change_channel(DATA, is_archived=True)
    try:
        told = shown(direct(shared, "보관된 채널"))
    finally:
        slack.workspace.change_channel(DATA, is_archived=False)
    assert "동기화를 마쳤습니다" in told
    assert len(shared.runs()) == before + 1


@pytest.mark.parametrize(
    "reason", ["refresh_requested", "warning", "link_disabled", "too_many_websockets"]
)
def test_a_connection_slack_ends_is_opened_again_and_nothing_is_missed(
    shared: World, reason: str
) -> None:
    shared.sandbox.slack.disconnect(reason)
    assert "ORDERS (" in shared.answer(shared.ask("어떤 테이블이 있어?"))


def test_a_bot_that_was_put_out_answers_what_waits_once_it_is_let_in_again(shared: World) -> None:
    slack = shared.sandbox.slack
    slack.revoke_token()
    try:
        asked = shared.ask("어떤 테이블이 있어?")
        shared.until(lambda: ("token_revoked", "chat.postMessage") in last_refusals(shared.redis))
        assert "tokens_revoked" in last_events(shared.redis, TEAM_ID)
    finally:
        slack.restore_token()
    assert "ORDERS (" in shared.answer(asked)
    answers = [m for m in shared.said(asked) if "ORDERS (" in shown(m)]
    assert len(answers) == 1


def test_somebody_whose_account_ends_while_they_wait_keeps_nobody_else_waiting(
    shared: World,
) -> None:
    slack = shared.sandbox.slack
    for method in ("chat.startStream", "chat.postMessage"):
        slack.faults.refuse(method, "user_not_found")
    slack.workspace.change_user(MINJI, deleted=True)
    try:
        slack.direct_message(MINJI, "어떤 테이블이 있어?")
        shared.until(lambda: ("user_not_found", "chat.postMessage") in last_refusals(shared.redis))
        assert "ORDERS (" in shared.answer(shared.ask("what tables are there?", JUNHO))
    finally:
        slack.workspace.change_user(MINJI, deleted=False)
        slack.faults.clear()
