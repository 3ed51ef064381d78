"""Runs that are tried again, and runs that are stopped: in this process, against the stand-ins."""

import fcntl
import threading
import time
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from redis import Redis

from sandbox.oracle.faults import Fault
from sandbox.oracle.process import OracleStandIn
from sync.errors import Cancelled, TableBusy
from sync.oracle import Session
from sync.oracle_errors import LoginRefused
from sync.perform import Rules, perform_run, published_receipt
from sync.plan import TableRef
from sync.progress import Progress
from sync.runs import Run, RunState, alive_key, ask_cancel, end_lost_runs
from sync.warehouse.layout import BUILD, table_folder
from sync.warehouse.manifest import read_manifest
from tests.sync.copying import OpenSession
from tests.sync.run_parts import WAIT_SECONDS, free, plan_first, until
from tests.sync.state_parts import inbox_of, queue_run, run_of

pytest_plugins = ["tests.sync.state_fixtures"]


def at_once(_: int) -> float:
    return 0


AT_ONCE = Rules(backoff=at_once)


def silence(client: Redis, run: Run) -> None:
    """Let the heartbeat and leases of a run have run out."""
    client.delete(alive_key(run.id))
    for table in run.approval.request.plan.tables:
        client.delete(f"duckferry:1:lease:main:{table.ref}")


def generations(warehouse: Path, ref: TableRef) -> int:
    return len([*table_folder(warehouse, ref).glob("*/data.duckdb")])


def builds(warehouse: Path) -> list[Path]:
    return [*(warehouse / BUILD).glob("*/*/*")]


def test_a_run_whose_connection_broke_is_published_by_its_second_attempt(
    state: Redis,
    oracle: OracleStandIn,
    open_session: OpenSession,
    own_table: TableRef,
    tmp_path: Path,
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))
    oracle.control.fault(Fault("drop", sql_contains=f'FROM "SHOP"."{own_table.table}"'))
    perform = partial(
        perform_run, state, run.id, open_session=open_session, warehouse=tmp_path, rules=AT_ONCE
    )
    perform()
    waiting = run_of(state, run.id)
    assert (waiting.state, waiting.attempts) == (RunState.QUEUED, 1)
    assert waiting.last_failure is not None
    assert waiting.last_failure.code == "connection_dropped"
    assert free(state, own_table)
    assert inbox_of(state) == []
    perform()
    ended = run_of(state, run.id)
    assert (ended.state, ended.fences) == (RunState.PUBLISHED, (2,))
    assert generations(tmp_path, own_table) == 1
    assert len(inbox_of(state)) == 1


def test_a_run_that_fails_four_times_is_parked(
    state: Redis,
    oracle: OracleStandIn,
    open_session: OpenSession,
    own_table: TableRef,
    tmp_path: Path,
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))
    sql = f'FROM "SHOP"."{own_table.table}"'
    oracle.control.fault(Fault("drop", sql_contains=sql, times=4))
    for _ in range(6):
        perform_run(state, run.id, open_session=open_session, warehouse=tmp_path, rules=AT_ONCE)
    ended = run_of(state, run.id)
    assert (ended.state, ended.attempts, ended.parked) == (RunState.FAILED, 3, True)
    assert ended.failure is not None
    assert ended.failure.code == "connection_dropped"
    assert not read_manifest(tmp_path).entries
    assert builds(tmp_path) == []


def test_a_refused_login_is_tried_once(state: Redis, tmp_path: Path) -> None:
    asked: list[str] = []

    @contextmanager
    def refused(source: str) -> Generator[Session]:
        asked.append(source)
        raise LoginRefused(user="U", source=source, oracle_code="ORA-01017")
        yield

    run = queue_run(state)
    for _ in range(3):
        perform_run(state, run.id, open_session=refused, warehouse=tmp_path, rules=AT_ONCE)
    ended = run_of(state, run.id)
    assert (ended.state, ended.attempts, ended.parked) == (RunState.FAILED, 0, False)
    assert asked == ["main"]


@pytest.mark.parametrize("rows_then", [0, 2])
def test_an_attempt_that_outlives_its_successor_publishes_nothing(
    state: Redis,
    open_session: OpenSession,
    own_table: TableRef,
    oracle: OracleStandIn,
    tmp_path: Path,
    rows_then: int,
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))
    stuck, over = threading.Event(), threading.Event()

    def get_stuck(progress: Progress) -> None:
        if progress.rows == rows_then:
            stuck.set()
            assert over.wait(WAIT_SECONDS)

    with ThreadPoolExecutor(1) as pool:
        old = pool.submit(
            perform_run,
            state,
            run.id,
            open_session=open_session,
            warehouse=tmp_path,
            on_progress=get_stuck,
        )
        assert stuck.wait(WAIT_SECONDS)
        silence(state, run)
        assert end_lost_runs(state, partial(published_receipt, tmp_path), at_once) == [run.id]
        oracle.control.execute(f'INSERT INTO SHOP."{own_table.table}" VALUES (3)')
        perform_run(state, run.id, open_session=open_session, warehouse=tmp_path)
        over.set()
        old.result(WAIT_SECONDS)
    ended = run_of(state, run.id)
    assert (ended.state, ended.attempts, ended.fences) == (RunState.PUBLISHED, 1, (2,))
    entry = read_manifest(tmp_path).entry(own_table)
    assert (entry.rows, entry.fence, entry.previous) == (3, 2, ())
    assert generations(tmp_path, own_table) == 1
    assert len(inbox_of(state)) == 1


