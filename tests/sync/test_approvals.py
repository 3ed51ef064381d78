import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from redis import Redis

from sandbox.redis import RedisStandIn, start_redis
from sync.approvals import (
    KEEP_DAYS,
    Approval,
    ApprovalState,
    Click,
    Verdict,
    decide,
    expire_overdue,
    load_approval,
    pending_approvals,
    remember_card,
    request_approval,
    show_card,
)
from sync.runs import RunState, load_run, open_runs, recent_runs
from sync.state import connect_state
from tests.sync.state_parts import (
    ORDERS,
    THREAD,
    USERS,
    ask,
    cards_of,
    expire_now,
    inbox_of,
    plan_of,
    press,
)

pytest_plugins = ["tests.sync.state_fixtures"]

DAY_MS = 86_400_000


def loaded(client: Redis, approval: Approval) -> Approval:
    found = load_approval(client, approval.id)
    assert found is not None
    return found


def test_a_request_waits_with_its_deadline_by_the_clock_of_redis(state: Redis) -> None:
    seconds, _ = state.time()
    approval = ask(state, seconds=7200)
    assert approval.state is ApprovalState.PENDING
    assert approval.expires_ms - approval.created_ms == 7_200_000
    assert abs(approval.created_ms - seconds * 1000) < 10_000
    assert loaded(state, approval) == approval


def test_a_card_is_asked_for_once_its_words_are_said(state: Redis) -> None:
    approval = ask(state)
    assert cards_of(state) == []
    show_card(state, approval.id)
    assert cards_of(state) == [approval.id]


def test_the_same_request_again_changes_nothing(state: Redis) -> None:
    approval = ask(state, plan_of(ORDERS))
    changed = approval.request.model_copy(update={"plan": plan_of(USERS)})
    assert request_approval(state, changed, expires_seconds=1) == approval
    press(state, approval)
    again = request_approval(state, approval.request, expires_seconds=3600)
    assert again.state is ApprovalState.APPROVED
    assert len(pending_approvals(state, "T1", 10)) == 0


def test_a_yes_queues_exactly_one_run(state: Redis) -> None:
    approval = ask(state)
    assert press(state, approval, user="U2") == "approved"
    decided = loaded(state, approval)
    assert (decided.state, decided.decided_by, decided.run_id) == (
        ApprovalState.APPROVED,
        "U2",
        approval.id,
    )
    assert open_runs(state) == [approval.id]
    run = load_run(state, approval.id)
    assert run is not None
    assert (run.state, run.approval) == (RunState.QUEUED, decided)
    assert run.queued_ms == decided.decided_ms
    assert inbox_of(state) == []
    assert cards_of(state) == [approval.id]


def test_a_no_tells_the_conversation_once_and_runs_nothing(state: Redis) -> None:
    approval = ask(state)
    assert press(state, approval, "reject", user="U1") == "rejected"
    assert press(state, approval, "reject", user="U1") == "already_rejected"
    assert press(state, approval, "approve") == "already_rejected"
    [entry] = inbox_of(state)
    assert (entry["kind"], entry["thread"]) == ("rejected", THREAD)
    assert json.loads(entry["body"]) == {"approval": approval.id}
    assert open_runs(state) == []
    assert load_run(state, approval.id) is None


def storm(client: Redis, seed: int) -> None:
    """Let 16 people click one card at once, as chance wants it."""
    chance = random.Random(seed)  # noqa: S311 -- cases, no secrets
    approval = ask(client)
    before = len(inbox_of(client))
    barrier = threading.Barrier(16)
    clicks: list[Verdict] = [chance.choice(("approve", "reject")) for _ in range(16)]

    def click(number: int) -> str:
        barrier.wait(10)
        return press(client, approval, clicks[number], user=f"U{number}")

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(click, range(16)))
    [winner] = [n for n, outcome in enumerate(outcomes) if not outcome.startswith("already_")]
    said_yes = clicks[winner] == "approve"
    decided = loaded(client, approval)
    assert decided.decided_by == f"U{winner}"
    assert decided.state == ("approved" if said_yes else "rejected")
    assert set(outcomes) - {outcomes[winner]} == {f"already_{decided.state}"}
    assert (approval.id in open_runs(client)) == said_yes
    assert len(inbox_of(client)) - before == (0 if said_yes else 1)


@pytest.mark.parametrize("seed", range(5))
def test_of_sixteen_clicks_at_once_exactly_one_decides(state: Redis, seed: int) -> None:
    storm(state, seed)


@pytest.mark.sweep
def test_of_sixteen_clicks_at_once_exactly_one_decides_two_hundred_times(state: Redis) -> None:
    for seed in range(200):
        storm(state, seed)


def test_a_click_after_the_deadline_decides_nothing_and_the_card_is_redrawn(state: Redis) -> None:
    approval = ask(state)
    expire_now(state, approval)
    assert press(state, approval) == "expired"
    assert press(state, approval) == "expired"
    assert loaded(state, approval).state is ApprovalState.EXPIRED
    assert open_runs(state) == []
    assert cards_of(state) == [approval.id]


def test_a_look_after_the_deadline_finds_it_expired_and_tells_the_card_once(state: Redis) -> None:
    approval = ask(state)
    expire_now(state, approval)
    assert loaded(state, approval).state is ApprovalState.EXPIRED
    assert loaded(state, approval).state is ApprovalState.EXPIRED
    assert cards_of(state) == [approval.id]
    assert request_approval(state, approval.request, expires_seconds=3600).state == "expired"


