"""Run a compiled query in a process of its own, which ends with its answer or at its deadline."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from sync.errors import QueryFailed, QueryTimeout, WarehouseDamaged
from sync.plan import TableRef
from sync.warehouse.layout import data_file
from sync.warehouse.manifest import ManifestEntry, read_manifest
from sync.warehouse.query import CATALOG, CompiledQuery, compile_query

CHILD = Path(__file__).with_name("query_child.py")


class QueryLimits(BaseModel):
    """What one query may use; all of it is enforced from outside DuckDB too."""

    model_config = ConfigDict(frozen=True)

    seconds: float = 10
    memory_mb: int = 512
    rows: int = 100
    bytes: int = 100_000
    """Of the rows as JSON."""


class ResultColumn(BaseModel):
    """A result column; the type tells an exact number written as text from text."""

    model_config = ConfigDict(frozen=True)

    name: str
    type: str
    """DuckDB's: ``DECIMAL(12,2)``, ``VARCHAR``, ``TIMESTAMP WITH TIME ZONE`` …"""


Cell = str | int | float | bool | None


class Basis(BaseModel):
    """Which copy an answer rests on."""

    model_config = ConfigDict(frozen=True)

    ref: TableRef
    generation: str
    as_of: str
    """ISO 8601 UTC moment of Oracle that the copy shows."""
    published_at: str
    rows: int
    """In the whole copy."""


class QueryResult(BaseModel):
    """Rows as plain values, in the query's order."""

    model_config = ConfigDict(frozen=True)

    columns: tuple[ResultColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]
    """DECIMAL as exact text, moments as ISO 8601, BLOB as hex, NaN and infinity as text."""
    truncated: bool
    """There are more rows than these."""
    basis: Basis


def run_query(
    root: Path, compiled: CompiledQuery, entry: ManifestEntry, limits: QueryLimits
) -> QueryResult:
    """The rows of *compiled*, which was compiled against *entry*.

    A generation that was pruned in between is replaced by the current one, once. Raises
    `QueryTimeout`, `QueryFailed`, `TableNotSynced` and `WarehouseDamaged`.
    """
    answer = _ask(root, compiled, entry, limits)
    if answer.get("error") == "gone":
        entry = read_manifest(root).entry(entry.ref)
        compiled = compile_query(compiled.query, entry)
        answer = _ask(root, compiled, entry, limits)
    if "error" in answer:
        raise _failure(answer, entry, limits)
    return QueryResult(
        columns=tuple(ResultColumn(name=name, type=kind) for name, kind in answer["columns"]),
        rows=answer["rows"],
        truncated=answer["truncated"],
        basis=Basis(
            ref=entry.ref,
            generation=entry.generation,
            as_of=entry.as_of,
            published_at=entry.published_at,
            rows=entry.rows,
        ),
    )


def _ask(
    root: Path, compiled: CompiledQuery, entry: ManifestEntry, limits: QueryLimits
) -> dict[str, Any]:
    request = {
        "parent": os.getpid(),
        "file": str(data_file(root, entry.ref, entry.generation).absolute()),
        "catalog": CATALOG,
        "sql": compiled.sql,
        "params": compiled.params,
        "seconds": limits.seconds,
        "memory_mb": limits.memory_mb,
        "rows": min(limits.rows, compiled.query.limit),
        "bytes": limits.bytes,
    }
    with subprocess.Popen(
        [sys.executable, "-I", "-B", str(CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
    ) as child:  # leaving the block waits for it, so none stays behind as a zombie
        try:
            out, _ = child.communicate(json.dumps(request).encode(), timeout=limits.seconds)
        except subprocess.TimeoutExpired:
            raise QueryTimeout(seconds=_whole(limits.seconds)) from None
        finally:
            child.kill()
    if child.returncode == -signal.SIGXCPU:
        raise QueryTimeout(seconds=_whole(limits.seconds))
    try:
        return json.loads(out)
    except ValueError:
        raise QueryFailed(reason="its process ended without an answer.") from None


def _failure(answer: dict[str, Any], entry: ManifestEntry, limits: QueryLimits) -> Exception:
    kind, message = answer["error"], answer.get("message", "")
    if kind in {"gone", "IOException"}:
        return WarehouseDamaged(file=entry.generation)
    if kind in {"OutOfMemoryException", "MemoryError"}:
        return QueryFailed(
            reason=f"it needs more than {limits.memory_mb} MB of memory. Filter or group more."
        )
    if kind == "InterruptException":
        return QueryTimeout(seconds=_whole(limits.seconds))
    return QueryFailed(reason=message.partition("\n")[0] or kind)


def _whole(seconds: float) -> int:
    return max(1, round(seconds))
