"""The product's main job, through its real code: over Socket Mode, in part over HTTP as well."""

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from app.feedback import list_votes
from app.views.answer_buttons import CHOOSE, SHOW_SQL
from sandbox.slack.values import dm_id
from sync.runs import RunState
from sync.schedules import Schedule, fire
from sync.warehouse.manifest import read_manifest
from tests.story.world import (
    ALICE,
    APPROVE,
    DATA,
    EVE,
    JUNHO,
    MINJI,
    REJECT,
    SECONDS,
    TEAM,
    World,
    no_leaks,
    shown,
)


def test_a_mention_becomes_a_proven_copy_of_100000_rows_and_an_answer(either: World) -> None:
    asked = either.ask("ORDERS 테이블 동기화하고 몇 건인지 알려줘")
    card = either.open_card(asked)
    for fact in (
        "동기화 승인 요청",
        "SHOP.ORDERS",
        "Oracle main",
        "99,800행",
        "<@U0MINJI>",
        "<@U0JUNHO>",
        "만료",
    ):
        assert fact in shown(card)
    either.press(card, APPROVE)
    done = shown(either.card(asked, "동기화 완료"))
    assert "100,000행 복사, Oracle 100,000행과 일치" in done
    assert "<@U0JUNHO> 승인" in done
    answer = either.answer(asked, "100,000건")
    assert "근거: SHOP.ORDERS 사본, 100,000행" in answer
    entry = next(e for e in read_manifest(_warehouse(either)).entries if e.ref.table == "ORDERS")
    assert (entry.rows, entry.receipt.oracle_rows) == (100_000, 100_000)


def test_the_four_sentences_of_a_first_afternoon_are_answered(shared: World) -> None:
    assert "동기화" in shared.answer(shared.ask("현재 상태 알려줘"))
    asked = shared.ask("USERS 테이블 동기화 해줘")
    shared.press(shared.open_card(asked), APPROVE)
    assert "[System] 동기화 완료: 150건 처리됨." in shown(shared.card(asked, "동기화 완료"))
    assert "150건" in shared.answer(asked, "150건")
    assert "USERS (150건)" in shared.answer(shared.ask("어떤 테이블이 있어?"))
    shared.synced("ORDERS")
    assert "100,000건" in shared.answer(shared.ask("ORDERS 테이블 몇 건이야?"))


def test_a_search_for_tables_finds_them_by_the_teams_words_and_says_whether_there_is_a_copy(
    shared: World,
) -> None:
    answer = shared.answer(shared.ask("유저수 테이블이 뭐가 있는지 검색해줘"))
    assert "관련 테이블은 1개입니다: USERS: 직원 계정 / Staff accounts" in answer
    assert "용어 사전 유저" in answer


def test_a_question_with_a_verified_answer_is_answered_by_its_sql(shared: World) -> None:
    shared.synced("ORDERS")
    answer = shared.answer(shared.ask("취소를 뺀 전체 매출 알려줘"), "근거")
    assert "답은" in answer


def test_a_question_about_a_table_without_a_copy_proposes_the_sync_and_then_answers(
    shared: World,
) -> None:
    asked = shared.ask("ORDER_ITEMS 테이블 몇 건이야?")
    card = shared.card(asked)
    assert "SHOP.ORDER_ITEMS" in shown(card)
    shared.press(card, APPROVE)
    assert "근거: SHOP.ORDER_ITEMS 사본" in shared.answer(asked, "근거: SHOP.ORDER_ITEMS")


def test_an_english_question_gets_an_english_answer_with_a_table_and_its_basis(
    shared: World,
) -> None:
    shared.synced("ORDERS")
    asked = shared.ask("show me the top five customers by order amount", ALICE)
    answer = shared.answer(asked)
    assert "based on: copy of SHOP.ORDERS, 100,000 rows" in answer
    table = next(
        block
        for message in shared.said(asked)
        for block in message.blocks
        if block["type"] == "table"
    )
    assert [cell["text"] for cell in table["rows"][0]] == ["CUSTOMER_ID", "total_amount"]
    assert len(table["rows"]) == 6


