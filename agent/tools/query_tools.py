"""The tools that read the copies: which there are, what is in them, and one table's rows."""

from collections import Counter
from typing import Any

from pydantic import Field

from agent.conversation import Table
from agent.deps import AnalystDeps
from agent.events import moment_told
from agent.tools.assumptions import assumed
from agent.tools.base import BaseTool, Parameters, ToolResult
from agent.tools.bridge import beyond, or_proposal
from agent.tools.copies import (
    bases_of,
    basis_of,
    copies,
    find_copy,
    kept_back,
    lacks,
    note_query,
    rows_shown,
    short,
    what_fits,
)
from agent.tools.empty_result import empty_for_model, empty_remarks, told_empty
from agent.tools.model_view import for_model, question_with_sizes, without_sizes
from sync.access_errors import NotAllowed
from sync.names import shown_names
from sync.plan import TableRef
from sync.warehouse.manifest import ManifestEntry
from sync.warehouse.query import Query, compile_query


class ListTablesParameters(Parameters):
    """Takes nothing."""


class ListTablesTool(BaseTool[ListTablesParameters]):
    """``list_tables``."""

    name = "list_tables"
    only_reads = True
    description = (
        "List the tables people may ask about: whether each has a copy, how many rows it has and "
        "as of when."
    )
    parameters = ListTablesParameters

    def run(
        self, deps: AnalystDeps, _parameters: ListTablesParameters, _call_id: str, /
    ) -> ToolResult:
        """Read the manifest."""
        found = copies(deps)
        listed = dict.fromkeys([*deps.offered, *found])
        names = shown_names(listed)
        lines = [_table_line(deps, names[ref], ref, found.get(ref)) for ref in listed]
        data = what_fits("tables", lines, deps.result_chars)
        if deps.hidden:
            data["not_shown_to_this_person"] = _hidden_by_rule(deps)
        basis = tuple(basis_of(deps, names[ref], entry) for ref, entry in found.items())
        return ToolResult(ok=True, data=data, basis=basis)


class GetTableStatsParameters(Parameters):
    """Which table."""

    table: str = Field(description="SCHEMA.TABLE or TABLE.")


class GetTableStatsTool(BaseTool[GetTableStatsParameters]):
    """``get_table_stats``."""

    name = "get_table_stats"
    only_reads = True
    description = (
        "Tell how many rows a copied table has, its size, its key, its columns and as of when it "
        "is. For types, comments and codes of columns use describe_table."
    )
    parameters = GetTableStatsParameters

    def run(
        self, deps: AnalystDeps, parameters: GetTableStatsParameters, _call_id: str, /
    ) -> ToolResult:
        """Read one manifest entry. Raises TableNotSynced where there is none."""
        found = find_copy(deps, parameters.table)
        entry, exposure = found.entry, found.exposure
        basis = basis_of(deps, found.name, entry)
        shown = exposure.shape(entry)
        columns = [column.name for column in shown.columns]
        return ToolResult(
            ok=True,
            data={
                "table": basis.table,
                "rows": rows_shown(deps, entry, exposure),
                **what_fits("columns", columns, deps.result_chars),
                "key": list(shown.key),
                **({} if exposure.is_partial else {"bytes": entry.bytes}),
                **moment_told(basis),
                **lacks(basis),
                **kept_back(exposure),
            },
            basis=(basis,),
        )


class QueryTableTool(BaseTool[Query]):
    """``query_table``: a closed question, compiled to bound SQL, run in a process of its own."""

    name = "query_table"
    only_reads = True
    description = (
        "Read one copied table: choose columns, filter, group, aggregate, order. The person sees "
        "the rows as a table. Aggregate here instead of adding up rows yourself."
    )
    parameters = Query

    def run(self, deps: AnalystDeps, parameters: Query, _call_id: str, /) -> ToolResult:
        """Run the query. Raises ColumnNotFound, BadQuery, QueryTimeout, …."""
        return or_proposal(deps, parameters, lambda: self._answer(deps, parameters))

    def _answer(self, deps: AnalystDeps, parameters: Query) -> ToolResult:
        copy = find_copy(deps, parameters.table)
        entry, exposure, sees = copy.entry, copy.exposure, copy.sees
        asked, shape = question_with_sizes(sees, parameters), exposure.shape(entry)
        result = deps.queries.run(compile_query(asked, shape), entry, exposure)
        empty = told_empty(deps, parameters, result.rows, entry, exposure)
        note_query(deps, result, parameters.model_dump_json(exclude_defaults=True))
        found = Table(
            columns=tuple(column.name for column in result.columns),
            types=tuple(column.type for column in result.columns),
            rows=result.rows,
            truncated=result.truncated and not _asks_for_the_first(parameters),
            sql=compile_query(parameters, shape).text,
            remarks=assumed(parameters, shape) + (empty_remarks(empty) if empty else ()),
        )
        basis = bases_of(deps, result)[0]
        data: dict[str, Any] = {"table": basis.table, **moment_told(basis), **lacks(basis)}
        data |= beyond(entry, parameters) | kept_back(exposure)
        data |= empty_for_model(sees, empty) if empty else {}
        shown, sizes = without_sizes(found)
        return ToolResult(
            ok=True,
            data={**data, **for_model(sees, parameters, shown, sizes, deps.result_chars)},
            basis=(basis,),
            table=shown,
        )


QUERY_TOOLS = (ListTablesTool(), GetTableStatsTool(), QueryTableTool())


def _asks_for_the_first(query: Query) -> bool:
    """Whether the first few were asked for, so that nothing is missing: the top five."""
    return bool(query.order_by) and "limit" in query.model_fields_set


def _table_line(
    deps: AnalystDeps, name: str, ref: TableRef, entry: ManifestEntry | None
) -> dict[str, Any]:
    exposure = deps.exposure(entry.receipt.of if entry else ref)
    if entry is None:
        return {"table": name, "synced": False, "rows": None, "as_of": None, "comment": None}
    basis = basis_of(deps, name, entry)
    return {
        "table": name,
        **({} if basis.imported else {"synced": True}),
        "rows": basis.rows,
        **moment_told(basis),
        "comment": short(entry.comment),
        **lacks(basis),
        **kept_back(exposure),
    }


def _hidden_by_rule(deps: AnalystDeps) -> list[dict[str, Any]]:
    """Count the tables that rules keep from the caller; their names are kept, too."""
    return [
        {"tables": count, "because": because}
        for because, count in Counter(_because(why) for why in deps.hidden.values()).items()
    ]


def _because(why: NotAllowed) -> str:
    return f"rule {why.params['rule']}" if "rule" in why.params else why.code
