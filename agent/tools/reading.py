"""What a chart, a file or a comparison is made from: a question or SQL, read for its caller."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from pydantic import Field, model_validator

from agent.deps import AnalystDeps, ModelSees
from agent.events import Basis
from agent.tools.base import Parameters
from agent.tools.copies import bases_of, find_copy, note_query, read_copies, visible
from agent.tools.said_once import QueryAsTold
from agent.tools.sql_tool import sees_of
from sync.plan import TableRef
from sync.warehouse.guard import MAX_SQL_CHARACTERS
from sync.warehouse.manifest import Manifest, ManifestEntry
from sync.warehouse.query import compile_query
from sync.warehouse.query_process import Queries, QueryResult

EVERY_ROW = 100_000_000
"""The limit of a question in which the model named none."""


class Source(Parameters):
    """A question as query_table takes it, or SQL as run_sql does."""

    query: QueryAsTold | None = Field(
        default=None,
        description="The arguments as of query_table: {table, where, group_by, aggregates, …}; "
        "without limit all rows.",
    )
    sql: str | None = Field(
        default=None,
        max_length=MAX_SQL_CHARACTERS,
        description="In place of query: one SELECT, as of run_sql.",
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.query is None) == (self.sql is None):
            raise ValueError("give either query or sql")
        return self


@dataclass(frozen=True)
class Read:
    """Rows, and what is to be said of where they come from."""

    result: QueryResult
    basis: tuple[Basis, ...]
    sees: ModelSees
    sql: str
    """As a person can read it."""
    first: int | None
    """How many rows were asked for, where somebody named a number: then no more are missing."""

    def is_cut(self, rows: int) -> bool:
        """Whether there are more than these *rows* of what was asked for."""
        return self.result.truncated and rows != self.first


def read(
    deps: AnalystDeps,
    source: Source,
    queries: Queries,
    kept: Mapping[TableRef, ManifestEntry] | None = None,
) -> Read:
    """Read what *source* asks for through *queries*, as far as the caller may see it.

    *kept* is the copy that is asked of each table; the current one of those that are not there.
    Raises what `query_table` and `run_sql` raise, `QueryTooCostly` where *queries* may not
    cost that much.
    """
    first = None
    kept = kept or {}
    if source.query is None:
        sql = source.sql or ""
        known = visible(deps, read_copies(deps))

        def entry_of(manifest: Manifest, ref: TableRef) -> ManifestEntry:
            return kept.get(ref) or manifest.entry(ref)

        result = queries.run_sql(sql, known, deps.exposure, entry_of=entry_of)
    else:
        query = source.query
        first = query.limit if "limit" in query.model_fields_set else None
        if first is None:
            query = query.model_copy(update={"limit": EVERY_ROW})
        copy = find_copy(deps, query.table)
        entry = kept.get(copy.entry.ref, copy.entry)
        compiled = compile_query(query, copy.exposure.shape(entry))
        result = queries.run(compiled, entry, copy.exposure)
        sql = compiled.text.removesuffix(f" LIMIT {EVERY_ROW}")
    return Read(result, bases_of(deps, result), sees_of(deps, result), sql, first)


def note_read(deps: AnalystDeps, read_: Read, what: str) -> None:
    """Note in the audit that *what*, such as a chart, was made of it."""
    note_query(deps, read_.result, f"{what}: {read_.sql}")
