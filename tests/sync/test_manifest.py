import errno
import multiprocessing
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sync.errors import StaleFence, TableNotSynced, WarehouseDamaged
from sync.plan import TableRef
from sync.warehouse.layout import data_file, folder_name, generation_folder, table_folder
from sync.warehouse.manifest import Manifest, ManifestEntry, publish, read_manifest
from tests.sync.failing_disk import after_replacing, on_removing, striking
from tests.sync.tables import place_rows, table_plan

PublishRows = Callable[..., ManifestEntry]
ID = [("ID", "NUMBER(10)")]
REF = TableRef(source="main", schema_name="SHOP", table="T")


def ids(root: Path, entry: ManifestEntry) -> list[int]:
    with duckdb.connect(data_file(root, entry.ref, entry.generation), read_only=True) as db:
        return [row[0] for row in db.execute('SELECT "ID" FROM "SHOP"."T" ORDER BY 1').fetchall()]


def test_an_empty_folder_is_an_empty_manifest(tmp_path: Path) -> None:
    assert read_manifest(tmp_path / "not there") == Manifest()
    with pytest.raises(TableNotSynced):
        read_manifest(tmp_path).entry(REF)


def test_what_was_published_is_read_back(tmp_path: Path, publish_rows: PublishRows) -> None:
    entry = publish_rows(ID, [(1,), (2,)])
    assert read_manifest(tmp_path).entry(REF) == entry
    assert (entry.rows, ids(tmp_path, entry)) == (2, [1, 2])


def test_a_published_generation_is_sealed(tmp_path: Path, publish_rows: PublishRows) -> None:
    entry = publish_rows(ID, [(1,)])
    folder = generation_folder(tmp_path, REF, entry.generation)
    assert sorted(f.name for f in folder.iterdir()) == ["data.duckdb", "entry.json", "receipt.json"]
    assert {stat.S_IMODE(f.stat().st_mode) for f in folder.iterdir()} == {0o444}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o555
    assert list((tmp_path / "build").glob("*/*/*")) == []


def test_a_generation_tells_its_own_plan(tmp_path: Path, publish_rows: PublishRows) -> None:
    entry = publish_rows(ID, [(1,)])
    with duckdb.connect(data_file(tmp_path, REF, entry.generation), read_only=True) as db:
        meta = dict(db.execute("SELECT name, value FROM _meta").fetchall())
    assert meta["plan"] == table_plan(ID).model_dump_json()
    assert meta["scn"] == "7"


@pytest.mark.parametrize("late", [1, 2])
def test_an_older_or_equal_fence_publishes_nothing(
    tmp_path: Path, publish_rows: PublishRows, late: int
) -> None:
    publish_rows(ID, [(1,)], fence=2)
    before = (tmp_path / "manifest.json").read_bytes()
    entry = place_rows(tmp_path, table_plan(ID), [(9,)], late)
    other = place_rows(tmp_path, table_plan(ID, table="OTHER"), [(9,)], 5)
    with pytest.raises(StaleFence):
        publish(tmp_path, [other, entry])
    assert (tmp_path / "manifest.json").read_bytes() == before


def test_several_tables_appear_in_one_manifest(tmp_path: Path) -> None:
    entries = [place_rows(tmp_path, table_plan(ID, table=t), [(1,)], 1) for t in ("B", "A")]
    assert [e.ref.table for e in publish(tmp_path, entries).entries] == ["A", "B"]


def test_a_manifest_never_names_a_missing_file(tmp_path: Path, publish_rows: PublishRows) -> None:
    entry = publish_rows(ID, [(1,)])
    missing = entry.model_copy(update={"fence": 2, "generation": "0000000002-00000000"})
    with pytest.raises(WarehouseDamaged):
        publish(tmp_path, [missing])
    assert read_manifest(tmp_path).entry(REF) == entry


def test_the_last_three_generations_are_kept(tmp_path: Path, publish_rows: PublishRows) -> None:
    entries = [publish_rows(ID, [(n,)], fence=n) for n in range(1, 6)]
    on_disk = sorted(f.name for f in table_folder(tmp_path, REF).iterdir())
    assert on_disk == [e.generation for e in entries[2:]]
    assert entries[4].previous == (entries[3].generation, entries[2].generation)
    assert ids(tmp_path, entries[4]) == [5]


