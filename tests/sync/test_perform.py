"""Whole runs in this process: a real Redis, the Oracle stand-in and a warehouse in a folder."""

import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest
import redis
from redis import Redis

from sandbox.oracle.faults import Fault
from sandbox.oracle.process import OracleStandIn
from sandbox.redis import RedisStandIn
from sync.catalog import TableFacts
from sync.engine import Steps, run_plan
from sync.errors import TableNotOffered
from sync.jobs import reconcile
from sync.leases import next_fence, table_leases
from sync.oracle_errors import SourceClosed, TableNotFound
from sync.perform import Rules, perform_run, published_receipt
from sync.plan import TablePlan, TableRef, Wish
from sync.planning import TableSettings, make_table_plan
from sync.progress import Progress
from sync.runs import MAX_RETRIES, Run, RunState, alive_key, claim, finish
from sync.state import connect_state
from sync.warehouse.layout import RECEIPT_FILE, generation_folder
from sync.warehouse.manifest import ManifestEntry, publish, read_manifest
from tests.sync.copying import OpenSession
from tests.sync.failing_disk import after_replacing, striking
from tests.sync.run_parts import free, never, plan_first
from tests.sync.state_parts import cards_of, inbox_of, plan_of, queue_run, run_of
from tests.sync.tables import place_rows

pytest_plugins = ["tests.sync.state_fixtures"]

USERS = TableRef(source="main", schema_name="SHOP", table="USERS")


def waits_after(run: Run) -> str | None:
    """Why a run waits for its second attempt."""
    assert (run.state, run.attempts, run.failure) == (RunState.QUEUED, 1, None)
    return run.last_failure.code if run.last_failure else None


def failure_code(run: Run) -> str | None:
    return run.failure.code if run.failure else None


def test_an_approved_run_ends_published_with_its_receipt(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    run = queue_run(state, plan_first(open_session, own_table, USERS))
    heard: list[Progress] = []
    perform_run(
        state, run.id, open_session=open_session, warehouse=tmp_path, on_progress=heard.append
    )
    ended = run_of(state, run.id)
    assert (ended.state, ended.failure) == (RunState.PUBLISHED, None)
    assert ended.receipt is not None
    assert [(t.ref, t.rows, t.oracle_rows) for t in ended.receipt.tables] == [
        (own_table, 2, 2),
        (USERS, 150, 150),
    ]
    assert heard[-1].rows == 150
    assert ended.progress is not None
    manifest = read_manifest(tmp_path)
    assert manifest.entry(USERS).receipt == ended.receipt.tables[1]
    assert ended.fences == (manifest.entry(own_table).fence, manifest.entry(USERS).fence)
    assert [entry["kind"] for entry in inbox_of(state)] == ["run_ended"]
    assert len(cards_of(state)) >= 4  # decided, claimed, verifying, published
    assert free(state, own_table)
    assert not state.exists(alive_key(run.id))


def test_a_run_that_ended_or_is_unknown_or_somebody_elses_is_left_alone(
    state: Redis, tmp_path: Path
) -> None:
    ended, taken = queue_run(state), queue_run(state)
    claim(state, taken)
    finish(state, ended, RunState.FAILED, TableNotFound(source="main", table="T").failure)
    for run_id in (ended.id, taken.id, "T1-unknown", "garbage", ""):
        perform_run(state, run_id, open_session=never, warehouse=tmp_path)
    assert run_of(state, taken.id).state is RunState.RUNNING
    assert not read_manifest(tmp_path).entries


def closed_from(start: int, until: str) -> Callable[[str], None]:
    """A source that is closed from the *start*-th time on that somebody asks."""
    asked: list[str] = []

    def require_open(source: str) -> None:
        asked.append(source)
        if len(asked) > start:
            raise SourceClosed(source=source, until=until)

    return require_open


def test_a_run_of_a_closed_source_is_put_off_and_runs_once_it_is_open(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    closed = Rules(require_open=closed_from(0, until.isoformat()))
    perform_run(state, run.id, open_session=never, warehouse=tmp_path, rules=closed)
    waiting = run_of(state, run.id)
    assert (waiting.state, waiting.put_off_ms) == (RunState.QUEUED, until.timestamp() * 1000)
    assert len(cards_of(state)) == 2  # decided, put off
    for rules in (Rules(), closed):  # a job that comes before the time does nothing
        perform_run(state, run.id, open_session=never, warehouse=tmp_path, rules=rules)
    assert len(cards_of(state)) == 2
    state.hset(f"duckferry:1:T1:run:{run.id}", "put_off_ms", 1)  # its time has come
    perform_run(state, run.id, open_session=open_session, warehouse=tmp_path)
    assert run_of(state, run.id).state is RunState.PUBLISHED


def test_a_run_whose_source_closes_in_the_middle_waits_until_it_opens_and_the_old_copy_stays(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))
    until = datetime.now(UTC) + timedelta(hours=1)
    closing = Rules(require_open=closed_from(1, until.isoformat()))
    perform_run(state, run.id, open_session=open_session, warehouse=tmp_path, rules=closing)
    waiting = run_of(state, run.id)
    assert (waiting.state, waiting.excused) == (RunState.QUEUED, 1)
    assert waiting.last_failure is not None
    assert waiting.last_failure.code == "source_closed"
    assert abs((waiting.put_off_ms or 0) - until.timestamp() * 1000) < 60_000
    assert not read_manifest(tmp_path).entries
    assert free(state, own_table)


def test_waiting_for_another_run_of_the_table_is_no_try_however_long_it_takes(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))
    at_once = Rules(backoff=lambda _: 0)
    with table_leases(state, "T1-another", [own_table]):
        for _ in range(MAX_RETRIES + 3):
            perform_run(state, run.id, open_session=never, warehouse=tmp_path, rules=at_once)
    assert run_of(state, run.id).state is RunState.QUEUED
    perform_run(state, run.id, open_session=open_session, warehouse=tmp_path, rules=at_once)
    assert run_of(state, run.id).state is RunState.PUBLISHED


