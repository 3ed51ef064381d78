"""From a question that no copy answers to the smallest sync that lets one: what the model proposes.

A table of usual size is proposed whole, so that its copy answers the next question, too; of a large
one only the columns and the stretch of time that are asked for. A person decides either way.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from agent.deps import AnalystDeps
from agent.tools.base import ToolResult, refused
from agent.tools.copies import read_copies, visible
from sync.bounds import value_kind
from sync.errors import ColumnNotFound, DuckferryError, TableNotSynced
from sync.filters import Filter
from sync.names import resolve_table
from sync.plan import Column, Plan, TablePlan, TableRef, plainly
from sync.receipt import TableReceipt, part_of
from sync.warehouse.manifest import ManifestEntry
from sync.warehouse.query import Condition, Query, Shape, compile_query

WHOLE_ROWS = 1_000_000
"""A table of no more rows is copied in seconds."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?")
_LARGE = (
    "{tables} holds very many rows: propose it by a call of its own, with only the columns and the "
    "stretch of time (where) that your SQL reads."
)


def or_proposal(
    deps: AnalystDeps, asked: Query | str | None, answer: Callable[[], ToolResult]
) -> ToolResult:
    """What *answer* makes of *asked*; where no copy holds it, with the sync to propose.

    Raises what *answer* raises besides, and of a table without a copy that the question could not
    be asked of Oracle's columns either.
    """
    try:
        return answer()
    except TableNotSynced as error:
        proposed = _of_sql(deps, asked) if isinstance(asked, str) else _of_query(deps, asked)
        return _with(refused(error.code, str(error), error.failure), proposed)
    except ColumnNotFound as error:
        column = str(error.params["column"])
        wider = _with_column(deps, asked, column)
        if wider is None:
            raise
        sentence = f"The copy was made without column {column}."
        return _with(refused("column_not_copied", sentence, error.failure), wider)


def beyond(entry: ManifestEntry, query: Query | None) -> dict[str, str]:
    """Warn the model of a figure over a part, where *query* does not ask for that part alone."""
    part = part_of(entry.receipt)
    if not part or (query and _asks_within(entry.receipt, query.where)):
        return {}
    return {
        "beyond_the_copy": f"This copy holds only rows where {part}, so this is of those alone: "
        "say so. If the person means other rows, too, propose start_sync without where."
    }


def _with(result: ToolResult, proposed: dict[str, Any]) -> ToolResult:
    data = {**result.data, **proposed}
    return ToolResult(ok=False, data=data, failure=result.failure)


def _of_query(deps: AnalystDeps, query: Query | None) -> dict[str, Any]:
    if query is None:
        return {}
    ref = resolve_table(query.table, visible(deps, read_copies(deps)))
    plan = _planned(deps, (ref,))
    call: dict[str, Any] = {"tables": [str(ref)]}
    if plan is None:
        return _propose(call)
    planned = plan.tables[0]
    exposure = deps.exposure(ref)
    shown = tuple(one for one in planned.columns if not exposure.hides(one.name))
    hidden = {name.casefold(): rule for name, rule in exposure.hidden.items()}
    shape = Shape(ref, shown, (), hidden)
    compile_query(query, shape)  # what could not be asked of the copy is told before it is made
    if _is_large(plan, planned):
        call |= {"columns": _columns(query, shown)} if _names_columns(query) else {}
        where = [one for each in query.where for one in _stretch(each, shown)]
        call |= {"where": [one.model_dump(mode="json") for one in where]} if where else {}
    return _propose(call)


def _of_sql(deps: AnalystDeps, sql: str) -> dict[str, Any]:
    manifest = read_copies(deps)
    words = set(re.findall(r"[\w$#]+", sql.casefold()))
    named = (ref for ref in deps.offered if ref.table.casefold() in words)
    missing = [ref for ref in named if manifest.find(ref) is None]
    plan = _planned(deps, missing) if missing else None
    large = [one for one in plan.tables if _is_large(plan, one)] if plan else []
    note = _LARGE.format(tables=", ".join(str(one.ref) for one in large))
    return _propose({"tables": [str(ref) for ref in missing]}) | ({"note": note} if large else {})


