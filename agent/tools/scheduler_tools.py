"""The tools that tell what the clock will do, and propose that it does something else.

Nothing is saved before a person has said yes to the card.
"""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from agent.deps import AnalystDeps
from agent.tools.base import BaseTool, Parameters, ToolResult, refused
from agent.tools.schedule_condition import TellIf, wished_condition
from agent.tools.schedule_view import described, list_described
from agent.tools.sync_tools import syncable
from sync.approvals import (
    Approval,
    ApprovalState,
    Request,
    load_approval,
    pending_approvals,
    request_approval,
    revise,
)
from sync.names import one_source, resolve_table
from sync.plan import Plan, TableRef, plainly
from sync.schedules import list_schedules, load_for_change
from sync.standing import (
    MAX_TABLES,
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
from sync.state import derived_id

_PENDING_READ = 200


class NoParameters(Parameters):
    """Takes nothing."""


class GetSchedulerStatusTool(BaseTool[NoParameters]):
    """``get_scheduler_status``."""

    name = "get_scheduler_status"
    only_reads = True
    description = (
        "Tell which syncs are scheduled, when each is due next, and whether the clock that "
        "fires them is running."
    )
    parameters = NoParameters

    def run(self, deps: AnalystDeps, _parameters: NoParameters, _call_id: str, /) -> ToolResult:
        """Read the schedules of both kinds."""
        running = deps.schedule_status().clock_running
        return ToolResult(
            ok=True, data={"clock_running": running, "schedules": list_described(deps)}
        )


class ListSchedulesTool(BaseTool[NoParameters]):
    """``list_schedules``."""

    name = "list_schedules"
    only_reads = True
    description = (
        "List the schedules, in words, with the next times of each. approval says whether each of "
        "its runs asks by a card, or one approval stands for all runs inside its limits."
    )
    parameters = NoParameters

    def run(self, deps: AnalystDeps, _parameters: NoParameters, _call_id: str, /) -> ToolResult:
        """Read the schedules of both kinds."""
        return ToolResult(ok=True, data={"schedules": list_described(deps)})


class CreateScheduleParameters(Parameters):
    """What is copied when, and how far one approval reaches."""

    tables: list[str] = Field(
        min_length=1, max_length=MAX_TABLES, description="SCHEMA.TABLE or TABLE."
    )
    cron: str | None = Field(
        default=None,
        max_length=100,
        description="Unix cron: minute hour day month weekday, 0 is Sunday. 30 18 * * 1-5 is every "
        "weekday at 18:30. Left out only where after says when.",
    )
    timezone: str | None = Field(
        default=None,
        max_length=60,
        description="Of the tz database, such as Asia/Seoul; by default the team's.",
    )
    name: str | None = Field(
        default=None, max_length=40, description="Only where the person names it."
    )
    until: str | None = Field(default=None, max_length=10, description="Last day, YYYY-MM-DD.")
    max_rows: int | None = Field(
        default=None,
        ge=1,
        description="A run of more rows in a table asks first.",
    )
    after: list[str] = Field(
        default=[],
        max_length=MAX_TABLES,
        description="Due once all of these tables were published anew.",
    )
    tell_if: TellIf | None = Field(
        default=None,
        description="Tell a channel when a copy was published and a figure of it is as compared; "
        "only where the person asks for that.",
    )
    only_if_changed: bool = Field(
        default=False,
        description="Copy nothing while Oracle says that no table of it has changed; only where "
        "the person asks for that.",
    )


class CreateScheduleTool(BaseTool[CreateScheduleParameters]):
    """``create_schedule``: a dry run and a card; a person decides."""

    name = "create_schedule"
    description = (
        "Propose to copy tables again and again: at times, or after other tables were published. "
        "Posts a card; nothing is saved before a person approves it. Tell the person when it will "
        "be due (when and next)."
    )
    parameters = CreateScheduleParameters

    def run(
        self, deps: AnalystDeps, parameters: CreateScheduleParameters, call_id: str, /
    ) -> ToolResult:
        """Plan and ask. The approval's id follows from the call, so a call made twice asks once."""
        approval_id = derived_id(deps.caller.team, deps.thread, call_id)
        asked = load_approval(deps.redis, approval_id)
        if asked is not None:
            return _proposed(deps, asked)
        refs = tuple(dict.fromkeys(syncable(deps, name) for name in parameters.tables))
        one_source(refs)
        plan = deps.plan_sync(plainly(refs))
        others = list_schedules(deps.redis, deps.caller.team)
        elsewhere = [line.name for line in deps.schedule_status().schedules]
        taken = [*elsewhere, *(one.name for one in others)]
        tell_if = wished_condition(deps, parameters.tell_if, refs) if parameters.tell_if else None
        if isinstance(tell_if, ToolResult):
            return tell_if
        schedule = _wished(deps, parameters, refs, plan, taken)
        schedule = schedule.model_copy(update={"tell_if": tell_if})
        schedule = schedule.model_copy(update={"agreed": approval_id})
        # Judged by the largest run one yes would cover, however small the table is today.
        ruling = deps.rule_on(widest(plan, schedule))
        problem = schedule_problem(schedule, others, deps.today, elsewhere)
        problem = problem or tell_problem(schedule, plan)
        closed = None if problem else deps.windows_met(schedule)
        problem = problem or (closed and closed.problem)
        if problem:
            return refused("bad_schedule", f"This schedule cannot be: {problem}.")
        change = ScheduleChange(action="create", schedule=schedule)
        return _proposed(deps, _ask(deps, approval_id, plan, change, ruling.quorum))


def _wished(
    deps: AnalystDeps,
    parameters: CreateScheduleParameters,
    refs: tuple[TableRef, ...],
    plan: Plan,
    taken: Sequence[str],
) -> StandingSchedule:
    return StandingSchedule(
        name=parameters.name or free_name(refs, taken),
        tables=refs,
        cron=parameters.cron or "",
        timezone=parameters.timezone or deps.timezone,
        after=tuple(resolve_table(name, deps.offered) for name in parameters.after),
        thread=deps.thread,
        owner=deps.caller.user,
        language=deps.language,
        max_rows=row_limits(plan, parameters.max_rows),
        shapes=tuple(map(shape_of, plan.tables)),
        modes=modes_of(plan),
        until=parameters.until,
        only_if_changed=parameters.only_if_changed,
    )


class ChangeScheduleParameters(Parameters):
    """Which, and what becomes of it."""

    name: str = Field(max_length=40, description="As list_schedules gives it.")
    action: Literal["pause", "resume", "delete"]


class ChangeScheduleTool(BaseTool[ChangeScheduleParameters]):
    """``change_schedule``: a card; a person decides."""

    name = "change_schedule"
    description = (
        "Propose to pause, resume or delete a schedule, by a card. To change its times, create "
        "another and delete this one."
    )
    parameters = ChangeScheduleParameters

    def run(
        self, deps: AnalystDeps, parameters: ChangeScheduleParameters, call_id: str, /
    ) -> ToolResult:
        """Ask. Oracle is not looked at: a schedule can be stopped while it is away."""
        approval_id = derived_id(deps.caller.team, deps.thread, call_id)
        asked = load_approval(deps.redis, approval_id)
        if asked is not None:
            return _proposed(deps, asked)
        found = load_for_change(deps.redis, deps.caller.team, parameters.name)
        if found is None:
            return _no_such(deps, parameters.name)
        schedule, base = found
        if parameters.action == "resume":
            # Whoever may not go on with a table can still stop what copies it.
            for ref in (*schedule.tables, *schedule.after):
                resolve_table(f"{ref.source}.{ref}", deps.offered)
        paused = parameters.action == "pause"
        if parameters.action != "delete" and schedule.paused == paused:
            state = "paused" if paused else "active"
            return ToolResult(ok=True, data={"status": f"already_{state}", "name": schedule.name})
        after = schedule.model_copy(update={"paused": paused, "agreed": approval_id})
        change = ScheduleChange(action=parameters.action, schedule=after, base=base)
        plan, quorum = named_plan(schedule), 1
        if parameters.action == "resume":
            quorum = deps.rule_on(widest(plan, schedule)).quorum
        return _proposed(deps, _ask(deps, approval_id, plan, change, quorum))


def _ask(
    deps: AnalystDeps, approval_id: str, plan: Plan, change: ScheduleChange, quorum: int = 1
) -> Approval:
    """Ask for a change, once: the same wish that waits in this thread is given as it is.

    Another wish about the same schedule takes the place of the one that waits.
    """
    request = Request(
        id=approval_id,
        plan=plan,
        change=change,
        requested_by=deps.caller.user,
        on_behalf_of="" if change.stops else change.schedule.owner,
        thread=deps.thread,
        language=deps.language,
        quorum=quorum,
    )
    for waiting in pending_approvals(deps.redis, deps.caller.team, _PENDING_READ):
        old = waiting.request.change
        if old is None or old.schedule.name != change.schedule.name:
            continue
        if waiting.request.thread != deps.thread:
            continue
        same = old.schedule.model_copy(update={"agreed": approval_id}) == change.schedule
        if same and (old.action, old.base) == (change.action, change.base):
            return waiting
        request = request.model_copy(
            update={"revision": waiting.request.revision + 1, "replaces": waiting.id}
        )
        revise(
            deps.redis,
            waiting,
            request,
            user=deps.caller.user,
            expires_seconds=deps.approval_seconds,
            where=deps.thread,
        )
        break
    # After a revision this gives what is stored; where the old one was decided first, it asks.
    return request_approval(
        deps.redis, request, expires_seconds=deps.approval_seconds, where=deps.thread
    )


def _proposed(deps: AnalystDeps, approval: Approval) -> ToolResult:
    change = approval.request.change
    pending = approval.state is ApprovalState.PENDING
    data: dict[str, Any] = {
        "status": "waiting_for_approval" if pending else approval.state.value,
        "approval_id": approval.id,
    }
    if change is not None:
        data |= {"action": change.action, **described(deps, change.schedule)}
    return ToolResult(ok=True, data=data, approval=approval)


def _no_such(deps: AnalystDeps, name: str) -> ToolResult:
    if name in [line.name for line in deps.schedule_status().schedules]:
        return refused(
            "schedule_is_configured", f"{name} stands in bot.toml; only an admin can change it."
        )
    names = [one["name"] for one in list_described(deps) if one["approval"] == "once"]
    known = f" There is: {', '.join(names)}." if names else " There is none."
    return refused("schedule_not_found", f"There is no schedule {name}.{known}")


SCHEDULER_TOOLS = (
    GetSchedulerStatusTool(),
    ListSchedulesTool(),
    CreateScheduleTool(),
    ChangeScheduleTool(),
)