def test_a_run_that_would_fill_the_disk_is_stopped_before_it_does(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))
    rules = Rules(reserve_bytes=shutil.disk_usage(tmp_path).total)
    perform_run(state, run.id, open_session=open_session, warehouse=tmp_path, rules=rules)
    ended = run_of(state, run.id)
    assert (ended.state, failure_code(ended)) == (RunState.FAILED, "disk_full")
    assert not read_manifest(tmp_path).entries


def test_a_run_is_planned_again_by_what_is_configured_now(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    def taken_out(facts: TableFacts, _wish: Wish, _: ManifestEntry | None) -> TablePlan:
        raise TableNotOffered(table=str(facts.ref), hint="")

    def lower_ceiling(facts: TableFacts, wish: Wish, current: ManifestEntry | None) -> TablePlan:
        return make_table_plan(facts, TableSettings(9_999), wish, current)

    for plan_table, state_then, code in (
        (taken_out, RunState.FAILED, "table_not_offered"),
        (lower_ceiling, RunState.SUPERSEDED, "plan_drifted"),
    ):
        run = queue_run(state, plan_first(open_session, own_table))
        rules = Rules(plan_table=plan_table)
        perform_run(state, run.id, open_session=open_session, warehouse=tmp_path, rules=rules)
        ended = run_of(state, run.id)
        assert (ended.state, failure_code(ended)) == (state_then, code)
    assert not read_manifest(tmp_path).entries


def test_an_error_of_oracle_is_the_runs_failure_and_nothing_is_published(
    state: Redis,
    oracle: OracleStandIn,
    open_session: OpenSession,
    own_table: TableRef,
    tmp_path: Path,
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))
    oracle.control.fault(Fault("error", code=1578, sql_contains=f'FROM "SHOP"."{own_table.table}"'))
    perform_run(state, run.id, open_session=open_session, warehouse=tmp_path)
    ended = run_of(state, run.id)
    assert (ended.state, failure_code(ended)) == (RunState.FAILED, "oracle_failure")
    assert (ended.attempts, ended.parked) == (0, False)
    assert not read_manifest(tmp_path).entries
    assert free(state, own_table)


