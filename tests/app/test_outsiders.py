"""People of another organisation ask nothing and decide nothing, whatever bot.toml says of them."""

from typing import Any

from redis import Redis

from app.listeners.outsiders import is_outsider
from app.listeners.slash import COMMAND
from app.views.approval_card import APPROVE
from sandbox.slack.values import TEAM_ID, dm_id
from sync.approvals import ApprovalState
from sync.state import INBOX
from tests.app.card_world import CONFIG, MINJI, card_world, changed
from tests.app.parts import shown

PARTNER, PARTNERS = "U0PARTNER", "C0PARTNERS"
REFUSED = "answers only people of the organisation that runs it"


def test_their_clicks_and_questions_go_no_further_and_they_are_told_so_once(redis: Redis) -> None:
    config = changed(CONFIG, approvers=frozenset({PARTNER, MINJI}))
    with card_world(redis, config, by_locale=True) as world:
        approval, card = world.ask()
        world.press(PARTNER, card, APPROVE)
        world.slack.wait_for(lambda m: m.channel == dm_id(PARTNER) and REFUSED in m.text)
        assert world.now(approval).state is ApprovalState.PENDING
        assert ("click_refused", PARTNER) in world.audit(approval)
        world.slack.post(PARTNER, PARTNERS, "@Duckferry how many orders?")
        told = world.slack.wait_for(lambda m: m.channel == PARTNERS and REFUSED in m.text)
        assert told.ephemeral_to == PARTNER
        world.slack.direct_message(PARTNER, "how many orders?")
        world.slack.post(PARTNER, PARTNERS, "hello all")
        world.slack.post(MINJI, PARTNERS, "@Duckferry 몇 건?")
        world.until(lambda: redis.xlen(INBOX) == 1)
        heard = [event for event in world.slack.events() if event.inner.get("user") == PARTNER]
        assert len(heard) == 4  # the mention by two events
        refused = [m for m in world.slack.ephemerals(PARTNER) if REFUSED in m.text]
        assert len(refused) == 1 + sum(m.channel == dm_id(PARTNER) for m in refused)
        world.slack.command(PARTNER, PARTNERS, COMMAND, "orders")
        world.slack.wait_for(lambda m: m.ephemeral_to == PARTNER and REFUSED in shown(m.blocks))
        assert redis.xlen(INBOX) == 1


INSIDERS: list[dict[str, Any]] = [
    {"team_id": "T1", "event": {"user_team": "T1"}},
    {"team_id": "T1", "event": {"user": "U1"}},
    {"user": {"team_id": TEAM_ID}, "team": {"id": TEAM_ID}},
    {"user": {"team_id": "E0ORG"}},
    {"user": {"id": "U1"}},
    {"user_id": "U1", "command": "/sync"},
]
OUTSIDERS: list[dict[str, Any]] = [
    {"team_id": "T1", "event": {"user_team": "T2"}},
    {"team_id": "T1", "event": {"source_team": "E2"}},
    {"team_id": "T1", "event": {"message": {"user_team": "T2"}}},
    {"user": {"team_id": "T2"}, "team": {"id": "T2"}},
]


def test_an_outsider_is_whoever_is_of_another_team_than_the_app() -> None:
    told = [body for body in (*INSIDERS, *OUTSIDERS) if is_outsider(body, TEAM_ID, "E0ORG")]
    assert told == OUTSIDERS
