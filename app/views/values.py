"""Values of a result as people read them: by column type, digits kept, times in their time zone."""

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

NOTHING = "–"
"""Stands for NULL and for empty text; Slack refuses an empty cell."""
_NUMBER = re.compile(r"(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|DECIMAL.*|DOUBLE|FLOAT)")
_ZONED = "TIMESTAMP WITH TIME ZONE"
_WRITTEN_OUT_DIGITS = 40
"""Only a binary float is larger or smaller, and reads better as 1e+300."""
_MIDNIGHT = " 00:00:00"


def is_number(kind: str) -> bool:
    """Whether a DuckDB type holds numbers."""
    return _NUMBER.fullmatch(kind) is not None


def written(value: object, kind: str, timezone: str) -> str:
    """Write one value of a DuckDB type *kind*.

    Numbers get thousands separators and keep every digit. A moment with a time zone is told in
    *timezone*, and with its name; one without keeps the clock it was written by.
    """
    if value is None or not str(value).strip():
        return NOTHING
    if is_number(kind):
        return _number(value)
    if kind == _ZONED:
        return _moment(str(value), timezone)
    if kind.startswith("TIMESTAMP"):
        return str(value).replace("T", " ")
    return str(value)


def columns_written(
    rows: list[list[object]], types: tuple[str, ...], timezone: str
) -> list[list[str]]:
    """Write all values of a result, column by column: dates whose time is always 0:00 as dates."""
    texts = [
        [written(value, kind, timezone) for value, kind in zip(row, types, strict=True)]
        for row in rows
    ]
    for at, kind in enumerate(types):
        told = [row[at] for row in texts if row[at] != NOTHING]
        are_days = all(text.endswith(_MIDNIGHT) for text in told)
        if kind.startswith("TIMESTAMP") and kind != _ZONED and are_days:
            for row in texts:
                row[at] = row[at].removesuffix(_MIDNIGHT)
    return texts


def _number(value: object) -> str:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    if not number.is_finite():
        return str(value)
    if abs(number.adjusted()) > _WRITTEN_OUT_DIGITS:
        return str(value)
    return f"{number:,f}"


def _moment(text: str, timezone: str) -> str:
    """Text that is no moment of Python's, as of a year before Christ, is left as it is."""
    try:
        moment = datetime.fromisoformat(text).astimezone(ZoneInfo(timezone))
    except (ValueError, OverflowError):
        return text.replace("T", " ")
    return f"{moment:%Y-%m-%d %H:%M:%S} {moment.tzname()}"
