"""schedule: what the operator at this terminal does, through the same request and decision."""

import logging
import secrets
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from app.cli.condition_options import typed_condition
from app.cli.local import OPERATOR, decide_here
from app.cli.session import Session
from app.core import approval_seconds, plan_sync, rule_on, windows_met
from app.logs import start_logging
from app.places import Place
from app.texts import Language, say
from app.views.schedule_lines import (
    condition_lines,
    envelope_line,
    next_lines,
    outcome_line,
    plain_change_lines,
    skip_line,
    to_plain,
    when_line,
    window_lines,
)
from sync.approvals import Request, request_approval
from sync.names import one_source, resolve_syncable
from sync.outcomes import last_outcome
from sync.plan import Plan, TableRef, plainly
from sync.schedules import LOCAL_TEAM, list_schedules, load_for_change, teams_of
from sync.skips import last_skip
from sync.standing import (
    Action,
    ScheduleChange,
    StandingSchedule,
    free_name,
    modes_of,
    named_plan,
    row_limits,
    schedule_problem,
    shape_of,
    tell_problem,
    widest,
)
from sync.state import new_id
from sync.warehouse.manifest import read_manifest
from sync.when import in_words, next_times

if TYPE_CHECKING:
    from app.core import Core

LANGUAGE: Language = "en"
_NEXT_SHOWN = 5


@dataclass(frozen=True)
class Wish:
    """What the operator typed."""

    tables: tuple[str, ...]
    cron: str | None
    timezone: str | None
    name: str | None
    until: str | None
    max_rows: int | None
    after: tuple[str, ...]
    only_if_changed: bool
    tell_where: tuple[str, ...]
    tell_if: str | None
    tell_table: str | None
    tell_channel: str | None
    channel: str | None


def list_here(session: Session) -> None:
    """Print the schedules of Slack's workspace and of this terminal, and bot.toml's."""
    core = _core(session)
    now = datetime.now(UTC)
    standing = [
        (team, one) for team in teams_of(core.redis) for one in list_schedules(core.redis, team)
    ]
    for team, schedule in standing:
        paused = " (" + say(LANGUAGE, "schedule.paused") + ")" if schedule.paused else ""
        tables = ", ".join(map(str, schedule.tables))
        _print([f"{schedule.name}{paused}: {tables}", f"  {when_line(LANGUAGE, schedule)}"])
        if not schedule.paused:
            _print([f"  {line}" for line in next_lines(LANGUAGE, schedule, now, _NEXT_SHOWN)])
        skip = last_skip(core.redis, team, schedule.name)
        outcome = last_outcome(core.redis, team, schedule.name)
        lines = [
            *condition_lines(LANGUAGE, schedule),
            envelope_line(LANGUAGE, schedule),
            *([skip_line(LANGUAGE, schedule, skip)] if skip else []),
            *([outcome_line(LANGUAGE, schedule, outcome)] if outcome else []),
        ]
        _print([f"  {line}" for line in lines])
    for configured in core.config.schedule:
        asks = say(LANGUAGE, "schedule.asks_each_time")
        times = next_times(configured.cron, configured.timezone, now, _NEXT_SHOWN)
        shown = ", ".join(f"{moment:%Y-%m-%d %H:%M}" for moment in times)
        _print(
            [
                f"{configured.name}: {', '.join(configured.tables)} (bot.toml; {asks})",
                f"  {in_words(configured.cron, configured.timezone, LANGUAGE)}",
                "  " + say(LANGUAGE, "schedule.next", times=shown),
            ]
        )
    if not standing and not core.config.schedule:
        click.echo("There are no schedules.")


