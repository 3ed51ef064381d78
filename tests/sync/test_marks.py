"""Rows marked as gone from Oracle outlive a full copy of their table, or are said to be left."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from sandbox.oracle.process import OracleStandIn
from sync.errors import WarehouseDamaged
from sync.planning import TableSettings
from sync.receipt import Note, TableReceipt
from sync.warehouse.layout import data_file
from sync.warehouse.manifest import read_manifest
from tests.sync.copying import BY_CHANGED, COLUMNS, Copy, OpenSession

MARKING = TableSettings(
    1000, key=("ID",), cursor="CHANGED", lag=0, deletes="mark", delete_limit_percent=50
)


@pytest.fixture
def copy(oracle: OracleStandIn, open_session: OpenSession, tmp_path: Path, table_name: str) -> Copy:
    """Rows 1 to 3, of which 1 is gone from Oracle and marked."""
    found = Copy(oracle, open_session, tmp_path, table_name, MARKING)
    oracle.control.create_table(table_name, COLUMNS, key=["ID"])
    found.execute(
        "INSERT INTO T! VALUES (1, 'a', TIMESTAMP '2026-01-01 09:00:00'), "
        "(2, 'b', TIMESTAMP '2026-01-02 09:00:00'), (3, 'c', TIMESTAMP '2026-01-03 09:00:00')"
    )
    found.run()
    found.execute("DELETE FROM T! WHERE ID = 1")
    found.run()
    return found


def marks(copy: Copy) -> dict[object, datetime | None]:
    return {row[0]: row[-1] for row in copy.rows()}


def told(receipt: TableReceipt) -> list[Note]:
    return [note for note in receipt.notes if note.code.startswith("marks")]


def test_a_full_copy_keeps_what_was_marked_and_marks_what_is_missing_since(copy: Copy) -> None:
    first = marks(copy)[1]
    copy.execute("DELETE FROM T! WHERE ID = 2")
    receipt = copy.run(mode="full")
    assert (receipt.mode, receipt.rows, receipt.oracle_rows) == ("full", 3, 1)
    assert told(receipt) == [Note(code="marks_kept", params={"count": 2})]
    found = marks(copy)
    assert first is not None
    assert found[1] == first
    assert found[2] is not None
    assert found[2] > first
    assert found[3] is None
    assert [row[1] for row in copy.rows()] == ["a", "b", "c"]


def test_a_marked_row_that_is_back_comes_from_oracle_alone(copy: Copy) -> None:
    copy.execute("INSERT INTO T! VALUES (1, 'back', TIMESTAMP '2026-02-01 00:00:00')")
    receipt = copy.run(mode="full")
    assert told(receipt) == []
    assert [row[:2] for row in copy.rows()] == [(1, "back"), (2, "b"), (3, "c")]
    assert set(marks(copy).values()) == {None}


def test_columns_may_come_and_go_and_grow_around_marked_rows(copy: Copy) -> None:
    copy.execute(
        "ALTER TABLE T! ADD COLUMN EXTRA INTEGER",
        "ALTER TABLE T! DROP COLUMN NAME",
        "UPDATE T! SET EXTRA = 7",
    )
    receipt = copy.run()
    assert (receipt.mode, told(receipt)) == (
        "full",
        [Note(code="marks_kept", params={"count": 1})],
    )
    assert [(row[0], row[2]) for row in copy.rows()] == [(1, None), (2, 7), (3, 7)]


def test_a_number_of_a_marked_row_keeps_its_digits(
    oracle: OracleStandIn, open_session: OpenSession, tmp_path: Path, table_name: str
) -> None:
    copy = Copy(oracle, open_session, tmp_path, table_name, replace(MARKING, cursor=None))
    oracle.control.create_table(
        table_name,
        [("ID", "NUMBER(6)"), ("N", "NUMBER")],
        key=["ID"],
        rows=[[1, ".125"], [2, "3"], [3, "1e60"]],
    )
    copy.execute("CREATE TABLE SHOP.LATER AS FROM T! WHERE ID = 3", "DELETE FROM T! WHERE ID = 3")
    copy.run()
    copy.execute("DELETE FROM T! WHERE ID = 1")
    receipt = copy.run()
    assert told(receipt) == [Note(code="marks_kept", params={"count": 1})]
    assert [(row[0], str(row[1])) for row in copy.rows()] == [(1, "0.125"), (2, "3.000")]
    copy.execute("INSERT INTO T! FROM SHOP.LATER", "DROP TABLE SHOP.LATER")
    copy.run()
    assert [row[1] for row in copy.rows()] == ["0.125", "3", f"1{'0' * 60}"]


@pytest.mark.parametrize(
    "settings",
    [
        replace(MARKING, key=("NAME",)),
        replace(MARKING, include=("NAME",), key=("NAME",)),
        BY_CHANGED,
    ],
    ids=["another key", "no key column", "no marks wanted"],
)
def test_marked_rows_that_cannot_be_kept_are_counted(copy: Copy, settings: TableSettings) -> None:
    receipt = copy.run(settings=settings, mode="full")
    assert (receipt.rows, told(receipt)) == (2, [Note(code="marks_left", params={"count": 1})])


def test_a_copy_of_some_rows_marks_none_of_the_others(copy: Copy) -> None:
    receipt = copy.run(where=[{"column": "NAME", "op": "=", "values": ["c"]}])
    assert (receipt.rows, told(receipt)) == (1, [Note(code="marks_left", params={"count": 1})])
    assert marks(copy) == {3: None}


def test_a_column_of_another_kind_leaves_marked_rows_behind(copy: Copy) -> None:
    copy.execute("ALTER TABLE T! DROP COLUMN NAME", "ALTER TABLE T! ADD COLUMN NAME BLOB")
    assert told(copy.run()) == [Note(code="marks_left", params={"count": 1})]


def test_a_full_copy_tells_that_the_marked_rows_cannot_be_read(copy: Copy) -> None:
    before = read_manifest(copy.root)
    entry = before.entry(copy.ref)
    file = data_file(copy.root, copy.ref, entry.generation)
    file.parent.chmod(0o755)
    file.chmod(0o644)
    file.write_bytes(b"no database")
    with pytest.raises(WarehouseDamaged, match=r"data\.duckdb"):
        copy.run(mode="full")
    assert read_manifest(copy.root) == before