def test_a_table_that_changed_since_the_card_supersedes_the_run(
    state: Redis, open_session: OpenSession, tmp_path: Path
) -> None:
    run = queue_run(state, plan_of(USERS))  # whose columns are not those of Oracle
    perform_run(state, run.id, open_session=open_session, warehouse=tmp_path)
    ended = run_of(state, run.id)
    assert (ended.state, failure_code(ended)) == (RunState.SUPERSEDED, "plan_drifted")


def test_a_table_another_run_copies_has_the_run_wait_before_oracle_is_asked(
    state: Redis, tmp_path: Path
) -> None:
    run = queue_run(state, plan_of(USERS))
    with table_leases(state, "T1-other", [USERS]):
        perform_run(state, run.id, open_session=never, warehouse=tmp_path)
        assert not free(state, USERS)
    assert waits_after(run_of(state, run.id)) == "table_busy"


def test_a_fault_of_ours_ends_the_run_under_a_reference_without_its_words(
    state: Redis, tmp_path: Path
) -> None:
    def broken(_: str) -> NoReturn:
        raise ZeroDivisionError("password=tiger")

    run = queue_run(state)
    perform_run(state, run.id, open_session=broken, warehouse=tmp_path)
    ended = run_of(state, run.id)
    assert (ended.state, failure_code(ended)) == (RunState.FAILED, "unexpected")
    assert "tiger" not in ended.model_dump_json()


@pytest.mark.parametrize("end", [KeyboardInterrupt(), SystemExit(1)])
def test_an_interrupted_run_ends_failed_and_the_interrupt_goes_on(
    state: Redis,
    open_session: OpenSession,
    own_table: TableRef,
    tmp_path: Path,
    end: BaseException,
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))

    def interrupt(progress: Progress) -> None:
        if progress.rows:
            raise end

    with pytest.raises(type(end)):
        perform_run(
            state, run.id, open_session=open_session, warehouse=tmp_path, on_progress=interrupt
        )
    ended = run_of(state, run.id)
    assert (ended.state, failure_code(ended)) == (RunState.FAILED, "worker_lost")
    assert not read_manifest(tmp_path).entries
    assert free(state, own_table)
    assert not state.exists(alive_key(run.id))


@pytest.mark.parametrize(
    ("end", "raised"), [(KeyboardInterrupt(), KeyboardInterrupt), (RuntimeError("ours"), None)]
)
def test_a_run_stopped_after_its_publish_is_published(
    state: Redis,
    open_session: OpenSession,
    own_table: TableRef,
    tmp_path: Path,
    end: BaseException,
    raised: type[BaseException] | None,
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))
    expected = pytest.raises(raised) if raised else nullcontext()
    with expected, striking(after_replacing("manifest.json", end)):
        perform_run(state, run.id, open_session=open_session, warehouse=tmp_path)
    ended = run_of(state, run.id)
    assert (ended.state, ended.failure) == (RunState.PUBLISHED, None)
    assert ended.receipt is not None
    assert ended.receipt.tables == (read_manifest(tmp_path).entry(own_table).receipt,)


def test_an_interrupt_without_redis_is_still_the_interrupt(
    mortal_redis: RedisStandIn, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    client = connect_state(mortal_redis.url)
    run = queue_run(client, plan_first(open_session, own_table))

    def interrupt(progress: Progress) -> None:
        if progress.rows:
            mortal_redis.kill()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        perform_run(
            client, run.id, open_session=open_session, warehouse=tmp_path, on_progress=interrupt
        )


def test_a_run_ended_by_somebody_else_publishes_nothing(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))
    end = TableNotFound(source="main", table="T").failure

    def end_it(_: Progress) -> None:
        finish(state, run, RunState.CANCELLED, end)

    perform_run(state, run.id, open_session=open_session, warehouse=tmp_path, on_progress=end_it)
    ended = run_of(state, run.id)
    assert (ended.state, ended.failure) == (RunState.CANCELLED, end)
    assert not read_manifest(tmp_path).entries
    assert len(inbox_of(state)) == 1


