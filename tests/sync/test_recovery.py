"""The manifest made again from the files, the links for other tools, and the room that is left."""

import errno
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sync.past_errors import ManifestReadable
from sync.plan import TableRef
from sync.warehouse.current import current_link
from sync.warehouse.layout import data_file, generation_folder
from sync.warehouse.manifest import Manifest, ManifestEntry, publish, read_manifest
from sync.warehouse.recovery import measure_space, rebuild_manifest
from tests.sync.failing_disk import striking
from tests.sync.tables import place_rows, table_plan

PublishRows = Callable[..., ManifestEntry]
ID = [("ID", "NUMBER(10)")]


def test_a_lost_manifest_is_made_again_as_it_was(tmp_path: Path, publish_rows: PublishRows) -> None:
    for fence in (1, 2, 3, 4):
        publish_rows(ID, [(fence,)], fence=fence, key=["ID"])
    publish_rows([("이름", "VARCHAR2(10)")], [("가",)], table="회원 목록", fence=9)
    before = (tmp_path / "manifest.json").read_bytes()
    (tmp_path / "manifest.json").unlink()
    assert rebuild_manifest(tmp_path) == read_manifest(tmp_path)
    assert (tmp_path / "manifest.json").read_bytes() == before


def test_a_manifest_that_can_be_read_is_made_anew_by_force_alone(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    publish_rows(ID, [(1,)])
    before = (tmp_path / "manifest.json").read_bytes()
    with pytest.raises(ManifestReadable):
        rebuild_manifest(tmp_path)
    rebuild_manifest(tmp_path, force=True)
    assert (tmp_path / "manifest.json").read_bytes() == before
    (tmp_path / "manifest.json").write_text('{"entries": [')
    rebuild_manifest(tmp_path)
    assert (tmp_path / "manifest.json").read_bytes() == before


def cut_file(folder: Path) -> None:
    os.truncate(folder / "data.duckdb", 5000)


def lose_entry(folder: Path) -> None:
    (folder / "entry.json").unlink()


def lose_file(folder: Path) -> None:
    (folder / "data.duckdb").unlink()


@pytest.mark.parametrize("damage", [cut_file, lose_entry, lose_file])
def test_the_newest_generation_that_is_whole_becomes_current(
    tmp_path: Path, publish_rows: PublishRows, damage: Callable[[Path], None]
) -> None:
    whole, broken = publish_rows(ID, [(1,)], fence=1), publish_rows(ID, [(2,)], fence=2)
    folder = generation_folder(tmp_path, broken.ref, broken.generation)
    folder.chmod(0o755)
    (folder / "data.duckdb").chmod(0o644)
    damage(folder)
    (tmp_path / "manifest.json").unlink()
    assert rebuild_manifest(tmp_path).entries == (whole,)


def test_what_no_run_made_is_not_taken_for_a_generation(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    entry = publish_rows(ID, [(1,)])
    mine = generation_folder(tmp_path, entry.ref, entry.generation)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a file").touch()
    stray = mine.with_name("0000000009-00000000")
    stray.symlink_to(mine)
    moved = tmp_path / "main" / "SHOP.OTHER" / mine.name
    moved.mkdir(parents=True)
    for file in mine.iterdir():
        os.link(file, moved / file.name)
    assert rebuild_manifest(tmp_path, force=True).entries == (entry,)


def linked_ids(root: Path, ref: TableRef) -> list[int]:
    with duckdb.connect(current_link(root, ref), read_only=True) as db:
        return [row[0] for row in db.execute('SELECT "ID" FROM "SHOP"."T"').fetchall()]


def test_another_tool_finds_the_current_copy_under_a_name_that_stays(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    first = publish_rows(ID, [(1,)], fence=1)
    link = tmp_path / "current" / "main" / "SHOP.T.duckdb"
    assert not Path(link.readlink()).is_absolute()
    assert link.resolve() == data_file(tmp_path, first.ref, first.generation).resolve()
    for fence in (2, 3, 4, 5):
        publish_rows(ID, [(fence,)], fence=fence)
        assert linked_ids(tmp_path, first.ref) == [fence]
    moved = tmp_path.rename(tmp_path.with_name(tmp_path.name + "-moved"))
    assert linked_ids(moved, first.ref) == [5]


def test_a_link_that_cannot_be_made_fails_no_publish_and_is_mended_by_the_next(
    tmp_path: Path, publish_rows: PublishRows, caplog: pytest.LogCaptureFixture
) -> None:
    publish_rows(ID, [(1,)], fence=1)

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.symlink":
            raise OSError(errno.EIO, "the disk says no")

    with striking(refuse), caplog.at_level(logging.WARNING):
        entry = publish_rows(ID, [(2,)], fence=2)
    assert read_manifest(tmp_path).entry(entry.ref) == entry
    assert "current/ does not show the current copy of SHOP.T: the disk says no" in caplog.text
    assert linked_ids(tmp_path, entry.ref) == [1]
    publish(tmp_path, [place_rows(tmp_path, table_plan(ID, table="OTHER"), [(9,)], 3)])
    assert linked_ids(tmp_path, entry.ref) == [2]


def test_a_source_named_like_our_folders_has_one_of_its_own(tmp_path: Path) -> None:
    ref = TableRef(source="current", schema_name="SHOP", table="T")
    plan = table_plan(ID).model_copy(update={"ref": ref})
    entry = publish(tmp_path, [place_rows(tmp_path, plan, [(1,)], 1)]).entry(ref)
    assert linked_ids(tmp_path, ref) == [1]
    assert rebuild_manifest(tmp_path, force=True).entries == (entry,)


def test_the_room_that_copies_take_and_leave_is_counted(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    entries = [publish_rows(ID, [(n,)] * n, fence=n) for n in (1, 2)]
    space = measure_space(tmp_path, read_manifest(tmp_path))
    [table] = space.tables
    assert (table.generations, table.rows) == (2, 2)
    assert table.bytes == space.total == sum(entry.bytes for entry in entries)
    assert space.until_full_history == entries[1].bytes
    assert space.rounds == space.free // entries[1].bytes


def test_what_is_free_is_told_before_the_folder_is_made(tmp_path: Path) -> None:
    assert measure_space(tmp_path / "later" / "warehouse", Manifest()).free > 0
