"""Values that DuckDB's own types cannot hold or add up, as SQL over what they are kept as.

A NUMBER that no DECIMAL holds is kept as a BIGNUM: the number times 10 to the `EXACT_SCALE`.
"""

from collections.abc import Sequence

from sandbox.oracle.tokens import Kind, Token
from sandbox.oracle.types import EXACT_SCALE, LOCAL_ZONE_HOURS, OracleType

#: DuckDB adds DECIMALs up in 38 digits; up to this precision a sum of 10 billion rows fits.
SAFE_PRECISION = 28

MACROS = f"""
CREATE MACRO SYS."EXACT$"(n, scale) AS
    CAST(replace(CAST(n AS VARCHAR), '.', '') || repeat('0', {EXACT_SCALE} - scale) AS BIGNUM);
CREATE MACRO SYS."EXACT_SUM$"(n, scale) AS CAST(
    CAST(sum(CAST(replace(CAST(n AS VARCHAR), '.', '') AS BIGNUM)) AS VARCHAR)
    || repeat('0', {EXACT_SCALE} - scale) AS BIGNUM);
"""


def total(arguments: Sequence[Token], declared: OracleType | None) -> list[Token] | None:
    """SUM of a column whose total may need more digits than a DECIMAL has, or None for others."""
    if declared is None or declared.name != "NUMBER":
        return None
    if declared.precision is not None and declared.precision <= SAFE_PRECISION:
        return None
    scale = declared.stored_scale
    return [Token(Kind.RAW, 'SYS."EXACT_SUM$"('), *arguments, Token(Kind.RAW, f", {scale})")]


def as_number_text(arguments: Sequence[Token], declared: OracleType | None) -> list[Token]:
    """A NUMBER as something whose text has all its digits."""
    return list(arguments)


def utc(arguments: Sequence[Token], declared: OracleType | None) -> list[Token]:
    """SYS_EXTRACT_UTC."""
    return [Token(Kind.RAW, "timezone('UTC', "), *arguments, Token(Kind.RAW, ")")]


def moment_at_its_offset(arguments: Sequence[Token], declared: OracleType | None) -> list[Token]:
    """A time as a calendar at its own place shows it."""
    if declared is not None and declared.name == "TIMESTAMP WITH TIME ZONE":
        hours = f" + to_hours({LOCAL_ZONE_HOURS}))"
        return [Token(Kind.RAW, "(timezone('UTC', "), *arguments, Token(Kind.RAW, f"){hours}")]
    return list(arguments)


def nanoseconds(arguments: Sequence[Token], declared: OracleType | None) -> list[Token]:
    """The fraction of a second, as a number of nanoseconds."""
    return [Token(Kind.RAW, "(nanosecond("), *arguments, Token(Kind.RAW, ") % 1000000000)")]


def interval_microseconds(arguments: Sequence[Token], declared: OracleType) -> list[Token]:
    """An INTERVAL DAY TO SECOND as a number of microseconds."""
    return [Token(Kind.RAW, "epoch_us("), *arguments, Token(Kind.RAW, ")")]


def interval_seconds(arguments: Sequence[Token], declared: OracleType) -> list[Token]:
    """The seconds of an INTERVAL DAY TO SECOND beside its minutes, with their fraction."""
    whole = interval_microseconds(arguments, declared)
    end = " % 60000000 AS DECIMAL(18,0)) * 0.000001)"
    return [Token(Kind.RAW, "(CAST("), *whole, Token(Kind.RAW, end)]
