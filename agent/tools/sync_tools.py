"""The tools that propose a copy and tell how copies went. Neither copies anything itself."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from agent.deps import AnalystDeps
from agent.failures import sentence_for_model
from agent.tools.base import BaseTool, Parameters, ToolResult, refused
from agent.tools.copies import copies, imported, read_copies
from sync.approvals import (
    Approval,
    ApprovalState,
    Request,
    approve_by_rule,
    load_approval,
    pending_approvals,
    request_approval,
)
from sync.names import one_source, resolve_syncable, shown_name
from sync.plan import Filter, Mode, TableRef, Wish, is_special
from sync.runs import FINAL, Run, recent_runs
from sync.state import derived_id

MAX_TABLES = 20
_RECENT_RUNS = 10
_PENDING_READ = 200
_PENDING_SHOWN = 20


class StartSyncParameters(Parameters):
    """What to copy."""

    tables: list[str] = Field(
        min_length=1, max_length=MAX_TABLES, description="SCHEMA.TABLE or TABLE."
    )
    reason: str = Field(default="", max_length=500, description="Why, in the person's words.")
    mode: Mode | None = Field(
        default=None,
        description="Only where the person wants another than the usual one. full: all rows; "
        "incremental: what changed since the last copy; append: new rows of a log.",
    )
    columns: list[str] = Field(
        default=[],
        max_length=1000,
        description="The only columns to copy. Needs one table.",
    )
    where: list[Filter] = Field(
        default=[],
        max_length=20,
        description="Copy only rows that meet all of these. Needs one table. The copy then holds "
        "no other rows.",
    )
    since: str | None = Field(
        default=None,
        max_length=40,
        description="Read again only rows changed from this moment on (ISO 8601), to mend a copy "
        "that has a cursor column. Needs one table.",
    )
    until: str | None = Field(
        default=None, max_length=40, description="Up to this moment, itself left out."
    )
    trial_rows: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="Copy so many rows at most as a trial, under another name, beside the copy.",
    )


class StartSyncTool(BaseTool[StartSyncParameters]):
    """``start_sync``: a dry run and a card; a person decides."""

    name = "start_sync"
    description = (
        "Propose to copy tables from Oracle into DuckDB, fresh. Posts a card; nothing is copied "
        "before a person approves it. Use it when someone asks for a sync, for newer data or for "
        "what no copy holds."
    )
    parameters = StartSyncParameters

    def run(
        self, deps: AnalystDeps, parameters: StartSyncParameters, call_id: str, /
    ) -> ToolResult:
        """Plan and ask."""
        found = (syncable(deps, name) for name in parameters.tables)
        refs = tuple(dict.fromkeys(found))
        one_source(refs)
        wishes = tuple(_wish(ref, parameters) for ref in refs)
        if len(refs) > 1 and any(is_special(wish) for wish in wishes):
            return refused(
                "one_table_only", "columns, where, since, until and trial_rows take one table."
            )
        return propose(deps, call_id, lambda: wishes, parameters.reason)


def syncable(deps: AnalystDeps, name: str) -> TableRef:
    """Find the offered table called *name*. Raises what `resolve_syncable` raises."""
    return resolve_syncable(name, deps.offered, imported(deps, read_copies(deps)))


def propose(
    deps: AnalystDeps, call_id: str, wishes: Callable[[], tuple[Wish, ...]], reason: str
) -> ToolResult:
    """Plan *wishes* and ask for a yes, or go on without one where a rule says so.

    The approval's id follows from the call, so a call made twice asks once.
    """
    approval_id = derived_id(deps.caller.team, deps.thread, call_id)
    approval = load_approval(deps.redis, approval_id)
    if approval is None:
        plan = deps.plan_sync(wishes())
        ruling = deps.rule_on(plan)
        request = Request(
            id=approval_id,
            plan=plan.capped(ruling.max_rows),
            requested_by=deps.caller.user,
            thread=deps.thread,
            language=deps.language,
            reason=reason,
            quorum=ruling.quorum,
        )
        approval = _already_asked(deps, request) or request_approval(
            deps.redis, request, expires_seconds=deps.approval_seconds, where=deps.thread
        )
    if approval.state is ApprovalState.PENDING:
        # Asked here for both: a crash may lie between the request and this.
        ruling = deps.rule_on(approval.request.plan)
        plan = approval.request.plan
        if ruling.effect == "auto" and plan == plan.capped(ruling.max_rows):
            approval = approve_by_rule(deps.redis, approval, ruling.rule)
    pending = approval.state is ApprovalState.PENDING
    return ToolResult(
        ok=True,
        data={
            "status": "waiting_for_approval" if pending else approval.state.value,
            "approval_id": approval.id,
            "tables": _named(deps, approval),
        },
        approval=approval,
    )


def _wish(ref: TableRef, parameters: StartSyncParameters) -> Wish:
    return Wish(
        ref=ref,
        mode=parameters.mode,
        columns=tuple(parameters.columns),
        where=tuple(parameters.where),
        since=parameters.since,
        until=parameters.until,
        trial_rows=parameters.trial_rows,
    )


class GetSyncStatusParameters(Parameters):
    """Of one table, or of all."""

    table: str | None = Field(default=None, description="SCHEMA.TABLE or TABLE; none for all.")


class GetSyncStatusTool(BaseTool[GetSyncStatusParameters]):
    """``get_sync_status``."""

    name = "get_sync_status"
    only_reads = True
    description = (
        "Tell how recent syncs ended or how far they are, and which proposed ones still wait for a "
        "person. rows is what a run published; rows_so_far is what an open run has read of the "
        "table it is at."
    )
    parameters = GetSyncStatusParameters

    def run(
        self, deps: AnalystDeps, parameters: GetSyncStatusParameters, _call_id: str, /
    ) -> ToolResult:
        """Read runs and approvals."""
        only = syncable(deps, parameters.table) if parameters.table else None
        # Of one table the newest runs may lie behind many of others.
        runs = recent_runs(deps.redis, deps.caller.team, _RECENT_RUNS * (10 if only else 1))
        runs = [run for run in runs if not about_hidden(deps, run.approval)]
        shown = [run for run in runs if only is None or only in _refs(run.approval)]
        pending = pending_approvals(deps.redis, deps.caller.team, _PENDING_READ)
        pending = [approval for approval in pending if not about_hidden(deps, approval)]
        waiting = [approval for approval in pending if only is None or only in _refs(approval)]
        return ToolResult(
            ok=True,
            data={
                "runs": [run_line(deps, run) for run in shown[:_RECENT_RUNS]],
                "pending_approvals": [_pending_line(deps, one) for one in waiting[:_PENDING_SHOWN]],
                "synced_tables": sum(not ref.is_imported for ref in copies(deps)),
                "offered_tables": len(deps.offered),
            },
        )


def _already_asked(deps: AnalystDeps, request: Request) -> Approval | None:
    """Find the same question among those that wait in this thread, so that it is one card."""
    for waiting in pending_approvals(deps.redis, deps.caller.team, _PENDING_READ):
        same = waiting.request.digest == request.plan.digest
        if same and waiting.request.thread == request.thread:
            return waiting
    return None


SYNC_TOOLS = (StartSyncTool(), GetSyncStatusTool())


def run_line(deps: AnalystDeps, run: Run) -> dict[str, Any]:
    """Tell the model how a run ended or how far it is."""
    is_open = run.state not in FINAL
    return {
        "tables": _named(deps, run.approval),
        **({"undo": True} if run.approval.request.plan.is_undo else {}),
        "state": run.state.value,
        "rows": sum(table.rows for table in run.receipt.tables) if run.receipt else None,
        "rows_so_far": run.progress.rows if is_open and run.progress else None,
        "finished_at": told_moment(run.finished_ms),
        "error": sentence_for_model(run.failure) if run.failure else None,
    }


def _pending_line(deps: AnalystDeps, approval: Approval) -> dict[str, Any]:
    return {
        "tables": _named(deps, approval),
        "requested_by": approval.request.requested_by,
        "expires_at": told_moment(approval.expires_ms),
    }


def _named(deps: AnalystDeps, approval: Approval) -> list[str]:
    return [shown_name(ref, deps.offered) for ref in _refs(approval)]


def about_hidden(deps: AnalystDeps, approval: Approval) -> bool:
    """Whether it is about a table that a rule keeps from the caller."""
    return any(table.source_ref in deps.hidden for table in approval.request.plan.tables)


def _refs(approval: Approval) -> tuple[TableRef, ...]:
    return tuple(table.ref for table in approval.request.plan.tables)


def told_moment(milliseconds: int | None) -> str | None:
    """Write a moment of Redis for the model, in UTC."""
    if milliseconds is None:
        return None
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
