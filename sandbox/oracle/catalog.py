"""Tables declared in Oracle's words, with what the data dictionary holds of them.

Keys are declared, not enforced: the only writer is a test, through the control port. Columns
added there in DuckDB's words get the nearest Oracle type.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from sandbox.oracle import (
    dictionary,
    exact,
    functions,
    live,
    privileges,
    rowids,
    storing,
    types,
)
from sandbox.oracle.access import USER, ColumnTypes
from sandbox.oracle.release import Setup
from sandbox.oracle.storing import Cell
from sandbox.oracle.types import OracleType


@dataclass(frozen=True)
class Column:
    """A column in the words of CREATE TABLE."""

    name: str
    declared: str
    comment: str = ""
    nullable: bool = True


@dataclass(frozen=True)
class Table:
    """A table to create. `references` maps a column to the table whose key it points at."""

    owner: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    comment: str = ""
    references: tuple[tuple[str, str], ...] = ()


def create_dictionary(connection: duckdb.DuckDBPyConnection, setup: Setup) -> None:
    """Schemas, bookkeeping tables and views; call once on an empty database."""
    connection.execute(f"CREATE SCHEMA SYS; CREATE SCHEMA SHOP; CREATE SCHEMA {USER}")
    connection.execute(dictionary.BOOKKEEPING)
    privileges.create_bookkeeping(connection, setup)
    connection.execute(functions.stored_bytes(setup.character_set))
    for part in (functions, exact, rowids):
        connection.execute(part.MACROS)
    parts = (dictionary.views(setup), live.views(setup), privileges.views(setup))
    for name, select in ((name, select) for part in parts for name, select in part.items()):
        connection.execute(f'CREATE VIEW SYS."{name}" AS {select}')
        if "V$" in name and name != "V$VERSION":
            granted = name.replace("V$", "V_$")
            connection.execute(f'CREATE VIEW SYS."{granted}" AS SELECT * FROM SYS."{name}"')


def create_table(
    connection: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[Sequence[Cell]] = ()
) -> None:
    """Create a table and write down its declared types, keys and comments.

    `rows` are texts that DuckDB casts to the columns' types; the owner may be a new schema.
    """
    name = f'"{table.owner}"."{table.name}"'
    connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{table.owner}"')
    kinds = [
        storing.fit(types.parse(column.declared), [row[place] for row in rows])
        for place, column in enumerate(table.columns)
    ]
    columns = ", ".join(
        f'"{column.name}" {kind.storage}'
        f"{'' if column.nullable and column.name not in table.key else ' NOT NULL'}"
        for column, kind in zip(table.columns, kinds, strict=True)
    )
    connection.execute(f"CREATE TABLE {name} ({columns})")
    for bookkeeping in ("DECLARED$", "CONSTRAINT$", "INDEX$", "PARTITION$"):  # of a dropped one
        connection.execute(
            f'DELETE FROM SYS."{bookkeeping}" WHERE OWNER = ? AND TABLE_NAME = ?',
            [table.owner, table.name],
        )
    connection.execute(f"COMMENT ON TABLE {name} IS {_text(table.comment)}")
    for column, kind in zip(table.columns, kinds, strict=True):
        connection.execute(f'COMMENT ON COLUMN {name}."{column.name}" IS {_text(column.comment)}')
        connection.execute(
            'INSERT INTO SYS."DECLARED$" VALUES (?, ?, ?, ?, ?)',
            [table.owner, table.name, column.name, column.declared, kind.storage],
        )
    constraints = [(f"PK_{table.name}", "P", column, None) for column in table.key]
    constraints += [
        (f"FK_{table.name}_{target}", "R", column, f"PK_{target}")
        for column, target in table.references
    ]
    for position, (constraint, kind, column, target) in enumerate(constraints, start=1):
        connection.execute(
            'INSERT INTO SYS."CONSTRAINT$" VALUES (?, ?, ?, ?, ?, ?, ?)',
            [table.owner, table.name, constraint, kind, column, position, target],
        )
    _insert(connection, name, kinds, rows)


def insert_rows(
    connection: duckdb.DuckDBPyConnection, owner: str, table: str, rows: Sequence[Sequence[Cell]]
) -> None:
    """Add literal rows; a column that cannot hold one of the values becomes an exact one."""
    name = f'"{owner}"."{table}"'
    declared = connection.execute(
        """
        SELECT c.column_name, d.DECLARED, c.data_type FROM duckdb_columns() c
        LEFT JOIN SYS."DECLARED$" d ON d.OWNER = c.schema_name AND d.TABLE_NAME = c.table_name
             AND d.COLUMN_NAME = c.column_name AND d.STORAGE = c.data_type
        WHERE c.schema_name = ? AND c.table_name = ? ORDER BY c.column_index
        """,
        [owner, table],
    ).fetchall()
    kinds: list[OracleType] = []
    for place, (column, text, storage) in enumerate(declared):
        before = types.stored_as(text, storage) if text else types.of_stored_column(storage)
        kind = storing.fit(before, [row[place] for row in rows])
        kinds.append(kind)
        if kind.is_exact and not before.is_exact:
            widened = exact.widened(f'"{column}"', before)
            connection.execute(
                f'ALTER TABLE {name} ALTER COLUMN "{column}" TYPE {kind.storage} USING {widened}'
            )
            connection.execute(
                'UPDATE SYS."DECLARED$" SET STORAGE = ? '
                "WHERE OWNER = ? AND TABLE_NAME = ? AND COLUMN_NAME = ?",
                [kind.storage, owner, table, column],
            )
    _insert(connection, name, kinds, rows)


def _insert(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    kinds: Sequence[OracleType],
    rows: Sequence[Sequence[Cell]],
) -> None:
    if not rows:
        return
    marks = ", ".join(f"CAST(? AS {kind.storage})" for kind in kinds)
    cells = [
        [storing.stored(kind, cell) for kind, cell in zip(kinds, row, strict=True)] for row in rows
    ]
    connection.executemany(f"INSERT INTO {name} VALUES ({marks})", cells)


def create_index(
    connection: duckdb.DuckDBPyConnection, name: str, table: str, columns: Sequence[str], owner: str
) -> None:
    """Write an index down; nothing gets faster."""
    connection.executemany(
        "INSERT INTO SYS.\"INDEX$\" VALUES (?, ?, ?, 'NONUNIQUE', ?, ?)",
        [[owner, table, name, column, place] for place, column in enumerate(columns, start=1)],
    )


def create_partitions(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    partitions: Sequence[tuple[str, str]],
    owner: str,
) -> None:
    """Write down range partitions as (name, high value); the rows stay where they are."""
    connection.executemany(
        'INSERT INTO SYS."PARTITION$" VALUES (?, ?, ?, ?, ?, NULL)',
        [[owner, table, name, place, high] for place, (name, high) in enumerate(partitions, 1)],
    )


def create_synonym(
    connection: duckdb.DuckDBPyConnection, name: str, table: str, owner: str, table_owner: str
) -> None:
    """A private synonym, or with owner PUBLIC one for everybody."""
    place = "SYS" if owner == "PUBLIC" else owner  # where unqualified names are looked for
    connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{place}"')
    connection.execute(f'CREATE VIEW "{place}"."{name}" AS FROM "{table_owner}"."{table}"')
    connection.execute(
        'INSERT INTO SYS."SYNONYM$" VALUES (?, ?, ?, ?)', [owner, name, table_owner, table]
    )


@dataclass(frozen=True)
class Columns:
    """All columns of all tables as DuckDB has them, and their declared types."""

    found: tuple[tuple[Any, ...], ...] = ()
    types: ColumnTypes = field(default_factory=dict[tuple[str, str], Mapping[str, OracleType]])


def refresh(connection: duckdb.DuckDBPyConnection, before: Columns) -> Columns:
    """Rewrite what the dictionary's views stand on, of columns where they are not as `before`."""
    for kept in ("OBJECT$", "PRIVILEGE$", "VISIBLE$"):  # in this order: each from those before it
        now = kept.replace("$", "_NOW$")
        connection.execute(f'DELETE FROM SYS."{kept}"; INSERT INTO SYS."{kept}" FROM SYS."{now}"')
    found = connection.execute(
        """
        SELECT c.schema_name, c.table_name, c.column_name, c.data_type, c.is_nullable,
               c.column_index, d.DECLARED
        FROM duckdb_columns() c
        LEFT JOIN SYS."DECLARED$" d ON d.OWNER = c.schema_name AND d.TABLE_NAME = c.table_name
             AND d.COLUMN_NAME = c.column_name AND d.STORAGE = c.data_type
        WHERE NOT c.internal AND c.schema_name NOT IN ('SYS', 'main')
          AND (c.schema_name, c.table_name) NOT IN (SELECT OWNER, SYNONYM_NAME FROM SYS."SYNONYM$")
        """
    ).fetchall()
    if tuple(found) == before.found:
        return before
    changed = {(row[0], row[1]) for row in set(before.found).symmetric_difference(found)}
    result: dict[tuple[str, str], dict[str, OracleType]] = {}
    rows: list[tuple[object, ...]] = []
    for owner, table, name, stored, is_nullable, position, declared in found:
        kind = types.stored_as(declared, stored) if declared else types.of_stored_column(stored)
        result.setdefault((owner, table), {})[name] = kind
        if (owner, table) in changed:
            rows.append(
                (
                    owner, table, name, kind.data_type, kind.length_bytes, kind.characters,
                    "C" if kind.counts_characters else "B" if kind.characters else None,
                    kind.precision, kind.scale, "Y" if is_nullable else "N", position,
                )
            )  # fmt: skip
    connection.executemany(
        'DELETE FROM SYS."COLUMN$" WHERE OWNER = ? AND TABLE_NAME = ?', sorted(changed)
    )
    if rows:
        connection.executemany(
            'INSERT INTO SYS."COLUMN$" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', rows
        )
    connection.execute(_NOTE_CHANGES)
    return Columns(tuple(found), result)


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'" if text else "NULL"


