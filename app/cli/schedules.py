"""`botctl schedule`: its commands and options. What they do stands in `app.cli.scheduling`."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from app.cli.session import Session
    from sync.standing import Action


@click.group()
def schedule() -> None:
    """List, create, pause, resume and delete schedules that one approval stands for."""


@schedule.command("list")
@click.pass_obj
def list_all(session: "Session") -> None:
    """List the schedules, in words, with the next five times of each."""
    from app.cli.scheduling import list_here

    list_here(session)


@schedule.command()
@click.argument("tables", nargs=-1, required=True)
@click.option("--cron", help='Unix cron, five fields, such as "0 6 * * 1-5".')
@click.option("--timezone", help="Name of the tz database; without it, bot.toml's.")
@click.option("--name", help="Letters, digits and dashes; without it, the first table's.")
@click.option("--until", help="Last day, YYYY-MM-DD.")
@click.option("--max-rows", type=click.IntRange(1), help="A table of more rows asks first.")
@click.option(
    "--after", multiple=True, help="A table after whose publishing it is due; repeatable."
)
@click.option(
    "--only-if-changed",
    is_flag=True,
    help="Copy nothing while Oracle says that no table has changed since its copy.",
)
@click.option("--tell-where", multiple=True, help='Rows a condition is about: "QTY < 10".')
@click.option(
    "--tell-if", help='Tell where a figure is so: "count > 0" (the default), "sum(QTY) < 9".'
)
@click.option("--tell-table", help="The condition's table; without it, the first.")
@click.option("--tell-channel", help="Slack id of the channel that is told.")
@click.option("--channel", help="Slack id of the channel in which the bot tells what came of it.")
@click.option("--yes", is_flag=True, help="Approve what is shown without asking.")
@click.pass_obj
def create(session: "Session", **options: Any) -> None:
    """Copy TABLES from Oracle again and again."""
    from app.cli.scheduling import Wish, create_here

    yes = options.pop("yes")
    create_here(session, Wish(**options), yes=yes)


@schedule.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Approve what is shown without asking.")
@click.pass_obj
def pause(session: "Session", *, name: str, yes: bool) -> None:
    """Let the schedule NAME rest until it is resumed."""
    _change(session, name, "pause", yes=yes)


@schedule.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Approve what is shown without asking.")
@click.pass_obj
def resume(session: "Session", *, name: str, yes: bool) -> None:
    """Let the paused schedule NAME go on."""
    _change(session, name, "resume", yes=yes)


@schedule.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Approve what is shown without asking.")
@click.pass_obj
def delete(session: "Session", *, name: str, yes: bool) -> None:
    """End the schedule NAME for good."""
    _change(session, name, "delete", yes=yes)


def _change(session: "Session", name: str, action: "Action", *, yes: bool) -> None:
    from app.cli.scheduling import change_here

    change_here(session, name, action, yes=yes)
