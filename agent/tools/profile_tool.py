"""``profile_column``: what values a column has, by one query."""

from typing import Any

from pydantic import Field

from agent.conversation import Table
from agent.deps import AnalystDeps, Language, ModelSees
from agent.events import moment_told
from agent.tools.base import BaseTool, Parameters, ToolResult
from agent.tools.copies import bases_of, find_copy, kept_back, lacks, note_query
from agent.tools.model_view import SMALLEST_GROUP, rows_for_model
from sync.errors import BadQuery
from sync.plan import Column, TableRef
from sync.warehouse.query import find_column
from sync.warehouse.query_process import Cell
from sync.warehouse.query_values import TEXT_TYPES, TIME_TYPES, is_number, require_order
from sync.warehouse.sql import quote, text

TOP_VALUES = 10
_VALUE_CHARACTERS = 100

_COUNTS = ("rows", "nulls", "distinct")
_VALUES = ("min", "quarter", "median", "three_quarters", "max")
_LABELS: dict[str, tuple[str, str]] = {
    "rows": ("전체 행", "all rows"),
    "nulls": ("값 없음", "without a value"),
    "distinct": ("서로 다른 값", "different values"),
    "min": ("최솟값", "smallest"),
    "quarter": ("25% 지점", "25% are up to"),
    "median": ("중앙값", "median"),
    "three_quarters": ("75% 지점", "75% are up to"),
    "max": ("최댓값", "largest"),
    "top": ("자주 나오는 값", "frequent value"),
}
"""Korean, English: what people read beside each figure."""
_HEADS = {"ko": ("항목", "값", "행 수"), "en": ("what", "value", "rows")}


class ProfileColumnParameters(Parameters):
    """Which column."""

    table: str = Field(max_length=200, description="SCHEMA.TABLE or TABLE.")
    column: str = Field(max_length=200, description="A column of the table.")


class ProfileColumnTool(BaseTool[ProfileColumnParameters]):
    """``profile_column``."""

    name = "profile_column"
    only_reads = True
    description = (
        "Tell what values a column of a copied table has: rows, nulls, different values, smallest "
        f"and largest, quartiles of numbers, and the {TOP_VALUES} most frequent values with their "
        "counts. Use it to find how a code or a name is spelled before you filter by it. The "
        "person sees it as a table."
    )
    parameters = ProfileColumnParameters

    def run(
        self, deps: AnalystDeps, parameters: ProfileColumnParameters, _call_id: str, /
    ) -> ToolResult:
        """Run the query. Raises TableNotSynced, ColumnNotFound, QueryTimeout, …."""
        found = find_copy(deps, parameters.table)
        ref, exposure = found.entry.ref, found.exposure
        column = find_column(exposure.shape(found.entry), parameters.column)
        result = deps.queries.run_sql(_sql(ref, column), [ref], lambda _: exposure)
        note_query(deps, result, f"profile of {column.name}")
        basis = bases_of(deps, result)[0]
        shown = _table(deps.language, result.rows)
        data = {
            "table": basis.table,
            "column": column.name,
            "type": column.duckdb_type,
            **moment_told(basis),
            **lacks(basis),
            **kept_back(exposure),
            **_for_model(found.sees, result.rows, shown, deps.result_chars),
        }
        return ToolResult(ok=True, data=data, basis=(basis,), table=shown)


def _sql(ref: TableRef, column: Column) -> str:
    """One statement: a group a value, and all figures from the groups."""
    name, table = quote(column.name), f"{quote(ref.schema_name)}.{quote(ref.table)}"
    facts = [
        "SELECT 1, 'rows', NULL, CAST(coalesce(sum(n), 0) AS BIGINT) FROM g",
        "SELECT 2, 'nulls', NULL, CAST(coalesce(sum(n) FILTER (v IS NULL), 0) AS BIGINT) FROM g",
        "SELECT 3, 'distinct', NULL, count(v) FROM g",
    ]
    if _has_order(column):
        facts += [
            "SELECT 4, 'min', CAST(min(v) AS VARCHAR), NULL FROM g",
            "SELECT 8, 'max', CAST(max(v) AS VARCHAR), NULL FROM g",
        ]
    if _has_order(column) and is_number(column.duckdb_type):
        facts += [
            f"SELECT {step}, {text(fact)}, "  # noqa: S608 -- quoted names and our own words
            f"CAST(quantile_cont({name}, {share}) AS VARCHAR), NULL FROM {table}"
            for step, fact, share in (
                (5, "quarter", 0.25),
                (6, "median", 0.5),
                (7, "three_quarters", 0.75),
            )
        ]
    facts.append(
        "SELECT 9, 'top', CAST(v AS VARCHAR), n FROM "  # noqa: S608
        f"(SELECT v, n FROM g WHERE v IS NOT NULL ORDER BY n DESC, v LIMIT {TOP_VALUES}) t"
    )
    return (
        f"WITH g AS MATERIALIZED (SELECT {name} AS v, count(*) AS n FROM {table} GROUP BY 1), "  # noqa: S608
        f"f(step, fact, v, n) AS ({' UNION ALL '.join(facts)}) "
        f"SELECT fact, left(v, {_VALUE_CHARACTERS}), n FROM f ORDER BY step, n DESC, v"
    )


def _has_order(column: Column) -> bool:
    try:
        require_order(column, "the size")
    except BadQuery:
        return False
    kind = column.duckdb_type
    return kind in {*TEXT_TYPES, *TIME_TYPES} or is_number(kind)


def _table(language: Language, rows: tuple[tuple[Cell, ...], ...]) -> Table:
    """The same as people read it."""
    at = 0 if language == "ko" else 1
    return Table(
        columns=_HEADS[language],
        types=("VARCHAR", "VARCHAR", "BIGINT"),
        rows=tuple((_LABELS[str(fact)][at], value, count) for fact, value, count in rows),
        truncated=False,
    )


def _for_model(
    sees: ModelSees, rows: tuple[tuple[Cell, ...], ...], shown: Table, most_chars: int
) -> dict[str, Any]:
    """What the model may read of it, by what it may see of the table."""
    if sees == "schema":
        return rows_for_model(sees, shown, most_chars)
    counts = {str(fact): count for fact, _, count in rows if fact in _COUNTS}
    top = [(value, int(str(count))) for fact, value, count in rows if fact == "top"]
    if sees == "aggregates":
        told = [one for one in top if one[1] >= SMALLEST_GROUP]
        return {
            **counts,
            **_top(told),
            "withheld": f"Values of fewer than {SMALLEST_GROUP} rows, and smallest, middle and "
            "largest values, are shown to the person below your answer and kept from you.",
        }
    values = {str(fact): value for fact, value, _ in rows if fact in _VALUES}
    return {**counts, **values, **_top(top)}


def _top(values: list[tuple[Cell, int]]) -> dict[str, Any]:
    return {"top": [{"value": value, "rows": count} for value, count in values]}


PROFILE_TOOLS = (ProfileColumnTool(),)