def test_the_sql_behind_an_answer_is_shown_on_a_button(shared: World) -> None:
    shared.synced("ORDERS")
    asked = shared.ask("show me the top five customers by order amount", ALICE)
    shared.answer(asked, "based on")
    answer = next(m for m in shared.said(asked) if any(b["type"] == "table" for b in m.blocks))
    shared.press(answer, SHOW_SQL, JUNHO)
    view = shared.sandbox.slack.wait_for_view(JUNHO)
    assert view["title"]["text"] == "SQL that was run"
    sql = view["blocks"][0]["text"]["text"]
    assert 'sum("TOTAL_AMOUNT") AS "total_amount" FROM "SHOP"."ORDERS"' in sql
    assert sql.endswith("LIMIT 5```")
    shared.sandbox.slack.close_view(JUNHO)


def test_who_is_not_content_with_an_answer_says_why_in_a_window(shared: World) -> None:
    shared.synced("ORDERS")
    asked = shared.ask("show me the top five customers by order amount", EVE)
    shared.answer(asked, "based on")
    answer = next(m for m in shared.said(asked) if any(b["type"] == "table" for b in m.blocks))
    shared.press(answer, "Not helpful", JUNHO)
    shared.sandbox.slack.wait_for_view(JUNHO)
    why = {"reason": "wrong_number", "words": "VAT is missing"}
    assert shared.sandbox.slack.submit(JUNHO, why).view is None
    shared.whispered(JUNHO, "알려 주셔서 고맙습니다")
    [vote] = [vote for vote in list_votes(shared.redis, TEAM) if vote.user == JUNHO]
    assert (vote.reason, vote.words) == ("wrong_number", "VAT is missing")
    assert vote.question == "show me the top five customers by order amount"
    assert 'FROM "SHOP"."ORDERS"' in vote.sql[-1]
    assert (vote.copies[0].table, bool(vote.copies[0].generation)) == ("SHOP.ORDERS", True)


def test_a_question_back_is_answered_by_a_button_which_then_is_gone(shared: World) -> None:
    asked = shared.ask("동기화 해줘", ALICE)
    shared.answer(asked, "어떤 테이블을 동기화할까요")
    question = shared.said(asked)[0]
    shared.press(question, f"{CHOOSE}0", MINJI)
    shared.answer(asked, "<@U0MINJI> 선택: ")
    card = shown(shared.open_card(asked))
    assert "<@U0MINJI>" in card
    changed = next(m for m in shared.said(asked) if m.ts == question.ts)
    assert not any(block["type"] == "actions" for block in changed.blocks)


def test_a_direct_message_is_answered_without_a_mention(shared: World) -> None:
    asked = shared.sandbox.slack.direct_message(MINJI, "어떤 테이블이 있어?")
    message = shared.sandbox.slack.wait_for(
        lambda m: m.channel == dm_id(MINJI) and m.thread_ts == asked and "테이블은 " in shown(m),
        SECONDS,
    )
    assert no_leaks(shown(message))


def test_a_rejected_sync_changes_nothing_and_the_agent_says_so(shared: World) -> None:
    before = [run.id for run in shared.runs()]
    asked = shared.ask("PRODUCTS 테이블 동기화 해줘")
    shared.press(shared.open_card(asked), REJECT)
    shared.sandbox.slack.wait_for_view(JUNHO)
    shared.sandbox.slack.submit(JUNHO)
    card = shown(shared.card(asked, "동기화 거절됨"))
    assert "<@U0JUNHO> 거절" in card
    assert "바뀐 것은 없습니다" in shared.answer(asked)
    assert [run.id for run in shared.runs()] == before


def test_the_asker_may_withdraw_what_they_asked_for(shared: World) -> None:
    asked = shared.ask("PRODUCTS 테이블 동기화 해줘")
    shared.press(shared.open_card(asked), REJECT, MINJI)
    assert "<@U0MINJI> 철회" in shown(shared.card(asked, "동기화 요청 철회됨"))


def test_a_second_sync_asks_before_it_replaces_the_copy(shared: World) -> None:
    shared.synced("USERS")
    asked = shared.ask("USERS 테이블 동기화 해줘")
    card = shared.open_card(asked)
    assert "현재 사본 150행을 대체" in shown(card)
    assert any("confirm" in button for block in card.blocks for button in block.get("elements", ()))
    shared.press(card, REJECT, MINJI)


