# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false
# (pyarrow ships no types)
"""Column values to and from the wire: whole Arrow columns out, single bind values in.

Formats: impl/base/encoders.pyx and decoders.pyx of python-oracledb 26.1.0. Output values carry
their length byte, so that a row is the plain concatenation of its columns.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast

import pyarrow as pa

from sandbox.oracle import exact_cells, rowids, wire
from sandbox.oracle.errors import OracleError
from sandbox.oracle.types import LOCAL_ZONE_HOURS, OracleType

BindValue = None | str | int | float | Decimal | datetime | bytes

NULL = b"\x00"
#: Behind a LOB that travels as LONG or LONG RAW: indicator and return code.
LONG_END = bytes(2)
SECONDS_PER_DAY = 86400
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
INTERVAL_ZERO = 0x80000000
MOST_NUMBER_PAIRS = 20

_DECIMAL_PAIR = [(byte >> 4) * 10 + (byte & 15) for byte in range(256)]
_POSITIVE = bytes(min(pair + 1, 255) for pair in _DECIMAL_PAIR)
_NEGATIVE = bytes(max(101 - pair, 0) for pair in _DECIMAL_PAIR)


def encode_column(column: "pa.ChunkedArray[Any]", oracle_type: OracleType) -> list[bytes]:
    """Every value of a column in wire form, length byte included.

    Raises ORA-00932 for a DuckDB type that Oracle has no word for, such as a list.
    """
    try:
        cells, encode = _cells_and_encoder(column, oracle_type)
    except pa.ArrowException as error:
        raise OracleError(932, f"inconsistent datatypes: {error}") from error
    end = LONG_END if oracle_type.is_lob or oracle_type.name.startswith("LONG") else b""
    return [(NULL if cell is None else encode(cell)) + end for cell in cells]


def _cells_and_encoder(
    column: "pa.ChunkedArray[Any]", oracle_type: OracleType
) -> tuple[Sequence[Any], Callable[[Any], bytes]]:
    name = oracle_type.name
    if oracle_type.is_number:
        return _number_texts(column), encode_number
    if oracle_type.is_exact:
        return _exact(column, oracle_type)
    if name in AS_THEY_ARE:
        return _cells(column), AS_THEY_ARE[name]
    if name in AS_INTEGERS:
        unit, encode = AS_INTEGERS[name]
        return _integers(column, unit), encode
    if name in ("CHAR", "NCHAR"):
        return _texts(column), _padding(oracle_type)
    if name in ("ROWID", "UROWID"):
        if pa.types.is_struct(column.type):
            return _cells(column), lambda row: rowids.encode(row["ROWID"], row["OBJECT"])
        return _texts(column), rowids.encode_text if name == "ROWID" else rowids.encode_universal
    encoding = _encoding(oracle_type)
    return _texts(column), lambda text: wire.value(text.encode(encoding))


def _exact(
    column: "pa.ChunkedArray[Any]", oracle_type: OracleType
) -> tuple[Sequence[Any], Callable[[Any], bytes]]:
    if oracle_type.name.startswith("INTERVAL"):
        return exact_cells.spans(column), encode_nanoseconds
    is_zoned = oracle_type.name == "TIMESTAMP WITH TIME ZONE"
    encode = encode_zoned_moment if is_zoned else encode_moment
    return exact_cells.moments(column, oracle_type), encode


def _padding(oracle_type: OracleType) -> Callable[[str], bytes]:
    """CHAR is filled up with blanks: to as many characters, or to as many bytes."""
    encoding, width = _encoding(oracle_type), oracle_type.characters
    if oracle_type.counts_characters:
        return lambda text: wire.value(text.ljust(width).encode(encoding))
    return lambda text: wire.value(text.encode(encoding).ljust(width))


def _encoding(oracle_type: OracleType) -> str:
    return "utf-16-be" if oracle_type.is_national else "utf-8"


def encode_number(text: str) -> bytes:
    """A decimal text without exponent as an Oracle NUMBER: base-100 digits after an exponent."""
    negative = text[0] == "-"
    whole, _, fraction = text[negative:].partition(".")
    if len(whole) & 1:
        whole = "0" + whole
    if len(fraction) & 1:
        fraction += "0"
    pairs = bytes.fromhex(whole + fraction)
    significant = pairs.lstrip(b"\x00")
    if not significant:
        return b"\x01\x80"
    exponent = len(whole) // 2 - (len(pairs) - len(significant)) - 1
    digits = significant[:MOST_NUMBER_PAIRS].rstrip(b"\x00")
    if not negative:
        return bytes((len(digits) + 1, 193 + exponent)) + digits.translate(_POSITIVE)
    end = b"\x66" if len(digits) < MOST_NUMBER_PAIRS else b""
    size = len(digits) + 1 + len(end)
    return bytes((size, 62 - exponent)) + digits.translate(_NEGATIVE) + end


def encode_date(seconds: int) -> bytes:
    """Seconds since 1970 as a 7-byte DATE."""
    days, rest = divmod(seconds, SECONDS_PER_DAY)
    return b"\x07" + _day(days) + _time(rest)


def encode_timestamp(microseconds: int) -> bytes:
    """Microseconds since 1970: 7 bytes, or 11 where there is a fraction."""
    return encode_moment((microseconds, 0, 0))


def encode_moment(moment: tuple[int, int, int]) -> bytes:
    """Microseconds since 1970 and further nanoseconds: 7 bytes, or 11 with a fraction."""
    whole, fraction = _whole_and_fraction(moment)
    return b"\x0b" + whole + fraction.to_bytes(4, "big") if fraction else b"\x07" + whole


def encode_timestamp_tz(microseconds: int) -> bytes:
    """Microseconds since 1970 UTC: 11 bytes of UTC and two of the offset that all have here."""
    return encode_zoned_moment((microseconds, 0, LOCAL_ZONE_HOURS * 60))


def encode_local_timestamp(microseconds: int) -> bytes:
    """Microseconds since 1970 UTC, shown in the session's zone, which all have here."""
    return encode_timestamp(microseconds + LOCAL_ZONE_HOURS * 3_600_000_000)


