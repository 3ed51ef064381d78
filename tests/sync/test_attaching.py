"""Files that people share: read behind walls, asked in their thread, and gone when it is."""

import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis

from sync.attach_errors import FileRagged, FilesFull, ThreadFilesFull
from sync.attached import (
    UNFINISHED_SECONDS,
    Attached,
    digest_of,
    files_of,
    files_there,
    forget_files,
    keep_file,
    keep_swept,
    require_place,
    sweep_files,
)
from sync.errors import TableNotOffered
from sync.state import key
from sync.warehouse.attaching import Wanted, attach, table_name_of
from sync.warehouse.exposure import WHOLE
from sync.warehouse.layout import generation_folder
from sync.warehouse.query import Query, compile_query
from sync.warehouse.query_process import Queries, QueryLimits
from sync.warehouse.walls import Walls, walls
from tests.asking import AskedAt

pytest_plugins = ["tests.sync.state_fixtures"]

THREAD, OTHER = "T1:C1:1700.0001", "T1:C1:1700.0002"
ROOT = Path(__file__).parents[2]
VALUES = (
    'no,id,zip,price,big,joined,seen,us,sci,mixed,"he said ""x""; DROP"\n'
    '1,123456789012,01234,"1,234.50",12345678901234567890,2026-1-2,2026/1/2 9:05,1/2/2026,1E3,1,a\n'
    "2,-5,06000,0.25,1,2026.11.22,2026-01-03,3/4/2026,5,2,\n"
    "3,7,12345,7,2,2026-12-31,2026-01-04 23:59:59.5,5/6/2026,6,3,\n"
    '4,8,12345,8,3,,"",5/6/2026,7,4,\n'
    "5,9,12345,9,4,,,5/6/2026,8,5,\n"
    "6,9,12345,9,4,,,5/6/2026,8,N/A,\n"
)
TYPES = {
    "no": "BIGINT",
    "id": "BIGINT",
    "zip": "VARCHAR",
    "price": "DECIMAL(6,2)",
    "big": "VARCHAR",
    "joined": "DATE",
    "seen": "TIMESTAMP",
    "us": "VARCHAR",
    "sci": "VARCHAR",
    "mixed": "VARCHAR",
    'he said "x"; DROP': "VARCHAR",
}


def share(root: Path, data: str, *, thread: str = THREAD, file: str = "list.csv") -> Attached:
    table = table_name_of(file, ())
    entry, reading = attach(
        root, walls(), Wanted(digest_of(thread), file, "민지", table), data.encode()
    )
    return Attached(id=f"F-{file}", message="m1", user="U1", entry=entry, reading=reading)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "warehouse"


@pytest.fixture
def queries(root: Path, asked_at: AskedAt) -> Queries:
    root.mkdir()
    return asked_at(root, QueryLimits(seconds=20))


def test_a_column_has_a_type_only_where_no_value_loses_anything(
    root: Path, queries: Queries
) -> None:
    file = share(root, VALUES)
    assert {one.name: one.duckdb_type for one in file.reading.columns} == TYPES
    assert {(one.code, one.columns, one.line) for one in file.reading.odd} == {
        ("leading_zeros", ("zip",), 0),
        ("grouped", ("price",), 0),
        ("long_digits", ("big",), 0),
        ("unclear_dates", ("us",), 0),
        ("scientific", ("sci",), 0),
        ("mixed", ("mixed",), 7),
    }
    with_file = queries.taking(files=[file.entry])
    found = with_file.run_sql("FROM FILE.list LIMIT 2", [file.entry.ref], lambda _: WHOLE)
    assert found.rows == (
        (
            *(1, 123456789012, "01234", "1234.50", "12345678901234567890", "2026-01-02"),
            *("2026-01-02T09:05:00", "1/2/2026", "1E3", "1", "a"),
        ),
        (
            *(2, -5, "06000", "0.25", "1", "2026-11-22"),
            *("2026-01-03T00:00:00", "3/4/2026", "5", "2", None),
        ),
    )
    [basis] = found.basis
    assert (basis.imported, basis.shared_by, basis.rows) == ("list.csv", "민지", 6)
    counted = compile_query(
        Query.model_validate({"table": "list", "aggregates": [{"function": "count"}]}),
        WHOLE.shape(file.entry),
    )
    assert with_file.run(counted, file.entry).rows == ((6,),)


def test_a_thread_knows_its_own_files_alone(root: Path, queries: Queries, state: Redis) -> None:
    mine, theirs = share(root, "a\n1\n"), share(root, "b\n2\n", thread=OTHER)
    keep_file(state, root, THREAD, mine, 30)
    keep_file(state, root, OTHER, theirs, 30)
    name = key("T1", "files", digest_of(THREAD))
    state.hset(name, "F-later", '{"of": "a later release"}')
    assert files_of(state, THREAD) == files_there(state, root, THREAD) == (mine,)
    assert files_there(state, root.with_name("restored"), THREAD) == ()
    [own] = [one.entry for one in files_of(state, THREAD)]
    with_mine = queries.taking(files=[own])
    found = with_mine.run_sql("SELECT * FROM list", [own.ref], lambda _: WHOLE)
    assert [column.name for column in found.columns] == ["a"]
    with pytest.raises(TableNotOffered):
        queries.run_sql("SELECT * FROM FILE.list", [], lambda _: WHOLE)