def test_a_run_that_lost_its_lease_stops_and_publishes_nothing(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))

    def lose_it(progress: Progress) -> None:
        if progress.rows:  # once is enough
            return
        state.set(f"duckferry:1:lease:main:{own_table}", "T1-other")
        deadline = time.monotonic() + 10
        while state.exists(alive_key(run.id)):  # no longer renewed
            assert time.monotonic() < deadline
            time.sleep(0.02)

    perform_run(
        state,
        run.id,
        open_session=open_session,
        warehouse=tmp_path,
        on_progress=lose_it,
        alive_seconds=0.5,
    )
    assert waits_after(run_of(state, run.id)) == "worker_lost"
    assert not read_manifest(tmp_path).entries
    assert state.get(f"duckferry:1:lease:main:{own_table}") == "T1-other"


def test_a_run_overtaken_by_a_newer_publish_is_dropped(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    plan = plan_first(open_session, own_table)
    run = queue_run(state, plan)

    def overtake(progress: Progress) -> None:
        if progress.rows == 2:
            newer = tmp_path / "newer"  # built elsewhere: the lease's holder clears build folders
            entry = place_rows(newer, plan.tables[0], [(7,), (8,), (9,)], 99)
            source = next(newer.glob("*/*/*/data.duckdb")).parent
            target = tmp_path / source.relative_to(newer)
            target.parent.mkdir(parents=True, exist_ok=True)
            source.chmod(0o755)
            source.rename(target)
            publish(tmp_path, [entry])

    perform_run(state, run.id, open_session=open_session, warehouse=tmp_path, on_progress=overtake)
    ended = run_of(state, run.id)
    assert (ended.state, failure_code(ended)) == (RunState.FAILED, "stale_fence")
    assert read_manifest(tmp_path).entry(own_table).rows == 3


def test_a_long_run_keeps_its_heartbeat_and_leases(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))
    lost: list[str] = []

    def outlast(progress: Progress) -> None:
        until = time.monotonic() + 1.0
        while not progress.rows and time.monotonic() < until:
            reconcile(state)
            lost.extend(["lease"] if free(state, own_table) else [])
            time.sleep(0.05)

    perform_run(
        state,
        run.id,
        open_session=open_session,
        warehouse=tmp_path,
        on_progress=outlast,
        alive_seconds=0.3,
    )
    assert lost == []
    assert run_of(state, run.id).state is RunState.PUBLISHED


