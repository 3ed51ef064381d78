"""The process of one query: walls first, then a request, one JSON document as answer, the end.

It is forked by `sync.warehouse.zygote_process` and imports nothing of this product but its walls.
It bounds itself from outside DuckDB, because DuckDB's own limits do not bound a query (measured:
time-outs passed by minutes, 6.9 GB used under a limit of 512 MB).
"""

import ctypes
import json
import math
import os
import resource
import signal
import socket
from typing import Any, cast

import duckdb

from sync.warehouse.landlock import read_only

ADDRESS_SPACE_BYTES = 2 * 1024**3
OPEN_FILES = 64
THREADS = 2
MAX_REQUEST_BYTES = 16_000_000

SYSTEM_FILES = (
    "/proc/self/cgroup",
    "/proc/stat",
    "/sys/devices/system/cpu/online",
    "/sys/fs/cgroup",
)
"""DuckDB looks at processors and memory here, and ends the process if it may not (2.0)."""

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38


def connect() -> duckdb.DuckDBPyConnection:
    """Open a DuckDB in memory with nothing attached yet. It starts no thread, so it can be forked.

    It takes 20 to 30 ms, which is why it is done once, before the fork.
    """
    settings = {
        "threads": 1,
        "async_threads": 0,
        "temp_directory": "",  # nothing spills: the process may not write at all
        "autoload_known_extensions": False,
        "autoinstall_known_extensions": False,
        "allow_community_extensions": False,
        "allow_persistent_secrets": False,
        "python_enable_replacements": False,
    }
    db = duckdb.connect(":memory:", config=cast("dict[str, Any]", settings))
    db.execute("SET enable_progress_bar = false")
    db.execute("SET TimeZone = 'UTC'")
    db.execute("SELECT count(*), sum(x) FROM (SELECT 1 AS x) WHERE x = ?", ["1"]).fetchone()
    return db


def serve(channel: socket.socket, db: duckdb.DuckDBPyConnection, landlock: int | None) -> None:
    """Answer the one request that comes over *channel*."""
    request = json.loads(_received(channel) or b"null")
    if request is None:
        return  # nobody asks any more
    try:
        hold_to(request["file"], request["seconds"], landlock)
        answer = _answer(db, request)
    except Exception as error:  # the edge of this process: its parent words the failure
        answer = {"error": type(error).__name__, "message": str(error)[:500]}
    channel.sendall(json.dumps(answer, ensure_ascii=False).encode())


def bound_this_process(parent: int, user: int | None) -> None:
    """Give up every right and bound what can be used; *user* is the one to become, if any.

    Ends the process where *parent* is gone already.
    """
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # after the user: a change of it clears this
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)
    prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    prctl(_PR_SET_DUMPABLE, 0)
    for limit, value in (
        (resource.RLIMIT_AS, ADDRESS_SPACE_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def hold_to(file: str, seconds: float, landlock: int | None) -> None:
    """Leave this process one file to read, and the processor time of one query.

    *landlock* is the kernel's ABI version, None to do without.
    """
    cpu_seconds = int(seconds * THREADS) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    if landlock is not None:
        read_only((*SYSTEM_FILES, file), landlock)


def _received(channel: socket.socket) -> bytes:
    parts: list[bytes] = []
    left = MAX_REQUEST_BYTES
    while left > 0 and (part := channel.recv(min(left, 1 << 16))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _answer(db: duckdb.DuckDBPyConnection, request: dict[str, Any]) -> dict[str, Any]:
    try:
        os.stat(request["file"])  # noqa: PTH116 - pathlib is not imported for this
    except FileNotFoundError:
        return {"error": "gone"}
    file = request["file"].replace("'", "''")
    db.execute(f"ATTACH '{file}' AS {request['catalog']} (READ_ONLY)")
    for setting in (
        "enable_external_access = false",
        f"memory_limit = '{int(request['memory_mb'])}MB'",
        f"threads = {THREADS}",
        f"max_execution_time = {int(request['seconds'] * 1000)}",
        "lock_configuration = true",
    ):
        db.execute(f"SET {setting}")
    described = db.execute(f"SELECT * FROM ({request['sql']}) LIMIT 0", request["params"])
    columns = [(str(c[0]), str(c[1])) for c in described.description or []]
    result = db.execute(_as_plain_values(request["sql"], columns), request["params"])
    rows, cut = _take(result, request["rows"], request["bytes"])
    return {"columns": columns, "rows": rows, "truncated": cut}


def _as_plain_values(sql: str, columns: list[tuple[str, str]]) -> str:
    """The same rows with every type JSON lacks written as text, so Python loses no digit or era."""
    names = [f"c{number}" for number in range(len(columns))]
    shown = ", ".join(_plain(name, kind) for name, (_, kind) in zip(names, columns, strict=True))
    return f"SELECT {shown} FROM ({sql}) AS result({', '.join(names)})"


def _plain(name: str, kind: str) -> str:
    if kind in {"BOOLEAN", "INTEGER", "BIGINT", "HUGEINT", "DOUBLE", "VARCHAR"}:
        return name
    if kind == "FLOAT":
        return f"CAST(CAST({name} AS VARCHAR) AS DOUBLE)"  # 0.1, not 0.10000000149011612
    if kind == "BLOB":
        return f"hex({name})"
    text = f"CAST({name} AS VARCHAR)"
    if kind.startswith("TIMESTAMP"):
        text = f"replace({text}, ' ', 'T')"
    if kind == "TIMESTAMP WITH TIME ZONE":
        text += " || ':00'"  # the zone is UTC, which DuckDB writes +00
    return text


def _take(result: Any, most_rows: int, most_bytes: int) -> tuple[list[list[Any]], bool]:
    rows: list[list[Any]] = []
    size = 0
    while (row := result.fetchone()) is not None:
        values = [_json_safe(value) for value in cast("tuple[Any, ...]", row)]
        size += len(json.dumps(values, ensure_ascii=False).encode())
        if len(rows) == most_rows or size > most_bytes:
            return rows, True
        rows.append(values)
    return rows, False


def _json_safe(value: Any) -> Any:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
