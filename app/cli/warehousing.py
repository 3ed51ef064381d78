"""What `botctl warehouse` does with the folder of copies."""

import logging
from pathlib import Path

import click

from app.cli.session import Session
from app.logs import start_logging
from app.views.text import CONTROL, number, size
from sync.warehouse.layout import RESERVE_BYTES
from sync.warehouse.manifest import GENERATIONS_KEPT, read_manifest
from sync.warehouse.recovery import Space, measure_space, rebuild_manifest


def tell_space(session: Session) -> None:
    """Print a line a table and what it all comes to."""
    warehouse = _warehouse(session)
    space = measure_space(warehouse, read_manifest(warehouse))
    for table in space.tables:
        moment = f"imported from {table.imported} at" if table.imported else "as of"
        line = (
            f"{table.ref.source}.{table.ref}  {table.generations} of {GENERATIONS_KEPT} "
            f"generations  {size(table.bytes)}  {number(table.rows)} rows  {moment} {table.as_of}"
        )
        click.echo(CONTROL.sub("", line))
    for line in _forecast(space):
        click.echo(line)


def rebuild_here(session: Session, *, force: bool) -> None:
    """Make the manifest again and say what is in it."""
    warehouse = _warehouse(session)
    rebuilt = rebuild_manifest(warehouse, force=force)
    for entry in rebuilt.entries:
        kept = 1 + len(entry.previous)
        line = f"{entry.ref.source}.{entry.ref}  {entry.generation}  {kept} generations"
        click.echo(CONTROL.sub("", line))
    click.echo(f"The manifest names {len(rebuilt.entries)} tables.")


def _forecast(space: Space) -> list[str]:
    lines = [
        (
            f"Total {size(space.total)}; {size(max(space.free, 0))} free besides "
            f"{size(RESERVE_BYTES)} kept in reserve."
        )
    ]
    if space.until_full_history:
        lines.append(
            f"{size(space.until_full_history)} more are taken until each table has "
            f"{GENERATIONS_KEPT} generations; from then on each publish drops the oldest."
        )
    if space.rounds is not None:
        lines.append(f"At today's sizes {number(space.rounds)} more copies of every table fit.")
    return lines


def _warehouse(session: Session) -> Path:
    settings = session.settings()
    start_logging(settings, logging.WARNING)
    return settings.warehouse_dir
