"""A stopped source: nothing of ours reads it, runs wait, and all goes on once it is started."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from redis import Redis

from sandbox.oracle.faults import Fault
from sandbox.oracle.process import OracleStandIn
from sync.counts import count_state
from sync.oracle import Source
from sync.oracle_errors import SourceStopped
from sync.perform import Rules, perform_run
from sync.plan import TableRef
from sync.progress import Progress
from sync.runs import RunState
from sync.sources import GuardedSource, open_source
from sync.stops import start_source, stop_source, stops
from sync.warehouse.manifest import read_manifest
from tests.sync.copying import OpenSession
from tests.sync.run_parts import WAIT_SECONDS, never, plan_first, until
from tests.sync.state_parts import queue_run, run_of

pytest_plugins = ["tests.sync.state_fixtures"]


def test_no_session_is_opened_at_a_stopped_source_and_others_are_open(
    state: Redis, source: Source, oracle: OracleStandIn
) -> None:
    guarded = GuardedSource(source, max_sessions=1, blackout=(), timezone="UTC")
    before = oracle.control.session_count()
    stop_source(state, "main", "index rebuild")
    opening = open_source(state, guarded, action="plan", client_identifier="U1", wait_seconds=1)
    with pytest.raises(SourceStopped, match=r"index rebuild.*botctl source start main"):
        opening.__enter__()
    assert oracle.control.session_count() == before
    assert stops(state)["main"].reason == "index rebuild"
    assert count_state(state).stopped_sources == ["main"]
    assert start_source(state, "main")
    assert not start_source(state, "main")
    with open_source(state, guarded, action="plan", client_identifier="U1", wait_seconds=1):
        assert stops(state) == {}


def test_a_run_waits_for_a_stopped_source_says_why_and_begins_when_it_is_started(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))
    stop_source(state, "main", "month-end")
    perform_run(state, run.id, open_session=never, warehouse=tmp_path)
    waiting = run_of(state, run.id)
    assert (waiting.state, waiting.attempts) == (RunState.QUEUED, 0)
    assert waiting.last_failure is not None
    assert waiting.last_failure.params["reason"] == "month-end"
    perform_run(state, run.id, open_session=never, warehouse=tmp_path)
    start_source(state, "main")
    perform_run(state, run.id, open_session=open_session, warehouse=tmp_path)
    assert run_of(state, run.id).state is RunState.PUBLISHED


@pytest.mark.parametrize("sql", ['SELECT "ID" FROM "SHOP"."{table}"', "all_tab_columns"])
def test_a_stop_ends_what_oracle_is_doing_and_the_run_waits_uncounted(
    state: Redis,
    oracle: OracleStandIn,
    open_session: OpenSession,
    own_table: TableRef,
    tmp_path: Path,
    sql: str,
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))
    before = oracle.control.session_count()
    oracle.control.fault(Fault("stall", sql_contains=sql.format(table=own_table.table), seconds=60))
    with ThreadPoolExecutor(1) as pool:
        performing = pool.submit(
            perform_run, state, run.id, open_session=open_session, warehouse=tmp_path
        )
        until(lambda: not oracle.control.waiting_faults())
        stop_source(state, "main", "too slow")
        performing.result(WAIT_SECONDS)
    until(lambda: oracle.control.session_count() == before)  # long before the stall is over
    waiting = run_of(state, run.id)
    assert (waiting.state, waiting.excused) == (RunState.QUEUED, 1)
    assert waiting.last_failure is not None
    assert waiting.last_failure.code == "source_stopped"
    assert not read_manifest(tmp_path).entries
    start_source(state, "main")
    perform_run(state, run.id, open_session=open_session, warehouse=tmp_path)
    assert run_of(state, run.id).state is RunState.PUBLISHED


def test_a_run_with_a_ceiling_is_held_back_says_so_and_a_stop_ends_the_wait(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))
    rows_came = threading.Event()

    def seen(progress: Progress) -> None:
        if progress.rows:
            rows_came.set()

    slow = Rules(rows_per_second=lambda _: 0.001)  # two rows: half an hour
    with ThreadPoolExecutor(1) as pool:
        performing = pool.submit(
            perform_run,
            state,
            run.id,
            open_session=open_session,
            warehouse=tmp_path,
            on_progress=seen,
            rules=slow,
        )
        assert rows_came.wait(WAIT_SECONDS)
        until(lambda: (found := run_of(state, run.id).progress) is not None and found.is_paced)
        stop_source(state, "main", "enough")
        performing.result(WAIT_SECONDS)
    assert run_of(state, run.id).state is RunState.QUEUED
    assert not read_manifest(tmp_path).entries
