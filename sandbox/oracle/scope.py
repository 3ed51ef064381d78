"""What a rewrite of a function call works with: the columns in reach, and tokens of calls."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.oracle import tokens as lexer
from sandbox.oracle.errors import OracleError
from sandbox.oracle.tokens import Kind, Token
from sandbox.oracle.types import OracleType

MOMENTS = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITH LOCAL TIME ZONE")


_MOMENT_CALL = r"TIMESTAMP|timezone|now\(\)|UTC_MOMENT"


@dataclass(frozen=True)
class Scope:
    """`context` answers SYS_CONTEXT('USERENV', …); `columns` are those of all tables named."""

    context: Mapping[str, str]
    columns: Mapping[str, OracleType] = field(default_factory=dict[str, OracleType])

    def column(self, tokens: Sequence[Token]) -> OracleType | None:
        """The type of a column that stands alone, with or without its table's name."""
        is_alone = len(tokens) == 1 or (len(tokens) > 2 and tokens[-2].is_symbol("."))
        is_column = is_alone and all(token.is_name or token.is_symbol(".") for token in tokens)
        return self.columns.get(tokens[-1].text) if is_column else None

    def is_moment(self, tokens: Sequence[Token]) -> bool:
        """Whether an expression is a date or a time rather than a number."""
        declared = self.column(tokens)
        if declared is not None:
            return declared.name in MOMENTS
        return any(
            (token.kind is Kind.RAW and re.search(_MOMENT_CALL, token.text))
            or (token.is_name and getattr(self.columns.get(token.text), "name", "") in MOMENTS)
            for token in tokens
        )


Rewrite = Callable[[Sequence[Token], Scope], list[Token]]


def call(name: str, *arguments: Sequence[Token], end: str = ")") -> list[Token]:
    """A call of DuckDB's function."""
    result = [Token(Kind.RAW, f"{name}(")]
    for number, argument in enumerate(arguments):
        result += [Token(Kind.RAW, ",")] if number else []
        # commas here are no longer between brackets that `lexer.outermost` knows
        commas = {i for i, token in lexer.outermost(argument) if token.is_symbol(",")}
        result += [
            Token(Kind.RAW, ",") if index in commas else token
            for index, token in enumerate(argument)
        ]
    return [*result, Token(Kind.RAW, end)]


def split(arguments: Sequence[Token]) -> list[Sequence[Token]]:
    """The arguments of a call, each on its own."""
    commas = [i for i, token in lexer.outermost(arguments) if token.is_symbol(",")]
    starts = [0, *(comma + 1 for comma in commas)]
    return [arguments[a:b] for a, b in zip(starts, [*commas, len(arguments)], strict=True)]


def literal(part: Sequence[Token]) -> str:
    """The text of a literal; ORA-03001 for anything else, which Oracle would take."""
    if len(part) != 1 or part[0].kind not in (Kind.TEXT, Kind.NUMBER):
        raise OracleError(3001)
    return part[0].text