def test_a_placed_generation_that_was_never_published_is_pruned_by_the_next(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    orphan = place_rows(tmp_path, table_plan(ID), [(1,)], 1)
    waiting = place_rows(tmp_path, table_plan(ID), [(3,)], 3)
    current = publish_rows(ID, [(2,)], fence=2)
    on_disk = sorted(f.name for f in table_folder(tmp_path, REF).iterdir())
    assert orphan.generation not in on_disk
    assert on_disk == [current.generation, waiting.generation]


def test_pruning_leaves_alone_what_is_no_generation(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    publish_rows(ID, [(1,)], fence=1)
    table = table_folder(tmp_path, REF)
    (table / ".DS_Store").write_bytes(b"Bud1")
    (table / "0000000000-00000000").write_bytes(b"a file named like a generation")
    (table / "0000000000-11111111").symlink_to(tmp_path)
    (table / "notes").mkdir()
    (table / "0-12345678").mkdir()
    strangers = {f.name for f in table.iterdir()} - {read_manifest(tmp_path).entry(REF).generation}
    entries = [publish_rows(ID, [(n,)], fence=n) for n in range(2, 6)]
    assert {f.name for f in table.iterdir()} == strangers | {e.generation for e in entries[1:]}
    assert ids(tmp_path, entries[-1]) == [5]


def test_what_cannot_be_pruned_delays_no_publish_and_goes_with_the_next(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    first, second = (publish_rows(ID, [(n,)], fence=n) for n in (1, 2))
    publish_rows(ID, [(3,)], fence=3)
    with striking(on_removing(first.generation, OSError(errno.EIO, "the disk says no"))):
        publish_rows(ID, [(4,)], fence=4)
        fifth = publish_rows(ID, [(5,)], fence=5)
    assert ids(tmp_path, fifth) == [5]
    assert generation_folder(tmp_path, REF, first.generation).exists()
    assert not generation_folder(tmp_path, REF, second.generation).exists()
    publish_rows(ID, [(6,)], fence=6)
    assert not generation_folder(tmp_path, REF, first.generation).exists()


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_manifest_that_readers_see_is_published_whatever_the_disk_says_then(
    tmp_path: Path, publish_rows: PublishRows, number: int
) -> None:
    entries = [publish_rows(ID, [(n,)], fence=n) for n in (1, 2, 3)]
    with striking(after_replacing("manifest.json", OSError(number, "the disk says no"))):
        fourth = publish_rows(ID, [(4,)], fence=4)
    assert read_manifest(tmp_path).entry(REF) == fourth
    # A power cut may bring the manifest before it back, so what that one names stays.
    for entry in (*entries, fourth):
        assert ids(tmp_path, entry) == [entry.fence]


def test_a_reader_keeps_reading_the_generation_it_opened(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    first = publish_rows(ID, [(n,) for n in range(1000)], fence=1)
    with duckdb.connect(data_file(tmp_path, REF, first.generation), read_only=True) as reader:
        for fence in range(2, 6):
            publish_rows(ID, [(-1,)], fence=fence)
        assert not generation_folder(tmp_path, REF, first.generation).exists()
        assert reader.execute('SELECT count(*), min("ID") FROM SHOP.T').fetchone() == (1000, 0)


def read_until_told(root: Path, ready: Any, stop: Any, seen: Any) -> None:
    """Another process that reads manifest and rows again and again."""
    states: set[tuple[int, ...]] = set()
    ready.set()
    while not stop.is_set():
        try:
            entry = read_manifest(root).entry(REF)
            states.add(tuple(ids(root, entry)))
        except duckdb.IOException:
            continue  # pruned between the two lines; a reader reads the manifest again
    seen.put(states)


def test_readers_see_one_whole_generation_or_the_next(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    publish_rows(ID, [(1,)] * 3, fence=1)
    spawn = multiprocessing.get_context("spawn")
    ready, stop, seen = spawn.Event(), spawn.Event(), spawn.Queue()
    reader = spawn.Process(target=read_until_told, args=(tmp_path, ready, stop, seen))
    reader.start()
    assert ready.wait(30)
    for fence in range(2, 25):
        publish_rows(ID, [(fence,)] * 3, fence=fence)
    stop.set()
    states = seen.get(timeout=30)
    reader.join(30)
    assert states
    assert states <= {(n, n, n) for n in range(1, 25)}


def test_a_damaged_manifest_is_said_not_taken_for_empty(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"entries": [')
    with pytest.raises(WarehouseDamaged, match=r"manifest\.json"):
        read_manifest(tmp_path)


NAMES = [
    "..",
    ".",
    "a/b",
    "a.b",
    "a%2Eb",
    "회원",
    "a\0b",
    "a\\b",
    "a\nb",
    "%62uild",
    "build",
    "x" * 300,
]


@pytest.mark.parametrize("name", [*NAMES, "가" * 128])
def test_a_folder_name_is_one_plain_component(name: str) -> None:
    made = folder_name(name)
    assert Path(made).name == made
    assert made not in {".", ".."}
    assert len(made.encode()) <= 255
    assert made.isprintable()


def test_different_tables_never_share_a_folder(tmp_path: Path) -> None:
    refs = [TableRef(source=s, schema_name="S", table=t) for s in NAMES for t in NAMES]
    refs += [TableRef(source="s", schema_name="S.A", table="B")]
    refs += [TableRef(source="s", schema_name="S", table="A.B")]
    refs += [TableRef(source="s", schema_name="S", table="x" * 300 + end) for end in "ab"]
    folders = {table_folder(tmp_path, ref) for ref in refs}
    assert len(folders) == len(refs)
    assert not any(f.is_relative_to(tmp_path / "build") for f in folders)


def test_korean_names_stay_readable() -> None:
    assert folder_name("SHOP", "회원") == "SHOP.회원"
