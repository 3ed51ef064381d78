"""Run a query in a process of its own, which ends with its answer or at its deadline."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from sync.errors import QueriesUnguarded, QueryFailed
from sync.names import resolve_table
from sync.plan import TableRef
from sync.query_errors import SqlRefused
from sync.receipt import columns_of, part_of
from sync.warehouse.asking import Ask, Sink, talk
from sync.warehouse.exposure import WHOLE, Exposure
from sync.warehouse.guard import (
    MOST_TREE_CHARACTERS,
    named_tables,
    short_path,
    shorten_names,
    split_explain,
)
from sync.warehouse.manifest import Manifest, ManifestEntry, read_manifest
from sync.warehouse.query import CompiledQuery, compile_query
from sync.warehouse.query_limits import QueryLimits, failure, not_parsed, read_tree
from sync.warehouse.query_request import Shown, hidden_by, refuse_homonyms, request
from sync.warehouse.walls import Walls, walls
from sync.warehouse.zygote import Zygote, ZygoteGone

TRIES = 2
"""A query whose zygote was killed is asked again of a new one: it only reads."""
PATIENCE = 6
"""So many times longer may a query run that somebody said yes to."""


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
    of: TableRef
    """The table of bot.toml it is a copy of; of a trial it has another name."""
    generation: str
    as_of: str
    """ISO 8601 UTC moment of Oracle that the copy shows; of an imported table, of the import."""
    published_at: str
    rows: int
    """In the whole copy."""
    part: str = ""
    """Which rows alone it holds, in signs; empty for all."""
    columns: tuple[int, int] | None = None
    """How many columns of how many it holds, where a wish left some out."""
    imported: str = ""
    """Name of the file the table was imported from; empty of a copy from Oracle."""
    shared_by: str = ""
    """Who shared that file in the thread; empty of one an admin imported."""


class QueryResult(BaseModel):
    """Rows as plain values, in the query's order."""

    model_config = ConfigDict(frozen=True)

    columns: tuple[ResultColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]
    """DECIMAL as exact text, moments as ISO 8601, BLOB as hex, NaN and infinity as text."""
    truncated: bool
    """There are more rows than these."""
    basis: tuple[Basis, ...]
    """Of each table that was named."""


