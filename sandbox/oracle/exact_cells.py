# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportUnknownMemberType=false
# (pyarrow ships no types)
"""Cells of exactly kept columns on their way to the wire (see `types.EXACT_STORAGES`)."""

from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Any, cast

import pyarrow as pa

from sandbox.oracle.types import EXACT_SCALE, LOCAL_ZONE_HOURS, OracleType

_WIDE = Context(prec=300)


def is_number(kind: pa.DataType) -> bool:
    """Whether this is a BIGNUM as DuckDB hands it to Arrow."""
    return getattr(kind, "type_name", "") == "bignum"


def number_texts(column: "pa.ChunkedArray[Any]") -> Sequence[str | None]:
    """Numbers as plain decimal text, rounded as Oracle does to 20 pairs of digits."""
    return [None if cell is None else _number(cell) for cell in column.to_pylist()]


def moments(
    column: "pa.ChunkedArray[Any]", oracle_type: OracleType
) -> Sequence[tuple[int, int, int] | None]:
    """(microseconds since 1970, further nanoseconds, offset in minutes) of every cell."""
    whole, nanos, *offsets = _parts(column)
    minutes = offsets[0] if offsets else nanos
    if oracle_type.name == "TIMESTAMP WITH LOCAL TIME ZONE":
        shift = LOCAL_ZONE_HOURS * 3_600_000_000  # shown in the session's zone
        whole = [None if cell is None else cell + shift for cell in whole]
    return [
        None if us is None or ns is None or offset is None else (us, ns, offset)
        for us, ns, offset in zip(whole, nanos, minutes, strict=True)
    ]


def spans(column: "pa.ChunkedArray[Any]") -> Sequence[int | None]:
    """Intervals of days to seconds as nanoseconds."""
    seconds, nanos = _parts(column)
    return [
        None if s is None or n is None else s * 1_000_000_000 + n
        for s, n in zip(seconds, nanos, strict=True)
    ]


def _parts(column: "pa.ChunkedArray[Any]") -> list[list[int | None]]:
    """The fields of a struct, each as integers."""
    return [
        cast("list[int | None]", part.cast(pa.int64()).to_pylist()) for part in column.flatten()
    ]


def _number(cell: bytes) -> str:
    """Three bytes say sign and length, then comes the amount; all turned over where negative."""
    is_negative = not cell[0] & 0x80
    amount = bytes(byte ^ 0xFF for byte in cell[3:]) if is_negative else cell[3:]
    digits = Decimal(int.from_bytes(amount, "big")).scaleb(-EXACT_SCALE, _WIDE)
    if not digits:
        return "0"
    # A pair of digits stands on each side of the point, so an odd number of places has one less.
    most_digits = 40 if digits.adjusted() % 2 else 39
    rounded = Context(prec=most_digits).plus(digits)
    return f"{'-' if is_negative else ''}{rounded:f}"
