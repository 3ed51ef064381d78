"""``describe_table``: what stands in a table, copied or not, as far as its caller may see it."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from agent.deps import AnalystDeps
from agent.events import moment_told
from agent.relevance import table_meant
from agent.tools.base import BaseTool, Parameters, ToolResult
from agent.tools.copies import basis_of, kept_back, lacks, read_copies, short, visible, what_fits
from sync.errors import TableNotSynced
from sync.names import resolve_table, shown_name
from sync.offered_catalog import KnownTable
from sync.plan import Column, TableRef, is_cut
from sync.warehouse.exposure import Exposure
from sync.warehouse.manifest import ManifestEntry


class DescribeTableParameters(Parameters):
    """Which table."""

    table: str = Field(max_length=200, description="SCHEMA.TABLE or TABLE.")


class DescribeTableTool(BaseTool[DescribeTableParameters]):
    """``describe_table``."""

    name = "describe_table"
    only_reads = True
    description = (
        "Tell what stands in a table, copied or not yet: its columns with types and comments, the "
        "key, what stored codes mean, and what is left out or disguised for this person. Use it "
        "before you write a query. For row count, size and age use get_table_stats."
    )
    parameters = DescribeTableParameters

    def run(
        self, deps: AnalystDeps, parameters: DescribeTableParameters, _call_id: str, /
    ) -> ToolResult:
        """Read one manifest entry, or what is known of Oracle. Raises TableNotSynced, …."""
        manifest = read_copies(deps)
        known = visible(deps, manifest)
        ref = resolve_table(parameters.table, known)
        entry = manifest.find(ref)
        if entry is None:
            return _of_oracle(deps, ref, shown_name(ref, known))
        exposure = deps.exposure(entry.receipt.of)
        basis = basis_of(deps, shown_name(ref, known), entry)
        shape = exposure.shape(entry)
        codes = _codes(deps, ref)
        columns = [
            _column(one, entry, exposure, codes.get(one.name.casefold(), {}))
            for one in shape.columns
        ]
        data = {
            "table": basis.table,
            "copied": True,
            **moment_told(basis),
            **lacks(basis),
            **kept_back(exposure),
            "comment": short(entry.comment),
            "key": list(shape.key),
            "you_see": deps.model_sees(entry.receipt.of),
            **what_fits("columns", columns, deps.result_chars),
        }
        left_out = _left_out(entry, exposure)
        return ToolResult(
            ok=True, data=data | ({"not_here": left_out} if left_out else {}), basis=(basis,)
        )


def _of_oracle(deps: AnalystDeps, ref: TableRef, name: str) -> ToolResult:
    """What Oracle's dictionary said of a table that has no copy. Raises `TableNotSynced`."""
    for source in deps.known_sources():
        for table in source.tables:
            if table.ref == ref and source.at:
                columns = [*_declared(table, deps.exposure(ref))]
                data = {
                    "table": name,
                    "copied": False,
                    "dictionary_as_of": source.at.isoformat(timespec="minutes"),
                    "comment": short(table.comment),
                    **what_fits("columns", columns, deps.result_chars),
                }
                return ToolResult(ok=True, data=data)
    raise TableNotSynced(table=name)


def _declared(table: KnownTable, exposure: Exposure) -> Iterator[dict[str, Any]]:
    for one in table.columns:
        if not exposure.hides(one.name):
            yield {
                "name": one.name,
                "oracle": one.oracle_type,
                **({} if one.nullable else {"never_null": True}),
                **({"comment": short(one.comment)} if one.comment else {}),
            }


def _column(
    column: Column, entry: ManifestEntry, exposure: Exposure, codes: dict[str, list[str]]
) -> dict[str, Any]:
    """What is said of a column: nothing that is as usual."""
    comment, mask = entry.column_comments.get(column.name), exposure.mask(column.name)
    told: dict[str, Any] = {"name": column.name, "type": column.duckdb_type}
    if not entry.ref.is_imported and not mask:
        told["oracle"] = column.oracle_type
    if not column.nullable and mask != "null":
        told["never_null"] = True
    if comment:
        told["comment"] = short(comment)
    if mask:
        told["shown_as"] = mask
    elif codes:
        told["codes"] = codes
    if is_cut(column):
        told["cut_to"] = column.limit
    return told


def _codes(deps: AnalystDeps, ref: TableRef) -> dict[str, dict[str, list[str]]]:
    """Words of the glossary for stored values, by column and value."""
    found: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for one in deps.glossary.code:
        if table_meant(one.table, [ref]):
            found[one.column.casefold()][one.value] = list(one.words)
    return found


def _left_out(entry: ManifestEntry, exposure: Exposure) -> list[dict[str, Any]]:
    """Columns of the table that this caller does not find; those a rule hides are counted."""
    receipt = entry.receipt
    skipped = {one.name for one in receipt.columns if not one.duckdb_type}
    copied = {one.name for one in entry.columns}
    there = copied | skipped | receipt.all_columns.keys()
    missing = sorted(name for name in there - copied if not exposure.hides(name))
    told: list[dict[str, Any]] = [{"column": name, "because": "not copied"} for name in missing]
    rules = Counter(rule for name in there if (rule := exposure.hides(name)))
    return told + [
        {"columns": count, "because": f"rule {rule}"} for rule, count in sorted(rules.items())
    ]


DESCRIBE_TOOLS = (DescribeTableTool(),)
