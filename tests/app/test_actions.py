"""Every click on a card is decided once and answered: in private, or on the card for all."""

import threading
import time
from collections.abc import Iterator

import pytest
from redis import Redis

from app.bot_config import Approvals, Rule
from app.views.approval_card import AGAIN, APPROVE, CANCEL, EDIT, REJECT, approval_card
from app.views.card_parts import CardFacts
from sandbox.slack.values import BOT_USER_ID
from sync.approvals import ApprovalState
from sync.errors import VerificationFailed
from sync.oracle_errors import OracleUnreachable
from sync.plan import Plan, Wish
from sync.runs import RunState, claim, finish, load_run
from sync.state import new_id
from tests.app.card_world import (
    ALICE,
    CHANNEL,
    CONFIG,
    EVE,
    JUNHO,
    MINJI,
    CardWorld,
    buttons,
    card_world,
    changed,
    planned,
)
from tests.app.parts import approval as an_approval
from tests.app.parts import plan, request, shown


@pytest.fixture
def world(redis: Redis) -> Iterator[CardWorld]:
    with card_world(redis) as running:
        yield running


def test_a_yes_takes_the_buttons_away_says_who_and_queues_one_run(world: CardWorld) -> None:
    asked, card = world.ask()
    assert buttons(card) == [APPROVE, EDIT, REJECT]
    world.press(JUNHO, card, APPROVE)
    done = world.card(asked, "Sync is queued")
    assert done.ts == card.ts
    assert buttons(done) == [CANCEL]
    assert "approved by <@U0JUNHO>" in shown(done.blocks)
    world.press(ALICE, card, APPROVE, version=0)
    assert "<@U0JUNHO> has approved this already." in world.whispered(ALICE, "already")
    assert world.audit(asked)[:3] == [
        ("requested", MINJI),
        ("approved", JUNHO),
        ("click_refused", ALICE),
    ]


def test_who_may_not_is_told_in_private_who_may_and_the_card_stays(world: CardWorld) -> None:
    asked, card = world.ask()
    for button, saying in ((APPROVE, "may approve"), (REJECT, "may approve"), (EDIT, "may edit")):
        world.press(EVE, card, button)
        told = world.whispered(EVE, saying)
        if button != EDIT:
            assert "<@U0ALICE>, <@U0JUNHO>" in told
    assert world.now(asked).state is ApprovalState.PENDING
    assert len(world.slack.workspace.versions(CHANNEL, card.ts)) == 1
    assert world.slack.view_of(EVE) is None
    assert world.audit(asked) == [("requested", MINJI), *[("click_refused", EVE)] * 3]


def test_a_no_is_asked_for_a_reason_that_stands_on_the_card(world: CardWorld) -> None:
    asked, card = world.ask()
    world.press(JUNHO, card, REJECT)
    form = world.slack.wait_for_view(JUNHO)
    assert form["title"]["text"] == "Reject the sync"
    assert world.now(asked).state is ApprovalState.PENDING
    world.slack.submit(JUNHO, {"reason": "month end <!channel>"})
    done = world.card(asked, "Sync was rejected")
    assert "rejected by <@U0JUNHO>" in shown(done.blocks)
    assert "reason: month end &lt;!channel&gt;" in shown(done.blocks)
    assert buttons(done) == []
    assert world.now(asked).reason == "month end <!channel>"


def test_the_reason_may_be_left_out_and_the_form_closed(world: CardWorld) -> None:
    asked, card = world.ask()
    world.press(JUNHO, card, REJECT)
    world.slack.wait_for_view(JUNHO)
    world.slack.close_view(JUNHO)
    world.press(JUNHO, card, REJECT)
    world.slack.wait_for_view(JUNHO)
    world.slack.submit(JUNHO)
    done = world.card(asked, "Sync was rejected")
    assert "reason:" not in shown(done.blocks)


