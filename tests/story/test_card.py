"""What people do with a card, through the running product."""

from collections.abc import Generator

import pytest

from app.views.approval_card import CANCEL, DETAILS, EDIT
from sandbox.oracle.faults import Fault
from sandbox.slack.transcript import reader_of, view_lines
from sync.approvals import run_key
from sync.audit import read_audit
from sync.runs import Run, RunState
from tests.story.world import (
    ALICE,
    APPROVE,
    EVE,
    JUNHO,
    MINJI,
    REJECT,
    TEAM,
    World,
    no_leaks,
    shown,
    world,
)

POLICY = """
language = "ko"
admins = ["U0ALICE"]
[[source]]
name = "main"
[[table]]
name = "SHOP.USERS"
[[table]]
name = "SHOP.ORDERS"
[[table]]
name = "SHOP.CUSTOMERS"
[[table]]
name = "SHOP.PRODUCTS"
[model]
sees = "rows"
[approvals]
approvers = ["S0DATALEADS"]
self_approval = false
two_above_rows = 50000
"""


@pytest.fixture(scope="session")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    """A bot whose approvers are a user group, and where large copies need two people."""
    folder = tmp_path_factory.mktemp("story-strict")
    (folder / "bot.toml").write_text(POLICY, encoding="utf-8")
    with world(folder, {"BOT_TOML": str(folder / "bot.toml")}) as running:
        yield running


def test_a_no_with_a_reason_reaches_the_card_and_the_conversation(either: World) -> None:
    slack = either.sandbox.slack
    asked = either.ask("PRODUCTS 테이블 동기화 해줘")
    either.press(either.open_card(asked), REJECT)
    slack.wait_for_view(JUNHO)
    slack.submit(JUNHO, {"reason": "월말 마감 중"})
    card = shown(either.card(asked, "동기화 거절됨"))
    assert "<@U0JUNHO> 거절" in card
    assert "이유: 월말 마감 중" in card
    assert no_leaks(either.answer(asked))


def test_an_edited_request_is_another_card_and_its_yes_runs_what_it_shows(either: World) -> None:
    slack = either.sandbox.slack
    asked = either.ask("USERS 테이블 동기화 해줘")
    card = either.open_card(asked)
    either.press(card, EDIT, MINJI)
    slack.wait_for_view(MINJI)
    assert list(slack.submit(MINJI).errors) == ["rows:0"]
    assert list(slack.submit(MINJI, {"rows:0": "0"}).errors) == ["rows:0"]
    assert slack.submit(MINJI, {"rows:0": "5000"}).view is None
    new = either.card(asked, "\n수정본 2\n")
    assert "5,000행을 넘으면 중단" in shown(new)
    assert "수정본 2(으)로 대체되었습니다" in shown(either.card(asked, "동기화 요청이 수정됨"))
    either.press(card, APPROVE, JUNHO, version=0)
    either.whispered(JUNHO, "새 카드에서 결정하세요")
    either.press(new, APPROVE)
    done = either.card(asked, "동기화 완료")
    assert done.ts == new.ts
    assert either.runs()[0].approval.request.plan.tables[0].max_rows == 5_000


def test_a_done_card_shows_its_receipt_in_full_to_whoever_presses(either: World) -> None:
    slack = either.sandbox.slack
    asked = either.ask("USERS 테이블 동기화 해줘")
    either.press(either.open_card(asked), APPROVE)
    done = either.card(asked, "동기화 완료")
    either.press(done, DETAILS, JUNHO)
    view = slack.wait_for_view(JUNHO)
    words = "\n".join(view_lines(view, reader_of(slack.users(), slack.channels())))
    assert "[[ 영수증 ]]" in words
    assert "행 수: Oracle 150, 사본 150, 일치" in words
    receipt = either.runs()[0].receipt
    assert receipt is not None
    for check in receipt.tables[0].checks[1:]:
        assert f"{check.what}: Oracle {check.oracle}, 사본 {check.copy_value}, 일치" in words
    for column in receipt.tables[0].columns:
        assert f"{column.name}: {column.oracle_type} → {column.duckdb_type}." in words
    assert f"사본 {receipt.tables[0].generation}, 현재 사본" in words
    slack.close_view(JUNHO)
    either.press(done, DETAILS, EVE)  # who uses Slack in English
    view = slack.wait_for_view(EVE)
    words = "\n".join(view_lines(view, reader_of(slack.users(), slack.channels())))
    assert "[[ Receipt ]]" in words
    assert "rows: Oracle 150, copy 150, agree" in words
    slack.close_view(EVE)


