"""The tools that read the copies: which there are, what is in them, and one table's rows."""

from collections import Counter
from dataclasses import replace
from typing import Any

from pydantic import Field

from agent.conversation import Table
from agent.deps import AnalystDeps
from agent.events import Basis, moment_told
from agent.tools.assumptions import assumed
from agent.tools.base import BaseTool, Parameters, ToolResult, within
from agent.tools.empty_result import empty_for_model, empty_remarks, told_empty
from agent.tools.model_view import for_model, question_with_sizes, without_sizes
from sync.access_errors import NotAllowed
from sync.audit import note
from sync.names import resolve_table, shown_name, shown_names
from sync.plan import TableRef
from sync.receipt import columns_of, part_of
from sync.warehouse.exposure import Exposure
from sync.warehouse.manifest import Manifest, ManifestEntry, read_manifest
from sync.warehouse.query import Aggregate, Query, compile_query

_COMMENT_CHARS = 200


def copies(deps: AnalystDeps) -> dict[TableRef, ManifestEntry]:
    """Read which of the offered tables are copied now, in the order they are offered."""
    manifest = read_manifest(deps.warehouse)
    published = {entry.ref: entry for entry in manifest.entries}
    return {ref: published[ref] for ref in visible(deps, manifest) if ref in published}


def visible(deps: AnalystDeps, manifest: Manifest) -> tuple[TableRef, ...]:
    """Name what may be asked about: the offered tables, trials of them, and imported ones."""
    trials = (entry for entry in manifest.entries if entry.receipt.trial_of in deps.offered)
    return (*deps.offered, *(entry.ref for entry in trials), *imported(deps, manifest))


def imported(deps: AnalystDeps, manifest: Manifest) -> tuple[TableRef, ...]:
    """Name the imported tables that the caller may see."""
    return tuple(ref for ref in manifest.imported if ref not in deps.hidden)


class ListTablesParameters(Parameters):
    """Takes nothing."""


class ListTablesTool(BaseTool[ListTablesParameters]):
    """``list_tables``."""

    name = "list_tables"
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
    description = (
        "Tell how many rows a copied table has, its size, its key, the names of its columns and as "
        "of when it is. For types, comments and codes of columns use describe_table."
    )
    parameters = GetTableStatsParameters

    def run(
        self, deps: AnalystDeps, parameters: GetTableStatsParameters, _call_id: str, /
    ) -> ToolResult:
        """Read one manifest entry. Raises TableNotSynced where there is none."""
        manifest = read_manifest(deps.warehouse)
        known = visible(deps, manifest)
        ref = resolve_table(parameters.table, known)
        entry = manifest.entry(ref)
        basis = basis_of(deps, shown_name(ref, known), entry)
        exposure = deps.exposure(entry.receipt.trial_of or ref)
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
    description = (
        "Read one copied table: choose columns, filter, group, aggregate, order. The rows are "
        "shown to the person as a table. Aggregate here instead of adding up rows yourself."
    )
    parameters = Query

    def run(self, deps: AnalystDeps, parameters: Query, _call_id: str, /) -> ToolResult:
        """Run the query. Raises TableNotSynced, ColumnNotFound, BadQuery, QueryTimeout, …."""
        manifest = read_manifest(deps.warehouse)
        known = visible(deps, manifest)
        ref = resolve_table(parameters.table, known)
        entry = manifest.entry(ref)
        sees = deps.model_sees(entry.receipt.trial_of or ref)
        exposure = deps.exposure(entry.receipt.trial_of or ref)
        asked, shape = question_with_sizes(sees, parameters), exposure.shape(entry)
        result = deps.queries.run(compile_query(asked, shape), entry, exposure)
        empty = told_empty(deps, parameters, result.rows, entry, exposure)
        note(
            deps.redis,
            deps.caller.team,
            "query",
            who=deps.caller.user,
            subject=f"{ref.source}.{ref}",
            where=deps.thread,
            detail=parameters.model_dump_json(exclude_defaults=True),
        )
        found = Table(
            columns=tuple(column.name for column in result.columns),
            types=tuple(column.type for column in result.columns),
            rows=result.rows,
            truncated=result.truncated and not _asks_for_the_first(parameters),
            sql=compile_query(parameters, shape).text,
            remarks=assumed(parameters, shape) + (empty_remarks(empty) if empty else ()),
        )
        # The query itself may have met a newer copy than the entry it was compiled against.
        name = shown_name(ref, known)
        read = result.basis[0]
        basis = as_shown(
            Basis(name, read.rows, read.as_of, read.part, read.columns, read.imported), exposure
        )
        data: dict[str, Any] = {"table": name, **moment_told(basis), **lacks(basis)}
        data |= kept_back(exposure) | (empty_for_model(sees, empty) if empty else {})
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


def what_fits(name: str, lines: list[Any], most_chars: int) -> dict[str, Any]:
    """List what the model can read, and say how many are left out."""
    kept = within(lines, most_chars)
    left_out = len(lines) - len(kept)
    return {name: kept, "left_out": left_out} if left_out else {name: kept}


def _table_line(
    deps: AnalystDeps, name: str, ref: TableRef, entry: ManifestEntry | None
) -> dict[str, Any]:
    exposure = deps.exposure((entry and entry.receipt.trial_of) or ref)
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


def kept_back(exposure: Exposure) -> dict[str, Any]:
    """Tell the model by which rule its caller is shown less than the table holds."""
    if not exposure.is_partial:
        return {}
    some = {"only_rows_of_rule": exposure.rule} if exposure.where else {}
    return {"shown_by_rule": exposure.rule, **some}


def rows_shown(deps: AnalystDeps, entry: ManifestEntry, exposure: Exposure) -> int | None:
    """Count the rows that are shown; it takes a query where a rule leaves some out."""
    if not exposure.where:
        return entry.rows
    count = Query(table=entry.ref.table, aggregates=[Aggregate(function="count")])
    result = deps.queries.run(compile_query(count, exposure.shape(entry)), entry, exposure)
    return int(str(result.rows[0][0])) if result.rows else None


def as_shown(basis: Basis, exposure: Exposure) -> Basis:
    """Name the rule that limits what was read; how many rows there are is for who is shown all."""
    if not exposure.is_partial:
        return basis
    return replace(basis, rows=None if exposure.where else basis.rows, rule=exposure.rule)


def lacks(basis: Basis) -> dict[str, str]:
    """Tell the model what of its table a copy has not; nothing where it has all of it."""
    told = {"only_rows": basis.part} if basis.part else {}
    if basis.columns:
        told["only_columns"] = "{} of {}".format(*basis.columns)
    return told


def basis_of(deps: AnalystDeps, name: str, entry: ManifestEntry) -> Basis:
    """Say what an answer from a copy rests on."""
    receipt = entry.receipt
    part, columns = part_of(receipt), columns_of(receipt)
    basis = Basis(name, entry.rows, entry.as_of, part, columns, receipt.imported)
    return as_shown(basis, deps.exposure(receipt.trial_of or entry.ref))


def short(comment: str | None) -> str | None:
    """Cut a comment to what the model needs of it."""
    return comment[:_COMMENT_CHARS] if comment else None
