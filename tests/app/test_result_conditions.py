"""A condition that holds is told once a publish, with its figure and its copy; errors are told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.access import see_in
from app.due_desk import DueDesk
from app.result_conditions import handle_condition
from app.settings import SlackSettings
from app.slack_gateway import SlackAway, make_client
from sandbox.slack.server import SlackStandIn
from sandbox.slack.values import BOT_USER_ID
from sync.audit import read_audit
from sync.outcomes import last_outcome
from sync.standing import StandingSchedule
from sync.warehouse.manifest import publish, read_manifest
from sync.warehouse.query_process import QueryLimits
from tests.app.due_parts import CHANNEL, MINJI, TEAM, Agree, config
from tests.app.parts import ref
from tests.asking import AskedAt
from tests.sync.tables import place_rows, table_plan

pytest_plugins = ["tests.app.due_fixtures"]

SALES, LEADS = "C0SALES", "C0LEADS"
BELOW_TEN = {
    "table": ref("STOCK"),
    "where": [{"column": "QTY", "op": "<", "value": 10}],
    "channel": SALES,
}
COLUMNS = [("ITEM", "VARCHAR2(20)"), ("QTY", "NUMBER(6)")]

Publish = Callable[..., None]


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return tmp_path / "warehouse"


@pytest.fixture
def asking(desk: DueDesk, warehouse: Path, asked_at: AskedAt) -> DueDesk:
    return replace(
        desk,
        config=config(table=[{"name": "SHOP.CUSTOMERS"}, {"name": "SHOP.STOCK"}]),
        ask=asked_at(warehouse, QueryLimits()).run,
        manifest=lambda: read_manifest(warehouse),
    )


@pytest.fixture
def stock(warehouse: Path) -> Publish:
    def publish_(fence: int, *rows: tuple[str, int], columns: Any = COLUMNS) -> None:
        plan = table_plan(columns, table="STOCK")
        publish(warehouse, [place_rows(warehouse, plan, rows, fence)])

    return publish_


def due(schedule: StandingSchedule) -> dict[str, str]:
    return {"team": TEAM, "schedule": schedule.name, "agreed": schedule.agreed, "fence": "1"}


def told(slack: SlackStandIn, channel: str) -> list[str]:
    return [m.text for m in slack.messages(channel) if m.user == BOT_USER_ID]


def agreed(agree: Agree, **changes: Any) -> StandingSchedule:
    condition = {**BELOW_TEN, **changes.pop("condition", {})}
    parts = {"tables": (ref("STOCK"),), "tell_if": condition, "language": "en", **changes}
    return agree(name="stock", **parts)


def test_where_it_holds_its_channel_is_told_the_figure_and_the_copy_once(
    asking: DueDesk, agree: Agree, stock: Publish, slack: SlackStandIn
) -> None:
    schedule = agreed(agree)
    stock(1, ("nails", 3), ("screws", 9), ("saws", 40))
    for _ in range(3):
        handle_condition(asking, due(schedule))
    [said] = told(slack, SALES)
    assert said.startswith(
        "Schedule stock: the number of rows of SHOP.STOCK where QTY &lt; 10 is *2* "
        "(told if it is above 0).\nbased on: copy of SHOP.STOCK, 3 rows, Oracle as of <!date^"
    )
    outcome = last_outcome(asking.redis, TEAM, "stock")
    assert outcome is not None
    assert (outcome.figure, outcome.held) == ("2", True)
    [noted] = [one for one in read_audit(asking.redis, TEAM) if one.what == "query"]
    assert (noted.who, noted.where) == ("schedule:stock", SALES)
    stock(2, ("nails", 1))
    handle_condition(asking, due(schedule))
    assert "*1*" in told(slack, SALES)[1]


def test_where_it_does_not_hold_nobody_is_told_and_it_is_remembered(
    asking: DueDesk, agree: Agree, stock: Publish, slack: SlackStandIn
) -> None:
    schedule = agreed(agree)
    stock(1, ("nails", 10))
    handle_condition(asking, due(schedule))
    assert told(slack, SALES) == []
    outcome = last_outcome(asking.redis, TEAM, "stock")
    assert outcome is not None
    assert (outcome.figure, outcome.held) == ("0", False)


def test_a_figure_may_be_the_condition_itself_and_is_told_in_korean(
    asking: DueDesk, agree: Agree, stock: Publish, slack: SlackStandIn
) -> None:
    sums: dict[str, Any] = {
        "where": [],
        "function": "sum",
        "column": "QTY",
        "op": "<",
        "value": "2000",
    }
    schedule = agreed(agree, condition=sums, language="ko")
    stock(1, ("nails", 1_200), ("saws", 34))
    handle_condition(asking, due(schedule))
    [said] = told(slack, SALES)
    assert "예약 stock: SHOP.STOCK의 QTY 합계: *1,234* (조건: 2000 미만이면)" in said
    assert "근거: SHOP.STOCK 사본, 2행" in said


def test_an_error_is_told_once_in_its_own_thread_until_it_works_again(
    asking: DueDesk, agree: Agree, stock: Publish, slack: SlackStandIn
) -> None:
    schedule = agreed(agree)
    stock(1, ("nails", 3), columns=[("ITEM", "VARCHAR2(20)"), ("LEFT", "NUMBER(6)")])
    for _ in range(2):
        handle_condition(asking, due(schedule))
    channel = schedule.thread.split(":")[1]
    [said] = told(slack, channel)
    assert said.startswith("The condition of schedule stock could not be looked at.")
    assert "QTY" in said
    stock(2, ("nails", 3))
    handle_condition(asking, due(schedule))
    assert len(told(slack, SALES)) == 1
    stock(3, ("nails", 3), columns=[("ITEM", "VARCHAR2(20)"), ("LEFT", "NUMBER(6)")])
    handle_condition(asking, due(schedule))
    assert len(told(slack, channel)) == 2


def test_a_channel_the_bot_is_not_in_leaves_the_news_where_the_schedule_lives(
    asking: DueDesk, agree: Agree, stock: Publish, slack: SlackStandIn
) -> None:
    schedule = agreed(agree, condition={"channel": LEADS})
    stock(1, ("nails", 3))
    handle_condition(asking, due(schedule))
    [said] = told(slack, schedule.thread.split(":")[1])
    assert "is *1*" in said
    assert f"This was for <#{LEADS}>, but Slack refused it (not_in_channel)" in said


def test_while_slack_is_away_it_is_told_later(
    asking: DueDesk, agree: Agree, stock: Publish, slack: SlackStandIn
) -> None:
    schedule = agreed(agree)
    stock(1, ("nails", 3))
    away = {"bot_token": "xoxb-1", "app_token": "xapp-1", "api_url": "http://127.0.0.1:1/api/"}
    deaf = replace(asking, slack=make_client(SlackSettings.model_validate(away)))
    with pytest.raises(SlackAway):
        handle_condition(deaf, due(schedule))
    handle_condition(asking, due(schedule))
    assert len(told(slack, SALES)) == 1


@pytest.mark.parametrize("change", [{"paused": True}, {"agreed": "T1-2"}, {"tell_if": None}])
def test_a_schedule_that_was_changed_since_tells_nothing(
    asking: DueDesk, agree: Agree, stock: Publish, slack: SlackStandIn, change: dict[str, Any]
) -> None:
    body = due(agreed(agree))
    agreed(agree, **change)
    stock(1, ("nails", 3))
    handle_condition(asking, body)
    assert told(slack, SALES) == []


def test_a_table_that_is_no_longer_offered_is_not_read(
    asking: DueDesk, agree: Agree, stock: Publish, slack: SlackStandIn
) -> None:
    schedule = agreed(agree)
    stock(1, ("nails", 3))
    handle_condition(replace(asking, config=config()), due(schedule))
    assert told(slack, SALES) == []
    assert "STOCK" in told(slack, schedule.thread.split(":")[1])[0]


def ruled(asking: DueDesk, *rules: dict[str, Any]) -> DueDesk:
    tables = [{"name": "SHOP.CUSTOMERS"}, {"name": "SHOP.STOCK"}]
    judged = config(table=tables, access=list(rules))
    see = see_in(judged, lambda _: frozenset(), lambda _: False, "k" * 32)
    return replace(asking, config=judged, see=see)


@pytest.mark.parametrize(
    ("allow", "said"),
    [
        ([MINJI], "Figures of SHOP.STOCK are not told in this channel: by the rule buyers"),
        (["U0ALICE"], "You may not see SHOP.STOCK: the rule buyers"),
    ],
)
def test_a_figure_not_all_may_see_who_read_the_channel_is_not_told_there_and_that_is_said(
    asking: DueDesk, agree: Agree, stock: Publish, slack: SlackStandIn, allow: list[str], said: str
) -> None:
    desk = ruled(asking, {"name": "buyers", "tables": ["SHOP.STOCK"], "allow": allow})
    schedule = agreed(agree)
    stock(1, ("nails", 3))
    for _ in range(2):
        handle_condition(desk, due(schedule))
    assert told(slack, SALES) == []
    [trouble] = told(slack, CHANNEL)
    assert said in trouble


def test_a_figure_is_of_the_rows_its_owner_is_shown_in_the_channel_and_the_rule_is_named(
    asking: DueDesk, agree: Agree, stock: Publish, slack: SlackStandIn
) -> None:
    rows = [{"column": "ITEM", "op": "!=", "values": ["screws"]}]
    rule = {"name": "no screws", "tables": ["SHOP.STOCK"], "allow": [SALES], "rows": rows}
    stock(1, ("nails", 3), ("screws", 9))
    handle_condition(ruled(asking, rule), due(agreed(agree)))
    [said] = told(slack, SALES)
    assert "is *1*" in said
    assert "as far as the rule no screws shows it" in said
    assert "2 rows" not in said


def test_a_hidden_column_in_a_condition_is_told_by_its_rule(
    asking: DueDesk, agree: Agree, stock: Publish, slack: SlackStandIn
) -> None:
    rule = {
        "name": "no counts",
        "tables": ["SHOP.STOCK"],
        "allow": ["*"],
        "columns": {"QTY": "hidden"},
    }
    stock(1, ("nails", 3))
    handle_condition(ruled(asking, rule), due(agreed(agree)))
    assert told(slack, SALES) == []
    assert "the rule no counts of bot.toml hides it" in told(slack, CHANNEL)[0]
