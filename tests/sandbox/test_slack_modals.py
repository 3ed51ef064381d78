"""Modals and the Home tab: a real Bolt app opens them, people of the stand-in use them."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from slack_bolt import Ack
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack.client import SlackClient
from sandbox.slack.forms import BadAnswer, NoOpenView
from sandbox.slack.server import NoSuchButton, SlackStandIn, start_slack
from sandbox.slack.transcript import reader_of, view_lines
from sandbox.slack.view_state import IncompleteForm, NoSuchField
from tests.sandbox.slack_bot import WAYS, Bot, connected

MINJI, JUNHO, DATA = "U0MINJI", "U0JUNHO", "C0DATA"


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def option(value: str) -> dict[str, Any]:
    return {"text": plain(value.title()), "value": value}


def button(action_id: str) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": plain(action_id), "value": "42"}


def field(block_id: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    label = plain(block_id.title())
    return {"type": "input", "block_id": block_id, "label": label, "element": element, **more}


REASON = field("reason", {"type": "plain_text_input", "action_id": "text", "max_length": 20})
MODE = field(
    "mode",
    {
        "type": "static_select",
        "action_id": "pick",
        "options": [option("full"), option("append")],
        "initial_option": option("append"),
    },
)
WHO = field("who", {"type": "multi_users_select", "action_id": "people"}, optional=True)
MORE = {"type": "actions", "block_id": "more", "elements": [button("more")]}


def modal(*blocks: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "edit",
        "title": plain("Edit the plan"),
        "submit": plain("Save"),
        "blocks": list(blocks) or [REASON, MODE, WHO],
        **changed,
    }


def answering(**answer: Any) -> Callable[[Ack], None]:
    def listener(ack: Ack) -> None:
        ack(**answer)

    return listener


@pytest.fixture(params=WAYS)
def bot(request: pytest.FixtureRequest) -> Iterator[Bot]:
    with start_slack() as slack, connected(slack, request.param) as bot:
        yield bot


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as slack:
        yield slack


@pytest.fixture
def web(slack: SlackStandIn) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url)


def refusal(error: SlackApiError) -> str:
    return cast("str", error.response["error"])


def trigger(slack: SlackStandIn, user: str = MINJI) -> str:
    return slack.state.tickets.new_trigger(user)


def opened(slack: SlackStandIn, web: WebClient, view: dict[str, Any]) -> dict[str, Any]:
    web.views_open(trigger_id=trigger(slack), view=view)
    return slack.wait_for_view(MINJI)


def test_a_pressed_button_opens_a_modal_that_is_submitted(bot: Bot) -> None:
    slack = bot.slack

    def open_it(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=modal(private_metadata="run-7"))

    bot.app.action("edit")(open_it)

    def take(ack: Ack) -> None:
        ack()

    bot.app.view("edit")(take)

    bot.web.chat_postMessage(
        channel=DATA, text="card", blocks=[{"type": "actions", "elements": [button("edit")]}]
    )
    slack.press(MINJI, DATA, slack.messages(DATA)[-1].ts, "edit")
    slack.wait_for_view(MINJI)
    assert slack.view_of(JUNHO) is None
    submitted = slack.submit(MINJI, {"reason": "too big", "mode": "Full", "people": [JUNHO]})
    assert (submitted.errors, submitted.view, slack.view_of(MINJI)) == ({}, None, None)
    body = bot.next(lambda body: body["type"] == "view_submission")
    assert body["user"]["id"] == MINJI
    assert body["view"]["private_metadata"] == "run-7"
    assert body["view"]["state"]["values"] == {
        "reason": {"text": {"type": "plain_text_input", "value": "too big"}},
        "mode": {"pick": {"type": "static_select", "selected_option": option("full")}},
        "who": {"people": {"type": "multi_users_select", "selected_users": [JUNHO]}},
    }


def test_another_process_sees_a_modal_and_what_it_says(bot: Bot) -> None:
    remote = SlackClient(bot.slack.base_url)
    assert remote.view_of(MINJI) is None
    text = {"type": "mrkdwn", "text": "*Rows*\nasked by <@U0JUNHO>"}
    opened(bot.slack, bot.web, modal({"type": "section", "text": text}, {"type": "divider"}))
    view = remote.view_of(MINJI)
    assert view is not None
    assert view_lines(view, reader_of(remote.users(), remote.channels())) == [
        "    [[ Edit the plan ]]",
        "    Rows",
        "    asked by @준호",
        "    " + "─" * 40,
    ]


def test_errors_keep_the_modal_and_what_was_entered_until_it_is_right(bot: Bot) -> None:
    slack = bot.slack

    def check(ack: Ack, view: dict[str, Any]) -> None:
        said = view["state"]["values"]["reason"]["text"]["value"]
        if said == "meh":
            ack(response_action="errors", errors={"reason": "Say more"})
        else:
            ack()

    bot.app.view("edit")(check)

    opened(slack, bot.web, modal())
    assert slack.submit(MINJI, {"reason": "meh", "mode": "full"}).errors == {"reason": "Say more"}
    assert slack.errors_of(MINJI) == {"reason": "Say more"}
    assert slack.submit(MINJI, {"reason": "wrong table"}).view is None
    body = [bot.next(lambda body: body["type"] == "view_submission") for _ in range(2)][1]
    mode = body["view"]["state"]["values"]["mode"]["pick"]
    assert mode["selected_option"]["value"] == "full"


def test_an_ack_can_update_push_and_clear(bot: Bot) -> None:
    slack = bot.slack
    answers: dict[str, dict[str, Any]] = {
        "first": {"response_action": "update", "view": modal(callback_id="second")},
        "second": {"response_action": "push", "view": modal(callback_id="third")},
        "third": {"response_action": "clear"},
    }
    for callback_id, answer in answers.items():
        bot.app.view(callback_id)(answering(**answer))
    first = opened(slack, bot.web, modal(callback_id="first"))
    second = slack.submit(MINJI, {"reason": "a"}).view
    assert second is not None
    assert (second["callback_id"], second["id"]) == ("second", first["id"])
    assert second["hash"] != first["hash"]
    third = slack.submit(MINJI, {"reason": "b"}).view
    assert third is not None
    assert (third["callback_id"], third["previous_view_id"]) == ("third", first["id"])
    assert third["root_view_id"] == first["id"]
    assert slack.submit(MINJI, {"reason": "c"}).view is None


def test_closing_is_told_only_where_the_view_asks_for_it(bot: Bot) -> None:
    slack = bot.slack
    bot.app.view_closed("asks")(answering())
    opened(slack, bot.web, modal())
    slack.close_view(MINJI)
    assert slack.view_of(MINJI) is None
    opened(slack, bot.web, modal(callback_id="asks", notify_on_close=True))
    slack.close_view(MINJI)
    body = bot.next(lambda body: body["type"].startswith("view"))
    assert (body["type"], body["view"]["callback_id"]) == ("view_closed", "asks")
    assert body["is_cleared"] is False


def test_a_button_in_a_modal_may_push_another_modal(bot: Bot) -> None:
    slack = bot.slack

    def push(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        client.views_push(trigger_id=body["trigger_id"], view=modal(callback_id="deeper"))

    bot.app.action("more")(push)

    below = opened(slack, bot.web, modal(REASON, MORE))
    slack.enter(MINJI, {"reason": "half"})
    slack.press_in_view(MINJI, "more")
    slack.wait_for_view(MINJI, lambda view: view["callback_id"] == "deeper")
    body = bot.next(lambda body: body["type"] == "block_actions")
    assert body["container"] == {"type": "view", "view_id": below["id"]}
    assert body["view"]["state"]["values"]["reason"]["text"]["value"] == "half"
    assert ("message" in body, "response_url" in body) == (False, False)
    slack.close_view(MINJI)
    assert cast("dict[str, Any]", slack.view_of(MINJI))["id"] == below["id"]


def test_the_home_tab_is_published_when_it_is_opened(bot: Bot) -> None:
    slack = bot.slack
    bot.app.action("more")(answering())

    def publish(event: dict[str, Any], client: WebClient) -> None:
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [MORE]})

    bot.app.event("app_home_opened")(publish)

    with pytest.raises(NoOpenView):
        slack.press_in_view(JUNHO, "more", home=True)
    slack.open_home(JUNHO)
    home = slack.wait_for_home(JUNHO)
    assert (home["type"], slack.home_of(MINJI)) == ("home", None)
    event = bot.next_event("app_home_opened")
    assert (event["tab"], event["channel"], "view" in event) == ("home", "D0JUNHO", False)
    slack.press_in_view(JUNHO, "more", home=True)
    body = bot.next(lambda body: body["type"] == "block_actions")
    assert (body["view"]["id"], body["actions"][0]["value"]) == (home["id"], "42")
    slack.open_home(JUNHO)
    assert bot.next_event("app_home_opened")["view"]["id"] == home["id"]


def test_an_answer_that_slack_cannot_use_is_an_error(bot: Bot) -> None:
    bot.app.view("edit")(answering(response_action="errors", errors={"nowhere": "x"}))
    bot.app.view("long")(answering(response_action="update", view=modal(title=plain("x" * 25))))
    for callback_id, complaint in (("edit", "nowhere"), ("long", "less than 25 characters")):
        opened(bot.slack, bot.web, modal(callback_id=callback_id))
        with pytest.raises(BadAnswer, match=complaint):
            bot.slack.submit(MINJI, {"reason": "x"})


def test_a_trigger_is_good_once_and_for_three_seconds(slack: SlackStandIn, web: WebClient) -> None:
    used, late = trigger(slack), trigger(slack)
    web.views_open(trigger_id=used, view=modal())
    slack.expire_triggers()
    met: list[str] = []
    for trigger_id in (used, late, "1.2.3"):
        with pytest.raises(SlackApiError) as refused:
            web.views_open(trigger_id=trigger_id, view=modal())
        met.append(refusal(refused.value))
    assert met == ["exchanged_trigger_id", "expired_trigger_id", "invalid_trigger_id"]


def test_a_refused_view_leaves_the_trigger_good(slack: SlackStandIn, web: WebClient) -> None:
    trigger_id = trigger(slack)
    with pytest.raises(SlackApiError):
        web.views_open(trigger_id=trigger_id, view=modal(title=plain("x" * 25)))
    assert web.views_open(trigger_id=trigger_id, view=modal(title=plain("x" * 24)))["ok"] is True


@pytest.mark.parametrize(
    ("view", "complaint"),
    [
        (modal(title=plain("x" * 25)), "less than 25 characters [json-pointer:/view/title/text]"),
        (modal(submit=plain("x" * 25)), "less than 25 characters"),
        (modal(close=plain("x" * 25)), "less than 25 characters"),
        (modal(*[{"type": "divider"}] * 101), "no more than 100 items"),
        (modal(private_metadata="x" * 3001), "less than 3001 characters"),
        (modal(callback_id="x" * 256), "less than 256 characters"),
        (modal(external_id="x" * 256), "less than 256 characters"),
        (modal(REASON, REASON), "`block_id` reason already exists"),
        ({**modal(), "type": "home"}, "must be of type modal"),
        ({k: v for k, v in modal().items() if k != "submit"}, "missing required field: submit"),
        ({k: v for k, v in modal().items() if k != "title"}, "missing required field: title"),
        (modal({"type": "markdown", "text": "x"}), "unsupported type: markdown"),
        (modal(field("b", {"type": "button", "text": plain("x")})), "unsupported type: button"),
        (modal(notify_on_close="yes"), "must be a boolean"),
        (modal(colour="red"), "invalid additional property: colour"),
    ],
)
def test_a_view_against_the_rules_is_refused(
    slack: SlackStandIn, web: WebClient, view: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(SlackApiError) as refused:
        web.views_open(trigger_id=trigger(slack), view=view)
    assert refusal(refused.value) == "invalid_arguments"
    metadata = cast("dict[str, list[str]]", refused.value.response["response_metadata"])
    assert complaint in " ".join(metadata["messages"])
    assert slack.view_of(MINJI) is None


def test_a_view_at_its_limits_is_taken(slack: SlackStandIn, web: WebClient) -> None:
    view = modal(
        REASON,
        {"type": "alert", "text": plain("careful")},
        *[{"type": "divider"}] * 98,
        private_metadata="x" * 3000,
        callback_id="x" * 255,
    )
    assert web.views_open(trigger_id=trigger(slack), view=view)["ok"] is True


def test_an_update_needs_the_hash_it_was_read_with_and_keeps_what_was_entered(
    slack: SlackStandIn, web: WebClient
) -> None:
    view = opened(slack, web, modal(external_id="plan-7"))
    slack.enter(MINJI, {"Reason": "half"})
    web.views_update(external_id="plan-7", hash=view["hash"], view=modal(REASON))
    shown = cast("dict[str, Any]", slack.view_of(MINJI))
    assert shown["state"]["values"]["reason"]["text"]["value"] == "half"
    cases = [
        ({"view_id": view["id"], "hash": view["hash"]}, "hash_conflict"),
        ({"view_id": "V0"}, "not_found"),
    ]
    for arguments, code in cases:
        with pytest.raises(SlackApiError) as refused:
            web.views_update(**arguments, view=modal())
        assert refusal(refused.value) == code


def test_an_external_id_is_taken_while_its_view_is_open(
    slack: SlackStandIn, web: WebClient
) -> None:
    opened(slack, web, modal(external_id="plan-7"))
    with pytest.raises(SlackApiError, match="duplicate_external_id"):
        web.views_open(trigger_id=trigger(slack, JUNHO), view=modal(external_id="plan-7"))


def test_three_views_are_the_most_on_top_of_each_other(slack: SlackStandIn, web: WebClient) -> None:
    view = opened(slack, web, modal())
    for _ in range(2):
        web.views_push(trigger_id=slack.state.tickets.new_trigger(MINJI, view["id"]), view=modal())
    with pytest.raises(SlackApiError, match="push_limit_reached"):
        web.views_push(trigger_id=slack.state.tickets.new_trigger(MINJI, view["id"]), view=modal())
    with pytest.raises(SlackApiError, match="not_found"):
        web.views_push(trigger_id=trigger(slack), view=modal())


def test_what_slacks_client_would_not_send_is_not_sent(slack: SlackStandIn, web: WebClient) -> None:
    with pytest.raises(NoOpenView):
        slack.submit(MINJI)
    opened(slack, web, modal())
    with pytest.raises(IncompleteForm, match="'Reason' must be filled in"):
        slack.submit(MINJI, {"mode": "full"})
    with pytest.raises(IncompleteForm, match="0 to 20 characters, not 21"):
        slack.submit(MINJI, {"reason": "x" * 21})
    with pytest.raises(NoSuchField, match="text in reason, pick in mode"):
        slack.submit(MINJI, {"colour": "red"})
    with pytest.raises(NoSuchField, match="Full \\(full\\), Append \\(append\\)"):
        slack.submit(MINJI, {"mode": "sideways"})
    with pytest.raises(NoSuchButton):
        slack.press_in_view(MINJI, "more")
    assert slack.deliveries() == ()
