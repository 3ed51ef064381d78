"""The Web API of the stand-in, called by the unchanged WebClient or by plain HTTP."""

import json
from collections.abc import Iterator
from typing import Any, cast
from urllib.request import Request, urlopen

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack.server import SlackStandIn, start_slack
from sandbox.slack.values import dm_id


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as stand_in:
        yield stand_in


@pytest.fixture
def web(slack: SlackStandIn) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url)


def refusal(error: SlackApiError) -> str:
    return cast("str", error.response["error"])


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(**changed: Any) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": "Go"}, **changed}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def table(rows: int, columns: int, text: str = "x") -> dict[str, Any]:
    cell = {"type": "raw_text", "text": text}
    return {"type": "table", "rows": [[cell] * columns for _ in range(rows)]}


PLAIN = {"type": "plain_text", "text": "yes"}
LONG_CONFIRM = {
    "title": PLAIN,
    "confirm": PLAIN,
    "deny": PLAIN,
    "text": {**PLAIN, "text": "x" * 301},
}


@pytest.mark.parametrize(
    ("blocks", "complaint"),
    [
        ([section("x" * 3001)], "less than 3001 characters [json-pointer:/blocks/0/text/text]"),
        ([section("")], "more than 0 characters"),
        ([{"type": "section"}], "missing required field: text"),
        ([{"type": "divider"}] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
        (
            [{"type": "section", "fields": [PLAIN] * 11}],
            "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
        ),
        (
            [{"type": "section", "fields": [{**PLAIN, "text": "x" * 2001}]}],
            "less than 2001 characters",
        ),
        ([{"type": "header", "text": {**PLAIN, "text": "x" * 151}}], "less than 151 characters"),
        ([{"type": "header", "text": section("x")["text"]}], "unsupported type: mrkdwn"),
        ([{"type": "context", "elements": [PLAIN] * 11}], "no more than 10 items"),
        ([actions(*[button()] * 26)], "no more than 25 items"),
        ([actions()], "no less than 1 items"),
        ([actions(button(text={**PLAIN, "text": "x" * 76}))], "less than 76 characters"),
        ([actions(button(value="x" * 2001))], "less than 2001 characters"),
        ([actions(button(action_id="x" * 256))], "less than 256 characters"),
        ([actions(button(style="warning"))], "value not allowed: warning"),
        ([actions(button(colour="red"))], "invalid additional property: colour"),
        ([actions(button(confirm=LONG_CONFIRM))], "less than 301 characters"),
        ([actions(button(action_id="a"), button(action_id="a"))], "`action_id` a already exists"),
        ([{**section("x"), "block_id": "b"}] * 2, "`block_id` b already exists"),
        ([{"type": "markdown", "text": "x" * 6001}] * 2, "together must be less than 12001"),
        ([table(101, 2)], "no more than 100 items"),
        ([table(2, 21)], "no more than 20 items"),
        ([table(2, 2, text="")], "more than 0 characters"),
        ([table(2, 2), table(2, 2)], "no more than 1 table block"),
        ([{"type": "alert", "text": PLAIN}], "modals only"),
        ([{"type": "sparkle"}], "unsupported type: sparkle"),
        (["text"], "unsupported type: None"),
    ],
)
def test_blocks_over_a_limit_are_refused_with_the_place_and_the_limit(
    slack: SlackStandIn, web: WebClient, blocks: list[Any], complaint: str
) -> None:
    before = slack.version()
    with pytest.raises(SlackApiError) as refused:
        web.chat_postMessage(channel="C0DATA", text="x", blocks=blocks)
    assert refusal(refused.value) == "invalid_blocks"
    metadata = cast("dict[str, list[str]]", refused.value.response["response_metadata"])
    assert complaint in " ".join(metadata["messages"])
    assert slack.version() == before


def test_blocks_at_their_limits_are_taken(web: WebClient) -> None:
    blocks = [
        section("x" * 3000),
        {"type": "header", "text": {**PLAIN, "text": "x" * 150}},
        {"type": "context", "elements": [PLAIN] * 10},
        actions(*[button(action_id=f"a{number}") for number in range(25)]),
        table(100, 20),
        *[{"type": "divider"}] * 45,
    ]
    assert web.chat_postMessage(channel="C0DATA", text="x", blocks=blocks)["ok"] is True


def test_the_text_of_all_blocks_together_has_a_limit(web: WebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        web.chat_postMessage(channel="C0DATA", text="x", blocks=[section("x" * 2700)] * 5)
    assert refusal(refused.value) == "msg_blocks_too_long"


def test_a_text_that_is_too_long_is_refused(web: WebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        web.chat_postMessage(channel="C0DATA", text="x" * 40_001)
    assert refusal(refused.value) == "msg_too_long"
    assert web.chat_postMessage(channel="C0DATA", text="x" * 40_000)["ok"] is True


def test_each_refusal_has_the_code_that_slack_gives(slack: SlackStandIn, web: WebClient) -> None:
    theirs = slack.post("U0MINJI", "C0DATA", "mine")
    web.reactions_add(channel="C0DATA", timestamp=theirs, name="eyes")
    calls: list[tuple[str, dict[str, Any], str]] = [
        ("chat.postMessage", {"channel": "C0NONE", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0LEADS", "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": "C0DATA"}, "no_text"),
        ("chat.postMessage", {"channel": "C0DATA", "blocks": "[{"}, "invalid_blocks_format"),
        ("chat.update", {"channel": "C0DATA", "ts": "1.2", "text": "x"}, "message_not_found"),
        ("chat.update", {"channel": "C0DATA", "ts": theirs, "text": "x"}, "cant_update_message"),
        ("chat.delete", {"channel": "C0DATA", "ts": theirs}, "cant_delete_message"),
        (
            "reactions.add",
            {"channel": "C0DATA", "timestamp": theirs, "name": "eyes"},
            "already_reacted",
        ),
        ("users.info", {"user": "U0NOBODY"}, "user_not_found"),
        ("views.open", {"trigger_id": "1.2.3", "view": "{}"}, "invalid_trigger_id"),
        ("charts.draw", {}, "unknown_method"),
        ("apps.connections.open", {}, "not_allowed_token_type"),
    ]
    met: list[str] = []
    for method, arguments, _ in calls:
        with pytest.raises(SlackApiError) as refused:
            web.api_call(method, params=arguments)
        met.append(refusal(refused.value))
    assert met == [code for _, _, code in calls]


def test_a_wrong_token_is_refused(slack: SlackStandIn) -> None:
    stranger = WebClient(token="xoxb-other", base_url=slack.api_url)
    with pytest.raises(SlackApiError) as refused:
        stranger.auth_test()
    assert refusal(refused.value) == "invalid_auth"


@pytest.mark.parametrize(
    ("query", "body", "content_type"),
    [
        ("?user=U0MINJI&include_locale=1", "", "application/x-www-form-urlencoded"),
        ("", "user=U0MINJI&include_locale=true", "application/x-www-form-urlencoded"),
        ("", '{"user": "U0MINJI", "include_locale": true}', "application/json;charset=utf-8"),
    ],
)
def test_arguments_are_read_from_query_form_and_json(
    slack: SlackStandIn, query: str, body: str, content_type: str
) -> None:
    request = Request(  # noqa: S310 - the loopback address
        f"{slack.api_url}users.info{query}",
        data=body.encode(),
        headers={"Authorization": f"Bearer {slack.bot_token}", "Content-Type": content_type},
    )
    with urlopen(request, timeout=5) as response:  # noqa: S310 - as above
        answer = json.load(response)
    assert (answer["user"]["real_name"], answer["user"]["locale"]) == ("민지", "ko-KR")


def test_a_direct_message_is_opened_on_demand(slack: SlackStandIn, web: WebClient) -> None:
    opened = cast("dict[str, str]", web.conversations_open(users=["U0EVE"])["channel"])
    assert opened["id"] == dm_id("U0EVE")
    web.chat_postMessage(channel="U0EVE", text="psst")
    assert [message.text for message in slack.messages(dm_id("U0EVE"))] == ["psst"]


def test_a_thinking_status_ends_when_the_bot_answers(slack: SlackStandIn, web: WebClient) -> None:
    root = slack.post("U0MINJI", "C0DATA", "question")
    web.assistant_threads_setStatus(channel_id="C0DATA", thread_ts=root, status="is thinking…")
    assert slack.workspace.status("C0DATA", root) == "is thinking…"
    web.chat_postMessage(channel="C0DATA", thread_ts=root, text="answer")
    assert slack.workspace.status("C0DATA", root) == ""


def test_a_reply_to_a_reply_joins_the_thread_of_the_root(
    slack: SlackStandIn, web: WebClient
) -> None:
    root = slack.post("U0MINJI", "C0DATA", "root")
    reply = slack.post("U0EVE", "C0DATA", "reply", thread_ts=root)
    web.chat_postMessage(channel="C0DATA", thread_ts=reply, text="to the reply")
    assert [each.text for each in slack.messages("C0DATA", root)] == [
        "root",
        "reply",
        "to the reply",
    ]


def test_a_server_error_is_met_as_often_as_ordered(slack: SlackStandIn, web: WebClient) -> None:
    slack.faults.server_error("auth.test", times=2)
    for _ in range(2):
        with pytest.raises(SlackApiError) as refused:
            web.auth_test()
        assert refused.value.response.status_code == 500
    assert web.auth_test()["ok"] is True


def test_timestamps_are_unique_and_rise(slack: SlackStandIn) -> None:
    stamps = [slack.post("U0MINJI", "C0SALES", "x") for _ in range(200)]
    assert stamps == sorted(set(stamps))
