"""What a card is looked at for now and then: its end, its reminder, its place in the queue."""

import pytest
from redis import Redis

from app.cards import remind_seconds
from app.views.approval_card import APPROVE
from sync.runs import RunState, claim, finish
from tests.app.card_world import JUNHO, MINJI, SECONDS, card_world
from tests.app.parts import plan, receipt

SOON = 800
"""Seconds: less than a quarter of the hour that requests live here."""


def test_people_are_reminded_once_of_a_card_that_ends_soon(redis: Redis) -> None:
    with card_world(redis, sweep_seconds=0.1) as world:
        world.ask("USERS", seconds=1000)
        asked, _ = world.ask(seconds=SOON)
        reminded = world.slack.wait_for(lambda m: "this request expires" in m.text, SECONDS)
        assert reminded.thread_ts == asked.request.thread.rpartition(":")[2]
        words = "<@U0ALICE>, <@U0JUNHO> this request expires <!date^"
        assert reminded.text.startswith(words)
        assert "'SHOP.ORDERS'" in reminded.text
        # One more sweep at the least: this expiry is noticed by nothing else.
        short = world.ask("STOCK", seconds=1)[0]
        world.card(short, "has expired")
        reminders = [m for m in world.slack.messages() if "SHOP.ORDERS'. Please" in m.text]
        assert [m.ts for m in reminders] == [reminded.ts]


def test_a_reminder_slack_does_not_take_now_is_given_later(redis: Redis) -> None:
    with card_world(redis, sweep_seconds=0.1) as world:
        world.ask(seconds=902)
        world.slack.faults.refuse("chat.postMessage", "internal_error")
        world.slack.wait_for(lambda m: "this request expires" in m.text, SECONDS)


def test_a_decided_card_reminds_nobody(redis: Redis) -> None:
    with card_world(redis, sweep_seconds=0.1) as world:
        asked, card = world.ask(seconds=902)
        world.press(JUNHO, card, APPROVE)
        world.card(asked, "Sync is queued")
        later, _ = world.ask("USERS", by=MINJI, seconds=SOON)
        world.slack.wait_for(lambda m: "'SHOP.USERS'. Please" in m.text, SECONDS)
        assert len(world.replies(asked)) == 1
        assert len(world.replies(later)) == 2


def test_a_queued_card_is_drawn_again_when_its_place_has_changed(redis: Redis) -> None:
    with card_world(redis, sweep_seconds=0.1) as world:
        first, card = world.ask()
        world.press(JUNHO, card, APPROVE)
        world.card(first, "is number 1 in the queue")
        second, card = world.ask("USERS")
        world.press(JUNHO, card, APPROVE)
        world.card(second, "is number 2 in the queue")
        assert claim(redis, world.run(first))
        finish(redis, world.run(first), RunState.PUBLISHED, receipt(plan("ORDERS")))
        world.card(second, "is number 1 in the queue")


@pytest.mark.parametrize(
    ("life", "seconds"), [(600, 150), (3600, 900), (24 * 3600, 7200), (14 * 24 * 3600, 7200)]
)
def test_the_reminder_comes_a_quarter_before_the_end_and_two_hours_at_most(
    life: int, seconds: int
) -> None:
    assert remind_seconds(life) == seconds
