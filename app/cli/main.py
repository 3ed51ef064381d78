"""botctl's commands and options."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from app.cli.session import Session
    from app.health import Kind
    from app.manifest import Size


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--sandbox", is_flag=True, help="Run on local stand-ins of Oracle, Slack, the model and Redis."
)
@click.option(
    "--env-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read settings from this file as well; what is exported wins.",
)
@click.pass_context
def botctl(context: click.Context, *, sandbox: bool, env_file: Path | None) -> None:
    """Answer questions in Slack from proven DuckDB copies of Oracle tables."""
    from app.cli.session import Session

    context.obj = context.with_resource(Session(sandbox=sandbox, env_file=env_file))


@botctl.command()
@click.pass_obj
def run(session: "Session") -> None:
    """Run bot, clock and a worker together, until Ctrl-C or SIGTERM."""
    from app.cli.processes import run_all

    run_all(session)


@botctl.command()
@click.pass_obj
def bot(session: "Session") -> None:
    """Run the Slack bot alone."""
    from app.cli.processes import run_bot

    run_bot(session)


@botctl.command()
@click.option("--parent", type=int, hidden=True, help="End when the process of this id ends.")
@click.pass_obj
def worker(session: "Session", *, parent: int | None) -> None:
    """Run one worker: it copies what was approved, one run at a time."""
    from app.cli.processes import run_worker

    run_worker(session, parent)


@botctl.command()
@click.pass_obj
def clock(session: "Session") -> None:
    """Run the clock alone: it says when a schedule is due."""
    from app.cli.processes import run_clock

    run_clock(session)


@botctl.command()
@click.option("--text", required=True, help="What a person would write to the bot.")
@click.option(
    "--trace", is_flag=True, help="Show the thoughts and tool calls that led to the answer."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.pass_obj
def simulate(session: "Session", *, text: str, trace: bool, as_json: bool) -> None:
    """Take one turn without Slack and print the answer."""
    from app.cli.conversation import simulate_turn

    simulate_turn(session, text, trace=trace, as_json=as_json)


@botctl.command()
@click.option("--trace", is_flag=True, help="Show thoughts and tool calls.")
@click.pass_obj
def chat(session: "Session", *, trace: bool) -> None:
    """Talk to the bot in this terminal; buttons are pressed by number."""
    from app.cli.conversation import chat_in_terminal

    chat_in_terminal(session, trace=trace)


@botctl.command()
@click.argument("tables", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Approve what is shown without asking.")
@click.pass_obj
def sync(session: "Session", *, tables: tuple[str, ...], yes: bool) -> None:
    """Copy TABLES from Oracle now, prove the copy and publish it."""
    from app.cli.syncing import sync_tables

    sync_tables(session, tables, yes=yes)


@botctl.command()
@click.argument("kinds", nargs=-1, type=click.Choice(["bot", "worker", "clock"]))
@click.pass_obj
def health(session: "Session", *, kinds: tuple["Kind", ...]) -> None:
    """Say whether bot, worker and clock live: exit code 0 if they do. For health checks."""
    from app.cli.operations import tell_health

    tell_health(session, kinds)


@botctl.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.pass_obj
def backup(session: "Session", *, folder: Path) -> None:
    """Copy the state in Redis and the current tables to a new FOLDER, while all goes on."""
    from app.cli.operations import back_up_to

    back_up_to(session, folder)


@botctl.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.pass_obj
def restore(session: "Session", *, folder: Path) -> None:
    """Put a backup in FOLDER back, where Redis and the warehouse are empty and nothing runs."""
    from app.cli.operations import restore_from

    restore_from(session, folder)


@botctl.command()
@click.option(
    "--size",
    type=click.Choice(["minimal", "full"]),
    default="full",
    show_default=True,
    help="What to ask of Slack: all that is used, or only what is needed.",
)
@click.option("--url", help="Where Slack reaches the bot (https://…); without it, Socket Mode.")
def manifest(*, size: "Size", url: str | None) -> None:
    """Print the manifest of the Slack app, as JSON."""
    import json

    from app.manifest import build_manifest

    try:
        built = build_manifest(size, url)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--url") from None
    click.echo(json.dumps(built, indent=2))


def main() -> None:
    """Run botctl. Errors with a name are one line, with exit code 1, or 2 for wrong settings."""
    try:
        botctl(prog_name="botctl")
    except (
        Exception
    ) as error:  # the CLI is an outer edge: what has a name is told without a traceback
        from app.cli.session import explain

        told = explain(error)
        if told is None:
            raise
        lines, code = told
        for line in lines:
            click.secho(line, fg="red", err=True)
        sys.exit(code)


if __name__ == "__main__":
    main()
