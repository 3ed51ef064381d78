"""What Oracle and the copy are both asked before readers see a copy, column by column.

Each figure is asked of Oracle at the moment of the run and of DuckDB in its own words, and compared
as text, so that no digit is lost on the way. Facts of Oracle: Database SQL Language Reference,
"TO_CHAR (datetime)", "STANDARD_HASH", "Floating-Point Conditions", "LENGTH", "SUBSTR"; PL/SQL
Packages and Types Reference, DBMS_LOB.GETLENGTH, UTL_I18N.STRING_TO_RAW, UTL_RAW.LENGTH.

Times are compared by their digits, 20261127093001 say: before 15 October 1582 Oracle counts days by
the Julian calendar and DuckDB by the Gregorian, while both write the same year, month and day.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

from sync.oracle import quote_name
from sync.plan import Column, Encoding, Proof, TablePlan, is_cut
from sync.proof_errors import FigureDiffers
from sync.receipt import Check
from sync.warehouse.sql import quote

FIGURES_AT_ONCE = 900
"""Of one statement: Oracle's select list takes 1,000 expressions (ORA-01792)."""


@dataclass(frozen=True)
class Figure:
    """One question, in the words of both databases."""

    what: str
    oracle: str
    duckdb: str
    unbounded: str = ""
    """What DuckDB is asked in its place where a sum exceeds 38 digits: whole units, as text."""
    scale: int = 0
    """Fraction digits of `unbounded`."""


def figures(plan: TablePlan, columns: Sequence[Column]) -> tuple[Figure, ...]:
    """What is asked of a table's rows at the plan's level of proof; their number comes first.

    *columns* are the plan's, with the types they became in the copy.
    """
    found = [Figure("rows", "COUNT(*)", "count(*)")]
    if plan.proof != "count":
        for column in columns:
            found += _of_column(column, plan.proof)
    return tuple(found)


def compared(
    asked: Sequence[Figure], oracle: Sequence[object], copy: Sequence[object]
) -> tuple[Check, ...]:
    """Both answers to each question, as text."""
    return tuple(
        Check(what=figure.what, oracle=as_text(theirs), copy_value=as_text(ours))
        for figure, theirs, ours in zip(asked, oracle, copy, strict=True)
    )


def require_agreement(plan: TablePlan, checks: Sequence[Check]) -> None:
    """Raise `FigureDiffers` for the first figure on which Oracle and the copy do not agree."""
    for check in checks:
        if not check.agrees:
            raise FigureDiffers(
                table=str(plan.ref),
                what=check.what,
                oracle=check.oracle or "NULL",
                copied=check.copy_value or "NULL",
            )


def in_batches(asked: Sequence[Figure]) -> Iterator[Sequence[Figure]]:
    """As many questions at a time as one statement takes."""
    for start in range(0, len(asked), FIGURES_AT_ONCE):
        yield asked[start : start + FIGURES_AT_ONCE]


def as_text(value: object) -> str:
    """A figure as it is compared: a number without trailing zeros, or as it is written."""
    if value is None:
        return ""
    if isinstance(value, float):
        value = Decimal(repr(value)) if math.isfinite(value) else value  # a FLOAT's own digits
    if isinstance(value, int | Decimal):
        return _plain(Decimal(value))
    return str(value).lower() if isinstance(value, float) else str(value)


