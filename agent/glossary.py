"""What a team's words mean, as it wrote them down: terms, stored codes and example questions."""

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from agent.words import telling_words
from sync.plan import TableRef

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
TableName = Annotated[str, Field(pattern=r"^[^.]+\.[^.]+(\.[^.]+)?$")]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Term(_Entry):
    """What words mean, and which tables they are about."""

    words: Annotated[tuple[Words, ...], Field(min_length=1)]
    means: Sentence
    tables: tuple[TableName, ...] = ()


class Code(_Entry):
    """What people call a value that a column stores."""

    table: TableName
    column: Words
    value: Annotated[str, Field(max_length=200)]
    words: tuple[Words, ...] = ()
    """Empty until a person has filled them in; then it says nothing."""


class Example(_Entry):
    """A question and SQL that answers it."""

    question: Sentence
    sql: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
    verified: bool = False
    """A person stands for it: the same question is answered by this SQL, which is run again after
    each publish of a table it names."""
    expect: Annotated[str, Field(pattern=r"^rows (>|>=|=|<|<=) [0-9]{1,2}$")] = "rows > 0"
    """What must hold of a verified one's rows."""


class Glossary(_Entry):
    """All that stands in the file."""

    term: tuple[Term, ...] = ()
    code: tuple[Code, ...] = ()
    example: tuple[Example, ...] = ()


NO_GLOSSARY = Glossary()


def tables_in(sql: str, refs: Iterable[TableRef]) -> tuple[TableRef, ...]:
    """Those of *refs* whose name stands in *sql*; a few more than it reads, never fewer."""
    return tuple(ref for ref in refs if stands_in(ref.table, sql))


def stands_in(name: str, sql: str) -> bool:
    """Whether a name stands in SQL, in any case and however it is quoted."""
    return bool(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", sql, re.IGNORECASE))


def is_same_question(one: str, other: str) -> bool:
    """Whether two questions say the same: the same telling words, in any order.

    One that differs by a word, such as this week and last week, is another question.
    """
    return set(telling_words(one)) == set(telling_words(other)) != set()
