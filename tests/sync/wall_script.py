"""A query process whose DuckDB is left open: what it still cannot do, the other walls keep.

Reads JSON from standard input and prints what came of each statement.
"""

import json
import os
import socket
import sys
from typing import Any

import duckdb

from sync.warehouse.query_child import bound_this_process, connect, hold_to
from sync.warehouse.walls import keep_memory_private


def main() -> None:
    told: dict[str, Any] = json.loads(sys.stdin.readline())
    if told["do"] == "hold a secret":
        keep_memory_private()
        become(told["user"])
        sys.stdout.write(f"{os.getpid()}\n")
        sys.stdout.flush()
        sys.stdin.read()
        return
    db = connect()
    if told["bounded"]:
        bound_this_process(os.getppid(), told["user"])
    else:
        become(told["user"])
    hold_to([told["file"]], 20, told["landlock"])
    db.execute(f"ATTACH '{told['file']}' AS generation (READ_ONLY)")
    db.execute("USE generation")
    outcomes = [attempt(db, sql) for sql in told["sql"]]
    sys.stdout.write(json.dumps([*outcomes, call(told["port"])]))


def become(user: int | None) -> None:
    if user is not None:
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        keep_memory_private()  # the change of user had undone it


def attempt(db: duckdb.DuckDBPyConnection, sql: str) -> str:
    try:
        return f"done: {db.execute(sql).fetchall()}"
    except duckdb.Error as error:
        return str(error)


def call(port: int) -> str:
    try:
        with socket.socket() as caller:
            caller.settimeout(5)
            caller.connect(("127.0.0.1", port))
    except OSError as error:
        return str(error)
    return "done"


if __name__ == "__main__":
    main()
