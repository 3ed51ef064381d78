"""Whether who owns a schedule is still there, as Slack tells it."""

import pytest
from slack_sdk import WebClient

from app.owners import make_has_left
from app.settings import SlackSettings
from app.slack_gateway import make_client
from sandbox.slack.server import start_slack

MINJI = "U0MINJI"


def client_of(url: str, token: str) -> WebClient:
    settings = {"bot_token": token, "app_token": "xapp-1", "api_url": url}
    return make_client(SlackSettings.model_validate(settings))


def test_a_deactivated_and_an_unknown_account_are_gone_and_a_living_one_is_not() -> None:
    with start_slack() as slack:
        has_left = make_has_left(client_of(slack.api_url, slack.bot_token))
        assert not has_left(MINJI)
        assert has_left("U0NOBODY")
        slack.workspace.change_user(MINJI, deleted=True)
        assert has_left(MINJI)


@pytest.mark.parametrize("token", ["xoxb-wrong"])
def test_who_slack_does_not_tell_about_is_not_gone(token: str) -> None:
    with start_slack() as slack:
        assert not make_has_left(client_of(slack.api_url, token))("U0NOBODY")
