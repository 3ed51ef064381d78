"""SQL over values that DuckDB's own types cannot hold or add up (see `types.EXACT_STORAGES`)."""

from collections.abc import Sequence

from sandbox.oracle.scope import call
from sandbox.oracle.tokens import Kind, Token
from sandbox.oracle.types import DAY_TO_SECOND, EXACT_SCALE, LOCAL_ZONE_HOURS, OracleType

#: DuckDB adds DECIMALs up in 38 digits; up to this precision a sum of 10 billion rows fits.
SAFE_PRECISION = 28

MACROS = f"""
CREATE MACRO SYS."EXACT$"(n) AS CAST(
    split_part(CAST(n AS VARCHAR), '.', 1)
    || rpad(split_part(CAST(n AS VARCHAR), '.', 2), {EXACT_SCALE}, '0') AS BIGNUM);
CREATE MACRO SYS."EXACT_SUM$"(n, scale) AS CAST(
    CAST(sum(CAST(replace(CAST(n AS VARCHAR), '.', '') AS BIGNUM)) AS VARCHAR)
    || repeat('0', {EXACT_SCALE} - scale) AS BIGNUM);
CREATE MACRO SYS."DIGITS$"(t) AS repeat('0', greatest(0, {EXACT_SCALE + 1} - length(t))) || t;
CREATE MACRO SYS."PLAIN$"(n) AS CASE WHEN starts_with(CAST(n AS VARCHAR), '-') THEN '-' ELSE '' END
    || left(SYS."DIGITS$"(ltrim(CAST(n AS VARCHAR), '-')), -{EXACT_SCALE}) || '.'
    || right(SYS."DIGITS$"(ltrim(CAST(n AS VARCHAR), '-')), {EXACT_SCALE});
CREATE MACRO SYS."EXACT_MOMENT$"(t) AS CASE WHEN t IS NOT NULL
    THEN {{'TS': CAST(t AS TIMESTAMP), 'NS': CAST(0 AS SMALLINT)}} END;
CREATE MACRO SYS."EXACT_UTC$"(t) AS CASE WHEN t IS NOT NULL
    THEN {{'TS': timezone('UTC', CAST(t AS TIMESTAMPTZ)), 'NS': CAST(0 AS SMALLINT)}} END;
CREATE MACRO SYS."UTC_MOMENT$"(z) AS CASE WHEN z IS NOT NULL
    THEN {{'TS': z.UTC, 'NS': z.NS}} END;
CREATE MACRO SYS."DAY_TEXT$"(nanos, places, digits) AS
    CASE WHEN nanos < 0 THEN '-' ELSE '+' END
    || lpad(CAST(abs(nanos) // 86400000000000 AS VARCHAR), places, '0')
    || ' ' || lpad(CAST(abs(nanos) // 3600000000000 % 24 AS VARCHAR), 2, '0')
    || ':' || lpad(CAST(abs(nanos) // 60000000000 % 60 AS VARCHAR), 2, '0')
    || ':' || lpad(CAST(abs(nanos) // 1000000000 % 60 AS VARCHAR), 2, '0')
    || left('.' || lpad(CAST(abs(nanos) % 1000000000 AS VARCHAR), 9, '0'),
            CASE WHEN digits = 0 THEN 0 ELSE digits + 1 END);
CREATE MACRO SYS."MONTH_TEXT$"(months, places) AS CASE WHEN months < 0 THEN '-' ELSE '+' END
    || lpad(CAST(abs(months) // 12 AS VARCHAR), places, '0')
    || '-' || lpad(CAST(abs(months) % 12 AS VARCHAR), 2, '0');
"""
_UTC_CALL = 'SYS."UTC_MOMENT$"('


def widened(column: str, before: OracleType) -> str:
    """SQL that turns a column's values into exact ones."""
    if before.is_number:
        return f'SYS."EXACT$"({column})'
    utc = f"timezone('UTC', {column})"
    if before.name == "TIMESTAMP":
        return f'SYS."EXACT_MOMENT$"({column})'
    if before.name == "TIMESTAMP WITH LOCAL TIME ZONE":
        return f'SYS."EXACT_MOMENT$"({utc})'
    if before.name == DAY_TO_SECOND:
        nanos = f"CAST(epoch_us({column}) % 1000000 * 1000 AS INTEGER)"
        parts = f"{{'SECONDS': epoch_us({column}) // 1000000, 'NANOS': {nanos}}}"
    else:
        offset = f"CAST({LOCAL_ZONE_HOURS * 60} AS SMALLINT)"
        parts = f"{{'UTC': {utc}, 'NS': CAST(0 AS SMALLINT), 'MINUTES': {offset}}}"
    return f"CASE WHEN {column} IS NOT NULL THEN {parts} END"


def total(arguments: Sequence[Token], declared: OracleType | None) -> list[Token] | None:
    """SUM of a column whose total may need more digits than a DECIMAL has, or None for others."""
    if declared is None or not declared.is_number or declared.is_exact:
        return None
    if not declared.is_bare and declared.stored_digits <= SAFE_PRECISION:
        return None
    return call('SYS."EXACT_SUM$"', arguments, [Token(Kind.NUMBER, str(declared.stored_scale))])