def test_a_reason_that_comes_after_another_decision_changes_nothing(world: CardWorld) -> None:
    asked, card = world.ask()
    world.press(JUNHO, card, REJECT)
    world.slack.wait_for_view(JUNHO)
    world.press(ALICE, card, APPROVE)
    world.card(asked, "Sync is queued")
    world.slack.submit(JUNHO, {"reason": "no"})
    assert "<@U0ALICE> has approved this already." in world.whispered(JUNHO, "already")
    assert world.now(asked).state is ApprovalState.APPROVED


def test_who_asked_withdraws_at_once(world: CardWorld) -> None:
    asked, card = world.ask()
    world.press(MINJI, card, REJECT)
    done = world.card(asked, "Sync request was withdrawn")
    assert "withdrawn by <@U0MINJI>" in shown(done.blocks)
    assert "Who asked has withdrawn it" in shown(done.blocks)
    assert world.slack.view_of(MINJI) is None
    world.press(JUNHO, card, APPROVE, version=0)
    assert "<@U0MINJI> has withdrawn this already." in world.whispered(JUNHO, "already")


@pytest.mark.parametrize("error", ["expired_trigger_id", "exchanged_trigger_id"])
@pytest.mark.parametrize("button", [EDIT, REJECT])
def test_a_form_that_cannot_be_opened_in_time_is_said(
    world: CardWorld, button: str, error: str
) -> None:
    asked, card = world.ask()
    world.slack.faults.refuse("views.open", error)
    world.press(JUNHO, card, button)
    world.whispered(JUNHO, "press the button again")
    world.press(JUNHO, card, button)
    world.slack.wait_for_view(JUNHO)
    assert world.now(asked).state is ApprovalState.PENDING


def test_two_people_are_needed_where_the_policy_says_so(redis: Redis) -> None:
    with card_world(redis, changed(CONFIG, two_above_rows=1_000)) as world:
        asked, card = world.ask()
        assert "0 of 2 approvals: 2 different people must approve" in shown(card.blocks)
        world.press(JUNHO, card, APPROVE)
        half = world.card(asked, "1 of 2, waiting for a second person")
        assert "approved by <@U0JUNHO>" in shown(half.blocks)
        world.whispered(JUNHO, "It takes one more person")
        world.press(JUNHO, half, APPROVE)
        world.whispered(JUNHO, "You have approved this already")
        assert load_run(redis, asked.id) is None
        world.press(ALICE, half, APPROVE)
        done = world.card(asked, "Sync is queued")
        assert "approved by <@U0JUNHO>, <@U0ALICE>" in shown(done.blocks)


def test_a_member_of_a_group_may_decide_and_the_card_names_the_group(redis: Redis) -> None:
    policy = Approvals(approvers=frozenset({"S0DATALEADS"}))
    config = CONFIG.model_copy(update={"approvals": policy, "admins": frozenset[str]()})
    with card_world(redis, config) as world:
        asked, card = world.ask()
        assert "may approve: <!subteam^S0DATALEADS> (approver)" in shown(card.blocks)
        world.press(EVE, card, APPROVE)
        world.whispered(EVE, "Only <!subteam^S0DATALEADS>")
        world.press(JUNHO, card, APPROVE)
        world.card(asked, "Sync is queued")


def test_who_asked_may_not_approve_where_that_is_set(redis: Redis) -> None:
    with card_world(redis, changed(CONFIG, self_approval=False)) as world:
        _, card = world.ask(by=JUNHO)
        world.press(JUNHO, card, APPROVE)
        world.whispered(JUNHO, "somebody else must approve it")


def test_a_rule_that_refuses_is_shown_and_kept(redis: Redis) -> None:
    rule = Rule(name="no-orders", tables=("SHOP.ORDERS",), decision="refuse", why="frozen")
    with card_world(redis, CONFIG.model_copy(update={"rule": (rule,)})) as world:
        asked, card = world.ask()
        assert APPROVE not in buttons(card)
        assert "rule: no-orders (frozen)" in shown(card.blocks)
        forged = approval_card(asked, None, CardFacts())
        ts = world.slack.workspace.post(
            channel=CHANNEL, user=BOT_USER_ID, text="x", blocks=forged.blocks
        ).ts
        world.slack.press(JUNHO, CHANNEL, ts, APPROVE)
        world.whispered(JUNHO, "A rule in bot.toml allows no such sync")
        assert world.now(asked).state is ApprovalState.PENDING


