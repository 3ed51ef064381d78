"""Which DuckDB and Arrow type holds an Oracle type without losing a digit, and the proof of it.

The rules start from the type as people write it (``NUMBER(12,2)``), because that is what a plan
keeps. What no rule copies exactly is refused by name; nothing is ever rounded on the way.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyarrow import compute as pc

from sync.errors import UnsupportedColumn, ValueDoesNotFit
from sync.plan import Column, TableRef

arrow: Any = pa
compute: Any = pc
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
    wire_type: Any = None
    """What the driver is asked for where `arrow_type` itself would come back wrong, unnoticed."""
    range_checked: bool = False
    """Read a second time in a type that cannot wrap around, to see that the first did not."""
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
        return _DOUBLE if size is not None and size <= _DOUBLE_BITS else _open_number()
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
    """The ``pyarrow.Schema`` of a table's rows on their way into DuckDB."""
    rules = _rules(ref, columns)
    return arrow.schema([(c.name, r.arrow_type) for c, r in zip(columns, rules, strict=True)])


def wire_schema(ref: TableRef, columns: Sequence[Column]) -> Any:
    """The ``pyarrow.Schema`` asked of the driver, whose defaults turn decimals into doubles.

    One field a column, then one in microseconds for each that is `CopyRule.range_checked`.
    """
    rules = _rules(ref, columns)
    fields = [(c.name, r.wire_type or r.arrow_type) for c, r in zip(columns, rules, strict=True)]
    checks = [r for r in rules if r.range_checked]
    fields += [(f"check {n}", arrow.timestamp("us")) for n in range(len(checks))]
    return arrow.schema(fields)


def arrived(ref: TableRef, columns: Sequence[Column], table: Any) -> Any:
    """The ``pyarrow.Table`` of `arrow_schema` from one of `wire_schema`.

    Raises `ValueDoesNotFit` where a value would be another one.
    """
    schema = arrow_schema(ref, columns)
    checks = iter(table.columns[len(columns) :])
    values: list[Any] = []
    for column, rule, value in zip(columns, _rules(ref, columns), table.columns, strict=False):
        try:
            values.append(value.cast(rule.arrow_type) if rule.wire_type else value)
        except arrow.ArrowInvalid as error:
            raise ValueDoesNotFit(table=str(ref), columns=column.name) from error
        if rule.range_checked and not _within_nanoseconds(next(checks)):
            raise ValueDoesNotFit(table=str(ref), columns=column.name)
    return arrow.table(values, schema=schema)


def row_bytes(columns: Sequence[Column]) -> int:
    """The most memory a row takes in DuckDB: 16 bytes a value, and the text or bytes it names."""
    return sum(_VALUE_BYTES + _apart_bytes(column.oracle_type) for column in columns)


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


def _rules(ref: TableRef, columns: Sequence[Column]) -> list[CopyRule]:
    return [require_rule(ref, column.name, column.oracle_type) for column in columns]


def _apart_bytes(oracle_type: str) -> int:
    parsed = _WRITTEN.fullmatch(oracle_type)
    if parsed is None or parsed["name"] not in _SIZED:
        return 0
    in_characters = oracle_type.endswith(" CHAR)") or parsed["name"] in _NATIONAL
    return int(parsed["size"] or 1) * (_CHARACTER_BYTES if in_characters else 1)


def _within_nanoseconds(microseconds: Any) -> bool:
    """Whether all moments since 1970 fit 64 bits of nanoseconds."""
    extremes: Any = compute.min_max(microseconds.cast(arrow.int64()))
    return all(
        abs(value) < _NANOSECONDS_REACH_MICROSECONDS
        for value in extremes.as_py().values()
        if value is not None
    )


def _number(precision: int | None, scale: int | None) -> CopyRule | None:
    if precision is None and scale is None:
        return _open_number()
    fraction = max(scale or 0, 0)
    # A negative scale appends zeros to the digits; one above the precision, zeros after the point.
    digits = max((precision or MAX_DIGITS) + max(-(scale or 0), 0), fraction)
    if digits > MAX_DIGITS:
        return None
    if fraction == 0 and digits <= _BIGINT_DIGITS:
        return CopyRule("BIGINT", arrow.int64())
    return CopyRule(f"DECIMAL({digits},{fraction})", arrow.decimal128(digits, fraction))


def _open_number() -> CopyRule:
    """A NUMBER without declared precision.

    The driver lets 128-bit decimals wrap around (oracledb 26.1, measured: 29 nines at scale 10
    came as another number). 256 bits keep every digit, and pyarrow's cast to 128 checks.
    """
    return CopyRule(
        f"DECIMAL({MAX_DIGITS},{OPEN_SCALE})",
        arrow.decimal128(MAX_DIGITS, OPEN_SCALE),
        wire_type=arrow.decimal256(76, OPEN_SCALE),
    )


def _timestamp(fraction_digits: int, *, has_zone: bool) -> CopyRule | None:
    if fraction_digits <= _MICROSECOND_DIGITS:
        kind = "TIMESTAMPTZ" if has_zone else "TIMESTAMP"
        return CopyRule(kind, arrow.timestamp("us"), utc=has_zone)
    # DuckDB has no instants finer than microseconds.
    return None if has_zone else _NANOSECONDS


_WRITTEN = re.compile(
    r"(?P<name>[A-Z][A-Z0-9_]*)"
    r"(?:\((?P<size>\d+|\*)(?:,(?P<scale>-?\d+))?(?: CHAR| BYTE)?\))?"
    r"(?P<zone> WITH(?: LOCAL)? TIME ZONE)?"
)
_VALUE_BYTES = 16
_CHARACTER_BYTES = 4
_NATIONAL = frozenset({"NVARCHAR2", "NCHAR"})
_SIZED = _NATIONAL | {"VARCHAR2", "CHAR", "RAW"}
_BIGINT_DIGITS = 18
_MICROSECOND_DIGITS = 6
_DOUBLE_BITS = 49
_TEXT = CopyRule("VARCHAR", arrow.large_string())
_DOUBLE = CopyRule("DOUBLE", arrow.float64())
# Nanoseconds wrap around too: 2262-04-12 came as 1677-09-21.
_NANOSECONDS = CopyRule("TIMESTAMP_NS", arrow.timestamp("ns"), range_checked=True)
_NANOSECONDS_REACH_MICROSECONDS = 2**63 // 1000
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
