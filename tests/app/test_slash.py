"""/sync: its form and its words, checked before anything is asked for in a channel."""

from collections.abc import Generator, Mapping
from typing import Any

import pytest
from redis import Redis

from app.bot_config import BotConfig
from app.listeners.shortcuts import EVERYWHERE
from app.listeners.slash import COMMAND
from app.views.sync_form import LOOK_UP, SYNC_FORM
from sandbox.slack.values import TEAM_ID
from sync.access_errors import TableHidden
from sync.inbox import Entry, take
from sync.plan import TableRef
from sync.state import INBOX
from sync.stops import start_source, stop_source
from sync.streams import open_group
from sync.warehouse.exposure import WHOLE, Exposure
from tests.app.card_world import CHANNEL, MINJI, CardWorld, card_world
from tests.app.parts import shown

TABLES = [
    {"name": "SHOP.ORDERS", "cursor": "UPDATED_AT"},
    {"name": "SHOP.USERS"},
    {"name": "HR.PAY"},
]
SLASH = BotConfig.model_validate({"source": [{"name": "main"}], "table": TABLES, "language": "en"})


def see(ref: TableRef) -> Exposure:
    if ref.table == "PAY":
        raise TableHidden(table=str(ref), rule="pay", why="Ask the people team.")
    return WHOLE


@pytest.fixture
def world(redis: Redis) -> Generator[CardWorld]:
    with card_world(redis, SLASH, see=lambda _user, _channel, _shared=None: see) as running:
        yield running


def asked(redis: Redis) -> list[Entry]:
    open_group(redis, INBOX)
    return take(redis, "bot", count=10, wait_seconds=0.01)


def body(entry: Entry) -> Mapping[str, Any]:
    return {name: entry.body[name] for name in ("user", "text", "language")}


def test_the_form_offers_what_its_person_may_see_and_says_what_is_wrong_by_field(
    world: CardWorld,
) -> None:
    world.slack.command(MINJI, CHANNEL, COMMAND)
    form = world.slack.wait_for_view(MINJI)
    assert form["callback_id"] == SYNC_FORM
    values = form["state"]["values"]
    assert values["where"]["where"]["selected_conversation"] == CHANNEL
    options = form["blocks"][0]["element"]["options"]
    assert [one["value"] for one in options] == ["SHOP.ORDERS", "SHOP.USERS"]
    wish = {"table": "SHOP.USERS", "mode": "incremental"}
    assert world.slack.submit(MINJI, wish).errors == {
        "mode": "This table cannot be copied incrementally: bot.toml names no cursor column for it."
    }
    stop_source(world.redis, "main", "patching")
    assert "is stopped since" in world.slack.submit(MINJI, {"mode": "usual"}).errors["table"]
    assert start_source(world.redis, "main")
    assert asked(world.redis) == []
    assert world.slack.submit(MINJI, {"table": "SHOP.ORDERS", "mode": "full"}).view is None
    [entry] = asked(world.redis)
    assert (entry.kind, entry.thread) == ("asked", f"{TEAM_ID}:{CHANNEL}:")
    assert body(entry) == {"user": MINJI, "text": "sync SHOP.ORDERS full", "language": "en"}
    assert world.clicks == ["form", "unknown", "unknown", "asked"]


def test_what_is_typed_is_checked_and_refused_before_its_writer_alone(world: CardWorld) -> None:
    for words, told in (
        ("도움말", "`/sync 대기`"),
        (
            "everything please now",
            "This is no command: everything please now\nWhat can be written:",
        ),
        ("ORDER", "(SHOP.ORDERS?)"),
        ("pay", "Ask the people team."),
        ("USERS incremental", "names no cursor column"),
    ):
        world.slack.command(MINJI, "C0SALES", COMMAND, words)  # where the bot need not be
        said = world.slack.wait_for(lambda m, told=told: told in shown(m.blocks))
        assert said.ephemeral_to == MINJI
    assert asked(world.redis) == []
    world.slack.command(MINJI, CHANNEL, COMMAND, "orders 증분")
    world.until(lambda: world.clicks[-1] == "asked")
    [entry] = asked(world.redis)
    assert body(entry) == {"user": MINJI, "text": "동기화 SHOP.ORDERS 증분", "language": "ko"}


def test_more_tables_than_slack_takes_are_looked_up_while_they_are_typed(redis: Redis) -> None:
    many = [{"name": f"SHOP.T{number}"} for number in range(101)]
    config = SLASH.model_validate({"source": [{"name": "main"}], "table": many, "language": "en"})
    with card_world(redis, config) as world:
        world.slack.shortcut(MINJI, EVERYWHERE)
        world.slack.wait_for_view(MINJI)
        assert len(world.slack.look_up(MINJI, LOOK_UP)) == 100
        found = world.slack.look_up(MINJI, LOOK_UP, " t10")
        assert [one["value"] for one in found] == ["SHOP.T10", "SHOP.T100"]
        assert world.slack.submit(MINJI, {"table": found[1]}).view is None
    [entry] = asked(redis)
    assert (entry.thread, entry.body["text"]) == (f"{TEAM_ID}:{MINJI}:", "sync SHOP.T100")
