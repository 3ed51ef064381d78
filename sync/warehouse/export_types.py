"""Which Arrow type holds a DuckDB type in a file, and an array of a query's plain values."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sync.types import MAX_DIGITS, arrow

_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_MOMENT_UNITS = {
    "TIMESTAMP": "us",
    "TIMESTAMP_S": "s",
    "TIMESTAMP_MS": "ms",
    "TIMESTAMP_NS": "ns",
    "TIMESTAMP WITH TIME ZONE": "us",
}
_INTEGERS = {
    "TINYINT": "int8",
    "SMALLINT": "int16",
    "INTEGER": "int32",
    "BIGINT": "int64",
    "UTINYINT": "uint8",
    "USMALLINT": "uint16",
    "UINTEGER": "uint32",
    "UBIGINT": "uint64",
}


def parquet_type(kind: str) -> Any:
    """The type in the file; text where Parquet knows none that says the same."""
    decimal = _DECIMAL.fullmatch(kind)
    if decimal:
        return arrow.decimal128(int(decimal[1]), int(decimal[2]))
    if kind == "HUGEINT":
        return arrow.decimal128(MAX_DIGITS, 0)
    if kind in _INTEGERS:
        return getattr(arrow, _INTEGERS[kind])()
    if kind in _MOMENT_UNITS:
        return arrow.timestamp(_MOMENT_UNITS[kind], "UTC" if "ZONE" in kind else None)
    simple = {
        "BOOLEAN": arrow.bool_(),
        "DOUBLE": arrow.float64(),
        "FLOAT": arrow.float32(),
        "DATE": arrow.date32(),
        "BLOB": arrow.binary(),
    }
    return simple.get(kind, arrow.string())


def parquet_array(values: Sequence[Any], kind: str) -> Any:
    """Plain values, as a query gives them, in that type.

    Raises ValueError or ArithmeticError for one it cannot hold.
    """
    wanted = parquet_type(kind)
    if kind in _MOMENT_UNITS or kind == "DATE":  # ISO 8601, which Arrow reads itself
        return arrow.array(values, arrow.string()).cast(wanted)
    if kind.startswith("DECIMAL") or kind == "HUGEINT":
        values = [None if value is None else Decimal(str(value)) for value in values]
    elif kind in _INTEGERS:
        values = [None if value is None else int(value) for value in values]
    elif kind in ("DOUBLE", "FLOAT"):
        values = [None if value is None else float(value) for value in values]
    elif kind == "BLOB":
        values = [None if value is None else bytes.fromhex(value) for value in values]
    elif wanted == arrow.string():
        values = [None if value is None else str(value) for value in values]
    return arrow.array(values, wanted)
