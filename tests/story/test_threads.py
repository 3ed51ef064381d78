"""A thread as a conversation: replies, edits, what is taken back, and being forgotten."""

from agent.conversation import ConversationHistory
from agent.runtime.thread_context import DELETED
from tests.story.world import ALICE, APPROVE, DATA, JUNHO, MINJI, SALES, SECONDS, TEAM, World, shown


def words(world: World, asked: str) -> list[str]:
    """What people said in a thread, as the model reads it."""
    messages = ConversationHistory(world.redis, f"{TEAM}:{DATA}:{asked}").messages()
    return [message.content for message in messages if message.role == "user"]


def test_a_thread_goes_on_without_mentions_and_follows_edits_until_it_is_forgotten(
    shared: World,
) -> None:
    slack = shared.sandbox.slack
    asked = shared.ask("어떤 테이블이 있어?")
    shared.answer(asked, "테이블은")
    slack.post(JUNHO, DATA, f"<@{ALICE}> 확인했어요?", asked)
    gone = slack.post(JUNHO, DATA, "현재 상태 알려줘", asked)
    shared.until(lambda: len(words(shared, asked)) > 1)
    reply = slack.post(MINJI, DATA, "PRODUCTS 테이블 동기화 해줘", asked)
    card = shared.open_card(asked)
    slack.edit(MINJI, DATA, reply, "PRODUCTS 테이블 동기화 부탁해요")
    slack.delete(JUNHO, DATA, gone)
    told = ["어떤 테이블이 있어?", DELETED, "PRODUCTS 테이블 동기화 부탁해요"]
    shared.until(lambda: words(shared, asked) == told)
    slack.post(JUNHO, DATA, "이 스레드 잊어줘", asked)
    assert "열려 있는 승인 카드는 그대로" in shared.answer(asked, "잊었습니다")
    assert words(shared, asked) == []
    shared.press(card, APPROVE)
    assert "SHOP.PRODUCTS" in shown(shared.card(asked, "동기화 완료"))


def test_a_mention_that_is_added_by_an_edit_is_answered_once(shared: World) -> None:
    slack = shared.sandbox.slack
    said = slack.post(MINJI, DATA, "어떤 테이블이 있어?")
    slack.edit(MINJI, DATA, said, "@Duckferry 어떤 테이블이 있어?")
    shared.answer(said, "테이블은")
    shared.reply(said, "현재 상태 알려줘")
    shared.until(lambda: len(words(shared, said)) > 1)
    assert words(shared, said) == ["어떤 테이블이 있어?", "현재 상태 알려줘"]


def test_a_channel_that_opted_in_is_answered_below_a_plain_question_alone(shared: World) -> None:
    slack = shared.sandbox.slack
    talk = slack.post(MINJI, SALES, "오늘 매출 회의 몇 시예요?")
    asked = slack.post(MINJI, SALES, "USERS 테이블 총 몇 건이야?")
    slack.wait_for(lambda m: m.channel == SALES and m.thread_ts == asked, SECONDS)
    assert [m.ts for m in slack.messages(SALES, talk)] == [talk]
