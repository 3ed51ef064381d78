"""Which schemas and tables of a source are meant: by options, or ticked off in lists."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import click

from app.bot_toml import why_left_out
from app.cli.asking import MOST_SHOWN, Item, pick
from sync.discovery import FoundSchema, FoundTable, read_schema, readable_schemas
from sync.oracle import Session

MOST_NAMED = 20


@dataclass(frozen=True)
class Found:
    """What was read of the catalog; *is_named* says that just these tables were asked for."""

    schemas: tuple[FoundSchema, ...]
    is_named: bool = False


@dataclass(frozen=True)
class Chosen:
    """What was chosen, and the tables of the chosen schemas that cannot be copied and were not."""

    schemas: tuple[str, ...]
    tables: tuple[FoundTable, ...]
    left_out: tuple[FoundTable, ...]


def find_tables(
    oracle: Session, schemas: tuple[str, ...], tables: tuple[str, ...], *, at_terminal: bool
) -> Found:
    """Read the named tables, or all of the schemas, which are asked for where none is named.

    Raises click's errors for what is not there.
    """
    if tables:
        return _named(oracle, schemas, tables)
    sizes = readable_schemas(oracle)
    if not sizes:
        raise click.ClickException(
            f"{oracle.source.user} may read no table of source {oracle.source.name}. Have the DBA "
            "grant READ (before 12.1: SELECT) on the tables, then try again."
        )
    readable = [size.name for size in sizes]
    missing = [schema for schema in schemas if schema not in readable]
    if missing:
        raise click.ClickException(
            f"{oracle.source.user} may read nothing in {', '.join(missing)}; there are "
            f"{', '.join(readable[:MOST_NAMED])}{' and others' * (len(readable) > MOST_NAMED)}."
        )
    if at_terminal and not schemas:
        only = len(sizes) == 1
        items = [Item(size.name, f"{size.tables:,} tables and views", only) for size in sizes]
        schemas = pick("Schemas to offer tables of:", items)
    return Found(tuple(_read(oracle, schema) for schema in dict.fromkeys(schemas)))


def choose_tables(found: Found, *, asks: bool) -> Chosen:
    """Take the tables that were named; of the others, those ticked off, or all that can be."""
    tables = [table for schema in found.schemas for table in schema.tables]
    if found.is_named:
        picked = {str(table) for table in tables}
    elif asks:
        picked = {name for schema in found.schemas for name in _pick_tables(schema)}
    else:
        picked = {str(table) for table in tables if not table.uncopied}
    return Chosen(
        schemas=tuple(schema.name for schema in found.schemas),
        tables=tuple(table for table in tables if str(table) in picked),
        left_out=tuple(table for table in tables if table.uncopied and str(table) not in picked),
    )


def about(table: FoundTable) -> str:
    """Describe a table in a line: what it is, its key, its cursor, or why it cannot be copied."""
    size = table.kind if table.rows is None else f"about {table.rows:,} rows"
    if table.uncopied:
        return f"{size}; cannot be copied: {why_left_out(table)}"
    key = table.key or table.likely_key
    parts = [size, f"key {', '.join(key)}" if key else "no key"]
    if table.cursors:
        parts.append(f"changes by {table.cursors[0].name}")
    return "; ".join(parts)


def _named(oracle: Session, schemas: Sequence[str], names: Sequence[str]) -> Found:
    wanted: dict[str, list[str]] = {schema: [] for schema in schemas}
    for name in dict.fromkeys(names):
        schema, dot, table = name.rpartition(".")
        if not dot and len(schemas) == 1:
            schema = schemas[0]
        if not schema or not table:
            raise click.UsageError(f"--table {name} does not name its schema, as in SHOP.ORDERS.")
        wanted.setdefault(schema, []).append(table)
    found: list[FoundSchema] = []
    missing: list[str] = []
    for schema, each in wanted.items():
        tables = read_schema(oracle, schema, each).tables if each else ()
        found.append(FoundSchema(schema, tables))
        there = {table.name for table in tables}
        missing += [f"{schema}.{name}" for name in each if name not in there]
    if missing:
        raise click.ClickException(
            f"Source {oracle.source.name} has no {', '.join(missing)} that {oracle.source.user} "
            "may read. Write names as the dictionary does, usually in capitals, or have the DBA "
            "grant READ."
        )
    return Found(tuple(found), is_named=True)


def _read(oracle: Session, schema: str) -> FoundSchema:
    found = read_schema(oracle, schema)
    if found.read_to is not None:
        click.echo(
            f"{schema} has more columns than are read at once: only its tables up to "
            f"{found.read_to} are looked at. Name others with --table {schema}.NAME.",
            err=True,
        )
    dotted = [str(table) for table in found.tables if "." in table.schema_name + table.name]
    if dotted:
        shown = ", ".join(dotted[:MOST_NAMED])
        click.echo(f"bot.toml cannot write names with a dot, so these are not: {shown}", err=True)
    kept = tuple(table for table in found.tables if str(table) not in dotted)
    return replace(found, tables=kept)


def _pick_tables(schema: FoundSchema) -> tuple[str, ...]:
    if not schema.tables:
        return ()
    ticked = len(schema.tables) <= MOST_SHOWN
    items = [
        Item(
            str(table),
            about(table),
            ticked=ticked and not table.uncopied,
            is_advised=not table.uncopied,
        )
        for table in schema.tables
    ]
    return pick(f"Tables of {schema.name} to offer:", items)
