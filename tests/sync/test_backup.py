"""A backup: one moment of Redis and whole tables; put back only where nothing is."""

import json
import shutil
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from redis import Redis

from agent.conversation import ConversationHistory, Message
from agent.service import has_thread_memory
from sandbox.redis import RedisStandIn, start_redis
from sync.approvals import load_approval
from sync.backup import BackupError, back_up, restore
from sync.inbox import put, take, take_over
from sync.plan import TableRef
from sync.runs import RunState
from sync.state import INBOX, connect_state
from sync.streams import open_group
from sync.warehouse.layout import data_file, generation_folder, remove_folder
from sync.warehouse.manifest import Manifest, publish, read_manifest
from tests.sync.state_parts import ask, press, run_of
from tests.sync.tables import place_rows, table_plan

pytest_plugins = ["tests.sync.state_fixtures"]

COLUMNS = (("ID", "NUMBER(10)"), ("NAME", "VARCHAR2(20)"))
T = TableRef(source="main", schema_name="SHOP", table="T")


@pytest.fixture
def other_redis() -> Iterator[RedisStandIn]:
    """Where a backup is restored to."""
    server = start_redis()
    yield server
    server.stop()


@pytest.fixture
def other(other_redis: RedisStandIn) -> Iterator[Redis]:
    client = connect_state(other_redis.url)
    yield client
    client.close()


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """T was published twice, U once."""
    root = tmp_path / "warehouse"
    publish_rows(root, "T", [(1, "old")], fence=1)
    publish_rows(root, "T", [(1, "김민지"), (2, "b")], fence=2)
    publish_rows(root, "U", [(7, "c")], fence=1)
    return root


def publish_rows(root: Path, table: str, rows: list[tuple[int, str]], *, fence: int) -> None:
    publish(root, [place_rows(root, table_plan(COLUMNS, table=table), rows, fence)])


def rows_of(root: Path, table: str, *, back: int = 0) -> list[tuple[object, ...]]:
    """The rows of a table as a reader finds them, or of an older generation."""
    entry = read_manifest(root).entry(T.model_copy(update={"table": table}))
    generation = (entry.generation, *entry.previous)[back]
    with duckdb.connect(data_file(root, entry.ref, generation), read_only=True) as db:
        return db.execute(f'SELECT * FROM "SHOP"."{table}" ORDER BY 1').fetchall()


def everything(client: Redis) -> dict[str, object]:
    """Every key of ours and its value; fields have no order."""
    read: dict[str, Callable[[str], object]] = {
        "string": client.get,
        "hash": client.hgetall,
        "list": lambda name: client.lrange(name, 0, -1),
        "zset": lambda name: client.zrange(name, 0, -1, withscores=True),
        "set": client.smembers,
        "stream": client.xrange,
    }
    names = sorted(map(str, client.keys("duckferry:1:*")))
    return {name: read[str(client.type(name))](name) for name in names}


def test_after_a_restore_tables_are_read_as_before_and_are_sealed(
    state: Redis, other: Redis, warehouse: Path, tmp_path: Path
) -> None:
    saved = back_up(state, warehouse, tmp_path / "saved")
    assert saved.tables == 2
    target = tmp_path / "elsewhere" / "warehouse"
    assert restore(other, target, tmp_path / "saved") == saved
    assert read_manifest(target) == read_manifest(warehouse)
    assert rows_of(target, "T") == [(1, "김민지"), (2, "b")]
    assert rows_of(target, "T", back=1) == [(1, "old")]
    assert rows_of(target, "U") == [(7, "c")]
    entry = read_manifest(target).entry(T)
    folder = generation_folder(target, T, entry.generation)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o555
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o444}


def test_after_a_restore_the_next_publish_goes_on(
    state: Redis, other: Redis, warehouse: Path, tmp_path: Path
) -> None:
    back_up(state, warehouse, tmp_path / "saved")
    target = tmp_path / "target"
    restore(other, target, tmp_path / "saved")
    publish_rows(target, "T", [(3, "new")], fence=3)
    assert rows_of(target, "T") == [(3, "new")]
    assert rows_of(target, "T", back=1) == [(1, "김민지"), (2, "b")]


def test_a_card_that_waited_can_be_decided_after_a_restore(
    state: Redis, other: Redis, tmp_path: Path
) -> None:
    waiting = ask(state)
    back_up(state, tmp_path / "none", tmp_path / "saved")
    restore(other, tmp_path / "target", tmp_path / "saved")
    assert load_approval(other, waiting.id) == waiting
    assert press(other, waiting) == "approved"
    assert run_of(other, waiting.id).state is RunState.QUEUED
    assert press(other, waiting, user="U3") != "approved"


