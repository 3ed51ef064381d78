"""A folder and a Redis that belong together, and what happens where they do not."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from redis import Redis

from sync.errors import WarehouseMismatch
from sync.warehouse.identity import ID_FILE, adopt_warehouse, check_warehouse

pytest_plugins = ["tests.sync.state_fixtures"]


@pytest.fixture(autouse=True)
def folders(tmp_path: Path) -> None:
    for name in ("warehouse", "one", "two"):
        (tmp_path / name).mkdir()


def test_a_new_folder_and_a_new_redis_belong_together_from_the_first_start(
    state: Redis, tmp_path: Path
) -> None:
    check_warehouse(state, tmp_path / "warehouse")
    check_warehouse(state, tmp_path / "warehouse")
    assert [path.name for path in (tmp_path / "warehouse").iterdir()] == [ID_FILE]


def test_another_folder_is_refused_whether_it_is_new_or_anothers(
    state: Redis, tmp_path: Path
) -> None:
    check_warehouse(state, tmp_path / "one")
    with pytest.raises(WarehouseMismatch, match="here: no id"):
        check_warehouse(state, tmp_path / "two")
    assert not list((tmp_path / "two").iterdir())
    (tmp_path / "three").mkdir()
    (tmp_path / "three" / ID_FILE).write_text("0123456789abcdef")
    with pytest.raises(WarehouseMismatch, match="here: 0123456789abcdef"):
        check_warehouse(state, tmp_path / "three")


def test_a_process_that_only_reads_makes_no_folder(state: Redis, tmp_path: Path) -> None:
    check_warehouse(state, tmp_path / "later")
    assert not (tmp_path / "later").exists()
    check_warehouse(state, tmp_path / "one")
    with pytest.raises(WarehouseMismatch, match="here: no id"):
        check_warehouse(state, tmp_path / "later")


def test_a_redis_that_has_lost_everything_takes_the_folder_it_finds(
    state: Redis, tmp_path: Path
) -> None:
    check_warehouse(state, tmp_path / "one")
    state.flushall()
    check_warehouse(state, tmp_path / "one")
    with pytest.raises(WarehouseMismatch):
        check_warehouse(state, tmp_path / "two")


def test_a_folder_replaced_on_purpose_is_adopted(state: Redis, tmp_path: Path) -> None:
    check_warehouse(state, tmp_path / "one")
    assert (
        adopt_warehouse(state, tmp_path / "two") == (tmp_path / "two" / ID_FILE).read_text().strip()
    )
    check_warehouse(state, tmp_path / "two")
    with pytest.raises(WarehouseMismatch):
        check_warehouse(state, tmp_path / "one")


def test_many_processes_that_start_at_once_agree_on_one_id(state: Redis, tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        starts = [pool.submit(check_warehouse, state, tmp_path / "warehouse") for _ in range(32)]
    assert [start.exception() for start in starts] == [None] * 32
    assert [path.name for path in (tmp_path / "warehouse").iterdir()] == [ID_FILE]
