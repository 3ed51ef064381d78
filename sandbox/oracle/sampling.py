"""SAMPLE and SAMPLE BLOCK: a share of a table's rows, or of the blocks they lie in."""

import secrets
from collections.abc import Sequence
from decimal import Decimal

from sandbox.oracle import tokens as lexer
from sandbox.oracle.errors import OracleError
from sandbox.oracle.rowids import ROWS_PER_BLOCK
from sandbox.oracle.tokens import Kind, Token

SHARES = 1_000_000


def as_condition(tokens: list[Token]) -> list[Token]:
    """The statement with its SAMPLE clauses as a condition on row numbers.

    Raises ORA-30562 for a share of nothing or of everything.
    """
    for index, _ in list(lexer.table_starts(tokens)):
        _, end = lexer.table_at(tokens, index)
        if end >= len(tokens) or not tokens[end].is_word("SAMPLE"):
            continue
        after = end + 1
        is_block = tokens[after].is_word("BLOCK")
        after += is_block
        closing = lexer.closing(tokens, after)
        percent = Decimal(tokens[after + 1].text)
        if not Decimal("0.000001") <= percent < 100:
            raise OracleError(30562)
        after, seed = closing + 1, str(secrets.randbelow(2**31))
        if after < len(tokens) and tokens[after].is_word("SEED"):
            seed, after = tokens[after + 2].text, after + 4
        what = f"rowid // {ROWS_PER_BLOCK}" if is_block else "rowid"
        limit = round(percent * SHARES / 100)
        condition = Token(Kind.RAW, f"hash({what}, {seed}) % {SHARES} < {limit}")
        return as_condition(_where([*tokens[:end], *tokens[after:]], index, condition))
    return tokens


def _where(tokens: Sequence[Token], inside: int, condition: Token) -> list[Token]:
    """Add a condition to the WHERE clause of the query block that holds `inside`."""
    block_end = lexer.end_of_query(tokens, inside)
    words = list(lexer.outermost(tokens[:block_end], inside))
    where = next((i for i, token in words if token.is_word("WHERE")), None)
    tails = [i for i, token in words if token.is_word(*lexer.END_OF_TABLES) and i != where]
    end = min([block_end, *tails])
    if where is None:
        return [*tokens[:end], Token(Kind.WORD, "WHERE"), condition, *tokens[end:]]
    opening = Token(Kind.RAW, f"{condition.text} AND (")
    return [
        *tokens[: where + 1], opening, *tokens[where + 1 : end], Token(Kind.RAW, ")"),
        *tokens[end:],
    ]  # fmt: skip