def test_a_conversation_goes_on_after_a_restore(state: Redis, other: Redis, tmp_path: Path) -> None:
    thread = "T1:C1:1700.0001"
    history = ConversationHistory(state, thread)
    history.append(Message(role="user", content="주문 몇 건이야?", source_id="s1"))
    back_up(state, tmp_path / "none", tmp_path / "saved")
    restore(other, tmp_path / "target", tmp_path / "saved")
    assert has_thread_memory(other, thread)
    assert ConversationHistory(other, thread).messages() == history.messages()


def test_a_message_a_bot_had_taken_is_taken_over_after_a_restore(
    state: Redis, other: Redis, tmp_path: Path
) -> None:
    open_group(state, INBOX)
    put(state, "message", "T1:C1:1", {"text": "hi"})
    (taken,) = take(state, "bot-1", count=1, wait_seconds=0.1)
    back_up(state, tmp_path / "none", tmp_path / "saved")
    restore(other, tmp_path / "target", tmp_path / "saved")
    (again,) = take_over(other, "bot-2", idle_seconds=0, count=5)
    assert (again.id, again.body) == (taken.id, taken.body)


def test_lives_that_had_an_end_have_their_rest_and_foreign_keys_stay_out(
    state: Redis, other: Redis, tmp_path: Path
) -> None:
    state.set("duckferry:1:for-good", "a")
    state.set("duckferry:1:호랑이", "b", px=50_000)
    state.set("duckferry:10:other", "c")
    state.set("rq:queues", "d")
    saved = back_up(state, tmp_path / "none", tmp_path / "saved")
    assert saved.keys == 2
    restore(other, tmp_path / "target", tmp_path / "saved")
    assert sorted(other.keys()) == ["duckferry:1:for-good", "duckferry:1:호랑이"]
    assert other.pttl("duckferry:1:for-good") == -1
    assert 40_000 < other.pttl("duckferry:1:호랑이") <= 50_000


def test_more_keys_than_one_page_of_the_scan_are_all_saved_once(
    state: Redis, other: Redis, tmp_path: Path
) -> None:
    state.mset({f"duckferry:1:k{number}": number for number in range(5_000)})
    assert back_up(state, tmp_path / "none", tmp_path / "saved").keys == 5_000
    restore(other, tmp_path / "target", tmp_path / "saved")
    assert everything(other) == everything(state)


def test_the_state_is_of_one_moment_however_busy_redis_is(
    state: Redis, other: Redis, tmp_path: Path
) -> None:
    """Two keys far apart change together; no backup sees one without the other."""
    state.mset({f"duckferry:1:k{number}": "x" for number in range(3_000)} | {"duckferry:1:a": "x"})
    stop = threading.Event()
    writer = connect_state(f"redis://127.0.0.1:{state.connection_pool.connection_kwargs['port']}/0")

    def write() -> None:
        count = 0
        while not stop.is_set():
            count += 1
            writer.mset({"duckferry:1:a": count, "duckferry:1:k2999": count})

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(5):
            back_up(state, tmp_path / "none", tmp_path / f"saved{number}")
    finally:
        stop.set()
        thread.join()
    for number in range(5):
        other.flushall()
        restore(other, tmp_path / "target", tmp_path / f"saved{number}")
        assert other.get("duckferry:1:a") == other.get("duckferry:1:k2999")


def test_a_backup_while_tables_are_published_and_pruned_holds_whole_tables(
    state: Redis, other: Redis, warehouse: Path, tmp_path: Path
) -> None:
    stop = threading.Event()
    published: list[int] = []

    def publish_on() -> None:
        for fence in range(3, 60):
            publish_rows(warehouse, "T", [(n, str(fence)) for n in range(fence)], fence=fence)
            published.append(fence)
            if stop.is_set():
                return

    thread = threading.Thread(target=publish_on)
    thread.start()
    try:
        saved = back_up(state, warehouse, tmp_path / "saved")
    finally:
        stop.set()
        thread.join()
    assert published
    assert saved.tables == 2
    restore(other, tmp_path / "target", tmp_path / "saved")
    rows = rows_of(tmp_path / "target", "T")
    assert {str(len(rows))} == {row[1] for row in rows} or rows == [(1, "김민지"), (2, "b")]


def test_an_older_generation_that_is_gone_is_left_out_and_not_named(
    state: Redis, warehouse: Path, tmp_path: Path
) -> None:
    (older,) = read_manifest(warehouse).entry(T).previous
    remove_folder(generation_folder(warehouse, T, older))
    back_up(state, warehouse, tmp_path / "saved")
    assert read_manifest(tmp_path / "saved" / "warehouse").entry(T).previous == ()


def test_a_published_table_whose_file_is_missing_ends_the_backup_and_leaves_nothing(
    state: Redis, warehouse: Path, tmp_path: Path
) -> None:
    entry = read_manifest(warehouse).entry(T)
    remove_folder(generation_folder(warehouse, T, entry.generation))
    with pytest.raises(BackupError, match="the file of a published table is missing"):
        back_up(state, warehouse, tmp_path / "saved")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["warehouse"]


