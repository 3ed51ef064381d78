"""Numbers as people and models write them, compared by value."""

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

_SCALES = {
    "만": 10**4,
    "억": 10**8,
    "천만": 10**7,
    "백만": 10**6,
    "조": 10**12,
    "k": 10**3,
    "m": 10**6,
    "b": 10**9,
    "bn": 10**9,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
}
_NOT_AMOUNTS = re.compile(
    r"\d{4}-\d{2}(?:-\d{2})?(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(?:Z|[+-]\d{2}:\d{2})?"
    r"|\d{1,2}:\d{2}(?::\d{2})?|\d{4}년|\d{4}[./]\d{1,2}[./]\d{1,2}"
    r"|\b(?:19|20)\d{2}\b|\w*[A-Za-z_]\w*\d+\w*|#\d+"
)
_NUMBER = re.compile(
    r"(?:(?:\b(?:about|around|roughly|nearly|almost|over|approximately)|약|대략|거의|~)\s*)?"
    r"(?<![\w.,])-?\d[\d,]*(?:\.\d+)?(?:\s?(?:천만|백만|만|억|조)|\s(?:thousand|million|billion)\b"
    r"|(?:k|K|M|B|bn)\b)?"
)
SMALLEST = 100
"""Smaller whole numbers are also words: the top five, within 24 hours."""


class Number(NamedTuple):
    """A value, and how far it may be from what it stands for, as it is rounded."""

    value: Decimal
    margin: Decimal


def numbers_in(text: str) -> list[Number]:
    """Find the amounts in *text*, without dates, times and names that hold digits."""
    found: list[Number] = []
    for match in _NUMBER.findall(_NOT_AMOUNTS.sub(" ", text)):
        digits = re.search(r"-?\d[\d,]*(?:\.\d+)?", match)
        if digits is None:
            continue
        scale = _SCALES.get(match[digits.end() :].strip().lower(), 1)
        written = Decimal(digits.group().replace(",", ""))
        if digits.start():  # "about 4,200": its zeros are no digits
            written = written.normalize()
        unit = Decimal(scale).scaleb(int(written.as_tuple().exponent))
        found.append(Number(written * scale, unit / 2))
    return found


def says(numbers: Iterable[Number], expected: Decimal) -> bool:
    """Whether one of *numbers* is *expected*, as far as it is written out."""
    return any(abs(one.value - expected) <= max(one.margin, Decimal("0.005")) for one in numbers)


def invented(text: str, sources: Iterable[str]) -> list[Decimal]:
    """Those amounts of *text* that no source holds, small whole numbers aside."""
    known = [one.value for source in sources for one in _all_in(source)]
    return [
        one.value
        for one in numbers_in(text)
        if (abs(one.value) >= SMALLEST or one.value % 1)
        and not any(abs(one.value - value) <= one.margin for value in known)
    ]


def _all_in(source: str) -> list[Number]:
    found = re.findall(r"-?\d[\d,]*(?:\.\d+)?", source)
    return [
        *numbers_in(source),
        *(Number(value, Decimal(0)) for one in found for value in _as(one)),
    ]


def _as(text: str) -> list[Decimal]:
    try:
        return [Decimal(text.replace(",", "").lstrip("-"))]
    except InvalidOperation:
        return []
