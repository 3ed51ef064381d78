"""When things go wrong: one clear message in the asker's language, the old data stays, nothing runs
twice, and the next message works."""

import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sandbox.model.replies import Status
from sandbox.oracle.faults import Fault
from sandbox.start import BOT_TOML
from sync.runs import RunState
from sync.warehouse.manifest import read_manifest
from tests.story.world import (
    ALICE,
    APPROVE,
    EVE,
    MINJI,
    REJECT,
    World,
    again,
    children,
    no_leaks,
    shown,
    world,
)


def test_a_wrong_oracle_password_is_named_and_the_next_message_works(tmp_path: Path) -> None:
    with world(tmp_path, {"ORACLE_PASSWORD": "wrong-password"}) as bot:
        answer = bot.answer(bot.ask("USERS 테이블 동기화 해줘"))
        assert "로그인을 거부했습니다(ORA-01017)" in answer
        assert "사용자와 비밀번호를 확인해야 합니다" in answer
        assert "wrong-password" not in answer + bot.log.read_text()
        assert "동기화 전" in bot.answer(bot.ask("어떤 테이블이 있어?"))
        english = bot.answer(bot.ask("sync the USERS table", ALICE))
        assert "refused the login" in english
        assert bot.runs() == []


def test_an_unreachable_oracle_is_named_and_the_next_message_works(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with world(tmp_path, {"ORACLE_DSN": f"127.0.0.1:{port}/FREEPDB1"}) as bot:
        answer = bot.answer(bot.ask("USERS 테이블 동기화 해줘"))
        assert "연결할 수 없습니다" in answer
        assert no_leaks(answer)
        assert "동기화 전" in bot.answer(bot.ask("어떤 테이블이 있어?"))


def test_a_table_nobody_offers_is_refused_by_name(shared: World) -> None:
    answer = shared.answer(shared.ask("SHOP.PAYROLL 테이블 동기화 해줘"))
    assert "PAYROLL" in answer
    assert no_leaks(answer)
    assert shared.answer(shared.ask("현재 상태 알려줘"))


def test_a_connection_that_drops_in_the_middle_leaves_the_old_copy_and_is_tried_again(
    shared: World,
) -> None:
    shared.synced("ORDERS")
    before = _generation(shared, "ORDERS")
    shared.sandbox.oracle.control.fault(Fault("drop", at_fetch=2, sql_contains='"ORDERS"'))
    asked = shared.ask("ORDERS 테이블 동기화 해줘")
    shared.press(shared.open_card(asked), APPROVE)
    card = shown(shared.card(asked, "다시 시도합니다"))
    assert "연결이 도중에 끊겼습니다" in card
    assert no_leaks(card)
    assert _generation(shared, "ORDERS") == before
    shared.card(asked, "동기화 완료")
    assert shared.answer(asked, "마쳤습니다")
    assert _generation(shared, "ORDERS") != before


def test_sixteen_clicks_at_once_start_one_run(either: World) -> None:
    asked = either.ask("USERS 테이블 동기화 해줘")
    card = either.open_card(asked)
    before = len(either.runs())
    with ThreadPoolExecutor(16) as pool:
        for click in [pool.submit(either.press, card, APPROVE, version=0) for _ in range(16)]:
            click.result()
    either.card(asked, "동기화 완료")
    assert len(either.runs()) == before + 1
    assert "이미 승인했습니다" in either.whispered("U0JUNHO", "이미 승인했습니다")


def test_somebody_who_may_not_decide_is_told_in_private_and_the_card_waits(shared: World) -> None:
    asked = shared.ask("USERS 테이블 동기화 해줘")
    card = shared.open_card(asked)
    before = len(shared.runs())
    for button in (APPROVE, REJECT):
        shared.press(card, button, EVE)
        assert "<@U0JUNHO>만 승인할 수 있습니다" in shared.whispered(EVE, "승인할 수 있습니다")
    assert len(shared.runs()) == before
    shared.press(card, APPROVE)
    shared.card(asked, "동기화 완료")


def test_the_same_event_delivered_four_times_is_answered_once(either: World) -> None:
    asked = either.ask("어떤 테이블이 있어?")
    slack = either.sandbox.slack
    mention = next(e for e in slack.events(ts=asked) if e.payload["event"]["type"] == "app_mention")
    for delivery in slack.redeliver(mention, 3):
        delivery.ack.result(10)
    either.answer(asked)
    # Another thread's whole turn, begun later, shows that nothing of this one is still on its way.
    either.answer(either.ask("현재 상태 알려줘"))
    assert len(either.said(asked)) == 1


def test_a_work_horse_killed_in_the_middle_leaves_the_old_copy_and_a_second_attempt_ends_the_run(
    shared: World,
) -> None:
    shared.synced("ORDERS")
    before = _generation(shared, "ORDERS")
    asked = _sync_that_stalls(shared)
    (worker,) = children(shared.bot_pid, "app.cli.main worker")
    (horse,) = children(worker, "")
    os.kill(horse, signal.SIGKILL)
    assert "도중에 멈췄습니다" in shown(shared.card(asked, "다시 시도합니다"))
    assert _generation(shared, "ORDERS") == before
    shared.card(asked, "동기화 완료")
    assert shared.answer(asked, "마쳤습니다")
    assert _generation(shared, "ORDERS") != before


def test_a_worker_killed_in_the_middle_ends_the_run_and_another_takes_over(shared: World) -> None:
    shared.synced("ORDERS")
    before = _generation(shared, "ORDERS")
    asked = _sync_that_stalls(shared)
    (worker,) = children(shared.bot_pid, "app.cli.main worker")
    os.kill(worker, signal.SIGKILL)
    assert "도중에 멈췄습니다" in shown(shared.card(asked, "다시 시도합니다", seconds=60))
    assert _generation(shared, "ORDERS") == before
    shared.card(asked, "동기화 완료", seconds=60)
    assert shared.answer(asked, "마쳤습니다")
    run = shared.runs()[0]
    assert (run.state, run.attempts) == (RunState.PUBLISHED, 1)


def test_a_card_outlives_the_bot_that_posted_it(tmp_path: Path) -> None:
    with world(tmp_path) as bot:
        asked = bot.ask("USERS 테이블 동기화 해줘")
        card = bot.open_card(asked)
        bot.kill()
        with again(bot, tmp_path):
            bot.press(card, APPROVE)
            bot.card(asked, "동기화 완료")
            assert "150건" in bot.answer(asked, "150건")


def test_a_table_taken_out_of_bot_toml_is_not_copied_by_an_old_card(tmp_path: Path) -> None:
    less = tmp_path / "bot.toml"
    less.write_text(BOT_TOML.read_text().replace('[[table]]\nname = "SHOP.USERS"\n', ""))
    with world(tmp_path) as bot:
        asked = bot.ask("USERS 테이블 동기화 해줘")
        card = bot.open_card(asked)
        bot.kill()
        with again(bot, tmp_path, {"BOT_TOML": str(less)}):
            bot.press(card, APPROVE)
            assert "bot.toml에 없어" in bot.whispered("U0JUNHO", "bot.toml에 없어")
            assert bot.runs() == []


def test_a_message_that_came_while_the_bot_was_down_is_answered_later(tmp_path: Path) -> None:
    with world(tmp_path) as bot:
        bot.kill()
        asked = bot.ask("어떤 테이블이 있어?")
        with again(bot, tmp_path):
            assert "테이블은 5개" in bot.answer(asked)
            assert len(bot.said(asked)) == 1


def test_a_model_that_fails_is_named_and_the_next_message_works(shared: World) -> None:
    shared.sandbox.model.push(*[Status(401)])
    answer = shared.answer(shared.ask("현재 상태 알려줘"))
    assert "OPENAI_API_KEY" in answer
    assert no_leaks(answer)
    assert shared.answer(shared.ask("현재 상태 알려줘"))


def test_an_answer_slack_refuses_for_a_moment_arrives_once(shared: World) -> None:
    shared.sandbox.slack.faults.rate_limit("chat.postMessage", retry_after_seconds=1, times=2)
    asked = shared.ask("어떤 테이블이 있어?")
    shared.answer(asked)
    assert len(shared.said(asked)) == 1


def _sync_that_stalls(shared: World) -> str:
    shared.sandbox.oracle.control.fault(
        Fault("stall", at_fetch=2, sql_contains='"ORDERS"', seconds=60)
    )
    asked = shared.ask("ORDERS 테이블 동기화 해줘", MINJI)
    shared.press(shared.open_card(asked), APPROVE)
    shared.card(asked, "동기화 진행 중")
    shared.card(asked, "40,000 / 약 99,800행 (40%)")
    return asked


def _generation(shared: World, table: str) -> str:
    manifest = read_manifest(shared.sandbox.directory / "warehouse")
    return next(entry.generation for entry in manifest.entries if entry.ref.table == table)