class Queries:
    """Runs compiled queries, each in a process of its own. Thread-safe; one for a process.

    Nothing starts before `prepare` or the first `run`. A process forked from this one must open
    its own. How many run at once is bounded by whoever asks.
    """

    def __init__(self, root: Path, limits: QueryLimits, walls: Walls, zygote: Zygote) -> None:
        self.walls = walls
        self._root = root
        self._limits = limits
        self._zygote = zygote
        self._sink: Sink | None = None
        self._around = ("", "")
        self._files: tuple[ManifestEntry, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def prepare(self) -> None:
        """Have a process ready for the next query, or on its way."""
        if self.walls.files != "none":
            self._zygote.prepare()

    def taking(
        self,
        *,
        rows: int | None = None,
        size: int | None = None,
        seconds: float | None = None,
        patient: bool = False,
        any_cost: bool = False,
        sink: Sink | None = None,
        around: tuple[str, str] | None = None,
        files: Sequence[ManifestEntry] = (),
    ) -> "Queries":
        """The same processes for other answers: up to *rows* and *size* bytes of them.

        None takes more than *seconds*, where it is *patient* `PATIENCE` times as long. *any_cost*
        runs it however large its plan is. Rows go to *sink*, where there is one. What is asked is
        set as a subquery between the two pieces of SQL of *around*, which must be our own. *files*
        are there beside the copies, though no manifest names them.
        """
        other, limits = copy(self), self._limits
        other._limits = limits.model_copy(  # noqa: SLF001 -- our own
            update={
                "rows": rows or limits.rows,
                "bytes": size or limits.bytes,
                "seconds": min(limits.seconds, seconds or limits.seconds)
                * (PATIENCE if patient else 1),
                "planned_rows": None if any_cost else limits.planned_rows,
            }
        )
        other._sink = sink or self._sink  # noqa: SLF001 -- the same
        other._around = around or self._around  # noqa: SLF001 -- the same
        other._files = tuple(files) or self._files  # noqa: SLF001 -- the same
        return other

    def run(
        self, compiled: CompiledQuery, entry: ManifestEntry, exposure: Exposure = WHOLE
    ) -> QueryResult:
        """The rows of *compiled*, which was compiled against *entry* as *exposure* shows it.

        A generation that was pruned in between is replaced by the current one, once. Raises
        `QueryTimeout`, `QueryFailed`, `QueriesUnguarded`, `TableNotSynced` and `WarehouseDamaged`.
        """

        def attempt(ask: Ask, manifest: Manifest) -> _Asked:
            nonlocal entry, compiled
            if not manifest.names(entry.ref, entry.generation):
                entry = manifest.entry(entry.ref)
                compiled = compile_query(compiled.query, exposure.shape(entry))
            path = (entry.ref.schema_name, entry.ref.table)
            request = self._request(compiled.sql, [Shown(entry, exposure, path)])
            request["params"] = compiled.params
            request["rows"] = min(self._limits.rows, compiled.query.limit)
            return _Asked(ask(request), (Shown(entry, exposure, path),))

        return self._result(attempt)

    def run_sql(
        self,
        sql: str,
        known: Sequence[TableRef],
        exposure_of: Callable[[TableRef], Exposure],
        *,
        entry_of: Callable[[Manifest, TableRef], ManifestEntry] = Manifest.entry,
        instead: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    ) -> QueryResult:
        """The rows of *sql*, which may name the tables of *known*, as far as each is shown.

        *entry_of* chooses the copy of each table, a kept one in place of the current. *instead*
        makes another statement of the tree of *sql*, which is guarded and run in its place. Raises
        besides what `run` raises `SqlRefused`, `SqlInvalid`, `QueryTooCostly`, `QueryTooLarge`,
        `TableNotOffered`, `TableAmbiguous`, `ColumnHidden`, and what the two functions raise.
        """
        text, explain = split_explain(sql)

        def attempt(ask: Ask, manifest: Manifest) -> _Asked:
            folder = str(self._root.absolute())
            parsed = ask(
                {
                    "parse": text,
                    "most_characters": MOST_TREE_CHARACTERS,
                    "files": [folder],
                    "seconds": self._limits.seconds,
                }
            )
            if "error" in parsed:
                raise not_parsed(parsed)
            shown: list[Shown] = []
            tree = read_tree(parsed["tree"])
            if instead is not None:
                tree = instead(tree)
            for path in named_tables(tree):
                ref = resolve_table(".".join(path), known)
                entry = entry_of(manifest, ref)
                exposure = exposure_of(entry.receipt.of)
                shown.append(Shown(entry, exposure, short_path(path)))
            refuse_homonyms(shown)
            if explain and any(one.exposure.is_partial for one in shown):
                raise SqlRefused(reason="a plan would show more of a table than you may see.")
            request = self._request(parsed["sql"], shown)
            request["tree"] = tree if shorten_names(tree) or instead else None
            request["explain"] = explain
            request["planned_rows"] = self._limits.planned_rows
            return _Asked(ask(request), tuple({one.entry.ref: one for one in shown}.values()))

        return self._result(attempt)

    def run_own(
        self,
        sql: str,
        params: Sequence[str],
        copies: Mapping[str, ManifestEntry],
        exposure: Exposure,
    ) -> QueryResult:
        """The rows of *sql*, which must be our own, over copies of one table, kept ones too.

        Each is shown under its name in *copies* as *exposure* tells. Raises what `run` raises,
        `QueryTooLarge` and `RowTooLarge`.
        """
        shown = tuple(Shown(entry, exposure, (name,)) for name, entry in copies.items())

        def attempt(ask: Ask, _: Manifest) -> _Asked:
            return _Asked(ask({**self._request(sql, shown), "params": params}), shown)

        return self._result(attempt)

    def close(self) -> None:
        """End every process; queries at hand fail."""
        self._zygote.close()

    def _request(self, sql: str, shown: Sequence[Shown]) -> dict[str, Any]:
        return {
            **request(self._root, sql, shown, self._limits),
            "around": self._around,
            "batches": self._sink is not None,
        }

    def _result(self, attempt: "Callable[[Ask, Manifest], _Asked]") -> QueryResult:
        if self.walls.files == "none":
            raise QueriesUnguarded
        try:
            answered = self._attempted(attempt)
            if answered.answer.get("error") == "gone":
                answered = self._attempted(attempt)
        finally:
            self._zygote.prepare()
        answer = answered.answer
        if "error" in answer:
            entries = [one.entry for one in answered.shown]
            shapes = [one.exposure.shape(one.entry) for one in answered.shown]
            columns = [column.name for shape in shapes for column in shape.columns]
            raise hidden_by(answer, answered.shown) or failure(
                answer, entries, self._limits, columns
            )
        return QueryResult(
            columns=tuple(ResultColumn(name=name, type=kind) for name, kind in answer["columns"]),
            rows=answer["rows"],
            truncated=answer["truncated"],
            basis=tuple(
                Basis(
                    ref=entry.ref,
                    of=entry.receipt.of,
                    generation=entry.generation,
                    as_of=entry.as_of,
                    published_at=entry.published_at,
                    rows=entry.rows,
                    part=part_of(entry.receipt),
                    columns=columns_of(entry.receipt),
                    imported=entry.receipt.imported,
                    shared_by=entry.receipt.shared_by,
                )
                for entry in (one.entry for one in answered.shown)
            ),
        )

    def _attempted(self, attempt: "Callable[[Ask, Manifest], _Asked]") -> "_Asked":
        """Try with one child, or with a second one where the first fell with its zygote."""
        for _ in range(TRIES):
            try:
                limits = self._limits
                with talk(self._zygote, limits.seconds, limits.bytes, self._sink) as ask:
                    return attempt(ask, read_manifest(self._root).beside(self._files))
            except ZygoteGone:
                continue
        raise QueryFailed(reason="its process ended without an answer.")


def open_queries(root: Path, limits: QueryLimits, behind: Walls | None = None) -> Queries:
    """Make what runs queries on the warehouse *root*; *behind* this machine's walls, or fewer."""
    standing = behind or walls()
    return Queries(root, limits, standing, Zygote(standing))


@dataclass(frozen=True)
class _Asked:
    """What a child answered, and the copies it was given."""

    answer: dict[str, Any]
    shown: tuple[Shown, ...]
