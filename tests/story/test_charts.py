"""Charts and files, from a sentence to what stands in the thread."""

from agent.conversation import ConversationHistory
from app.views.answer_buttons import SHOW_SQL, SUGGEST
from sandbox.slack.values import BOT_USER_ID, Message
from tests.story.world import APPROVE, SECONDS, TEAM, World, shown


def uploaded(world: World, asked: str) -> Message:
    return world.sandbox.slack.wait_for(
        lambda m: m.user == BOT_USER_ID and m.thread_ts == asked and bool(m.files), SECONDS
    )


def test_sales_by_month_are_drawn_as_a_picture_that_says_what_it_shows(shared: World) -> None:
    shared.synced("ORDERS")
    asked = shared.ask("월별 매출 차트 그려줘")
    assert "근거: SHOP.ORDERS 사본" in shared.answer(asked, "차트로 그렸습니다")
    file = uploaded(shared, asked).files[0]
    assert (file["name"], file["mimetype"]) == ("duckferry-chart.png", "image/png")
    assert "막대 차트: 월별 매출 차트 그려줘. ORDERED_AT_month 20" in file["alt_txt"]


def test_few_figures_are_slacks_own_chart_with_their_sql_on_a_button(shared: World) -> None:
    shared.synced("ORDERS")
    asked = shared.ask("상태별 주문 건수 파이 차트로 그려줘")
    shared.answer(asked, "차트로 그렸습니다")
    answer = next(
        m for m in shared.said(asked) if any(b["type"] == "data_visualization" for b in m.blocks)
    )
    chart = next(b for b in answer.blocks if b["type"] == "data_visualization")["chart"]
    assert sum(segment["value"] for segment in chart["segments"]) == 100_000
    shared.press(answer, SHOW_SQL, "U0MINJI")
    view = shared.sandbox.slack.wait_for_view("U0MINJI")
    assert "GROUP BY" in view["blocks"][0]["text"]["text"]
    shared.sandbox.slack.close_view("U0MINJI")


def test_all_rows_arrive_as_a_file(shared: World) -> None:
    shared.synced("ORDERS")
    asked = shared.ask("ORDERS CSV로 내보내줘")
    assert "100,000행" in shared.answer(asked, "파일로 내보냈습니다")
    message = uploaded(shared, asked)
    content = shared.sandbox.slack.file_of(message.files[0]["id"]).content or b""
    assert content.startswith(b"\xef\xbb\xbfORDER_ID,")
    assert content.count(b"\r\n") == 100_001
    thread = f"{TEAM}:{message.channel}:{asked}"
    kept = ConversationHistory(shared.redis, thread).messages()
    assert any(one.file and one.file.rows == 100_000 for one in kept)
    assert "안 됩니다" not in shown(message)


def test_a_picture_and_a_file_of_a_large_query_come_after_a_yes_for_each(shared: World) -> None:
    shared.synced("ORDERS")
    sql = (
        "SELECT a.ORDER_ID AS x, count(*) AS y FROM ORDERS a, ORDERS b WHERE a.ORDER_ID < 30 "
        "GROUP BY 1"
    )
    for words, card_says, name in (
        ("꺾은선 차트로 그려줘", "승인하면 결과를 차트로 그립니다.", "duckferry-chart.png"),
        ("엑셀로 내보내줘", "승인하면 결과를 파일로 만들어 드립니다.", "result_"),
    ):
        asked = shared.ask(f"{words}: {sql}")
        card = shared.open_card(asked)
        assert card_says in shown(card)
        shared.press(card, APPROVE)
        assert uploaded(shared, asked).files[0]["name"].startswith(name)


def test_a_follow_up_is_offered_in_direct_messages_alone_and_a_press_asks_it(shared: World) -> None:
    shared.synced("ORDERS")
    slack = shared.sandbox.slack

    def has_chart_button(message: Message) -> bool:
        return f"{SUGGEST}chart" in str(message.blocks)

    asked = shared.ask("상태별 주문 보여줘")
    shared.answer(asked, "SHIPPED")
    assert not any(map(has_chart_button, shared.said(asked)))
    asked = slack.direct_message("U0MINJI", "상태별 주문 보여줘")
    answer = slack.wait_for(lambda m: m.thread_ts == asked and has_chart_button(m), SECONDS)
    shared.press(answer, f"{SUGGEST}chart", "U0MINJI")
    slack.wait_for(
        lambda m: (
            m.user == BOT_USER_ID
            and m.thread_ts == asked
            and m.ts > answer.ts
            and not m.ephemeral_to
        ),
        SECONDS,
    )
    thread = f"{TEAM}:{answer.channel}:{asked}"
    said = [m for m in ConversationHistory(shared.redis, thread).messages() if m.role == "user"]
    assert [one.content for one in said] == ["상태별 주문 보여줘", "그래프로 보여줘"]
