"""Large tables in chunks: every row once, at one moment, whatever is lost on the way."""

import multiprocessing
import os
import random
import signal
import threading
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from itertools import pairwise
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from sandbox.oracle.faults import Fault
from sandbox.oracle.process import OracleStandIn
from sync.chunk_reader import ChunkReader, chunk_reader
from sync.chunks import MOST_TIMES, BreakOff, Reading
from sync.engine import MOST_RESTARTS, Steps
from sync.oracle import Source
from sync.oracle_errors import ConnectionDropped, LoginRefused, MomentLost, SourceBusy
from sync.plan import Plan, TableRef, plainly
from sync.planning import plan_tables
from sync.progress import Progress
from sync.receipt import TableReceipt
from sync.warehouse.manifest import read_manifest
from tests.sync.chunk_parts import copied, copied_as, ids, opener, small
from tests.sync.copying import SILENT, OpenSession
from tests.sync.processes import children, until
from tests.sync.tables import plain

ROWS = 3_000
READ = ">= CHARTOROWID"
"""In the statement of every chunk but the first."""


@pytest.fixture
def reading(source: Source) -> Reading:
    return small(source)


@pytest.fixture
def table(oracle: OracleStandIn, table_name: str) -> Iterator[TableRef]:
    """A table of this test's own, of which Oracle's statistics know how many rows it has."""
    oracle.control.create_table(table_name, [("ID", "NUMBER(10)"), ("V", "NUMBER(10)")], ["ID"])
    oracle.control.execute(
        f'INSERT INTO SHOP."{table_name}" SELECT range, range * 7 % 1000 FROM range({ROWS})'
    )
    oracle.control.gather_statistics(table_name)
    yield TableRef(source="main", schema_name="SHOP", table=table_name)
    oracle.control.clear_faults()
    oracle.control.forget_undo(0)


def counted(receipt: TableReceipt) -> dict[str, int]:
    return {note.code: int(note.params["count"]) for note in receipt.notes if note.params}


def readers() -> list[int]:
    return children(os.getpid(), "chunk_reader_process")


def at_oracle(oracle: OracleStandIn) -> list[str]:
    """The sessions of readers."""
    told = [one.client_identifier for one in oracle.control.sessions()]
    return [name for name in told if name == "chunks"]


class Cancel:
    """Breaks off all sessions of a run, as a watch does, and lets none of its steps go on."""

    def __init__(self) -> None:
        self.is_asked = threading.Event()
        self.break_offs: list[BreakOff] = []

    def opened(self, break_off: BreakOff) -> None:
        self.break_offs.append(break_off)
        self.go_on()

    def go_on(self, _: object = None) -> None:
        if self.is_asked.is_set():
            raise InterruptedError

    def ask(self) -> None:
        self.is_asked.set()
        for break_off in tuple(self.break_offs):
            break_off()


def copy_until_killed(source: Source, root: Path, plan: Plan, reached: Event) -> None:
    """Run in a process of its own; stops in the middle of a chunk and waits to be killed."""

    def wait_for_the_kill(progress: Progress) -> None:
        if progress.rows:
            reached.set()
            threading.Event().wait()

    copied_as(plan, opener(source), root, small(source), Steps(on_progress=wait_for_the_kill))


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(n, marks=pytest.mark.sweep) for n in range(2, 12))]
)
def test_every_row_comes_once_however_a_table_is_cut_and_whoever_changes_it(
    oracle: OracleStandIn,
    open_session: OpenSession,
    tmp_path: Path,
    table: TableRef,
    reading: Reading,
    seed: int,
) -> None:
    chance = random.Random(seed)  # noqa: S311 -- cases, no secrets
    cut = replace(reading, chunk_rows=chance.randrange(65, 900), readers=chance.randrange(1, 4))
    heard: list[int] = []

    def on_progress(progress: Progress) -> None:
        if progress.rows and not any(heard):
            oracle.control.execute(f'DELETE FROM SHOP."{table.table}" WHERE "ID" % 3 = 0')
            oracle.control.execute(f'INSERT INTO SHOP."{table.table}" VALUES (-1, 0)')
        heard.append(progress.rows)

    receipt = copied(open_session, tmp_path, table, cut, Steps(on_progress=on_progress))
    assert receipt.chunks > 2
    assert (receipt.rows, receipt.oracle_rows, receipt.notes) == (ROWS, ROWS, ())
    assert ids(tmp_path, table) == list(range(ROWS))
    assert heard == sorted(heard)
    assert (heard[0], heard[-1]) == (0, ROWS)
    assert readers() == []


