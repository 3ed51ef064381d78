"""Literal rows on their way into a table: each column is kept as what holds all its values.

Numbers, times and intervals are kept in DuckDB's own types where these hold them to the last digit;
otherwise as in `types.EXACT_STORAGES`.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Context, Decimal

from sandbox.oracle.types import (
    BARE_NUMBER_SCALE,
    DAY_TO_SECOND,
    EXACT_SCALE,
    LOCAL_ZONE_HOURS,
    YEAR_TO_MONTH,
    OracleType,
)

Cell = str | None
_MOMENT = re.compile(
    r"(?P<whole>\d{4,5}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?)(?:\.(?P<fraction>\d{1,9}))?"
    r"(?:(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d)?)?"
)
_DAYS = re.compile(
    r"(?P<sign>[+-]?)(?P<days>\d+) (?P<h>\d+):(?P<m>\d+):(?P<s>\d+)(?:\.(?P<f>\d+))?"
)
_YEARS = re.compile(r"(?P<sign>[+-]?)(?P<years>\d+)-(?P<months>\d+)")


def fit(kind: OracleType, cells: Sequence[Cell]) -> OracleType:
    """The type, exact where one of these values asks for it."""
    is_exact = kind.is_exact or any(cell is not None and _is_beyond(kind, cell) for cell in cells)
    return replace(kind, is_exact=is_exact)


def stored(kind: OracleType, cell: Cell) -> Cell:
    """A value as a text that DuckDB casts to what the column is kept as."""
    if cell is None:
        return None
    if kind.is_exact and kind.is_number:
        return str(int(Decimal(cell).scaleb(EXACT_SCALE, _WIDE)))
    if kind.name == YEAR_TO_MONTH and (years := _YEARS.fullmatch(cell)):
        months = int(years["years"]) * 12 + int(years["months"])
        return f"{-months if years['sign'] == '-' else months} months"
    if kind.name == DAY_TO_SECOND and (days := _DAYS.fullmatch(cell)):
        seconds, nanos = divmod(_nanoseconds(days), 1_000_000_000)
        exact = f"{{SECONDS: {seconds}, NANOS: {nanos}}}"
        return exact if kind.is_exact else f"{_nanoseconds(days) // 1000} microseconds"
    if kind.is_exact and kind.name == DAY_TO_SECOND:
        seconds, micros = divmod(int(cell.removesuffix(" microseconds")), 1_000_000)
        return f"{{SECONDS: {seconds}, NANOS: {micros * 1000}}}"
    return _moment(kind, cell) if kind.is_exact else cell


def _moment(kind: OracleType, cell: str) -> str:
    match = _MOMENT.fullmatch(cell)
    if match is None:
        raise ValueError(f"no time: {cell!r}")
    local, offset = datetime.fromisoformat(match["whole"]), _offset_minutes(match)
    digits = (match["fraction"] or "").ljust(9, "0")
    if kind.name == "TIMESTAMP":
        return f"{{TS: {local.isoformat(' ')}.{digits[:6]}, NS: {int(digits[6:])}}}"
    utc = (local - timedelta(minutes=offset or 0)).isoformat(" ")
    if kind.name == "TIMESTAMP WITH LOCAL TIME ZONE":
        return f"{{TS: {utc}.{digits[:6]}, NS: {int(digits[6:])}}}"
    return f"{{UTC: {utc}.{digits[:6]}, NS: {int(digits[6:])}, MINUTES: {offset or 0}}}"


def _is_beyond(kind: OracleType, cell: str) -> bool:
    """Whether DuckDB's own type for this one cannot hold a value."""
    if kind.is_bare:
        number = Decimal(cell)
        exponent = number.normalize(_WIDE).as_tuple().exponent
        whole_digits = 38 - BARE_NUMBER_SCALE
        return number.adjusted() >= whole_digits or int(exponent) < -BARE_NUMBER_SCALE
    if kind.name == DAY_TO_SECOND:
        days = _DAYS.fullmatch(cell)
        return bool(days) and _nanoseconds(days) % 1000 != 0
    if kind.name.startswith("TIMESTAMP") and (match := _MOMENT.fullmatch(cell)):
        offset = _offset_minutes(match)
        is_elsewhere = offset is not None and offset != LOCAL_ZONE_HOURS * 60
        is_nano = (match["fraction"] or "").ljust(9, "0")[6:] != "000"
        return is_nano or (kind.name == "TIMESTAMP WITH TIME ZONE" and is_elsewhere)
    return False


def _offset_minutes(match: "re.Match[str]") -> int | None:
    if match["hours"] is None:
        return None
    minutes = int(match["hours"]) * 60 + int(match["minutes"] or 0)
    return -minutes if match["sign"] == "-" else minutes


def _nanoseconds(days: "re.Match[str]") -> int:
    seconds = ((int(days["days"]) * 24 + int(days["h"])) * 60 + int(days["m"])) * 60
    total = (seconds + int(days["s"])) * 1_000_000_000 + int((days["f"] or "").ljust(9, "0"))
    return -total if days["sign"] == "-" else total


#: Room for every digit of a NUMBER: 126 before the point and 130 behind it.
_WIDE = Context(prec=300)
