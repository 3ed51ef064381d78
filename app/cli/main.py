"""botctl's commands and options."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.copies import diff, prove, query, receipt, warehouse
from app.cli.costs import costs
from app.cli.feedback import feedback
from app.cli.glossary import glossary
from app.cli.schedules import schedule
from app.cli.threads import threads

if TYPE_CHECKING:
    from app.cli.session import Session
    from app.doctor.grants import Release
    from app.health import Kind
    from app.manifest import Size


@click.group(
    commands=[schedule, warehouse, diff, prove, query, receipt, glossary, costs, threads, feedback],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
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
@click.option("--source", help="Name of the source, such as main.")
@click.option("--dsn", help="Where it is, host:port/service; without it, ORACLE_DSN.")
@click.option("--user", help="As whom to log in; without it, ORACLE_USER.")
@click.option("--schema", "schemas", multiple=True, help="A schema to offer tables of; repeatable.")
@click.option("--table", "tables", multiple=True, help="SCHEMA.TABLE to offer; repeatable.")
@click.option("--all-tables", is_flag=True, help="Offer every table of the schemas.")
@click.option("--approver", "approvers", multiple=True, help="Slack id of an approver; repeatable.")
@click.option("--admin", "admins", multiple=True, help="Slack id of an admin; repeatable.")
@click.option("--owner", "owners", multiple=True, help="Slack id of the tables' owner; repeatable.")
@click.option(
    "--model-sees",
    "sees",
    type=click.Choice(["rows", "aggregates", "schema"]),
    help="What the model may see of the tables.",
)
@click.option("--timezone", help="Name of the tz database.  [default: Asia/Seoul]")
@click.option("--language", type=click.Choice(["ko", "en"]), help="[default: ko]")
@click.option("--output", type=click.Path(path_type=Path), help="Write here, not to BOT_TOML.")
@click.option("--add-source", is_flag=True, help="Add one more source to the bot.toml there is.")
@click.pass_obj
def init(session: "Session", **options: Any) -> None:
    """Write bot.toml from what Oracle's catalog shows; asks what the options do not say."""
    from app.cli.setup import Given, set_up

    set_up(session, Given(**options))


