from pathlib import Path

import pytest
from redis import Redis

from sync.history import expected_seconds, table_history
from sync.oracle_errors import TableNotFound
from sync.plan import Estimate, Plan
from sync.progress import Progress
from sync.receipt import Receipt
from sync.runs import Run, RunState, ask_cancel, claim, finish
from sync.warehouse.manifest import publish
from tests.sync.state_parts import ORDERS, USERS, plan_of, queue_run, receipt_of
from tests.sync.tables import place_rows, table_plan

pytest_plugins = ["tests.sync.state_fixtures"]

NO_TABLE = TableNotFound(source="main", table="SHOP.ORDERS").failure


def end(client: Redis, *, rows: int = 150, seconds: float = 1.5, fence: int = 1) -> Run:
    """A run of ORDERS that was published."""
    run = queue_run(client)
    claim(client, run)
    [table] = receipt_of(rows=rows, fence=fence).tables
    table = table.model_copy(update={"seconds": seconds})
    finish(client, run, RunState.PUBLISHED, Receipt(tables=(table,), seconds=seconds))
    return run


def estimated(rows: int | None, *, plan: Plan | None = None) -> Plan:
    tables = (plan or plan_of()).tables
    estimate = Estimate(rows=rows, bytes=None, analyzed_at=None, current_rows=None)
    return Plan(tables=tables, estimates=(estimate,) * len(tables))


def test_the_history_of_a_table_tells_how_each_of_its_runs_ended(state: Redis) -> None:
    published = end(state, fence=3)
    failed = queue_run(state, plan_of(ORDERS, USERS))
    finish(state, failed, RunState.FAILED, NO_TABLE)
    cancelled = queue_run(state)
    ask_cancel(state, cancelled, "U7")
    last, middle, first = table_history(state, "T1", ORDERS, 10)
    assert (first.run, first.state, first.rows, first.seconds, first.fence) == (
        published.id, "published", 150, 1.5, 3,
    )  # fmt: skip
    assert (first.requested_by, first.approved_by, first.failure) == ("U1", ("U2",), None)
    assert (middle.run, middle.state, middle.rows, middle.failure) == (
        failed.id, "failed", None, NO_TABLE,
    )  # fmt: skip
    assert (last.run, last.state) == (cancelled.id, "cancelled")
    assert first.ended_ms <= middle.ended_ms <= last.ended_ms
    assert [past.run for past in table_history(state, "T1", USERS, 10)] == [failed.id]
    assert [past.run for past in table_history(state, "T1", ORDERS, 1)] == [cancelled.id]
    assert table_history(state, "T2", ORDERS, 10) == []


def test_a_corrected_end_is_told_once_as_it_is(state: Redis) -> None:
    run = queue_run(state)
    finish(state, run, RunState.FAILED, NO_TABLE)
    finish(state, run, RunState.PUBLISHED, receipt_of())
    [past] = table_history(state, "T1", ORDERS, 10)
    assert (past.state, past.failure) == ("published", None)


def test_the_last_fifty_ends_are_kept(state: Redis) -> None:
    run = queue_run(state)
    for _ in range(60):
        state.hset(f"duckferry:1:T1:run:{run.id}", "state", "running")
        finish(state, run, RunState.FAILED, NO_TABLE)
    assert state.llen("duckferry:1:T1:history:main:SHOP.ORDERS") == 50


@pytest.mark.parametrize("garbage", ["", "garbage", "12 garbage", "x {}", '5 {"run": 1}'])
def test_garbage_in_a_history_is_left_out(state: Redis, garbage: str) -> None:
    run = end(state)
    state.lpush("duckferry:1:T1:history:main:SHOP.ORDERS", garbage)
    assert [past.run for past in table_history(state, "T1", ORDERS, 10)] == [run.id]


def test_what_redis_has_lost_is_told_by_the_receipts_in_the_warehouse(
    state: Redis, tmp_path: Path
) -> None:
    plan = table_plan([("ID", "NUMBER(10)")], table="ORDERS")
    for fence, rows in ((1, [(1,)]), (2, [(1,), (2,)]), (3, [(1,), (2,), (3,)])):
        publish(tmp_path, [place_rows(tmp_path, plan, rows, fence)])
    run = end(state, fence=3, rows=3)
    told = table_history(state, "T1", ORDERS, 10, warehouse=tmp_path)
    assert {(past.run, past.fence, past.rows, past.state) for past in told} == {
        (run.id, 3, 3, "published"),
        ("", 2, 2, "published"),
        ("", 1, 1, "published"),
    }
    state.flushall()
    kept = table_history(state, "T1", ORDERS, 10, warehouse=tmp_path)
    assert {past.rows for past in kept} == {1, 2, 3}


def test_nothing_is_expected_of_a_table_that_never_ran(state: Redis) -> None:
    assert expected_seconds(state, "T1", estimated(1000)) is None
    end(state)
    assert expected_seconds(state, "T1", estimated(1000)) == 10.0
    both = estimated(1000, plan=plan_of(ORDERS, USERS))
    assert expected_seconds(state, "T1", both) is None


def test_the_median_of_the_last_five_counts_and_failures_do_not(state: Redis) -> None:
    end(state, rows=100, seconds=1000)  # long ago, and not looked at
    for seconds in (1.0, 2.0, 3.0, 50.0, 60.0):
        end(state, rows=100, seconds=seconds)
        finish(state, queue_run(state), RunState.FAILED, NO_TABLE)
    assert expected_seconds(state, "T1", estimated(1000)) == 30.0


def test_without_an_estimate_the_last_copy_says_how_many_rows_there_are(state: Redis) -> None:
    end(state, rows=100, seconds=2.0)
    end(state, rows=200, seconds=4.0)
    assert expected_seconds(state, "T1", estimated(None)) == 4.0
    assert expected_seconds(state, "T1", plan_of()) == 4.0


def test_an_empty_table_takes_what_it_took(state: Redis) -> None:
    end(state, rows=0, seconds=0.5)
    assert expected_seconds(state, "T1", estimated(0)) == 0.5


def progress(rows: int, expected: int | None, seconds: float = 10.0) -> Progress:
    return Progress(
        table="SHOP.ORDERS",
        table_number=2,
        tables=2,
        rows=rows,
        expected_rows=expected,
        seconds=100.0,
        table_seconds=seconds,
    )


def test_progress_knows_its_rate_share_and_rest_by_the_table_at_hand() -> None:
    half = progress(500, 1000)
    assert (half.rate, half.percent, half.eta_seconds) == (50.0, 50, 10.0)
    older = half.model_copy(update={"table_seconds": None})  # of a worker of the version before
    assert older.rate == 5.0


@pytest.mark.parametrize(
    ("now", "known"),
    [
        (progress(0, 1000), (None, 0, None)),
        (progress(500, None), (50.0, None, None)),
        (progress(500, 0), (50.0, None, None)),
        (progress(1000, 1000), (100.0, 100, 0.0)),
        (progress(1500, 1000), (150.0, 100, None)),
        (progress(500, 1000, seconds=0.0), (None, 50, None)),
    ],
)
def test_what_progress_cannot_know_it_does_not_say(
    now: Progress, known: tuple[float | None, int | None, float | None]
) -> None:
    assert (now.rate, now.percent, now.eta_seconds) == known
