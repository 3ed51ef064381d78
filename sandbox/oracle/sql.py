"""One Oracle statement in, what the stand-in does about it out; queries become DuckDB's SQL.

Rewriting works on tokens. A statement that no rule touches reaches DuckDB as it stands, so a
green test never proves that a statement is valid Oracle SQL.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sandbox.oracle import dialect, past
from sandbox.oracle import tokens as lexer
from sandbox.oracle.errors import OracleError
from sandbox.oracle.release import Release
from sandbox.oracle.tokens import Kind, Token

NOW = "now()"
SYSDATE = f"CAST({NOW} AT TIME ZONE 'UTC' AS TIMESTAMP_S)"
WRITES = (
    "INSERT", "UPDATE", "DELETE", "MERGE", "CREATE", "DROP", "TRUNCATE", "ALTER", "GRANT",
    "REVOKE", "RENAME", "COMMENT", "LOCK", "ANALYZE", "FLASHBACK", "PURGE",
)  # fmt: skip
DATE_FORMAT = {
    "YYYY": "%Y", "YY": "%y", "RRRR": "%Y", "MM": "%m", "MON": "%b", "MONTH": "%B", "DD": "%d",
    "DDD": "%j", "DY": "%a", "DAY": "%A", "HH24": "%H", "HH12": "%I", "HH": "%I", "MI": "%M",
    "SS": "%S", "FF": "%f", "FF6": "%f", "FF3": "%g", "AM": "%p", "PM": "%p", "IW": "%V",
}  # fmt: skip


@dataclass(frozen=True)
class Moment:
    """A SELECT of one point in time for DuckDB, and which arrived binds it takes."""

    sql: str
    bind_order: tuple[int, ...]


@dataclass(frozen=True)
class Query:
    """A SELECT for DuckDB.

    `bind_order` says which arrived bind each `?` takes. `scn` is the number after AS OF SCN,
    `scn_bind` the index of the bind that stands there; `moment` gives the one after AS OF
    TIMESTAMP as its only value.
    """

    sql: str
    bind_order: tuple[int, ...]
    tables: tuple[tuple[str, str], ...]
    column_names: tuple[str, ...] | None
    quoted_names: frozenset[str]
    scn: int | None = None
    scn_bind: int | None = None
    moment: Moment | None = None
    row_scn: bool = False
    """Whether it asks for ORA_ROWSCN, which has to be set before it runs."""

    @property
    def is_past(self) -> bool:
        """Whether it reads another moment than now."""
        return self.scn is not None or self.scn_bind is not None or self.moment is not None


@dataclass(frozen=True)
class AlterSession:
    """ALTER SESSION SET: (name, value) pairs."""

    settings: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class BeginReadOnly:
    """SET TRANSACTION READ ONLY."""


@dataclass(frozen=True)
class EndTransaction:
    """COMMIT or ROLLBACK; the same here, where nobody writes."""


Statement = Query | AlterSession | BeginReadOnly | EndTransaction


def translate(sql: str, context: Mapping[str, str], release: Release) -> Statement:
    """What to do for a statement; `context` answers SYS_CONTEXT('USERENV', …).

    Raises `OracleError` for what is refused: every statement that writes gets ORA-01031, for the
    user of this stand-in may only read.
    """
    tokens = lexer.tokenize(sql)
    words = [token.text if token.kind is Kind.WORD else "" for token in tokens[:4]]
    match words:
        case ["SELECT" | "WITH", *_]:
            return _query(tokens, context, release)
        case ["", *_] if tokens[0].is_symbol("("):
            return _query(tokens, context, release)
        case ["ALTER", "SESSION", "SET", *_]:
            return AlterSession(_settings(tokens[3:]))
        case ["SET", "TRANSACTION", "READ", "ONLY"]:
            return BeginReadOnly()
        case ["COMMIT" | "ROLLBACK", *_]:
            return EndTransaction()
        case [word, *_] if word in WRITES:
            raise OracleError(1031)
        case _:
            raise OracleError(900)


def _settings(tokens: Sequence[Token]) -> tuple[tuple[str, str], ...]:
    if not tokens or len(tokens) % 3 or any(not token.is_symbol("=") for token in tokens[1::3]):
        raise OracleError(922, "missing or invalid option")
    return tuple(
        (name.text, setting.text) for name, setting in zip(tokens[0::3], tokens[2::3], strict=True)
    )


def _query(tokens: list[Token], context: Mapping[str, str], release: Release) -> Query:
    dialect.check(tokens, release)
    names = lexer.column_names(tokens)
    tables = lexer.tables(tokens)
    quoted = frozenset(lexer.quoted_references(tokens))
    tokens, point = past.cut(tokens)
    scn, scn_bind, moment = None, None, None
    if point and point.is_time:
        cast = [Token(Kind.RAW, "SELECT CAST("), *point.value, Token(Kind.RAW, "AS TIMESTAMP)")]
        moment = Moment(*_rendered(cast, context))
    elif point and point.value[0].kind is Kind.BIND:
        scn_bind = point.value[0].bind
    elif point:
        scn = int(point.value[0].text)
    text, bind_order = _rendered(_rownum_as_limit(tokens), context)
    return Query(
        sql=text,
        bind_order=bind_order,
        tables=tuple(tables),
        column_names=None if names is None else tuple(names),
        quoted_names=quoted,
        scn=scn,
        scn_bind=scn_bind,
        moment=moment,
        row_scn=any(token.is_word("ORA_ROWSCN") for token in tokens),
    )


def _rendered(tokens: list[Token], context: Mapping[str, str]) -> tuple[str, tuple[int, ...]]:
    tokens = _at(datetime.now(UTC), _functions(tokens, context))
    text = " ".join(token.render() for token in tokens).replace(" . ", ".")
    return text, tuple(token.bind for token in tokens if token.kind is Kind.BIND)


def _rownum_as_limit(tokens: list[Token]) -> list[Token]:
    """`ROWNUM <= n` becomes LIMIT n in front of grouping and sorting, where Oracle counts rows.

    That takes a subquery around the one table of the block; for a join, LIMIT comes last.
    """
    for index, token in enumerate(tokens):
        if not token.is_word("ROWNUM") or index + 2 >= len(tokens):
            continue
        before, _, operator, bound = tokens[index - 1 : index + 3]
        if not before.is_word("WHERE", "AND") or not operator.is_symbol("<=", "<", "="):
            continue
        first, last = index, index + 3
        if before.is_word("AND"):
            first -= 1
        elif last < len(tokens) and tokens[last].is_word("AND"):
            last += 1
        else:
            first -= 1
        limit = [Token(Kind.RAW, "LIMIT ("), bound, Token(Kind.RAW, ")")]
        if operator.is_symbol("<"):
            limit[2] = Token(Kind.RAW, "- 1)")
        start, end, table = lexer.single_table(tokens, index)
        head, middle, tail = tokens[:start], tokens[start:first] + tokens[last:end], tokens[end:]
        if table is not None:
            inside = [Token(Kind.RAW, "(SELECT * FROM"), *middle, *limit]
            middle, limit = [*inside, Token(Kind.RAW, ") AS"), table], []
        return _rownum_as_limit([*head, *middle, *limit, *tail])
    return tokens


def _functions(tokens: list[Token], context: Mapping[str, str]) -> list[Token]:
    """Oracle's functions and pseudo columns in DuckDB's words, innermost last."""
    result: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        called = index + 1 < len(tokens) and tokens[index + 1].is_symbol("(")
        after_dot = bool(result) and result[-1].is_symbol(".")
        if token.kind is Kind.WORD and called and token.text in CALLS:
            end = lexer.closing(tokens, index + 1)
            arguments = _functions(tokens[index + 2 : end], context)
            result += CALLS[token.text](arguments, context)
            index = end + 1
        elif token.kind is Kind.WORD and not called and not after_dot:
            result += _word(token, context)
            index += 1
        else:
            result.append(Token(Kind.SYMBOL, "<>") if token.is_symbol("^=") else token)
            index += 1
            continue
        if result[-1].kind is Kind.RAW and result[-1].text.endswith(f"{SYSDATE})"):
            index = _days(tokens, index, result)
    return result


def _at(moment: datetime, tokens: list[Token]) -> list[Token]:
    """Put the wall clock in, once for the statement and in a read-only transaction too, as Oracle.

    DuckDB's own is the start of its transaction, and that of a snapshot began long ago.
    """
    literal = f"TIMESTAMPTZ '{moment.isoformat(sep=' ')}'"
    return [
        replace(token, text=token.text.replace(NOW, literal)) if token.kind is Kind.RAW else token
        for token in tokens
    ]


def _word(token: Token, context: Mapping[str, str]) -> list[Token]:
    match token.text:
        case "SYSDATE" | "CURRENT_DATE":
            return [Token(Kind.RAW, f"({SYSDATE})")]
        case "SYSTIMESTAMP":
            return [Token(Kind.RAW, NOW)]
        case "USER":
            return [Token(Kind.TEXT, context["SESSION_USER"])]
        case "MINUS":
            return [Token(Kind.WORD, "EXCEPT")]
        case "ORA_ROWSCN":
            return [Token(Kind.RAW, "CAST(getvariable('ORA_ROWSCN') AS BIGINT)")]
        case _:
            return [token]


def _days(tokens: Sequence[Token], index: int, result: list[Token]) -> int:
    """A number added to a date counts days: `SYSDATE - 7`."""
    following = tokens[index : index + 2]
    if len(following) < 2 or not following[0].is_symbol("+", "-"):
        return index
    if following[1].kind is not Kind.NUMBER:
        return index
    result += [following[0], Token(Kind.RAW, f"to_seconds(86400 * {following[1].text})")]
    return index + 2


def _call(name: str, *arguments: Sequence[Token], end: str = ")") -> list[Token]:
    result = [Token(Kind.RAW, f"{name}(")]
    for number, argument in enumerate(arguments):
        result += [Token(Kind.SYMBOL, ",")] if number else []
        result += argument
    return [*result, Token(Kind.RAW, end)]


def _split(arguments: Sequence[Token]) -> list[Sequence[Token]]:
    commas = [i for i, token in lexer.outermost(arguments) if token.is_symbol(",")]
    starts = [0, *(comma + 1 for comma in commas)]
    return [arguments[a:b] for a, b in zip(starts, [*commas, len(arguments)], strict=True)]


def _with_format(function: str, kind: str) -> "Rewrite":
    """TO_CHAR, TO_DATE and TO_TIMESTAMP; the format must be a literal."""

    def rewrite(arguments: Sequence[Token], context: Mapping[str, str]) -> list[Token]:
        parts = _split(arguments)
        if len(parts) == 1:
            return _call("CAST", parts[0], end=f" AS {kind})")
        if len(parts[1]) != 1 or parts[1][0].kind is not Kind.TEXT:
            raise OracleError(3001)
        pattern = re.sub(
            r"[A-Za-z]+\d*",
            lambda found: DATE_FORMAT.get(found[0].upper(), found[0]),
            parts[1][0].text.replace('"', ""),
        )
        call = _call(function, parts[0], [Token(Kind.TEXT, pattern)])
        return _call("CAST", call, end=f" AS {kind})")

    return rewrite


def _sys_context(arguments: Sequence[Token], context: Mapping[str, str]) -> list[Token]:
    parts = _split(arguments)
    names = [part[0].text.upper() for part in parts if part and part[0].kind is Kind.TEXT]
    if len(names) != 2 or names[0] != "USERENV":
        raise OracleError(2003, "invalid USERENV parameter")
    return [Token(Kind.TEXT, context.get(names[1], "").replace("'", "''"))]


def _trunc(arguments: Sequence[Token], context: Mapping[str, str]) -> list[Token]:
    """TRUNC(SYSDATE) is the start of today; TRUNC of a number is DuckDB's own."""
    if len(arguments) == 1 and SYSDATE in arguments[0].text:
        return [Token(Kind.RAW, f"date_trunc('day', {SYSDATE})")]
    return _call("trunc", arguments)


Rewrite = Callable[[Sequence[Token], Mapping[str, str]], list[Token]]
CALLS: Mapping[str, Rewrite] = {
    "NVL": lambda arguments, context: _call("coalesce", arguments),
    "SYS_EXTRACT_UTC": lambda arguments, context: _call(
        "timezone", [Token(Kind.RAW, "'UTC'")], arguments
    ),
    "TO_CHAR": _with_format("strftime", "VARCHAR"),
    "TO_DATE": _with_format("strptime", "TIMESTAMP_S"),
    "TO_TIMESTAMP": _with_format("strptime", "TIMESTAMP"),
    "TO_NUMBER": lambda arguments, context: _call("CAST", arguments, end=" AS DECIMAL(38,10))"),
    "SYS_CONTEXT": _sys_context,
    "TRUNC": _trunc,
}
