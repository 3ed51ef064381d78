from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sync.errors import DiskFull, StaleFence, TooManyRows
from sync.warehouse.generation import (
    building,
    seal,
    settle_rows,
    stage_rows,
    sweep_builds,
)
from sync.warehouse.layout import DATA_FILE, disk_full_named, remove_folder
from sync.warehouse.writers import memory_mib, writing_threads
from tests.sync.tables import place_rows, record_batch, table_plan

PLAN = table_plan([("ID", "NUMBER(10)")], max_rows=3)


def test_values_of_every_type_arrive_exactly(tmp_path: Path) -> None:
    columns = [
        ("INTEGER", "NUMBER(18)"),
        ("LONG", "NUMBER(38)"),
        ("MONEY", "NUMBER(38,10)"),
        ("DATE", "DATE"),
        ("NANO", "TIMESTAMP(9)"),
        ("OPEN", "NUMBER"),
        ("ZONED", "TIMESTAMP(6) WITH TIME ZONE"),
        ("TEXT", "VARCHAR2(40 CHAR)"),
        ("BYTES", "RAW(4)"),
    ]
    moment = datetime(2026, 11, 22, 9, 30, 1, 123456)  # noqa: DTZ001 - Oracle's are naive
    row = (
        10**18 - 1,
        Decimal(10**38 - 1),
        Decimal("1234567890123456789012345678.0123456789"),
        moment.replace(microsecond=0),
        " 2026-11-22 09:30:01.123456789",
        "-.5",
        moment,
        "한글 'quoted' \"",
        b"\x00\xff",
    )
    plan = table_plan(columns)
    with building(tmp_path, plan.ref, "run") as folder:
        stage_rows(folder, plan, iter([record_batch(plan, [row])]), lambda _: None)
        settle_rows(folder, plan)
        assert seal(folder, plan)[0] == 1
        with duckdb.connect(folder / DATA_FILE, read_only=True) as db:
            shown = ", ".join(f'CAST("{name}" AS VARCHAR)' for name, _ in columns)
            db.execute("SET TimeZone = 'UTC'")
            stored = db.execute(f"SELECT {shown} FROM SHOP.T").fetchone()
    assert stored == (
        "999999999999999999",
        "99999999999999999999999999999999999999",
        "1234567890123456789012345678.0123456789",
        "2026-11-22 09:30:01",
        "2026-11-22 09:30:01.123456789",
        "-0.5",
        "2026-11-22 09:30:01.123456+00",
        "한글 'quoted' \"",
        "\\x00\\xFF",
    )


def test_empty_batches_make_an_empty_table(tmp_path: Path) -> None:
    with building(tmp_path, PLAN.ref, "run") as folder:
        totals: list[int] = []
        assert stage_rows(folder, PLAN, iter([record_batch(PLAN, [])]), totals.append) == 0
        assert seal(folder, PLAN)[0] == 0
    assert totals == [0]


def test_the_copy_stops_at_the_row_above_the_ceiling(tmp_path: Path) -> None:
    pulled: list[int] = []

    def batches() -> Any:
        for number in range(100):
            pulled.append(number)
            yield record_batch(PLAN, [(number,), (number,)])

    with (
        pytest.raises(TooManyRows, match="more than 3 rows"),
        building(tmp_path, PLAN.ref, "run") as folder,
    ):
        stage_rows(folder, PLAN, batches(), lambda _: None)
    assert pulled == [0, 1]
    assert list((tmp_path / "build").glob("*/*/*")) == []


def test_an_error_of_the_reader_is_raised_as_it_was(tmp_path: Path) -> None:
    class Lost(Exception):
        pass

    def batches() -> Any:
        yield record_batch(PLAN, [(1,)])
        raise Lost

    with pytest.raises(Lost), building(tmp_path, PLAN.ref, "run") as folder:
        stage_rows(folder, PLAN, batches(), lambda _: None)


def test_a_progress_listener_can_stop_the_copy(tmp_path: Path) -> None:
    class Cancelled(Exception):
        pass

    def cancel(_: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled), building(tmp_path, PLAN.ref, "run") as folder:
        stage_rows(folder, PLAN, iter([record_batch(PLAN, [(1,)])]), cancel)


def test_building_a_table_again_removes_what_a_dead_run_left(tmp_path: Path) -> None:
    with building(tmp_path, PLAN.ref, "dead") as left:
        pass
    left.mkdir(parents=True)
    (left / "data.duckdb.wal").write_bytes(b"half")
    with building(tmp_path, PLAN.ref, "alive"):
        assert not left.exists()


def test_a_run_whose_build_was_taken_away_is_stale(tmp_path: Path) -> None:
    with building(tmp_path, PLAN.ref, "slow") as folder:
        stage_rows(folder, PLAN, iter([record_batch(PLAN, [(1,)])]), lambda _: None)
        remove_folder(folder)
        with pytest.raises(StaleFence, match=r"A newer run of SHOP\.T has taken over"):
            seal(folder, PLAN)


def test_sweeping_spares_the_builds_of_living_runs(tmp_path: Path) -> None:
    with building(tmp_path, PLAN.ref, "alive") as alive:
        dead = alive.with_name("dead")
        dead.mkdir()
        assert sweep_builds(tmp_path, {"alive"}) == 1
        assert (alive.exists(), dead.exists()) == (True, False)


def test_a_full_disk_is_named() -> None:
    with pytest.raises(DiskFull), disk_full_named(), Path("/dev/full").open("wb", 0) as full:
        full.write(b"x")


def test_names_that_look_like_sql_are_only_names(tmp_path: Path) -> None:
    plan = table_plan([('A"; DROP TABLE _meta; --', "NUMBER(3)")], table="T'\"; SELECT 1 --")
    entry = place_rows(tmp_path, plan, [(1,)], 1)
    assert entry.rows == 1


@pytest.mark.parametrize(
    ("columns", "threads", "mib"),
    [
        ([("ID", "NUMBER(10)")], 2, 64),
        ([(f"C{n}", "VARCHAR2(100)") for n in range(10)], 1, 211),
        ([(f"C{n}", "VARCHAR2(100)") for n in range(10)], 2, 422),
        ([(f"C{n}", "VARCHAR2(4000)") for n in range(10)], 1, 1024),
    ],
)
def test_wider_rows_get_more_memory_up_to_a_limit(
    columns: list[tuple[str, str]], threads: int, mib: int
) -> None:
    assert memory_mib(table_plan(columns), threads) == mib


def test_one_core_stays_with_the_driver() -> None:
    assert [writing_threads(cores) for cores in (1, 2, 3, 64)] == [1, 1, 2, 2]
