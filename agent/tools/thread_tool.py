"""``summarize_thread``: what was asked and what came of it, from records, for a handover."""

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, cast

from agent.conversation import ConversationHistory, Message, concealed, newest_turn
from agent.deps import AnalystDeps
from agent.tools.base import BaseTool, Parameters, ToolResult, within
from agent.tools.schedule_view import described
from agent.tools.sync_tools import about_hidden, run_line, told_moment
from sync.approvals import Approval, load_approval
from sync.runs import load_run
from sync.schedules import list_schedules

_WORDS = 300
"""Of what somebody said."""
_ROWS = 3
"""Of a result; a summary tells what came out, not all of it."""
_KEPT = ("table", "tables", "columns", "row_count", "points", "file", "code", "error")


class SummarizeThreadParameters(Parameters):
    """Takes nothing."""


class SummarizeThreadTool(BaseTool[SummarizeThreadParameters]):
    """``summarize_thread``."""

    name = "summarize_thread"
    only_reads = True
    description = (
        "Give the records of this thread, for a summary or a handover: what was asked and found, "
        "what was proposed, who decided, how runs ended, what is still open or scheduled."
    )
    parameters = SummarizeThreadParameters

    def run(
        self, deps: AnalystDeps, _parameters: SummarizeThreadParameters, _call_id: str, /
    ) -> ToolResult:
        """Read the thread as anybody may who reads it, without the turn that asks for this."""
        messages = ConversationHistory(deps.redis, deps.thread).messages()
        past = concealed(messages[: len(messages) - len(newest_turn(messages))])
        turns = [_turn(turn) for turn in _turns(past)]
        # The newest are kept where not all of them fit.
        kept = within(reversed(turns), deps.result_chars // 2)[::-1]
        ids = dict.fromkeys(one.approval_id for one in past if one.approval_id)
        stored = (load_approval(deps.redis, name) for name in ids)
        proposals = [_proposal(deps, one) for one in stored if one and not about_hidden(deps, one)]
        schedules = [
            described(deps, one)
            for one in list_schedules(deps.redis, deps.caller.team)
            if one.thread == deps.thread
        ]
        data = {
            "turns": kept,
            **({"earlier_turns_left_out": len(turns) - len(kept)} if kept != turns else {}),
            "proposals": within(reversed(proposals), deps.result_chars // 3)[::-1],
            "schedules_of_this_thread": within(schedules, deps.result_chars // 6),
        }
        return ToolResult(ok=True, data=data)


def _turns(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    starts = [at for at, one in enumerate(messages) if one.starts_turn]
    for start, end in pairwise([*starts, len(messages)]):
        yield messages[start:end]


def _turn(turn: Sequence[Message]) -> dict[str, Any]:
    first, last = turn[0], turn[-1]
    begun = {"event": _read(first.content)} if first.role == "system" else {"said": _cut(first)}
    by = {"by": first.speaker} if first.speaker else {}
    results = [_result(one, turn) for one in turn if one.role == "tool"]
    ended = last.role == "assistant" and not last.tool_calls
    answered = {"answered": _cut(last)} if ended and last.content else {}
    untrue = {"but_no_sync_had_run": True} if last.untrue else {}
    return {**begun, **by, **({"results": results} if results else {}), **answered, **untrue}


def _result(answer: Message, turn: Sequence[Message]) -> dict[str, Any]:
    calls = {call.id: call.name for one in turn for call in one.tool_calls}
    found = _read(answer.content)
    told = {name: found[name] for name in _KEPT if name in found}
    if isinstance(found.get("rows"), list):
        told["first_rows"] = found["rows"][:_ROWS]
    if answer.table is not None:
        told["rows"] = len(answer.table.rows)
    as_of = {one.table: one.as_of for one in answer.basis}
    told |= {"as_of": as_of} if answer.table or answer.chart or answer.file else {}
    return {"tool": calls.get(answer.tool_call_id or "", ""), **told}


def _proposal(deps: AnalystDeps, approval: Approval) -> dict[str, Any]:
    request = approval.request
    kind = "schedule" if request.change else "question" if request.question else "sync"
    run = load_run(deps.redis, approval.id)
    return {
        "kind": "undo" if request.plan.is_undo else kind,
        "tables": [str(table.ref) for table in request.plan.tables],
        "requested_by": request.requested_by,
        "state": approval.state.value,
        "decided_by": approval.decided_by,
        "decided_at": told_moment(approval.decided_ms),
        **({"reason": approval.reason} if approval.reason else {}),
        **({"run": run_line(deps, run)} if run else {}),
    }


def _read(text: str) -> dict[str, Any]:
    """Read the JSON of an event or a result; both are written by us."""
    return cast("dict[str, Any]", json.loads(text))


def _cut(message: Message) -> str:
    words = message.content
    return words if len(words) <= _WORDS else words[:_WORDS] + "…"


THREAD_TOOLS = (SummarizeThreadTool(),)