def test_a_file_goes_with_its_message_its_thread_or_a_newer_one_of_its_name(
    root: Path, state: Redis
) -> None:
    old, new = share(root, "a\n1\n"), share(root, "a\n2\n")
    keep_file(state, root, THREAD, old, 30)
    newer = new.model_copy(update={"id": "F-newer", "message": "m2"})
    keep_file(state, root, THREAD, newer, 30)
    assert files_of(state, THREAD) == (newer,)
    folders = [generation_folder(root, one.entry.ref, one.entry.generation) for one in (old, new)]
    assert [folder.exists() for folder in folders] == [False, True]
    assert forget_files(state, root, THREAD, "U1", message="m1") == 0
    assert forget_files(state, root, THREAD, "U1", message="m2") == 1
    assert (files_of(state, THREAD), list((root / ".threads").iterdir())) == ((), [])


def test_what_no_thread_names_is_swept_once_it_is_old(root: Path, state: Redis) -> None:
    kept, left = share(root, "a\n1\n"), share(root, "a\n1\n", thread=OTHER)
    keep_file(state, root, THREAD, kept, 30)
    assert sweep_files(state, root, "T1") == 0  # it may be one that is being written
    folder = generation_folder(root, left.entry.ref, left.entry.generation)
    then = datetime.now(UTC).timestamp() - UNFINISHED_SECONDS - 1
    stop = threading.Event()
    sweeping = threading.Thread(target=keep_swept, args=(state, root, "T1", stop, 0.01))
    sweeping.start()
    os.utime(folder, (then, then))  # as if its thread expired while the bot runs
    while folder.exists() and time.time() < then + UNFINISHED_SECONDS + 10:
        stop.wait(0.01)
    stop.set()
    sweeping.join()
    there = list((root / ".threads").iterdir())
    assert [one.name for one in there] == [digest_of(THREAD)]


def test_threads_and_all_of_them_together_have_room_for_so_much(root: Path, state: Redis) -> None:
    keep_file(state, root, THREAD, share(root, "a\n1\n"), 30)
    require_place(state, root, THREAD, most_files=2, most_mb=1)
    with pytest.raises(ThreadFilesFull, match="already has 1 files"):
        require_place(state, root, THREAD, most_files=1, most_mb=1)
    with pytest.raises(FilesFull):
        require_place(state, root, OTHER, most_files=1, most_mb=0)


def test_a_file_that_is_refused_leaves_nothing_behind(root: Path) -> None:
    with pytest.raises(FileRagged, match="Line 3"):
        share(root, "a,b\n1,2\n3\n")
    assert list(root.rglob("*.duckdb")) == []
    assert list(root.rglob("*.part")) == []


@pytest.mark.parametrize(
    ("file", "taken", "name"),
    [
        ("2026-07 고객 목록.csv", [], "f_2026_07_고객_목록"),
        ("orders.csv", ["ORDERS"], "orders_2"),
        ('"; DROP TABLE x; --.csv', [], "DROP_TABLE_x"),
        ("../../etc/passwd", [], "etc_passwd"),
        ("....csv", [], "data"),
        ("\u1100\u1161.csv", [], "가"),
    ],
)
def test_a_table_is_called_like_its_file_in_letters_alone(
    file: str, taken: list[str], name: str
) -> None:
    assert table_name_of(file, taken) == name


TRY = """
import os, sys
from sync.warehouse.attaching_process import lock_in
folder, other, landlock = sys.argv[1:]
request = {"folder": folder, "landlock": int(landlock), "user": None, "seconds": 5}
lock_in(request, os.getppid())
os.symlink(other, folder + "/link")
for path, mode in ((folder + "/x", "w"), (other, "w"), (other, "r"), (folder + "/link", "r")):
    try:
        open(path, mode)
    except OSError:
        print("refused")
    else:
        print("done")
"""


@pytest.mark.skipif(walls().landlock is None, reason="the kernel has no Landlock")
def test_who_reads_a_file_can_write_its_folder_and_reach_nothing_else(tmp_path: Path) -> None:
    folder, other = tmp_path / "own", tmp_path / "other"
    folder.mkdir()
    other.write_text("secret", encoding="utf-8")
    arguments = [str(folder), str(other), str(walls().landlock)]
    tried = subprocess.run(
        [sys.executable, "-B", "-c", TRY, *arguments],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        check=True,
    )
    assert tried.stdout.split() == ["done", "refused", "refused", "refused"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_without_landlock_root_has_another_user_read_and_takes_the_file_back(common: Path) -> None:
    wanted = Wanted("abc", "a.csv", "민지", "a")
    entry, _ = attach(common, Walls(None, root=True, may_change_user=True), wanted, b"a\n1\n")
    folder = generation_folder(common, entry.ref, entry.generation)
    assert {one.stat().st_uid for one in (folder, *folder.iterdir())} == {os.geteuid()}
