"""What nobody listens to: acknowledged whatever it is, answered where a person waits, noted."""

from collections.abc import Iterator

import pytest
from redis import Redis

from app.event_log import last_events
from app.texts import say
from app.views.feedback import WHY_FORM
from sandbox.slack.values import TEAM_ID, JsonObject
from tests.app.card_world import CHANNEL, MINJI, CardWorld, card_world


@pytest.fixture
def world(redis: Redis) -> Iterator[CardWorld]:
    with card_world(redis) as running:
        yield running


EVENTS: tuple[JsonObject, ...] = (
    {"type": "emoji_changed", "subtype": "add"},
    {"type": "message", "channel": CHANNEL},
    {"type": "message", "channel": CHANNEL, "subtype": "of_tomorrow", "user": "", "text": None},
    {"type": "of_tomorrow"},
    {},
)
INTERACTIONS: tuple[JsonObject, ...] = (
    {"type": "block_suggestion", "action_id": "x", "block_id": "y", "value": ""},
    {"type": "view_closed", "view": {"callback_id": "of.tomorrow"}},
    {"type": "of_tomorrow"},
    {},
)


def test_no_event_and_no_click_is_left_without_an_ack(world: CardWorld) -> None:
    deliveries = [
        world.slack.forge("events_api", {"type": "event_callback", "team_id": TEAM_ID, "event": e})
        for e in EVENTS
    ]
    person: JsonObject = {"user": {"id": MINJI}, "team": {"id": TEAM_ID}}
    deliveries += [world.slack.forge("interactive", {**person, **one}) for one in INTERACTIONS]
    deliveries.append(world.slack.forge("events_api", {"type": "app_rate_limited"}))
    for delivery in deliveries:
        assert delivery.ack.result(10) is not None
    # And it goes on.
    asked, _ = world.ask()
    assert world.now(asked).card is not None


def test_a_control_of_another_version_is_answered_in_words(world: CardWorld) -> None:
    world.slack.shortcut(MINJI, "of_tomorrow")
    direct = world.slack.workspace.open_dm(MINJI).id
    world.slack.wait_for(lambda m: m.channel == direct and "더 이상 쓰이지" in m.text)
    assert "더 이상 쓰이지" in str(world.slack.command(MINJI, CHANNEL, "/of-tomorrow").payload)


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive"])
def test_when_the_bot_was_put_out_is_kept_for_the_doctor(world: CardWorld, error: str) -> None:
    world.slack.revoke_token(error)
    kind = {"token_revoked": "tokens_revoked", "account_inactive": "app_uninstalled"}[error]
    world.until(lambda: kind in last_events(world.redis, TEAM_ID))


def test_what_somebody_says_of_an_answer_is_kept_or_stays_in_its_form(world: CardWorld) -> None:
    said: JsonObject = {
        "type": "view_submission",
        "user": {"id": MINJI},
        "team": {"id": TEAM_ID},
        "view": {
            "type": "modal",
            "callback_id": WHY_FORM,
            "private_metadata": "gone",
            "state": {"values": {}},
        },
    }
    assert world.slack.forge("interactive", said).ack.result(10).payload is None
    direct = world.slack.workspace.open_dm(MINJI).id
    world.slack.wait_for(lambda m: m.channel == direct and m.text == say("ko", "answer.forgotten"))
    world.redis.set(f"duckferry:1:{TEAM_ID}:feedback", "Redis has something else there")
    kept = world.slack.forge("interactive", said).ack.result(10).payload
    assert kept is not None
    assert list(kept["errors"]) == ["words"]
