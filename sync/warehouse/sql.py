"""Names and literals inside DuckDB SQL: the one place that quotes them for the warehouse."""

from sync.plan import TableRef
from sync.warehouse.layout import DATA_FILE


def quote(name: str) -> str:
    """*name* as one quoted identifier, whatever it holds."""
    if "\0" in name:
        raise ValueError("a name cannot hold NUL")
    return '"' + name.replace('"', '""') + '"'


def table_name(ref: TableRef) -> str:
    """The table inside its generation's file, under the schema it has in Oracle."""
    return f"{quote(ref.schema_name)}.{quote(ref.table)}"


def name_in_file(ref: TableRef) -> str:
    """The same where the generation's file was opened by itself, under its own name.

    DuckDB names such a file like its stem, so that a schema of that name needs it said.
    """
    return f"{quote(DATA_FILE.partition('.')[0])}.{table_name(ref)}"


def text(value: str) -> str:
    """*value* as a literal, for statements that take no parameters, such as ATTACH."""
    if "\0" in value:
        raise ValueError("a text cannot hold NUL")
    return "'" + value.replace("'", "''") + "'"
