"""What differs between two kept copies of a table: literal rows in, literal differences out."""

import math
import os
import shutil
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.oracle.process import OracleStandIn
from sync.comparison import ChangedRow, ColumnChanges, Comparison, ValueChange
from sync.errors import TableNotSynced, WarehouseDamaged
from sync.past_errors import GenerationNotKept, NothingToCompare
from sync.plan import TableRef
from sync.planning import TableSettings
from sync.warehouse.comparing import compare_kept
from sync.warehouse.layout import data_file, generation_folder
from sync.warehouse.manifest import ManifestEntry
from tests.sync.copying import COLUMNS, Copy, OpenSession
from tests.sync.failing_disk import striking

PublishRows = Callable[..., ManifestEntry]
ID = [("ID", "NUMBER(10)")]
ITEMS = [*ID, ("NAME", "VARCHAR2(40 CHAR)"), ("PRICE", "NUMBER(10,2)")]
REF = TableRef(source="main", schema_name="SHOP", table="T")


def changed(*key: str, **columns: tuple[str | None, str | None]) -> ChangedRow:
    changes = (ValueChange(column=c, before=was, after=now) for c, (was, now) in columns.items())
    return ChangedRow(key=key, changes=tuple(changes))


def counts(found: Comparison) -> tuple[int, int, int]:
    return found.added, found.removed, found.changed


