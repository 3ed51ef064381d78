"""Conversions between types, and parts of times and intervals, in DuckDB's words."""

import re
from collections.abc import Sequence

from sandbox.oracle import exact, types
from sandbox.oracle import tokens as lexer
from sandbox.oracle.errors import OracleError
from sandbox.oracle.scope import Rewrite, Scope, call, literal, split
from sandbox.oracle.tokens import Kind, Token
from sandbox.oracle.types import OracleType

NOW = "now()"
SYSDATE = f"CAST({NOW} AT TIME ZONE 'UTC' AS TIMESTAMP_S)"
DATE_FORMAT = {
    "SYYYY": " %Y", "YYYY": "%Y", "YY": "%y", "RRRR": "%Y", "MM": "%m", "MON": "%b",
    "MONTH": "%B", "DD": "%d", "DDD": "%j", "DY": "%a", "DAY": "%A", "HH24": "%H", "HH12": "%I",
    "HH": "%I", "MI": "%M",
    "SS": "%S", "FF": "%f", "FF9": "%n", "FF6": "%f", "FF3": "%g", "AM": "%p", "PM": "%p",
    "IW": "%V",
}  # fmt: skip


_ELEMENTS = re.compile("|".join(sorted(DATE_FORMAT, key=len, reverse=True)), re.IGNORECASE)


def _format(text: str) -> str:
    return _ELEMENTS.sub(lambda found: DATE_FORMAT[found[0].upper()], text.replace('"', ""))


def to_moment(kind: str) -> Rewrite:
    """TO_DATE and TO_TIMESTAMP; the format must be a literal."""

    def rewrite(arguments: Sequence[Token], scope: Scope) -> list[Token]:
        parts = split(arguments)
        if len(parts) == 1:
            return call("CAST", parts[0], end=f" AS {kind})")
        moment = call("strptime", parts[0], [Token(Kind.TEXT, _format(literal(parts[1])))])
        return call("CAST", moment, end=f" AS {kind})")

    return rewrite


def to_char(arguments: Sequence[Token], scope: Scope) -> list[Token]:
    """TO_CHAR of times, and of numbers with all their digits; the format must be a literal."""
    parts = split(arguments)
    declared = scope.column(parts[0])
    if len(parts) == 1 or literal(parts[1]).upper() in ("TM", "TM9"):
        if declared is not None and declared.name.startswith("INTERVAL"):
            return _interval_text(parts[0], declared)
        is_text = declared is not None and declared.is_text
        if is_text or scope.is_moment(parts[0]):
            return call("CAST", parts[0], end=" AS VARCHAR)")
        return call('SYS."NUMBER_TEXT$"', exact.as_number_text(parts[0], declared))
    pattern = literal(parts[1]).upper()
    if declared is not None and declared.name.startswith("INTERVAL"):
        raise OracleError(3001)
    if declared is not None and declared.name == "DATE" and "FF" in pattern:
        raise OracleError(1821)
    moment = exact.moment_at_its_offset(parts[0], declared)
    if declared is not None and declared.name == "DATE":
        moment = call("CAST", moment, end=" AS TIMESTAMP)")  # strftime fails on old seconds
    if pattern == "SSSSS":
        return call("lpad", call('CAST(SYS."SECOND_OF_DAY$"', moment, end=") AS VARCHAR)"),
                     [Token(Kind.RAW, "5, '0'")])  # fmt: skip
    if re.fullmatch(r"FF\d?", pattern):
        digits = int(pattern[2:] or (declared.scale if declared else None) or 6)
        fraction = exact.nanoseconds(parts[0], declared)
        text = call("lpad", call("CAST", fraction, end=" AS VARCHAR)"), [Token(Kind.RAW, "9, '0'")])
        return call("left", text, [Token(Kind.NUMBER, str(digits))])
    if exact.is_exact_moment(parts[0], declared) and "FF9" in pattern:
        # DuckDB knows six digits of a second; the other three are put in behind them
        marked = [Token(Kind.TEXT, _format(pattern.replace("FF9", "FF6|")))]
        text = call("strftime", moment, marked)
        further = call("struct_extract", parts[0], [Token(Kind.RAW, "'NS'")])
        digits = call("CAST", further, end=" AS VARCHAR)")
        digits = call("lpad", digits, [Token(Kind.RAW, "3, '0'")])
        return call("replace", text, [Token(Kind.RAW, "'|'")], digits)
    return call("strftime", moment, [Token(Kind.TEXT, _format(literal(parts[1])))])


