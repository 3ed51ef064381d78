"""The statements that read Oracle for a run, with their binds: no value is ever in a text.

AS OF SCN stands behind a table (Oracle Database SQL Language Reference, "flashback_query_clause").
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sync.bounds import Bind, bind_of, lower_bound, reads_nulls, upper_bound, value_kind
from sync.oracle import Statement, quote_name, quote_table
from sync.plan import Column, TablePlan, TypedFilter
from sync.types import select_list


@dataclass(frozen=True)
class Piece:
    """A piece of a table: from one row's place, itself included, to another's; None is the end."""

    first: str | None = None
    last: str | None = None
    key: str | None = None
    """The numeric column whose values are the places; None: they are ROWIDs."""


def rows_of(plan: TablePlan, scn: int | None, piece: Piece | None = None) -> Statement:
    """Read the rows of a run, in the order of `sync.types.wire_schema`."""
    for column in plan.columns:
        quote_name(column.name)  # or it raises
    return _select(plan, scn, select_list(plan.ref, plan.columns), piece)


def figures_of(plan: TablePlan, scn: int | None, expressions: Sequence[str]) -> Statement:
    """Read aggregates over just the rows that a run reads."""
    return _select(plan, scn, expressions)


def count_of(plan: TablePlan, scn: int | None) -> Statement:
    """Count all rows that the copy should hold."""
    return _select(plan, scn, ["COUNT(*)"], whole=True)


def keys_of(plan: TablePlan, scn: int | None) -> Statement:
    """Read the key of each row that the copy should hold."""
    columns = [plan.column(name) for name in plan.key]
    return _select(plan, scn, select_list(plan.ref, columns), whole=True)


def rowid_sample(plan: TablePlan, percent: float) -> Statement:
    """Read the ROWIDs of some blocks of a table, in order: they cut it into pieces.

    Any cut is right, since the pieces together reach from end to end; with a seed, it is mostly the
    same one each time. Percent of blocks, from 0.000001 to below 100: SQL Language Reference,
    "sample_clause".
    """
    table = quote_table(plan.source_ref)
    return Statement(
        f"SELECT ROWIDTOCHAR(ROWID) FROM {table} SAMPLE BLOCK ({percent:.6f}) SEED (1) "
        "ORDER BY ROWID"
    )


def _select(
    plan: TablePlan,
    scn: int | None,
    expressions: Sequence[str],
    piece: Piece | None = None,
    *,
    whole: bool = False,
) -> Statement:
    binds: list[Bind] = []

    def bound(value: Bind) -> str:
        binds.append(value)
        return f":{len(binds)}"

    source = f"({plan.select})" if plan.select else quote_table(plan.source_ref)
    if scn is not None:
        source += f" AS OF SCN {bound(scn)}"
    conditions = [_filter(plan, condition, bound) for condition in plan.where]
    if not whole:
        conditions += _window(plan, bound)
    if piece is not None:
        conditions += _within(plan, piece, bound)
    if plan.wished.trial_rows is not None:
        conditions.append(f"ROWNUM <= {bound(plan.wished.trial_rows)}")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return Statement(f"SELECT {', '.join(expressions)} FROM {source}{where}", tuple(binds))


Bound = Callable[[Bind], str]
"""Takes a value and gives the mark that stands for it."""


def _within(plan: TablePlan, piece: Piece, bound: Bound) -> list[str]:
    """The conditions of a piece; rows without a key are in the first one."""
    ends = [(op, end) for op, end in ((">=", piece.first), ("<", piece.last)) if end is not None]
    if piece.key is None:
        return [f"ROWID {op} CHARTOROWID({bound(end)})" for op, end in ends]
    name = quote_name(piece.key)
    found = [f"{name} {op} {bound(Decimal(end))}" for op, end in ends]
    if found and piece.first is None and plan.column(piece.key).nullable:
        return [f"({' AND '.join(found)} OR {name} IS NULL)"]
    return found


def _window(plan: TablePlan, bound: Bound) -> list[str]:
    if plan.cursor is None:
        return []
    name = quote_name(plan.cursor)
    ends = ((">=", lower_bound(plan)), ("<", upper_bound(plan)))
    found = [f"{name} {op} {bound(value)}" for op, value in ends if value is not None]
    if found and reads_nulls(plan):
        return [f"({' AND '.join(found)} OR {name} IS NULL)"]
    return found


def _filter(plan: TablePlan, condition: TypedFilter, bound: Bound) -> str:
    name = quote_name(condition.column)
    if condition.op == "is_null":
        return f"{name} IS NULL"
    if condition.op == "is_not_null":
        return f"{name} IS NOT NULL"
    if value_kind(condition.oracle_type) == "padded":
        name = f"RTRIM({name}, ' ')"  # a CHAR is filled up with blanks, and a bind is not
    column = Column(
        name=condition.column, oracle_type=condition.oracle_type, duckdb_type="", nullable=True
    )
    marks = [bound(bind_of(plan.ref, column, text)) for text in condition.values]
    if condition.op == "in":
        return f"{name} IN ({', '.join(marks)})"
    return f"{name} {condition.op} {marks[0]}"
