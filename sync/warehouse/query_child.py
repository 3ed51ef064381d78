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
from collections.abc import Callable
from typing import Any, cast

import duckdb

from sync.warehouse.framing import receive, send
from sync.warehouse.landlock import read_only

ADDRESS_SPACE_BYTES = 2 * 1024**3
OPEN_FILES = 64
THREADS = 2
MAX_REQUEST_BYTES = 16_000_000
BATCH_BYTES = 200_000
"""Of rows as JSON that are handed on as they come."""
MOST_TOLD = 500
"""Characters of DuckDB's own words about a failure."""

SYSTEM_FILES = (
    "/proc/self/cgroup",
    "/proc/stat",
    "/sys/devices/system/cpu/online",
    "/sys/fs/cgroup",
)
"""DuckDB looks at processors and memory here, and ends the process if it may not (2.0)."""

PAIRWISE = ("CROSS_PRODUCT", "NESTED_LOOP_JOIN", "BLOCKWISE_NL_JOIN", "PIECEWISE_MERGE_JOIN")
"""Steps of a plan that compare each row of one side with each of the other, or may."""

_READ_TREE = "SELECT json_serialize_sql(CAST(? AS VARCHAR))"
_NO_ERROR = '{"error":false,'
_WRITE_TREE = "SELECT json_deserialize_sql(CAST(? AS JSON))"

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
    """Answer what comes over *channel*: SQL to parse, perhaps, then a query to run, and the end.

    The first request leaves this process the warehouse to read, the second the files it names.
    """
    for _ in range(2):
        message = receive(channel, MAX_REQUEST_BYTES)
        if not message:
            return  # nobody asks any more
        try:
            request = json.loads(message)
            hold_to(request["files"], request["seconds"], landlock)
            answer = parsed(db, request) if "parse" in request else _answer(db, request, channel)
        except Exception as error:  # the edge of this process: its parent words the failure
            answer = {"error": type(error).__name__, "message": str(error)[:MOST_TOLD]}
        send(channel, json.dumps(answer, ensure_ascii=False).encode())
        if "tree" not in answer:  # there was more than to parse, or it failed
            return


