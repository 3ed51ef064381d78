"""One Oracle statement in, what the stand-in does about it out; queries become DuckDB's SQL.

Rewriting works on tokens. A statement that no rule touches reaches DuckDB as it stands, so a
green test never proves that a statement is valid Oracle SQL.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sandbox.oracle import comparisons, described, dialect, functions, past, rowids, sampling
from sandbox.oracle import tokens as lexer
from sandbox.oracle.conversions import NOW
from sandbox.oracle.errors import OracleError
from sandbox.oracle.release import Release
from sandbox.oracle.rowids import Side
from sandbox.oracle.scope import Scope
from sandbox.oracle.tokens import Kind, Token
from sandbox.oracle.types import OracleType

WRITES = (
    "INSERT", "UPDATE", "DELETE", "MERGE", "CREATE", "DROP", "TRUNCATE", "ALTER", "GRANT",
    "REVOKE", "RENAME", "COMMENT", "LOCK", "ANALYZE", "FLASHBACK", "PURGE",
)  # fmt: skip


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
    TIMESTAMP as its only value. `column_types` are those of the select list (see
    `described.types_of`), `packages` the functions of packages it calls. Of the binds,
    `rowid_binds` are ROWIDs, and `number_binds` are wanted as plain digits.
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
    column_types: tuple[OracleType | None, ...] | None = None
    packages: frozenset[str] = frozenset()
    rowid_binds: Mapping[int, Side] = field(default_factory=dict[int, Side])
    number_binds: frozenset[int] = frozenset()
    uses_rowid: bool = False
    """Whether it asks for ROWIDs or a sample, which views do not have here."""

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


@dataclass(frozen=True)
class SelectInto:
    """A block of PL/SQL that is one SELECT INTO binds: go-ora asks for its settings that way."""

    query: Query


Statement = Query | SelectInto | AlterSession | BeginReadOnly | EndTransaction


Tables = Sequence[tuple[str, str]]


def translate(
    sql: str,
    context: Mapping[str, str],
    release: Release,
    columns: Callable[[Tables], Mapping[str, OracleType]],
) -> Statement:
    """What to do for a statement; `context` answers SYS_CONTEXT('USERENV', …).

    `columns` gives the declared types of what tables have.

    Raises `OracleError` for what is refused: every statement that writes gets ORA-01031, for the
    user of this stand-in may only read.
    """
    tokens = lexer.tokenize(sql)
    words = [token.text if token.kind is Kind.WORD else "" for token in tokens[:4]]
    match words:
        case ["SELECT" | "WITH", *_]:
            return _query(tokens, context, release, columns)
        case ["", *_] if tokens[0].is_symbol("("):
            return _query(tokens, context, release, columns)
        case ["BEGIN", "SELECT", *_]:
            return SelectInto(_query(_without_into(tokens), context, release, columns))
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


def _without_into(tokens: Sequence[Token]) -> list[Token]:
    """The SELECT of `BEGIN SELECT … INTO :a, :b FROM …; END;`; ORA-03001 for any other block."""
    into = next((i for i, token in lexer.outermost(tokens) if token.is_word("INTO")), None)
    end = next((i for i, token in lexer.outermost(tokens) if token.is_symbol(";")), None)
    if into is None or end is None or not tokens[end + 1 : end + 2] or len(tokens) > end + 3:
        raise OracleError(3001)
    start = next(i for i in range(into, end) if tokens[i].is_word("FROM"))
    return [*tokens[1:into], *tokens[start:end]]


def _settings(tokens: Sequence[Token]) -> tuple[tuple[str, str], ...]:
    if not tokens or len(tokens) % 3 or any(not token.is_symbol("=") for token in tokens[1::3]):
        raise OracleError(922, "missing or invalid option")
    return tuple(
        (name.text, setting.text) for name, setting in zip(tokens[0::3], tokens[2::3], strict=True)
    )


def _query(
    tokens: list[Token],
    context: Mapping[str, str],
    release: Release,
    columns: Callable[[Tables], Mapping[str, OracleType]],
) -> Query:
    dialect.check(tokens, release)
    names = lexer.column_names(tokens)
    quoted = frozenset(lexer.quoted_references(tokens))
    head = tokens
    tokens, packages = functions.join_packages(tokens)
    tables = lexer.tables(tokens)
    scope = Scope(context, columns(tables))
    tokens, point = past.cut(tokens)
    scn, scn_bind, moment = None, None, None
    if point and point.is_time:
        cast = [Token(Kind.RAW, "SELECT CAST("), *point.value, Token(Kind.RAW, "AS TIMESTAMP)")]
        moment = Moment(*_rendered(cast, scope))
    elif point and point.value[0].kind is Kind.BIND:
        scn_bind = point.value[0].bind
    elif point:
        scn = int(point.value[0].text)
    tokens, rowid_binds = rowids.rewrite(sampling.as_condition(tokens), tables)
    tokens, number_binds = comparisons.rewrite(tokens, scope)
    text, bind_order = _rendered(_rownum_as_limit(tokens), scope)
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
        column_types=described.types_of(head, scope.columns),
        packages=packages,
        rowid_binds=rowid_binds,
        number_binds=number_binds,
        uses_rowid=any(token.is_word("ROWID", "SAMPLE") for token in head),
    )


def _rendered(tokens: list[Token], scope: Scope) -> tuple[str, tuple[int, ...]]:
    tokens = _at(datetime.now(UTC), functions.rewrite(tokens, scope))
    text = " ".join(token.render() for token in tokens)
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


def _at(moment: datetime, tokens: list[Token]) -> list[Token]:
    """Put the wall clock in, once for the statement and in a read-only transaction too, as Oracle.

    DuckDB's own is the start of its transaction, and that of a snapshot began long ago.
    """
    literal = f"TIMESTAMPTZ '{moment.isoformat(sep=' ')}'"
    return [
        replace(token, text=token.text.replace(NOW, literal)) if token.kind is Kind.RAW else token
        for token in tokens
    ]
