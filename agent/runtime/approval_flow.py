"""Telling a conversation what happened outside: a run ended, or what became of a card."""

import json
from typing import Any

from agent.conversation import Message
from agent.events import Basis, moment_told
from agent.failures import sentence_for_model
from sync.approvals import Approval, ApprovalState, Wanted
from sync.receipt import columns_of, part_of
from sync.runs import FINAL, Run, RunState
from sync.standing import StandingSchedule
from sync.when import in_words

_TOOLS: dict[Wanted, str] = {"rows": "run_sql", "chart": "make_chart", "file": "export_result"}


def event_message(outcome: Run | Approval, source_id: str) -> Message:
    """Make the message of an ended run, or of an approval that was rejected, expired or obeyed.

    Raises ValueError for one that is still open: there is nothing to tell yet.
    """
    body, basis = _run_ended(outcome) if isinstance(outcome, Run) else (_decided(outcome), ())
    content = json.dumps(body, ensure_ascii=False)
    return Message(role="system", content=content, source_id=source_id, basis=basis)


def _run_ended(run: Run) -> tuple[dict[str, Any], tuple[Basis, ...]]:
    if run.state not in FINAL:
        raise ValueError(f"run {run.id} has not ended")
    event: dict[str, Any] = {"event": "run_ended", "state": run.state.value}
    if run.approval.request.plan.is_undo:
        event["undo"] = True
    if run.state is RunState.PUBLISHED and run.receipt is not None:
        tables = run.receipt.tables
        basis = tuple(
            Basis(
                str(table.ref),
                table.rows,
                table.as_of,
                part_of(table),
                columns_of(table),
                table.imported,
            )
            for table in tables
        )
        event |= {
            "tables": [
                {"table": item.table, "rows": item.rows, **moment_told(item)} for item in basis
            ],
            "approved_by": run.approval.decided_by,
            "seconds": round(run.receipt.seconds, 1),
        }
        return event, basis
    if run.failure is not None:
        event |= {"code": run.failure.code, "error": sentence_for_model(run.failure)}
    return event | {"tables": [{"table": name} for name in _tables(run.approval)]}, ()


def _decided(approval: Approval) -> dict[str, Any]:
    change = approval.request.change
    about: dict[str, Any] = {"tables": _tables(approval)}
    if change is not None:
        about |= {"schedule": change.schedule.name, "action": change.action}
    question = approval.request.question
    if question is not None:
        about |= {"sql": question.sql}
    match approval.state:
        case ApprovalState.APPROVED if change is not None:
            return {"event": "schedule_changed", **about, **_when(approval, change.schedule)}
        case ApprovalState.APPROVED if question is not None:
            told = {"tool": _TOOLS[question.wanted], "approved_by": approval.decided_by}
            return {"event": "question_approved", **about, **told}
        case ApprovalState.REJECTED:
            reason = {"reason": approval.reason} if approval.reason else {}
            return {"event": "rejected", **about, "rejected_by": approval.decided_by, **reason}
        case ApprovalState.WITHDRAWN:
            return {"event": "withdrawn", **about, "withdrawn_by": approval.decided_by}
        case ApprovalState.EXPIRED:
            return {"event": "expired", **about}
        case _:
            raise ValueError(f"approval {approval.id} is {approval.state.value}: nothing to tell")


def _when(approval: Approval, schedule: StandingSchedule) -> dict[str, Any]:
    told: dict[str, Any] = {"approved_by": approval.decided_by}
    if schedule.cron:
        told["when"] = in_words(schedule.cron, schedule.timezone, approval.request.language)
    if schedule.after:
        told["after"] = [str(ref) for ref in schedule.after]
    return told


def _tables(approval: Approval) -> list[str]:
    return [str(table.ref) for table in approval.request.plan.tables]
