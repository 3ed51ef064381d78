"""What no ROWID cuts, cut by its key: every row once, wherever the keys lie."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.oracle.process import OracleStandIn
from sync.chunks import Reading
from sync.oracle import Source
from sync.plan import TableRef
from sync.planning import TableSettings
from sync.receipt import TableReceipt
from sync.warehouse.manifest import read_manifest
from tests.sync.chunk_parts import small
from tests.sync.copying import OpenSession, copied_rows, plan_copy, run_copy

Key = int | Decimal | None


@pytest.fixture
def reading(source: Source) -> Reading:
    return replace(small(source), chunk_rows=4, large_rows=1)


@pytest.fixture
def view(oracle: OracleStandIn, table_name: str) -> TableRef:
    """A view, of which there are no statistics and no ROWIDs, on an empty table."""
    oracle.control.create_table(table_name, [("ID", "NUMBER(20,2)"), ("NAME", "VARCHAR2(9)")])
    name = f"{table_name}_V"[-100:]
    oracle.control.execute(f'CREATE VIEW SHOP."{name}" AS FROM SHOP."{table_name}"')
    return TableRef(source="main", schema_name="SHOP", table=name)


def copied_again(
    open_session: OpenSession, root: Path, ref: TableRef, reading: Reading, key: Sequence[str]
) -> TableReceipt:
    """A full copy where the one before tells how many rows there are."""
    settings = TableSettings(10**6, key=tuple(key), mode="full")
    for fence in (1, 2):
        plan = plan_copy(open_session, root, ref, settings)
        receipt = run_copy(open_session, root, plan, settings, fence=fence, reading=reading)
        if fence == 1:
            assert receipt.chunks == 1
    return receipt


@pytest.mark.parametrize(
    ("keys", "chunks"),
    [
        ([-7, -3, -2, 0, 1, 2, 50, 51, 52, 10**17], 12),
        ([None, -1, 0, 1, 2, 3, 4, 5, 6], 8),
        ([Decimal("-0.5"), Decimal("0.25"), Decimal("0.75"), 1, Decimal("1.5")], 3),
        ([10**17 - 1], 1),
        ([None], 1),
        ([], 1),
    ],
)
def test_a_view_is_cut_by_its_key_and_every_row_comes_once(
    oracle: OracleStandIn,
    open_session: OpenSession,
    tmp_path: Path,
    view: TableRef,
    reading: Reading,
    keys: list[Key],
    chunks: int,
) -> None:
    rows = [(key, f"n{number}") for number, key in enumerate(keys)]
    oracle.control.insert(view.table.removesuffix("_V"), rows)
    receipt = copied_again(open_session, tmp_path, view, reading, ["ID"])
    assert (receipt.rows, receipt.chunks, receipt.notes) == (len(rows), chunks, ())
    found = copied_rows(tmp_path, view, "NAME, ID")
    assert found == [(name, key) for key, name in rows]


@pytest.mark.parametrize("key", [[], ["NAME"], ["ID", "NAME"]])
def test_without_a_key_of_one_number_a_view_is_read_in_one_piece(
    oracle: OracleStandIn,
    open_session: OpenSession,
    tmp_path: Path,
    view: TableRef,
    reading: Reading,
    key: list[str],
) -> None:
    oracle.control.insert(view.table.removesuffix("_V"), [(1, "a"), (2, "b"), (3, "c")])
    receipt = copied_again(open_session, tmp_path, view, reading, key)
    assert (receipt.rows, receipt.chunks) == (3, 1)
    assert read_manifest(tmp_path).entry(view).rows == 3
