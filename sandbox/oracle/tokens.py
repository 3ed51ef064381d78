"""Oracle SQL as tokens, and what can be read off them: tables, column names, mistakes.

Only what Oracle's and DuckDB's dialects spell alike is understood; nothing here is a parser.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from sandbox.oracle.errors import OracleError


class Kind(Enum):
    """What a token is; RAW is DuckDB's SQL, put in by a rewrite."""

    WORD = "word"
    QUOTED = "quoted"
    TEXT = "text"
    NUMBER = "number"
    BIND = "bind"
    SYMBOL = "symbol"
    RAW = "raw"


@dataclass(frozen=True)
class Token:
    """`text` is upper case for words and without quotes for quoted names; `bind` counts from 0."""

    kind: Kind
    text: str
    bind: int = -1

    def is_word(self, *words: str) -> bool:
        """One of these key words or names, upper case."""
        return self.kind is Kind.WORD and self.text in words

    def is_symbol(self, *symbols: str) -> bool:
        """One of these operators or brackets."""
        return self.kind is Kind.SYMBOL and self.text in symbols

    @property
    def is_name(self) -> bool:
        """A name, quoted or not; key words count too."""
        return self.kind in (Kind.WORD, Kind.QUOTED)

    def render(self) -> str:
        """The token in DuckDB's SQL."""
        is_odd = set(self.text) & {"$", "#"} or self.text == "LIMIT"  # in USER_RESOURCE_LIMITS
        if self.kind is Kind.QUOTED or (self.kind is Kind.WORD and is_odd):
            return f'"{self.text}"'
        if self.kind is Kind.TEXT:
            return f"'{self.text}'" if self.text else "NULL"  # Oracle's '' is NULL
        return "?" if self.kind is Kind.BIND else self.text


_PATTERN = re.compile(
    r"(?P<space>\s+|/\*.*?\*/|--[^\n]*)"
    r"|[nN]?'(?P<text>(?:[^']|'')*)'"
    r'|"(?P<quoted>[^"]+)"'
    r"|(?P<bind>:\s*(?:\d+|[^\W\d][\w$#]*))"
    r"|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)"
    r"|(?P<word>[^\W\d][\w$#]*)"
    r"|(?P<symbol><=|>=|<>|!=|\^=|\|\||[-+*/(),.<>=;])",
    re.DOTALL,
)
END_OF_TABLES = (
    "WHERE", "GROUP", "ORDER", "HAVING", "CONNECT", "START", "FETCH", "OFFSET", "UNION", "MINUS",
    "INTERSECT", "FOR",
)  # fmt: skip
BEFORE_A_VALUE = (
    "SELECT", "DISTINCT", "ALL", "FROM", "JOIN", "ON", "WHERE", "AND", "OR", "NOT", "IN", "LIKE",
    "BETWEEN", "BY", "HAVING", "CASE", "WHEN", "THEN", "ELSE",
)  # fmt: skip


def tokenize(sql: str) -> list[Token]:
    """Comments and hints are dropped; binds are numbered in text order, as they arrive."""
    tokens: list[Token] = []
    position = binds = 0
    while position < len(sql):
        match = _PATTERN.match(sql, position)
        if not match:
            raise OracleError(911)
        position = match.end()
        kind = match.lastgroup
        if kind == "space" or kind is None:
            continue
        text = match[kind]
        if kind == "bind":
            tokens.append(Token(Kind.BIND, text, binds))
            binds += 1
        else:
            tokens.append(Token(Kind(kind), text.upper() if kind == "word" else text))
    return tokens


def closing(tokens: Sequence[Token], opening: int) -> int:
    """Index of the parenthesis that closes the one at `opening`."""
    depth = 0
    for index in range(opening, len(tokens)):
        depth += tokens[index].is_symbol("(") - tokens[index].is_symbol(")")
        if depth == 0:
            return index
    raise OracleError(907, "missing right parenthesis")


def end_of_query(tokens: Sequence[Token], start: int) -> int:
    """Index just past the last token of the query block that holds `start`."""
    depth = 0
    for index in range(start, len(tokens)):
        depth += tokens[index].is_symbol("(") - tokens[index].is_symbol(")")
        if depth < 0:
            return index
    return len(tokens)