def test_a_request_without_time_left_expires_by_the_clock_of_redis(state: Redis) -> None:
    assert press(state, ask(state, seconds=0)) == "expired"


def test_an_expired_approval_is_remembered_for_thirty_days_more(state: Redis) -> None:
    approval = ask(state, seconds=3600)
    left = state.pttl(f"duckferry:1:T1:approval:{approval.id}")
    assert KEEP_DAYS == 30
    assert 0 <= 30 * DAY_MS + 3_600_000 - int(left) < 10_000
    expire_now(state, approval)
    press(state, approval)
    left = state.pttl(f"duckferry:1:T1:approval:{approval.id}")
    assert 0 <= 30 * DAY_MS + 3_600_000 - int(left) < 10_000


def test_a_run_record_is_forgotten_after_thirty_days_and_before_its_approval(state: Redis) -> None:
    approval = ask(state)
    press(state, approval)
    run_left = int(state.pttl(f"duckferry:1:T1:run:{approval.id}"))
    assert 0 <= 30 * DAY_MS - run_left < 10_000
    assert run_left < int(state.pttl(f"duckferry:1:T1:approval:{approval.id}"))


def test_a_yes_to_another_digest_than_the_stored_one_changes_nothing(state: Redis) -> None:
    approval = ask(state, plan_of(ORDERS))
    seen = plan_of(ORDERS, USERS).digest
    outcome = decide(
        state, approval, Click(user="U2", verdict="approve", digest=seen), may_decide=True
    )
    assert outcome == "changed"
    assert loaded(state, approval) == approval
    assert open_runs(state) == []


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_a_click_of_somebody_who_may_not_leaves_it_waiting(state: Redis, verdict: Verdict) -> None:
    approval = ask(state)
    digest = approval.request.plan.digest
    outcome = decide(
        state, approval, Click(user="U9", verdict=verdict, digest=digest), may_decide=False
    )
    assert outcome == "not_allowed"
    assert loaded(state, approval) == approval
    assert press(state, approval) == "approved"


def test_a_click_on_a_card_redis_has_forgotten_runs_nothing(state: Redis) -> None:
    approval = ask(state)
    state.flushall()
    assert press(state, approval) == "unknown"
    remember_card(state, approval.id, "C1:17.1")
    assert load_approval(state, approval.id) is None
    assert state.keys("*") == ["duckferry:1:T1:audit"]


def test_any_bot_can_find_the_card_again(state: Redis) -> None:
    approval = ask(state)
    remember_card(state, approval.id, "C1:1700.0002")
    assert loaded(state, approval).card == "C1:1700.0002"


def test_what_waits_is_listed_by_deadline_and_by_team_up_to_a_limit(state: Redis) -> None:
    late, soon, middle = (ask(state, seconds=s) for s in (9000, 3000, 6000))
    other = ask(state, team="T2")
    assert pending_approvals(state, "T1", 10) == [soon, middle, late]
    assert pending_approvals(state, "T1", 2) == [soon, middle]
    assert pending_approvals(state, "T2", 10) == [other]


def test_what_is_decided_or_expired_waits_no_more(state: Redis) -> None:
    approved, rejected, expired, waiting = (ask(state) for _ in range(4))
    press(state, approved)
    press(state, rejected, "reject")
    expire_now(state, expired)
    assert pending_approvals(state, "T1", 10) == [waiting]
    assert pending_approvals(state, "T1", 1) == [waiting]


def test_requests_nobody_looks_at_expire_when_the_overdue_are_swept(state: Redis) -> None:
    overdue, waiting = ask(state), ask(state)
    expire_now(state, overdue)
    expire_overdue(state, "T1")
    assert state.hget(f"duckferry:1:T1:approval:{overdue.id}", "state") == "expired"
    assert state.zrange("duckferry:1:T1:approvals:pending", 0, -1) == [waiting.id]
    assert cards_of(state)[-1] == overdue.id
    [told] = inbox_of(state)
    assert (told["kind"], told["thread"]) == ("expired", THREAD)
    assert json.loads(told["body"]) == {"approval": overdue.id}


def test_runs_of_a_team_are_listed_newest_first_up_to_five_hundred(state: Redis) -> None:
    for number in range(510):
        state.zadd("duckferry:1:T1:runs", {f"T1-{number}": number})
    first, second = ask(state), ask(state)
    press(state, first)
    press(state, second)
    assert state.zcard("duckferry:1:T1:runs") == 500
    assert {run.id for run in recent_runs(state, "T1", 2)} == {first.id, second.id}


def test_a_dead_redis_is_told_and_after_it_is_back_nothing_is_half_done(
    mortal_redis: RedisStandIn,
) -> None:
    client = connect_state(mortal_redis.url)
    client.config_set("appendfsync", "always")
    approval = ask(client)
    mortal_redis.kill()
    for use in (
        lambda: ask(client),
        lambda: press(client, approval),
        lambda: load_approval(client, approval.id),
        lambda: pending_approvals(client, "T1", 10),
        lambda: remember_card(client, approval.id, "C1:17"),
    ):
        with pytest.raises(redis.ConnectionError):
            use()
    port = int(mortal_redis.url.rsplit(":", 1)[1].split("/")[0])
    revived = start_redis(mortal_redis.directory, port)
    try:
        assert pending_approvals(client, "T1", 10) == [approval]
        assert press(client, approval) == "approved"
        assert open_runs(client) == [approval.id]
    finally:
        revived.stop()
