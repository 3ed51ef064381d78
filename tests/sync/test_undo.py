"""Going back to the copy before: in one step, without Oracle, and able to be undone itself."""

import errno
import multiprocessing
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from redis import Redis

from sandbox.oracle.process import OracleStandIn
from sync.engine import Steps
from sync.errors import WarehouseDamaged
from sync.history import expected_seconds
from sync.leases import table_leases
from sync.oracle_errors import SourceClosed
from sync.past_errors import CopyMoved, NothingToUndo
from sync.perform import Rules, perform_run, published_receipt
from sync.plan import Plan, TableRef, Undo
from sync.receipt import Receipt
from sync.runs import RunState
from sync.undo import plan_undo, run_undo
from sync.warehouse.layout import data_file, generation_folder
from sync.warehouse.manifest import ManifestEntry, read_manifest
from sync.warehouse.recovery import rebuild_manifest
from tests.sync.copying import COLUMNS, Copy, OpenSession
from tests.sync.failing_disk import striking
from tests.sync.run_parts import never
from tests.sync.state_parts import queue_run, run_of

pytest_plugins = ["tests.sync.state_fixtures"]

PublishRows = Callable[..., ManifestEntry]
ID = [("ID", "NUMBER(10)")]
REF = TableRef(source="main", schema_name="SHOP", table="T")


def ids(root: Path, entry: ManifestEntry) -> list[int]:
    with duckdb.connect(data_file(root, entry.ref, entry.generation), read_only=True) as db:
        return [row[0] for row in db.execute('SELECT "ID" FROM "SHOP"."T" ORDER BY 1').fetchall()]


def undo(root: Path, fence: int, plan: Plan | None = None, ref: TableRef = REF) -> Receipt:
    return run_undo(
        plan or plan_undo(root, ref),
        warehouse=root,
        build=f"undo-{fence}",
        fence=lambda _: fence,
        steps=Steps(on_progress=lambda _: None),
    )


