"""A schedule's result condition as the model writes it."""

from pydantic import Field, ValidationError

from agent.deps import AnalystDeps
from agent.tools.base import Parameters, ToolResult, refused
from agent.tools.said_once import Conditions
from sync.access_errors import ColumnHidden
from sync.names import resolve_table
from sync.plan import TableRef
from sync.result_condition import MAX_FILTERS, Comparison, ResultCondition
from sync.warehouse.query import AggregateFunction


class TellIf(Parameters):
    """A figure of the copy compared with a number; by default, whether any row fits."""

    channel: str = Field(
        max_length=200,
        description="As the person wrote it: <#C024BE91L|ops>.",
    )
    table: str | None = Field(default=None, description="Of the schedule's; by default its first.")
    where: Conditions = Field(
        default=[], max_length=MAX_FILTERS, description="As in query_table; none for all rows."
    )
    function: AggregateFunction = "count"
    column: str | None = Field(
        default=None, max_length=200, description="Of the figure; none for the number of rows."
    )
    op: Comparison = ">"
    value: int | float | str = Field(default=0, description="A number.")


def wished_condition(
    deps: AnalystDeps, wish: TellIf, refs: tuple[TableRef, ...]
) -> ResultCondition | ToolResult:
    """Read a condition about one of *refs*; a refusal where nothing could be told there."""
    channel = deps.find_channel(wish.channel)
    if channel.problem:
        return refused("channel_closed", f"Channel {channel.id}: {channel.problem}.")
    try:
        return _condition(deps, wish, refs, channel.id)
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        return refused("bad_schedule", f"This condition cannot be: {said}.")


def _condition(
    deps: AnalystDeps, wish: TellIf, refs: tuple[TableRef, ...], channel: str
) -> ResultCondition:
    """Read a condition as the model wrote it.

    Raises ValidationError for what is no number, and `ColumnHidden`.
    """
    table = resolve_table(wish.table, deps.offered) if wish.table else refs[0]
    exposure = deps.exposure(table)
    for name in (wish.column or "", *(one.column for one in wish.where)):
        rule = exposure.hides(name.strip())
        if rule:
            raise ColumnHidden(table=str(table), column=name, rule=rule)
    return ResultCondition(
        table=table,
        where=tuple(wish.where),
        function=wish.function,
        column=wish.column or "",
        op=wish.op,
        value=str(wish.value),
        channel=channel,
    )