def test_only_what_changed_is_read_where_somebody_asks_for_that(shared: World) -> None:
    shared.synced("ORDERS")
    shared.sandbox.oracle.control.execute(
        "UPDATE SHOP.ORDERS SET UPDATED_AT = (SELECT max(UPDATED_AT) FROM SHOP.ORDERS) "
        "+ INTERVAL 1 HOUR WHERE ORDER_ID = (SELECT min(ORDER_ID) FROM SHOP.ORDERS)"
    )
    asked = shared.ask("ORDERS 증분 동기화 해줘")
    card = shared.open_card(asked)
    assert "증분 복사: UPDATED_AT 기준" in shown(card)
    assert "현재 사본 100,000행에 반영" in shown(card)
    shared.press(card, APPROVE)
    done = shown(shared.card(asked, "동기화 완료"))
    assert "추가 0" in done
    assert "열별 합계" in done
    assert "모두 일치" in done
    entry = next(e for e in read_manifest(_warehouse(shared)).entries if e.ref.table == "ORDERS")
    assert entry.receipt.mode == "incremental"
    assert entry.receipt.changes is not None
    assert entry.receipt.changes.fetched < 100_000
    assert (entry.rows, entry.receipt.oracle_rows) == (100_000, 100_000)


def test_why_a_number_changed_is_answered_from_the_copy_before(shared: World) -> None:
    shared.synced("ORDERS")
    asked = shared.ask("취소된 주문은 몇 건이야?")
    before = re.search(r"([\d,]+)건입니다", shared.answer(asked, "근거"))
    assert before is not None
    shared.sandbox.oracle.control.execute(
        "UPDATE SHOP.ORDERS SET STATUS = 'CANCELLED' WHERE ORDER_ID = "
        "(SELECT min(ORDER_ID) FROM SHOP.ORDERS WHERE STATUS = 'PAID')"
    )
    shared.synced("ORDERS")
    shared.reply(asked, "왜 바뀌었어?")
    after = f"{int(before[1].replace(',', '')) + 1:,}"
    answer = shared.answer(asked, f"가장 크게 바뀐 것은 orders: {before[1]} → {after}입니다.")
    assert "SHOP.ORDERS: 추가 0행, 삭제 0행, 변경 1행" in answer
    assert "SHOP.ORDERS에서 값이 바뀐 열(행 수): STATUS 1" in answer
    assert "STATUS PAID → CANCELLED" in answer


def test_a_trial_is_asked_about_under_its_own_name(shared: World) -> None:
    asked = shared.ask("copy a trial of 20 rows of PRODUCTS", ALICE)
    card = shared.open_card(asked)
    assert "under the name PRODUCTS__TRIAL" in shown(card)
    shared.press(card, APPROVE)
    assert "a trial of SHOP.PRODUCTS" in shown(shared.card(asked, "Sync is done"))
    tables = shared.answer(shared.ask("어떤 테이블이 있어?"))
    assert "PRODUCTS__TRIAL (20건)" in tables


def test_a_due_schedule_asks_in_its_channel_once_and_runs_after_a_yes(shared: World) -> None:
    schedule = Schedule(
        name="customers-daily", tables=("SHOP.CUSTOMERS",), cron="0 6 * * *", channel=DATA
    )
    due = datetime(2026, 11, 23, 6, tzinfo=ZoneInfo("Asia/Seoul"))
    fired = [fire(shared.redis, schedule, due) for _ in range(2)]
    assert fired == [True, False]
    card = shared.sandbox.slack.wait_for(
        lambda m: m.thread_ts is None and "예약 customers-daily" in shown(m), SECONDS
    )
    shared.press(card, APPROVE, JUNHO)
    done = shared.sandbox.slack.wait_for(
        lambda m: m.ts == card.ts and "동기화 완료" in shown(m), SECONDS
    )
    assert "SHOP.CUSTOMERS" in shown(done)
    assert shared.runs()[0].state is RunState.PUBLISHED


def test_a_mention_without_words_is_greeted_with_examples(shared: World) -> None:
    assert "테이블 동기화 해줘" in shared.answer(shared.ask(""), "어떤 테이블이 있어?")


def _warehouse(world: World) -> Path:
    return world.sandbox.directory / "warehouse"
