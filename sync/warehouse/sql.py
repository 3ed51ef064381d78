"""Names and literals inside DuckDB SQL: the one place that quotes them for the warehouse."""

import duckdb

from sync.plan import TableRef


def quote(name: str) -> str:
    """*name* as one quoted identifier, whatever it holds."""
    if "\0" in name:
        raise ValueError("a name cannot hold NUL")
    return '"' + name.replace('"', '""') + '"'


def table_name(ref: TableRef) -> str:
    """The table inside its generation's file, under the schema it has in Oracle."""
    return f"{quote(ref.schema_name)}.{quote(ref.table)}"


def table_in(db: duckdb.DuckDBPyConnection, ref: TableRef) -> str:
    """The same in the file that *db* was opened on."""
    return f"{schema_in(db, ref.schema_name)}.{quote(ref.table)}"


def schema_in(db: duckdb.DuckDBPyConnection, schema: str) -> str:
    """A schema of the file that *db* was opened on.

    DuckDB names a file's database like its stem, so a schema of that name needs it said.
    """
    found = db.execute("SELECT current_database()").fetchone()
    return f"{quote(str(found[0]) if found else '')}.{quote(schema)}"


def text(value: str) -> str:
    """*value* as a literal, for statements that take no parameters, such as ATTACH."""
    if "\0" in value:
        raise ValueError("a text cannot hold NUL")
    return "'" + value.replace("'", "''") + "'"
