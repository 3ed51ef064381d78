"""warehouse drop: show what is kept of an imported table, ask, and drop it."""

import logging
import sys

import click

from app.cli.naming import current_copy
from app.cli.noting import note_by_operator
from app.cli.session import Session
from app.logs import start_logging
from app.views.text import CONTROL, number
from sync.import_errors import NotImported
from sync.names import shown_name
from sync.warehouse.dropping import drop_imported
from sync.warehouse.manifest import read_manifest


def drop_table(session: Session, table: str, *, yes: bool) -> None:
    """Show, ask, drop, and tell. Exit code 1 if nothing was dropped."""
    settings, config = session.settings(), session.config()
    start_logging(settings, logging.WARNING)
    root = settings.warehouse_dir
    entry = current_copy(root, config, table, None)
    if not entry.ref.is_imported:
        raise NotImported(table=str(entry.ref))
    known = [one.ref for one in read_manifest(root).entries]
    name = shown_name(entry.ref, [*known, *config.offered])
    _say(
        f"{name}: {number(entry.rows)} rows imported from {entry.receipt.imported} at "
        f"{entry.as_of}; copies kept: {1 + len(entry.previous)}. Nobody can ask about it "
        "any more, and this cannot be undone; import its file again to have it back."
    )
    if not yes and not click.confirm(CONTROL.sub("", f"Drop {name}?")):
        _say("Nothing was dropped.")
        sys.exit(1)
    drop_imported(root, entry)
    subject = f"{entry.ref.source}.{entry.ref}"
    note_by_operator(settings, "dropped", subject, f"{entry.receipt.imported}, {entry.generation}")
    _say(f"Dropped {name}.")


def _say(line: str) -> None:
    """Print what may hold names from a file, which must not command the terminal."""
    click.echo(CONTROL.sub("", line))
