"""`botctl feedback`: what people think of answers, for whoever looks into them."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from app.cli.session import Session


@click.group()
def feedback() -> None:
    """Look into what people say of answers with the buttons below them."""


@feedback.command(name="list")
@click.option("--all", "everything", is_flag=True, help="Also those that are done, and the good.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with all of it.")
@click.pass_obj
def list_(session: "Session", *, everything: bool, as_json: bool) -> None:
    """List the answers that were not helpful and are not looked into yet, newest first."""
    from app.cli.judging import list_here

    list_here(session, everything=everything, as_json=as_json)


@feedback.command()
@click.argument("vote")
@click.pass_obj
def show(session: "Session", *, vote: str) -> None:
    """Show one VOTE: question, answer, SQL, copies and what the person says."""
    from app.cli.judging import show_here

    show_here(session, vote)


@feedback.command()
@click.argument("vote")
@click.option("--note", default="", help="What became of it.")
@click.pass_obj
def done(session: "Session", *, vote: str, note: str) -> None:
    """Note that a VOTE is looked into, so that it is listed no more."""
    from app.cli.judging import finish_here

    finish_here(session, vote, note)


@feedback.command()
@click.argument("vote")
@click.pass_obj
def export(session: "Session", *, vote: str) -> None:
    """Print a VOTE as the beginning of a case for `make eval` (docs/evals.md)."""
    from app.cli.judging import export_here

    export_here(session, vote)
