"""The declared types that a select list passes on: DuckDB's results do not know them."""

from collections.abc import Mapping, Sequence

from sandbox.oracle import tokens as lexer
from sandbox.oracle.tokens import Token
from sandbox.oracle.types import CLOB, NUMBER, OracleType

#: Functions whose result is a CLOB; JSON_SERIALIZE gives one where it is told to.
CLOB_FUNCTIONS = ("TO_CLOB", "XMLSERIALIZE", "JSON_SERIALIZE")


def types_of(
    tokens: Sequence[Token], columns: Mapping[str, OracleType]
) -> tuple[OracleType | None, ...] | None:
    """A type for every item of the outermost select list, None for what is computed.

    None instead of all of them where the list holds a `*`.
    """
    items = lexer.select_items(tokens)
    return None if items is None else tuple(_type_of(item, columns) for item in items)


def _type_of(item: Sequence[Token], columns: Mapping[str, OracleType]) -> OracleType | None:
    item = _without_alias(item)
    is_name = all(token.is_name or token.is_symbol(".") for token in item)
    if is_name and (len(item) == 1 or item[-2].is_symbol(".")):
        return columns.get(item[-1].text)
    if any(token.is_word("GETCLOBVAL") for token in item):
        return CLOB
    if len(item) < 4 or not item[1].is_symbol("(") or lexer.closing(item, 1) != len(item) - 1:
        return None
    inner = _type_of(_first_argument(item[2:-1]), columns)
    if item[0].is_word("MIN", "MAX") and inner is not None:
        return NUMBER if inner.is_number else inner
    if item[0].is_word("SUBSTR") and inner is not None and inner.is_lob:
        return inner if inner.name == "NCLOB" else CLOB
    if item[0].is_word(*CLOB_FUNCTIONS):
        is_short = item[0].is_word("JSON_SERIALIZE") and not any(
            token.is_word("CLOB") for token in item
        )
        return None if is_short else CLOB
    return None


def _first_argument(arguments: Sequence[Token]) -> Sequence[Token]:
    comma = next((i for i, token in lexer.outermost(arguments) if token.is_symbol(",")), None)
    return arguments[:comma]


def _without_alias(item: Sequence[Token]) -> Sequence[Token]:
    if len(item) > 2 and item[-2].is_word("AS"):
        return item[:-2]
    if len(item) > 1 and item[-1].is_name and (item[-2].is_name or item[-2].is_symbol(")")):
        return item[:-1]
    return item
