"""The process one query runs in: a request on stdin, one JSON document on stdout, the end.

It is started by file path with an empty environment, so it imports nothing of this repository. It
bounds itself before it loads DuckDB, because DuckDB's own limits do not bound a query (measured:
time-outs passed by minutes, 6.9 GB used under a limit of 512 MB).
"""

import ctypes
import json
import math
import os
import resource
import signal
import sys
from typing import Any, cast

ADDRESS_SPACE_BYTES = 2 * 1024**3
OPEN_FILES = 64
THREADS = 2


def main() -> None:
    """Serve the one request."""
    request: dict[str, Any] = json.loads(sys.stdin.buffer.read())
    _bound_this_process(request["parent"], request["seconds"])
    answer_fd = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whatever prints cannot break the answer
    try:
        answer = _answer(request)
    except Exception as error:  # the edge of this process: its parent words the failure
        answer = {"error": type(error).__name__, "message": str(error)[:500]}
    with os.fdopen(answer_fd, "wb") as out:
        out.write(json.dumps(answer, ensure_ascii=False).encode())


def _bound_this_process(parent: int, seconds: float) -> None:
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        sys.exit(1)
    cpu_seconds = int(seconds * THREADS) + 2
    for limit, value in (
        (resource.RLIMIT_AS, ADDRESS_SPACE_BYTES),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    import duckdb

    if not os.path.exists(request["file"]):  # noqa: PTH110 - pathlib is not worth its start-up time
        return {"error": "gone"}
    db = duckdb.connect(":memory:")
    file = request["file"].replace("'", "''")
    db.execute(f"ATTACH '{file}' AS {request['catalog']} (READ_ONLY)")
    for setting in (
        "temp_directory = ''",  # nothing spills: the process may not write at all
        "enable_progress_bar = false",
        "autoload_known_extensions = false",
        "autoinstall_known_extensions = false",
        "allow_community_extensions = false",
        "allow_persistent_secrets = false",
        "python_enable_replacements = false",
        "enable_external_access = false",
        f"memory_limit = '{int(request['memory_mb'])}MB'",
        f"threads = {THREADS}",
        f"max_execution_time = {int(request['seconds'] * 1000)}",
        "TimeZone = 'UTC'",
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


if __name__ == "__main__":
    main()
