"""A schedule's result condition: one figure of a fresh copy, compared with a number.

It is a question of the closed vocabulary (`sync.warehouse.query`) whose answer is one number, and
is asked once of every publish of its table, whoever had it copied.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal, cast

import redis
from pydantic import AfterValidator, BaseModel, ConfigDict

from sync.errors import BadQuery, DuckferryError
from sync.inbox import put
from sync.plan import TableRef
from sync.state import run_script
from sync.warehouse.query import (
    Aggregate,
    AggregateFunction,
    Condition,
    Query,
    TableShape,
    compile_query,
    find_column,
)
from sync.warehouse.query_process import Cell
from sync.warehouse.query_values import is_number

Comparison = Literal["<", "<=", ">", ">=", "=", "!="]

MAX_FILTERS = 10
MAX_DIGITS = 40
_CHANNEL = re.compile(r"<#([CG][A-Z0-9]{2,})(?:\|[^<>]*)?>|([CG][A-Z0-9]{2,})")


def _decimal(text: str) -> str:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(f"{text[:MAX_DIGITS]!r} is not a number") from None
    if not number.is_finite() or len(f"{number:f}") > MAX_DIGITS:
        raise ValueError(f"{text[:MAX_DIGITS]!r} is not a number of at most {MAX_DIGITS} digits")
    return f"{number:f}"


class ResultCondition(BaseModel):
    """Tell a channel where a figure of a table is as compared here."""

    model_config = ConfigDict(frozen=True)

    table: TableRef
    """One of those the schedule copies."""
    where: tuple[Condition, ...] = ()
    """Which rows; all of these must hold."""
    function: AggregateFunction = "count"
    column: str = ""
    """That the figure is taken of; empty for the number of rows."""
    op: Comparison = ">"
    value: Annotated[str, AfterValidator(_decimal)] = "0"
    """Exact, as text."""
    channel: str
    """Slack's id of it."""


def question_of(condition: ResultCondition) -> Query:
    """Give the question whose one cell is the figure."""
    figure = Aggregate(function=condition.function, column=condition.column or None, alias="figure")
    return Query(
        table=str(condition.table), where=list(condition.where), aggregates=[figure], limit=1
    )


def condition_problem(
    condition: ResultCondition, tables: Sequence[TableRef], shape: TableShape
) -> str | None:
    """Say in plain words why a condition cannot be; None where it can.

    *tables* are those the schedule copies, and *shape* is how the condition's own looks.
    """
    if condition.table not in tables:
        return f"the condition is about {condition.table}, which it does not copy"
    if len(condition.where) > MAX_FILTERS:
        return f"the condition has more than {MAX_FILTERS} filters"
    try:
        compile_query(question_of(condition), shape)
        if condition.function in ("min", "max"):
            column = find_column(shape, condition.column)
            if not is_number(column.duckdb_type):
                raise BadQuery(reason=f"column {column.name} is {column.oracle_type}, no number.")
    except DuckferryError as error:
        return f"its condition does not work: {error}".rstrip(".")
    return None


def holds(condition: ResultCondition, figure: Cell) -> bool:
    """Compare a figure exactly; no figure (of no rows, say) is as nothing."""
    if figure is None or isinstance(figure, bool):
        return False
    try:
        found, value = Decimal(str(figure)), Decimal(condition.value)
    except InvalidOperation:
        return False
    if not found.is_finite():
        return False
    match condition.op:
        case "<":
            return found < value
        case "<=":
            return found <= value
        case ">":
            return found > value
        case ">=":
            return found >= value
        case "=":
            return found == value
        case "!=":
            return found != value


def channel_id(text: str) -> str | None:
    """Read the id of a channel as Slack writes it: ``<#C024BE91L|ops>``, or the id alone."""
    found = _CHANNEL.fullmatch(text.strip())
    return found and (found[1] or found[2])


_MOVE_ON = """
local old = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if old == ARGV[2] then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
return 0
"""


def note_published(
    client: "redis.Redis",
    progress: str,
    agreed: str,
    *,
    fence: int,
    claim: str,
    body: Mapping[str, str],
) -> bool:
    """Have a bot look at a condition where its table carries a newer *fence* than at the last look.

    *progress* is the hash of its schedule, *claim* the name its entries wait behind each other by,
    *body* what they say. The first look since it was *agreed* only notes what is published. Any
    number may look at once: a fence leads to one entry, and of several publishes that no look
    came between the newest counts.
    """
    field = f"condition:{agreed}"
    seen = cast("str | None", client.hget(progress, field)) or ""
    if seen and fence <= int(seen):
        return False
    noted = False
    if seen:
        entry = {**body, "fence": str(fence)}
        once = (f"{claim}:{agreed}:condition:{fence}",)
        noted = put(client, "condition_due", claim, entry, once=once)
    run_script(client, _MOVE_ON, [progress], field, seen, str(fence))
    return noted
