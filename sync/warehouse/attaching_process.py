"""The process that reads one CSV file of a person and writes it as a DuckDB file.

Started by `sync.warehouse.attaching` with an empty environment and one socket, as standard input.
Whatever the bytes make of it, it can write into one folder, so many bytes, for so long, and reach
no other file and no network; what it answers is checked by who asked.
"""

import codecs
import json
import os
import resource
import socket
import sys
from itertools import chain, islice
from typing import Any, cast

import duckdb

from sync.attach_errors import FileEmpty, FileTooManyColumns
from sync.errors import DuckferryError
from sync.warehouse.csv_columns import MOST_COLUMNS, Odd, is_header, name_columns, typed
from sync.warehouse.csv_text import ENCODINGS, Record, decode, find_separator, records
from sync.warehouse.framing import receive, send
from sync.warehouse.landlock import read_only
from sync.warehouse.layout import DATA_FILE
from sync.warehouse.query_child import SYSTEM_FILES, bound_this_process
from sync.warehouse.sql import quote
from sync.warehouse.writers import STORAGE_VERSION

MOST_REQUEST_BYTES = 10_000
MOST_FILE_BYTES = 200_000_000
MOST_WRITTEN_BYTES = 500_000_000
MEMORY_MIB = 1024
_BATCH = 5_000
"""Rows that are handed to DuckDB together."""


def main() -> None:
    """Read the one file that comes over the socket. Arguments: who started this."""
    channel = socket.socket(fileno=os.dup(0))
    request = json.loads(receive(channel, MOST_REQUEST_BYTES))
    data = receive(channel, MOST_FILE_BYTES)
    lock_in(request, int(sys.argv[1]))
    try:
        answer = _read(request, data)
    except DuckferryError as error:
        answer = {"failure": error.failure.model_dump()}
    send(channel, json.dumps(answer, ensure_ascii=False).encode())
    os._exit(0)  # nothing to put in order


def lock_in(request: dict[str, Any], parent: int) -> None:
    """Leave this process its folder to write, and the time and memory of one file.

    Ends it where *parent* is gone already.
    """
    for encoding in ENCODINGS:  # the last of what Python itself still has to load
        codecs.lookup(encoding)
    bound_this_process(parent, request["user"], MOST_WRITTEN_BYTES)
    seconds = int(request["seconds"]) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    if request["landlock"] is not None:
        read_only(SYSTEM_FILES, request["landlock"], but=request["folder"])


def _read(request: dict[str, Any], data: bytes) -> dict[str, Any]:
    file = str(request["file"])
    decoded = decode(file, data)
    separator = find_separator(decoded.text, is_tsv=file.lower().endswith(".tsv"))
    found = records(file, decoded.text, separator)
    first = next(found, None)
    if first is None:
        raise FileEmpty(file=file)
    if len(first.values) > MOST_COLUMNS:
        raise FileTooManyColumns(file=file, found=len(first.values), most=MOST_COLUMNS)
    has_header = is_header(first.values)
    names, odd = name_columns(first.values if has_header else [""] * len(first.values))
    if not has_header:
        odd = (Odd(code="no_header"),)
        found = chain([first], found)
    config = {
        "storage_compatibility_version": STORAGE_VERSION,
        "threads": 1,
        "memory_limit": f"{MEMORY_MIB}MiB",
        "temp_directory": "",
        "autoload_known_extensions": False,
        "autoinstall_known_extensions": False,
        "allow_persistent_secrets": False,
        "python_enable_replacements": False,
    }
    path = os.path.join(request["folder"], DATA_FILE)  # noqa: PTH118 -- a name for DuckDB
    with duckdb.connect(path, config=cast("dict[str, Any]", config)) as db:
        db.execute("SET enable_external_access = false")
        db.execute("SET enable_progress_bar = false")
        staged = ", ".join(f"c{number} VARCHAR" for number in range(len(names)))
        db.execute(f"CREATE TEMP TABLE told (line INTEGER, {staged})")
        rows = 0
        while batch := list(islice(found, _BATCH)):
            _stage(db, batch, len(names))
            rows += len(batch)
        if not rows:
            raise FileEmpty(file=file)
        columns, values, found_odd = typed(db, "told", names, separator)
        blank = {name for one in odd if one.code == "blank_names" for name in one.columns}
        empty = {name for one in found_odd if one.code == "empty_columns" for name in one.columns}
        # A separator at the end of each line is no column.
        kept = [at for at, one in enumerate(columns) if one.name not in blank & empty]
        schema, table = quote(request["schema"]), quote(request["table"])
        name = f"{quote(_database(db))}.{schema}"
        db.execute(f"CREATE SCHEMA {name}")
        db.execute(
            f"CREATE TABLE {name}.{table} AS SELECT {', '.join(values[at] for at in kept)} "
            "FROM told ORDER BY line"
        )
        db.execute("CHECKPOINT")
    gone = {columns[at].name for at in range(len(columns)) if at not in kept}
    return {
        "rows": rows,
        "columns": [columns[at].model_dump() for at in kept],
        "encoding": decoded.encoding,
        "separator": separator,
        "odd": [
            one.model_copy(update={"columns": left}).model_dump()
            for one in (*odd, *found_odd)
            if (left := tuple(name for name in one.columns if name not in gone)) or not one.columns
        ],
    }


def _stage(db: duckdb.DuckDBPyConnection, batch: list[Record], width: int) -> None:
    """Add rows as they stand there; what is empty is nothing."""
    taken = ", ".join(f"unnest(${number + 1})" for number in range(width + 1))
    columns = [[one.values[at] or None for one in batch] for at in range(width)]
    db.execute(f"INSERT INTO told SELECT {taken}", [[one.line for one in batch], *columns])


def _database(db: duckdb.DuckDBPyConnection) -> str:
    found = db.execute("SELECT current_database()").fetchone()
    return str(found[0]) if found else ""
