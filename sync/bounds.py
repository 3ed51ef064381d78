"""Compare a column of Oracle with a value written as text: checked, bound, never part of the SQL.

Moments are bound as DATE, which the driver makes of a datetime, so they are whole seconds; Oracle
turns them into the column's own type, in the session's time zone, UTC (`sync.oracle`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, InvalidOperation
from typing import Literal

from sync.errors import ColumnNotFound
from sync.names import listed, nearest_first
from sync.plan import Column, Filter, TablePlan, TableRef
from sync.planning_errors import BadFilter

Bind = str | int | Decimal | datetime
ValueKind = Literal["number", "float", "text", "padded", "moment", "instant"]

MAX_IN = 500
"""Values of an IN list; Oracle takes 1,000 (ORA-01795)."""
MAX_TEXT_CHARACTERS = 1000
MAX_DIGITS = 38
MAX_PRECISION = 80
"""More than any number of Oracle has digits; Python's own 28 would round."""


def value_kind(oracle_type: str) -> ValueKind | None:
    """How values of a type are compared; None where they cannot be."""
    if oracle_type.startswith("TIMESTAMP"):
        return "instant" if oracle_type.endswith("TIME ZONE") else "moment"
    return _KINDS.get(oracle_type.partition("(")[0])


def check_filter(ref: TableRef, condition: Filter, columns: Sequence[Column]) -> None:
    """Raise `ColumnNotFound`, or `BadFilter` with what is wrong with a condition."""
    column = next((one for one in columns if one.name == condition.column), None)
    if column is None:
        names = listed(nearest_first(condition.column, [one.name for one in columns]))
        raise ColumnNotFound(table=str(ref), column=condition.column, columns=names)
    count = len(condition.values)
    if condition.op in ("is_null", "is_not_null"):
        if count:
            raise _bad(ref, column, f"{condition.op} takes no value")
        return
    if value_kind(column.oracle_type) is None:
        raise _bad(ref, column, f"a {column.oracle_type} can only be tested for NULL")
    if condition.op == "in" and not 1 <= count <= MAX_IN:
        raise _bad(ref, column, f"in takes 1 to {MAX_IN} values")
    if condition.op != "in" and count != 1:
        raise _bad(ref, column, f"{condition.op} takes one value")
    for text in condition.values:
        bind_of(ref, column, text)


def bind_of(ref: TableRef, column: Column, text: str) -> Bind:
    """A value as it is bound; raises `BadFilter` where it does not fit the column."""
    kind = value_kind(column.oracle_type)
    if kind in ("number", "float"):
        return _number(ref, column, text)
    if kind in ("moment", "instant"):
        return moment_of(ref, column, text)
    if len(text) > MAX_TEXT_CHARACTERS or "\0" in text:
        raise _bad(ref, column, f"a text may have {MAX_TEXT_CHARACTERS} characters, and no NUL")
    return text.rstrip(" ") if kind == "padded" else text


def moment_of(ref: TableRef, column: Column, text: str) -> datetime:
    """A moment in whole seconds, in UTC where the column has a time zone; raises `BadFilter`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _bad(ref, column, _HOW_MOMENTS_ARE_WRITTEN) from None
    if value_kind(column.oracle_type) == "instant" and moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    if moment.tzinfo is not None:
        raise _bad(ref, column, "the column has no time zone, so leave the offset out")
    if moment.microsecond:
        raise _bad(ref, column, "moments are compared in whole seconds")
    return moment


def written(value: object) -> str:
    """A cursor's value as plans and receipts keep it."""
    if isinstance(value, datetime):
        instant = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return instant.isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize(Context(prec=MAX_PRECISION)):f}"
    return str(value)


def lower_bound(plan: TablePlan) -> Bind | None:
    """From which value of the cursor, itself included, a run reads; None: from the beginning.

    The watermark less the lag, in whole seconds: rows in between are read once more and replaced.
    """
    if plan.cursor is None:
        return None
    column = plan.column(plan.cursor)
    if plan.wished.since is not None:
        return bind_of(plan.ref, column, plan.wished.since)
    if not plan.is_partial or plan.watermark is None or plan.wished.until is not None:
        return None
    if value_kind(column.oracle_type) == "number":
        return Context(prec=MAX_PRECISION).subtract(Decimal(plan.watermark), Decimal(plan.lag))
    whole = datetime.fromisoformat(plan.watermark).replace(microsecond=0)
    earliest = datetime.min + timedelta(seconds=plan.lag)  # noqa: DTZ901 -- as naive as the column
    return whole - timedelta(seconds=plan.lag) if whole > earliest else datetime.min  # noqa: DTZ901


def reads_nulls(plan: TablePlan) -> bool:
    """Whether rows without a cursor are read as well: they may have changed, and nothing tells."""
    wish = plan.wished
    return (
        plan.cursor is not None
        and plan.column(plan.cursor).nullable
        and wish.since is None
        and wish.until is None
    )


def upper_bound(plan: TablePlan) -> Bind | None:
    """Up to which value of the cursor, itself left out, a run reads; None: to the end."""
    if plan.cursor is None or plan.wished.until is None:
        return None
    return bind_of(plan.ref, plan.column(plan.cursor), plan.wished.until)


def _number(ref: TableRef, column: Column, text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise _bad(ref, column, f"{text[:80]!r} is not a number") from None
    if not number.is_finite() or len(number.as_tuple().digits) > MAX_DIGITS:
        raise _bad(ref, column, f"{text[:80]!r} is not a number of at most {MAX_DIGITS} digits")
    return number


def _bad(ref: TableRef, column: Column, why: str) -> BadFilter:
    return BadFilter(table=str(ref), column=column.name, reason=why)


_HOW_MOMENTS_ARE_WRITTEN = "moments are written 2026-11-22 or 2026-11-22T09:30:00"
_KINDS: dict[str, ValueKind] = {
    "NUMBER": "number",
    "FLOAT": "number",
    "BINARY_FLOAT": "float",
    "BINARY_DOUBLE": "float",
    "VARCHAR2": "text",
    "NVARCHAR2": "text",
    "CHAR": "padded",
    "NCHAR": "padded",
    "DATE": "moment",
}
