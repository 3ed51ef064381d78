"""sync: copy tables from the terminal, through the same approval, run and proof as from Slack."""

import logging
import secrets
import sys
from typing import TYPE_CHECKING

import click

from app.cli.local import OPERATOR, TEAM, decide_here, run_here
from app.cli.session import Session
from app.core import approval_seconds, plan_sync, rule_on
from app.failure_texts import word_failure
from app.logs import start_logging
from app.terminal import plan_lines, receipt_lines
from app.texts import Language, say
from sync.approvals import Request, request_approval
from sync.names import resolve_table
from sync.plan import plainly
from sync.progress import Progress
from sync.runs import Run
from sync.state import new_id

if TYPE_CHECKING:
    from app.core import Core

LANGUAGE: Language = "en"


def sync_tables(session: Session, tables: tuple[str, ...], *, yes: bool) -> None:
    """Plan, show, ask, copy with a progress bar, show the receipt; exit code 1 if nothing came."""
    start_logging(session.settings("oracle"), logging.ERROR)
    core = session.core("oracle")
    refs = tuple(dict.fromkeys(resolve_table(table, core.config.offered) for table in tables))
    plan = plan_sync(core, plainly(refs), OPERATOR)
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