def _interval_text(arguments: Sequence[Token], declared: OracleType) -> list[Token]:
    """An interval as Oracle writes it, such as +03 04:05:06.000789 and -01-02."""
    places = [Token(Kind.NUMBER, str(declared.precision))]
    if declared.name == types.YEAR_TO_MONTH:
        years = [Token(Kind.RAW, "12 * extract(year FROM "), *arguments]
        then = Token(Kind.RAW, ") + extract(month FROM ")
        months = [*years, then, *arguments, Token(Kind.RAW, ")")]
        return call('SYS."MONTH_TEXT$"', months, places)
    nanos = exact.interval_nanoseconds(arguments, declared)
    return call('SYS."DAY_TEXT$"', nanos, places, [Token(Kind.NUMBER, str(declared.scale))])


def to_number(arguments: Sequence[Token], scope: Scope) -> list[Token]:
    """TO_NUMBER, also of hexadecimal digits."""
    parts = split(arguments)
    if len(parts) > 1 and re.fullmatch("X+", literal(parts[1]).strip().upper()):
        kind = "BIGINT" if len(literal(parts[1]).strip()) < 16 else "HUGEINT"
        return call("CAST", [Token(Kind.RAW, "('0x' ||"), *parts[0]], end=f") AS {kind})")
    of_a_time = any(token.text.startswith("strftime") for token in parts[0])  # its digits are whole
    return call("CAST", parts[0], end=" AS HUGEINT)" if of_a_time else " AS DECIMAL(38,10))")


def trunc(arguments: Sequence[Token], scope: Scope) -> list[Token]:
    """TRUNC of a time is a DATE, so that the difference of two is a number of days."""
    parts = split(arguments)
    if not scope.is_moment(parts[0]):
        return call("trunc", arguments)
    if any(SYSDATE in token.text for token in parts[0]):
        return [Token(Kind.RAW, f"date_trunc('day', {SYSDATE})")]
    unit = {"DD": "day", "MM": "month", "MONTH": "month", "YYYY": "year", "YEAR": "year",
            "IW": "week", "Q": "quarter"}  # fmt: skip
    wanted = "DD" if len(parts) == 1 else literal(parts[1]).upper()
    if wanted not in unit:
        raise OracleError(3001)
    moment = exact.moment_at_its_offset(parts[0], scope.column(parts[0]))
    day = call("date_trunc", [Token(Kind.RAW, f"'{unit[wanted]}'")], moment)
    return call("CAST", day, end=" AS DATE)")


def extract(arguments: Sequence[Token], scope: Scope) -> list[Token]:
    """EXTRACT(part FROM x); intervals keep their sign, and seconds their fraction."""
    declared = scope.column(arguments[2:])
    part = arguments[0].text
    if declared is None or not declared.name.startswith("INTERVAL"):
        return call("extract", arguments)
    if declared.name == types.YEAR_TO_MONTH:
        return call("extract", arguments)
    whole = exact.interval_nanoseconds(arguments[2:], declared)
    match part:
        case "DAY":
            return call("", whole, end=" // 86400000000000)")
        case "HOUR":
            return call("", whole, end=" // 3600000000000 % 24)")
        case "MINUTE":
            return call("", whole, end=" // 60000000000 % 60)")
        case _:
            return exact.interval_seconds(arguments[2:], declared)


def cast(arguments: Sequence[Token], scope: Scope) -> list[Token]:
    """CAST in Oracle's type names."""
    place = next((i for i, token in lexer.outermost(arguments) if token.is_word("AS")), None)
    if place is None:
        raise OracleError(905, "missing keyword")
    declared = "".join(f"{token.text} " for token in arguments[place + 1 :])
    try:
        storage = types.parse(re.sub(r" ?([(),]) ?", r"\1", declared).strip()).storage
    except ValueError:
        storage = declared
    return call("CAST", arguments[:place], end=f" AS {storage})")
