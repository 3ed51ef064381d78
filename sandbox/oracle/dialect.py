"""What DuckDB would accept and this release of Oracle does not."""

from collections.abc import Sequence
from itertools import pairwise

from sandbox.oracle import tokens as lexer
from sandbox.oracle.errors import OracleError
from sandbox.oracle.release import Release
from sandbox.oracle.tokens import Kind, Token

#: Functions that came after 11.2, with the major version that has them.
LATER_FUNCTIONS = {
    "STANDARD_HASH": 12, "APPROX_COUNT_DISTINCT": 12, "JSON_VALUE": 12, "JSON_QUERY": 12,
    "JSON_OBJECT": 12, "JSON_ARRAYAGG": 12, "ANY_VALUE": 19, "CHECKSUM": 21,
}  # fmt: skip


def check(tokens: Sequence[Token], release: Release) -> None:
    """Raise the error that `release` has for the first thing it would not understand."""
    _check_names(tokens, release)
    if any(token.is_symbol(";") for token in tokens):
        raise OracleError(933)
    if any(token.is_word("ILIKE", "QUALIFY") for token in tokens):
        raise OracleError(933)
    for token, after in pairwise(tokens):
        if token.is_word("LIMIT") and after.kind in (Kind.NUMBER, Kind.BIND):
            raise OracleError(933)
    for index, _ in lexer.table_starts(tokens):
        _, end = lexer.table_at(tokens, index)
        after = [token.text for token in tokens[end : end + 2]]
        if after[:1] == ["AS"] and after != ["AS", "OF"]:
            raise OracleError(933)
    if not release.is_at_least(12):
        _check_row_limit(tokens)
    has_from = any(token.is_word("FROM") for _, token in lexer.outermost(tokens))
    if not has_from and not release.is_at_least(23):
        raise OracleError(923)


def _check_names(tokens: Sequence[Token], release: Release) -> None:
    for token, after in pairwise((*tokens, Token(Kind.RAW, ""))):
        if token.is_name and len(token.text.encode()) > release.most_name_bytes:
            raise OracleError(972)
        since = LATER_FUNCTIONS.get(token.text) if after.is_symbol("(") else None
        if since is not None and not release.is_at_least(since):
            raise OracleError(904, f'"{token.text}"')


def _check_row_limit(tokens: Sequence[Token]) -> None:
    """FETCH FIRST and OFFSET came with 12.1."""
    for token, after in pairwise(tokens):
        if token.is_word("FETCH") and after.is_word("FIRST", "NEXT"):
            raise OracleError(933)
        if token.is_word("OFFSET") and after.kind in (Kind.NUMBER, Kind.BIND):
            raise OracleError(933)
