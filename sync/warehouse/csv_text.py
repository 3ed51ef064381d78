"""Read the text of a CSV file: its encoding, what separates its values, and its rows. Pure.

Nothing is guessed away: a line that does not fit is refused by its number, with the whole file.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from sync.attach_errors import (
    FileCellTooLong,
    FileEmpty,
    FileIsWorkbook,
    FileNotText,
    FileQuoteBroken,
    FileQuoteOpen,
    FileRagged,
    FileTooManyRows,
    FileUndecodable,
)

MOST_ROWS = 500_000
MOST_CELL_CHARACTERS = 100_000
SEPARATORS = ",;\t|"

_SAMPLED = 100
"""Records by which the separator is found."""
_LEAST_ALIKE = 0.5
"""Share of them that a separator must cut into the same number of values, more than one."""
_NEVER = "\x1f"
"""Separates nothing, where a file has one column."""
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "cp949")
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_PACKED = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"%PDF", b"PAR1")
"""Beginnings of xlsx and zip, xls, gzip, PDF and Parquet."""


@dataclass(frozen=True)
class Decoded:
    """A file as text."""

    text: str
    encoding: str
    """As a person knows it."""


@dataclass(frozen=True)
class Record:
    """One row as it stands in the file."""

    line: int
    """On which it begins; the first is 1."""
    values: list[str]


def decode(file: str, data: bytes) -> Decoded:
    """Give the text of a file named *file*.

    Raises `FileEmpty`, `FileIsWorkbook`, `FileUndecodable` and `FileNotText`.
    """
    if not data.strip():
        raise FileEmpty(file=file)
    if data.startswith(_PACKED):
        raise FileIsWorkbook(file=file)
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _decoded(file, data.removeprefix(bom), encoding)
    if data[1::2].count(0) > len(data) // 4:
        return _decoded(file, data, "utf-16-le")
    if data[::2].count(0) > len(data) // 4:
        return _decoded(file, data, "utf-16-be")
    try:
        return _decoded(file, data, "utf-8")
    except FileUndecodable as error:
        try:
            return _decoded(file, data, "cp949")
        except FileUndecodable:
            raise error from None


def _decoded(file: str, data: bytes, encoding: str) -> Decoded:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, errors="ignore")
        raise FileUndecodable(file=file, line=_line_after(before)) from None
    if "\0" in text:
        raise FileNotText(file=file, line=_line_after(text.partition("\0")[0]))
    return Decoded(text, encoding.upper())


def _line_after(text: str) -> int:
    return 1 + text.replace("\r\n", "\n").replace("\r", "\n").count("\n")


def find_separator(text: str, *, is_tsv: bool) -> str:
    """Find what separates values, by the first records; `_NEVER` where there is one column."""
    named = text[:6].splitlines()[0] if text[:6] else ""
    if named.lower().startswith("sep=") and len(named) == len("sep=;"):
        return named[-1]
    best, most = _NEVER, (False, 0.0, 0)
    for separator in ("\t" + SEPARATORS.replace("\t", "")) if is_tsv else SEPARATORS:
        widths = _widths(text, separator) or [1]
        width, times = Counter(widths).most_common(1)[0]
        alike = round(times / len(widths), 1)
        score = (widths[0] == width, alike, width)
        if width > 1 and alike >= _LEAST_ALIKE and score > most:
            best, most = separator, score
    return best


def _widths(text: str, separator: str) -> list[int]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        return [len(row) for row in islice(rows, _SAMPLED) if row]
    except csv.Error:
        return []


def records(file: str, text: str, separator: str) -> Iterator[Record]:
    """Give the rows, the header among them, each as long as the first; blank lines are left out.

    Raises `FileRagged`, `FileQuoteOpen`, `FileQuoteBroken`, `FileCellTooLong`, `FileTooManyRows`.
    """
    csv.field_size_limit(MOST_CELL_CHARACTERS)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    width = count = 0
    while True:
        line = rows.line_num + 1
        try:
            values = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise _malformed(file, line, str(error)) from None
        if not values or values == [""] or (line == 1 and _names_separator(values, separator)):
            continue
        width = width or len(values)
        if len(values) != width:
            raise FileRagged(file=file, line=line, found=len(values), expected=width)
        count += 1
        if count > MOST_ROWS + 1:  # one of them is the header
            raise FileTooManyRows(file=file, most=MOST_ROWS)
        yield Record(line, values)


def _names_separator(values: list[str], separator: str) -> bool:
    """Whether this is the line ``sep=;``, which Excel writes before the header."""
    return values[0].lower() in ("sep=", f"sep={separator}") and not any(values[1:])


def _malformed(file: str, line: int, told: str) -> Exception:
    if "field larger" in told:
        return FileCellTooLong(file=file, line=line, most=MOST_CELL_CHARACTERS)
    if "unexpected end" in told:
        return FileQuoteOpen(file=file, line=line)
    return FileQuoteBroken(file=file, line=line)
