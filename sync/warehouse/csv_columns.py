"""What the columns of a CSV file are called, and which type holds all their values exactly.

A type is given only where every value fits it and none loses anything: leading zeros, digits or an
order of day and month that nobody can know keep a column text, and that is told.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb
from pydantic import BaseModel, ConfigDict

from sync.plan import Column
from sync.warehouse.sql import quote

MOST_COLUMNS = 300
MOST_NAME_CHARACTERS = 60
MOST_BIGINT_DIGITS = 18
MOST_DIGITS = 38
LEAST_ALIKE = 0.8
"""Share of values that look like numbers or dates above which the others are told of."""

OddCode = Literal[
    "no_header",
    "renamed",
    "leading_zeros",
    "long_digits",
    "scientific",
    "grouped",
    "unclear_dates",
    "mixed",
    "empty_columns",
    "blank_names",
    "none",
]


class Odd(BaseModel):
    """What was otherwise than a reader would expect of a file."""

    model_config = ConfigDict(frozen=True)

    code: OddCode
    columns: tuple[str, ...] = ()
    line: int = 0
    """The first line it is about, where it is about single ones."""


_NUMBER = r"[+-]?(0|[1-9][0-9]*)(\.[0-9]+)?"
_GROUPED = r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?"
_ZEROS = r"[+-]?0[0-9]+(\.[0-9]+)?"
_SCIENTIFIC = r"[+-]?[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]+"
_DATE = (
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}"
    r"|[0-9]{4}\. ?[0-9]{1,2}\. ?[0-9]{1,2}\.?"
)
_TIME = r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_UNCLEAR = r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-]([0-9]{4}|[0-9]{2})"
_VALUE = re.compile(f"{_NUMBER}|{_GROUPED}|{_ZEROS}|{_SCIENTIFIC}|({_DATE})([ T]{_TIME})?")

KINDS = re.compile(r"VARCHAR|BIGINT|DATE|TIMESTAMP|DECIMAL\([0-9]{1,2},[0-9]{1,2}\)")
"""All types that a file's columns can have."""


def is_header(first: Sequence[str]) -> bool:
    """Whether the first row names columns: it has words, and no value that is plainly data."""
    told = [value.strip() for value in first if value.strip()]
    return bool(told) and not any(_VALUE.fullmatch(value) for value in told)


def name_columns(first: Sequence[str]) -> tuple[list[str], tuple[Odd, ...]]:
    """Give each column a name that no other has, as near to its own as can be."""
    taken, names, blank, renamed = set[str](), list[str](), list[str](), list[str]()
    for number, told in enumerate(first, 1):
        wanted = _plain(told)
        name = wanted or f"column{number}"
        again = 1
        while name.casefold() in taken:
            again += 1
            name = f"{wanted or f'column{number}'}_{again}"
        taken.add(name.casefold())
        names.append(name)
        if not wanted:
            blank.append(name)
        elif name != told.strip():
            renamed.append(name)
    odd = [Odd(code="blank_names", columns=tuple(blank))] if blank else []
    odd += [Odd(code="renamed", columns=tuple(renamed))] if renamed else []
    return names, tuple(odd)


def _plain(name: str) -> str:
    """A name in one line and one form: a Mac writes 한 as three letters."""
    spaced = " ".join(unicodedata.normalize("NFC", name).split())
    shown = "".join(one for one in spaced if one.isprintable())
    return shown[:MOST_NAME_CHARACTERS].strip()


def typed(
    db: duckdb.DuckDBPyConnection, rows: str, names: Sequence[str], separator: str
) -> tuple[tuple[Column, ...], tuple[str, ...], tuple[Odd, ...]]:
    """Decide the type of each column of *rows*, whose values are text in c0, c1 … and line.

    Gives the columns, the expression of each one's values, and what was odd.
    """
    columns: list[Column] = []
    values: list[str] = []
    odd: dict[tuple[OddCode, int], list[str]] = {}
    for number, name in enumerate(names):
        look = _look(db, rows, f"c{number}", separator)
        kind, value = _kind(look, f"c{number}")
        columns.append(Column(name=name, oracle_type=kind, duckdb_type=kind, nullable=True))
        values.append(f"{value} AS {quote(name)}")
        if found := _odd(look, kind):
            odd.setdefault(found, []).append(name)
    told = tuple(Odd(code=code, line=line, columns=tuple(of)) for (code, line), of in odd.items())
    return tuple(columns), tuple(values), told