def test_an_expired_card_can_be_asked_for_again_once_by_anybody(world: CardWorld) -> None:
    asked, card = world.ask(seconds=1)
    expired = world.expired(asked)
    assert buttons(expired) == [AGAIN]
    world.press(JUNHO, card, APPROVE, version=0)
    world.whispered(JUNHO, "The time to approve has passed")
    world.press(EVE, expired, AGAIN)
    again = world.card(asked, "asked by <@U0EVE>")
    assert buttons(again) == [APPROVE, EDIT, REJECT]
    told = world.card(asked, "asked again by <@U0EVE>")
    assert (told.ts, buttons(told)) == (card.ts, [])
    world.press(MINJI, expired, AGAIN, version=1)
    world.whispered(MINJI, "<@U0EVE> has asked again already")
    # A request that lives a second may also get its reminder first, which is no card.
    assert len([m for m in world.replies(asked) if "this request expires" not in m.text]) == 2
    world.press(JUNHO, again, APPROVE)
    world.card(asked, "Sync is queued")


def test_a_failed_run_can_be_tried_again(world: CardWorld) -> None:
    asked, card = world.ask()
    world.press(JUNHO, card, APPROVE)
    world.card(asked, "Sync is queued")
    failure = VerificationFailed(table="SHOP.ORDERS", copied=1, counted=2).failure
    assert finish(world.redis, world.run(asked), RunState.FAILED, failure)
    failed = world.card(asked, "Sync failed")
    assert "Try again" in shown(failed.blocks)
    world.press(MINJI, failed, AGAIN)
    world.card(asked, "Sync needs approval")
    world.card(asked, "asked again by <@U0MINJI>")


def test_asking_again_while_oracle_is_away_says_so_and_leaves_the_button(redis: Redis) -> None:
    def away(wishes: tuple[Wish, ...], _asker: str) -> Plan:
        raise OracleUnreachable(source=wishes[0].ref.source, detail="refused")

    with card_world(redis, planner=away) as world:
        asked, _ = world.ask(seconds=1)
        expired = world.expired(asked)
        world.press(MINJI, expired, AGAIN)
        world.whispered(MINJI, "Oracle")
        assert world.clicks == ["failed"]
        assert buttons(world.card(asked, "has expired")) == [AGAIN]


def test_a_run_is_stopped_by_who_may(world: CardWorld) -> None:
    asked, card = world.ask()
    world.press(JUNHO, card, APPROVE)
    queued = world.card(asked, "Sync is queued")
    assert queued.blocks[-1]["elements"][0]["confirm"]["title"]["text"] == "Stop this sync?"
    assert claim(world.redis, world.run(asked))
    running = world.card(asked, "Sync is running")
    world.press(EVE, running, CANCEL)
    assert "<@U0JUNHO>" in world.whispered(EVE, "may stop this")
    assert world.run(asked).cancel_by is None
    world.press(MINJI, running, CANCEL)
    stopping = world.card(asked, "It is being stopped, as <@U0MINJI> asked")
    assert buttons(stopping) == []
    assert ("run_cancel_asked", MINJI) in world.audit(asked)


def test_a_run_that_waits_is_stopped_at_once_and_again_is_answered(world: CardWorld) -> None:
    asked, card = world.ask()
    world.press(JUNHO, card, APPROVE)
    queued = world.card(asked, "Sync is queued")
    world.press(ALICE, queued, CANCEL)
    done = world.card(asked, "Stopped by <@U0ALICE>")
    assert buttons(done) == []
    version = len(world.slack.workspace.versions(CHANNEL, card.ts)) - 2
    world.press(MINJI, done, CANCEL, version)
    world.whispered(MINJI, "ended already")


