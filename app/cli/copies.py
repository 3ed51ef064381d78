"""`botctl warehouse`: its commands and options. What they do stands in `app.cli.warehousing`."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from app.cli.session import Session


@click.group()
def warehouse() -> None:
    """Look after the folder of copies."""


@warehouse.command()
@click.pass_obj
def status(session: "Session") -> None:
    """Tell what is kept of each table, the room it takes, and how much more fits."""
    from app.cli.warehousing import tell_space

    tell_space(session)


@warehouse.command()
@click.option("--force", is_flag=True, help="Also where the manifest can be read.")
@click.pass_obj
def rebuild(session: "Session", *, force: bool) -> None:
    """Make manifest.json again from the copies on disk, newest first, after it was lost."""
    from app.cli.warehousing import rebuild_here

    rebuild_here(session, force=force)


@warehouse.command()
@click.pass_obj
def adopt(session: "Session") -> None:
    """Make WAREHOUSE_DIR the warehouse of this Redis, after the folder was replaced on purpose."""
    from app.cli.operations import adopt_folder

    adopt_folder(session)
