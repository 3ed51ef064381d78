"""botctl diff, as whoever runs the product types it: with a warehouse, and nothing else."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from sync.warehouse.manifest import ManifestEntry, publish
from tests.botctl import call_botctl
from tests.sync.tables import place_rows, table_plan

ITEMS = [("ID", "NUMBER(10)"), ("NAME", "VARCHAR2(40 CHAR)"), ("PRICE", "NUMBER(10,2)")]
OLD = [(1, "a", Decimal("1.00")), (2, "b", Decimal("2.00")), (3, "c", None)]
NEW = [(1, "a", Decimal("1.50")), (2, "b  ", Decimal("2.00")), (4, "NULL", None), (5, "e", None)]


def publish_copy(
    root: Path,
    fence: int,
    rows: Sequence[tuple[Any, ...]],
    columns: Sequence[tuple[str, str]] = ITEMS,
    key: Sequence[str] = ("ID",),
    table: str = "T",
) -> ManifestEntry:
    plan = table_plan(columns, table=table, key=key)
    return publish(root, [place_rows(root, plan, rows, fence)]).entry(plan.ref)


def test_the_difference_is_told_with_examples(tmp_path: Path) -> None:
    old, new = (publish_copy(tmp_path, fence, rows) for fence, rows in ((1, OLD), (2, NEW)))
    told = call_botctl({"WAREHOUSE_DIR": str(tmp_path)}, "diff", "t")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.splitlines() == [
        "main.SHOP.T",
        f"  from {old.generation}  as of 2026-11-22T00:00:00+00:00  3 rows",
        f"  to   {new.generation}  as of 2026-11-22T00:00:00+00:00  4 rows",
        "2 rows added, 1 removed, 2 changed in",
        "  NAME: 1",
        "  PRICE: 1",
        "Added:",
        "  ID 4",
        "  ID 5",
        "Removed:",
        "  ID 3",
        "Changed:",
        "  ID 1  PRICE: 1.00 → 1.50",
        '  ID 2  NAME: b → "b  "',
    ]


def test_the_copies_and_the_number_of_examples_can_be_chosen(tmp_path: Path) -> None:
    for fence, rows in ((1, OLD), (2, OLD), (3, NEW)):
        publish_copy(tmp_path, fence, rows)
    environ = {"WAREHOUSE_DIR": str(tmp_path)}
    options = ("--source", "main", "--from", "-2", "--to", "-1")
    same = call_botctl(environ, "diff", "SHOP.T", *options)
    assert same.stdout.splitlines()[3:] == ["0 rows added, 0 removed, 0 changed"]
    few = call_botctl(environ, "diff", "T", "--from", "-2", "--limit", "1")
    assert few.stdout.splitlines()[6:] == [
        "Added, the first 1:",
        "  ID 4",
        "Removed:",
        "  ID 3",
        "Changed, the first 1:",
        "  ID 1  PRICE: 1.00 → 1.50",
    ]


def test_the_difference_as_json_has_counts_and_values_as_text(tmp_path: Path) -> None:
    publish_copy(tmp_path, 1, OLD, table="주문 내역")
    publish_copy(tmp_path, 2, NEW, table="주문 내역")
    told = call_botctl({"WAREHOUSE_DIR": str(tmp_path)}, "diff", "주문 내역", "--json")
    found = json.loads(told.stdout)
    assert (found["added"], found["removed"], found["changed"]) == (2, 1, 2)
    assert found["ref"]["table"] == "주문 내역"
    assert found["examples_changed"][0] == {
        "key": ["1"],
        "changes": [{"column": "PRICE", "before": "1.00", "after": "1.50"}],
    }


def test_another_key_and_other_columns_are_said(tmp_path: Path) -> None:
    more = [("ID", "NUMBER(10)"), ("NAME", "NUMBER(3)"), ("NOTE", "DATE")]
    publish_copy(tmp_path, 1, OLD)
    publish_copy(tmp_path, 2, [(1, 7, None)], more, key=("ID", "NAME"))
    told = call_botctl({"WAREHOUSE_DIR": str(tmp_path)}, "diff", "T")
    assert told.stdout.splitlines()[3:] == [
        (
            "The key was ID and is ID, NAME, so whole rows are compared: "
            "a changed row is one removed and one added."
        ),
        "They are compared by the columns that both copies have.",
        "1 rows added, 3 removed",
        "Column added: NOTE DATE (TIMESTAMP)",
        "Column dropped: PRICE NUMBER(10,2) (DECIMAL(10,2))",
        "Column with another type: NAME VARCHAR2(40 CHAR) (VARCHAR) → NUMBER(3) (BIGINT)",
    ]


def test_what_cannot_be_compared_is_told_in_a_sentence(tmp_path: Path) -> None:
    environ = {"WAREHOUSE_DIR": str(tmp_path)}
    unknown = call_botctl(environ, "diff", "NOWHERE")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "NOWHERE" in unknown.stderr
    only = publish_copy(tmp_path, 1, OLD)
    alone = call_botctl(environ, "diff", "T")
    assert (alone.returncode, alone.stderr) == (
        1,
        (
            "No copy of SHOP.T before the one as of 2026-11-22T00:00:00+00:00 is kept, so there is "
            "nothing to compare it with. Each sync keeps the copy before it: sync the table, "
            "then ask again.\n"
        ),
    )
    wrong = call_botctl(environ, "diff", "T", "--from", "-7")
    kept = f"Kept are, newest first: {only.generation}."
    assert wrong.stderr.startswith(f"No copy -7 of SHOP.T is kept. {kept}")
