"""Compare what bot.toml offers of a source with what Oracle's catalog shows there."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.access_check import column_problems
from app.bot_config import BotConfig, TableSection
from sync.discovery import FoundTable, may_read, read_schema
from sync.names import resolve_table
from sync.oracle import Session
from sync.plan import TableRef

MOST_COLUMNS_NAMED = 10


@dataclass(frozen=True)
class TableFinding:
    """What the catalog shows of one offered table."""

    ref: TableRef
    problems: tuple[str, ...]
    key: tuple[str, ...]
    """The declared primary key, or bot.toml's where it names one."""
    is_declared: bool
    """Whether the key is the one that Oracle declares."""
    columns: frozenset[str]
    """Empty where it was not found."""


def check_catalog(session: Session, config: BotConfig) -> tuple[TableFinding, ...]:
    """Look at each table that is offered of the session's source, in the order of the file."""
    offered = zip(config.offered, config.table, strict=True)
    of_source = [each for each in offered if each[0].source == session.source.name]
    names: dict[str, list[str]] = defaultdict(list)
    for ref, _ in of_source:
        names[ref.schema_name].append(ref.table)
    found = {
        str(table): table
        for schema, tables in names.items()
        for table in read_schema(session, schema, tables).tables
    }
    return tuple(
        _finding(session, config, ref, section, found.get(str(ref))) for ref, section in of_source
    )


def check_rules(config: BotConfig, findings: Iterable[TableFinding]) -> Iterator[str]:
    """Name columns of access rules that the tables found do not have."""
    return column_problems(config, {one.ref: one.columns for one in findings if one.columns})


def _finding(
    session: Session,
    config: BotConfig,
    ref: TableRef,
    section: TableSection,
    table: FoundTable | None,
) -> TableFinding:
    problems: list[str] = []
    if table is None or not may_read(session, ref):
        user, source = session.source.user, session.source.name
        problems.append(
            f"{ref} is not there, or {user} may not read it at source {source}"
            f"{_scheduled(config, ref)}. Check the name, or have the DBA grant READ on it."
        )
    else:
        problems += _column_problems(section, table)
    declared = table.key if table else ()
    key = section.key or declared
    columns = frozenset(column.name for column in table.columns) if table else frozenset[str]()
    return TableFinding(ref, tuple(problems), key, bool(key) and key == declared, columns)


def _column_problems(section: TableSection, table: FoundTable) -> Iterator[str]:
    columns = {column.name: column for column in table.columns}
    for column in section.key:
        if column not in columns:
            yield f"{table} has no column {column}, which its key names."
    if section.cursor and section.cursor not in columns:
        yield f"{table} has no column {section.cursor}, which its cursor names."
    for column in section.columns:
        if column not in columns:
            yield f"{table} has no column {column}, which its columns name."
    for column in section.encoding:
        if column not in columns:
            yield f"{table} has no column {column}, which its encoding names."
    uncopied = [
        f"{column.name} ({column.oracle_type})"
        for column in table.uncopied
        if section.columns.get(column.name) != "skip"
    ]
    if uncopied:
        more = len(uncopied) - MOST_COLUMNS_NAMED
        also = f" and {more} more" if more > 0 else ""
        yield (
            f"{table} cannot be copied: no exact copy of "
            f"{', '.join(uncopied[:MOST_COLUMNS_NAMED])}{also}. "
            'Leave such columns out with columns = { NAME = "skip" }.'
        )


def _scheduled(config: BotConfig, ref: TableRef) -> str:
    """Name the schedules that would fail with it."""
    names = [
        schedule.name
        for schedule in config.schedule
        if ref in [resolve_table(table, config.offered) for table in schedule.tables]
    ]
    return f" (needed by schedule {', '.join(names)})" if names else ""
