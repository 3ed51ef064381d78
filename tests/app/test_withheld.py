"""A card in a channel where a rule keeps a table from some: who is shown its values, and where."""

from collections.abc import Iterator

import pytest
from redis import Redis

from app.access import see_in
from app.config_sections import AccessRule
from app.incidents import Desk, tell_incidents
from app.settings import SlackSettings
from app.slack_gateway import make_client
from app.views.approval_card import APPROVE, DETAILS, REJECT, SHOW_SQL
from sync.approvals import Question, Request
from sync.proof_errors import FigureDiffers
from sync.receipt import Check
from sync.runs import RunState, claim, finish
from tests.app.card_world import (
    ALICE,
    CONFIG,
    EVE,
    JUNHO,
    CardWorld,
    buttons,
    card_world,
)
from tests.app.parts import plan, receipt, shown

SECRET = "1,234,567.89"
RULES = (
    AccessRule(name="pay", tables=("SHOP.USERS",), allow=(ALICE,), why="Ask payroll."),
    AccessRule(name="part", tables=("SHOP.STOCK",), allow=("*",), columns={"COST": "hidden"}),
)
CONFIGURED = CONFIG.model_copy(update={"access": RULES})


@pytest.fixture
def world(redis: Redis) -> Iterator[CardWorld]:
    see = see_in(CONFIGURED, lambda _: frozenset(), lambda _: False, "")
    with card_world(redis, CONFIGURED, see=see) as running:
        yield running


def window(world: CardWorld, user: str) -> str:
    view = world.slack.wait_for_view(user)
    world.slack.close_view(user)
    return shown([view["title"], *view["blocks"]])


def question(request: Request) -> Request:
    asked = Question(sql=f"SELECT * FROM USERS WHERE PAY = {SECRET}", planned_rows=9)
    return request.model_copy(update={"question": asked})


def test_the_sql_of_a_large_query_is_shown_in_a_window_to_those_who_may_see_its_tables(
    world: CardWorld,
) -> None:
    _, card = world.ask("ORDERS", "USERS", by=ALICE, wish=question)
    told = shown(card.blocks) + card.text
    assert "By the rule pay the SQL is not shown here." in told
    assert SECRET not in told
    assert buttons(card) == [APPROVE, SHOW_SQL, REJECT]
    world.press(EVE, card, SHOW_SQL)
    assert "Ask payroll." in world.whispered(EVE, "rule pay")
    world.press(ALICE, card, SHOW_SQL)
    assert SECRET in window(world, ALICE)
    _, open_to_all = world.ask("ORDERS", wish=question)
    assert SECRET in shown(open_to_all.blocks)
    assert buttons(open_to_all) == [APPROVE, REJECT]


def test_a_figure_that_differs_is_told_where_all_may_see_it_and_nowhere_else(
    world: CardWorld,
) -> None:
    for table, rule in (("USERS", "pay"), ("STOCK", "part"), ("ORDERS", "")):
        asked, card = world.ask(table)
        world.press(JUNHO, card, APPROVE)
        world.card(asked, "Sync is queued")
        assert claim(world.redis, world.run(asked))
        found = FigureDiffers(table=table, what="sum(PAY)", copied=SECRET, oracle="7")
        finish(world.redis, world.run(asked), RunState.FAILED, found.failure)
        ended = world.card(asked, "Oracle says" if not rule else "is not what Oracle says")
        told = shown(ended.blocks) + ended.text
        assert (f"by the rule {rule} it is not shown here" in told) is bool(rule)
        assert (SECRET in told) is not bool(rule)
        settings = {
            "bot_token": world.slack.bot_token,
            "app_token": "xapp-1",
            "api_url": world.slack.api_url,
        }
        slack = make_client(SlackSettings.model_validate(settings))
        alerts = CONFIGURED.alerts.model_copy(update={"channel": "C0SALES"})
        config = CONFIGURED.model_copy(update={"alerts": alerts, "language": "en"})
        tell_incidents(Desk(world.redis, slack, config, world.desk.see), world.run(asked))
        alert = shown(world.slack.messages("C0SALES")[-1].blocks)
        assert (SECRET in alert) is not bool(rule)
        assert table in alert


def test_a_receipt_shows_its_figures_to_those_alone_who_may_see_all_of_its_table(
    world: CardWorld,
) -> None:
    asked, card = world.ask("USERS", "STOCK")
    world.press(JUNHO, card, APPROVE)
    world.card(asked, "Sync is queued")
    assert claim(world.redis, world.run(asked))
    pay = Check(what="sum(PAY)", oracle=SECRET, copy_value=SECRET)
    of = receipt(plan("USERS", "STOCK"))
    tables = tuple(
        one.model_copy(update={"proof": "sums", "checks": (pay,), "watermark": SECRET})
        for one in of.tables
    )
    finish(
        world.redis,
        world.run(asked),
        RunState.PUBLISHED,
        of.model_copy(update={"tables": tables}),
    )
    done = world.card(asked, "Sync is done")
    assert SECRET not in shown(done.blocks) + done.text
    world.press(EVE, done, DETAILS)
    kept = window(world, EVE)
    assert "Ask payroll." in kept
    assert "By the rule part its values are not shown." in kept
    assert SECRET not in kept
    assert "PAY" not in kept
    world.press(ALICE, done, DETAILS)
    seen = window(world, ALICE)
    assert "Ask payroll." not in seen
    assert (
        seen.count(f"sum(PAY): Oracle {SECRET}") == 1
    )  # of USERS; of STOCK she sees a part as well
    assert world.slack.ephemerals() == ()
