"""What a turn came to, as one value: the contract between the agent and every surface."""

import json
from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

from agent.events import (
    ApprovalRequested,
    Asked,
    Basis,
    ChartShown,
    Commanded,
    Event,
    Failed,
    FileMade,
    GaveUp,
    Said,
    TableShown,
    Thought,
    ToolFinished,
    ToolStarted,
)
from agent.failures import sentence_of
from agent.outputs import AskUser
from agent.runtime.recovery import limit_text
from agent.runtime.suggestions import Suggestion, suggestions_of
from agent.steps import Instructed, ModelAsked, Step, Summarised, ToolRan, describe_call
from agent.usage import Usage
from sync.approvals import Approval
from sync.errors import Failure

Action = Literal["reply", "approval", "ask", "error", "gave_up"]


class TraceNode(BaseModel):
    """One thing that ran."""

    model_config = ConfigDict(frozen=True)

    node: str
    """``prompt``, ``summary``, ``model``, ``thought``, ``tool:<name>``, ``approval``, ``ask``,
    ``table``, ``chart``, ``file``, ``reply``, ``gave_up``, ``error``."""
    detail: str = ""
    seconds: float | None = None
    """How long it took; None where that is no time, or was in another process."""
    model: str = ""
    usage: Usage | None = None
    """What a model read and wrote."""


class AnalystResult(BaseModel):
    """The end of a turn and what led to it."""

    model_config = ConfigDict(frozen=True)

    action: Action
    response_text: str = ""
    """The answer, the last thought beside a card, the question back, the English sentence of a
    failure or limit, or the result of a command as JSON."""
    approvals: tuple[Approval, ...] = ()
    ask: AskUser | None = None
    """What the person is asked back."""
    tables: tuple[TableShown, ...] = ()
    basis: tuple[Basis, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    """What may be asked next."""
    trace: tuple[TraceNode, ...] = ()
    """In the order things ran; nothing that did not run."""
    failure: Failure | None = None


def result_of(steps: Iterable[Event | Step]) -> AnalystResult:
    """Sum up the events of one turn, and what it took to get there."""
    noted = tuple(steps)
    took = {step.call_id: step.seconds for step in noted if isinstance(step, ToolRan)}
    trace = tuple(node for step in noted for node in _nodes(step, took))
    told = tuple(step for step in noted if not isinstance(step, Step))
    approvals = tuple(event.approval for event in told if isinstance(event, ApprovalRequested))
    tables = tuple(event for event in told if isinstance(event, TableShown))
    asks = [event.ask for event in told if isinstance(event, Asked)]
    thoughts = [event.text for event in told if isinstance(event, Thought)]
    action: Action = "approval" if approvals else "ask" if asks else "reply"
    text = thoughts[-1] if approvals and thoughts else asks[-1].question if asks else ""
    basis: tuple[Basis, ...] = ()
    failure = None
    match told[-1] if told else None:
        case Said(text=text, basis=basis):
            action = "reply"
        case Commanded(result=result, basis=basis):
            action, text = "reply", json.dumps(result, ensure_ascii=False)
        case GaveUp(code=code, most=most):
            action, text = "gave_up", limit_text(code, most)
        case Failed(failure=failure):
            action, text = "error", sentence_of(failure)
        case _:
            pass
    return AnalystResult(
        action=action,
        response_text=text,
        approvals=approvals,
        ask=asks[-1] if asks else None,
        tables=tables,
        basis=basis,
        suggestions=suggestions_of(told),
        trace=trace,
        failure=failure,
    )


def _nodes(step: Event | Step, took: Mapping[str, float]) -> Iterable[TraceNode]:
    if isinstance(step, Step):
        yield from _step_nodes(step)
    elif isinstance(step, ToolFinished):
        detail = "ok" if step.ok else str(step.result.get("code"))
        yield TraceNode(node=f"tool:{step.name}", detail=detail, seconds=took.get(step.call_id))
    else:
        yield from _event_nodes(step)


def _step_nodes(step: Step) -> Iterable[TraceNode]:
    match step:
        case Instructed(prompt=prompt):
            yield TraceNode(node="prompt", detail=prompt)
        case ModelAsked(model=model, seconds=seconds, usage=usage):
            detail = describe_call(step)
            yield TraceNode(node="model", detail=detail, seconds=seconds, model=model, usage=usage)
        case Summarised(spent=spent, seconds=seconds):
            for one in spent:
                yield TraceNode(node="summary", seconds=seconds, model=one.model, usage=one.usage)
        case ToolRan():
            return  # told with the end of its call


def _event_nodes(event: Event) -> Iterable[TraceNode]:
    match event:
        case Thought(text=text):
            yield TraceNode(node="thought", detail=text)
        case ToolStarted() | ToolFinished():
            return  # told by its end: a tool that was only begun has not run
        case ApprovalRequested(approval=approval):
            yield TraceNode(node="approval", detail=approval.id)
        case Asked(ask=ask):
            yield TraceNode(node="ask", detail=ask.question)
        case TableShown() | ChartShown() | FileMade():
            yield _shown(event)
        case Said() | Commanded():
            yield TraceNode(node="reply")
        case GaveUp(code=code):
            yield TraceNode(node="gave_up", detail=code)
        case Failed(failure=failure):
            yield TraceNode(node="error", detail=failure.code)


def _shown(event: TableShown | ChartShown | FileMade) -> TraceNode:
    match event:
        case TableShown(rows=rows):
            return TraceNode(node="table", detail=f"{len(rows)} rows")
        case ChartShown(chart=chart):
            return TraceNode(node="chart", detail=f"{chart.drawn} points")
        case FileMade(file=file):
            return TraceNode(node="file", detail=file.path)
