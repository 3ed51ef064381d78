"""simulate and chat: the agent without Slack."""

import logging
import secrets
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from agent.deps import AnalystDeps, Caller
from agent.events import Event, FileMade
from agent.outputs import File
from agent.service import AnalystResult, run_analyst_approval, run_analyst_turn
from agent.steps import Step
from app.access import see_whole
from app.cli.local import OPERATOR, TEAM, decide_here, run_here
from app.cli.session import Session
from app.core import Core, deps_for
from app.failure_texts import word_failure
from app.logs import start_logging
from app.terminal import (
    answer_lines,
    details_lines,
    plan_lines,
    question_lines,
    receipt_lines,
    step_line,
    trace_line,
)
from app.texts import Language, language_of, say
from app.views.receipt_details import table_details
from app.views.schedule_lines import plain_change_lines
from sync.approvals import Approval, Request, load_approval
from sync.progress import Progress
from sync.receipt import Receipt
from sync.runs import Run


def simulate_turn(session: Session, text: str, *, trace: bool, as_json: bool) -> None:
    """Take one turn in a new thread. What needs approval is shown, and waits undecided."""
    start_logging(session.settings("model"), logging.WARNING)
    core = session.core("model")
    text = _clean(text)
    language = language_of(text, core.config.language)
    if not text:
        click.echo(_hello(core, language))
        return
    show = _printer(language, core.config.timezone, trace=trace)
    events: Callable[[Event], None] = _silent if as_json else show
    deps = _deps(core, _new_thread(), language, steps=trace and not as_json)
    result = run_analyst_turn(core.analyst, deps, text, _source(), events)
    if as_json:
        shown = tuple(one for one in result.trace if trace or one.node != "prompt")
        click.echo(result.model_copy(update={"trace": shown}).model_dump_json(indent=2))
        return
    for approval in result.approvals:
        click.echo("\n".join(_shown(language, approval.request)))


def chat_in_terminal(session: Session, *, trace: bool) -> None:
    """Talk until the input ends; what needs approval is decided by number."""
    start_logging(session.settings("model"), logging.WARNING)
    core = session.core("model")
    thread = _new_thread()
    click.echo(_hello(core, core.config.language))
    done, ask, language = None, None, core.config.language
    while (text := _read("> ")) is not None:
        if not text:
            continue
        if ask is not None and text in map(str, range(1, len(ask.choices) + 1)):
            text = ask.choices[int(text) - 1]
        elif text == "1" and done is not None:
            click.echo("\n".join(_in_full(language, done)))
            continue
        language = language_of(text, core.config.language)
        deps = _deps(core, thread, language, steps=trace)
        show = _printer(language, core.config.timezone, trace=trace)
        result = run_analyst_turn(core.analyst, deps, text, _source(), show)
        done = None
        while result.approvals:
            result, newer = _decide(core, deps, result, language, show)
            done = newer or done
        ask = result.ask
        if done is not None:
            click.echo(f"  [1] {say(language, 'card.details')}")


def _hello(core: Core, language: Language) -> str:
    return say(language, "answer.hello" if core.analyst.has_model else "command.hello")


def _decide(
    core: Core,
    deps: AnalystDeps,
    result: AnalystResult,
    language: Language,
    show: Callable[[Event], None],
) -> tuple[AnalystResult, Receipt | None]:
    """Have each card decided, run what was approved, and give the turn that follows the last.

    With it comes the receipt of the newest copy.
    """
    following, receipt = result, None
    for approval in result.approvals:
        click.echo("\n".join(_shown(language, approval.request)))
        click.echo(f"  [1] {say(language, 'card.approve')}  [2] {say(language, 'card.reject')}")
        answer = _read(say(language, "terminal.choose") + ": ")
        # Anything but a clear 1 is no yes.
        outcome = _run(core, approval, language) if answer == "1" else _reject(core, approval)
        receipt = outcome.receipt if isinstance(outcome, Run) and outcome.receipt else receipt
        following = run_analyst_approval(
            core.analyst, deps, outcome, f"outcome:{approval.id}", show
        )
    return following, receipt


def _in_full(language: Language, receipt: Receipt) -> list[str]:
    """Write all of a receipt, whose copies have just been published."""
    tables = (table_details(language, table, "current") for table in receipt.tables)
    return [line for table in tables for line in details_lines(table)]


def _shown(language: Language, request: Request) -> list[str]:
    """Write what a yes leads to: a change of a schedule, or a copy."""
    if request.change:
        return plain_change_lines(language, request.change, datetime.now(UTC))
    if request.question:
        return question_lines(language, request.question)
    return plan_lines(language, request.plan)


def _run(core: Core, approval: Approval, language: Language) -> Run | Approval:
    outcome = decide_here(core, approval, "approve")
    if outcome != "approved":
        click.echo(say(language, f"click.{outcome}", who=OPERATOR))
        return load_approval(core.redis, approval.id) or approval
    if approval.request.change or approval.request.question:
        return load_approval(core.redis, approval.id) or approval
    click.echo(
        say(
            language,
            "system.starting",
            tables=", ".join(str(t.ref) for t in approval.request.plan.tables),
        )
    )
    run = run_here(core, approval, _progress_line(language))
    if run.receipt:
        click.echo("\n".join(receipt_lines(language, run.receipt)))
    elif run.failure:
        click.echo(say(language, "system.failed", reason=word_failure(language, run.failure)))
    return run


def _reject(core: Core, approval: Approval) -> Approval:
    decide_here(core, approval, "reject")
    return load_approval(core.redis, approval.id) or approval


def _progress_line(language: Language) -> Callable[[Progress], None]:
    def show(progress: Progress) -> None:
        line = say(
            language, "system.progress", table=progress.table, bar="", rows=f"{progress.rows:,}"
        )
        click.echo(f"\r  {line}", nl=False, err=True)

    return show


def _printer(language: Language, timezone: str, *, trace: bool) -> Callable[[Event], None]:
    def show(event: Event) -> None:
        step = trace_line(language, event)
        if step and trace:
            click.secho(step, dim=True)
        if isinstance(event, FileMade):
            event = replace(event, file=_kept(event.file))
        for line in answer_lines(language, event, timezone):
            click.echo(line)

    return show


def _kept(file: File) -> File:
    """Move a file to where the person works, beside what is there under its name."""
    path, number = Path(file.name), 1
    while path.exists():
        number += 1
        path = Path(file.name).with_stem(f"{Path(file.name).stem}-{number}")
    shutil.move(file.path, path)
    path.chmod(0o600)
    return file.model_copy(update={"path": str(path)})


def _silent(_: Event) -> None:
    """Show nothing: the whole result is printed at the end."""


def _deps(core: Core, thread: str, language: Language, *, steps: bool) -> AnalystDeps:
    deps = deps_for(core, Caller(TEAM, OPERATOR, "terminal"), thread, language, see_whole)
    return replace(deps, on_step=_show_step) if steps else deps


def _show_step(step: Step) -> None:
    click.secho(step_line(step), dim=True)


def _new_thread() -> str:
    return f"{TEAM}:terminal:{secrets.token_hex(8)}"


def _source() -> str:
    return f"terminal:{secrets.token_hex(8)}"


def _read(prompt: str) -> str | None:
    try:
        return _clean(input(prompt))
    except (EOFError, KeyboardInterrupt):
        click.echo()
        return None


def _clean(text: str) -> str:
    """Make what was typed storable: bytes that are no UTF-8 become question marks."""
    return text.encode("utf-8", "replace").decode().strip()