def create_here(session: Session, wish: Wish, *, yes: bool) -> None:
    """Plan, show the words and the next times, ask, save; exit code 1 if it was not wanted."""
    core = _core(session, "oracle")
    team = teams_of(core.redis)[0]
    if team != LOCAL_TEAM and not wish.channel:
        raise click.UsageError("--channel is needed: there the bot tells what comes of it.")
    refs = tuple(dict.fromkeys(_resolved(core, wish.tables)))
    one_source(refs)
    [told] = _resolved(core, (wish.tell_table,)) if wish.tell_table else refs[:1]
    tell_if = typed_condition(told, wish.tell_where, wish.tell_if, wish.tell_channel)
    plan = plan_sync(core, plainly(refs), OPERATOR)
    others, elsewhere = (
        list_schedules(core.redis, team),
        [configured.name for configured in core.config.schedule],
    )
    approval_id = new_id(team)
    schedule = StandingSchedule(
        name=wish.name or free_name(refs, [*elsewhere, *(one.name for one in others)]),
        tables=refs,
        cron=wish.cron or "",
        timezone=wish.timezone or core.config.timezone,
        after=tuple(_resolved(core, wish.after)),
        thread=str(Place(team, wish.channel or "terminal", _no_thread(team))),
        owner=OPERATOR,
        language=core.config.language,
        max_rows=row_limits(plan, wish.max_rows),
        shapes=tuple(map(shape_of, plan.tables)),
        modes=modes_of(plan),
        until=wish.until,
        only_if_changed=wish.only_if_changed,
        tell_if=tell_if,
        agreed=approval_id,
    )
    rule_on(core.config, widest(plan, schedule))
    today = datetime.now(ZoneInfo(core.config.timezone)).date()
    problem = schedule_problem(schedule, others, today, elsewhere)
    problem = problem or tell_problem(schedule, plan)
    closed = None if problem else windows_met(core.config, schedule)
    problem = problem or (closed and closed.problem)
    if problem:
        raise click.UsageError(f"This schedule cannot be: {problem}.")
    change = ScheduleChange(action="create", schedule=schedule)
    _decide(core, approval_id, plan, change, yes=yes)


def change_here(session: Session, name: str, action: Action, *, yes: bool) -> None:
    """Show, ask, change; exit code 1 if it was not wanted."""
    core = _core(session)
    for team in teams_of(core.redis):
        found = load_for_change(core.redis, team, name)
        if found is not None:
            schedule, base = found
            approval_id = new_id(team)
            paused = action == "pause"
            after = schedule.model_copy(update={"paused": paused, "agreed": approval_id})
            change = ScheduleChange(action=action, schedule=after, base=base)
            _decide(core, approval_id, named_plan(schedule), change, yes=yes)
            return
    configured = name in [one.name for one in core.config.schedule]
    raise click.UsageError(
        f"{name} stands in bot.toml; change it there."
        if configured
        else f"There is no schedule {name}; `botctl schedule list` shows those there are."
    )


def _decide(
    core: "Core", approval_id: str, plan: Plan, change: ScheduleChange, *, yes: bool
) -> None:
    click.echo("\n".join(plain_change_lines(LANGUAGE, change, datetime.now(UTC))))
    if not change.stops:
        _print(window_lines(LANGUAGE, windows_met(core.config, change.schedule)))
    if not yes and not click.confirm("Do it?"):
        click.echo(say(LANGUAGE, "system.rejected"))
        sys.exit(1)
    request = Request(
        id=approval_id,
        plan=plan,
        change=change,
        requested_by=OPERATOR,
        thread=change.schedule.thread,
        language=change.schedule.language,
        # Nobody in Slack asked, so nobody is answered there: the card tells it.
        schedule=change.schedule.name,
    )
    approval = request_approval(
        core.redis, request, expires_seconds=approval_seconds(core.config), where="terminal"
    )
    outcome = decide_here(core, approval, "approve")
    if outcome != "approved":
        raise click.ClickException(f"Nothing was changed ({outcome}).")
    click.echo("Done.")


def _core(session: Session, *need: str) -> "Core":
    start_logging(session.settings(*need), logging.ERROR)
    return session.core(*need)


def _resolved(core: "Core", names: tuple[str, ...]) -> list[TableRef]:
    imported = read_manifest(core.warehouse).imported
    return [resolve_syncable(name, core.config.offered, imported) for name in names]


def _no_thread(team: str) -> str:
    """A terminal's conversations have names; a channel's own messages have none."""
    return secrets.token_hex(8) if team == LOCAL_TEAM else ""


def _print(lines: list[str]) -> None:
    """Print what was written for Slack as plain text."""
    for line in lines:
        click.echo(to_plain(line))