def encode_zoned_moment(moment: tuple[int, int, int]) -> bytes:
    """Microseconds since 1970 UTC, further nanoseconds, and the offset in minutes."""
    whole, fraction = _whole_and_fraction(moment)
    sign = -1 if moment[2] < 0 else 1
    hours, minutes = divmod(abs(moment[2]), 60)
    offset = bytes((20 + sign * hours, 60 + sign * minutes))
    return b"\x0d" + whole + fraction.to_bytes(4, "big") + offset


def _whole_and_fraction(moment: tuple[int, int, int]) -> tuple[bytes, int]:
    seconds, microseconds = divmod(moment[0], 1_000_000)
    days, rest = divmod(seconds, SECONDS_PER_DAY)
    return _day(days) + _time(rest), microseconds * 1000 + moment[1]


def encode_day_to_second(span: pa.MonthDayNano) -> bytes:
    """Days, hours, minutes, seconds and nanoseconds, each with the sign of the whole."""
    return encode_nanoseconds(span.days * SECONDS_PER_DAY * 1_000_000_000 + span.nanoseconds)


def encode_nanoseconds(total: int) -> bytes:
    """An interval as one number of nanoseconds."""
    seconds, nanoseconds = divmod(abs(total), 1_000_000_000)
    sign = -1 if total < 0 else 1
    days, rest = divmod(seconds, SECONDS_PER_DAY)
    parts = (60 + sign * part for part in (rest // 3600, rest // 60 % 60, rest % 60))
    middle = (INTERVAL_ZERO + sign * days).to_bytes(4, "big") + bytes(parts)
    return b"\x0b" + middle + (INTERVAL_ZERO + sign * nanoseconds).to_bytes(4, "big")


def encode_year_to_month(span: pa.MonthDayNano) -> bytes:
    """Years and months, both with the sign of the whole."""
    sign = -1 if span.months < 0 else 1
    years, months = divmod(abs(span.months), 12)
    return (
        b"\x05" + (INTERVAL_ZERO + sign * years).to_bytes(4, "big") + bytes((60 + sign * months,))
    )


def encode_double(number: float) -> bytes:
    """A BINARY_DOUBLE."""
    return b"\x08" + _sortable(struct.pack(">d", number))


def encode_float(number: float) -> bytes:
    """A BINARY_FLOAT."""
    return b"\x04" + _sortable(struct.pack(">f", number))


def encode_boolean(truth: bool) -> bytes:  # noqa: FBT001 - the value itself
    """A BOOLEAN: 1 or 0 as an integer of the protocol."""
    return b"\x02\x01\x01" if truth else b"\x01\x00"


def _sortable(ieee: bytes) -> bytes:
    """Oracle flips bits so that the bytes sort as the numbers do."""
    if ieee[0] & 0x80:
        return bytes(byte ^ 0xFF for byte in ieee)
    return bytes((ieee[0] | 0x80,)) + ieee[1:]


@lru_cache(maxsize=50_000)
def _day(days: int) -> bytes:
    day = date.fromordinal(EPOCH_ORDINAL + days)
    return bytes((day.year // 100 + 100, day.year % 100 + 100, day.month, day.day))


@lru_cache(maxsize=SECONDS_PER_DAY)
def _time(seconds: int) -> bytes:
    return bytes((seconds // 3600 + 1, seconds // 60 % 60 + 1, seconds % 60 + 1))


def decode_bind(type_number: int, form: int, data: bytes | None) -> BindValue:
    """A bind value as Python sees it; raises `ProtocolError` for a type nobody sends here."""
    if data is None:
        return None
    match type_number:
        case 1 | 8 | 96:
            return data.decode("utf-16-be" if form == 2 else "utf-8")
        case 2 | 3:
            return decode_number(data)
        case 12 | 180 | 231:
            return _moment(data)
        case 181:
            return _moment(data).replace(tzinfo=UTC)
        case 23 | 24:
            return data
        case 100 | 101:
            plain = bytes((data[0] ^ 0x80, *data[1:]))
            if not data[0] & 0x80:
                plain = bytes(byte ^ 0xFF for byte in data)
            (number,) = struct.unpack(">f" if type_number == 100 else ">d", plain)
            return cast(float, number)
        case _:
            raise wire.ProtocolError(f"bind of type {type_number}")


def decode_number(data: bytes) -> int | Decimal:
    """An Oracle NUMBER; an int where it has no fraction."""
    if data == b"\x80":
        return 0
    negative = not data[0] & 0x80
    exponent = (62 - data[0]) if negative else (data[0] - 193)
    digits = data[1:-1] if negative and data[-1] == 102 else data[1:]
    text = "".join(f"{101 - digit if negative else digit - 1:02d}" for digit in digits)
    zeros = 2 * (exponent + 1 - len(digits))
    sign = "-" if negative else ""
    return int(sign + text + "0" * zeros) if zeros >= 0 else Decimal(f"{sign}{text}E{zeros}")


def _moment(data: bytes) -> datetime:
    century, year, month, day, hour, minute, second = data[:7]
    whole = datetime(  # noqa: DTZ001 - a DATE has no zone
        (century - 100) * 100 + year - 100, month, day, hour - 1, minute - 1, second - 1
    )
    nanoseconds = int.from_bytes(data[7:11], "big")
    return whole + timedelta(microseconds=nanoseconds // 1000)


def _number_texts(column: "pa.ChunkedArray[Any]") -> Sequence[str | None]:
    kind = column.type
    if exact_cells.is_number(kind):
        return exact_cells.number_texts(column)
    if pa.types.is_decimal(kind) and kind.scale == 0 and kind.precision <= 18:
        column = column.cast(pa.int64())  # several times faster than decimal to text
    if pa.types.is_interval(kind):
        return [None if span is None else f"{_days(span):f}" for span in _cells(column)]
    if pa.types.is_integer(column.type):
        return [None if number is None else str(number) for number in _cells(column)]
    if pa.types.is_floating(kind) or (pa.types.is_decimal(kind) and kind.scale > 6):
        # Arrow writes small decimals with an exponent
        return [None if number is None else f"{Decimal(number):f}" for number in _cells(column)]
    return _texts(column)


def _days(span: pa.MonthDayNano) -> Decimal:
    return span.days + Decimal(span.nanoseconds) / (SECONDS_PER_DAY * 1_000_000_000)


def _texts(column: "pa.ChunkedArray[Any]") -> Sequence[str | None]:
    return cast("Sequence[str | None]", _cells(column.cast(pa.string())))


def _integers(column: "pa.ChunkedArray[Any]", unit: pa.DataType) -> Sequence[int | None]:
    return cast("Sequence[int | None]", _cells(column.cast(unit).cast(pa.int64())))


def _cells(column: "pa.ChunkedArray[Any]") -> Sequence[Any]:
    return cast("Sequence[Any]", column.to_pylist())


#: Types whose encoder takes the cell as Arrow hands it out.
AS_THEY_ARE: Mapping[str, Callable[[Any], bytes]] = {
    "BINARY_DOUBLE": encode_double,
    "BINARY_FLOAT": encode_float,
    "BOOLEAN": encode_boolean,
    "RAW": wire.value,
    "LONG RAW": wire.value,
    "BLOB": wire.value,
    "INTERVAL DAY TO SECOND": encode_day_to_second,
    "INTERVAL YEAR TO MONTH": encode_year_to_month,
}
#: Types whose encoder takes whole units since 1970.
AS_INTEGERS: Mapping[str, tuple[pa.DataType, Callable[[int], bytes]]] = {
    "DATE": (pa.timestamp("s"), encode_date),
    "TIMESTAMP": (pa.timestamp("us"), encode_timestamp),
    "TIMESTAMP WITH TIME ZONE": (pa.timestamp("us", "UTC"), encode_timestamp_tz),
    "TIMESTAMP WITH LOCAL TIME ZONE": (pa.timestamp("us", "UTC"), encode_local_timestamp),
}