def test_rows_are_compared_by_key_and_changes_counted_by_column(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    old = publish_rows(
        ITEMS,
        [
            (1, "same", Decimal("1.00")),
            (2, "cheap", Decimal("2.50")),
            (3, "old name", Decimal("3.00")),
            (4, None, None),
            (5, "gone", Decimal("5.00")),
        ],
        key=["ID"],
        fence=1,
    )
    new = publish_rows(
        ITEMS,
        [
            (4, None, Decimal("4.00")),
            (3, "새 이름", Decimal("3.10")),
            (2, "cheap", Decimal("2.51")),
            (1, "same", Decimal("1.00")),
            (7, "new", None),
            (6, "new", None),
        ],
        key=["ID"],
        fence=2,
    )
    found = compare_kept(tmp_path, REF)
    assert (found.before.generation, found.after.generation) == (old.generation, new.generation)
    assert (found.before.rows, found.after.rows, found.by) == (5, 6, "key")
    assert counts(found) == (2, 1, 3)
    assert found.changed_columns == (
        ColumnChanges(column="NAME", rows=1),
        ColumnChanges(column="PRICE", rows=3),
    )
    assert found.examples_added == (("6",), ("7",))
    assert found.examples_removed == (("5",),)
    assert found.examples_changed == (
        changed("2", PRICE=("2.50", "2.51")),
        changed("3", NAME=("old name", "새 이름"), PRICE=("3.00", "3.10")),
        changed("4", PRICE=(None, "4.00")),
    )


def test_examples_are_no_more_than_asked_for_and_the_first_by_key(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    pairs = [*ID, ("LINE", "NUMBER(3)"), ("QTY", "NUMBER(5)")]
    publish_rows(pairs, [(n, 1, 0) for n in range(30)], key=["ID", "LINE"], fence=1)
    publish_rows(pairs, [(29 - n, 1, 1) for n in range(30)], key=["ID", "LINE"], fence=2)
    found = compare_kept(tmp_path, REF, examples=2)
    assert counts(found) == (0, 0, 30)
    assert [row.key for row in found.examples_changed] == [("0", "1"), ("1", "1")]
    assert compare_kept(tmp_path, REF, examples=0).examples_changed == ()


def test_null_and_nan_are_equal_to_themselves_and_a_microsecond_is_a_difference(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    columns = [*ID, ("D", "BINARY_DOUBLE"), ("M", "TIMESTAMP(6)"), ("R", "RAW(4)")]
    noon = datetime(2026, 1, 1, 12)  # noqa: DTZ001 -- a TIMESTAMP of Oracle has no zone
    rows: list[tuple[Any, ...]] = [(1, math.nan, None, b"\x01"), (2, 0.1, noon, b"\x01")]
    publish_rows(columns, rows, key=["ID"], fence=1)
    rows[1] = (2, 0.1, noon.replace(microsecond=1), b"\x02")
    publish_rows(columns, rows, key=["ID"], fence=2)
    found = compare_kept(tmp_path, REF)
    assert found.examples_changed == (
        changed("2", M=("2026-01-01 12:00:00", "2026-01-01 12:00:00.000001"), R=("01", "02")),
    )


@pytest.mark.parametrize(
    ("before", "after", "equal"),
    [
        (("NUMBER", "7"), ("NUMBER(10,2)", Decimal("7.00")), True),
        (("NUMBER", "7"), ("NUMBER(10,2)", Decimal("7.01")), False),
        (("NUMBER", "12345678901234567890123456789012345678"), ("NUMBER(38,30)", None), False),
        (("NUMBER", "9007199254740993"), ("VARCHAR2(40)", "9007199254740993"), True),
        (("NUMBER", ".5"), ("VARCHAR2(40)", "0.5"), True),
        (("NUMBER(5,2)", Decimal("1.50")), ("BINARY_DOUBLE", 1.5), True),
        (("VARCHAR2(9)", "8"), ("NUMBER(9)", 8), True),
        (("VARCHAR2(9)", "08"), ("NUMBER(9)", 8), False),
        (("TIMESTAMP(9)", "2026-01-01 00:00:00.123456789"), ("DATE", datetime(2026, 1, 1)), False),  # noqa: DTZ001
        (("TIMESTAMP(9)", "2026-01-01 00:00:00.000000000"), ("DATE", datetime(2026, 1, 1)), True),  # noqa: DTZ001
        (("RAW(2)", None), ("DATE", None), True),
    ],
)
def test_a_column_with_another_type_compares_by_value(
    tmp_path: Path,
    publish_rows: PublishRows,
    before: tuple[str, Any],
    after: tuple[str, Any],
    equal: bool,  # noqa: FBT001 -- a case of the table above
) -> None:
    for fence, (kind, value) in ((1, before), (2, after)):
        publish_rows([*ID, ("V", kind)], [(1, value)], key=["ID"], fence=fence)
    found = compare_kept(tmp_path, REF)
    [retyped] = found.columns_retyped
    assert (retyped.before.oracle_type, retyped.after.oracle_type) == (before[0], after[0])
    assert counts(found) == (0, 0, 0 if equal else 1)


def test_a_key_with_another_type_finds_its_rows(tmp_path: Path, publish_rows: PublishRows) -> None:
    publish_rows([("ID", "NUMBER(9)"), ("V", "NUMBER(1)")], [(1, 1), (2, 1)], key=["ID"], fence=1)
    rows = [("1", 1), ("2", 2), ("x", 1)]
    publish_rows([("ID", "VARCHAR2(9)"), ("V", "NUMBER(1)")], rows, key=["ID"], fence=2)
    found = compare_kept(tmp_path, REF)
    assert counts(found) == (1, 0, 1)
    assert found.examples_added == (("x",),)
    assert found.examples_changed == (changed("2", V=("1", "2")),)


def test_columns_that_came_and_went_are_told_and_change_no_row(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    publish_rows([*ID, ("OLD", "NUMBER(1)")], [(1, 0)], key=["ID"], fence=1)
    publish_rows([*ID, ("NEW", "DATE")], [(1, None)], key=["ID"], fence=2)
    found = compare_kept(tmp_path, REF)
    assert [column.name for column in found.columns_added] == ["NEW"]
    assert [column.name for column in found.columns_dropped] == ["OLD"]
    assert counts(found) == (0, 0, 0)


def test_without_a_key_whole_rows_are_counted_as_often_as_they_stand_there(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    two = [("A", "NUMBER(1)"), ("B", "VARCHAR2(9)")]
    publish_rows(two, [(1, "x"), (1, "x"), (1, "x"), (2, None), (3, "y")], fence=1)
    publish_rows(two, [(1, "x"), (2, None), (2, None), (3, "z")], fence=2)
    found = compare_kept(tmp_path, REF)
    assert (found.by, found.added, found.removed) == ("rows", 2, 3)
    assert (found.examples_added, found.examples_removed) == ((), ())


def test_where_the_key_is_another_one_whole_rows_are_counted(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    two = [*ID, ("LINE", "NUMBER(3)")]
    publish_rows(two, [(1, 1), (2, 1)], key=["ID"], fence=1)
    publish_rows(two, [(1, 1), (2, 2)], key=["ID", "LINE"], fence=2)
    found = compare_kept(tmp_path, REF)
    assert (found.by, found.before.key, found.after.key) == ("rows", ("ID",), ("ID", "LINE"))
    assert counts(found) == (1, 1, 0)


def test_copies_without_a_column_in_common_share_no_row(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    publish_rows([("A", "NUMBER(1)")], [(1,), (2,)], fence=1)
    publish_rows([("B", "NUMBER(1)")], [(1,)], fence=2)
    assert counts(compare_kept(tmp_path, REF)) == (1, 2, 0)


@pytest.mark.parametrize(
    ("table", "column"), [("주문 내역", "이름"), ('we"ird', "k0"), ("it's {0} %s", 'a "b" c')]
)
def test_names_may_hold_anything(
    tmp_path: Path, publish_rows: PublishRows, table: str, column: str
) -> None:
    columns = [(f"{column} ID", "NUMBER(9)"), (column, "VARCHAR2(9)")]
    for fence, value in ((1, "가"), (2, "나")):
        key = [f"{column} ID"]
        publish_rows(columns, [(1, value)], table=table, key=key, fence=fence)
    found = compare_kept(tmp_path, TableRef(source="main", schema_name="SHOP", table=table))
    assert found.examples_changed == (changed("1", **{column: ("가", "나")}),)


def test_rows_marked_as_deleted_count_as_removed_and_unmarked_ones_as_added(
    oracle: OracleStandIn, open_session: OpenSession, tmp_path: Path, table_name: str
) -> None:
    marking = TableSettings(
        1000, key=("ID",), cursor="CHANGED", deletes="mark", delete_limit_percent=100
    )
    copy = Copy(oracle, open_session, tmp_path, table_name, marking)
    oracle.control.create_table(table_name, COLUMNS, key=["ID"])
    insert = "INSERT INTO T! VALUES ({}, 'a', TIMESTAMP '2026-01-0{} 09:00:00')"
    copy.execute(insert.format(1, 1), insert.format(2, 1))
    copy.run()
    copy.execute("DELETE FROM T! WHERE ID = 2")
    copy.run()
    found = compare_kept(tmp_path, copy.ref)
    assert (found.before.rows, found.after.rows, *counts(found)) == (2, 1, 0, 1, 0)
    assert found.examples_removed == (("2",),)
    assert found.columns_added == ()
    copy.execute(insert.format(2, 2))
    copy.run()
    assert compare_kept(tmp_path, copy.ref).examples_added == (("2",),)


def test_long_values_are_shown_by_their_beginning(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    for fence, end in ((1, "x"), (2, "y")):
        row = (1, "가" * 300 + end)
        publish_rows([*ID, ("T", "VARCHAR2(400 CHAR)")], [row], key=["ID"], fence=fence)
    [row] = compare_kept(tmp_path, REF).examples_changed
    assert row.changes[0].after == "가" * 200 + "…"


def test_any_two_kept_copies_can_be_compared(tmp_path: Path, publish_rows: PublishRows) -> None:
    first, second, third = (
        publish_rows(ID, [(n,) for n in range(fence)], key=["ID"], fence=fence)
        for fence in (1, 2, 3)
    )

    def pair(before: str | None = None, after: str | None = None) -> tuple[str, str]:
        found = compare_kept(tmp_path, REF, before=before, after=after)
        return found.before.generation, found.after.generation

    assert pair() == (second.generation, third.generation)
    assert pair(before="-2") == (first.generation, third.generation)
    assert pair(after="-1") == (first.generation, second.generation)
    assert pair(before=third.generation, after=first.generation) == (
        third.generation,
        first.generation,
    )
    assert counts(compare_kept(tmp_path, REF, before="-1", after="-1")) == (0, 0, 0)


def test_with_one_copy_alone_there_is_nothing_to_compare(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    with pytest.raises(TableNotSynced):
        compare_kept(tmp_path, REF)
    publish_rows(ID, [(1,)], fence=1)
    with pytest.raises(NothingToCompare, match="there is nothing to compare it with"):
        compare_kept(tmp_path, REF)


@pytest.mark.parametrize("named", ["-3", "-x", "2", "../../etc", ""])
def test_a_copy_that_is_not_kept_is_refused_with_those_that_are(
    tmp_path: Path, publish_rows: PublishRows, named: str
) -> None:
    for fence in (1, 2, 3):
        kept = publish_rows(ID, [(1,)], fence=fence)
    with pytest.raises(GenerationNotKept, match=kept.generation):
        compare_kept(tmp_path, REF, before=named)


def break_off(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def scribble(file: Path) -> None:
    file.write_bytes(b"no database" * 1000)


def overwrite(file: Path, start: int, size: int) -> None:
    with file.open("r+b") as db:
        db.seek(start)
        db.write(b"\xa5" * size)


def overwrite_catalog(file: Path) -> None:
    overwrite(file, 3 * 4096, file.stat().st_size - 3 * 4096)


def overwrite_rows(file: Path) -> None:
    overwrite(file, 3 * 4096 + 512, 4096)


@pytest.mark.parametrize(
    "harm", [Path.unlink, break_off, scribble, overwrite_catalog, overwrite_rows]
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, publish_rows: PublishRows, harm: Callable[[Path], None]
) -> None:
    rows = [(n, f"name {n}", None) for n in range(10_000)]
    old = publish_rows(ITEMS, rows, key=["ID"], fence=1)
    publish_rows(ITEMS, [(1, "b", None)], key=["ID"], fence=2)
    file = data_file(tmp_path, REF, old.generation)
    file.parent.chmod(0o755)
    file.chmod(0o644)
    harm(file)
    with pytest.raises(WarehouseDamaged, match=old.generation):
        compare_kept(tmp_path, REF)


def test_a_copy_whose_folder_is_gone_is_told_as_damage(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    old = publish_rows(ID, [(1,)], fence=1)
    publish_rows(ID, [(1,)], fence=2)
    folder = generation_folder(tmp_path, REF, old.generation)
    folder.chmod(0o755)
    shutil.rmtree(folder)
    with pytest.raises(WarehouseDamaged, match=old.generation):
        compare_kept(tmp_path, REF)


def test_a_copy_that_publishes_push_out_meanwhile_is_no_damage(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    old = publish_rows(ID, [(1,)], fence=1)
    publish_rows(ID, [(1,)], fence=2)
    later = iter((3, 4))

    def publish_twice(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and str(arguments[0]).endswith(f"{old.generation}/entry.json"):
            for fence in later:
                publish_rows(ID, [(1,)], fence=fence)

    with striking(publish_twice), pytest.raises(GenerationNotKept, match=old.generation):
        compare_kept(tmp_path, REF)


def test_comparing_writes_nothing_into_the_warehouse(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    for fence in (1, 2):
        publish_rows(ITEMS, [(n, "x" * fence, None) for n in range(1000)], key=["ID"], fence=fence)
    before = files(tmp_path)
    assert compare_kept(tmp_path, REF).changed == 1000
    assert files(tmp_path) == before


def files(root: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (root, *root.rglob("*"))}
