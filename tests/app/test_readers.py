"""In which language somebody reads, as Slack tells it."""

import time

import pytest
from slack_sdk import WebClient

from agent.deps import Language
from app.bot_config import BotConfig, SourceSection, TableSection
from app.readers import (
    FRESH_SECONDS,
    language_for,
    make_is_outsider,
    make_people,
    make_readers_language,
)
from app.settings import SlackSettings
from app.slack_gateway import make_client
from app.workspace import Workspace
from sandbox.slack.server import SlackStandIn, start_slack
from sandbox.slack.values import TEAM_ID

MINJI, EVE = "U0MINJI", "U0EVE"


def client_of(slack: SlackStandIn, token: str = "") -> WebClient:
    settings = {
        "bot_token": token or slack.bot_token,
        "app_token": "xapp-1",
        "api_url": slack.api_url,
    }
    return make_client(SlackSettings.model_validate(settings))


@pytest.mark.parametrize(
    ("locale", "language"),
    [("ko-KR", "ko"), ("en-GB", "en"), ("en", "en"), ("ja-JP", None), ("", None)],
)
def test_a_reader_has_the_language_of_their_slack(locale: str, language: Language | None) -> None:
    with start_slack() as slack:
        slack.workspace.change_user(EVE, locale=locale)
        assert make_readers_language(make_people(client_of(slack)))(EVE) == language


def test_words_decide_then_slack_then_the_bot() -> None:
    table = TableSection(name="SHOP.ORDERS")
    config = BotConfig(source=(SourceSection(name="main"),), table=(table,), language="ko")
    slack: dict[str, Language] = {MINJI: "ko", EVE: "en"}
    said = (
        (EVE, "몇 건?", "ko"),
        (MINJI, "how many orders?", "en"),
        (MINJI, "orders?", "ko"),
        (EVE, "shop.orders 2026-11-01", "en"),
        (EVE, "", "en"),
        ("U0OTHER", "ORDERS", "ko"),
    )
    for user, text, language in said:
        assert language_for(config, slack.get, user, text) == language


def test_a_language_is_asked_for_once_an_hour() -> None:
    at = [0.0]
    with start_slack() as slack:
        language_of = make_readers_language(make_people(client_of(slack), lambda: at[0]))
        assert language_of(MINJI) == "ko"
        slack.workspace.change_user(MINJI, locale="en-US")
        assert language_of(MINJI) == "ko"
        at[0] = FRESH_SECONDS
        assert language_of(MINJI) == "en"


def test_nobody_waits_long_for_a_slack_that_is_silent_or_says_to_wait() -> None:
    with start_slack() as slack:
        language_of = make_readers_language(make_people(client_of(slack)))
        began = time.monotonic()
        slack.faults.rate_limit("users.info", retry_after_seconds=30)
        assert language_of(MINJI) is None
        slack.faults.time_out("users.info", hold_seconds=5)
        assert language_of(MINJI) is None
        assert time.monotonic() - began < 2.5
        assert language_of(MINJI) == "ko"
        assert make_readers_language(make_people(client_of(slack, "xoxb-wrong")))(MINJI) is None


def test_one_call_tells_the_language_and_whose_somebody_is() -> None:
    calls = list[str]()
    with start_slack() as slack:
        settings = {"bot_token": slack.bot_token, "app_token": "x", "api_url": slack.api_url}
        client = make_client(
            SlackSettings.model_validate(settings), lambda method, _what, _why: calls.append(method)
        )
        people = make_people(client)
        assert make_readers_language(people)(MINJI) == "ko"
        is_outsider = make_is_outsider(people, Workspace(team=TEAM_ID))
        assert [is_outsider(user) for user in (MINJI, "U0PARTNER")] == [False, True]
    assert calls == ["users.info"] * 2
