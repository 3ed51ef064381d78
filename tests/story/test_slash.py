"""What a command or a form asks is asked as if it were written, and answered in its place."""

from app.listeners.shortcuts import ABOUT_A_MESSAGE, EVERYWHERE
from app.listeners.slash import COMMAND
from sandbox.slack.values import BOT_USER_ID, Message, dm_id
from tests.story.world import ALICE, DATA, JUNHO, REJECT, SECONDS, World, shown

ELSEWHERE = "C0LEADS"


def begun(world: World, channel: str, words: str) -> Message:
    """Wait for the message that says who asks what."""
    return world.sandbox.slack.wait_for(
        lambda m: m.channel == channel and m.user == BOT_USER_ID and words in shown(m), SECONDS
    )


def test_a_sync_asked_by_command_has_its_card_in_the_channel_below_who_asked(
    shared: World,
) -> None:
    shared.sandbox.slack.command(ALICE, DATA, COMMAND, "customers 전체")
    asked = begun(shared, DATA, "<@U0ALICE> 님이 물었습니다: 동기화 SHOP.CUSTOMERS 전체")
    card = shared.open_card(asked.ts)
    assert "<@U0ALICE>" in shown(card)
    shared.press(card, REJECT, ALICE)
    shared.card(asked.ts, "철회")


def test_where_the_bot_is_not_a_form_leads_to_a_card_in_direct_messages(shared: World) -> None:
    slack = shared.sandbox.slack
    slack.command(JUNHO, ELSEWHERE, COMMAND)
    slack.wait_for_view(JUNHO)
    assert slack.submit(JUNHO, {"table": "SHOP.USERS"}).view is None
    asked = begun(shared, dm_id(JUNHO), "동기화 SHOP.USERS")
    assert f"<#{ELSEWHERE}>에는 봇이 없어 여기서 답합니다." in shown(asked)
    shared.press(shared.open_card(asked.ts), REJECT, JUNHO)
    shared.card(asked.ts, "철회")


def test_what_is_looked_up_by_command_is_answered_alone_also_where_the_bot_is_not(
    shared: World,
) -> None:
    slack = shared.sandbox.slack
    for words, told in (
        ("테이블", "SHOP.ORDERS"),
        ("stats nowhere", "nowhere은(는) 이 봇이 다루는 테이블이 아닙니다."),
        ("대기", "결정을 기다"),
        ("runs", "동기화"),
        ("예약", "customers-daily"),
    ):
        slack.command(JUNHO, ELSEWHERE, COMMAND, words)
        answer = slack.wait_for(lambda m, told=told: m.ephemeral_to == JUNHO and told in shown(m))
        assert answer.channel == ELSEWHERE


def test_a_question_about_a_message_is_answered_in_its_thread_or_directly(shared: World) -> None:
    slack = shared.sandbox.slack
    written = slack.post(JUNHO, DATA, "EU <b>orders</b> look low & odd")
    slack.shortcut_on(ALICE, DATA, written, ABOUT_A_MESSAGE)
    form = slack.wait_for_view(ALICE)
    assert form["blocks"][0]["text"]["text"] == "> EU &lt;b&gt;orders&lt;/b&gt; look low &amp; odd"
    assert slack.submit(ALICE, {"question": "which tables are there?"}).view is None
    asked = begun(shared, DATA, "<@U0ALICE> asks: which tables are there?")
    assert asked.thread_ts == written
    shared.answer(written, "ORDERS")
    elsewhere = slack.post(JUNHO, ELSEWHERE, "재고가 이상해요")
    slack.shortcut_on(JUNHO, ELSEWHERE, elsewhere, ABOUT_A_MESSAGE)
    slack.wait_for_view(JUNHO)
    slack.submit(JUNHO, {"question": "어떤 테이블이 있어?"})
    asked = begun(shared, dm_id(JUNHO), "<@U0JUNHO> 님이 물었습니다: 어떤 테이블이 있어?")
    assert shown(asked).startswith("> 재고가 이상해요\n")
    shared.answer(asked.ts, "ORDERS")


def test_a_shortcut_opens_the_form_of_a_sync_from_anywhere(shared: World) -> None:
    slack = shared.sandbox.slack
    slack.shortcut(ALICE, EVERYWHERE)
    form = slack.wait_for_view(ALICE)
    assert form["title"]["text"] == "Sync a table"
    assert form["state"]["values"]["where"]["where"]["selected_conversation"] is None
    slack.close_view(ALICE)
