"""Compare a column with a value somebody wrote: bound, cast, and refused in words if it cannot fit.

A date without a time means that whole day, for people say "until 30 November" and mean its evening.
A CHAR column is compared without its padding, as Oracle itself compares it.
"""

import math
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from sync.errors import BadQuery
from sync.plan import Column
from sync.warehouse.sql import quote

Scalar = str | int | float | bool

TIME_TYPES = frozenset(
    {"TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMPTZ", "TIMESTAMP_S", "TIMESTAMP_MS", "DATE"}
)

TEXT_TYPES = frozenset({"VARCHAR", "ENUM", "UUID", "JSON"})
"""Compared as text."""

_INTEGER_DIGITS = {
    "TINYINT": 3,
    "SMALLINT": 5,
    "INTEGER": 10,
    "BIGINT": 19,
    "HUGEINT": 39,
    "UTINYINT": 3,
    "USMALLINT": 5,
    "UINTEGER": 10,
    "UBIGINT": 20,
    "UHUGEINT": 39,
}
"""Of the longest value."""

_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")

_BY_SIZE = frozenset({"<", "<=", ">", ">=", "between"})

MAX_VALUES = 200
MAX_TEXT = 4000
"""Characters of one compared value; as long as the longest usual VARCHAR2."""


def comparison(
    column: Column, op: str, value: Scalar | Sequence[Scalar] | None, bind: Callable[[str], str]
) -> str:
    """The SQL of ``column op value``; *bind* gives what stands for a value. Raises `BadQuery`."""
    if op in {"is_null", "is_not_null"}:
        if value is not None:
            raise BadQuery(reason=f"{op} on {column.name} takes no value.")
        return f"{quote(column.name)} IS {'NOT ' if op == 'is_not_null' else ''}NULL"
    values = _values(column, op, value)
    if op in _BY_SIZE:
        require_order(column, op)
    if op == "like":
        if column.duckdb_type not in TEXT_TYPES:
            raise BadQuery(reason=f"like needs text, and column {column.name} is not text.")
        text, pattern = _bound(column, values[0], bind)
        return f"{text} LIKE {pattern}"
    sides = [_bound(column, one, bind) for one in values]
    if op == "between":
        (low_side, low), (high_side, high) = sides
        return f"({low_side} >= {low} AND {high_side} <= {high})"
    if op in {"in", "not_in"}:
        joined = " OR ".join(f"{side} = {bound}" for side, bound in sides)
        return f"NOT ({joined})" if op == "not_in" else f"({joined})"
    side, bound = sides[0]
    return f"{side} {op} {bound}"


def is_number(duckdb_type: str) -> bool:
    """Whether a DuckDB type holds numbers, and not lists of them."""
    return (
        duckdb_type in {*_INTEGER_DIGITS, "DOUBLE", "FLOAT", "DECIMAL"}
        or _DECIMAL.fullmatch(duckdb_type) is not None
    )


def require_order(column: Column, what: str) -> None:
    """Raise `BadQuery` where a column's numbers are kept as text, in which 9 comes after 10."""
    is_number = column.oracle_type.partition("(")[0] in {"NUMBER", "FLOAT"}
    if is_number and column.duckdb_type == "VARCHAR":
        raise BadQuery(
            reason=f"{what} of column {column.name} ({column.oracle_type}) is not possible: some "
            "of its numbers have more than 38 digits, so the copy keeps all of them as text. They "
            "can be shown, counted, grouped and compared with =."
        )


def _values(column: Column, op: str, value: Scalar | Sequence[Scalar] | None) -> list[Scalar]:
    if value is None:
        raise BadQuery(
            reason=f"{op} on {column.name} needs a value; use is_null to find empty ones."
        )
    if isinstance(value, str | int | float):
        if op == "between":
            raise BadQuery(reason=f"between on {column.name} takes two values, [low, high].")
        return [value]
    if op == "between":
        if len(value) != len(("low", "high")):
            raise BadQuery(reason=f"between on {column.name} takes two values, [low, high].")
    elif op not in {"in", "not_in"}:
        raise BadQuery(reason=f"{op} on {column.name} takes one value; use in for a list.")
    if not 0 < len(value) <= MAX_VALUES:
        raise BadQuery(reason=f"{op} on {column.name} takes 1 to {MAX_VALUES} values.")
    return list(value)


