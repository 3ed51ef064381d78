"""What the server answers: column descriptions, row headers, end of call.

Field layouts by field version: python-oracledb 26.1.0, `messages/base.pyx`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.oracle import wire
from sandbox.oracle.logon import UTF8, UTF16
from sandbox.oracle.release import Release
from sandbox.oracle.results import ResultColumn
from sandbox.oracle.types import OracleType

TRANSACTION_OPEN = 2
NO_DATA_FOUND = 1403
KEYWORD_SCHEMA = 168
OUT_BIND = 16
TYPE_NUMBERS = {
    "VARCHAR2": 1,
    "NVARCHAR2": 1,
    "NUMBER": 2,
    "ROWID": 11,
    "FLOAT": 2,
    "LONG": 8,
    "DATE": 12,
    "RAW": 23,
    "LONG RAW": 24,
    "CHAR": 96,
    "NCHAR": 96,
    "BINARY_FLOAT": 100,
    "BINARY_DOUBLE": 101,
    "CLOB": 112,
    "NCLOB": 112,
    "BLOB": 113,
    "TIMESTAMP": 180,
    "JSON": 119,
    "TIMESTAMP WITH TIME ZONE": 181,
    "TIMESTAMP WITH LOCAL TIME ZONE": 231,
    "UROWID": 208,
    "BOOLEAN": 252,
    "INTERVAL YEAR TO MONTH": 182,
    "INTERVAL DAY TO SECOND": 183,
}
ROW_HEADER = b"\x06" + bytes(7)
#: Six numbers that mean nothing here (go-ora takes two even where there are none), and no pairs.
PARAMETERS = b"\x08" + wire.uint(6) + bytes(6) + bytes(3)


@dataclass(frozen=True)
class CallEnd:
    """How a call ended. `cursor` is 0 where no statement is involved."""

    call_status: int = 0
    cursor: int = 0
    row_count: int = 0
    code: int = 0
    text: str = ""


def end_of_call(end: CallEnd, field_version: int) -> bytes:
    """The ERROR message (4), which closes every answer, also the good ones."""
    return b"".join(
        (
            b"\x04",
            wire.uint(end.call_status),
            bytes(5),  # sequence, current row, error number, two array errors
            wire.uint(end.cursor),
            bytes(1),  # error position
            bytes(6),  # statement type, fatal, flags, cursor options, UPI, warning flags
            bytes(5),  # row id
            bytes(5),  # OS error, statement, call, padding, iterations
            bytes(4),  # logical row id, batch errors: codes, offsets, messages
            wire.uint(end.code),
            wire.uint(end.row_count),
            bytes(2) if field_version >= 14 else b"",  # statement type, checksum
            wire.value(end.text.encode()) if end.code else b"",
        )
    )


def status(call_status: int) -> bytes:
    """The STATUS message (9), which answers commit, rollback, ping and logoff."""
    return b"\x09" + wire.uint(call_status) + wire.uint(0)


def version(release: Release) -> bytes:
    """The banner and the number of the release."""
    banner = release.banner.encode()
    return b"\x08" + wire.sized_value(banner) + wire.uint(release.number)


def binds(cells: Sequence[bytes]) -> bytes:
    """The binds of a block (11), all of them OUT, and their values, each with no length cut off."""
    high, low = divmod(len(cells), 256)
    counts = wire.uint(low) + wire.uint(high) + bytes(4)
    directions = bytes((OUT_BIND,)) * len(cells)
    return b"\x0b\x00" + counts + directions + b"\x07" + b"".join(cell + b"\x00" for cell in cells)


def schema_changed(schema: str) -> bytes:
    """Parameters (8) with the keyword pair that tells the client its new current schema."""
    name = schema.encode()
    pair = wire.uint(len(name)) + wire.value(name) + wire.uint(0) + wire.uint(KEYWORD_SCHEMA)
    return b"\x08" + bytes(2) + wire.uint(1) + pair + bytes(1)


def describe(
    columns: Sequence[ResultColumn], field_version: int, *, wide_scales: bool = False
) -> bytes:
    """The DESCRIBE message (16).

    With `wide_scales` numbers and times have their scale in a length and bytes, as go-ora reads it.
    """
    parts = [b"\x10\x00", wire.uint(0), wire.uint(len(columns)), b"\x00" if columns else b""]
    for position, column in enumerate(columns, start=1):
        name = column.name.encode()
        parts += [
            _type(column.oracle_type, wide_scales=wide_scales),
            b"\x01",  # NULL allowed
            bytes((min(len(name), 255),)),
            wire.sized_value(name),
            bytes(2),  # schema, type name
            wire.uint(position),
            bytes(1),  # user defined type flags
            bytes(2) if field_version >= 17 else b"",  # domain: schema, name
            bytes(1) if field_version >= 20 else b"",  # annotations
            bytes(3) if field_version >= 24 else b"",  # vector: dimensions, format, flags
        ]
    parts.append(bytes(6))  # date, four numbers, cache key
    return b"".join(parts)


def _type(oracle_type: OracleType, *, wide_scales: bool) -> bytes:
    """Type, flags, precision, scale, sizes and character set of one column.

    A size of 0 would make the client take every value for NULL.
    """
    precision, scale = oracle_type.precision or 0, oracle_type.scale or 0
    if oracle_type.is_bare:
        scale = -127
    elif oracle_type.name == "NUMBER":
        precision = precision or 38
    has_scale = oracle_type.is_number or oracle_type.name.startswith("TIMESTAMP")
    is_text = oracle_type.is_text
    charset = 0 if not is_text else UTF16 if oracle_type.is_national else UTF8
    form = 0 if not is_text else 2 if oracle_type.is_national else 1
    return b"".join(
        (
            bytes((TYPE_NUMBERS[oracle_type.name], 0, precision)),
            wire.signed(scale) if wide_scales and has_scale else bytes((scale & 0xFF,)),
            wire.uint(max(oracle_type.length_bytes, 1)),
            bytes(3),  # array elements, continuation flags, object id
            bytes(1),  # version
            wire.uint(charset),
            bytes((form,)),
            wire.uint(oracle_type.characters),
            bytes(1),  # column id
        )
    )
