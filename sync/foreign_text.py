"""Text that a database holds in another character set than its own: Korean bytes in US7ASCII.

Old applications store such bytes with NLS_LANG set to the database's own character set, so that
nothing converts them. The driver gets them converted, and each byte arrives as a sign of its own or
as U+FFFD. What is asked for here are the stored bytes themselves.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sync.catalog import OracleColumn, describe_table
from sync.oracle import Session, quote_name, quote_table, rows
from sync.plan import TableRef

WITHOUT_KOREAN = re.compile(r"US7ASCII|WE8\w*")
"""Character sets of one byte a sign, none of them Korean."""
SAMPLED_ROWS = 200
_SAMPLED_CHARACTERS = 500
"""Of a value; what SQL gives as RAW has at most 2000 bytes."""
_ASCII_ENDS = 0x80
_HANGUL = re.compile(r"[가-힣]")
_TEXT = ("VARCHAR2(", "CHAR(")


@dataclass(frozen=True)
class ForeignText:
    """A column in which a sample found Korean bytes."""

    ref: TableRef
    column: str
    encoding: str
    """Python's name: ``cp949``, which holds all of EUC-KR, or ``utf-8``."""


def find_foreign_text(session: Session, ref: TableRef) -> tuple[ForeignText, ...]:
    """Look at `SAMPLED_ROWS` rows of a table, for a database that is `WITHOUT_KOREAN`.

    Raises `TableNotFound`, and what reading raises.
    """
    columns = [one for one in describe_table(session, ref).columns if _is_text(one)]
    if not columns:
        return ()
    found = rows(session, _sample(ref, columns), ref=ref, most=SAMPLED_ROWS)
    return tuple(_judged(ref, columns, found))


def korean_encoding(values: Sequence[bytes]) -> str | None:
    """The encoding in which all *values* are text and some Korean, or None."""
    # UTF-8 first: its bytes are rarely all right by chance, and often are in cp949.
    for encoding in ("utf-8", "cp949"):
        try:
            texts = [value.decode(encoding) for value in values]
        except UnicodeDecodeError:
            continue
        if any(_HANGUL.search(text) for text in texts):
            return encoding
    return None


def _judged(
    ref: TableRef, columns: Sequence[OracleColumn], found: Sequence[tuple[bytes | None, ...]]
) -> Iterator[ForeignText]:
    for number, column in enumerate(columns):
        values = [value for row in found if (value := row[number]) and max(value) >= _ASCII_ENDS]
        encoding = korean_encoding(values)
        if encoding is not None:
            yield ForeignText(ref, column.name, encoding)


def _sample(ref: TableRef, columns: Sequence[OracleColumn]) -> str:
    shown = ", ".join(
        f"UTL_RAW.CAST_TO_RAW(SUBSTR({quote_name(one.name)}, 1, {_SAMPLED_CHARACTERS}))"
        for one in columns
    )
    return f"SELECT {shown} FROM {quote_table(ref)} WHERE ROWNUM <= {SAMPLED_ROWS}"


def _is_text(column: OracleColumn) -> bool:
    return column.oracle_type.startswith(_TEXT)
