"""How a question stands, on itself and beside its thread: worked on, waits, answered, failed."""

from collections.abc import Sequence
from typing import cast

import redis

from agent.events import ApprovalRequested, Asked, Event, Failed, GaveUp
from app.places import Place, parse_place
from app.signs import Mark, Signs, put_mark, set_session, take_mark
from sync.approvals import Approval, ApprovalState, load_approval
from sync.runs import Run, RunState
from sync.state import key, team_of

_WAITS_SECONDS = 30 * 24 * 3600
_REVISIONS_FOLLOWED = 20


def mark_of(events: Sequence[Event]) -> Mark | None:
    """Which reaction a turn leaves on its question.

    None on one that is answered by a question, and on one whose turn somebody stopped.
    """
    if any(isinstance(event, GaveUp) and event.code == "stopped" for event in events):
        return None
    if any(isinstance(event, Failed | GaveUp) for event in events):
        return "warning"
    if any(isinstance(event, ApprovalRequested) for event in events):
        return "hourglass_flowing_sand"
    return None if any(isinstance(event, Asked) for event in events) else "white_check_mark"


def mark_of_outcome(outcome: Run | Approval) -> Mark | None:
    """Which one its approval or run leaves in the end; a no, and what was stopped, leave none."""
    if outcome.state in (RunState.PUBLISHED, ApprovalState.APPROVED):
        return "white_check_mark"
    return "warning" if outcome.state is RunState.FAILED else None


def show_answered(
    client: "redis.Redis", signs: Signs, place: Place, source: str, events: Sequence[Event]
) -> None:
    """Show how the question *source* stands after its turn."""
    mark = mark_of(events)
    _change_mark(signs, source, "eyes", mark)
    _remember_waiting(client, source, events)
    if events:  # else no turn was taken: there is no session
        _end_session(signs, place, events)


def show_failed(signs: Signs, place: Place, source: str) -> None:
    """Show that nothing came of the question *source*."""
    _change_mark(signs, source, "eyes", "warning")
    set_session(signs, place, "active")


def show_outcome(
    client: "redis.Redis",
    signs: Signs,
    place: Place,
    outcome: Run | Approval,
    events: Sequence[Event],
) -> None:
    """Show on the question what became of the approval it waited for."""
    if outcome.state is RunState.SUPERSEDED:  # it is asked for anew, and waits for that
        return
    source = _take_waiting(client, outcome.approval if isinstance(outcome, Run) else outcome)
    if source:
        waits = any(isinstance(event, ApprovalRequested) for event in events)
        if not waits:
            _change_mark(signs, source, "hourglass_flowing_sand", mark_of_outcome(outcome))
        _remember_waiting(client, source, events)
    _end_session(signs, place, events)


def _end_session(signs: Signs, place: Place, events: Sequence[Event]) -> None:
    waits = any(isinstance(event, ApprovalRequested) for event in events)
    set_session(signs, place, "suspended" if waits else "active")


def _change_mark(signs: Signs, source: str, old: Mark, new: Mark | None) -> None:
    kind, _, where = source.partition(":")
    if kind != "message":  # a button was pressed: there is no message of a person
        return
    said = parse_place(where)
    if new is not None:
        put_mark(signs, said.channel, said.thread_ts, new)
    take_mark(signs, said.channel, said.thread_ts, old)


def _remember_waiting(client: "redis.Redis", source: str, events: Sequence[Event]) -> None:
    for event in events:
        if isinstance(event, ApprovalRequested):
            client.set(_waiting(event.approval.id), source, ex=_WAITS_SECONDS)


def _take_waiting(client: "redis.Redis", approval: Approval) -> str:
    """Give the question an approval, or one it is a revision of, was asked for by."""
    found: Approval | None = approval
    for _ in range(_REVISIONS_FOLLOWED):
        if found is None:
            break
        source = cast("str | None", client.getdel(_waiting(found.id)))
        if source:
            return source
        before = found.request.replaces
        found = load_approval(client, before) if before else None
    return ""


def _waiting(approval_id: str) -> str:
    return key(team_of(approval_id), "waiting", approval_id)