def test_only_the_owner_may_read_a_backup_and_may_delete_it(
    state: Redis, warehouse: Path, tmp_path: Path
) -> None:
    back_up(state, warehouse, tmp_path / "saved")
    assert stat.S_IMODE((tmp_path / "saved").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "saved" / "redis.jsonl").stat().st_mode) == 0o600
    folders = [path for path in (tmp_path / "saved").rglob("*") if path.is_dir()]
    assert all(path.stat().st_mode & stat.S_IWUSR for path in folders)


def test_a_backup_never_overwrites(state: Redis, warehouse: Path, tmp_path: Path) -> None:
    (tmp_path / "saved").mkdir()
    with pytest.raises(BackupError, match="is already there"):
        back_up(state, warehouse, tmp_path / "saved")


def test_a_restore_refuses_tables_that_are_there(
    state: Redis, other: Redis, warehouse: Path, tmp_path: Path
) -> None:
    back_up(state, warehouse, tmp_path / "saved")
    before = read_manifest(warehouse)
    with pytest.raises(BackupError, match=r"holds 2 tables\. Stop everything and move it away"):
        restore(other, warehouse, tmp_path / "saved")
    assert read_manifest(warehouse) == before
    assert other.dbsize() == 0


def test_a_restore_refuses_a_redis_that_holds_something_of_ours(
    state: Redis, other: Redis, warehouse: Path, tmp_path: Path
) -> None:
    back_up(state, warehouse, tmp_path / "saved")
    other.set("foreign", "may stay")
    other.set("duckferry:1:clock", "runs")
    with pytest.raises(BackupError, match="Redis holds keys of Duckferry"):
        restore(other, tmp_path / "target", tmp_path / "saved")
    assert not (tmp_path / "target").exists()
    other.delete("duckferry:1:clock")
    restore(other, tmp_path / "target", tmp_path / "saved")
    assert other.get("foreign") == "may stay"


@pytest.mark.parametrize(
    "damage", ["no backup.json", "a bit of a table", "a table gone", "a line of Redis gone"]
)
def test_a_damaged_backup_is_refused_before_anything_is_touched(
    state: Redis, other: Redis, warehouse: Path, tmp_path: Path, damage: str
) -> None:
    ask(state)
    back_up(state, warehouse, tmp_path / "saved")
    entry = read_manifest(warehouse).entry(T)
    file = data_file(tmp_path / "saved" / "warehouse", T, entry.generation)
    if damage == "no backup.json":
        (tmp_path / "saved" / "backup.json").unlink()
    elif damage == "a bit of a table":
        file.chmod(0o644)
        content = bytearray(file.read_bytes())
        content[5000] ^= 1
        file.write_bytes(content)
    elif damage == "a table gone":
        file.unlink()
    else:
        lines = (tmp_path / "saved" / "redis.jsonl").read_text().splitlines(keepends=True)
        (tmp_path / "saved" / "redis.jsonl").write_text("".join(lines[:-1]))
    with pytest.raises(BackupError, match=r"not a finished backup|is missing or damaged"):
        restore(other, tmp_path / "target", tmp_path / "saved")
    assert not (tmp_path / "target").exists()
    assert other.dbsize() == 0


def test_a_restore_that_broke_off_can_be_called_again(
    state: Redis, other: Redis, other_redis: RedisStandIn, warehouse: Path, tmp_path: Path
) -> None:
    ask(state)
    back_up(state, warehouse, tmp_path / "saved")
    other.execute_command("ACL", "SETUSER", "default", "-restore")
    with pytest.raises(BackupError, match="Redis refused the backup's keys"):
        restore(other, tmp_path / "target", tmp_path / "saved")
    assert read_manifest(tmp_path / "target") == Manifest()
    other.execute_command("ACL", "SETUSER", "default", "+restore")
    restore(other, tmp_path / "target", tmp_path / "saved")
    assert rows_of(tmp_path / "target", "U") == [(7, "c")]
    assert everything(other) == everything(state)


def test_a_backup_is_json_that_names_every_file(
    state: Redis, warehouse: Path, tmp_path: Path
) -> None:
    ask(state)
    back_up(state, warehouse, tmp_path / "saved")
    told = json.loads((tmp_path / "saved" / "backup.json").read_text())
    there = {
        path.relative_to(tmp_path / "saved").as_posix()
        for path in (tmp_path / "saved").rglob("*")
        if path.is_file()
    }
    assert set(told["files"]) == there - {"backup.json"}
    saved = (tmp_path / "saved" / "redis.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in saved.splitlines()]
    assert len(lines) == told["keys"]
    assert {frozenset(line) for line in lines} == {frozenset({"key", "ttl_ms", "dump"})}
    shutil.rmtree(tmp_path / "saved")  # as whoever keeps the last seven does