def _with_column(
    deps: AnalystDeps, asked: Query | str | None, column: str
) -> dict[str, Any] | None:
    """Propose the same copy with one column more; None where Oracle has none such."""
    if not isinstance(asked, Query):
        return None
    manifest = read_copies(deps)
    receipt = manifest.entry(resolve_table(asked.table, visible(deps, manifest))).receipt
    exposure = deps.exposure(receipt.of)
    every = {one.casefold(): one for one in receipt.all_columns if not exposure.hides(one)}
    if column.strip().casefold() not in every:
        return None
    names = [one.column for one in asked.where] + _named(asked) + [column]
    folded = (name.strip().casefold() for name in names)
    copied = [one.name for one in receipt.columns if one.duckdb_type]
    wanted = dict.fromkeys([*copied, *(every[one] for one in folded if one in every)])
    call: dict[str, Any] = {"tables": [str(receipt.of)], "columns": list(wanted)}
    where = [one.model_dump(mode="json", exclude={"oracle_type"}) for one in receipt.where]
    return _propose(call | ({"where": where} if where else {}))


def _propose(call: dict[str, Any]) -> dict[str, Any]:
    return {"propose": {"tool": "start_sync", "arguments": call}} if call["tables"] else {}


def _planned(deps: AnalystDeps, refs: Iterable[TableRef]) -> Plan | None:
    """Ask how large they are; None where Oracle does not say, which the proposal will tell."""
    try:
        return deps.plan_sync(plainly(refs))
    except DuckferryError:
        return None


def _is_large(plan: Plan, table: TablePlan) -> bool:
    rows = plan.estimates[plan.tables.index(table)].rows
    return rows is None or rows > WHOLE_ROWS


def _names_columns(query: Query) -> bool:
    return bool(query.columns or query.group_by or query.aggregates)


def _named(query: Query) -> list[str]:
    groups = [one if isinstance(one, str) else one.column for one in query.group_by]
    figures = [one.column for one in query.aggregates if one.column]
    ordered = [] if groups or query.aggregates else [one.column for one in query.order_by]
    return [*query.columns, *groups, *figures, *ordered]


def _columns(query: Query, shown: Sequence[Column]) -> list[str]:
    """The columns that are asked for, as Oracle spells them; keys come along by themselves."""
    names = {name.strip().casefold() for name in _named(query)}
    names |= {one.column.strip().casefold() for one in query.where}
    found = [one.name for one in shown if one.name.casefold() in names]
    return found or [shown[0].name]  # rows alone are counted


def _stretch(condition: Condition, shown: Sequence[Column]) -> list[Filter]:
    """Of a condition on a moment what Oracle can compare: never less than what it means.

    A date in a question is a whole day, in a filter its midnight, so what ends with a day is left
    open.
    """
    column = next(c for c in shown if c.name.casefold() == condition.column.strip().casefold())
    values = condition.value if isinstance(condition.value, list) else [condition.value]
    if value_kind(column.oracle_type) != "moment" or not values:
        return []
    first = str(values[0])
    if not _MOMENT.fullmatch(first):
        return []
    match condition.op:
        case ">=" | ">" | "=" | "between":
            return [Filter(column=column.name, op=">=", values=(first,))]
        case "<":
            return [Filter(column=column.name, op="<", values=(first,))]
        case _:
            return []


def _asks_within(receipt: TableReceipt, conditions: Sequence[Condition]) -> bool:
    """Whether what is asked lies in the part, as far as that can be told from the outside."""
    if receipt.trial_of is not None:
        return False
    return all(any(_implies(asked, part) for asked in conditions) for part in receipt.where)


def _implies(asked: Condition, part: Filter) -> bool:
    if asked.column.strip().casefold() != part.column.casefold():
        return False
    values = asked.value if isinstance(asked.value, list) else [asked.value]
    told = [str(value) for value in values]
    if part.op in ("=", "in"):
        return asked.op in ("=", "in") and set(told) <= set(part.values)
    if part.op in ("is_null", "is_not_null"):
        return asked.op == part.op
    if not (told and part.values and all(map(_MOMENT.fullmatch, (*told, *part.values)))):
        return asked.op == part.op and told == list(part.values)
    if part.op in (">", ">="):  # moments in one form compare as their texts do
        opens = (">", ">=", "=", "between", "in") if part.op == ">=" else (">",)
        return asked.op in opens and min(told) >= part.values[0]
    return part.op == "<" and asked.op == "<" and max(told) <= part.values[0]