def test_a_group_decides_two_are_needed_and_others_are_told_in_private(strict: World) -> None:
    asked = strict.ask("ORDERS 테이블 동기화 해줘")
    card = strict.open_card(asked)
    assert "<!subteam^S0DATALEADS> (승인자)" in shown(card)
    assert "승인 0/2" in shown(card)
    strict.press(card, APPROVE, EVE)
    strict.whispered(EVE, "<!subteam^S0DATALEADS>")
    strict.press(card, APPROVE, JUNHO)
    strict.card(asked, "승인 1/2, 두 번째 사람을 기다리는 중 (승인함: <@U0JUNHO>)")
    strict.press(card, APPROVE, ALICE, version=0)
    done = shown(strict.card(asked, "동기화 완료"))
    assert "<@U0JUNHO>, <@U0ALICE> 승인" in done
    noted = [one.what for one in read_audit(strict.redis, TEAM)]
    for what in ("requested", "click_refused", "approved", "run_started", "run_ended"):
        assert what in noted


def test_a_run_is_stopped_from_its_card_and_nothing_is_published(shared: World) -> None:
    oracle = shared.sandbox.oracle.control
    oracle.fault(Fault("stall", at_fetch=2, sql_contains='"ORDERS"', seconds=60))
    asked = shared.ask("ORDERS 테이블 동기화 해줘")
    shared.press(shared.open_card(asked), APPROVE)
    shared.card(asked, "40,000 / 약 99,800행 (40%)")
    running = shared.card(asked, "동기화 진행 중")
    shared.press(running, CANCEL, EVE)
    shared.whispered(EVE, "동기화는 계속됩니다")
    shared.press(running, CANCEL, MINJI)
    done = shown(shared.card(asked, "동기화 취소됨"))
    oracle.clear_faults()
    assert "<@U0MINJI> 중단" in done
    assert shared.runs()[0].state is RunState.CANCELLED


def test_a_table_that_changed_under_its_card_is_asked_for_anew(either: World) -> None:
    asked = either.ask("CUSTOMERS 테이블 동기화 해줘")
    card = either.open_card(asked)
    either.sandbox.oracle.control.execute("ALTER TABLE SHOP.CUSTOMERS ADD COLUMN NOTE VARCHAR")
    either.press(card, APPROVE)
    either.card(asked, "동기화가 실행되지 않음")
    new = either.card(asked, "동기화 승인 요청")
    assert "열 추가: NOTE" in shown(new)
    assert "\n수정본 2\n" in shown(new)
    assert "동기화가 실행되지 않음" in shown(either.card(asked, "<@U0MINJI> 다시 요청"))


def test_who_waited_long_is_called_by_a_new_reply(shared: World) -> None:
    oracle = shared.sandbox.oracle.control
    oracle.fault(Fault("stall", at_fetch=2, sql_contains='"ORDERS"', seconds=2))
    asked = shared.ask("ORDERS 테이블 동기화 해줘")
    shared.press(shared.open_card(asked), APPROVE)

    def running() -> list[Run]:
        mine = [one for one in shared.runs() if one.approval.request.thread.endswith(asked)]
        return [one for one in mine if one.state is RunState.RUNNING]

    shared.until(running)
    [run] = running()  # as if it had been asked for two minutes ago
    shared.redis.hset(run_key(run.id), "queued_ms", run.queued_ms - 120_000)
    said = shared.answer(asked, "<@U0MINJI> 동기화 완료: 'SHOP.ORDERS' (2분)")
    assert "마쳤습니다" in said


def test_who_waited_shortly_is_not_called(shared: World) -> None:
    asked = shared.ask("USERS 테이블 동기화 해줘")
    shared.press(shared.open_card(asked), APPROVE)
    assert "<@U0MINJI>" not in shared.answer(asked, "마쳤습니다")