#: CREATED and LAST_DDL_TIME: a table has changed when its columns have.
_NOTE_CHANGES = """
CREATE TEMP TABLE shape AS
    SELECT OWNER, TABLE_NAME, string_agg(concat_ws(' ', COLUMN_NAME, DATA_TYPE, DATA_LENGTH,
           DATA_PRECISION, DATA_SCALE, NULLABLE), ', ' ORDER BY COLUMN_ID) AS SHAPE,
           CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP_S) AS MOMENT
    FROM SYS."COLUMN$" GROUP BY OWNER, TABLE_NAME;
DELETE FROM SYS."DDL$"
    WHERE (OWNER, TABLE_NAME) NOT IN (SELECT OWNER, TABLE_NAME FROM temp.shape);
UPDATE SYS."DDL$" d SET CHANGED = s.MOMENT, SHAPE = s.SHAPE FROM temp.shape s
    WHERE d.OWNER = s.OWNER AND d.TABLE_NAME = s.TABLE_NAME AND d.SHAPE <> s.SHAPE;
INSERT INTO SYS."DDL$"
    SELECT OWNER, TABLE_NAME, nextval('SYS."OBJECT_ID$"'), MOMENT, MOMENT, SHAPE FROM temp.shape
    WHERE (OWNER, TABLE_NAME) NOT IN (SELECT OWNER, TABLE_NAME FROM SYS."DDL$");
DROP TABLE temp.shape;
"""