def single_table(tokens: Sequence[Token], inside: int) -> tuple[int, int, Token | None]:
    """Start of the FROM list and end of the WHERE clause that holds `inside`, and its table.

    For a join the end is that of the query block, and the table is None.
    """
    depth = 0
    start = inside
    for start in range(inside, -1, -1):
        depth += tokens[start].is_symbol(")") - tokens[start].is_symbol("(")
        if depth == 0 and tokens[start].is_word("FROM"):
            break
    block_end = end_of_query(tokens, inside)
    words = [(i, token) for i, token in outermost(tokens[:block_end], start + 1)]
    where = next(i for i, token in words if token.is_word("WHERE"))
    is_join = any(i < where and (t.is_word("JOIN") or t.is_symbol(",")) for i, t in words)
    if is_join:
        return start + 1, block_end, None
    tail = [i for i, token in words if i > where and token.is_word(*END_OF_TABLES)]
    name = tokens[where - 1] if tokens[where - 1].is_name else Token(Kind.WORD, "Q")
    return start + 1, min([block_end, *tail]), name


def outermost(tokens: Sequence[Token], start: int = 0) -> Iterator[tuple[int, Token]]:
    """Tokens outside all parentheses, with their index."""
    depth = 0
    for index in range(start, len(tokens)):
        token = tokens[index]
        if depth == 0 and not token.is_symbol("(", ")"):
            yield index, token
        depth += token.is_symbol("(") - token.is_symbol(")")


def tables(tokens: Sequence[Token]) -> list[tuple[str, str]]:
    """(schema or "", name) of everything that stands where a table can."""
    names = [table_at(tokens, index)[0] for index, _ in table_starts(tokens)]
    return [name for name in names if name is not None]


def column_names(tokens: Sequence[Token]) -> list[str] | None:
    """Names as Oracle gives them to the outermost select list; None where it holds a `*`."""
    items = select_items(tokens)
    return None if items is None else [_item_name(item) for item in items]


def select_items(tokens: Sequence[Token]) -> list[Sequence[Token]] | None:
    """The items of the outermost select list; None where it holds a `*`."""
    start = next((index + 1 for index, token in outermost(tokens) if token.is_word("SELECT")), None)
    if start is None:
        return None
    if start < len(tokens) and tokens[start].is_word("DISTINCT", "ALL", "UNIQUE"):
        start += 1
    items: list[Sequence[Token]] = []
    item_start = start
    for index, token in outermost(tokens, start):
        if token.is_symbol(",") or token.is_word("FROM"):
            item = tokens[item_start:index]
            if not item or item[-1].is_symbol("*"):
                return None
            items.append(item)
            item_start = index + 1
        if token.is_word("FROM"):
            return items
    return None


def quoted_references(tokens: Sequence[Token]) -> set[str]:
    """Quoted names that refer to something; those given as an alias anywhere are left out."""
    aliases: set[str] = set()
    references: set[str] = set()
    for before, token in pairwise(tokens):
        if token.kind is Kind.QUOTED:
            is_reference = before.is_word(*BEFORE_A_VALUE) or (
                before.kind is Kind.SYMBOL and before.text != ")"
            )
            (references if is_reference else aliases).add(token.text)
    return references - aliases


def _item_name(item: Sequence[Token]) -> str:
    last, before = item[-1], item[-2] if len(item) > 1 else None
    if last.is_name and not last.is_word("END"):
        ends_value = before is None or before.kind is not Kind.SYMBOL or before.text in ").*"
        if ends_value:
            return last.text
    return "".join(token.text if token.kind is Kind.BIND else token.render() for token in item)


def table_starts(tokens: Sequence[Token]) -> Iterator[tuple[int, Token]]:
    """Indexes of the first token of each table after FROM, JOIN and the commas between."""
    for index, token in enumerate(tokens[:-1]):
        if not token.is_word("FROM", "JOIN") or _inside_function(tokens, index):
            continue
        yield index + 1, tokens[index + 1]
        if token.is_word("FROM"):
            for position, found in outermost(tokens[: end_of_query(tokens, index)], index + 1):
                if found.is_word(*END_OF_TABLES):
                    break
                if found.is_symbol(",") and position + 1 < len(tokens):
                    yield position + 1, tokens[position + 1]


def _inside_function(tokens: Sequence[Token], index: int) -> bool:
    """EXTRACT(YEAR FROM x) and TRIM(x FROM y) have a FROM that names no table."""
    depth = 0
    for position in range(index - 1, 0, -1):
        depth += tokens[position].is_symbol(")") - tokens[position].is_symbol("(")
        if depth < 0:
            return tokens[position - 1].is_word("EXTRACT", "TRIM")
    return False


def table_at(tokens: Sequence[Token], index: int) -> tuple[tuple[str, str] | None, int]:
    """The table that starts at `index` (None for a subquery) and the index after it."""
    if tokens[index].is_symbol("("):
        return None, closing(tokens, index) + 1
    parts: list[str] = []
    while index < len(tokens) and tokens[index].is_name:
        parts.append(tokens[index].text)
        if not (index + 1 < len(tokens) and tokens[index + 1].is_symbol(".")):
            return (".".join(parts[:-1]), parts[-1]), index + 1
        index += 2
    raise OracleError(903, "invalid table name")