def bound_this_process(parent: int, user: int | None, written: int = 0) -> None:
    """Give up every right and bound what can be used; *user* is the one to become, if any.

    A file it writes may have up to *written* bytes. Ends the process where *parent* is gone
    already.
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
        (resource.RLIMIT_FSIZE, written),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def hold_to(files: list[str], seconds: float, landlock: int | None) -> None:
    """Leave this process *files*, and what is below folders, to read, and the time of one query.

    *landlock* is the kernel's ABI version, None to do without.
    """
    cpu_seconds = int(seconds * THREADS) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    if landlock is not None:
        read_only((*SYSTEM_FILES, *files), landlock)


def parsed(db: duckdb.DuckDBPyConnection, request: dict[str, Any]) -> dict[str, Any]:
    """The statement as DuckDB writes it from its own tree, and the tree of just that text.

    So what is checked is what will run, without comments and with nothing behind it.
    """
    written = _one(db, _READ_TREE, request["parse"])
    if len(written) > request["most_characters"]:
        return {"error": "too large"}
    # A long tree is not read here only to learn that it is one.
    if not written.startswith(_NO_ERROR) and (told := json.loads(written))["error"]:
        return {"error": told["error_type"], "message": str(told["error_message"])[:MOST_TOLD]}
    again = _one(db, _WRITE_TREE, written)
    return {"sql": again, "tree": _one(db, _READ_TREE, again)}


def _rewritten(db: duckdb.DuckDBPyConnection, tree: dict[str, Any]) -> str:
    """The text of a tree that was checked; ValueError where DuckDB would read that otherwise."""
    sql = _one(db, _WRITE_TREE, json.dumps(tree))
    if _unplaced(json.loads(_one(db, _READ_TREE, sql))) != _unplaced(tree):
        raise ValueError("the statement cannot be written with other names")
    return sql


def _unplaced(node: Any) -> Any:
    """A tree without where in the text its parts stood."""
    if isinstance(node, list):
        return [_unplaced(one) for one in cast("list[Any]", node)]
    if isinstance(node, dict):
        fields = cast("dict[str, Any]", node)
        return {k: _unplaced(v) for k, v in fields.items() if not k.startswith("query_location")}
    return node


def _one(db: duckdb.DuckDBPyConnection, sql: str, value: str) -> str:
    row = db.execute(sql, [value]).fetchone()
    return str(row[0]) if row else ""


def _answer(
    db: duckdb.DuckDBPyConnection, request: dict[str, Any], channel: socket.socket
) -> dict[str, Any]:
    for file in request["files"]:
        try:
            os.stat(file)  # noqa: PTH116 - pathlib is not imported for this
        except FileNotFoundError:
            return {"error": "gone"}
    for statement in (
        *request["setup"],
        "SET enable_external_access = false",
        f"SET memory_limit = '{int(request['memory_mb'])}MB'",
        f"SET threads = {THREADS}",
        f"SET max_execution_time = {int(request['seconds'] * 1000)}",
        "SET lock_configuration = true",
    ):
        db.execute(statement)
    sql = request["sql"]
    if request["tree"] is not None:  # its tables are named otherwise than in the text
        sql = _rewritten(db, request["tree"])
    if request["explain"]:
        lines = db.execute(f"EXPLAIN {sql}").fetchall()
        rows = [[line] for line in str(lines[0][1]).splitlines()]
        return {"columns": [("plan", "VARCHAR")], "rows": rows, "truncated": False}
    before, after = request["around"]
    sql = f"{before}({sql}){after}" if before else sql
    most = request["planned_rows"]
    if most is not None and (planned := _planned(db, sql)) > most:
        return {"error": "costly", "planned": planned}
    described = db.execute(f"SELECT * FROM ({sql}) LIMIT 0", request["params"])
    columns = [(str(c[0]), str(c[1])) for c in described.description or []]
    result = db.execute(_as_plain_values(sql, columns), request["params"])

    def hand_on(rows: list[list[Any]]) -> None:
        send(channel, json.dumps({"columns": columns, "rows": rows}, ensure_ascii=False).encode())

    taken, rows, cut = _take(
        result, request["rows"], request["bytes"], hand_on if request["batches"] else None
    )
    if cut and not taken and request["rows"]:
        return {"error": "wide"}
    return {"columns": columns, "rows": rows, "truncated": cut}


def _planned(db: duckdb.DuckDBPyConnection, sql: str) -> int:
    """The most rows that DuckDB expects any step of its plan to bring forth or to compare."""
    found = db.execute(f"EXPLAIN (FORMAT json) {sql}").fetchall()
    todo, most = json.loads(found[0][1]), 0
    while todo:
        step = todo.pop()
        below = step.get("children", ())
        compared = math.prod(map(_expected, below)) if step["name"] in PAIRWISE else 0
        most = max(most, _expected(step), compared)
        todo += below
    return most


def _expected(step: dict[str, Any]) -> int:
    told = str(step.get("extra_info", {}).get("Estimated Cardinality", ""))
    if told.isdigit():
        return int(told)
    # Of a cross product DuckDB tells nothing, and one may stand within another.
    return math.prod(map(_expected, step["children"])) if step["name"] in PAIRWISE else 0


_PLAIN = frozenset(
    {"BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DOUBLE", "VARCHAR"}
)
"""Types whose values Python and JSON hold as they are."""


def _as_plain_values(sql: str, columns: list[tuple[str, str]]) -> str:
    """The same rows with every type JSON lacks written as text, so Python loses no digit or era."""
    names = [f"c{number}" for number in range(len(columns))]
    shown = ", ".join(_plain(name, kind) for name, (_, kind) in zip(names, columns, strict=True))
    return f"SELECT {shown} FROM ({sql}) AS result({', '.join(names)})"


def _plain(name: str, kind: str) -> str:
    if kind in _PLAIN:
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


def _take(
    result: Any,
    most_rows: int,
    most_bytes: int,
    hand_on: Callable[[list[list[Any]]], None] | None,
) -> tuple[int, list[list[Any]], bool]:
    """Count the rows that fit, and give those not handed on, and whether there are more."""
    rows: list[list[Any]] = []
    taken = size = handed_on = 0
    while (row := result.fetchone()) is not None:
        values = [_json_safe(value) for value in cast("tuple[Any, ...]", row)]
        if taken == most_rows or any(_is_longer(value, most_bytes) for value in values):
            return taken, rows, True
        size += len(json.dumps(values, ensure_ascii=False).encode())
        if size > most_bytes:
            return taken, rows, True
        rows.append(values)
        taken += 1
        if hand_on and size - handed_on > BATCH_BYTES:
            hand_on(rows)
            rows, handed_on = [], size
    return taken, rows, False


def _is_longer(value: Any, most_bytes: int) -> bool:
    return isinstance(value, str) and len(value) > most_bytes


def _json_safe(value: Any) -> Any:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
