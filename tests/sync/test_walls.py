"""The walls around a query: each alone keeps the data whole, and the process gets up again."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sync.errors import QueriesUnguarded, QueryFailed, QueryTimeout
from sync.query_errors import QueryTooLarge
from sync.warehouse.layout import data_file, generation_folder
from sync.warehouse.manifest import ManifestEntry, publish
from sync.warehouse.query import CompiledQuery, Query
from sync.warehouse.query_process import Queries, QueryLimits, open_queries
from sync.warehouse.walls import NOBODY, Walls, walls
from sync.warehouse.zygote import Zygote
from tests.sync.processes import queries_of, query_at_work, status, until, zygotes_of
from tests.sync.tables import place_rows, table_plan

pytestmark = pytest.mark.usefixtures("no_shared_zygote")

ROOT = Path(__file__).resolve().parents[2]
LIMITS = QueryLimits(seconds=20)
ANY = Query(table="T", limit=100)
ENDLESS = "SELECT max(a.range * b.range % 7) FROM range(10000000) a, range(10000000) b"
SECONDS_LONG = "SELECT count(*), max(a.i * b.range % 7) FROM SHOP.T a, range(60000000) b"
DEAF = "SELECT levenshtein(repeat('ab', 200000), repeat('ba', 200000)) + I FROM SHOP.T"
"""One call that takes minutes, and in which DuckDB does not look at its own time limit."""
COUNT = "SELECT count(*) FROM SHOP.T"
SECRET = "xoxb-not-a-real-token"
OWNER = 54321

HERE = walls()
IS_ROOT = os.geteuid() == 0
needs_landlock = pytest.mark.skipif(HERE.landlock is None, reason="this kernel has no Landlock")
needs_tcp_rules = pytest.mark.skipif(not HERE.tcp, reason="this kernel's Landlock knows no TCP")
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root can become another user")
needs_no_root = pytest.mark.skipif(
    IS_ROOT and not HERE.may_change_user, reason="file modes do not bind root"
)
PublishRows = Callable[..., ManifestEntry]


@pytest.fixture
def entry(publish_rows: PublishRows) -> ManifestEntry:
    return publish_rows([("I", "NUMBER(10)")], [(1,), (2,), (3,)])


@pytest.fixture
def queries(tmp_path: Path) -> Iterator[Queries]:
    with open_queries(tmp_path, LIMITS) as queries_:
        yield queries_


def ask(queries: Queries, entry: ManifestEntry, sql: str = COUNT) -> tuple[Any, ...]:
    """What a hole in the vocabulary could ask for."""
    return queries.run(CompiledQuery(ANY, sql, ()), entry).rows[0]


# each wall alone


@contextlib.contextmanager
def secret_holder(user: int | None) -> Generator[int]:
    """Run a process with a secret in its environment that keeps its memory private, as the bot."""
    with script({"PYTHONPATH": str(ROOT), "TOKEN": SECRET}) as holder:
        assert holder.stdin
        assert holder.stdout
        holder.stdin.write(json.dumps({"do": "hold a secret", "user": user}).encode() + b"\n")
        holder.stdin.flush()
        yield int(holder.stdout.readline())
        holder.stdin.close()


def script(environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-B", "-m", "tests.sync.wall_script"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        cwd=ROOT,
    )


def attack(file: Path, holder: int, **walls_: Any) -> list[str]:
    """Try everything from a process whose DuckDB is open; give what came of each."""
    other = file.with_name("receipt.json")
    told = {
        "do": "attack",
        "file": str(file),
        "sql": [
            COUNT,
            f"COPY (SELECT 1) TO '{file}' (FORMAT csv, USE_TMP_FILE false)",
            f"COPY (SELECT 1) TO '{file.parent / 'new.csv'}'",
            f"SELECT content FROM read_text('/proc/{holder}/environ')",
            f"SELECT content FROM read_text('{other}')",
        ],
    }
    with socket.create_server(("127.0.0.1", 0)) as server:
        told |= {"port": server.getsockname()[1], **walls_}
        with script({"PYTHONPATH": str(ROOT)}) as process:
            out, _ = process.communicate(json.dumps(told).encode() + b"\n", timeout=60)
    assert SECRET not in out.decode()
    return json.loads(out)


def placed(root: Path, owner: int | None) -> Path:
    plan = table_plan([("I", "NUMBER(10)")])
    entry = publish(root, [place_rows(root, plan, [(1,), (2,)], 1)]).entry(plan.ref)
    folder = generation_folder(root, entry.ref, entry.generation)
    if owner is not None:
        for path in (folder, *folder.iterdir()):
            os.chown(path, owner, owner)
    return data_file(root, entry.ref, entry.generation)


@needs_tcp_rules
@pytest.mark.parametrize(
    ("user", "bounded"),
    [
        (None, True),
        pytest.param(OWNER, True, marks=needs_root),
        pytest.param(
            None, False, marks=needs_root
        ),  # others must give up rights to lock themselves in
    ],
)
def test_landlock_alone_keeps_data_whole(common: Path, user: int | None, *, bounded: bool) -> None:
    file = placed(common, user)
    whole = file.read_bytes()
    with secret_holder(None) as holder:
        read, *tries = attack(file, holder, landlock=HERE.landlock, user=user, bounded=bounded)
    assert read == "done: [(2,)]"
    assert len(tries) == 5
    assert [one for one in tries if "ermission denied" not in one] == []
    assert file.read_bytes() == whole


@needs_no_root
def test_file_modes_alone_keep_data_whole_from_their_owner(common: Path) -> None:
    user = OWNER if IS_ROOT else None
    file = placed(common, user)
    whole = file.read_bytes()
    with secret_holder(user) as holder:
        found = attack(file, holder, landlock=None, user=user, bounded=True)
    read, overwritten, written, secret, _, _ = found
    assert read == "done: [(2,)]"
    for one in (overwritten, written, secret):
        assert "ermission denied" in one
    assert file.read_bytes() == whole


@needs_root
def test_root_without_landlock_asks_as_another_user(common: Path) -> None:
    file = placed(common, None)
    other_user = Walls(landlock=None, root=True, may_change_user=True)
    assert other_user.files == "another user"
    plan = table_plan([("I", "NUMBER(10)")])
    entry = publish(common, [place_rows(common, plan, [(1,)], 2)]).entry(plan.ref)
    with open_queries(common, LIMITS, other_user) as queries:
        assert ask(queries, entry) == (1,)
        assert until(
            lambda: next(filter(None, map(bound_user, queries_of(os.getpid()))), None)
        ) == (NOBODY)
    with secret_holder(None) as holder:
        _, *tries, _, _ = attack(file, holder, landlock=None, user=NOBODY, bounded=True)
    assert [one for one in tries if "ermission denied" not in one] == []


def bound_user(pid: int) -> int | None:
    """Whose a query's process is, once it has bounded itself, while it is there."""
    with contextlib.suppress(OSError):
        if int(status(pid, "NoNewPrivs") or 0):
            [user] = set(status(pid, "Uid").split())
            return int(user)
    return None


