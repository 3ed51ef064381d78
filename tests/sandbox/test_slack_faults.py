"""What goes wrong: tokens, scopes, limits, answers that never come, whatever the method."""

import time
from collections.abc import Iterator
from typing import Any, cast

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack.server import SlackStandIn, start_slack
from sandbox.slack.workspace import SlackRefusal

MINJI, DATA = "U0MINJI", "C0DATA"


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as slack:
        yield slack


@pytest.fixture
def web(slack: SlackStandIn) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url, timeout=1, retry_handlers=[])


def scopes(response: Any) -> str:
    return response.headers["x-oauth-scopes"]


def test_a_scope_that_was_not_granted_is_named(slack: SlackStandIn, web: WebClient) -> None:
    slack.grants.withdraw("usergroups:read", "im:write")
    with pytest.raises(SlackApiError) as refused:
        web.usergroups_list()
    answer = cast("dict[str, str]", refused.value.response.data)
    assert (answer["error"], answer["needed"]) == ("missing_scope", "usergroups:read")
    assert "usergroups:read" not in answer["provided"].split(",")
    with pytest.raises(SlackApiError, match="im:write"):
        web.conversations_open(users=MINJI)
    slack.grants.grant("usergroups:read")
    assert web.usergroups_list()["ok"] is True


def test_the_scope_of_a_channel_method_is_that_of_the_channels_kind(
    slack: SlackStandIn, web: WebClient
) -> None:
    slack.grants.withdraw("groups:read")
    assert web.conversations_info(channel=DATA)["ok"] is True
    with pytest.raises(SlackApiError, match="groups:read"):
        web.conversations_info(channel="C0FINANCE")


def test_every_answer_lists_the_granted_scopes() -> None:
    with start_slack(scopes=["chat:write", "app_mentions:read"]) as slack:
        web = WebClient(token=slack.bot_token, base_url=slack.api_url)
        assert scopes(web.auth_test()) == "app_mentions:read,chat:write"
        slack.faults.refuse("auth.test", "fatal_error")
        with pytest.raises(SlackApiError) as refused:
            web.auth_test()
        assert scopes(refused.value.response) == "app_mentions:read,chat:write"
        slack.post(MINJI, DATA, "nobody hears this")
        assert slack.events() == ()
        with pytest.raises(SlackRefusal, match="missing_scope"):
            slack.command(MINJI, DATA, "/sync")


@pytest.mark.parametrize("error", ["invalid_auth", "token_revoked", "account_inactive"])
def test_a_token_that_is_gone_is_refused_by_every_method_until_it_is_back(
    slack: SlackStandIn, web: WebClient, error: str
) -> None:
    slack.revoke_token(error)
    calls: list[tuple[str, dict[str, Any]]] = [
        ("auth.test", {}),
        ("chat.postMessage", {"channel": DATA, "text": "x"}),
        ("views.publish", {"user_id": MINJI, "view": {}}),
    ]
    for method, arguments in calls:
        with pytest.raises(SlackApiError, match=error):
            web.api_call(method, json=arguments)
    told = [event.inner["type"] for event in slack.events()]
    assert told == ["tokens_revoked", *["app_uninstalled"] * (error == "account_inactive")]
    slack.restore_token()
    assert web.auth_test()["ok"] is True


def test_a_lost_answer_may_come_after_the_deed_or_instead_of_it(
    slack: SlackStandIn, web: WebClient
) -> None:
    slack.faults.time_out("chat.postMessage", hold_seconds=0, does_deed=True)
    slack.faults.time_out("chat.postMessage", hold_seconds=0)
    for text in ("done", "not done"):
        with pytest.raises(OSError, match=r"."):
            web.chat_postMessage(channel=DATA, text=text)
    assert [message.text for message in slack.messages(DATA)] == ["done"]


def test_an_answer_that_is_held_back_ends_in_the_clients_timeout(
    slack: SlackStandIn, web: WebClient
) -> None:
    slack.faults.time_out("auth.test", hold_seconds=30)
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        web.auth_test()
    assert time.monotonic() - began < 5


def test_a_server_error_may_hide_a_deed(slack: SlackStandIn, web: WebClient) -> None:
    slack.faults.server_error("chat.postMessage", 503, does_deed=True)
    with pytest.raises(SlackApiError) as refused:
        web.chat_postMessage(channel=DATA, text="done")
    assert refused.value.response.status_code == 503
    assert [message.text for message in slack.messages(DATA)] == ["done"]


def test_a_fault_may_wait_for_whichever_method_comes_next(
    slack: SlackStandIn, web: WebClient
) -> None:
    slack.faults.rate_limit("*", retry_after_seconds=7)
    slack.faults.missing_scope("users.info", "users:read")
    with pytest.raises(SlackApiError) as limited:
        web.auth_test()
    headers = cast("dict[str, str]", limited.value.response.headers)
    assert (limited.value.response.status_code, headers["Retry-After"]) == (429, "7")
    with pytest.raises(SlackApiError, match="missing_scope"):
        web.users_info(user=MINJI)
    slack.faults.refuse("auth.test", "fatal_error")
    slack.faults.clear()
    assert web.auth_test()["ok"] is True


def test_an_archived_channel_takes_nothing_more(slack: SlackStandIn, web: WebClient) -> None:
    ts = cast("str", web.chat_postMessage(channel=DATA, text="before")["ts"])
    slack.workspace.change_channel(DATA, is_archived=True)
    calls: list[tuple[str, dict[str, Any], str]] = [
        ("chat.postMessage", {"channel": DATA, "text": "x"}, "is_archived"),
        ("chat.update", {"channel": DATA, "ts": ts, "text": "x"}, "is_inactive"),
        ("reactions.add", {"channel": DATA, "timestamp": ts, "name": "eyes"}, "is_archived"),
    ]
    for method, arguments, code in calls:
        with pytest.raises(SlackApiError, match=code):
            web.api_call(method, params=arguments)


def test_a_bot_that_was_removed_is_no_longer_in_the_channel(
    slack: SlackStandIn, web: WebClient
) -> None:
    slack.leave("U0DUCKFERRY", DATA)
    with pytest.raises(SlackApiError, match="not_in_channel"):
        web.chat_postMessage(channel=DATA, text="x")
    slack.post(MINJI, DATA, "nobody hears this")
    assert slack.events() == ()
