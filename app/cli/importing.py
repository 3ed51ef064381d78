"""warehouse import: show what a DuckDB file holds, ask, and adopt its tables."""

import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from app.bot_config import BotConfig
from app.cli.noting import note_by_operator
from app.cli.session import Session
from app.logs import start_logging
from app.views.text import CONTROL, number
from sync.import_errors import NothingToImport
from sync.names import shown_name, shown_names
from sync.plan import TableRef
from sync.warehouse.foreign import Contents, LeftOut, Offer, look_into
from sync.warehouse.importing import Imported, import_tables
from sync.warehouse.manifest import Manifest, read_manifest

SOME_LEFT_OUT = 3
"""The exit code where the others were imported."""


def import_file(session: Session, file: Path, *, yes: bool) -> None:
    """Show, ask, import, and tell. Exit code 1 if nothing was, 3 if not everything was."""
    settings, config = session.settings(), session.config()
    start_logging(settings, logging.WARNING)
    root, most_rows = settings.warehouse_dir, config.limits.max_rows
    contents = look_into(file, most_rows)
    manifest = read_manifest(root)
    known = tuple(dict.fromkeys((*config.offered, *(entry.ref for entry in manifest.entries))))
    _print(_offered(file, contents, manifest, known))
    if not contents.offers:
        raise NothingToImport(file=str(file))
    _print(_meaning(config))
    if not yes and not click.confirm(f"Import {_tables(len(contents.offers))}?"):
        click.echo("Nothing was imported.")
        sys.exit(1)

    def say_next(ref: TableRef) -> None:
        click.echo(CONTROL.sub("", f"copying {shown_name(ref, known)}"), err=True)

    found = import_tables(root, file, contents, most_rows=most_rows, on_table=say_next)
    _print(_published(found, known))
    told = f"{_tables(len(found.entries))} of {file.name}"
    for entry in found.entries:
        subject = f"{entry.ref.source}.{entry.ref}"
        note_by_operator(settings, "imported", subject, f"{file.name}, {entry.generation}")
    if not found.left_out:
        click.echo(CONTROL.sub("", f"Imported {told}."))
        return
    click.echo(CONTROL.sub("", f"Imported {told}; {len(found.left_out)} left out."))
    sys.exit(SOME_LEFT_OUT)


def _offered(
    file: Path, contents: Contents, manifest: Manifest, known: Sequence[TableRef]
) -> Iterator[str]:
    names = shown_names((*(one.ref for one in contents.offers), *known))
    yield f"{file.name} holds:"
    for offer in contents.offers:
        yield f"  {names[offer.ref]}  {_facts(offer)}  {_replaced(offer, manifest)}"
        for column in offer.as_text:
            yield f"    {column.name} becomes text: a copy cannot hold {column.oracle_type}"
        others = [names[ref] for ref in known if _sounds_like(ref, offer.ref)]
        if others:
            yield f"    {offer.ref.table} alone then also means {', '.join(others)}"
    yield from _left_out(contents.left_out, known)
    offered = [offer.ref for offer in contents.offers]
    stay = [names[ref] for ref in manifest.imported if ref not in offered]
    if stay:
        yield f"Imported before and left as they are: {', '.join(stay)}"


def _facts(offer: Offer) -> str:
    kind = "view, as its rows are now" if offer.is_view else "table"
    key = f"  key {', '.join(offer.key)}" if offer.key else ""
    return f"{kind}  {number(offer.rows)} rows  {len(offer.columns)} columns{key}"


def _replaced(offer: Offer, manifest: Manifest) -> str:
    before = manifest.find(offer.ref)
    if before is None:
        return "new"
    told = f"{number(before.rows)} rows imported from {before.receipt.imported}"
    return f"replaces {told} at {before.as_of}"


def _sounds_like(ref: TableRef, offered: TableRef) -> bool:
    return ref != offered and ref.table.casefold() == offered.table.casefold()


def _meaning(config: BotConfig) -> Iterator[str]:
    sees = config.model.sees_imported or config.model.sees
    yield (
        "Nothing of it is proven against Oracle, and answers say so. All who may ask the bot can "
        f"ask about these tables; the model sees: {sees} (model.sees_imported in bot.toml)."
    )


def _left_out(left_out: Sequence[LeftOut], known: Sequence[TableRef]) -> Iterator[str]:
    for one in left_out:
        yield f"  left out: {shown_name(one.ref, known)}: {one.why}"


def _published(found: Imported, known: Sequence[TableRef]) -> Iterator[str]:
    names = shown_names((*(entry.ref for entry in found.entries), *known))
    for entry in found.entries:
        yield f"  {names[entry.ref]}  {number(entry.rows)} rows  generation {entry.generation}"
    yield from _left_out(found.left_out, known)


def _tables(count: int) -> str:
    return "1 table" if count == 1 else f"{number(count)} tables"


def _print(lines: Iterator[str]) -> None:
    """Print what may hold names from the file, which must not command the terminal."""
    for line in lines:
        click.echo(CONTROL.sub("", line))
