"""A query process whose DuckDB is left open: what it still cannot do, the other walls keep.

Reads JSON from standard input and prints what came of each statement.
"""

import json
import os
import signal
import socket
import sys
import time
from typing import Any

import duckdb

from sync.warehouse.framing import receive, send
from sync.warehouse.query_child import bound_this_process, connect, hold_to
from sync.warehouse.walls import keep_memory_private

TRY_SECONDS = 5
MOST_BYTES = 100_000_000


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
    if told["do"] == "try each":
        sys.stdout.write(json.dumps([apart(db, told, sql) for sql in told["sql"]]))
        return
    if told["bounded"]:
        bound_this_process(os.getppid(), told["user"])
    else:
        become(told["user"])
    hold_to([told["file"]], 20, told["landlock"])
    db.execute(f"ATTACH '{told['file']}' AS generation (READ_ONLY)")
    db.execute("USE generation")
    outcomes = [attempt(db, sql) for sql in told["sql"]]
    sys.stdout.write(json.dumps([*outcomes, call(told["port"])]))


def apart(db: duckdb.DuckDBPyConnection, told: dict[str, Any], sql: str) -> str:
    """Try a statement in a process of its own, so that none changes what the next one meets.

    Gives nothing where that process ended without a word, or did not end.
    """
    ours, theirs = socket.socketpair()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            with open(os.devnull, "r+b") as nothing:  # noqa: PTH123 - a descriptor is what is needed
                for number in (0, 1, 2):
                    os.dup2(nothing.fileno(), number)
            bound_this_process(parent, told["user"])
            hold_to([told["file"]], TRY_SECONDS, told["landlock"])
            db.execute(f"ATTACH '{told['file']}' AS generation (READ_ONLY)")
            db.execute("USE generation.SHOP")
            send(theirs, attempt(db, sql).encode(errors="replace"))
        finally:
            os._exit(0)
    theirs.close()
    try:
        return receive(ours, MOST_BYTES, time.monotonic() + TRY_SECONDS).decode()
    except (TimeoutError, ConnectionError):
        return ""
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        ours.close()


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