def _plain(number: Decimal) -> str:
    if not number:
        return "0"
    if len(number.as_tuple().digits) > _SUM_DIGITS:
        # Oracle adds up with 38 to 40 digits, so behind these its own sum is rounded.
        number = number.normalize(Context(prec=_ROUNDED_DIGITS))
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _of_column(column: Column, proof: Proof) -> Iterator[Figure]:
    name = column.oracle_type.partition("(")[0]
    if name in _UNTOUCHABLE:
        return
    theirs = quote_name(column.name)
    if column.oracle_type.endswith("TIME ZONE"):
        theirs = f"SYS_EXTRACT_UTC({theirs})"
    ours = quote(column.name)

    def figure(what: str, oracle: str, duckdb: str, unbounded: str = "", scale: int = 0) -> Figure:
        return Figure(
            what=f"{what}({column.name})",
            oracle=oracle.replace("{c}", theirs),
            duckdb=duckdb.replace("{c}", ours),
            unbounded=unbounded.replace("{c}", ours),
            scale=scale,
        )

    if is_cut(column):
        return  # what was cut off is counted when the types are settled

    # COUNT of an expression: some types may be tested for NULL and not be counted.
    yield figure("count", "COUNT(CASE WHEN {c} IS NOT NULL THEN 1 END)", "count({c})")
    if name in ("NUMBER", "FLOAT"):
        yield from _of_number(column, figure)
    for what, oracle, duckdb in _words(column, name):
        yield figure(what, oracle, duckdb)
    if proof == "deep" and name in _HASHED and column.encoding is None:
        for what, asked, copied in _pieces(column, name):
            hashed = f"CASE WHEN {asked} IS NOT NULL THEN {_HASHED[name]} END".replace("{p}", asked)
            oracle = f"SUM(TO_NUMBER(SUBSTR(RAWTOHEX({hashed}), 1, 15), 'XXXXXXXXXXXXXXX'))"
            yield figure(what, oracle, f"sum(('0x' || left(md5({copied}), 15))::BIGINT)")


def _pieces(column: Column, name: str) -> Iterator[tuple[str, str, str]]:
    """What is hashed at a time: all of a value, or so much that its UTF-8 has room in Oracle."""
    characters = _size(column) or 1
    most = _HASHED_CHARACTERS.get(name, characters)
    if characters <= most:
        yield "md5", "{c}", "{c}"
        return
    for first in range(1, characters + 1, most):
        part = f"({{c}}, {first}, {most})"
        what = "md5" if first == 1 else f"md5 from {first}"
        yield what, f"SUBSTR4{part}", f"nullif(substr{part}, '')"


def _size(column: Column) -> int | None:
    """Characters or bytes that a type is declared for."""
    size = re.search(r"\((\d+)", column.oracle_type)
    return int(size[1]) if size else None


def _of_number(column: Column, figure: Callable[..., Figure]) -> Iterator[Figure]:
    kind = column.duckdb_type
    if kind == "VARCHAR":
        return  # digits beyond any DECIMAL are kept as text, which nothing here adds up
    if kind not in ("DOUBLE", "FLOAT"):  # of those a sum in binary would round
        _, _, fraction = kind.partition(",")
        units = "sum(replace({c}::VARCHAR, '.', '')::BIGNUM)::VARCHAR"
        yield figure("sum", "SUM({c})", "sum({c})", units, int(fraction.rstrip(")") or 0))
    yield figure("min", "MIN({c})", "min({c})")
    yield figure("max", "MAX({c})", "max({c})")