def _bound(column: Column, value: Scalar, bind: Callable[[str], str]) -> tuple[str, str]:
    """Both sides of one comparison: the column's expression and the cast value."""
    side, duckdb_type, text = _fitted(column, value)
    return side, f"CAST({bind(text)} AS {duckdb_type})"


def _fitted(column: Column, value: Scalar) -> tuple[str, str, str]:
    """The column's expression, the type to compare in, and the value as text for that type."""
    name, kind = quote(column.name), column.duckdb_type
    if kind == "BOOLEAN" and str(value).casefold() in {"true", "false"}:
        return name, kind, str(value).casefold()
    if isinstance(value, bool):
        raise _misfit(column, value, "true and false are for BOOLEAN columns")
    if isinstance(value, str) and (len(value) > MAX_TEXT or "\0" in value):
        raise BadQuery(reason=f"a value for {column.name} is longer than {MAX_TEXT} characters.")
    if kind == "VARCHAR":
        if re.match(r"N?CHAR\(", column.oracle_type):
            return f"rtrim({name}, ' ')", kind, str(value).rstrip(" ")
        return name, kind, str(value)
    if kind in TEXT_TYPES:
        shown = str(value).casefold() if kind == "UUID" else str(value)
        return f"CAST({name} AS VARCHAR)", "VARCHAR", shown
    if kind in TIME_TYPES:
        return _time(column, value)
    if is_number(kind):
        return name, kind, _number(column, value)
    raise _misfit(column, value, "this type can only be tested with is_null and is_not_null")


def _number(column: Column, value: Scalar) -> str:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise _misfit(column, value, "it is not a number") from None
    if not number.is_finite():
        raise _misfit(column, value, "it is not a finite number")
    if column.duckdb_type in {"DOUBLE", "FLOAT"}:
        if math.isinf(float(number)):
            raise _misfit(column, value, "it is too large")
        return str(number)
    digits, fraction = _digits(column.duckdb_type)
    _, own_digits, exponent = number.normalize().as_tuple()
    own_fraction = max(-int(exponent), 0)
    if own_fraction > fraction:
        raise _misfit(column, value, f"the column keeps {fraction} digits after the point")
    if number and len(own_digits) + int(exponent) > digits - fraction:
        raise _misfit(column, value, f"the column keeps {digits - fraction} whole digits")
    return f"{number:f}"


def _digits(duckdb_type: str) -> tuple[int, int]:
    declared = _DECIMAL.fullmatch(duckdb_type)
    return (int(declared[1]), int(declared[2])) if declared else (_INTEGER_DIGITS[duckdb_type], 0)


def _time(column: Column, value: Scalar) -> tuple[str, str, str]:
    text = str(value).strip()
    name, kind = quote(column.name), column.duckdb_type
    try:
        if _DAY.fullmatch(text):
            return f"CAST({name} AS DATE)", "DATE", date.fromisoformat(text).isoformat()
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _misfit(column, value, _HOW_DATES_ARE_WRITTEN) from None
    if not _MOMENT.fullmatch(text):
        raise _misfit(column, value, _HOW_DATES_ARE_WRITTEN)
    if kind != "TIMESTAMPTZ" and moment.tzinfo is not None:
        raise _misfit(column, value, "the column has no time zone, so leave the offset out")
    if kind == "TIMESTAMPTZ":
        return name, kind, moment.isoformat() + ("" if moment.tzinfo else "+00:00")
    if kind == "DATE":
        return f"CAST({name} AS TIMESTAMP)", "TIMESTAMP", text.replace("T", " ")
    return name, kind, text.replace("T", " ")


_HOW_DATES_ARE_WRITTEN = "dates are written 2026-11-22 or 2026-11-22T09:30:00"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?"
)


def _misfit(column: Column, value: Scalar, why: str) -> BadQuery:
    shown = str(value)[:80]
    return BadQuery(
        reason=f"{shown!r} does not fit column {column.name} ({column.oracle_type}): {why}."
    )
