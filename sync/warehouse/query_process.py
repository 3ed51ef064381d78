"""Run a compiled query in a process of its own, which ends with its answer or at its deadline."""

import json
import socket
import time
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from sync.errors import QueriesUnguarded, QueryFailed, QueryTimeout, WarehouseDamaged
from sync.plan import TableRef
from sync.receipt import columns_of, part_of
from sync.warehouse.layout import data_file
from sync.warehouse.manifest import ManifestEntry, read_manifest
from sync.warehouse.query import CATALOG, CompiledQuery, compile_query
from sync.warehouse.walls import Walls, walls
from sync.warehouse.zygote import Zygote, ZygoteGone

TRIES = 2
"""A query whose zygote was killed is asked again of a new one: it only reads."""
MOST_ANSWER_BYTES = 4_000_000
"""Rows are capped by their own limit; this bounds what a process that went astray can send."""


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
    part: str = ""
    """Which rows alone it holds, in signs; empty for all."""
    columns: tuple[int, int] | None = None
    """How many columns of how many it holds, where a wish left some out."""


class QueryResult(BaseModel):
    """Rows as plain values, in the query's order."""

    model_config = ConfigDict(frozen=True)

    columns: tuple[ResultColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]
    """DECIMAL as exact text, moments as ISO 8601, BLOB as hex, NaN and infinity as text."""
    truncated: bool
    """There are more rows than these."""
    basis: Basis


class Queries:
    """Runs compiled queries, each in a process of its own. Thread-safe; one for a process.

    Nothing starts before `prepare` or the first `run`. A process forked from this one must open
    its own. How many run at once is bounded by whoever asks.
    """

    def __init__(self, root: Path, limits: QueryLimits, walls: Walls) -> None:
        self.walls = walls
        self._root = root
        self._limits = limits
        self._zygote = Zygote(walls)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def prepare(self) -> None:
        """Have a process ready for the next query, or on its way."""
        if self.walls.files != "none":
            self._zygote.prepare()

    def run(self, compiled: CompiledQuery, entry: ManifestEntry) -> QueryResult:
        """The rows of *compiled*, which was compiled against *entry*.

        A generation that was pruned in between is replaced by the current one, once. Raises
        `QueryTimeout`, `QueryFailed`, `QueriesUnguarded`, `TableNotSynced` and `WarehouseDamaged`.
        """
        if self.walls.files == "none":
            raise QueriesUnguarded
        try:
            answer = self._ask(compiled, entry)
            if answer.get("error") == "gone":
                entry = read_manifest(self._root).entry(entry.ref)
                compiled = compile_query(compiled.query, entry)
                answer = self._ask(compiled, entry)
        finally:
            self._zygote.prepare()
        if "error" in answer:
            raise _failure(answer, entry, self._limits)
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
                part=part_of(entry.receipt),
                columns=columns_of(entry.receipt),
            ),
        )

    def close(self) -> None:
        """End every process; queries at hand fail."""
        self._zygote.close()

    def _ask(self, compiled: CompiledQuery, entry: ManifestEntry) -> dict[str, Any]:
        request = {
            "file": str(data_file(self._root, entry.ref, entry.generation).absolute()),
            "catalog": CATALOG,
            "sql": compiled.sql,
            "params": compiled.params,
            "seconds": self._limits.seconds,
            "memory_mb": self._limits.memory_mb,
            "rows": min(self._limits.rows, compiled.query.limit),
            "bytes": self._limits.bytes,
        }
        text = json.dumps(request).encode()
        for _ in range(TRIES):
            try:
                out = self._ask_child(text)
            except ZygoteGone:
                continue
            try:
                return json.loads(out)
            except ValueError:
                break
        raise QueryFailed(reason="its process ended without an answer.")

    def _ask_child(self, request: bytes) -> bytes:
        """Raises `QueryTimeout`, and `ZygoteGone` where the zygote fell, with the query in it."""
        child = self._zygote.take()
        with child.channel as channel:
            until = time.monotonic() + self._limits.seconds
            try:
                channel.settimeout(self._limits.seconds)
                channel.sendall(request)
                channel.shutdown(socket.SHUT_WR)
                answer = _received(channel, until, MOST_ANSWER_BYTES + self._limits.bytes)
            except TimeoutError:
                self._zygote.end(child)
                raise QueryTimeout(seconds=_whole(self._limits.seconds)) from None
            except _TooLong:
                self._zygote.end(child)
                return b""
            except OSError:  # it ended before it had read its request
                answer = b""
        if not answer and self._zygote.is_gone(child):
            raise ZygoteGone
        return answer


def open_queries(root: Path, limits: QueryLimits, behind: Walls | None = None) -> Queries:
    """Make what runs queries on the warehouse *root*; *behind* this machine's walls, or fewer."""
    return Queries(root, limits, behind or walls())


class _TooLong(Exception):
    pass


def _received(channel: socket.socket, until: float, most_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        channel.settimeout(max(until - time.monotonic(), 0.001))
        if not (part := channel.recv(1 << 16)):
            return b"".join(parts)
        size += len(part)
        if size > most_bytes:
            raise _TooLong
        parts.append(part)


def _failure(answer: dict[str, Any], entry: ManifestEntry, limits: QueryLimits) -> Exception:
    kind, message = answer["error"], answer.get("message", "")
    if kind in {"gone", "IOException"}:
        return WarehouseDamaged(file=entry.generation)
    if kind in {"OutOfMemoryException", "MemoryError"}:
        return QueryFailed(
            reason=f"it needs more than {limits.memory_mb} MB of memory. Filter or group more."
        )
    if kind == "PermissionError":
        return QueryFailed(reason="its process may not read the copy. An admin must look at modes.")
    if kind == "InterruptException":
        return QueryTimeout(seconds=_whole(limits.seconds))
    return QueryFailed(reason=message.partition("\n")[0] or kind)


def _whole(seconds: float) -> int:
    return max(1, round(seconds))