@botctl.group()
def config() -> None:
    """Look at what bot.toml and the environment say."""


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.option("--offline", is_flag=True, help="Do not look into Oracle.")
@click.pass_obj
def check(session: "Session", *, as_json: bool, offline: bool) -> None:
    """Say what is wrong, and what would change against what the bot runs with."""
    from app.cli.config_check import check_config

    check_config(session, as_json=as_json, offline=offline)


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
@click.option("--trace", is_flag=True, help="Show prompt, model and tool calls, times, tokens.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.pass_obj
def simulate(session: "Session", *, text: str, trace: bool, as_json: bool) -> None:
    """Take one turn without Slack and print the answer."""
    from app.cli.conversation import simulate_turn

    simulate_turn(session, text, trace=trace, as_json=as_json)


@botctl.command()
@click.option("--trace", is_flag=True, help="Show prompt, model and tool calls, times, tokens.")
@click.pass_obj
def chat(session: "Session", *, trace: bool) -> None:
    """Talk to the bot in this terminal; buttons are pressed by number."""
    from app.cli.conversation import chat_in_terminal

    chat_in_terminal(session, trace=trace)


@botctl.command()
@click.argument("tables", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Approve what is shown without asking.")
@click.option("--mode", type=click.Choice(["full", "incremental", "append"]), help="How to copy.")
@click.option("--column", "columns", multiple=True, help="Copy only this column; can be repeated.")
@click.option(
    "--where",
    multiple=True,
    help='Copy only rows that meet this, as in "STATUS = OPEN"; can be repeated.',
)
@click.option("--since", help="Read again only rows whose cursor is at or past this.")
@click.option("--until", help="With --since: and before this.")
@click.option(
    "--trial", type=click.IntRange(1, 100_000), help="At most so many rows, under another name."
)
@click.pass_obj
def sync(session: "Session", **options: Any) -> None:
    """Copy TABLES from Oracle now, prove the copy and publish it."""
    from app.cli.syncing import SyncOptions, sync_tables

    sync_tables(session, SyncOptions(**options))


@botctl.command()
@click.argument("table")
@click.option("--yes", is_flag=True, help="Approve what is shown without asking.")
@click.pass_obj
def undo(session: "Session", *, table: str, yes: bool) -> None:
    """Go back to the copy of TABLE before the present one, in one step; it can be undone."""
    from app.cli.syncing import undo_table

    undo_table(session, table, yes=yes)


@botctl.command()
@click.argument("kinds", nargs=-1, type=click.Choice(["bot", "worker", "clock"]))
@click.pass_obj
def health(session: "Session", *, kinds: tuple["Kind", ...]) -> None:
    """Say whether bot, worker and clock live: exit code 0 if they do. For health checks."""
    from app.cli.operations import tell_health

    tell_health(session, kinds)


@botctl.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of text.")
@click.option("--offline", is_flag=True, help="Look only at what is on this machine.")
@click.option("--grants", is_flag=True, help="Print the SQL a DBA should run, and do nothing else.")
@click.option("--source", help="With --grants: the source of bot.toml; all, if left out.")
@click.option(
    "--release",
    type=click.Choice(["11g", "12c", "19c"]),
    help="With --grants: the release of Oracle; if left out, the script fits all.",
)
@click.option(
    "--retry-login",
    metavar="SOURCE",
    help="Forget that this source refused its password, and try it once.",
)
@click.pass_obj
def doctor(
    session: "Session",
    *,
    as_json: bool,
    offline: bool,
    grants: bool,
    source: str | None,
    release: "Release | None",
    retry_login: str | None,
) -> None:
    """Say what is missing or wrong, each with its remedy: exit code 0 if nothing fails."""
    from app.cli.doctoring import examine_all, print_grants, try_login_again

    if (source or release) and not grants:
        raise click.UsageError("--source and --release belong to --grants.")
    if sum([grants, retry_login is not None, as_json or offline]) > 1:
        raise click.UsageError("--grants and --retry-login stand alone.")
    if grants:
        print_grants(session, source, release)
    elif retry_login is not None:
        try_login_again(session, retry_login)
    else:
        examine_all(session, as_json=as_json, offline=offline)


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
@click.option("--since", default="7d", show_default=True, help="How far back: 30m, 12h, 7d.")
@click.option("--who", help="Only what this Slack user id, rule or operator did.")
@click.option("--what", help="Only entries of this kind, such as approved or click_refused.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for export.")
@click.pass_obj
def audit(
    session: "Session", *, since: str, who: str | None, what: str | None, as_json: bool
) -> None:
    """List who asked, decided, was refused, ran and read what."""
    from app.cli.records import list_audit

    list_audit(session, since, who, what, as_json=as_json)


@botctl.command()
@click.argument("table", required=False)
@click.option(
    "--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="How many."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def runs(session: "Session", *, table: str | None, limit: int, as_json: bool) -> None:
    """List the newest runs, of all tables or of TABLE, with how they ended."""
    from app.cli.records import list_runs

    list_runs(session, table, limit, as_json=as_json)


@botctl.group()
def source() -> None:
    """Keep the bot out of a source, or let it in again."""


@source.command()
@click.argument("name")
@click.option("--reason", default="no reason was given", help="What people are told.")
@click.pass_obj
def stop(session: "Session", *, name: str, reason: str) -> None:
    """Stop all sessions at the source NAME, and open none until it is started; runs wait."""
    from app.cli.operations import stop_reading

    stop_reading(session, name, reason)


@source.command()
@click.argument("name")
@click.pass_obj
def start(session: "Session", *, name: str) -> None:
    """Let the source NAME be read again; what waits begins."""
    from app.cli.operations import start_reading

    start_reading(session, name)


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
