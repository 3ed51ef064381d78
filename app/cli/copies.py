"""`botctl warehouse`, `diff`, `prove`, `query` and `receipt`: commands and options.

What they do stands in `app.cli.warehousing`, `comparing`, `proving`, `querying` and `receipts`.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from app.cli.session import Session
    from sync.plan import Proof


@click.command()
@click.argument("table")
@click.option("--source", help="Name of the source, where several have such a table.")
@click.option(
    "--proof",
    type=click.Choice(["count", "sums", "deep"]),
    help="What to compare.  [default: what the copy was proven by]",
)
@click.option("--deep", "proof", flag_value="deep", help="The same as --proof deep.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.pass_obj
def prove(
    session: "Session", *, table: str, source: str | None, proof: "Proof | None", as_json: bool
) -> None:
    """Compare the current copy of TABLE with Oracle again: exit code 0 if it is right.

    1: it differs from what Oracle held at its moment. 3: it differs from what Oracle holds now,
    where that moment cannot be read any more. Nothing is copied or changed.
    """
    from app.cli.proving import prove_table

    prove_table(session, table, source, proof, as_json=as_json)


@click.command()
@click.argument("sql", required=False)
@click.option("--as", "user", metavar="USER", help="By the rights of this Slack user (U…).")
@click.option("--in", "channel", metavar="CHANNEL", help="As asked in this channel (C…).")
@click.option("--stdin", is_flag=True, help='Read JSON objects, {"id": …, "sql": …}, one a line.')
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.pass_obj
def query(
    session: "Session",
    *,
    sql: str | None,
    user: str | None,
    channel: str | None,
    stdin: bool,
    as_json: bool,
) -> None:
    """Run one SELECT over the copies, behind the same walls as the agent's.

    With --stdin each line is answered by one: {"id", "status", "columns", "rows", …}, where status
    is ok, refused, timeout, limit or error, and what is not ok has a "reason".
    """
    from app.cli.querying import Whose, answer_lines, answer_once

    if stdin == (sql is not None):
        raise click.UsageError("Give either SQL or --stdin.")
    if channel and not user:
        raise click.UsageError("--in needs --as.")
    whose = Whose(user, channel or "")
    if sql is None:
        answer_lines(session, whose)
    else:
        answer_once(session, sql, whose, as_json=as_json)


@click.command()
@click.argument("table")
@click.option("--source", help="Name of the source, where several have such a table.")
@click.option(
    "--generation", help="A kept older copy; -1, -2: so many before current.  [default: current]"
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.pass_obj
def receipt(
    session: "Session", *, table: str, source: str | None, generation: str | None, as_json: bool
) -> None:
    """Print all that is noted of the current copy of TABLE: what it is and how it was proven."""
    from app.cli.receipts import tell_receipt

    tell_receipt(session, table, source, generation, as_json=as_json)


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


@warehouse.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Import what is shown without asking.")
@click.pass_obj
def import_(session: "Session", *, file: Path, yes: bool) -> None:
    """Adopt the tables and views of a DuckDB FILE, to be asked about at once.

    The file is only read. What was imported under the same names before is replaced, and can be
    undone. Exit code 1: nothing was imported. 3: some tables were left out.
    """
    from app.cli.importing import import_file

    import_file(session, file, yes=yes)


@warehouse.command()
@click.argument("table")
@click.option("--yes", is_flag=True, help="Drop what is shown without asking.")
@click.pass_obj
def drop(session: "Session", *, table: str, yes: bool) -> None:
    """Drop the imported TABLE with its older copies; a copy of Oracle is not dropped.

    This cannot be undone. Exit code 1: nothing was dropped.
    """
    from app.cli.dropping import drop_table

    drop_table(session, table, yes=yes)


@warehouse.command()
@click.pass_obj
def adopt(session: "Session") -> None:
    """Make WAREHOUSE_DIR the warehouse of this Redis, after the folder was replaced on purpose."""
    from app.cli.operations import adopt_folder

    adopt_folder(session)


@click.command()
@click.argument("table")
@click.option("--source", help="Name of the source it is of, where several have one of this name.")
@click.option(
    "--from", "before", metavar="GENERATION", help="The older copy; -1, -2: so many before current."
)
@click.option("--to", "after", metavar="GENERATION", help="The newer copy.  [default: the current]")
@click.option(
    "--limit",
    type=click.IntRange(0, 1000),
    default=20,
    show_default=True,
    help="Examples of each kind.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.pass_obj
def diff(session: "Session", **options: Any) -> None:
    """Tell what differs between two kept copies of TABLE: rows, values, columns."""
    from app.cli.comparing import DiffOptions, tell_differences

    tell_differences(session, DiffOptions(**options))
