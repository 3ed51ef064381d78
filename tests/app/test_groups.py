"""Members of a user group are asked for once in five minutes, and an error lets nobody in."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from slack_sdk import WebClient

from app.groups import FRESH_SECONDS, KEPT_SECONDS, make_members, nobody_if_unknown
from app.settings import SlackSettings
from app.slack_gateway import make_client
from sandbox.slack.server import SlackStandIn, start_slack

LEADS = frozenset({"U0JUNHO"})


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as running:
        yield running


@pytest.fixture
def client(slack: SlackStandIn) -> WebClient:
    settings = {"bot_token": slack.bot_token, "app_token": "xapp-1", "api_url": slack.api_url}
    return make_client(SlackSettings.model_validate(settings))


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def test_members_are_remembered_for_five_minutes(slack: SlackStandIn, client: WebClient) -> None:
    clock = Clock()
    groups = nobody_if_unknown(make_members(client, clock))
    assert groups("S0DATALEADS") == LEADS
    slack.workspace.change_group("S0DATALEADS", users=("U0EVE",))
    clock.seconds += FRESH_SECONDS - 1
    assert groups("S0DATALEADS") == LEADS
    clock.seconds += 1
    assert groups("S0DATALEADS") == {"U0EVE"}


def test_what_was_known_counts_for_an_hour_while_slack_is_away(
    slack: SlackStandIn, client: WebClient
) -> None:
    clock = Clock()
    groups = nobody_if_unknown(make_members(client, clock))
    assert groups("S0DATALEADS") == LEADS
    slack.faults.refuse("usergroups.users.list", "internal_error", times=100)
    clock.seconds += KEPT_SECONDS - 1
    assert groups("S0DATALEADS") == LEADS
    clock.seconds += 1
    assert groups("S0DATALEADS") == frozenset()


@pytest.mark.parametrize("group", ["S0NOBODY", "S0FORMER", "", "U0JUNHO"])
def test_a_group_that_is_not_there_is_nobody(client: WebClient, group: str) -> None:
    assert nobody_if_unknown(make_members(client))(group) == frozenset()


def test_a_missing_right_is_nobody(slack: SlackStandIn, client: WebClient) -> None:
    slack.faults.missing_scope("usergroups.users.list", "usergroups:read")
    groups = nobody_if_unknown(make_members(client))
    assert groups("S0DATALEADS") == frozenset()
    assert groups("S0DATALEADS") == LEADS


def test_that_slack_does_not_say_is_not_the_same_as_nobody(
    slack: SlackStandIn, client: WebClient
) -> None:
    members = make_members(client)
    assert members("S0NOBODY") == frozenset()
    slack.faults.refuse("usergroups.users.list", "internal_error", times=100)
    assert members("S0DATALEADS") is None


def test_many_who_ask_at_once_are_answered_by_one_call(slack: SlackStandIn) -> None:
    calls, clicks = list[str](), 16
    settings = SlackSettings.model_validate(
        {"bot_token": slack.bot_token, "app_token": "xapp-1", "api_url": slack.api_url}
    )
    client = make_client(settings, lambda method, _outcome, _error: calls.append(method))
    members, together = make_members(client), Barrier(clicks)

    def press(_: int) -> frozenset[str] | None:
        together.wait()
        return members("S0DATALEADS")

    with ThreadPoolExecutor(clicks) as pool:
        assert list(pool.map(press, range(clicks))) == [LEADS] * clicks
    assert calls == ["usergroups.users.list"]
