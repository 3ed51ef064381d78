"""Take what an incremental run has read into the copy it goes on from.

Deleting and inserting costs a fraction of DuckDB's MERGE (measured: 4 to 23 times less), and nobody
reads the file while it is written.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

import duckdb

from sync.bounds import lower_bound, reads_nulls, upper_bound, value_kind
from sync.errors import TooManyDeletes
from sync.plan import Column, TablePlan
from sync.proof import Figure
from sync.proof_errors import KeyNotUnique
from sync.types import arrow, arrow_schema
from sync.warehouse.settling import settled_values
from sync.warehouse.sql import quote, table_in, text

Database = duckdb.DuckDBPyConnection
"""A build's file, open to write."""

FARTHEST_AHEAD_HOURS = 14
"""Of UTC: the farthest time zone there is (Kiribati)."""

STAGED = "temp._staged"
"""What an incremental run has read, in the types of the copy."""
DELETED_AT = "_deleted_at"
"""Of a row that is gone from Oracle: when that was noticed, where such rows are marked."""


@dataclass(frozen=True)
class Merged:
    """How many rows came and went."""

    inserted: int
    updated: int


def staged_table(db: Database, plan: TablePlan) -> str:
    """Where the rows go that a run reads: into the table, or beside it."""
    return STAGED if plan.is_partial else table_in(db, plan.ref)


def widen(
    db: Database, plan: TablePlan, columns: Sequence[Column], current: Mapping[str, str]
) -> None:
    """Give the copy the types of *columns* where its own, by name, are narrower."""
    for column in columns:
        was, name = current.get(column.name, column.duckdb_type), quote(column.name)
        if was == column.duckdb_type:
            continue
        db.execute(
            f"ALTER TABLE {table_in(db, plan.ref)} ALTER COLUMN {name} TYPE {column.duckdb_type} "
            f"USING {as_type(column, was)}"
        )


def as_type(column: Column, was: str) -> str:
    """A value of *column* that is a *was* as the type it has now.

    As text it is what Oracle writes for it, which new rows are kept as.
    """
    name = quote(column.name)
    if column.duckdb_type != "VARCHAR":
        return f"CAST({name} AS {column.duckdb_type})"
    return as_oracle_writes(name, was)


def as_oracle_writes(name: str, was: str) -> str:
    """SQL of a value as the text that Oracle writes for it; of text itself."""
    if was == "VARCHAR":
        return name
    if was.startswith("DECIMAL") and not was.endswith(",0)"):
        return f"regexp_replace(CAST({name} AS VARCHAR), '[.]?0*$', '')"
    if was.startswith("TIMESTAMP"):
        return f"strftime({name}, '%Y-%m-%d %H:%M:%S.%n')"
    return f"CAST({name} AS VARCHAR)"


def ask(db: Database, table: str, asked: Sequence[Figure]) -> tuple[object, ...]:
    """Answer each question of a proof over the rows of *table*."""
    try:
        return _asked(db, table, [figure.duckdb for figure in asked])
    except duckdb.OutOfRangeException:  # a sum of more than 38 digits
        found = _asked(db, table, [figure.unbounded or figure.duckdb for figure in asked])
    return tuple(
        Decimal(str(value)).scaleb(-figure.scale, Context(prec=200))
        if figure.unbounded and value is not None
        else value
        for figure, value in zip(asked, found, strict=True)
    )


def newest(db: Database, plan: TablePlan, as_of: str) -> tuple[object, int]:
    """The greatest value of the cursor in the copy, and how many rows lie in the future.

    No value lies later than the moment itself on the clock that is farthest ahead; what does is no
    time of a change, and would hide all that follow. None where there is no value.
    """
    if plan.cursor is None:
        return None, 0
    name = quote(plan.cursor)
    if value_kind(plan.column(plan.cursor).oracle_type) == "number":
        return _asked(db, table_in(db, plan.ref), [f"max({name})"])[0], 0
    last = f"TIMESTAMP {text(as_of[:19].replace('T', ' '))} + INTERVAL {FARTHEST_AHEAD_HOURS} HOUR"
    comes = f"TRY_CAST({name} AS TIMESTAMP) > {last}"
    asked = [f"max({name}) FILTER (NOT ({comes}))", f"count(*) FILTER ({comes})"]
    value, ahead = _asked(db, table_in(db, plan.ref), asked)
    return value, int(str(ahead))


def count_rows(db: Database, plan: TablePlan) -> int:
    """Rows of the copy that are in Oracle as far as it knows."""
    there = f"{quote(DELETED_AT)} IS NULL" if plan.deletes == "mark" else "true"
    return _one(db, f"SELECT count(*) FROM {table_in(db, plan.ref)} WHERE {there}")


def _asked(db: Database, table: str, expressions: Sequence[str]) -> tuple[object, ...]:
    found = db.execute(f"SELECT {', '.join(expressions)} FROM {table}").fetchone()
    return tuple(found or ())


