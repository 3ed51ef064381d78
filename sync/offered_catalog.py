"""What Oracle's dictionary said of the tables that are offered, kept with its age.

People look for tables all the time, and none of that may cost Oracle a session each time: its
dictionary is read again only once what is kept is old, by one process at a time, and where that
fails not before a while has passed. What is kept stays good for a search meanwhile.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import redis
from pydantic import BaseModel, ConfigDict, ValidationError

from sync.dictionary_types import dictionary_type
from sync.discovery import NAMES_AT_ONCE
from sync.errors import DuckferryError, Failure
from sync.oracle import Session, rows
from sync.plan import TableRef
from sync.state import PREFIX, moment_of

FRESH = timedelta(hours=6)
TRY_AGAIN_SECONDS = 300
KEPT_SECONDS = 30 * 24 * 3600
MOST_COLUMNS = 100_000
"""Read of one source."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class KnownColumn(_Value):
    """A column as Oracle declares it."""

    name: str
    oracle_type: str
    nullable: bool
    comment: str = ""


class KnownTable(_Value):
    """A table or view as Oracle declares it."""

    ref: TableRef
    comment: str = ""
    columns: tuple[KnownColumn, ...] = ()


class KnownSource(_Value):
    """What is known of one source's offered tables."""

    source: str
    at: datetime | None = None
    """When it was read; None where it never was."""
    tables: tuple[KnownTable, ...] = ()
    asked: tuple[str, ...] = ()
    """The tables that were offered then."""
    trouble: Failure | None = None
    """Why it could not be read last time, where it is not what it should be."""


Opening = Callable[[str], AbstractContextManager[Session]]
"""Opens a session at a source by its name."""


def known_source(
    client: "redis.Redis", source: str, offered: Sequence[TableRef], open_session: Opening
) -> KnownSource:
    """What is known of the *offered* tables of *source*, read from Oracle where that is due.

    Never raises because of Oracle: what is kept is given, with the trouble.
    """
    asked = tuple(sorted(str(ref) for ref in offered))
    kept = _kept(client, source)
    now = moment_of(client)
    if kept.at and now - kept.at < FRESH and kept.asked == asked:
        return kept
    tried = _key(source, "tried")
    if not client.set(tried, "", nx=True, ex=TRY_AGAIN_SECONDS):
        return kept.model_copy(update={"trouble": _trouble(client, tried)})
    try:
        with open_session(source) as session:
            found = _read(session, offered)
    except DuckferryError as error:
        client.set(tried, error.failure.model_dump_json(), ex=TRY_AGAIN_SECONDS)
        return kept.model_copy(update={"trouble": error.failure})
    read = KnownSource(source=source, at=now, tables=found, asked=asked)
    client.set(_key(source), read.model_dump_json(), ex=KEPT_SECONDS)
    client.delete(tried)
    return read


def _kept(client: "redis.Redis", source: str) -> KnownSource:
    stored = client.get(_key(source))
    try:
        return (
            KnownSource.model_validate_json(str(stored)) if stored else KnownSource(source=source)
        )
    except ValidationError:  # of another release
        return KnownSource(source=source)


def _trouble(client: "redis.Redis", tried: str) -> Failure | None:
    stored = client.get(tried)
    return Failure.model_validate_json(str(stored)) if stored else None


def _key(*parts: str) -> str:
    return ":".join((PREFIX, "catalog", *parts))


def _read(session: Session, offered: Sequence[TableRef]) -> tuple[KnownTable, ...]:
    """Two statements for each `NAMES_AT_ONCE` tables of a schema."""
    by_schema: dict[str, list[TableRef]] = defaultdict(list)
    for ref in offered:
        by_schema[ref.schema_name].append(ref)
    found: list[KnownTable] = []
    for schema, refs in by_schema.items():
        for at in range(0, len(refs), NAMES_AT_ONCE):
            found += _tables(session, schema, refs[at : at + NAMES_AT_ONCE])
    return tuple(found)


def _tables(session: Session, schema: str, refs: Sequence[TableRef]) -> list[KnownTable]:
    binds = [schema, *(ref.table for ref in refs)]
    marks = ", ".join(f":{place}" for place in range(2, len(binds) + 1))
    known = {ref.table: ref for ref in refs}
    said = rows(session, _COMMENTS.format(names=marks), binds, most=len(refs))
    comments = {str(name): str(comment or "") for name, comment in said}
    columns = rows(session, _COLUMNS.format(names=marks), binds, most=MOST_COLUMNS)
    return [
        KnownTable(ref=known[name], comment=comments.get(name, ""), columns=tuple(map(_column, of)))
        for name, of in groupby(columns, key=lambda row: str(row[0]))
    ]


def _column(row: tuple[Any, ...]) -> KnownColumn:
    _, name, kind, precision, scale, length, characters, used, nullable, comment = row
    return KnownColumn(
        name=str(name),
        oracle_type=dictionary_type(kind, precision, scale, length, characters, used),
        nullable=nullable != "N",
        comment=str(comment or ""),
    )


_COLUMNS = """
SELECT c.table_name, c.column_name, c.data_type, c.data_precision, c.data_scale, c.data_length,
       c.char_length, c.char_used, c.nullable, SUBSTR(m.comments, 1, 200)
FROM all_tab_columns c
LEFT JOIN all_col_comments m
    ON m.owner = c.owner AND m.table_name = c.table_name AND m.column_name = c.column_name
WHERE c.owner = :1 AND c.table_name IN ({names})
ORDER BY c.table_name, c.column_id"""

_COMMENTS = """
SELECT t.table_name, SUBSTR(t.comments, 1, 200)
FROM all_tab_comments t
WHERE t.owner = :1 AND t.table_name IN ({names}) AND t.comments IS NOT NULL"""
