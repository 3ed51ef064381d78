"""What is kept of the older turns of a thread: a bounded value."""

from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field

MOST_CHARACTERS = 4_000
"""Of a whole summary as JSON."""
MOST_LINES = 20
LINE_CHARACTERS = 300
SQL_CHARACTERS = 1_000

Line = Annotated[str, Field(max_length=LINE_CHARACTERS)]
Lines = Annotated[tuple[Line, ...], Field(max_length=MOST_LINES)]


class Artefact(BaseModel):
    """SQL that may be wanted again, and what it answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    about: Line
    sql: Annotated[str, Field(max_length=SQL_CHARACTERS)]


class Summary(BaseModel):
    """The older turns of a thread. The most important of each list comes first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    durable_facts: Lines
    """What was found or agreed and still holds, with its numbers and as of when."""
    open_tasks: Lines
    """What somebody asked for that has not been done yet, and who."""
    preferences: Lines
    """How people want to be answered, and whose wish it is."""
    sql_artefacts: Annotated[tuple[Artefact, ...], Field(max_length=MOST_LINES)]
    constraints: Lines
    """What must not be done or has to be kept to, and who said so."""

    @property
    def is_empty(self) -> bool:
        """Tell whether it keeps nothing."""
        return not any(getattr(self, name) for name in type(self).model_fields)


def read_summary(raw: object) -> Summary:
    """Read what a model kept. Raises pydantic's ValidationError for another shape.

    Models count badly: what is too long is cut, for a summary that is refused keeps nothing at all.
    """
    summary = Summary.model_validate(_cut(raw))
    while len(summary.model_dump_json()) > MOST_CHARACTERS:
        lists = {name: getattr(summary, name) for name in type(summary).model_fields}
        longest = max(lists, key=lambda name: len(str(lists[name])))
        summary = summary.model_copy(update={longest: lists[longest][:-1]})
    return summary


def _cut(raw: object) -> object:
    if not isinstance(raw, dict):
        return raw
    lists = cast("dict[str, Any]", raw)
    return {
        name: [_cut_line(line) for line in cast("list[Any]", lines)[:MOST_LINES]]
        if isinstance(lines, list)
        else lines
        for name, lines in lists.items()
    }


def _cut_line(line: object) -> object:
    if isinstance(line, str):
        return line[:LINE_CHARACTERS]
    if not isinstance(line, dict):
        return line
    longest = {"about": LINE_CHARACTERS, "sql": SQL_CHARACTERS}
    return {
        name: text[: longest.get(name)] if isinstance(text, str) else text
        for name, text in cast("dict[str, Any]", line).items()
    }
