"""`botctl threads`: its command and options. What it does stands in `app.cli.forgetting`."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from app.cli.session import Session


@click.group()
def threads() -> None:
    """Have the bot forget what was said in a thread."""


@threads.command()
@click.argument("thread")
@click.option("--yes", is_flag=True, help="Forget it without asking.")
@click.pass_obj
def forget(session: "Session", *, thread: str, yes: bool) -> None:
    """Forget THREAD: a link to a message of it, or CHANNEL:TS of its first message.

    Cards that came of it can still be decided; the audit stays.
    """
    from app.cli.forgetting import forget_here

    forget_here(session, thread, yes=yes)