def test_after_a_lost_redis_a_run_still_publishes_past_the_manifests_fence(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    plan = plan_first(open_session, own_table)
    publish(tmp_path, [place_rows(tmp_path, plan.tables[0], [(7,)], 57)])
    run = queue_run(state, plan)
    perform_run(state, run.id, open_session=open_session, warehouse=tmp_path)
    ended = run_of(state, run.id)
    assert (ended.state, ended.fences) == (RunState.PUBLISHED, (58,))
    entry = read_manifest(tmp_path).entry(own_table)
    assert (entry.rows, entry.fence) == (2, 58)


def test_redis_dying_before_the_publish_publishes_nothing(
    mortal_redis: RedisStandIn,
    oracle: OracleStandIn,
    open_session: OpenSession,
    own_table: TableRef,
    tmp_path: Path,
) -> None:
    client = connect_state(mortal_redis.url)
    run = queue_run(client, plan_first(open_session, own_table))
    # The comparison with Oracle takes a while, and Redis dies in it.
    oracle.control.fault(Fault("stall", sql_contains='COUNT(*), COUNT(CASE WHEN "ID"', seconds=1))
    with ThreadPoolExecutor(1) as pool:
        performing = pool.submit(
            perform_run,
            client,
            run.id,
            open_session=open_session,
            warehouse=tmp_path,
            alive_seconds=0.5,
        )
        deadline = time.monotonic() + 10
        while run_of(client, run.id).state is not RunState.VERIFYING:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        mortal_redis.kill()
        with pytest.raises(redis.ConnectionError):
            performing.result(30)
    assert not read_manifest(tmp_path).entries


def test_a_worker_dying_between_publish_and_end_leaves_a_run_that_is_found_published(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    run = queue_run(state, plan_first(open_session, own_table))
    assert claim(state, run)
    run_plan(
        run.approval.request.plan,
        open_session=open_session,
        warehouse=tmp_path,
        run_id=run.id,
        fence=lambda ref: next_fence(state, run, ref, published=0),
        steps=Steps(on_progress=lambda _: None),
    )
    state.delete(alive_key(run.id))
    reconcile(state, partial(published_receipt, tmp_path))
    ended = run_of(state, run.id)
    assert (ended.state, ended.failure) == (RunState.PUBLISHED, None)
    assert ended.receipt is not None
    assert ended.receipt.tables == (read_manifest(tmp_path).entry(own_table).receipt,)


def test_a_receipt_is_found_behind_newer_generations_and_only_for_its_own_run(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    plan = plan_first(open_session, own_table)
    first, second, third = (queue_run(state, plan) for _ in range(3))
    assert published_receipt(tmp_path, run_of(state, first.id)) is None
    for run in (first, second):
        perform_run(state, run.id, open_session=open_session, warehouse=tmp_path)
    for run in (first, second):
        ended = run_of(state, run.id)
        found = published_receipt(tmp_path, ended)
        assert found is not None
        assert ended.receipt is not None
        assert found.tables == ended.receipt.tables
    assert published_receipt(tmp_path, run_of(state, third.id)) is None
    stranger = run_of(state, first.id).model_copy(update={"fences": (99,)})
    assert published_receipt(tmp_path, stranger) is None


@pytest.mark.parametrize("damage", ["", "{", '{"rows": 1}'])
def test_a_receipt_that_cannot_be_read_proves_nothing(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path, damage: str
) -> None:
    plan = plan_first(open_session, own_table)
    first, second = (queue_run(state, plan) for _ in range(2))
    for run in (first, second):
        perform_run(state, run.id, open_session=open_session, warehouse=tmp_path)
    older = read_manifest(tmp_path).entry(own_table).previous[0]
    path = generation_folder(tmp_path, own_table, older) / RECEIPT_FILE
    path.chmod(0o644)
    path.write_text(damage)
    assert published_receipt(tmp_path, run_of(state, first.id)) is None
    assert published_receipt(tmp_path, run_of(state, second.id)) is not None


def test_two_runs_of_one_table_at_once_are_one_publish_and_one_busy_table(
    state: Redis, open_session: OpenSession, own_table: TableRef, tmp_path: Path
) -> None:
    plan = plan_first(open_session, own_table)
    first, second = queue_run(state, plan), queue_run(state, plan)
    holding = threading.Event()
    refused = threading.Event()

    def hold(_: Progress) -> None:
        holding.set()
        assert refused.wait(10)

    with ThreadPoolExecutor(1) as pool:
        performing = pool.submit(
            perform_run,
            state,
            first.id,
            open_session=open_session,
            warehouse=tmp_path,
            on_progress=hold,
        )
        assert holding.wait(10)
        perform_run(state, second.id, open_session=never, warehouse=tmp_path)
        refused.set()
        performing.result(30)
    assert run_of(state, first.id).state is RunState.PUBLISHED
    assert waits_after(run_of(state, second.id)) == "table_busy"


def test_a_dead_redis_is_told_and_nothing_is_copied(
    mortal_redis: RedisStandIn, tmp_path: Path
) -> None:
    client = connect_state(mortal_redis.url)
    run = queue_run(client)
    mortal_redis.kill()
    with pytest.raises(redis.ConnectionError):
        perform_run(client, run.id, open_session=never, warehouse=tmp_path)
    assert not read_manifest(tmp_path).entries
