"""``explain_change``: one question asked of two moments, and what moved between them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field

from agent.conversation import Table
from agent.deps import AnalystDeps, Language
from agent.remarks import Remark, remark
from agent.tools.assumptions import assumed
from agent.tools.base import BaseTool, ToolResult
from agent.tools.copies import read_copies
from agent.tools.model_view import rows_for_model
from agent.tools.moved_figures import Figure, Movement, movement
from agent.tools.reading import EVERY_ROW, Source, note_read, read
from agent.tools.table_changes import table_changes
from sync.errors import BadQuery, ColumnNotFound
from sync.past_errors import NothingToCompare
from sync.query_errors import SqlInvalid
from sync.warehouse.kept import copy_before, entry_of, not_kept, while_kept
from sync.warehouse.manifest import ManifestEntry
from sync.warehouse.query_process import Queries, QueryResult

TOP = 10
_MOST_ROWS = 10_000
_MOST_BYTES = 2_000_000
"""Of each of the two results."""
_HEADS: dict[Language, tuple[str, str, str, str]] = {
    "ko": ("항목", "이전", "이후", "차이"),
    "en": ("what", "before", "after", "difference"),
}
_ROWS = {"ko": "행 수", "en": "rows"}


class ExplainChangeParameters(Source):
    """The question behind a number, and since when it changed."""

    since: datetime | None = Field(
        default=None,
        description="Compare with the copy as of this moment, ISO 8601; by default with the one "
        "before the current one.",
    )


class ExplainChangeTool(BaseTool[ExplainChangeParameters]):
    """``explain_change``."""

    name = "explain_change"
    description = (
        "Tell why a number changed: asks the same query or SQL of the current copies and of those "
        "before, and tells which figures and groups moved most, and how many rows were added, "
        "removed and changed, in which columns. Group by what may explain it: by status, by month. "
        "The person sees it as a table."
    )
    parameters = ExplainChangeParameters

    def run(
        self, deps: AnalystDeps, parameters: ExplainChangeParameters, _call_id: str, /
    ) -> ToolResult:
        """Ask twice and compare.

        Raises `NothingToCompare`, `MomentNotKept`, `GenerationNotKept`, and what `query_table` and
        `run_sql` raise; a plan that is too large is not asked for here.
        """
        question = _whole(parameters)
        queries = deps.queries.taking(rows=_MOST_ROWS, size=_MOST_BYTES)
        now = read(deps, question, queries)
        pairs = _pairs(deps, parameters.since, now.result)
        remarks = [*_assumed(deps, question, pairs[0][1])]
        moved, failed = Movement(()), ""
        where = question.query.where if question.query else ()
        with while_kept(deps.warehouse, [(old.ref, old.generation) for old, _ in pairs]):
            try:
                before = _before(deps, question, queries, [old for old, _ in pairs])
                moved = movement(before, now.result, _groups(question, pairs))
            except (ColumnNotFound, SqlInvalid, BadQuery) as error:  # the newer copies do answer it
                failed = str(error)
                remarks.append(remark("change.not_then"))
            told = [
                table_changes(deps, one.table, pair, where, now.sees)
                for one, pair in zip(now.basis, pairs, strict=True)
            ]
        remarks += [one for table in told for one in table.remarks]
        shown = _table(deps.language, moved, now.sql, remarks)
        note_read(deps, now, "change")
        data: dict[str, Any] = {
            "tables": [table.data for table in told],
            "figures_that_moved": sum(not one.is_same for one in moved.figures),
            **({"before_cannot_be_asked": failed} if failed else {}),
            **rows_for_model(now.sees, shown, deps.result_chars),
        }
        return ToolResult(ok=True, data=data, basis=now.basis, table=shown)


def _whole(parameters: ExplainChangeParameters) -> ExplainChangeParameters:
    """The same question for all of its rows: the top five may have been others then."""
    if parameters.query is None:
        return parameters
    query = parameters.query.model_copy(update={"limit": EVERY_ROW})
    return parameters.model_copy(update={"query": query})


def _before(
    deps: AnalystDeps,
    question: ExplainChangeParameters,
    queries: Queries,
    copies: Sequence[ManifestEntry],
) -> QueryResult:
    """What *copies* answer; raises `GenerationNotKept` where one is pruned."""
    kept = {one.ref: one for one in copies}
    result = read(deps, question, queries, kept).result
    for one in result.basis:
        if one.generation != kept[one.ref].generation:  # the current copy answered in its place
            current = read_copies(deps).entry(one.ref)
            raise not_kept(current, kept[one.ref].generation)
    return result


def _pairs(
    deps: AnalystDeps, since: datetime | None, now: QueryResult
) -> list[tuple[ManifestEntry, ManifestEntry]]:
    """The copy before and the one that was asked, of each table.

    A table of which one copy alone is kept stands on both sides, unless there is no other table.
    """
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=ZoneInfo(deps.timezone))
    pairs: list[tuple[ManifestEntry, ManifestEntry]] = []
    alone: list[NothingToCompare] = []
    manifest = read_copies(deps)
    for answered in now.basis:
        current = manifest.entry(answered.ref)
        asked = entry_of(deps.warehouse, current, answered.generation)
        try:
            before = copy_before(deps.warehouse, current, answered.generation, since)
        except NothingToCompare as error:
            alone.append(error)
            before = asked
        pairs.append((before, asked))
    if not pairs:
        raise BadQuery(reason="it names no table, so nothing in it can have changed.")
    if len(alone) == len(pairs):
        raise alone[0]
    return pairs


def _groups(
    parameters: ExplainChangeParameters, pairs: Sequence[tuple[ManifestEntry, ManifestEntry]]
) -> tuple[str, ...]:
    """The columns that name a row of the result, where the question tells them."""
    query = parameters.query
    if query is None:
        return ()
    if query.group_by or query.aggregates:
        return tuple(
            group if isinstance(group, str) else f"{group.column}_{group.unit}"
            for group in query.group_by
        )
    return pairs[0][1].key


def _assumed(
    deps: AnalystDeps, parameters: ExplainChangeParameters, entry: ManifestEntry
) -> tuple[Remark, ...]:
    """What the question takes for granted."""
    if parameters.query is None:
        return ()
    return assumed(parameters.query, deps.exposure(entry.receipt.of).shape(entry))


def _table(language: Language, moved: Movement, sql: str, remarks: Sequence[Remark]) -> Table:
    """Draw what moved most: four columns, whatever the question gives."""
    figures = moved.figures[:TOP]
    kinds = {one.kind for one in figures}
    kind = kinds.pop() if len(kinds) == 1 else "DECIMAL"
    several = len({one.name for one in moved.figures}) > 1
    told: list[Remark] = []
    if figures and all(one.is_same for one in moved.figures) and moved.is_matched:
        told.append(remark("change.same"))
    if not moved.is_matched:
        told.append(remark("change.unmatched"))
    if moved.is_cut:
        told.append(remark("change.cut"))
    return Table(
        columns=_HEADS[language],
        types=("VARCHAR", kind, kind, kind),
        rows=tuple(
            (
                _what(language, one, several=several),
                one.before,
                one.after,
                None if one.difference is None else f"{one.difference:f}",
            )
            for one in figures
        ),
        truncated=len(moved.figures) > TOP,
        sql=sql,
        remarks=(*told, *remarks),
    )


def _what(language: Language, one: Figure, *, several: bool) -> str:
    name = one.name or _ROWS[language]
    return " · ".join([*one.group, name] if several or not one.group else one.group)


CHANGE_TOOLS = (ExplainChangeTool(),)
