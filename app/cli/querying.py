"""query: SQL over the copies, through exactly what the agent uses, from WAREHOUSE_DIR alone."""

import json
import logging
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast

import click

from app.access import Asker, See, see_whole, seen_by
from app.cli.session import Session
from app.core import query_limits
from app.logs import start_logging
from app.terminal import table_lines
from app.views.text import CONTROL, number
from sync.access_errors import NotAllowed
from sync.errors import DuckferryError, QueryTimeout, TableNotOffered
from sync.query_errors import QueryTooCostly, QueryTooLarge, RowTooLarge, SqlRefused
from sync.warehouse.manifest import read_manifest
from sync.warehouse.query_process import Queries, QueryResult, open_queries
from sync.warehouse.walls import keep_memory_private

Status = Literal["ok", "refused", "timeout", "limit", "error"]

MAX_LINE_CHARACTERS = 1_000_000
"""Of one JSON object on standard input."""


@dataclass(frozen=True)
class Whose:
    """By whose rights it is asked: a Slack user's, in a channel or alone, or the operator's."""

    user: str | None = None
    channel: str = ""


def answer_once(session: Session, sql: str, whose: Whose, *, as_json: bool) -> None:
    """Run one statement and print its rows. Raises any DuckferryError."""
    with _queries(session) as queries:
        result = _run(session, queries, whose, sql)
    if as_json:
        click.echo(json.dumps(_as_json(result), ensure_ascii=False))
        return
    for line in table_lines([column.name for column in result.columns], result.rows):
        click.echo(CONTROL.sub("", line))
    if result.truncated:
        click.echo(f"There are more rows than these {number(len(result.rows))}.")
    for read in result.basis:
        part = f" · only {read.part}" if read.part else ""
        moment = (
            f"imported from {read.imported} at {read.as_of}, not proven against Oracle"
            if read.imported
            else f"as of {read.as_of}"
        )
        line = f"{read.ref.source}.{read.ref} · {number(read.rows)} rows · {moment}{part}"
        click.echo(CONTROL.sub("", line))


def answer_lines(session: Session, whose: Whose) -> None:
    """Run the statement of each line of standard input, and print one JSON object for each."""
    with _queries(session) as queries:
        for line in _lines(sys.stdin):
            click.echo(json.dumps(_answered(session, queries, whose, line)))
            sys.stdout.flush()


def _queries(session: Session) -> Queries:
    keep_memory_private()
    settings = session.settings()
    start_logging(settings, logging.WARNING)
    queries = open_queries(settings.warehouse_dir, query_limits(session.config()))
    queries.prepare()
    return queries


def _run(session: Session, queries: Queries, whose: Whose, sql: str) -> QueryResult:
    manifest = read_manifest(session.settings().warehouse_dir)
    known = [*(entry.ref for entry in manifest.entries), *session.config().offered]
    return queries.run_sql(sql, tuple(dict.fromkeys(known)), _see(session, whose))


def _see(session: Session, whose: Whose) -> See:
    """What may be seen. Slack is not asked, so a rule that names a user group lets nobody in."""
    if whose.user is None:
        return see_whole
    secret = session.settings().mask_key
    key = secret.get_secret_value() if secret else ""
    return seen_by(session.config(), Asker(whose.user, whose.channel), lambda _: None, key)


def _lines(stream: Iterable[str]) -> Iterator[str]:
    return (line for line in stream if line.strip())


def _answered(session: Session, queries: Queries, whose: Whose, line: str) -> dict[str, Any]:
    asked = _read(line)
    if isinstance(asked, str):
        return {"id": None, "status": "error", "reason": asked}
    name, sql = asked
    try:
        result = _run(session, queries, whose, sql)
    except DuckferryError as error:
        return {"id": name, "status": status_of(error), "reason": str(error)}
    return {"id": name, "status": "ok", **_as_json(result)}


def _read(line: str) -> tuple[object, str] | str:
    """The id and SQL of a line, or what is wrong with it."""
    if len(line) > MAX_LINE_CHARACTERS:
        return f"the line is longer than {number(MAX_LINE_CHARACTERS)} characters"
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return "the line is no JSON object"
    if not isinstance(found, dict):
        return "the line is no JSON object"
    fields = cast("dict[str, object]", found)
    sql = fields.get("sql")
    if not isinstance(sql, str):
        return 'the line has no text "sql"'
    return fields.get("id"), sql


def status_of(error: DuckferryError) -> Status:
    """What became of a statement that has no rows."""
    match error:
        case SqlRefused() | TableNotOffered() | NotAllowed():
            return "refused"
        case QueryTimeout():
            return "timeout"
        case QueryTooCostly() | QueryTooLarge() | RowTooLarge():
            return "limit"
        case _:
            return "error"


def _as_json(result: QueryResult) -> dict[str, Any]:
    return {
        "columns": [column.name for column in result.columns],
        "types": [column.type for column in result.columns],
        "rows": result.rows,
        "truncated": result.truncated,
        "basis": [
            {
                "table": f"{read.ref.source}.{read.ref}",
                "rows": read.rows,
                "as_of": read.as_of,
                **({"imported_from": read.imported} if read.imported else {}),
            }
            for read in result.basis
        ],
    }