def test_an_attempt_stuck_before_its_publish_is_overtaken_and_publishes_nothing(
    state: Redis,
    open_session: OpenSession,
    own_table: TableRef,
    oracle: OracleStandIn,
    tmp_path: Path,
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))
    # The comparison with Oracle takes a while; the attempt is called lost in it.
    count = 'COUNT(*), COUNT(CASE WHEN "ID"'
    oracle.control.fault(Fault("stall", sql_contains=count, seconds=1.5))
    with ThreadPoolExecutor(1) as pool:
        old = pool.submit(perform_run, state, run.id, open_session=open_session, warehouse=tmp_path)
        until(lambda: run_of(state, run.id).state is RunState.VERIFYING)
        silence(state, run)
        assert end_lost_runs(state, partial(published_receipt, tmp_path), at_once) == [run.id]
        old.result(WAIT_SECONDS)  # before the next attempt has even begun
    waiting = run_of(state, run.id)
    assert (waiting.state, waiting.attempts) == (RunState.QUEUED, 1)
    assert not read_manifest(tmp_path).entries
    assert generations(tmp_path, own_table) == 0


def test_an_attempt_in_the_middle_of_its_publish_is_waited_for_and_not_repeated(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))

    def perform() -> None:
        perform_run(state, run.id, open_session=open_session, warehouse=tmp_path)

    with ThreadPoolExecutor(2) as pool, (tmp_path / "manifest.lock").open("a") as manifest_lock:
        fcntl.flock(manifest_lock, fcntl.LOCK_EX)
        old = pool.submit(perform)
        until(lambda: generations(tmp_path, own_table) == 1)  # placed, not yet in the manifest
        silence(state, run)
        end_lost_runs(state, partial(published_receipt, tmp_path), at_once)
        assert run_of(state, run.id).state is RunState.QUEUED
        new: Future[None] = pool.submit(perform)
        until(lambda: run_of(state, run.id).state is RunState.RUNNING)
        fcntl.flock(manifest_lock, fcntl.LOCK_UN)
        old.result(WAIT_SECONDS)
        new.result(WAIT_SECONDS)
    ended = run_of(state, run.id)
    assert (ended.state, ended.fences) == (RunState.PUBLISHED, (1,))
    entry = read_manifest(tmp_path).entry(own_table)
    assert (entry.fence, entry.previous) == (1, ())
    assert generations(tmp_path, own_table) == 1
    assert len(inbox_of(state)) == 1


@pytest.mark.parametrize(
    "sql",
    ['SELECT "ID" FROM "SHOP"."{table}"', 'COUNT(*), COUNT(CASE WHEN "ID"', "all_tab_columns"],
)
def test_a_cancel_stops_what_oracle_is_doing_and_frees_everything(
    state: Redis,
    oracle: OracleStandIn,
    open_session: OpenSession,
    own_table: TableRef,
    tmp_path: Path,
    sql: str,
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))
    before = oracle.control.session_count()
    stall = Fault("stall", sql_contains=sql.format(table=own_table.table), seconds=60)
    oracle.control.fault(stall)
    with ThreadPoolExecutor(1) as pool:
        performing = pool.submit(
            perform_run, state, run.id, open_session=open_session, warehouse=tmp_path
        )
        until(lambda: not oracle.control.waiting_faults())
        asked = time.monotonic()
        assert ask_cancel(state, run, "U7") == "cancelling"
        performing.result(WAIT_SECONDS)
        took = time.monotonic() - asked
    ended = run_of(state, run.id)
    assert (ended.state, ended.failure) == (RunState.CANCELLED, Cancelled(by="U7").failure)
    assert took < 2
    assert free(state, own_table)
    assert builds(tmp_path) == []
    assert not read_manifest(tmp_path).entries
    assert len(inbox_of(state)) == 1
    until(lambda: oracle.control.session_count() == before)


def test_a_run_that_waits_for_a_session_is_cancelled_all_the_same(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))
    opening, open_now = threading.Event(), threading.Event()

    @contextmanager
    def late(source: str) -> Generator[Session]:
        opening.set()
        assert open_now.wait(WAIT_SECONDS)
        with open_session(source) as session:
            yield session

    with ThreadPoolExecutor(1) as pool:
        performing = pool.submit(perform_run, state, run.id, open_session=late, warehouse=tmp_path)
        assert opening.wait(WAIT_SECONDS)
        ask_cancel(state, run, "U7")
        until(lambda: run_of(state, run.id).state is RunState.CANCELLED)
        until(lambda: free(state, own_table))
        open_now.set()
        performing.result(WAIT_SECONDS)
    assert run_of(state, run.id).failure == Cancelled(by="U7").failure
    assert not read_manifest(tmp_path).entries
    assert len(inbox_of(state)) == 1


def test_a_cancel_that_comes_with_an_error_that_may_pass_is_not_followed_by_another_attempt(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))

    def fail(progress: Progress) -> None:
        ask_cancel(state, run, "U7")
        raise TableBusy(table="T")

    perform_run(state, run.id, open_session=open_session, warehouse=tmp_path, on_progress=fail)
    assert run_of(state, run.id).state is RunState.CANCELLED


def test_a_cancel_after_the_last_moment_changes_nothing_and_says_so(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))
    with ThreadPoolExecutor(1) as pool, (tmp_path / "manifest.lock").open("a") as manifest_lock:
        fcntl.flock(manifest_lock, fcntl.LOCK_EX)
        performing = pool.submit(
            perform_run, state, run.id, open_session=open_session, warehouse=tmp_path
        )
        until(lambda: generations(tmp_path, own_table) == 1)
        assert ask_cancel(state, run, "U7") == "already_ended"
        fcntl.flock(manifest_lock, fcntl.LOCK_UN)
        performing.result(WAIT_SECONDS)
    ended = run_of(state, run.id)
    assert (ended.state, ended.cancel_by) == (RunState.PUBLISHED, None)
    assert ask_cancel(state, run, "U7") == "already_ended"
