"""A channel is found by its id, and said to be closed to the bot where Slack says so."""

from collections.abc import Callable, Iterator

import pytest

from agent.deps import Channel
from app.channels import any_channel, make_find_channel, make_is_shared
from app.settings import SlackSettings
from app.slack_gateway import make_client
from sandbox.slack.server import SlackStandIn, start_slack


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as running:
        yield running


@pytest.fixture
def find(slack: SlackStandIn) -> Callable[[str], Channel]:
    settings = {"bot_token": slack.bot_token, "app_token": "xapp-1", "api_url": slack.api_url}
    return make_find_channel(make_client(SlackSettings.model_validate(settings)))


@pytest.mark.parametrize(
    ("text", "channel", "problem"),
    [
        ("<#C0SALES|sales>", "C0SALES", ""),
        ("C0DATA", "C0DATA", ""),
        ("<#C0LEADS|leads>", "C0LEADS", "the bot is not in it"),
        ("<#C0OLD>", "C0OLD", "archived"),
        ("<#C0BOARD|board>", "C0BOARD", "no such channel that the bot can see"),
        ("#sales", "#sales", "choosing it from Slack's list"),
    ],
)
def test_slack_is_asked_whether_the_bot_can_write_there(
    find: Callable[[str], Channel], text: str, channel: str, problem: str
) -> None:
    found = find(text)
    assert found.id == channel
    assert problem in found.problem
    assert bool(found.problem) == bool(problem)


def test_what_slack_does_not_tell_is_no_problem(
    slack: SlackStandIn, find: Callable[[str], Channel]
) -> None:
    slack.faults.refuse("conversations.info", "internal_error", times=10)
    assert find("C0SALES") == Channel("C0SALES")


def test_where_there_is_no_slack_a_name_is_enough() -> None:
    assert any_channel("#ops") == Channel("ops")
    assert any_channel("<#C0OPS|ops>") == Channel("C0OPS")


def test_a_channel_of_two_organisations_is_told_and_what_slack_does_not_say_is_unknown() -> None:
    with start_slack() as slack:
        settings = {"bot_token": slack.bot_token, "app_token": "xapp-1", "api_url": slack.api_url}
        is_shared = make_is_shared(make_client(SlackSettings.model_validate(settings)))
        asked = [is_shared(one) for one in ("C0PARTNERS", "C0SALES", "C0NOWHERE")]
        assert asked == [True, False, None]
        slack.faults.refuse("conversations.info", "internal_error", times=10)
        asked = [is_shared(one) for one in ("C0PARTNERS", "C0SALES", "C0LEADS")]
        assert asked == [True, False, None]