def test_an_undo_makes_the_copy_before_current_and_keeps_the_newer_one(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    old = publish_rows(ID, [(1,)], fence=1, key=["ID"])
    new = publish_rows([*ID, ("MORE", "NUMBER(1)")], [(2, 0), (3, 0)], fence=2)
    [receipt] = undo(tmp_path, 3).tables
    now = read_manifest(tmp_path).entry(REF)
    assert ids(tmp_path, now) == [1]
    assert (now.columns, now.key, now.rows, now.as_of) == (old.columns, ("ID",), 1, old.as_of)
    assert (now.fence, now.previous) == (3, (new.generation, old.generation))
    assert receipt == now.receipt
    assert receipt.undone == Undo(
        to=old.generation, to_as_of=old.as_of, leaves=new.generation, leaves_as_of=new.as_of
    )
    assert (receipt.scn, receipt.oracle_rows) == (7, 1)


def test_an_undo_of_an_undo_brings_the_newer_copy_back(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    publish_rows(ID, [(1,)], fence=1)
    publish_rows(ID, [(2,)], fence=2)
    for fence, expected in ((3, [1]), (4, [2]), (5, [1]), (6, [2])):
        undo(tmp_path, fence)
        assert ids(tmp_path, read_manifest(tmp_path).entry(REF)) == expected


def test_the_rows_of_an_undo_take_no_room_and_outlive_the_generation_they_came_from(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    old = publish_rows(ID, [(1,)], fence=1)
    publish_rows(ID, [(2,)], fence=2)
    undo(tmp_path, 3)
    now = read_manifest(tmp_path).entry(REF)
    file = data_file(tmp_path, REF, now.generation)
    assert file.samefile(data_file(tmp_path, REF, old.generation))
    assert file.stat().st_mode & 0o777 == 0o444
    publish_rows(ID, [(4,)], fence=4)
    publish_rows(ID, [(5,)], fence=5)
    assert not generation_folder(tmp_path, REF, old.generation).exists()
    assert ids(tmp_path, now) == [1]


def test_where_a_file_cannot_be_shared_it_is_copied(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    old = publish_rows(ID, [(1,)], fence=1)
    publish_rows(ID, [(2,)], fence=2)

    def refuse(event: str, _: tuple[Any, ...]) -> None:
        if event == "os.link":
            raise OSError(errno.EPERM, "no links here")

    with striking(refuse):
        undo(tmp_path, 3)
    now = read_manifest(tmp_path).entry(REF)
    file = data_file(tmp_path, REF, now.generation)
    assert not file.samefile(data_file(tmp_path, REF, old.generation))
    assert (ids(tmp_path, now), file.stat().st_mode & 0o777) == ([1], 0o444)


def test_a_lost_manifest_is_made_again_with_the_undo_in_it(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    publish_rows(ID, [(1,)], fence=1)
    publish_rows(ID, [(2,)], fence=2)
    undo(tmp_path, 3)
    before = read_manifest(tmp_path)
    (tmp_path / "manifest.json").unlink()
    assert rebuild_manifest(tmp_path) == before


def test_without_an_older_copy_there_is_nothing_to_undo(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    publish_rows(ID, [(1,)], fence=1)
    with pytest.raises(NothingToUndo):
        plan_undo(tmp_path, REF)


def test_what_was_published_since_it_was_asked_for_is_not_undone(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    publish_rows(ID, [(1,)], fence=1)
    publish_rows(ID, [(2,)], fence=2)
    plan = plan_undo(tmp_path, REF)
    publish_rows(ID, [(3,)], fence=3)
    before = read_manifest(tmp_path)
    with pytest.raises(CopyMoved):
        undo(tmp_path, 4, plan)
    assert read_manifest(tmp_path) == before


def test_an_older_copy_that_is_gone_from_disk_changes_nothing(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    old = publish_rows(ID, [(1,)], fence=1)
    publish_rows(ID, [(2,)], fence=2)
    plan = plan_undo(tmp_path, REF)
    folder = generation_folder(tmp_path, REF, old.generation)
    folder.chmod(0o755)
    data_file(tmp_path, REF, old.generation).unlink()
    before = read_manifest(tmp_path)
    with pytest.raises(WarehouseDamaged):
        undo(tmp_path, 3, plan)
    assert read_manifest(tmp_path) == before


def test_the_next_incremental_goes_on_from_the_watermark_of_the_copy_gone_back_to(
    oracle: OracleStandIn, open_session: OpenSession, tmp_path: Path, table_name: str
) -> None:
    copy = Copy(oracle, open_session, tmp_path, table_name)
    oracle.control.create_table(table_name, COLUMNS, key=["ID"])
    copy.execute("INSERT INTO T! VALUES (1, 'a', TIMESTAMP '2026-01-01 09:00:00')")
    first = copy.run()
    copy.execute("INSERT INTO T! VALUES (2, 'b', TIMESTAMP '2026-01-02 09:00:00')")
    second = copy.run()
    assert (first.watermark, second.watermark) == ("2026-01-01T09:00:00", "2026-01-02T09:00:00")
    copy.runs = 3
    undo(tmp_path, 3, ref=copy.ref)
    assert copy.ids() == [1]
    third = copy.run()
    assert third.changes is not None
    assert (third.mode, third.changes.fetched, third.rows) == ("incremental", 2, 2)
    assert third.undone is None
    assert copy.ids() == [1, 2]


def closed(source: str) -> None:
    raise SourceClosed(source=source, until="2099-01-01T00:00:00+00:00")


def test_an_undo_is_a_run_like_any_other_that_needs_no_oracle(
    state: Redis, tmp_path: Path, publish_rows: PublishRows
) -> None:
    publish_rows(ID, [(1,)], fence=1)
    publish_rows(ID, [(2,)], fence=7)
    run = queue_run(state, plan_undo(tmp_path, REF))
    rules = Rules(require_open=closed)
    perform_run(state, run.id, open_session=never, warehouse=tmp_path, rules=rules)
    ended = run_of(state, run.id)
    assert (ended.state, ended.failure, ended.fences) == (RunState.PUBLISHED, None, (8,))
    assert published_receipt(tmp_path, ended) is not None
    assert ids(tmp_path, read_manifest(tmp_path).entry(REF)) == [1]
    # It copies nothing, so it does not make anybody expect fast copies.
    assert expected_seconds(state, "T1", ended.approval.request.plan) is None
    publish_rows(ID, [(9,)], fence=9)
    assert published_receipt(tmp_path, ended) is not None


def test_an_undo_waits_for_the_run_that_has_the_table(
    state: Redis, tmp_path: Path, publish_rows: PublishRows
) -> None:
    publish_rows(ID, [(1,)], fence=1)
    publish_rows(ID, [(2,)], fence=2)
    run = queue_run(state, plan_undo(tmp_path, REF))
    with table_leases(state, "T1-other", [REF]):
        perform_run(state, run.id, open_session=never, warehouse=tmp_path)
    waiting = run_of(state, run.id)
    assert waiting.state is RunState.QUEUED
    assert waiting.last_failure is not None
    assert waiting.last_failure.code == "table_busy"
    assert ids(tmp_path, read_manifest(tmp_path).entry(REF)) == [2]


_CHANGES = ("mkdir", "link", "rename", "chmod", "symlink", "remove")
_STEPS = (*(f"os.{name}" for name in _CHANGES), "shutil.rmtree")


def die_at(root: Path, plan: Plan, step: int) -> None:
    """Undo in a process that is gone, without a word, at its *step*-th change on disk."""
    seen = 0

    def strike(event: str, _: tuple[Any, ...]) -> None:
        nonlocal seen
        if event in _STEPS:
            seen += 1
            if seen == step:
                os._exit(9)

    with striking(strike):
        undo(root, 3, plan)
    os._exit(0)


def test_a_kill_at_any_step_of_an_undo_leaves_the_old_copy_or_the_new(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    publish_rows(ID, [(1,)], fence=1)
    publish_rows(ID, [(2,)], fence=2)
    plan = plan_undo(tmp_path, REF)
    fork = multiprocessing.get_context("fork")
    seen: list[list[int]] = []
    for step in range(1, 60):
        root = tmp_path.with_name(f"{tmp_path.name}-{step}")
        shutil.copytree(tmp_path, root, symlinks=True)
        child = fork.Process(target=die_at, args=(root, plan, step))
        child.start()
        child.join(30)
        now = read_manifest(root).entry(REF)
        seen.append(ids(root, now))
        if now.fence == 2:  # whoever tries again, with a newer fence, gets there
            undo(root, 4, plan)
            assert ids(root, read_manifest(root).entry(REF)) == [1]
        if child.exitcode == 0:
            break
        assert child.exitcode == 9
    else:
        pytest.fail("an undo has more steps than that")
    assert seen[0] == [2]
    assert seen[-1] == [1]
    assert all(rows in ([1], [2]) for rows in seen)
    assert len(seen) > 8
