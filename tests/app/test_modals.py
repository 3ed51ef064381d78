"""The forms of a card: what they show, what they take back, and what becomes of it."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from redis import Redis

from app.views.approval_card import APPROVE, EDIT, REJECT
from app.views.modals import (
    About,
    Edited,
    edit_form,
    read_about,
    read_edit,
    read_reason,
    reject_form,
)
from sandbox.slack.limits_views import ready_view
from sync.approvals import ApprovalState
from sync.oracle_errors import OracleUnreachable
from sync.plan import Plan, Wish
from tests.app.card_world import (
    ALICE,
    CONFIG,
    EVE,
    JUNHO,
    MINJI,
    CardWorld,
    buttons,
    card_world,
    changed,
)
from tests.app.parts import BOTH, HOSTILE_NAMES, approval, plan, request, shown

ABOUT = About(approval="T1-1", digest="d", channel="C1", thread="1.1", card="2.2")


@pytest.fixture
def world(redis: Redis) -> Iterator[CardWorld]:
    with card_world(redis) as running:
        yield running


def entered(kept: list[int], rows: Mapping[int, str | None]) -> dict[str, Any]:
    """What Slack sends back of an edit."""
    values: dict[str, Any] = {}
    for place in kept:
        group = values.setdefault(f"keep:{place // 10}", {"keep": {"selected_options": []}})
        group["keep"]["selected_options"].append({"value": str(place)})
    for place, text in rows.items():
        values[f"rows:{place}"] = {"rows": {"type": "number_input", "value": text}}
    return {"state": {"values": values}}


def test_slack_takes_forms_of_hostile_names_and_20_tables() -> None:
    for language in BOTH:
        for names in (HOSTILE_NAMES, tuple("&" * 127 + str(n) for n in range(20)), ("ORDERS",)):
            wish = approval(request(plan(*names, schema="<" * 128), language=language))
            ready_view(edit_form(wish, ABOUT, [10**15] * len(names)), "modal")
            ready_view(reject_form(wish, ABOUT), "modal")


def test_a_form_says_what_it_is_about_and_nothing_else_does() -> None:
    form = reject_form(approval(request(plan("ORDERS"))), ABOUT)
    assert read_about(form) == ABOUT
    for text in ("", "x", "[]", "{}", '{"approval": "T1-1"}', "null", '"x"'):
        assert read_about({"private_metadata": text}) is None


@pytest.mark.parametrize(
    ("kept", "rows", "found"),
    [
        ([0, 1], {0: "1000000", 1: "7"}, Edited({0: 1_000_000, 1: 7})),
        ([1], {0: "nonsense", 1: "1000000"}, Edited({1: 1_000_000})),
        ([0, 1], {0: " 1 ", 1: "2000000"}, Edited({0: 1, 1: 2_000_000})),
        ([], {0: "1", 1: "1"}, {"keep:0": "Keep at least one table."}),
        ([5, -1], {0: "1", 1: "1"}, {"keep:0": "Keep at least one table."}),
        (
            [0, 1],
            {0: "0", 1: "2000001"},
            {
                "rows:0": "Enter a whole number from 1 to 2,000,000.",
                "rows:1": "Enter a whole number from 1 to 2,000,000.",
            },
        ),
        *[
            ([0], {0: text}, {"rows:0": "Enter a whole number from 1 to 2,000,000."})
            for text in ("", None, "-1", "1.5", "1e3", "٣", "9" * 4000, "0x10", "1_000")
        ],
        (
            [0, 1],
            {0: "1000000", 1: "1000000"},
            {"rows:0": "Nothing was changed. Change something, or close this form."},
        ),
    ],
)
def test_what_is_entered_is_checked(
    kept: list[int], rows: dict[int, str | None], found: Edited | dict[str, str]
) -> None:
    what = plan("ORDERS", "USERS")  # 1,000,000 rows at most each
    assert read_edit("en", what, [2_000_000] * 2, entered(kept, rows)) == found


def test_what_was_never_entered_is_nothing() -> None:
    assert read_reason({}) == ""
    long = {"state": {"values": {"reason": {"reason": {"value": " x" * 400}}}}}
    assert len(read_reason(long)) == 500
    assert isinstance(read_edit("ko", plan("A", "B"), [1, 1], {}), dict)


def test_an_edit_becomes_another_revision_and_voids_the_card(world: CardWorld) -> None:
    asked, card = world.ask("ORDERS", "USERS")
    world.press(MINJI, card, EDIT)
    form = world.slack.wait_for_view(MINJI)
    values = form["state"]["values"]
    assert [o["value"] for o in values["keep:0"]["keep"]["selected_options"]] == ["0", "1"]
    assert values["rows:0"]["rows"]["value"] == "1000000"
    assert world.slack.submit(MINJI).errors == {
        "rows:0": "Nothing was changed. Change something, or close this form."
    }
    refused = world.slack.submit(MINJI, {"rows:0": "1000001", "rows:1": "0"}).errors
    assert set(refused) == {"rows:0", "rows:1"}
    assert set(world.slack.submit(MINJI, {"keep": []}).errors) == {"keep:0"}
    assert world.slack.submit(MINJI, {"keep": ["0"], "rows:0": "5000"}).view is None
    new = world.card(asked, "\nrevision 2\n")
    words = shown(new.blocks)
    assert "since the last card: SHOP.ORDERS: at most 5,000 rows, was 1,000,000" in words
    assert "without SHOP.USERS" in words
    assert "asked by <@U0MINJI>" in words
    assert new.ts != card.ts
    old = world.slack.wait_for(
        lambda m: m.ts == card.ts and "Replaced by revision 2" in shown(m.blocks)
    )
    assert buttons(old) == []
    assert "edited by <@U0MINJI>" in shown(old.blocks)
    world.press(JUNHO, card, APPROVE, version=0)
    world.whispered(JUNHO, "has edited this. Please decide on the new card")
    world.press(JUNHO, new, APPROVE)
    world.card(asked, "Sync is queued")
    assert world.now(asked).state is ApprovalState.REPLACED


def test_a_form_that_comes_back_after_a_decision_changes_nothing(world: CardWorld) -> None:
    asked, card = world.ask()
    world.press(MINJI, card, EDIT)
    world.slack.wait_for_view(MINJI)
    world.press(JUNHO, card, APPROVE)
    world.card(asked, "Sync is queued")
    world.slack.submit(MINJI, {"rows:0": "5"})
    world.whispered(MINJI, "<@U0JUNHO> has approved this already")
    assert len(world.replies(asked)) == 1


def test_a_form_whose_card_redis_has_lost_is_answered(world: CardWorld) -> None:
    _, card = world.ask()
    world.press(MINJI, card, EDIT)
    world.slack.wait_for_view(MINJI)
    world.press(JUNHO, card, REJECT)
    world.slack.wait_for_view(JUNHO)
    world.redis.flushall()
    world.slack.submit(MINJI, {"rows:0": "5"})
    world.whispered(MINJI, "더 이상 찾을 수 없어")
    world.slack.submit(JUNHO, {"reason": "no"})
    world.whispered(JUNHO, "더 이상 찾을 수 없어")


def test_oracle_being_away_leaves_the_card_as_it_was_and_says_so(redis: Redis) -> None:
    def away(wishes: tuple[Wish, ...], _asker: str) -> Plan:
        raise OracleUnreachable(source=wishes[0].ref.source, detail="refused")

    with card_world(redis, planner=away) as world:
        asked, card = world.ask()
        world.press(JUNHO, card, EDIT)
        world.slack.wait_for_view(JUNHO)
        assert world.slack.submit(JUNHO, {"rows:0": "5"}).view is None
        world.whispered(JUNHO, "Oracle")
        assert world.now(asked).state is ApprovalState.PENDING


def test_who_widens_a_request_asks_for_it_and_who_narrows_it_does_not(redis: Redis) -> None:
    with card_world(redis, changed(CONFIG, self_approval=False)) as world:
        asked, card = world.ask()
        world.press(JUNHO, card, EDIT)
        world.slack.wait_for_view(JUNHO)
        world.slack.submit(JUNHO, {"rows:0": "500"})
        narrower = world.card(asked, "\nrevision 2\n")
        assert "asked by <@U0MINJI>" in shown(narrower.blocks)
        world.press(ALICE, narrower, EDIT)
        world.slack.wait_for_view(ALICE)
        world.slack.submit(ALICE, {"rows:0": "900"})
        wider = world.card(asked, "\nrevision 3\n")
        assert "asked by <@U0ALICE>" in shown(wider.blocks)
        world.press(ALICE, wider, APPROVE)
        world.whispered(ALICE, "somebody else must approve it")
        world.press(JUNHO, wider, APPROVE)
        world.card(asked, "Sync is queued")


def test_twenty_tables_are_edited_in_one_form(world: CardWorld) -> None:
    asked, card = world.ask(*(f"T{number}" for number in range(20)))
    world.press(MINJI, card, EDIT)
    form = world.slack.wait_for_view(MINJI)
    assert len(form["blocks"]) == 22
    assert world.slack.submit(MINJI, {"keep:0": ["3"], "keep:1": ["19"]}).view is None
    new = world.card(asked, "\nrevision 2\n")
    assert "*SHOP.T3*" in shown(new.blocks)
    assert "*SHOP.T19*" in shown(new.blocks)
    assert "*SHOP.T4*" not in shown(new.blocks)


def test_a_form_of_somebody_who_lost_the_right_is_refused(redis: Redis) -> None:
    with card_world(redis, changed(CONFIG, approvers=frozenset({"S0DATALEADS"}))) as world:
        asked, card = world.ask()
        world.press(EVE, card, EDIT)
        world.whispered(EVE, "may edit")
        assert world.slack.view_of(EVE) is None
        assert world.now(asked).state is ApprovalState.PENDING
