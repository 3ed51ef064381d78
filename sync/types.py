"""Which DuckDB and Arrow type holds an Oracle type without losing a digit, and how it is read.

The rules start from the type as people write it (``NUMBER(12,2)``), because that is what a plan
keeps. Where the driver or DuckDB's usual type could lose something, Oracle itself writes the value
as text, and what it is kept as is decided by the data (`sync.settlement`); nothing is ever rounded
on the way. docs/types.md is this module as a table.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import pyarrow as pa

from sync.errors import UnsupportedColumn
from sync.fidelity import Why
from sync.plan import Column, TableRef, is_cut

arrow: Any = pa
"""pyarrow ships no types; here what it returns becomes `Any`."""

MAX_NAME_BYTES = 128
"""Of an identifier since Oracle 12.2."""

MAX_CUT_BYTES = 2_000
"""Of a BLOB: what can be cut out in SQL is a RAW."""

MAX_DIGITS = 38
"""Decimal digits of Arrow decimal128, of DuckDB DECIMAL, and of the longest Oracle precision."""

Settled = Literal["number", "moment", "instant", "span"]
"""Columns that arrive as Oracle's own text and get their type from all their values."""


@dataclass(frozen=True)
class CopyRule:
    """How one column travels: its type in a plan, the Arrow type asked of the driver, the read."""

    duckdb_type: str
    """Of a `settled` column only the usual outcome."""
    arrow_type: Any
    """A ``pyarrow.DataType``, of the driver's answer and of the staged rows alike."""
    why: Why
    lossless: bool = True
    read: str = "{name}"
    """The SQL that reads it; ``{name}`` is the quoted column."""
    length: str | None = None
    """SQL of a LOB's length, in characters or bytes."""
    cut: str | None = None
    """SQL of its first ``{limit}`` characters or bytes."""
    capped: bool = False
    """It may be of any size, so `Column.limit` counts."""
    settled: Settled | None = None


def copy_rule(oracle_type: str) -> CopyRule | None:
    """The rule for a type as people write it, or None where none keeps every value exactly.

    Whole numbers of up to 18 digits become BIGINT, which every tool reads and which always holds
    them; longer ones and fractions become DECIMAL. FLOAT(b) is a decimal number in Oracle (b *
    0.30103 digits, Oracle SQL Language Reference, "FLOAT Data Type"), so only up to 15 digits (b <=
    49) does a DOUBLE give every one of them back.
    """
    if _SPAN.fullmatch(oracle_type):
        return _INTERVAL
    parsed = _WRITTEN.fullmatch(oracle_type)
    if parsed is None:
        return None
    name, zone = parsed["name"], parsed["zone"] or ""
    size = None if parsed["size"] in {None, "*"} else int(parsed["size"])
    if name == "NUMBER":
        return _number(size, None if parsed["scale"] is None else int(parsed["scale"]))
    if name == "FLOAT":
        return _FLOAT if size is not None and size <= _DOUBLE_BITS else _OPEN_NUMBER
    if name == "TIMESTAMP":
        return _timestamp(6 if size is None else size, zone)
    return None if zone else _FIXED.get(name)


def require_rule(ref: TableRef, column: str, oracle_type: str) -> CopyRule:
    """`copy_rule`, or `UnsupportedColumn` naming the column."""
    rule = copy_rule(oracle_type)
    if rule is None:
        raise UnsupportedColumn(table=str(ref), columns=f"{column} {oracle_type}")
    return rule


def rules(ref: TableRef, columns: Sequence[Column]) -> list[CopyRule]:
    """The rule of each column; raises `UnsupportedColumn`."""
    return [require_rule(ref, column.name, column.oracle_type) for column in columns]


def select_list(ref: TableRef, columns: Sequence[Column]) -> list[str]:
    """The SQL of each field of `wire_schema`; names are quoted, so they must be Oracle's."""
    shown: list[str] = []
    told: list[str] = []
    for column, rule in zip(columns, rules(ref, columns), strict=True):
        name = f'"{column.name}"'
        sql = rule.read.format(name=name)
        if column.encoding is not None:
            sql, *more = _pieces_of(name, pieces(column))
            told += [f'{piece} AS "piece {len(told) + n}"' for n, piece in enumerate(more)]
        elif is_length_told(column, rule):
            length = str(rule.length).format(name=name)
            if column.policy == "truncate":
                sql = str(rule.cut).format(name=name, limit=column.limit)
            else:
                sql = f"CASE WHEN {length} <= {column.limit} THEN {sql} END"
            told.append(f'{length} AS "length {len(told)}"')
        shown.append(sql if sql == name else f"{sql} AS {name}")
    return shown + told


def is_decodable(oracle_type: str) -> bool:
    """Whether the stored bytes of a column can be asked for in place of its text."""
    parsed = _WRITTEN.fullmatch(oracle_type)
    return parsed is not None and parsed["name"] in _DECODABLE