@needs_root
def test_a_folder_the_other_user_may_not_enter_is_told(
    tmp_path: Path, entry: ManifestEntry
) -> None:
    tmp_path.chmod(0o700)
    with (
        open_queries(tmp_path, LIMITS, Walls(None, root=True, may_change_user=True)) as queries,
        pytest.raises(QueryFailed, match="may not read the copy"),
    ):
        ask(queries, entry)


def test_root_that_nothing_guards_is_refused(tmp_path: Path, entry: ManifestEntry) -> None:
    bare = Walls(landlock=None, root=True, may_change_user=False)
    with (
        open_queries(tmp_path, LIMITS, bare) as queries,
        pytest.raises(QueriesUnguarded, match="user of its own"),
    ):
        ask(queries, entry)


@pytest.mark.parametrize(
    ("found", "files", "tcp"),
    [
        (Walls(7, root=True, may_change_user=True), "landlock", True),
        (Walls(3, root=False, may_change_user=False), "landlock", False),
        (Walls(None, root=False, may_change_user=False), "file modes", False),
        (Walls(None, root=True, may_change_user=True), "another user", False),
        (Walls(None, root=True, may_change_user=False), "none", False),
    ],
)
def test_what_stands_is_a_value(found: Walls, files: str, *, tcp: bool) -> None:
    assert (found.files, found.tcp) == (files, tcp)


# the processes


def test_zygote_and_child_hold_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", SECRET)
    zygote = Zygote(HERE)
    with tempfile.TemporaryFile() as _ours, contextlib.closing(zygote):
        child = zygote.take()
        until(lambda: int(status(child.pid, "NoNewPrivs")) or None)
        with child.channel:
            for pid, sockets in ((child.family.pid, 3), (child.pid, 1)):
                if IS_ROOT:  # to others both are closed
                    assert Path(f"/proc/{pid}/environ").read_bytes() == b""
                    # the zygote closes its copy of a child's socket after it has given it away
                    until(lambda pid=pid, n=sockets: handles(pid) == open_files(n) or None)
                else:
                    with pytest.raises(PermissionError):
                        Path(f"/proc/{pid}/environ").read_bytes()
                assert status(pid, "Threads") == "1"  # or it could not be forked or locked in


def handles(pid: int) -> list[str]:
    names: list[str] = []
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it was closed meanwhile
            names.append(path.readlink().name.partition(":")[0])
    return sorted(names)


def open_files(sockets: int) -> list[str]:
    return ["null"] * 3 + ["socket"] * sockets


