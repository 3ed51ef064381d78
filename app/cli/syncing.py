"""sync: copy tables from the terminal, through the same approval, run and proof as from Slack."""

import logging
import secrets
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import click
from pydantic import ValidationError

from app.cli.local import OPERATOR, TEAM, decide_here, run_here
from app.cli.session import Session
from app.core import approval_seconds, plan_sync, rule_on
from app.failure_texts import word_failure
from app.logs import start_logging
from app.terminal import plan_lines, receipt_lines
from app.texts import Language, say
from sync.approvals import Request, request_approval
from sync.filters import FilterOperator
from sync.names import resolve_syncable, resolve_table
from sync.plan import Filter, Mode, TableRef, Wish, is_special
from sync.progress import Progress
from sync.runs import Run
from sync.state import new_id
from sync.warehouse.manifest import read_manifest

if TYPE_CHECKING:
    from app.core import Core

LANGUAGE: Language = "en"


@dataclass(frozen=True)
class SyncOptions:
    """What the operator typed."""

    tables: tuple[str, ...]
    yes: bool
    mode: Mode | None
    columns: tuple[str, ...]
    where: tuple[str, ...]
    since: str | None
    until: str | None
    trial: int | None


def sync_tables(session: Session, options: SyncOptions) -> None:
    """Plan, show, ask, copy with a progress bar, show the receipt; exit code 1 if nothing came."""
    start_logging(session.settings("oracle"), logging.ERROR)
    core = session.core("oracle")
    imported = read_manifest(core.warehouse).imported
    found = (resolve_syncable(table, core.config.offered, imported) for table in options.tables)
    wishes = tuple(_wish(ref, options) for ref in dict.fromkeys(found))
    if len(wishes) > 1 and any(map(is_special, wishes)):
        raise click.UsageError("--column, --where, --since, --until and --trial take one table.")
    run_wishes(core, wishes, yes=options.yes)


def undo_table(session: Session, table: str, *, yes: bool) -> None:
    """Show what an undo would do, ask, do it, show the receipt; exit code 1 if nothing came."""
    start_logging(session.settings(), logging.ERROR)
    core = session.core()
    ref = resolve_table(table, (*core.config.offered, *read_manifest(core.warehouse).imported))
    run_wishes(core, (Wish(ref=ref, undo=True),), yes=yes)


def run_wishes(core: "Core", wishes: tuple[Wish, ...], *, yes: bool) -> None:
    """Plan *wishes*, show the plan, ask, run it here, and show what came of it."""
    plan = plan_sync(core, wishes, OPERATOR)
    ruling = rule_on(core.config, plan)
    if ruling.quorum > 1:
        click.echo("In Slack this needs two people; here you decide alone, and it is noted so.")
    click.echo("\n".join(plan_lines(LANGUAGE, plan)))
    if not yes and not click.confirm("Run it?"):
        click.echo(say(LANGUAGE, "system.rejected"))
        sys.exit(1)
    request = Request(
        id=new_id(TEAM),
        plan=plan,
        requested_by=OPERATOR,
        thread=f"{TEAM}:terminal:{secrets.token_hex(8)}",
        language=LANGUAGE,
    )
    run = _run_with_bar(core, request)
    if run.receipt:
        click.echo("\n".join(receipt_lines(LANGUAGE, run.receipt)))
    elif run.failure:
        click.secho(word_failure(LANGUAGE, run.failure), fg="red", err=True)
        sys.exit(1)


def _wish(ref: TableRef, options: SyncOptions) -> Wish:
    return Wish(
        ref=ref,
        mode=options.mode,
        columns=options.columns,
        where=tuple(map(_filter, options.where)),
        since=options.since,
        until=options.until,
        trial_rows=options.trial,
    )


def _filter(text: str) -> Filter:
    """Read a condition as somebody types it: column, comparison, value; values of in by commas."""
    column, _, rest = text.strip().partition(" ")
    op, _, value = rest.strip().partition(" ")
    values = tuple(part.strip() for part in value.split(",")) if op == "in" else (value.strip(),)
    try:
        return Filter.model_validate(
            {"column": column, "op": op, "values": values if value.strip() else ()}
        )
    except ValidationError:
        raise click.UsageError(
            f"--where {text!r} is not a condition. Write COLUMN OP VALUE, where OP is "
            f"{', '.join(get_args(FilterOperator))}."
        ) from None


def _run_with_bar(core: "Core", request: Request) -> Run:
    approval = request_approval(core.redis, request, expires_seconds=approval_seconds(core.config))
    decide_here(core, approval, "approve")
    expected = sum(estimate.rows or 0 for estimate in request.plan.estimates)
    done: dict[str, int] = {}
    with click.progressbar(length=max(expected, 1), label="rows", file=sys.stderr) as bar:

        def show(progress: Progress) -> None:
            done[progress.table] = progress.rows
            bar.update(sum(done.values()) - bar.pos)

        return run_here(core, approval, show)