def _words(column: Column, name: str) -> Iterator[tuple[str, str, str]]:
    if name in ("DATE", "TIMESTAMP") and column.duckdb_type != "VARCHAR":
        shown, ours = "YYYYMMDDHH24MISS", f"{_MINUTES} * 100 + second({{t}})"
        if name == "TIMESTAMP":
            shown, ours = shown + "FF9", f"{_MINUTES}::HUGEINT * 100000000000 + nanosecond({{t}})"
        is_instant = column.duckdb_type == "TIMESTAMPTZ"
        ours = ours.replace("{t}", "make_timestamp(epoch_us({c}))" if is_instant else "{c}")
        digits = f"TO_NUMBER(TO_CHAR({{c}}, '{shown}'))"
        yield "sum", f"SUM({digits})", f"sum({ours})"
        # Here the digits of the smallest are the smallest digits, and cost a fraction.
        yield "min", f"MIN({digits})", ours.replace("{c}", "min({c})")
        yield "max", f"MAX({digits})", ours.replace("{c}", "max({c})")
    elif name in _BINARY:
        is_nan = "SUM(CASE WHEN {c} IS NAN THEN 1 ELSE 0 END)"
        yield "nan", is_nan, "sum(CASE WHEN isnan({c}) THEN 1 ELSE 0 END)"
        yield "min", "MIN({c})", "min({c})"
        yield "max", "MAX({c})", "max({c})"
    elif column.encoding is not None:
        yield "bytes", "SUM(LENGTHB({c}))", f"sum({_ENCODED_BYTES[column.encoding]})"
    elif name in _LENGTHS:
        theirs, ours = _LENGTHS[name]
        if name == "RAW" and (_size(column) or 0) > _HEX_BYTES:
            theirs = "CASE WHEN {c} IS NOT NULL THEN UTL_RAW.LENGTH({c}) END"
        yield "length", f"SUM({theirs})", f"sum({ours})"


_SUM_DIGITS = 38
_ROUNDED_DIGITS = 36
_MINUTES = (
    "((((year({t}) * 100 + month({t})) * 100 + day({t})) * 100 + hour({t})) * 100 + minute({t}))"
)
_BINARY = frozenset({"BINARY_FLOAT", "BINARY_DOUBLE"})
_CHARACTERS = ("LENGTH4({c})", "length({c})")
# Oracle counts a CLOB in UTF-16, where what lies beyond U+FFFF takes two.
_BEYOND = "length(regexp_replace({c}, '[^\\x{10000}-\\x{10FFFF}]', '', 'g'))"
_UNITS = ("DBMS_LOB.GETLENGTH({c})", f"(length({{c}}) + {_BEYOND})")
_LENGTHS: dict[str, tuple[str, str]] = {
    "VARCHAR2": _CHARACTERS,
    "CHAR": _CHARACTERS,
    "NVARCHAR2": _CHARACTERS,
    "NCHAR": _CHARACTERS,
    "CLOB": _UNITS,
    "NCLOB": _UNITS,
    "BLOB": ("DBMS_LOB.GETLENGTH({c})", "octet_length({c})"),
    "RAW": ("LENGTH(RAWTOHEX({c})) / 2", "octet_length({c})"),
}
_HEX_BYTES = 16_383
"""Of a RAW whose hex SQL can hold: a VARCHAR2 has 32,767 bytes at most. Longer ones, which need
MAX_STRING_SIZE = EXTENDED, are measured by a package, whose call costs a switch a row."""
_OWN_BYTES = "STANDARD_HASH(CONVERT({p}, 'AL32UTF8'), 'MD5')"
_NATIONAL_BYTES = "STANDARD_HASH(UTL_I18N.STRING_TO_RAW({p}, 'AL32UTF8'), 'MD5')"
_HASHED: dict[str, str] = {
    "VARCHAR2": _OWN_BYTES,
    "CHAR": _OWN_BYTES,
    "NVARCHAR2": _NATIONAL_BYTES,
    "NCHAR": _NATIONAL_BYTES,
    "RAW": "STANDARD_HASH({p}, 'MD5')",
}
_HASHED_CHARACTERS = {"VARCHAR2": 1_000, "CHAR": 1_000, "NVARCHAR2": 500, "NCHAR": 500}
"""Of four bytes at most: SQL holds 4,000 bytes in a VARCHAR2 and 2,000 in a RAW."""
_ENCODED_BYTES: dict[Encoding, str] = {
    # In cp949 what is not ASCII takes two bytes.
    "cp949": "length({c}) + length(regexp_replace({c}, '[\\x00-\\x7F]', '', 'g'))",
    "utf-8": "strlen({c})",
}
_UNTOUCHABLE = frozenset({"LONG", "LONG RAW"})
"""Oracle lets no expression be made of them (ORA-00997)."""
