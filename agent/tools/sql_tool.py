"""``run_sql``: SQL by the model, run behind three walls over what its caller may see."""

from typing import Annotated, Any

from pydantic import Field

from agent.conversation import Table
from agent.deps import AnalystDeps, ModelSees
from agent.events import moment_told
from agent.tools.assumptions import assumed_by_model
from agent.tools.base import BaseTool, Parameters, ToolResult
from agent.tools.copies import bases_of, lacks, note_query, read_copies, visible
from agent.tools.costly_sql import by_a_yes
from agent.tools.empty_result import empty_for_model, empty_remarks, told_empty_sql
from agent.tools.model_view import rows_for_model
from sync.warehouse.guard import MAX_SQL_CHARACTERS
from sync.warehouse.query_process import QueryResult

_MOST_CLOSED_FIRST: tuple[ModelSees, ...] = ("schema", "aggregates", "rows")


class RunSqlParameters(Parameters):
    """One SELECT."""

    sql: str = Field(
        max_length=MAX_SQL_CHARACTERS,
        description="One SELECT in DuckDB's SQL, over tables named TABLE or SCHEMA.TABLE.",
    )
    assumptions: list[Annotated[str, Field(max_length=200)]] = Field(
        default=[],
        max_length=5,
        description="What the SQL takes for granted that the person did not say, each in a few "
        "words of their language: the range of dates, the time zone, what is left out.",
    )


class RunSqlTool(BaseTool[RunSqlParameters]):
    """``run_sql``."""

    name = "run_sql"
    description = (
        "Run one SELECT (DuckDB SQL) over copied tables: joins, window functions, subqueries. For "
        "a plain question about one table use query_table. The person sees the rows as a table. "
        "Write dates and numbers into the SQL, and give figures short names with AS. Look at "
        "describe_table first if you do not know the columns."
    )
    parameters = RunSqlParameters

    def run(self, deps: AnalystDeps, parameters: RunSqlParameters, call_id: str, /) -> ToolResult:
        """Run it, or ask for a yes where its plan is too large.

        Raises SqlRefused, SqlInvalid, TableNotOffered, ….
        """
        return by_a_yes(
            deps,
            parameters.sql,
            "rows",
            call_id,
            lambda costly: self._answer(deps, parameters, costly=costly),
        )

    def _answer(
        self, deps: AnalystDeps, parameters: RunSqlParameters, *, costly: bool
    ) -> ToolResult:
        known = visible(deps, read_copies(deps))
        queries = deps.queries.taking(patient=costly, any_cost=costly)
        result = queries.run_sql(parameters.sql, known, deps.exposure)
        empty = told_empty_sql(deps, parameters.sql, known, result.rows)
        note_query(deps, result, parameters.sql)
        sees, basis = sees_of(deps, result), bases_of(deps, result)
        shown = Table(
            columns=tuple(column.name for column in result.columns),
            types=tuple(column.type for column in result.columns),
            rows=result.rows,
            truncated=result.truncated,
            sql=parameters.sql,
            remarks=(
                *assumed_by_model(parameters.assumptions),
                *(empty_remarks(empty) if empty else ()),
            ),
        )
        data: dict[str, Any] = {
            "tables": [{"table": one.table, **moment_told(one), **lacks(one)} for one in basis],
            **rows_for_model(sees, shown, deps.result_chars),
            **(empty_for_model(sees, empty) if empty else {}),
        }
        return ToolResult(ok=True, data=data, basis=basis, table=shown)


def sees_of(deps: AnalystDeps, result: QueryResult) -> ModelSees:
    """What the model may see of a result: what it may of the table it may see least of.

    SQL may show single records in many ways, so of tables whose figures alone it may see it gets
    nothing here; `query_table` knows how many rows each of its figures is of.
    """
    each = {deps.model_sees(read.of) for read in result.basis}
    for sees in _MOST_CLOSED_FIRST:
        if sees in each:
            return sees
    return "rows"


SQL_TOOLS = (RunSqlTool(),)
