"""A run whose record cannot be read goes on, or ends in words; it is never dropped in silence."""

import json

import pytest
from redis import Redis

from sync.audit import read_audit
from sync.jobs import reconcile
from sync.receipt import Receipt
from sync.repair import repair_records
from sync.runs import (
    Run,
    RunState,
    alive_key,
    claim,
    end_lost_runs,
    finish,
    open_runs,
)
from tests.sync.state_parts import ORDERS, cards_of, inbox_of, queue_run, receipt_of, run_of

pytest_plugins = ["tests.sync.state_fixtures"]


def record(run: Run) -> str:
    return f"duckferry:1:T1:run:{run.id}"


def garble(state: Redis, run: Run) -> None:
    state.delete(record(run))
    state.set(record(run), "garbage")


def nothing(_: Run) -> None:
    return None


def test_a_run_of_which_nothing_can_be_read_fails_in_words_and_is_not_tried_again(
    state: Redis,
) -> None:
    run = queue_run(state)
    assert claim(state, run)
    state.delete(alive_key(run.id))
    garble(state, run)
    before = len(cards_of(state))
    reconcile(state)
    ended = run_of(state, run.id)
    assert (ended.state, ended.parked) == (RunState.FAILED, True)
    assert ended.failure is not None
    assert ended.failure.model_dump() == {
        "code": "record_unreadable",
        "params": {"table": "SHOP.ORDERS"},
    }
    assert open_runs(state) == []
    assert set(cards_of(state)[before:]) == {run.id}
    told = [json.loads(one["body"]) for one in inbox_of(state) if one["kind"] == "run_ended"]
    assert told == [{"run": run.id}]


def test_one_whose_work_readers_see_is_published(state: Redis) -> None:
    run = queue_run(state)
    assert claim(state, run)
    state.delete(alive_key(run.id))
    state.hset(record(run), mapping={"state": "of_the_future", "fence:main:SHOP.ORDERS": 7})
    seen: list[tuple[int | None, ...]] = []

    def published(one: Run) -> Receipt:
        seen.append(one.fences)
        return receipt_of(fence=7)

    repair_records(state, published)
    assert run_of(state, run.id).state is RunState.PUBLISHED
    assert seen == [(7,)]


@pytest.mark.parametrize("field", ["progress", "queued_ms", "failure"])
def test_one_that_is_still_known_to_wait_or_to_run_goes_on(state: Redis, field: str) -> None:
    waits, runs = queue_run(state), queue_run(state)
    assert claim(state, runs)
    for run in (waits, runs):
        state.hset(record(run), field, "garbage")
    repair_records(state, nothing)
    assert run_of(state, waits.id).state is RunState.QUEUED
    assert run_of(state, runs.id).state is RunState.RUNNING
    assert claim(state, run_of(state, waits.id))
    assert finish(state, runs, RunState.PUBLISHED, receipt_of(ORDERS))
    assert open_runs(state) == [waits.id]


def test_one_whose_worker_lives_is_left_to_it_and_parked_when_it_dies(state: Redis) -> None:
    run = queue_run(state)
    assert claim(state, run)
    garble(state, run)
    repair_records(state, nothing)
    assert run_of(state, run.id).state is RunState.RUNNING
    state.delete(alive_key(run.id))
    assert end_lost_runs(state) == [run.id]
    assert (run_of(state, run.id).state, run_of(state, run.id).parked) == (RunState.FAILED, True)


@pytest.mark.parametrize("garbage", ["string", "fields", "gone"])
def test_one_without_a_readable_approval_is_given_up_and_the_audit_says_so(
    state: Redis, garbage: str
) -> None:
    run = queue_run(state)
    approval = f"duckferry:1:T1:approval:{run.id}"
    if garbage == "fields":
        state.hset(approval, "request", "garbage")
    else:
        state.delete(approval)
    if garbage == "string":
        state.set(approval, "garbage")
    repair_records(state, nothing)
    repair_records(state, nothing)
    assert open_runs(state) == []
    noted = [(one.what, one.detail) for one in read_audit(state, "T1") if one.subject == run.id]
    assert noted.count(("run_ended", "lost")) == 1