def merge(db: Database, plan: TablePlan) -> Merged:
    """Put the staged rows in the place of those with their keys, or of their range of the cursor.

    In one transaction. Raises `KeyNotUnique` for staged rows with one key; a copy whose keys were
    unique has unique ones after it too, since every row of a staged key has gone.
    """
    if plan.mode == "incremental":
        require_unique(db, plan, STAGED)
    if plan.deletes == "mark":  # perhaps only since the last run
        db.execute(
            f"ALTER TABLE {table_in(db, plan.ref)} "
            f"ADD COLUMN IF NOT EXISTS {quote(DELETED_AT)} TIMESTAMP"
        )
    db.begin()
    try:
        gone = _delete_replaced(db, plan)
        inserted = _one(db, f"INSERT INTO {table_in(db, plan.ref)} BY NAME SELECT * FROM {STAGED}")
        db.commit()
    except BaseException:
        db.rollback()
        raise
    updated = min(gone, inserted)
    return Merged(inserted=inserted - updated, updated=updated)


def require_unique(db: Database, plan: TablePlan, table: str) -> None:
    """Raise `KeyNotUnique` where a key of the plan stands in more than one row of *table*."""
    if not plan.key:
        return
    key = ", ".join(map(quote, plan.key))
    distinct = f"SELECT count(*) FROM (SELECT DISTINCT {key} FROM {table})"
    if _one(db, distinct) == _one(db, f"SELECT count(*) FROM {table}"):
        return  # the usual case, which costs two thirds of what tells how many (measured)
    twice = f"SELECT 1 FROM {table} GROUP BY {key} HAVING count(*) > 1"
    count = _one(db, f"SELECT count(*) FROM ({twice})")
    raise KeyNotUnique(table=str(plan.ref), key=", ".join(plan.key), count=count)


def remove_gone(
    db: Database, plan: TablePlan, columns: Sequence[Column], keys: Iterator[Any], as_of: str
) -> int:
    """Remove or mark the rows whose key is not among Oracle's; how many.

    *keys* are ``pyarrow.RecordBatch`` values of all of Oracle's, *columns* those of the copy.
    Raises what *keys* raises, and `TooManyDeletes`, and changes nothing, where that is a larger
    share than the plan lets go.
    """
    failures: list[BaseException] = []

    def remembered() -> Iterator[Any]:
        try:
            yield from keys
        except BaseException as error:
            failures.append(error)  # DuckDB passes on just its text
            raise

    arriving = [plan.column(name) for name in plan.key]
    kinds = {column.name: column for column in columns}
    values = settled_values(arriving, [kinds[name] for name in plan.key])
    schema = arrow_schema(plan.ref, arriving)
    db.register("keys_arriving", arrow.RecordBatchReader.from_batches(schema, remembered()))
    try:
        db.execute(f"CREATE TEMP TABLE oracle_keys AS SELECT {values} FROM keys_arriving")
    except duckdb.Error:
        if failures:
            raise failures[0] from None
        raise
    db.unregister("keys_arriving")
    table = table_in(db, plan.ref)
    same = same_key(plan, "t", "k")
    there = f"{quote(DELETED_AT)} IS NULL" if plan.deletes == "mark" else "true"
    is_gone = f"{there} AND NOT EXISTS (SELECT 1 FROM temp.oracle_keys k WHERE {same})"
    rows = _one(db, f"SELECT count(*) FROM {table} t WHERE {there}")
    gone = _one(db, f"SELECT count(*) FROM {table} t WHERE {is_gone}")
    if gone * 100 > rows * plan.delete_limit_percent:
        raise TooManyDeletes(
            table=str(plan.ref), gone=gone, rows=rows, percent=plan.delete_limit_percent
        )
    if gone and plan.deletes == "mark":
        db.execute(
            f"UPDATE {table} AS t SET {quote(DELETED_AT)} = CAST($1 AS TIMESTAMP) WHERE {is_gone}",
            [as_of.removesuffix("+00:00")],
        )
    elif gone:
        db.execute(f"DELETE FROM {table} AS t WHERE {is_gone}")
    db.execute("DROP TABLE temp.oracle_keys")
    return gone


def _delete_replaced(db: Database, plan: TablePlan) -> int:
    table = table_in(db, plan.ref)
    if plan.mode == "incremental":
        same = same_key(plan, "t", "s")
        # Not USING, which would hash the whole copy to look up the few rows (measured).
        is_replaced = f"EXISTS (SELECT 1 FROM {STAGED} s WHERE {same})"
        return _one(db, f"DELETE FROM {table} AS t WHERE {is_replaced}")
    conditions: list[str] = []
    values: list[Any] = []
    for op, value in ((">=", lower_bound(plan)), ("<", upper_bound(plan))):
        if value is not None and plan.cursor is not None:
            values.append(value)
            conditions.append(f"{quote(plan.cursor)} {op} ${len(values)}")
    where = " AND ".join(conditions) or "true"
    if conditions and plan.cursor is not None and reads_nulls(plan):
        where = f"({where} OR {quote(plan.cursor)} IS NULL)"
    return _one(db, f"DELETE FROM {table} WHERE {where}", values)


def same_key(plan: TablePlan, left: str, right: str) -> str:
    """SQL that tells whether rows of two tables have one key."""
    columns = map(quote, plan.key)
    return " AND ".join(f"{left}.{name} IS NOT DISTINCT FROM {right}.{name}" for name in columns)


def _one(db: Database, sql: str, values: Sequence[Any] = ()) -> int:
    found = db.execute(sql, list(values)).fetchone()
    return int(found[0]) if found else 0