def test_a_chunk_whose_connection_drops_is_read_again_alone(
    oracle: OracleStandIn,
    open_session: OpenSession,
    tmp_path: Path,
    table: TableRef,
    reading: Reading,
) -> None:
    heard: list[int] = []
    oracle.control.fault(Fault("drop", sql_contains=READ, at_fetch=2))
    steps = Steps(on_progress=lambda progress: heard.append(progress.rows))
    receipt = copied(open_session, tmp_path, table, reading, steps)
    assert oracle.control.waiting_faults() == []
    assert counted(receipt) == {"resumed": 1}
    assert ids(tmp_path, table) == list(range(ROWS))
    lost = sum(max(before - after, 0) for before, after in pairwise(heard))
    assert 0 <= lost < ROWS / receipt.chunks * 2  # no more than what came of that chunk


def test_a_chunk_that_drops_again_and_again_ends_the_run_and_leaves_the_old_copy(
    oracle: OracleStandIn,
    open_session: OpenSession,
    tmp_path: Path,
    table: TableRef,
    reading: Reading,
) -> None:
    copied(open_session, tmp_path, table, replace(reading, large_rows=ROWS + 1))
    before = read_manifest(tmp_path)
    oracle.control.fault(Fault("drop", sql_contains=READ, at_fetch=1, times=100))
    with pytest.raises(ConnectionDropped):
        copied(open_session, tmp_path, table, replace(reading, readers=1))
    assert 100 - oracle.control.waiting_faults()[0].times == MOST_TIMES
    assert read_manifest(tmp_path) == before
    assert not list((tmp_path / "build").glob("*/*/*"))
    assert readers() == []


@pytest.mark.parametrize(("at", "chunks"), [(READ, 9), ("COUNT(*), COUNT(", 1)])
def test_a_moment_that_is_lost_is_left_for_a_new_one_with_smaller_chunks(
    oracle: OracleStandIn,
    open_session: OpenSession,
    tmp_path: Path,
    table: TableRef,
    reading: Reading,
    at: str,
    chunks: int,
) -> None:
    limit = 0 if chunks > 1 else ROWS + 1
    oracle.control.fault(Fault("error", code=1555, sql_contains=at, at_fetch=None))
    seen: list[int] = []

    def insert(progress: Progress) -> None:
        if progress.rows and not seen:
            seen.append(oracle.control.execute(f'INSERT INTO SHOP."{table.table}" VALUES (-1, 0)'))

    steps = Steps(on_progress=insert)
    whole = replace(reading, readers=1, large_rows=limit)
    receipt = copied(open_session, tmp_path, table, whole, steps)
    assert counted(receipt) == {"restarted": 1}
    assert receipt.chunks >= chunks  # 6 at first
    assert (receipt.scn or 0) >= seen[0]
    assert ids(tmp_path, table) == [-1, *range(ROWS)]


def test_a_moment_that_is_lost_three_times_ends_the_run(
    oracle: OracleStandIn,
    open_session: OpenSession,
    tmp_path: Path,
    table: TableRef,
    reading: Reading,
) -> None:
    oracle.control.fault(Fault("error", code=1555, sql_contains="COUNT(*), COUNT(", times=100))
    with pytest.raises(MomentLost, match="ORA-01555"):
        copied(open_session, tmp_path, table, replace(reading, large_rows=ROWS + 1))
    assert 100 - oracle.control.waiting_faults()[0].times == 1 + MOST_RESTARTS
    assert not read_manifest(tmp_path).entries


def test_a_killed_reader_is_replaced(
    open_session: OpenSession, tmp_path: Path, table: TableRef, reading: Reading
) -> None:
    killed: list[int] = []

    def kill_one(progress: Progress) -> None:
        if progress.rows and not killed:
            killed.append(readers()[0])
            os.kill(killed[0], signal.SIGKILL)

    alone = replace(reading, readers=1)  # so it is the one that waits to read the next batch
    receipt = copied(open_session, tmp_path, table, alone, Steps(on_progress=kill_one))
    assert counted(receipt) == {"resumed": 1}
    assert ids(tmp_path, table) == list(range(ROWS))
    assert readers() == []