def test_a_child_is_bounded_before_it_is_asked() -> None:
    zygote = Zygote(HERE)
    with contextlib.closing(zygote):
        child = zygote.take()
        until(lambda: "2147483648" in limits_of(child.pid) or None)
        until(lambda: hard_limit(child.pid, "Max core file size") == "0" or None)
        for name, most in (
            ("Max address space", "2147483648"),
            ("Max file size", "0"),
            ("Max open files", "64"),
        ):
            assert hard_limit(child.pid, name) == most
        child.channel.close()  # then it ends, and so does what is known of it


def limits_of(pid: int) -> str:
    return Path(f"/proc/{pid}/limits").read_text()


def hard_limit(pid: int, name: str) -> str:
    line = next(line for line in limits_of(pid).splitlines() if line.startswith(name))
    return line.removeprefix(name).split()[1]


def test_a_query_beyond_its_deadline_is_killed_and_the_next_one_works(
    tmp_path: Path, entry: ManifestEntry
) -> None:
    with open_queries(tmp_path, QueryLimits(seconds=1)) as queries:
        for sql in (ENDLESS, DEAF):
            began = time.monotonic()
            with pytest.raises(QueryTimeout):
                ask(queries, entry, sql)
            assert time.monotonic() - began < 10  # 2 s where nothing else runs
        until(lambda: len(queries_of(os.getpid())) <= 1 or None)  # the one that waits
    with open_queries(tmp_path, LIMITS) as queries:
        assert ask(queries, entry) == (3,)


def test_a_query_that_takes_all_memory_fails_and_the_next_one_works(
    tmp_path: Path, entry: ManifestEntry
) -> None:
    with open_queries(tmp_path, QueryLimits(seconds=20, memory_mb=100_000)) as queries:
        with pytest.raises(QueryTooLarge):  # the limit of its address space ends it, not DuckDB's
            ask(queries, entry, "SELECT list(range) FROM range(1000000000)")
        assert ask(queries, entry) == (3,)


def test_a_killed_zygote_is_replaced(queries: Queries, entry: ManifestEntry) -> None:
    assert ask(queries, entry) == (3,)
    [zygote] = zygotes_of(os.getpid())
    os.kill(zygote, signal.SIGKILL)
    assert ask(queries, entry) == (3,)
    assert zygotes_of(os.getpid()) != [zygote]


def test_a_query_whose_zygote_is_killed_is_asked_again(
    queries: Queries, entry: ManifestEntry
) -> None:
    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(ask, queries, entry, SECONDS_LONG)
        query_at_work(os.getpid())
        os.kill(zygotes_of(os.getpid())[0], signal.SIGKILL)
        assert asked.result(60)[0] == 180_000_000


def test_a_query_whose_own_process_is_killed_fails_alone(
    queries: Queries, entry: ManifestEntry
) -> None:
    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(ask, queries, entry, ENDLESS)
        os.kill(query_at_work(os.getpid()), signal.SIGKILL)
        with pytest.raises(QueryFailed, match="ended without an answer"):
            asked.result(60)
    assert ask(queries, entry) == (3,)


def test_a_zygote_that_hangs_falls_with_what_it_should_have_ended(
    tmp_path: Path, entry: ManifestEntry
) -> None:
    with open_queries(tmp_path, QueryLimits(seconds=2)) as queries:
        with ThreadPoolExecutor(1) as thread:
            asked = thread.submit(ask, queries, entry, DEAF)
            at_work = query_at_work(os.getpid())
            [zygote] = zygotes_of(os.getpid())
            os.kill(zygote, signal.SIGSTOP)
            with pytest.raises(QueryTimeout):
                asked.result(60)
        assert at_work not in queries_of(os.getpid())
        assert ask(queries, entry) == (3,)


def test_sixteen_threads_ask_at_once(queries: Queries, entry: ManifestEntry) -> None:
    ready = threading.Barrier(16)

    def one(number: int) -> tuple[Any, ...]:
        ready.wait(30)
        return ask(queries, entry, f"SELECT count(*), {number} FROM SHOP.T")

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(one, range(16))) == [(3, number) for number in range(16)]


def test_a_query_reads_one_generation_to_its_end(
    queries: Queries, entry: ManifestEntry, publish_rows: PublishRows
) -> None:
    with ThreadPoolExecutor(1) as thread:
        asked = thread.submit(ask, queries, entry, SECONDS_LONG)
        query_at_work(os.getpid())
        for fence in range(2, 6):  # more than are kept, so the file that is read is removed
            publish_rows([("I", "NUMBER(10)")], [(1,)], fence=fence)
        assert asked.result(60)[0] == 180_000_000
    assert ask(queries, entry) == (1,)


def test_closing_leaves_no_process(tmp_path: Path, entry: ManifestEntry) -> None:
    queries = open_queries(tmp_path, LIMITS)
    assert ask(queries, entry) == (3,)
    queries.close()
    assert zygotes_of(os.getpid()) == []
