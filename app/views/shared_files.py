"""What is said of a file that was read: its name, rows and columns, and what was odd."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.failure_texts import word_failure
from app.texts import Language, say
from app.views.text import cut, escape, number
from sync.attached import Attached
from sync.errors import Failure
from sync.plan import Column

_COLUMNS = 15
_ODD_COLUMNS = 5
_NAME_CHARACTERS = 60
_FILE_CHARACTERS = 100
_NAMING = re.compile(r"(?i)(?:^|[_\W])(?:id|no|num|code|key)$|id$|번호|코드")
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass(frozen=True)
class Joint:
    """A column by which a file can be joined with a table."""

    column: str
    table: str


def files_words(
    language: Language, told: Sequence[Attached | Failure], asked: Sequence[str] = ()
) -> str:
    """Tell what was read of each file, or why it was not, and what can be *asked*: safe mrkdwn."""
    lines: list[str] = []
    for one in told:
        lines += [_trouble(language, one)] if isinstance(one, Failure) else _lines(language, one)
    if asked:
        lines += [say(language, "shared.ask"), *(f"• {escape(one)}" for one in asked)]
    return "\n".join(lines)


def noted_words(language: Language, told: Sequence[Attached | Failure]) -> str:
    """Tell the same as a model remembers it: nothing that stands in a file is a word of its own."""
    read = ", ".join(str(one.entry.ref) for one in told if isinstance(one, Attached))
    troubles = [_trouble(language, one) for one in told if isinstance(one, Failure)]
    return "\n".join([*troubles, *([say(language, "shared.noted", tables=read)] if read else [])])


def _trouble(language: Language, failure: Failure) -> str:
    return ":warning: " + escape(word_failure(language, failure))


def _lines(language: Language, file: Attached) -> list[str]:
    reading, entry = file.reading, file.entry
    separator = say(language, f"shared.by_{_SEPARATORS.get(reading.separator, 'nothing')}")
    return [
        say(
            language,
            "shared.read",
            file=escape(cut(file.file, _FILE_CHARACTERS)),
            table=escape(str(entry.ref)),
            rows=number(reading.rows),
            columns=number(len(reading.columns)),
            encoding=reading.encoding,
            separator=separator,
        ),
        say(language, "shared.columns", columns=_columns(language, reading.columns)),
        *(
            "• "
            + say(
                language,
                f"shared.{one.code}",
                columns=_names(language, one.columns, _ODD_COLUMNS),
                line=number(one.line),
            )
            for one in reading.odd
        ),
    ]


def questions(
    language: Language, columns: Sequence[Column], joint: Joint | None
) -> tuple[str, str]:
    """Two questions that can be asked of a file with these columns."""
    rows = say(language, "shared.ask_rows")
    if joint:
        return say(language, "shared.ask_join", table=joint.table, column=joint.column), rows
    figures = [one for one in columns if _kind(one) in ("whole", "decimal") and not _is_name(one)]
    groups = [one for one in columns if _kind(one) == "text"]
    if figures and groups:
        figure, group = figures[-1].name, groups[0].name
        return say(language, "shared.ask_sum", figure=figure, group=group), rows
    return rows, say(language, "shared.ask_first")


def _is_name(column: Column) -> bool:
    """Whether its numbers name things, so that nobody adds them up."""
    return bool(_NAMING.search(column.name))


def _columns(language: Language, columns: tuple[Column, ...]) -> str:
    told = [
        f"{escape(cut(one.name, _NAME_CHARACTERS))} {say(language, f'shared.type_{_kind(one)}')}"
        for one in columns[:_COLUMNS]
    ]
    return ", ".join(told) + _more(language, len(columns) - _COLUMNS)


def _names(language: Language, names: tuple[str, ...], most: int) -> str:
    told = ", ".join(escape(cut(name, _NAME_CHARACTERS)) for name in names[:most])
    return told + _more(language, len(names) - most)


def _more(language: Language, left: int) -> str:
    return say(language, "shared.more", count=left) if left > 0 else ""


def _kind(column: Column) -> str:
    match column.duckdb_type.partition("(")[0]:
        case "BIGINT":
            return "whole"
        case "DECIMAL":
            return "decimal"
        case "DATE":
            return "date"
        case "TIMESTAMP":
            return "moment"
        case _:
            return "text"
