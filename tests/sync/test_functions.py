"""Each function and type of the installed DuckDB has been read: it may be called, or not."""

import re
from pathlib import Path

import duckdb
import pytest

from sync.warehouse.functions import (
    AGGREGATES,
    CALLABLE,
    MACROS,
    SCALARS,
    SIGNS,
    SPECIAL,
    TABLE_FUNCTIONS,
    TYPES,
    WINDOWS,
)

BINDER_ALONE = {"grouping", "grouping_id", "->", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"}
"""Known to DuckDB without a catalog entry."""
NEVER = {"geometry", "type"}
"""Types no value may be cast to."""


@pytest.fixture(scope="module")
def installed() -> set[tuple[str, str]]:
    """All functions as (name, kind)."""
    with duckdb.connect(":memory:") as db:
        asked = "SELECT DISTINCT function_name, function_type FROM duckdb_functions()"
        return {(str(name), str(kind)) for name, kind in db.execute(asked).fetchall()}


def refused() -> set[tuple[str, str]]:
    text = Path(__file__).with_name("refused_functions.txt").read_text(encoding="utf-8")
    lines = [line for line in text.split("\n") if not line.startswith("#")]
    named = [re.fullmatch(r"(\w+)(?:\((\w+)\))?", one) for one in " ".join(lines).split()]
    return {(one[1], one[2] or "scalar") for one in named if one}


def may_be_called(name: str, kind: str) -> bool:
    if kind == "pragma":
        return False
    if "table" in kind:
        return name in TABLE_FUNCTIONS
    return name.lower() in CALLABLE or name in SIGNS


def test_each_function_of_the_installed_duckdb_was_read(installed: set[tuple[str, str]]) -> None:
    unread = {one for one in installed if not may_be_called(*one)} - refused()
    assert unread == set(), "read them: to sync/warehouse/functions.py, or to refused_functions.txt"


def test_no_function_is_refused_and_allowed_or_gone(installed: set[tuple[str, str]]) -> None:
    assert {one for one in refused() if may_be_called(*one) or one not in installed} == set()


def test_each_function_on_the_list_is_there_in_its_kind(installed: set[tuple[str, str]]) -> None:
    kinds = {
        "scalar": SCALARS | SIGNS - BINDER_ALONE,
        "aggregate": AGGREGATES,
        "macro": MACROS,
        "window": WINDOWS,
        "table": TABLE_FUNCTIONS,
    }
    there = {(name.lower(), kind) for name, kind in installed}
    missing = {(name, kind) for kind, names in kinds.items() for name in names} - there
    assert {one for one in missing if one[0] not in BINDER_ALONE} == set()
    assert {name for name in SPECIAL if name not in {one for one, _ in there}} <= BINDER_ALONE


def test_each_type_of_the_installed_duckdb_was_read() -> None:
    with duckdb.connect(":memory:") as db:
        found = db.execute("SELECT DISTINCT lower(type_name) FROM duckdb_types()").fetchall()
    assert {str(name) for (name,) in found} == TYPES | NEVER
