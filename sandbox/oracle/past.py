"""AS OF SCN and AS OF TIMESTAMP: cut out of a statement, as one point for all its tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sandbox.oracle import tokens as lexer
from sandbox.oracle.errors import OracleError
from sandbox.oracle.tokens import Kind, Token


@dataclass(frozen=True)
class Point:
    """What stands after AS OF: a number or bind that is an SCN, or the expression of a time."""

    is_time: bool
    value: tuple[Token, ...]


def cut(tokens: list[Token]) -> tuple[list[Token], Point | None]:
    """The statement without its AS OF clauses, and their point.

    Raises ORA-03001 for different points in one statement, which Oracle allows.
    """
    starts = [
        index
        for index, (token, after) in enumerate(pairwise(tokens))
        if token.is_word("AS") and after.is_word("OF")
    ]
    points: list[Point] = []
    removed: set[int] = set()
    for start in starts:
        point, end = _point(tokens, start + 2)
        points.append(point)
        removed.update(range(start, end))
    texts = {" ".join(token.text for token in point.value) for point in points}
    if len(texts) > 1:
        raise OracleError(3001)
    kept = [token for index, token in enumerate(tokens) if index not in removed]
    return kept, points[0] if points else None


def _point(tokens: Sequence[Token], start: int) -> tuple[Point, int]:
    kinds, first = tokens[start : start + 1], tokens[start + 1 : start + 2]
    if not first or not kinds[0].is_word("SCN", "TIMESTAMP"):
        raise OracleError(3001)
    if kinds[0].is_word("SCN"):
        if first[0].kind not in (Kind.BIND, Kind.NUMBER):
            raise OracleError(3001)
        return Point(is_time=False, value=(first[0],)), start + 2
    end = after_term(tokens, start + 1)
    while end + 1 < len(tokens) and tokens[end].is_symbol("+", "-"):
        end = after_term(tokens, end + 1)
    return Point(is_time=True, value=tuple(tokens[start + 1 : end])), end


def after_term(tokens: Sequence[Token], start: int) -> int:
    """Index after a bind, a word, a call, a bracket, or INTERVAL '…' UNIT."""
    if tokens[start].is_symbol("("):
        return lexer.closing(tokens, start) + 1
    if tokens[start].is_word("INTERVAL"):
        return start + 3
    if start + 1 < len(tokens) and tokens[start + 1].is_symbol("("):
        return lexer.closing(tokens, start + 1) + 1
    is_literal = tokens[start].is_word("TIMESTAMP", "DATE")
    return start + (2 if is_literal else 1)