def test_a_killed_worker_takes_its_readers_along_and_leaves_the_old_copy(
    oracle: OracleStandIn,
    open_session: OpenSession,
    source: Source,
    tmp_path: Path,
    table: TableRef,
) -> None:
    plan = plan_tables(open_session, plainly([table]), read_manifest(tmp_path), plain(10**6))
    whole = replace(small(source), large_rows=ROWS + 1)
    copied_as(plan, open_session, tmp_path, whole, SILENT)
    before = read_manifest(tmp_path)
    spawn = multiprocessing.get_context("spawn")
    reached = spawn.Event()
    worker = spawn.Process(target=copy_until_killed, args=(source, tmp_path, plan, reached))
    worker.start()
    assert reached.wait(60)
    at_work = children(worker.pid, "chunk_reader_process")
    told = [
        Path(f"/proc/{pid}/{name}").read_text()
        for pid in at_work
        for name in ("cmdline", "environ")
    ]
    assert at_work
    assert source.password not in "".join(told)
    worker.kill()
    worker.join(30)
    until(lambda: 1 if not any(Path(f"/proc/{pid}").exists() for pid in at_work) else None)
    until(lambda: 1 if not at_oracle(oracle) else None)
    assert read_manifest(tmp_path) == before
    assert ids(tmp_path, table) == list(range(ROWS))


def test_a_cancel_ends_all_sessions_though_oracle_does_not_answer(
    oracle: OracleStandIn,
    open_session: OpenSession,
    tmp_path: Path,
    table: TableRef,
    reading: Reading,
) -> None:
    oracle.control.fault(Fault("stall", sql_contains=READ, at_fetch=1, times=2, seconds=600))
    cancel = Cancel()

    def ask() -> None:
        until(lambda: None if oracle.control.waiting_faults() else 1)
        cancel.ask()

    asking = threading.Thread(target=ask)
    asking.start()
    steps = Steps(on_progress=cancel.go_on, on_session=cancel.opened)
    with pytest.raises(InterruptedError):
        copied(open_session, tmp_path, table, reading, steps)
    asking.join()
    assert readers() == []
    until(lambda: 1 if not at_oracle(oracle) else None)


def test_where_no_reader_finds_room_the_runs_own_session_reads_all(
    open_session: OpenSession, tmp_path: Path, table: TableRef, reading: Reading
) -> None:
    @contextmanager
    def busy(name: str) -> Generator[ChunkReader]:
        if asked.acquire(blocking=False):
            with reading.open_reader(name) as reader:
                yield reader
        raise SourceBusy(source=name, most=1)

    for places in (0, 1):
        asked = threading.Semaphore(places)
        receipt = copied(open_session, tmp_path, table, replace(reading, open_reader=busy))
        assert (receipt.rows, receipt.notes) == (ROWS, ())
        assert receipt.chunks > 2


def test_what_a_reader_fails_of_is_the_runs_failure_in_the_same_words(
    open_session: OpenSession, source: Source, tmp_path: Path, table: TableRef, reading: Reading
) -> None:
    unknown = replace(source, user="NOBODY")

    def refused(_: str) -> AbstractContextManager[ChunkReader]:
        return chunk_reader(unknown, action="sync", client_identifier="chunks")

    with pytest.raises(LoginRefused, match=r"user NOBODY at main \(ORA-01017\)"):
        copied(open_session, tmp_path, table, replace(reading, open_reader=refused))


def test_a_view_is_read_in_one_piece_whatever_statistics_say(
    oracle: OracleStandIn,
    open_session: OpenSession,
    tmp_path: Path,
    table: TableRef,
    reading: Reading,
) -> None:
    view = table.model_copy(update={"table": f"{table.table}_V"[-100:]})
    oracle.control.execute(f'CREATE VIEW SHOP."{view.table}" AS FROM SHOP."{table.table}"')
    oracle.control.gather_statistics(view.table)
    receipt = copied(open_session, tmp_path, view, reading)
    assert (receipt.rows, receipt.chunks, receipt.notes) == (ROWS, 1, ())


def test_without_the_flashback_right_a_table_is_read_in_one_piece(
    oracle: OracleStandIn,
    open_session: OpenSession,
    tmp_path: Path,
    table: TableRef,
    reading: Reading,
) -> None:
    oracle.control.revoke("FLASHBACK", table.table)
    receipt = copied(open_session, tmp_path, table, reading)
    assert (receipt.rows, receipt.chunks) == (ROWS, 1)
    assert [note.code for note in receipt.notes] == ["no_flashback"]
