"""Carry rows that are marked as gone from Oracle from one copy of a table into the next full one.

A full run reads only what Oracle has, so without this the marks would go with the copy it replaces.
"""

from collections.abc import Sequence

from sync.plan import Column, TablePlan
from sync.receipt import Note
from sync.settlement import holds
from sync.types import copy_rule
from sync.warehouse.generation import BESIDE
from sync.warehouse.manifest import ManifestEntry
from sync.warehouse.merge import DELETED_AT, Database, as_type, same_key
from sync.warehouse.sql import quote, table_in, table_name


def carries(plan: TablePlan, current: ManifestEntry) -> bool:
    """Whether a full run of *plan* can keep the rows of *current* that Oracle has no more.

    It can by the same key and filter, for else a row may be missing though it is not gone, and
    where the columns of both are of the same kind. Columns that came or went are no hindrance.
    """
    if plan.is_partial or plan.deletes != "mark":
        return False
    if (current.key, current.receipt.where) != (plan.key, plan.where):
        return False
    old = {column.name: column for column in current.columns}
    return all(_alike(column, old[column.name]) for column in plan.columns if column.name in old)


def holds_marks(current: ManifestEntry) -> bool:
    """Whether rows of a copy may be marked."""
    return any(column.name == DELETED_AT and not column.oracle_type for column in current.columns)


def carry(
    db: Database, plan: TablePlan, columns: Sequence[Column], current: ManifestEntry, as_of: str
) -> tuple[Note, ...]:
    """Add the rows of *current* that Oracle has no more, marked, to those just read; say how many.

    *current* is attached as `BESIDE`; *columns* are those of the new copy, whose types hold the
    old ones where `carries` says so. A row that was marked keeps its moment, one that is missing
    since is marked with *as_of*. Where they cannot be carried, the note counts what stays behind.
    """
    old = f"{BESIDE}.{table_name(plan.ref)}"
    marked = quote(DELETED_AT) if holds_marks(current) else "CAST(NULL AS TIMESTAMP)"
    if not carries(plan, current):
        left = _count(db, f"SELECT count(*) FROM {old} WHERE {marked} IS NOT NULL")
        return (Note(code="marks_left", params={"count": left}),) if left else ()
    was = {column.name: column.duckdb_type for column in current.columns}
    kept = [column for column in columns if column.name in was]
    values = [f"{as_type(c, was[c.name])} AS {quote(c.name)}" for c in kept]
    values.append(f"coalesce({marked}, CAST($1 AS TIMESTAMP)) AS {quote(DELETED_AT)}")
    table = table_in(db, plan.ref)
    here = f"SELECT 1 FROM {table} AS t WHERE {same_key(plan, 't', 'old')}"
    carried = _count(
        db,
        f"INSERT INTO {table} BY NAME SELECT * FROM (SELECT {', '.join(values)} FROM {old}) AS old "
        f"WHERE NOT EXISTS ({here})",
        as_of.removesuffix("+00:00"),
    )
    return (Note(code="marks_kept", params={"count": carried}),) if carried else ()


def _alike(new: Column, old: Column) -> bool:
    def kind(column: Column) -> tuple[str, str | None]:
        return column.oracle_type.partition("(")[0], column.encoding

    rule = copy_rule(new.oracle_type)
    is_settled = rule is not None and rule.settled is not None  # by the old rows, too
    return kind(new) == kind(old) and (is_settled or holds(new.duckdb_type, old.duckdb_type))


def _count(db: Database, sql: str, *values: str) -> int:
    found = db.execute(sql, list(values)).fetchone()
    return int(found[0]) if found else 0