@dataclass(frozen=True)
class _Look:
    """How many values of a column look like what."""

    count: int
    plain: int
    grouped: int
    zeros: int
    scientific: int
    days: int
    moments: int
    unclear: int
    digits: int
    """The most before the point, of numbers."""
    scale: int
    """The most behind it."""
    no_number: int
    """The first line with a value that is none."""
    no_date: int

    @property
    def numbers(self) -> int:
        return self.plain + self.grouped

    @property
    def dates(self) -> int:
        return self.days + self.moments


def _look(db: duckdb.DuckDBPyConnection, rows: str, column: str, separator: str) -> _Look:
    value = f"trim({column})"
    number = _ungrouped(column)
    # Where ; separates, a comma may well be a decimal one: 1,234 is then not to be known.
    grouped = _GROUPED if separator != ";" else "[^\\s\\S]"
    found = db.execute(
        f"""
        SELECT count({column}), count(*) FILTER (plain), count(*) FILTER (grouped),
          count(*) FILTER (zeros), count(*) FILTER (scientific),
          count(*) FILTER (day), count(*) FILTER (moment), count(*) FILTER (unclear),
          max(length(regexp_extract({number}, '[0-9]+'))) FILTER (plain OR grouped),
          max(length(regexp_extract({number}, '\\.([0-9]+)', 1))) FILTER (plain OR grouped),
          min(line) FILTER (NOT plain AND NOT grouped),
          min(line) FILTER (NOT day AND NOT moment)
        FROM (SELECT line, {column},
          regexp_full_match({value}, '{_NUMBER}') AS plain,
          regexp_full_match({value}, '{grouped}') AS grouped,
          regexp_full_match({value}, '{_ZEROS}') AS zeros,
          regexp_full_match({value}, '{_SCIENTIFIC}') AS scientific,
          regexp_full_match({value}, '{_DATE}') AND {_day(column)} IS NOT NULL AS day,
          regexp_full_match({value}, '({_DATE})[ T]{_TIME}')
            AND {_moment(column)} IS NOT NULL AS moment,
          regexp_full_match({value}, '{_UNCLEAR}') AS unclear
          FROM {rows} WHERE {column} IS NOT NULL)
        """
    ).fetchone()
    return _Look(*(int(one or 0) for one in found or (0,) * 12))


def _kind(look: _Look, column: str) -> tuple[str, str]:
    """The type that holds all values, and the expression that gives them in it."""
    if look.count and look.numbers == look.count:
        if not look.scale and look.digits <= MOST_BIGINT_DIGITS:
            return "BIGINT", f"CAST({_ungrouped(column)} AS BIGINT)"
        if look.scale and look.digits + look.scale <= MOST_DIGITS:
            kind = f"DECIMAL({look.digits + look.scale},{look.scale})"
            return kind, f"CAST({_ungrouped(column)} AS {kind})"
    if look.count and look.days == look.count:
        return "DATE", _day(column)
    if look.count and look.dates == look.count:
        return "TIMESTAMP", f"coalesce({_moment(column)}, {_day(column)}::TIMESTAMP)"
    return "VARCHAR", column


def _odd(look: _Look, kind: str) -> tuple[OddCode, int] | None:
    """What is to be told of a column, and the first line it is about."""
    count, numbers = look.count, look.numbers
    told: list[tuple[bool, OddCode, int]] = [
        (not count, "empty_columns", 0),
        (kind != "VARCHAR" and bool(look.grouped), "grouped", 0),
        (kind != "VARCHAR", "none", 0),
        (numbers == count, "long_digits", 0),
        (look.zeros > 0 and look.zeros + numbers == count, "leading_zeros", 0),
        (look.scientific > 0 and look.scientific + numbers == count, "scientific", 0),
        (look.unclear == count, "unclear_dates", 0),
        (numbers > LEAST_ALIKE * count, "mixed", look.no_number),
        (look.dates > LEAST_ALIKE * count, "mixed", look.no_date),
    ]
    for holds, code, line in told:
        if holds:
            return None if code == "none" else (code, line)
    return None


def _ungrouped(column: str) -> str:
    return f"replace(trim({column}), ',', '')"


def _dashed(value: str) -> str:
    """A date written with slashes or dots, as DuckDB reads one."""
    return f"regexp_replace(rtrim({value}, '.'), '[/.] ?', '-', 'g')"


def _day(column: str) -> str:
    return f"TRY_CAST({_dashed(f'trim({column})')} AS DATE)"


def _moment(column: str) -> str:
    value = f"trim({column})"
    day = f"regexp_extract({value}, '^({_DATE})[ T]', 1)"
    time = f"regexp_extract({value}, '[ T]({_TIME})$', 1)"
    return f"TRY_CAST({_dashed(day)} || ' ' || {time} AS TIMESTAMP)"
