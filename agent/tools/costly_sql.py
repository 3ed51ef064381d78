"""SQL whose plan is too large to be run unasked: a card, and one run for its yes."""

from collections.abc import Callable
from dataclasses import dataclass

from agent.deps import AnalystDeps
from agent.tools.base import ToolResult
from agent.tools.bridge import or_proposal
from agent.tools.copies import read_copies
from sync.approvals import (
    Approval,
    ApprovalState,
    Question,
    Request,
    Wanted,
    load_approval,
    request_approval,
)
from sync.names import resolve_table
from sync.plan import Estimate, Plan, TablePlan, Wish
from sync.query_errors import QueryTooCostly
from sync.state import derived_id, key
from sync.warehouse.manifest import ManifestEntry
from sync.warehouse.query import Query

_MOST_ASKED = 20
"""Times one thread may ask for the same SQL while the earlier ones are remembered."""
_REMEMBERED_SECONDS = 40 * 86_400
"""Longer than an approval is kept."""


def by_a_yes(
    deps: AnalystDeps,
    question: Query | str | None,
    wanted: Wanted,
    call_id: str,
    run: Callable[[bool], ToolResult],
) -> ToolResult:
    """What *run* makes of a question or SQL, at any cost where somebody said yes to it, or a card.

    *run* is told whether it may cost more than is run unasked; a yes is used up only where it must.
    Where no copy holds what is asked, the result says which sync to propose. Raises what *run*
    raises besides.
    """

    def answer() -> ToolResult:
        try:
            return run(False)
        except QueryTooCostly as error:
            if not isinstance(question, str):  # a closed question, which none has refused yet
                raise
            asked = asked_before(deps, question, wanted, call_id)
            return (
                run(True) if is_allowed(asked) else _proposed(deps, question, wanted, error, asked)
            )

    return or_proposal(deps, question, answer)


@dataclass(frozen=True)
class Asked:
    """The newest request of a thread for some SQL; none where it was never asked for."""

    id: str
    approval: Approval | None


def asked_before(deps: AnalystDeps, sql: str, wanted: Wanted, call_id: str) -> Asked:
    """Find the request of this thread for just that of exactly *sql* that is not used up.

    A yes is used once: it is this call's from here on, also where the call is made again after a
    crash. A no stands for the thread's next call too, and no longer.
    """
    found = Asked("", None)
    for number in range(_MOST_ASKED):
        approval_id = derived_id(
            deps.caller.team, deps.thread, "question", wanted, sql, str(number)
        )
        found = Asked(approval_id, load_approval(deps.redis, approval_id))
        if found.approval is None or found.approval.state is ApprovalState.PENDING:
            return found
        if _is_ours(deps, approval_id, call_id):
            return found
    return found


def is_allowed(asked: Asked) -> bool:
    """Whether somebody said yes to it."""
    return asked.approval is not None and asked.approval.state is ApprovalState.APPROVED


def _proposed(
    deps: AnalystDeps, sql: str, wanted: Wanted, error: QueryTooCostly, asked: Asked
) -> ToolResult:
    """Ask for a yes, once however often the call is made. Raises *error* where it was a no."""
    approval = asked.approval
    if approval is not None and approval.state is not ApprovalState.PENDING:
        raise error
    if approval is None:
        request = Request(
            id=asked.id,
            plan=_over(deps, str(error.params["tables"]).split(", ")),
            question=Question(sql=sql, planned_rows=int(error.params["planned"]), wanted=wanted),
            requested_by=deps.caller.user,
            thread=deps.thread,
            language=deps.language,
        )
        approval = request_approval(
            deps.redis, request, expires_seconds=deps.approval_seconds, where=deps.thread
        )
    data = {"status": "waiting_for_approval", "planned_rows": error.params["planned"]}
    return ToolResult(ok=True, data=data, approval=approval)


def _over(deps: AnalystDeps, names: list[str]) -> Plan:
    """The copies that are read, in the form in which a card names tables."""
    manifest = read_copies(deps)
    known = [entry.ref for entry in manifest.entries]
    entries = [manifest.entry(resolve_table(name, known)) for name in names]
    return Plan(
        tables=tuple(map(_named, entries)),
        estimates=tuple(
            Estimate(rows=entry.rows, bytes=entry.bytes, analyzed_at=None, current_rows=None)
            for entry in entries
        ),
    )


def _named(entry: ManifestEntry) -> TablePlan:
    return TablePlan(
        ref=entry.ref,
        mode="full",
        columns=entry.columns,
        key=entry.key,
        max_rows=max(entry.rows, 1),
        wish=Wish(ref=entry.receipt.of),
    )


def _is_ours(deps: AnalystDeps, approval_id: str, call_id: str) -> bool:
    name = key(deps.caller.team, "question", approval_id, "used")
    deps.redis.set(name, call_id, nx=True, ex=_REMEMBERED_SECONDS)
    return deps.redis.get(name) == call_id
