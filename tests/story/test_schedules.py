"""Schedules by conversation: proposed in words, agreed on once, then run by themselves."""

from datetime import UTC, datetime, timedelta

from sync.audit import read_audit
from sync.runs import RunState
from sync.schedules import fire_standing, list_schedules, load_schedule, progress_key
from tests.story.world import (
    APPROVE,
    MINJI,
    REJECT,
    SALES,
    SECONDS,
    TEAM,
    World,
    no_leaks,
    shown,
)


def test_a_schedule_is_agreed_on_once_and_then_runs_without_another_yes(shared: World) -> None:
    asked = shared.ask("매일 아침 6시에 PRODUCTS 동기화 해줘")
    card = shared.open_card(asked)
    assert load_schedule(shared.redis, TEAM, "products") is None
    shared.press(card, APPROVE)
    assert "매일 06:00 (Asia/Seoul)" in shared.answer(asked, "저장했습니다")
    schedule = load_schedule(shared.redis, TEAM, "products")
    assert schedule is not None
    assert "매일 06:00 (Asia/Seoul)" in shared.answer(shared.ask("예약 목록"), "products")

    due = datetime(2026, 11, 22, 21, tzinfo=UTC)
    assert [fire_standing(shared.redis, TEAM, schedule, due, missed=1) for _ in range(2)] == [
        True,
        False,
    ]
    done = shown(shared.card(asked, "동기화 완료"))
    assert "SHOP.PRODUCTS" in done
    shared.answer(asked, "1번을 놓쳐 한 번으로 합쳤습니다")
    run = shared.runs()[0]
    assert run.state is RunState.PUBLISHED
    assert run.approval.decided_by == "schedule:products"
    told = [entry.what for entry in read_audit(shared.redis, TEAM) if "schedule" in entry.who]
    assert "schedule_due" in told

    paused = shared.ask("예약 products 일시 중지해줘")
    shared.press(shared.open_card(paused), APPROVE)
    assert "일시 중지했습니다" in shared.answer(paused, "products")
    resting = load_schedule(shared.redis, TEAM, "products")
    assert resting is not None
    assert resting.paused


def test_a_table_that_follows_another_is_copied_after_it_was_published(shared: World) -> None:
    asked = shared.ask("sync CUSTOMERS after PRODUCTS is published")
    shared.press(shared.open_card(asked), APPROVE)
    shared.answer(asked, "after PRODUCTS are published")
    shared.synced("PRODUCTS")
    assert "SHOP.CUSTOMERS" in shown(shared.card(asked, "Sync is done"))
    ended = shared.ask("delete the schedule customers")
    shared.press(shared.open_card(ended), APPROVE)
    shared.answer(ended, "deleted")
    assert load_schedule(shared.redis, TEAM, "customers") is None


def test_a_schedule_its_asker_withdraws_is_not_saved_and_the_agent_says_so(shared: World) -> None:
    asked = shared.ask("sync USERS every weekday at 18:30 Asia/Seoul")
    card = shared.open_card(asked)
    shared.press(card, REJECT, MINJI)
    told = shared.answer(asked, "declined", SECONDS)
    assert no_leaks(told)
    assert load_schedule(shared.redis, TEAM, "users") is None


def test_a_channel_is_told_where_a_fresh_copy_is_as_asked_and_once(shared: World) -> None:
    asked = shared.ask(
        "매일 6시에 PRODUCTS 동기화하고, 단가가 5000 미만인 게 있으면 <#C0SALES|sales>에 알려줘"
    )
    card = shared.open_card(asked)
    assert "UNIT_PRICE &lt; 5000" in shown(card)
    shared.press(card, APPROVE)
    shared.answer(asked, "저장했습니다")
    [schedule] = [one for one in list_schedules(shared.redis, TEAM) if one.tell_if]
    name = schedule.name
    noted = f"condition:{schedule.agreed}"
    shared.until(lambda: shared.redis.hexists(progress_key(TEAM, name), noted))
    shared.synced("PRODUCTS")
    told = shared.sandbox.slack.wait_for(
        lambda m: m.channel == SALES and f"예약 {name}: SHOP.PRODUCTS의 행 수" in m.text, SECONDS
    )
    assert "UNIT_PRICE &lt; 5000인 행): *5* (조건" in told.text
    assert "근거: SHOP.PRODUCTS 사본, 120행" in told.text
    ended = shared.ask(f"예약 {name} 삭제해줘")
    shared.press(shared.open_card(ended), APPROVE)
    shared.answer(ended, "삭제했습니다")
    said = [m for m in shared.sandbox.slack.messages(SALES) if f"예약 {name}" in m.text]
    assert len(said) == 1


def test_a_source_without_a_change_is_not_copied_again(shared: World) -> None:
    asked = shared.ask("sync USERS every day at 6 only if it has changed")
    card = shared.open_card(asked)
    assert "only if changed" in shown(card)
    shared.press(card, APPROVE)
    shared.answer(asked, "saved")
    [schedule] = [one for one in list_schedules(shared.redis, TEAM) if one.only_if_changed]
    due = datetime(2026, 11, 21, 21, tzinfo=UTC)
    assert fire_standing(shared.redis, TEAM, schedule, due)
    shared.card(asked, "Sync is done")
    progress = progress_key(TEAM, schedule.name)
    shared.until(lambda: shared.redis.hexists(progress, "published"))
    runs = len(shared.runs())
    assert fire_standing(shared.redis, TEAM, schedule, due + timedelta(days=1))
    shared.until(lambda: shared.redis.hexists(progress, "skip"))
    assert len(shared.runs()) == runs
    shared.sandbox.oracle.control.execute("UPDATE SHOP.USERS SET LOGIN = LOGIN WHERE USER_ID = 1")
    assert fire_standing(shared.redis, TEAM, schedule, due + timedelta(days=2))
    shared.until(lambda: len(shared.runs()) == runs + 1)
    ended = shared.ask(f"delete the schedule {schedule.name}")
    shared.press(shared.open_card(ended), APPROVE)
    shared.answer(ended, "deleted")