def pieces(column: Column) -> int:
    """In how many pieces a column's bytes are read: SQL gives a RAW of `MAX_CUT_BYTES` at most."""
    if column.encoding is None:
        return 1
    return -(-declared_bytes(column.oracle_type) // MAX_CUT_BYTES) or 1


def declared_bytes(oracle_type: str) -> int:
    """The most bytes a value of a sized type has, four a character where it counts those."""
    parsed = _WRITTEN.fullmatch(oracle_type)
    if parsed is None or parsed["name"] not in _SIZED:
        return 0
    in_characters = oracle_type.endswith(" CHAR)") or parsed["name"] in _NATIONAL
    return int(parsed["size"] or 1) * (_CHARACTER_BYTES if in_characters else 1)


def length_field(column: Column) -> str:
    """The staged column that holds another one's lengths; names in Oracle are shorter than this."""
    return f"length of {column.name}".ljust(MAX_NAME_BYTES + 1)


def wire_schema(ref: TableRef, columns: Sequence[Column]) -> Any:
    """The ``pyarrow.Schema`` asked of the driver, whose defaults turn decimals into doubles.

    One field a column, then one for each length that Oracle tells and each further piece of bytes
    that are decoded here, in the order of the columns.
    """
    fields: list[tuple[str, Any]] = []
    told: list[tuple[str, Any]] = []
    for column, rule in zip(columns, rules(ref, columns), strict=True):
        is_read_raw = column.encoding is not None
        fields.append((column.name, arrow.large_binary() if is_read_raw else rule.arrow_type))
        for _ in range(pieces(column) - 1):
            told.append((f"piece {len(told)}", arrow.large_binary()))
        if is_length_told(column, rule):
            told.append((f"length {len(told)}", arrow.int64()))
    return arrow.schema(fields + told)


def arrow_schema(ref: TableRef, columns: Sequence[Column]) -> Any:
    """The ``pyarrow.Schema`` of a table's rows on their way into DuckDB.

    One field a column, then the length of each that is cut (`is_cut`), from which it is counted how
    many were.
    """
    fields = [
        (column.name, rule.arrow_type)
        for column, rule in zip(columns, rules(ref, columns), strict=True)
    ]
    fields += [(length_field(column), arrow.int64()) for column in columns if is_cut(column)]
    return arrow.schema(fields)


def is_length_told(column: Column, rule: CopyRule) -> bool:
    """Whether Oracle tells the column's lengths; of a LONG it cannot."""
    return rule.length is not None and column.limit is not None


def row_bytes(columns: Sequence[Column]) -> int:
    """The most memory a row takes in DuckDB: 16 bytes a value, and the text or bytes it names."""
    return sum(_VALUE_BYTES + _apart_bytes(column) for column in columns)


def _apart_bytes(column: Column) -> int:
    span, parsed = _SPAN.fullmatch(column.oracle_type), _WRITTEN.fullmatch(column.oracle_type)
    rule = copy_rule(column.oracle_type)
    if span is not None or parsed is None or rule is None:
        return _SETTLED_BYTES
    if rule.capped:
        # A CLOB counts characters; four bytes each would be right for none but emoji.
        return column.limit or _UNKNOWN_LOB_BYTES
    if rule.settled is not None:
        return _SETTLED_BYTES
    # Korean of two bytes in cp949 has three in UTF-8.
    return declared_bytes(column.oracle_type) * (1 if column.encoding is None else 2)


def _pieces_of(name: str, count: int) -> list[str]:
    """The SQL of a column's stored bytes, piece by piece."""
    if count == 1:
        return [f"UTL_RAW.CAST_TO_RAW({name})"]
    starts = range(1, count * MAX_CUT_BYTES, MAX_CUT_BYTES)
    return [f"UTL_RAW.CAST_TO_RAW(SUBSTRB({name}, {at}, {MAX_CUT_BYTES}))" for at in starts]


def _number(precision: int | None, scale: int | None) -> CopyRule | None:
    if precision is None and scale is None:
        return _OPEN_NUMBER
    fraction = max(scale or 0, 0)
    # A negative scale appends zeros to the digits; one above the precision, zeros after the point.
    digits = max((precision or MAX_DIGITS) + max(-(scale or 0), 0), fraction)
    if digits > MAX_DIGITS:
        return _OPEN_NUMBER
    if fraction == 0 and digits <= _BIGINT_DIGITS:
        return CopyRule("BIGINT", arrow.int64(), "whole")
    kind = f"DECIMAL({digits},{fraction})"
    return CopyRule(kind, arrow.decimal128(digits, fraction), "decimal")


def _timestamp(fraction_digits: int, zone: str) -> CopyRule:
    if not zone:
        return _MOMENT if fraction_digits <= _MICROSECOND_DIGITS else _NANO_MOMENT
    rule = _INSTANT if fraction_digits <= _MICROSECOND_DIGITS else _NANO_INSTANT
    return replace(rule, why="local_instant", lossless=True) if "LOCAL" in zone else rule


_WRITTEN = re.compile(
    r"(?P<name>[A-Z][A-Z0-9_]*(?: RAW)?)"
    r"(?:\((?P<size>\d+|\*)(?:,(?P<scale>-?\d+))?(?: CHAR| BYTE)?\))?"
    r"(?P<zone> WITH(?: LOCAL)? TIME ZONE)?"
)
_SPAN = re.compile(r"INTERVAL (?:DAY\(\d\) TO SECOND\(\d\)|YEAR\(\d\) TO MONTH)")
_VALUE_BYTES = 16
_CHARACTER_BYTES = 4
_SETTLED_BYTES = 40
"""A number's text has up to 40 digits, a moment's 30 characters."""
_UNKNOWN_LOB_BYTES = 1_000_000
_NATIONAL = frozenset({"NVARCHAR2", "NCHAR"})
_DECODABLE = frozenset({"VARCHAR2", "CHAR"})
_SIZED = _NATIONAL | {"VARCHAR2", "CHAR", "RAW", "ROWID", "UROWID"}
_BIGINT_DIGITS = 18
_MICROSECOND_DIGITS = 6
_DOUBLE_BITS = 49
_TEXT = CopyRule("VARCHAR", arrow.large_string(), "same")
_PADDED = CopyRule("VARCHAR", arrow.large_string(), "padded")
_MOMENT = CopyRule("TIMESTAMP", arrow.timestamp("us"), "moment")
# The driver drops the offset, so Oracle itself turns the instant into UTC.
_INSTANT = CopyRule(
    "TIMESTAMPTZ",
    arrow.timestamp("us"),
    "instant",
    lossless=False,
    read="SYS_EXTRACT_UTC({name})",
)
_FLOAT = CopyRule("DOUBLE", arrow.float64(), "float")
_BYTES = CopyRule("BLOB", arrow.large_binary(), "bytes")
# The text minimum format writes every digit, in scientific notation above 64 characters (Oracle SQL
# Language Reference, "Number Format Models"). As text it also costs the driver less than as a
# decimal of 256 bits (measured: 0.06 for 0.21 µs a value), and 128 bits wrap around unnoticed.
_OPEN_NUMBER = CopyRule(
    "DECIMAL", arrow.large_string(), "decimal", read="TO_CHAR({name}, 'TM9')", settled="number"
)
# The driver drops what is finer than microseconds (oracledb 26.1, measured: .123456123 came as
# .123456000), whatever Arrow type it is asked for.
_NANO_MOMENT = CopyRule(
    "TIMESTAMP_NS",
    arrow.large_string(),
    "nanoseconds",
    read="TO_CHAR({name}, 'SYYYY-MM-DD HH24:MI:SS.FF9')",
    settled="moment",
)
_NANO_INSTANT = CopyRule(
    "TIMESTAMPTZ",
    arrow.large_string(),
    "instant",
    lossless=False,
    read="TO_CHAR(SYS_EXTRACT_UTC({name}), 'SYYYY-MM-DD HH24:MI:SS.FF9')",
    settled="instant",
)
_INTERVAL = CopyRule(
    "INTERVAL", arrow.large_string(), "interval", read="TO_CHAR({name})", settled="span"
)
_LOB_LENGTH = "DBMS_LOB.GETLENGTH({name})"
_CLOB = replace(_TEXT, length=_LOB_LENGTH, cut="SUBSTR({name}, 1, {limit})", capped=True)
_XML = "XMLSERIALIZE(CONTENT {name} AS CLOB)"
_JSON = "JSON_SERIALIZE({name} RETURNING CLOB)"
_FIXED = {
    "VARCHAR2": _TEXT,
    "NVARCHAR2": _TEXT,
    "CHAR": _PADDED,
    "NCHAR": _PADDED,
    "LONG": replace(_TEXT, capped=True),
    "DATE": CopyRule("TIMESTAMP", arrow.timestamp("us"), "day_and_time"),
    "BINARY_DOUBLE": CopyRule("DOUBLE", arrow.float64(), "double"),
    "BINARY_FLOAT": CopyRule("FLOAT", arrow.float32(), "double"),
    "RAW": _BYTES,
    "LONG RAW": replace(_BYTES, capped=True),
    "CLOB": _CLOB,
    "NCLOB": _CLOB,
    "BLOB": replace(
        _BYTES,
        length=_LOB_LENGTH,
        cut="DBMS_LOB.SUBSTR({name}, {limit}, 1)",
        capped=True,
    ),
    "ROWID": CopyRule("VARCHAR", arrow.large_string(), "rowid", read="ROWIDTOCHAR({name})"),
    "UROWID": CopyRule(
        "VARCHAR", arrow.large_string(), "rowid", read="CAST({name} AS VARCHAR2(4000))"
    ),
    "BOOLEAN": CopyRule("BOOLEAN", arrow.bool_(), "boolean"),
    "XMLTYPE": replace(
        _CLOB,
        why="xml",
        read=_XML,
        length=f"DBMS_LOB.GETLENGTH({_XML})",
        cut=f"SUBSTR({_XML}, 1, {{limit}})",
    ),
    "JSON": replace(
        _CLOB,
        why="json",
        read=_JSON,
        length=f"DBMS_LOB.GETLENGTH({_JSON})",
        cut=f"SUBSTR({_JSON}, 1, {{limit}})",
    ),
}
