"""Comparisons with exact columns, whose other side has to become exact as well."""

from collections.abc import Sequence

from sandbox.oracle import exact, past
from sandbox.oracle.scope import Scope
from sandbox.oracle.tokens import Kind, Token

OPERATORS = ("=", "<", ">", "<=", ">=", "<>", "!=", "^=")


def rewrite(tokens: list[Token], scope: Scope) -> tuple[list[Token], frozenset[int]]:
    """`column operator value` and BETWEEN, and which binds are to be numbers in plain digits."""
    if not any(kind.is_exact for kind in scope.columns.values()):
        return tokens, frozenset()
    result: list[Token] = []
    numbers: set[int] = set()
    index = 0
    while index < len(tokens):
        end = _after_column(tokens, index)
        declared = scope.column(tokens[index:end])
        ends = _values(tokens, end) if declared is not None and declared.is_exact else []
        if declared is None or not ends:
            result.append(tokens[index])
            index += 1
            continue
        result += exact.comparable(declared, tokens[index:end])
        at = end
        for start, stop in ends:
            value = tokens[start:stop]
            if declared.is_number and value[0].kind is Kind.BIND:
                numbers.add(value[0].bind)
            result += [*tokens[at:start], *exact.compared(declared, value)]
            at = stop
        index = at
    return result, frozenset(numbers)


def _after_column(tokens: Sequence[Token], index: int) -> int:
    """Index after a name with all its qualifiers."""
    end = index + 1
    while (
        tokens[index].is_name
        and end + 1 < len(tokens)
        and tokens[end].is_symbol(".")
        and tokens[end + 1].is_name
    ):
        end += 2
    return end


def _values(tokens: Sequence[Token], index: int) -> list[tuple[int, int]]:
    """Where the values stand that the column before `index` is compared with."""
    if index + 1 >= len(tokens):
        return []
    if tokens[index].is_symbol(*OPERATORS):
        return [(index + 1, _after_value(tokens, index + 1))]
    if tokens[index].is_word("BETWEEN"):
        low = _after_value(tokens, index + 1)
        return [(index + 1, low), (low + 1, _after_value(tokens, low + 1))]
    return []


def _after_value(tokens: Sequence[Token], index: int) -> int:
    is_signed = tokens[index].is_symbol("+", "-")
    return past.after_term(tokens, index + is_signed)
