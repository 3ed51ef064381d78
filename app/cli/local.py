"""Decisions and runs of the person at this terminal, who has the machine and so may decide."""

import time
from collections.abc import Callable
from functools import partial

from app.core import Core, perform
from sync.approvals import Approval, Click, Outcome, Verdict, decide
from sync.errors import StateUnavailable
from sync.perform import published_receipt
from sync.progress import Progress
from sync.runs import FINAL, Run, RunState, end_lost_runs, load_run
from sync.warehouse.identity import check_warehouse

TEAM = "local"
OPERATOR = "operator"
_POLL_SECONDS = 0.2


def teams(owner: object) -> tuple[str, ...]:
    """Name the teams whose records a terminal shows: this Redis's *owner* and its own."""
    return (str(owner), TEAM) if owner else (TEAM,)


def decide_here(core: Core, approval: Approval, verdict: Verdict) -> Outcome:
    """Decide an approval as the local operator."""
    click = Click(user=OPERATOR, verdict=verdict, digest=approval.request.digest, where="terminal")
    return decide(core.redis, approval, click, may_decide=True)


def run_here(core: Core, approval: Approval, on_progress: Callable[[Progress], None]) -> Run:
    """Execute an approved plan in this process and give the ended run.

    A worker on the same Redis may be quicker; then its run is watched to the end, which comes even
    if that worker dies, since this looks for lost runs too.
    """
    core.warehouse.mkdir(parents=True, exist_ok=True)
    check_warehouse(core.redis, core.warehouse)
    while True:
        run = load_run(core.redis, approval.id)
        if run is None:
            raise StateUnavailable
        if run.state in FINAL:
            return run
        if run.state is RunState.QUEUED:
            perform(core, approval.id, on_progress)  # a run that waits for another try is refused
        elif run.progress:
            on_progress(run.progress)
        end_lost_runs(core.redis, partial(published_receipt, core.warehouse))
        time.sleep(_POLL_SECONDS)
