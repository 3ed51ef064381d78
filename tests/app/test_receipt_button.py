"""The button of a done card: anybody reads the receipt, and each press is answered."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from agent.deps import Language
from app.views.approval_card import APPROVE, DETAILS, approval_card
from app.views.card_parts import CardFacts
from sandbox.slack.values import BOT_USER_ID, Message
from sync.approvals import Approval, ApprovalState, run_key
from sync.receipt import Receipt, TableReceipt
from sync.runs import RunState, claim, finish
from sync.warehouse.manifest import MANIFEST_FILE, publish
from tests.app.card_world import (
    ALICE,
    CHANNEL,
    EVE,
    JUNHO,
    MINJI,
    CardWorld,
    buttons,
    card_world,
)
from tests.app.parts import plan, receipt, request, run, shown
from tests.sync.tables import place_rows, table_plan


@pytest.fixture
def world(redis: Redis, tmp_path: Path) -> Iterator[CardWorld]:
    with card_world(redis, warehouse=tmp_path) as running:
        yield running


def publish_copy(root: Path, fence: int) -> TableReceipt:
    """A copy of ORDERS that readers see."""
    copied = table_plan([("ID", "NUMBER(10)")], table="ORDERS")
    entry = place_rows(root, copied, [(1,), (2,)], fence)
    return publish(root, [entry]).entry(copied.ref).receipt


def done(
    world: CardWorld, of: Receipt | None = None, language: Language = "en"
) -> tuple[Approval, Message]:
    """A card whose run was published with this receipt."""
    asked, card = world.ask(language=language)
    world.press(JUNHO, card, APPROVE)
    world.card(asked, "Sync is queued" if language == "en" else "동기화 대기 중")
    world.until(lambda: "approved" in world.clicks)
    assert claim(world.redis, world.run(asked))
    finish(world.redis, world.run(asked), RunState.PUBLISHED, of or receipt(plan("ORDERS")))
    return asked, world.card(asked, "Sync is done" if language == "en" else "동기화 완료")


def window(world: CardWorld, user: str) -> str:
    """What the window before somebody shows; it is closed then."""
    view = world.slack.wait_for_view(user)
    world.slack.close_view(user)
    return shown([view["title"], *view["blocks"]])


@pytest.mark.parametrize(
    ("language", "title", "told"),
    [
        ("en", "Receipt", "rows: Oracle 100,000, copy 100,000, agree"),
        ("ko", "영수증", "행 수: Oracle 100,000, 사본 100,000, 일치"),
    ],
)
def test_anybody_who_sees_the_card_reads_its_receipt(
    world: CardWorld, language: Language, title: str, told: str
) -> None:
    asked, card = done(world, language=language)
    assert buttons(card) == [DETAILS]
    drawn = len(world.slack.workspace.versions(CHANNEL, card.ts))
    for user in (EVE, MINJI):
        world.press(user, card, DETAILS)
        words = window(world, user).splitlines()
        assert words[0] == title
        assert told in words
    world.until(lambda: world.clicks == ["approved", "receipt", "receipt"])
    assert world.now(asked).state is ApprovalState.APPROVED
    assert world.slack.ephemerals() == ()
    assert len(world.slack.workspace.versions(CHANNEL, card.ts)) == drawn


def test_a_receipt_outlives_its_copy_and_says_so(world: CardWorld, tmp_path: Path) -> None:
    copied = publish_copy(tmp_path, 1)
    _, card = done(world, Receipt(tables=(copied,), seconds=1))
    standings: list[str] = []
    for fence in range(2, 6):
        world.press(EVE, card, DETAILS)
        standings += [line for line in window(world, EVE).splitlines() if "of main, copy" in line]
        publish_copy(tmp_path, fence)
    (tmp_path / MANIFEST_FILE).write_text("{")
    world.press(EVE, card, DETAILS)
    standings += [line for line in window(world, EVE).splitlines() if "of main, copy" in line]
    told = f"of main, copy {copied.generation}"
    assert standings == [
        f"{told}, the current one",
        f"{told}, kept; another one is current",
        f"{told}, kept; another one is current",
        f"{told}, not kept any more; this is what was noted when it was published",
        f"{told}; whether it is still kept cannot be told now",
    ]


@pytest.mark.parametrize(("language", "told"), [("en", "kept for 30 days"), ("ko", "30일간 보관")])
def test_a_card_whose_run_is_forgotten_says_so(
    world: CardWorld, language: Language, told: str
) -> None:
    asked, card = done(world, language=language)
    world.redis.delete(run_key(asked.id))
    world.press(EVE, card, DETAILS)
    assert "`botctl receipt`" in world.whispered(EVE, told)
    world.until(lambda: world.clicks[-1] == "receipt_gone")
    assert world.slack.view_of(EVE) is None


def test_a_card_nobody_knows_loses_the_button(world: CardWorld) -> None:
    _, card = done(world)
    world.redis.flushall()
    world.press(EVE, card, DETAILS)
    world.whispered(EVE, "30일간 보관")  # of the bot's own language: nothing says another
    mended = world.slack.wait_for(lambda m: m.ts == card.ts and not buttons(m))
    assert "Sync is done" in shown(mended.blocks)


@pytest.mark.parametrize("error", ["expired_trigger_id", "exchanged_trigger_id"])
def test_a_window_that_comes_too_late_is_said(world: CardWorld, error: str) -> None:
    _, card = done(world)
    world.slack.faults.refuse("views.open", error)
    world.press(EVE, card, DETAILS)
    world.whispered(EVE, "press the button again")
    world.press(EVE, card, DETAILS)
    assert "SHOP.ORDERS" in window(world, EVE)


def test_sixteen_presses_at_once_are_all_answered_in_time(world: CardWorld) -> None:
    _, card = done(world)
    before = len(world.clicks)
    presses = [
        world.slack.begin_press(user, card.channel, card.ts, DETAILS)
        for user in (EVE, MINJI, JUNHO, ALICE) * 4
    ]
    assert all(press.ack.result(10).latency_seconds < 3 for press in presses)
    world.until(lambda: len(world.clicks) == before + 16)
    assert set(world.clicks[before:]) == {"receipt"}


def test_a_forged_press_shows_nothing_and_is_answered(world: CardWorld) -> None:
    secret, _ = done(world)
    world.until(lambda: world.clicks == ["approved"])
    one = run(request(plan("ORDERS"), approval_id=secret.id, language="en"), RunState.PUBLISHED)
    one = one.model_copy(update={"receipt": receipt(plan("ORDERS"))})
    for count, (value, outcome, told) in enumerate(
        (
            (f"{secret.id} {'0' * 64}", "changed", "no longer valid"),
            (f"T0OTHER-{'0' * 32} {secret.request.digest}", "unknown", "30일간 보관"),
            ("", "unknown", "30일간 보관"),
        ),
        start=len(world.clicks) + 1,
    ):
        forged = approval_card(one.approval, one, CardFacts())
        forged.blocks[-1]["elements"][0]["value"] = value or "x"
        posted = world.slack.workspace.post(
            channel=CHANNEL, user=BOT_USER_ID, text="x", blocks=forged.blocks
        )
        world.slack.press(EVE, CHANNEL, posted.ts, DETAILS)
        world.whispered(EVE, told)
        world.until(lambda count=count: len(world.clicks) == count)
        assert world.clicks[-1] == outcome
        assert world.slack.view_of(EVE) is None


def test_a_card_that_is_not_done_has_no_such_button_and_a_press_opens_nothing(
    world: CardWorld,
) -> None:
    asked, card = world.ask()
    assert DETAILS not in buttons(card)
    one = run(asked.request, RunState.PUBLISHED, receipt=receipt(plan("ORDERS")))
    posted = world.slack.workspace.post(
        channel=CHANNEL,
        user=BOT_USER_ID,
        text="x",
        blocks=approval_card(one.approval, one, CardFacts()).blocks,
    )
    world.slack.press(EVE, CHANNEL, posted.ts, DETAILS)
    world.whispered(EVE, "its receipt cannot be shown")
    assert world.now(asked).state is ApprovalState.PENDING
