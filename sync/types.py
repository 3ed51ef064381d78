"""Which DuckDB and Arrow type holds an Oracle type without losing a digit.

The rules start from the type as people write it (``NUMBER(12,2)``), because that is what a plan
keeps. What no rule copies exactly is refused by name; nothing is ever rounded on the way.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from sync.errors import UnsupportedColumn
from sync.plan import Column, TableRef

arrow: Any = pa
"""pyarrow ships no types; here what it returns becomes `Any`."""

MAX_DIGITS = 38
"""Decimal digits of Arrow decimal128, of DuckDB DECIMAL, and of the longest Oracle precision."""

OPEN_SCALE = 10
"""Fraction digits kept of a NUMBER that declares none, so 28 digits stand before the point.
A value that needs more stops the copy (DPY-4042 in the driver)."""


@dataclass(frozen=True)
class CopyRule:
    """How one column travels: its type on arrival, the Arrow type asked of the driver, the read."""

    duckdb_type: str
    arrow_type: Any
    """A ``pyarrow.DataType``."""
    utc: bool = False
    """Select ``SYS_EXTRACT_UTC(column)``: the driver drops offsets from values with a time zone."""


def copy_rule(oracle_type: str) -> CopyRule | None:
    """The rule for a type as people write it, or None where none keeps every value exactly.

    Whole numbers of up to 18 digits become BIGINT, which every tool reads and which always holds
    them; longer ones and fractions become DECIMAL. FLOAT(b) is a decimal number in Oracle (b *
    0.30103 digits, Oracle SQL Language Reference, "FLOAT Data Type"), so only up to 15 digits (b <=
    49) does a DOUBLE give every one of them back.
    """
    parsed = _WRITTEN.fullmatch(oracle_type)
    if parsed is None:
        return None
    name, zone = parsed["name"], parsed["zone"] or ""
    size = None if parsed["size"] in {None, "*"} else int(parsed["size"])
    if name == "NUMBER":
        return _number(size, None if parsed["scale"] is None else int(parsed["scale"]))
    if name == "FLOAT":
        return _DOUBLE if size is not None and size <= _DOUBLE_BITS else _OPEN_NUMBER
    if name == "TIMESTAMP":
        return _timestamp(6 if size is None else size, has_zone=bool(zone))
    return None if zone else _FIXED.get(name)


def require_rule(ref: TableRef, column: str, oracle_type: str) -> CopyRule:
    """`copy_rule`, or `UnsupportedColumn` naming the column."""
    rule = copy_rule(oracle_type)
    if rule is None:
        raise UnsupportedColumn(column=column, table=str(ref), oracle_type=oracle_type)
    return rule


def arrow_schema(ref: TableRef, columns: Sequence[Column]) -> Any:
    """The ``pyarrow.Schema`` asked of the driver, whose defaults turn decimals into doubles."""
    return arrow.schema(
        [(c.name, require_rule(ref, c.name, c.oracle_type).arrow_type) for c in columns]
    )


def written_type(
    data_type: str,
    *,
    precision: int | None,
    scale: int | None,
    length: int,
    char_length: int,
    char_used: str | None,
) -> str:
    """A type of ``ALL_TAB_COLUMNS`` as people write it; *length* is in bytes."""
    if data_type == "NUMBER":
        if precision is None and scale is None:
            return "NUMBER"
        digits = "*" if precision is None else str(precision)
        return f"NUMBER({digits},{scale})" if scale or precision is None else f"NUMBER({digits})"
    if data_type == "FLOAT":
        return f"FLOAT({126 if precision is None else precision})"
    if data_type in {"VARCHAR2", "CHAR"}:
        return f"{data_type}({char_length} CHAR)" if char_used == "C" else f"{data_type}({length})"
    if data_type in {"NVARCHAR2", "NCHAR"}:
        return f"{data_type}({char_length})"
    return f"RAW({length})" if data_type == "RAW" else data_type


def _number(precision: int | None, scale: int | None) -> CopyRule | None:
    if precision is None and scale is None:
        return _OPEN_NUMBER
    fraction = max(scale or 0, 0)
    # A negative scale appends zeros to the digits; one above the precision, zeros after the point.
    digits = max((precision or MAX_DIGITS) + max(-(scale or 0), 0), fraction)
    if digits > MAX_DIGITS:
        return None
    if fraction == 0 and digits <= _BIGINT_DIGITS:
        return CopyRule("BIGINT", arrow.int64())
    return CopyRule(f"DECIMAL({digits},{fraction})", arrow.decimal128(digits, fraction))


def _timestamp(fraction_digits: int, *, has_zone: bool) -> CopyRule | None:
    if fraction_digits <= _MICROSECOND_DIGITS:
        return CopyRule("TIMESTAMPTZ" if has_zone else "TIMESTAMP", arrow.timestamp("us"), has_zone)
    # DuckDB has no instants finer than microseconds.
    return None if has_zone else CopyRule("TIMESTAMP_NS", arrow.timestamp("ns"))


_WRITTEN = re.compile(
    r"(?P<name>[A-Z][A-Z0-9_]*)"
    r"(?:\((?P<size>\d+|\*)(?:,(?P<scale>-?\d+))?(?: CHAR| BYTE)?\))?"
    r"(?P<zone> WITH(?: LOCAL)? TIME ZONE)?"
)
_BIGINT_DIGITS = 18
_MICROSECOND_DIGITS = 6
_DOUBLE_BITS = 49
_TEXT = CopyRule("VARCHAR", arrow.large_string())
_DOUBLE = CopyRule("DOUBLE", arrow.float64())
_OPEN_NUMBER = CopyRule(
    f"DECIMAL({MAX_DIGITS},{OPEN_SCALE})", arrow.decimal128(MAX_DIGITS, OPEN_SCALE)
)
_FIXED = {
    "VARCHAR2": _TEXT,
    "NVARCHAR2": _TEXT,
    "CHAR": _TEXT,
    "NCHAR": _TEXT,
    "DATE": CopyRule("TIMESTAMP", arrow.timestamp("us")),
    "BINARY_DOUBLE": _DOUBLE,
    "BINARY_FLOAT": CopyRule("FLOAT", arrow.float32()),
    "RAW": CopyRule("BLOB", arrow.large_binary()),
}
