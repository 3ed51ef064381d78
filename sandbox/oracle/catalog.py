"""The data dictionary: tables declared in Oracle's words, and the ALL_ and V$ views over them.

Keys are declared, not enforced: the only writer is a test, through the control port. Columns
added there in DuckDB's words get the nearest Oracle type.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from sandbox.oracle import logon, types
from sandbox.oracle.types import OracleType

SERVICE = "FREEPDB1"
ColumnTypes = Mapping[tuple[str, str], Mapping[str, OracleType]]


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


def create_dictionary(connection: duckdb.DuckDBPyConnection) -> None:
    """Schemas, bookkeeping tables and views; call once on an empty database."""
    connection.execute("CREATE SCHEMA SYS; CREATE SCHEMA SHOP; CREATE SCHEMA DUCKFERRY")
    connection.execute(BOOKKEEPING)
    for name, select in VIEWS.items():
        connection.execute(f'CREATE VIEW SYS."{name}" AS {select}')


def create_table(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Create an empty table and write down its declared types, keys and comments."""
    name = f'"{table.owner}"."{table.name}"'
    columns = ", ".join(
        f'"{column.name}" {types.parse(column.declared).storage}'
        f"{'' if column.nullable and column.name not in table.key else ' NOT NULL'}"
        for column in table.columns
    )
    connection.execute(f"CREATE TABLE {name} ({columns})")
    for bookkeeping in ("DECLARED$", "CONSTRAINT$"):  # of a table that was dropped
        connection.execute(
            f'DELETE FROM SYS."{bookkeeping}" WHERE OWNER = ? AND TABLE_NAME = ?',
            [table.owner, table.name],
        )
    connection.execute(f"COMMENT ON TABLE {name} IS {_text(table.comment)}")
    for column in table.columns:
        connection.execute(f'COMMENT ON COLUMN {name}."{column.name}" IS {_text(column.comment)}')
        connection.execute(
            'INSERT INTO SYS."DECLARED$" VALUES (?, ?, ?, ?, ?)',
            [
                table.owner,
                table.name,
                column.name,
                column.declared,
                types.parse(column.declared).storage,
            ],
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


def refresh(connection: duckdb.DuckDBPyConnection) -> ColumnTypes:
    """Rewrite the column dictionary from what the tables are now; returns it for describing."""
    found = connection.execute(
        """
        SELECT c.schema_name, c.table_name, c.column_name, c.data_type, c.is_nullable,
               c.column_index, d.DECLARED
        FROM duckdb_columns() c
        LEFT JOIN SYS."DECLARED$" d ON d.OWNER = c.schema_name AND d.TABLE_NAME = c.table_name
             AND d.COLUMN_NAME = c.column_name AND d.STORAGE = c.data_type
        WHERE c.schema_name IN ('SHOP', 'DUCKFERRY')
        """
    ).fetchall()
    result: dict[tuple[str, str], dict[str, OracleType]] = {}
    rows: list[tuple[object, ...]] = []
    for owner, table, name, stored, is_nullable, position, declared in found:
        kind = types.parse(declared) if declared else types.of_stored_column(stored)
        result.setdefault((owner, table), {})[name] = kind
        rows.append(
            (
                owner, table, name, kind.data_type, kind.length_bytes, kind.characters,
                "C" if kind.counts_characters else "B" if kind.characters else None,
                kind.precision, kind.scale, "Y" if is_nullable else "N", position,
            )
        )  # fmt: skip
    connection.execute('DELETE FROM SYS."COLUMN$"')
    if rows:
        connection.executemany(
            'INSERT INTO SYS."COLUMN$" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', rows
        )
    return result


def visible_tables(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """(owner, name) of the tables and views the user may read."""
    rows = connection.execute(
        "SELECT OWNER, TABLE_NAME FROM SYS.ALL_TABLES UNION ALL "
        "SELECT OWNER, VIEW_NAME FROM SYS.ALL_VIEWS"
    ).fetchall()
    return {(owner, name) for owner, name in rows}


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'" if text else "NULL"


BOOKKEEPING = """
CREATE TABLE SYS."DECLARED$" (OWNER VARCHAR, TABLE_NAME VARCHAR, COLUMN_NAME VARCHAR,
    DECLARED VARCHAR, STORAGE VARCHAR);
CREATE TABLE SYS."COLUMN$" (OWNER VARCHAR, TABLE_NAME VARCHAR, COLUMN_NAME VARCHAR,
    DATA_TYPE VARCHAR, DATA_LENGTH INTEGER, CHAR_LENGTH INTEGER, CHAR_USED VARCHAR,
    DATA_PRECISION INTEGER, DATA_SCALE INTEGER, NULLABLE VARCHAR, COLUMN_ID INTEGER);
CREATE TABLE SYS."CONSTRAINT$" (OWNER VARCHAR, TABLE_NAME VARCHAR, CONSTRAINT_NAME VARCHAR,
    CONSTRAINT_TYPE VARCHAR, COLUMN_NAME VARCHAR, POSITION INTEGER, R_CONSTRAINT_NAME VARCHAR);
CREATE TABLE SYS."STATS$" (OWNER VARCHAR, TABLE_NAME VARCHAR, NUM_ROWS BIGINT,
    AVG_ROW_LEN BIGINT, BLOCKS BIGINT, LAST_ANALYZED TIMESTAMP_S);
CREATE TABLE SYS."HIDDEN$" (OWNER VARCHAR, TABLE_NAME VARCHAR);
CREATE TABLE SYS.DUAL (DUMMY VARCHAR);
INSERT INTO SYS.DUAL VALUES ('X');
"""

_NOT_HIDDEN = '(OWNER, TABLE_NAME) NOT IN (SELECT OWNER, TABLE_NAME FROM SYS."HIDDEN$")'
_VERSION = ".".join(map(str, logon.VERSION))
_NLS = ("NLS_DATE_FORMAT", "NLS_TIMESTAMP_FORMAT", "NLS_TIMESTAMP_TZ_FORMAT",
        "NLS_NUMERIC_CHARACTERS", "NLS_LANGUAGE", "NLS_TERRITORY", "NLS_SORT", "NLS_COMP",
        "NLS_CALENDAR", "NLS_DATE_LANGUAGE")  # fmt: skip

VIEWS = {
    "ALL_TABLES": f"""
        SELECT * FROM (
            SELECT schema_name AS OWNER, table_name AS TABLE_NAME, 'USERS' AS TABLESPACE_NAME,
                   'VALID' AS STATUS, 'N' AS TEMPORARY, 'NO' AS PARTITIONED
            FROM duckdb_tables() WHERE schema_name IN ('SHOP', 'DUCKFERRY'))
        LEFT JOIN SYS."STATS$" USING (OWNER, TABLE_NAME) WHERE {_NOT_HIDDEN}""",
    "ALL_VIEWS": """
        SELECT schema_name AS OWNER, view_name AS VIEW_NAME, length(sql) AS TEXT_LENGTH,
               sql AS TEXT
        FROM duckdb_views() WHERE schema_name IN ('SHOP', 'DUCKFERRY')""",
    "ALL_TAB_COLUMNS": f'SELECT * FROM SYS."COLUMN$" WHERE {_NOT_HIDDEN}',
    "ALL_CONSTRAINTS": f"""
        SELECT DISTINCT OWNER, CONSTRAINT_NAME, CONSTRAINT_TYPE, TABLE_NAME,
               CASE WHEN R_CONSTRAINT_NAME IS NOT NULL THEN OWNER END AS R_OWNER,
               R_CONSTRAINT_NAME, 'ENABLED' AS STATUS, 'VALIDATED' AS VALIDATED
        FROM SYS."CONSTRAINT$" WHERE {_NOT_HIDDEN}""",
    "ALL_CONS_COLUMNS": f"""
        SELECT OWNER, CONSTRAINT_NAME, TABLE_NAME, COLUMN_NAME,
               row_number() OVER (PARTITION BY OWNER, CONSTRAINT_NAME ORDER BY POSITION)
                   AS POSITION
        FROM SYS."CONSTRAINT$" WHERE {_NOT_HIDDEN}""",
    "ALL_TAB_COMMENTS": f"""
        SELECT * FROM (
            SELECT schema_name AS OWNER, table_name AS TABLE_NAME, 'TABLE' AS TABLE_TYPE,
                   comment AS COMMENTS
            FROM duckdb_tables() WHERE schema_name IN ('SHOP', 'DUCKFERRY'))
        WHERE {_NOT_HIDDEN}""",
    "ALL_COL_COMMENTS": f"""
        SELECT * FROM (
            SELECT schema_name AS OWNER, table_name AS TABLE_NAME, column_name AS COLUMN_NAME,
                   comment AS COMMENTS
            FROM duckdb_columns() WHERE schema_name IN ('SHOP', 'DUCKFERRY'))
        WHERE {_NOT_HIDDEN}""",
    "ALL_USERS": "SELECT unnest(['SYS', 'SHOP', 'DUCKFERRY']) AS USERNAME",
    "SESSION_PRIVS": "SELECT unnest(['CREATE SESSION']) AS PRIVILEGE",
    "USER_TAB_PRIVS": """
        SELECT 'DUCKFERRY' AS GRANTEE, OWNER, TABLE_NAME, OWNER AS GRANTOR, PRIVILEGE
        FROM SYS.ALL_TABLES, (SELECT unnest(['READ', 'FLASHBACK']) AS PRIVILEGE)
        WHERE OWNER <> 'DUCKFERRY'""",
    "V$DATABASE": f"""
        SELECT CAST(2147483647 AS BIGINT) AS DBID, '{SERVICE}' AS NAME,
               CAST(getvariable('CURRENT_SCN') AS BIGINT) AS CURRENT_SCN,
               'READ WRITE' AS OPEN_MODE, 'PRIMARY' AS DATABASE_ROLE""",
    "V$VERSION": f"SELECT '{logon.BANNER}' AS BANNER, '{logon.BANNER}' AS BANNER_FULL",
    "PRODUCT_COMPONENT_VERSION": f"""
        SELECT 'Oracle Database 19c Enterprise Edition ' AS PRODUCT, '19.0.0.0.0' AS VERSION,
               '{_VERSION}' AS VERSION_FULL, 'Production' AS STATUS""",
    "V$INSTANCE": f"""
        SELECT '{SERVICE}' AS INSTANCE_NAME, 'localhost' AS HOST_NAME, '19.0.0.0.0' AS VERSION,
               '{_VERSION}' AS VERSION_FULL, 'OPEN' AS STATUS""",
    "NLS_SESSION_PARAMETERS": " UNION ALL ".join(
        f"SELECT '{name}' AS PARAMETER, CAST(getvariable('{name}') AS VARCHAR) AS VALUE"
        for name in _NLS
    ),
}
