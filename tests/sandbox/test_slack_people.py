"""What people do besides writing: events, commands, shortcuts; and who and where they are."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from slack_bolt import Ack, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack.server import SlackStandIn, start_slack
from sandbox.slack.values import BOT_USER_ID
from sandbox.slack.workspace import SlackRefusal
from tests.sandbox.slack_bot import WAYS, Bot, connected

MINJI, JUNHO, ALICE, DATA = "U0MINJI", "U0JUNHO", "U0ALICE", "C0DATA"


@pytest.fixture(params=WAYS)
def bot(request: pytest.FixtureRequest) -> Iterator[Bot]:
    with start_slack() as slack, connected(slack, request.param) as bot:
        yield bot


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as slack:
        yield slack


@pytest.fixture(scope="module")
def web(slack: SlackStandIn) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url)


def answering(*arguments: Any, **answer: Any) -> Callable[[Ack], None]:
    def listener(ack: Ack) -> None:
        ack(*arguments, **answer)

    return listener


def test_an_edit_and_a_deletion_are_told(bot: Bot) -> None:
    ts = bot.slack.post(MINJI, DATA, "two hundred")
    bot.slack.edit(MINJI, DATA, ts, "@Duckferry two hundred")
    told: dict[str, dict[str, Any]] = {}
    while not {"app_mention", "message_changed"} <= set(told):
        event = bot.next()["event"]
        told[event.get("subtype") or event["type"]] = event
    mention, changed = told["app_mention"], told["message_changed"]
    assert (mention["ts"], mention["edited"]["user"]) == (ts, MINJI)
    assert changed["message"]["text"] == "<@U0DUCKFERRY> two hundred"
    assert changed["previous_message"]["text"] == "two hundred"
    bot.slack.delete(MINJI, DATA, ts)
    deleted = bot.next_event("message_deleted")
    assert (deleted["deleted_ts"], bot.slack.messages(DATA)) == (ts, ())
    with pytest.raises(SlackRefusal, match="message_not_found"):
        bot.slack.edit(MINJI, DATA, ts, "again")


def test_joining_is_told_of_people_and_of_the_bot_itself(bot: Bot) -> None:
    bot.slack.join(BOT_USER_ID, "C0LEADS", inviter=JUNHO)
    event = bot.next_event("member_joined_channel")
    assert (event["user"], event["inviter"], event["channel"]) == (BOT_USER_ID, JUNHO, "C0LEADS")
    assert bot.web.chat_postMessage(channel="C0LEADS", text="hello")["ok"] is True
    bot.slack.join("U0GUEST", "C0FINANCE")
    event = bot.next_event("member_joined_channel")
    assert (event["user"], event["channel_type"]) == ("U0GUEST", "G")


def test_reactions_are_told_to_an_app_that_may_read_them(bot: Bot) -> None:
    ts = bot.slack.post(MINJI, DATA, "good")
    bot.slack.react(JUNHO, DATA, ts, "tada")
    bot.slack.grants.grant("reactions:read")
    bot.slack.react(ALICE, DATA, ts, "heart")
    event = bot.next_event("reaction_added")
    assert (event["user"], event["reaction"], event["item"]["ts"]) == (ALICE, "heart", ts)
    assert len(bot.slack.events(DATA, ts)) == 2


def test_a_command_is_answered_by_its_ack_and_by_its_response_url(bot: Bot) -> None:
    def sync(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack("one moment")
        respond(text="private")
        respond(text="better", replace_original=True)
        respond(text=f"syncing {body['text']}", response_type="in_channel")

    bot.app.command("/sync")(sync)
    ack = bot.slack.command(MINJI, DATA, "/sync", "USERS & ORDERS")
    assert ack.payload == {"text": "one moment"}
    said = bot.slack.wait_for(lambda message: message.text.startswith("syncing"))
    assert (said.text, said.ephemeral_to) == ("syncing USERS & ORDERS", None)
    assert sorted(each.text for each in bot.slack.ephemerals(MINJI)) == ["better", "one moment"]
    body = bot.next()
    assert (body["command"], body["text"]) == ("/sync", "USERS & ORDERS")
    assert (body["user_id"], body["channel_id"]) == (MINJI, DATA)
    title = {"type": "plain_text", "text": "Sync"}
    view: dict[str, Any] = {"type": "modal", "title": title, "blocks": []}
    bot.web.views_open(trigger_id=body["trigger_id"], view=view)
    assert bot.slack.view_of(MINJI) is not None


def test_shortcuts_arrive_with_what_they_are_used_on(bot: Bot) -> None:
    bot.app.shortcut("everywhere")(answering())
    bot.app.shortcut("explain")(answering())
    ts = bot.slack.post(MINJI, DATA, "what is this?")
    bot.slack.shortcut(MINJI, "everywhere")
    body = bot.next(lambda body: body["type"] == "shortcut")
    assert (body["callback_id"], "response_url" in body) == ("everywhere", False)
    bot.slack.shortcut_on(JUNHO, DATA, ts, "explain")
    body = bot.next(lambda body: body["type"] == "message_action")
    assert (body["message"]["text"], body["message_ts"]) == ("what is this?", ts)
    assert (body["user"]["id"], body["channel"]["id"]) == (JUNHO, DATA)
    assert body["trigger_id"]


def test_a_menu_in_a_message_is_chosen_from(bot: Bot) -> None:
    bot.app.action("mode")(answering())
    text = {"type": "plain_text", "text": "Full"}
    menu = {
        "type": "static_select",
        "action_id": "mode",
        "options": [{"text": text, "value": "full"}],
    }
    blocks = [{"type": "actions", "block_id": "b", "elements": [menu]}]
    bot.web.chat_postMessage(channel=DATA, text="x", blocks=blocks)
    bot.slack.choose(MINJI, DATA, bot.slack.messages(DATA)[0].ts, "mode", "Full")
    body = bot.next(lambda body: body["type"] == "block_actions")
    assert body["actions"][0]["selected_option"]["value"] == "full"
    assert body["state"]["values"]["b"]["mode"]["selected_option"]["value"] == "full"


def test_feedback_is_pressed_by_its_label(bot: Bot) -> None:
    bot.app.action("feedback")(answering())
    sides = {
        f"{side}_button": {"text": {"type": "plain_text", "text": label}, "value": side}
        for side, label in (("positive", "Good"), ("negative", "Bad"))
    }
    feedback = {"type": "feedback_buttons", "action_id": "feedback", **sides}
    blocks = [{"type": "context_actions", "elements": [feedback]}]
    bot.web.chat_postMessage(channel=DATA, text="x", blocks=blocks)
    bot.slack.press(MINJI, DATA, bot.slack.messages(DATA)[0].ts, "Bad")
    (action,) = bot.next(lambda body: body["type"] == "block_actions")["actions"]
    assert (action["type"], action["value"]) == ("feedback_buttons", "negative")


def test_an_event_from_a_shared_channel_says_so(slack: SlackStandIn) -> None:
    ts = slack.post("U0PARTNER", "C0PARTNERS", "hello")
    (event,) = slack.events("C0PARTNERS", ts)
    assert event.payload["is_ext_shared_channel"] is True
    assert event.inner["user_team"] == "T0PARTNER"


def test_only_what_the_app_subscribed_to_is_told() -> None:
    with start_slack(events=["message.im"]) as slack:
        slack.post(MINJI, DATA, "@Duckferry in a channel")
        slack.direct_message(MINJI, "alone")
        slack.open_home(MINJI)
        assert [event.inner["text"] for event in slack.events()] == ["alone"]


def test_user_groups_and_their_members_are_listed(slack: SlackStandIn, web: WebClient) -> None:
    groups = cast("list[dict[str, Any]]", web.usergroups_list(include_users=True)["usergroups"])
    assert [(each["id"], each["handle"], each["users"]) for each in groups] == [
        ("S0DATALEADS", "data-leads", [JUNHO]),
        ("S0ANALYSTS", "analysts", [MINJI, ALICE]),
    ]
    assert web.usergroups_users_list(usergroup="S0DATALEADS")["users"] == [JUNHO]
    slack.workspace.change_group("S0DATALEADS", users=(JUNHO, ALICE))
    assert web.usergroups_users_list(usergroup="S0DATALEADS")["users"] == [JUNHO, ALICE]
    for group in ("S0NONE", "S0FORMER"):
        with pytest.raises(SlackApiError, match="no_such_subteam"):
            web.usergroups_users_list(usergroup=group)


def test_people_are_described_with_their_standing(web: WebClient) -> None:
    def info(user: str) -> dict[str, Any]:
        return cast("dict[str, Any]", web.users_info(user=user, include_locale=True)["user"])

    minji, guest, gone, partner = (info(each) for each in (MINJI, "U0GUEST", "U0GONE", "U0PARTNER"))
    assert (minji["locale"], minji["tz"], minji["tz_offset"]) == ("ko-KR", "Asia/Seoul", 32400)
    assert (minji["profile"]["email"], minji["is_restricted"]) == ("minji@example.com", False)
    assert (guest["is_restricted"], guest["deleted"]) == (True, False)
    assert (gone["deleted"], "tz" in gone, "locale" in gone) == (True, False, False)
    assert (partner["is_stranger"], partner["team_id"]) == (True, "T0PARTNER")


def test_channels_are_described_by_their_kind(slack: SlackStandIn, web: WebClient) -> None:
    def flags(channel: str) -> set[str]:
        info = cast("dict[str, Any]", web.conversations_info(channel=channel)["channel"])
        return {name for name, value in info.items() if name.startswith("is_") and value}

    dm = cast("dict[str, str]", web.conversations_open(users=MINJI)["channel"])["id"]
    group = cast("dict[str, str]", web.conversations_open(users=[MINJI, JUNHO])["channel"])["id"]
    assert {
        "data": flags(DATA),
        "finance": flags("C0FINANCE"),
        "old": flags("C0OLD"),
        "partners": flags("C0PARTNERS"),
        "dm": flags(dm),
        "group": flags(group),
    } == {
        "data": {"is_channel", "is_member"},
        "finance": {"is_group", "is_private", "is_member"},
        "old": {"is_channel", "is_archived", "is_member"},
        "partners": {"is_channel", "is_shared", "is_ext_shared", "is_member"},
        "dm": {"is_im", "is_private"},
        "group": {"is_mpim", "is_private", "is_member"},
    }
    with pytest.raises(SlackApiError, match="channel_not_found"):
        web.conversations_info(channel="C0BOARD")
    members = cast("list[str]", web.conversations_members(channel=group)["members"])
    assert set(members) == {MINJI, JUNHO, BOT_USER_ID}


def test_history_and_replies_come_in_pages(slack: SlackStandIn, web: WebClient) -> None:
    roots = [slack.post(MINJI, "C0SALES", f"root {number}") for number in range(3)]
    for number in range(3):
        slack.post(JUNHO, "C0SALES", f"reply {number}", roots[0])

    def texts(answer: Any) -> list[str]:
        return [each["text"] for each in answer["messages"]]

    first = web.conversations_history(channel="C0SALES", limit=2)
    assert (texts(first), first["has_more"]) == (["root 2", "root 1"], True)
    cursor = cast("dict[str, str]", first["response_metadata"])["next_cursor"]
    second = web.conversations_history(channel="C0SALES", limit=2, cursor=cursor)
    assert (texts(second), second["has_more"]) == (["root 0"], False)
    (root,) = cast("list[dict[str, Any]]", second["messages"])
    assert (root["reply_count"], root["reply_users"]) == (3, [JUNHO])
    thread = web.conversations_replies(channel="C0SALES", ts=roots[0])
    assert texts(thread) == ["root 0", "reply 0", "reply 1", "reply 2"]
    newer = web.conversations_history(channel="C0SALES", oldest=roots[1])
    assert texts(newer) == ["root 2"]
    with pytest.raises(SlackApiError, match="thread_not_found"):
        web.conversations_replies(channel="C0SALES", ts="1.2")
    with pytest.raises(SlackApiError, match="not_in_channel"):
        web.conversations_history(channel="C0LEADS")


def test_a_permalink_names_the_thread(slack: SlackStandIn, web: WebClient) -> None:
    root = slack.post(MINJI, DATA, "root")
    reply = slack.post(MINJI, DATA, "reply", root)
    link = cast("str", web.chat_getPermalink(channel=DATA, message_ts=reply)["permalink"])
    digits = reply.replace(".", "")
    assert link == (
        f"https://sandbox.slack.com/archives/C0DATA/p{digits}?thread_ts={root}&cid=C0DATA"
    )