def test_a_card_nobody_knows_loses_its_buttons(world: CardWorld) -> None:
    _, card = world.ask(language="ko")
    world.redis.flushall()
    world.press(JUNHO, card, APPROVE)
    world.whispered(JUNHO, "더 이상 찾을 수 없어")
    mended = world.slack.wait_for(
        lambda m: m.ts == card.ts and "기록이 남아 있지" in shown(m.blocks)
    )
    assert buttons(mended) == []
    assert "SHOP.ORDERS" in shown(mended.blocks)


def test_a_second_card_after_a_crash_says_how_things_stand_and_offers_nothing(
    world: CardWorld,
) -> None:
    asked, card = world.ask()
    twin = world.slack.workspace.post(
        channel=CHANNEL, user=BOT_USER_ID, text="card", blocks=list(card.blocks)
    )
    world.press(JUNHO, twin, APPROVE)
    world.card(asked, "Sync is queued")
    mended = world.slack.wait_for(lambda m: m.ts == twin.ts and "Sync is queued" in shown(m.blocks))
    assert buttons(mended) == []
    world.until(lambda: world.clicks == ["approved"])


def test_a_card_of_another_workspace_decides_nothing(world: CardWorld) -> None:
    theirs = an_approval(request(plan("ORDERS"), approval_id=new_id("T0OTHER")))
    forged = approval_card(theirs, None, CardFacts())
    ts = world.slack.workspace.post(
        channel=CHANNEL, user=BOT_USER_ID, text="x", blocks=forged.blocks
    ).ts
    for button in (APPROVE, EDIT, REJECT):
        world.slack.press(JUNHO, CHANNEL, ts, button)
    world.until(lambda: world.clicks == ["unknown"] * 3)


def test_a_forged_digest_is_refused(world: CardWorld) -> None:
    asked, _ = world.ask()
    other = asked.request.model_copy(update={"plan": plan("USERS")})
    forged = approval_card(an_approval(other), None, CardFacts())
    ts = world.slack.workspace.post(
        channel=CHANNEL, user=BOT_USER_ID, text="x", blocks=forged.blocks
    ).ts
    for button in (APPROVE, EDIT, REJECT):
        world.slack.press(JUNHO, CHANNEL, ts, button)
        ts = world.slack.workspace.post(
            channel=CHANNEL, user=BOT_USER_ID, text="x", blocks=forged.blocks
        ).ts
    world.until(lambda: world.clicks == ["changed"] * 3)
    assert world.now(asked).state is ApprovalState.PENDING


def test_a_storm_of_clicks_is_one_run_and_every_click_is_answered(world: CardWorld) -> None:
    asked, card = world.ask()
    users = [JUNHO, ALICE, EVE, MINJI] * 8
    presses = [world.slack.begin_press(user, CHANNEL, card.ts, APPROVE, 0) for user in users]
    for press in presses:
        press.ack.result(10)
    world.until(lambda: len(world.clicks) == len(users))
    assert world.clicks.count("approved") == 1
    assert load_run(world.redis, asked.id) is not None
    world.until(lambda: len(world.slack.ephemerals()) == len(users) - 1)


def test_a_click_is_answered_while_oracle_keeps_others_waiting(redis: Redis) -> None:
    going = threading.Event()

    def slow(wishes: tuple[Wish, ...], asker: str) -> Plan:
        assert going.wait(20)
        return planned(wishes, asker)

    with card_world(redis, planner=slow) as world:
        try:
            expired = [world.ask(seconds=1) for _ in range(6)]
            asked, card = world.ask("USERS")
            for one, _ in expired:
                world.press(EVE, world.expired(one), AGAIN)
            began = time.monotonic()
            world.press(JUNHO, card, APPROVE)
            world.card(asked, "Sync is queued")
            assert time.monotonic() - began < 1.0
        finally:
            going.set()


def test_a_configuration_without_approvers_says_what_to_do(redis: Redis) -> None:
    nobody = {"approvals": Approvals(), "admins": frozenset[str]()}
    with card_world(redis, CONFIG.model_copy(update=nobody)) as world:
        _, card = world.ask()
        assert "nobody may approve" in shown(card.blocks)
        world.press(JUNHO, card, APPROVE)
        world.whispered(JUNHO, "An admin must fill approvers")