def as_number_text(arguments: Sequence[Token], declared: OracleType | None) -> list[Token]:
    """A NUMBER as something whose text has all its digits."""
    if declared is not None and declared.is_exact:
        return call('SYS."PLAIN$"', arguments)
    return list(arguments)


def utc(arguments: Sequence[Token], declared: OracleType | None) -> list[Token]:
    """SYS_EXTRACT_UTC."""
    if declared is None or not declared.is_exact:
        return call("timezone", [Token(Kind.RAW, "'UTC'")], arguments)
    if declared.name == "TIMESTAMP WITH LOCAL TIME ZONE":
        return list(arguments)
    return [Token(Kind.RAW, _UTC_CALL), *arguments, Token(Kind.RAW, ")")]


def is_exact_moment(arguments: Sequence[Token], declared: OracleType | None) -> bool:
    """Whether a time comes with its nanoseconds apart."""
    if declared is not None:
        return declared.is_exact
    return bool(arguments) and arguments[0].text == _UTC_CALL


def moment_at_its_offset(arguments: Sequence[Token], declared: OracleType | None) -> list[Token]:
    """A time as a calendar at its own place shows it, to the microsecond."""
    is_zoned = declared is not None and declared.name == "TIMESTAMP WITH TIME ZONE"
    is_local = declared is not None and declared.name == "TIMESTAMP WITH LOCAL TIME ZONE"
    shift = f" + to_hours({LOCAL_ZONE_HOURS}))"
    if is_exact_moment(arguments, declared):
        if is_zoned:
            parts = (list(arguments), ").UTC + to_minutes((", list(arguments), ").MINUTES))")
            first, middle, second, end = parts
            return [Token(Kind.RAW, "(("), *first, Token(Kind.RAW, middle), *second,
                    Token(Kind.RAW, end)]  # fmt: skip
        whole = call("struct_extract", arguments, [Token(Kind.RAW, "'TS'")])
        return [Token(Kind.RAW, "("), *whole, Token(Kind.RAW, shift)] if is_local else whole
    if is_zoned or is_local:
        whole = call("timezone", [Token(Kind.RAW, "'UTC'")], arguments)
        return [Token(Kind.RAW, "("), *whole, Token(Kind.RAW, shift)]
    return list(arguments)


def nanoseconds(arguments: Sequence[Token], declared: OracleType | None) -> list[Token]:
    """The fraction of a second, as a number of nanoseconds."""
    moment = moment_at_its_offset(arguments, declared)
    whole = [Token(Kind.RAW, "(nanosecond("), *moment, Token(Kind.RAW, ") % 1000000000")]
    if is_exact_moment(arguments, declared):
        further = call("struct_extract", arguments, [Token(Kind.RAW, "'NS'")])
        whole += [Token(Kind.RAW, " + "), *further]
    return [*whole, Token(Kind.RAW, ")")]


def interval_nanoseconds(arguments: Sequence[Token], declared: OracleType) -> list[Token]:
    """An INTERVAL DAY TO SECOND as a number of nanoseconds."""
    if declared.is_exact:
        seconds = call("CAST", call("struct_extract", arguments, [Token(Kind.RAW, "'SECONDS'")]),
                       end=" AS HUGEINT)")  # fmt: skip
        nanos = call("struct_extract", arguments, [Token(Kind.RAW, "'NANOS'")])
        return [Token(Kind.RAW, "("), *seconds, Token(Kind.RAW, " * 1000000000 + "), *nanos,
                Token(Kind.RAW, ")")]  # fmt: skip
    whole = call("epoch_us", arguments)
    return [Token(Kind.RAW, "(CAST("), *whole, Token(Kind.RAW, " AS HUGEINT) * 1000)")]


def interval_seconds(arguments: Sequence[Token], declared: OracleType) -> list[Token]:
    """The seconds of an INTERVAL DAY TO SECOND beside its minutes, with their fraction."""
    whole = interval_nanoseconds(arguments, declared)
    end = " % 60000000000 AS DECIMAL(18,0)) * 0.000000001)"
    return [Token(Kind.RAW, "(CAST("), *whole, Token(Kind.RAW, end)]


def comparable(declared: OracleType, column: Sequence[Token]) -> list[Token]:
    """An exact column as it is compared with what `compared` makes of the other side."""
    if declared.name == "TIMESTAMP WITH TIME ZONE":
        return utc(column, declared)
    return list(column)


def compared(declared: OracleType, term: Sequence[Token]) -> list[Token]:
    """The other side of a comparison with an exact column."""
    if declared.is_number:
        return call('SYS."EXACT$"', term)
    name = "EXACT_MOMENT$" if declared.name == "TIMESTAMP" else "EXACT_UTC$"
    return call(f'SYS."{name}"', term)
