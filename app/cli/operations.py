"""health, backup and restore: what whoever runs the product needs around it."""

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.session import Session
from app.health import Kind, check_health
from app.settings import SettingsError, runtime_dir
from sync.warehouse.walls import walls

if TYPE_CHECKING:
    import redis


def tell_health(session: Session, kinds: tuple[Kind, ...]) -> None:
    """Print one line; exit code 1 unless all is well. Needs no secret and loads no library."""
    well, line = check_health(runtime_dir(session.environ), kinds)
    click.echo(f"{line.removesuffix('.')}; {walls()}")
    sys.exit(0 if well else 1)


def back_up_to(session: Session, folder: Path) -> None:
    """Back up and say how much it was."""
    from app.logs import start_logging
    from sync.backup import back_up
    from sync.state import connect_state

    settings = session.settings()
    start_logging(settings, logging.WARNING)
    client = connect_state(settings.redis_url.get_secret_value())
    saved = back_up(client, settings.warehouse_dir, folder)
    click.echo(f"Saved in {folder}: {saved}")


def restore_from(session: Session, folder: Path) -> None:
    """Restore and say how much it was."""
    from app.logs import start_logging
    from sync.backup import restore
    from sync.state import connect_state

    settings = session.settings()
    start_logging(settings, logging.WARNING)
    client = connect_state(settings.redis_url.get_secret_value())
    restored = restore(client, settings.warehouse_dir, folder)
    click.echo(f"Restored from {folder}: {restored}")


def adopt_folder(session: Session) -> None:
    """Make the folder this Redis's warehouse; bots and workers that use another one must end."""
    from app.logs import start_logging
    from sync.state import connect_state
    from sync.warehouse.identity import adopt_warehouse
    from sync.warehouse.manifest import read_manifest

    settings = session.settings()
    start_logging(settings, logging.WARNING)
    client = connect_state(settings.redis_url.get_secret_value())
    name = adopt_warehouse(client, settings.warehouse_dir)
    tables = len(read_manifest(settings.warehouse_dir).entries)
    click.echo(f"{settings.warehouse_dir} ({name}, {tables} tables) is now this Redis's warehouse.")


def stop_reading(session: Session, name: str, reason: str) -> None:
    """Stop a source for every process of this Redis."""
    from sync.stops import stop_source

    client = _state_with(session, name)
    stop_source(client, name, reason)
    _note(client, name, f"stop {reason}")
    click.echo(
        f"Source {name} is stopped: running copies are broken off within a second or two and wait, "
        f"and no session is opened. `botctl source start {name}` ends it."
    )


def start_reading(session: Session, name: str) -> None:
    """Start a stopped source again."""
    from sync.stops import start_source

    client = _state_with(session, name)
    if start_source(client, name):
        _note(client, name, "start")
        click.echo(f"Source {name} may be read again; what waited for it begins.")
    else:
        click.echo(f"Source {name} was not stopped.")


def _state_with(session: Session, name: str) -> "redis.Redis":
    """Redis, where bot.toml has that source."""
    from app.logs import start_logging
    from sync.state import connect_state

    settings = session.settings()
    start_logging(settings, logging.WARNING)
    known = [each.name for each in session.config().source]
    if name not in known:
        told = ", ".join(known) or "none"
        raise SettingsError([f"bot.toml has no source {name!r} (it has: {told})."])
    return connect_state(settings.redis_url.get_secret_value())


def _note(client: "redis.Redis", name: str, detail: str) -> None:
    from app.cli.local import TEAM
    from sync.audit import note
    from sync.state import OWNER

    team = str(client.get(OWNER) or TEAM)
    note(client, team, "source_switched", who="operator", subject=name, detail=detail)
