"""Decisions and runs of the person at this terminal, who has the machine and so may decide."""

import time
from collections.abc import Callable
from functools import partial

from app.core import Core, perform
from sync.approvals import Approval, Outcome, Verdict, decide
from sync.errors import StateUnavailable
from sync.perform import published_receipt
from sync.plan import Progress
from sync.runs import FINAL, Run, end_lost_runs, load_run

TEAM = "local"
OPERATOR = "operator"
_POLL_SECONDS = 0.2


def decide_here(core: Core, approval: Approval, verdict: Verdict) -> Outcome:
    """Decide an approval as the local operator."""
    digest = approval.request.plan.digest
    return decide(
        core.redis, approval, digest=digest, user=OPERATOR, verdict=verdict, may_decide=True
    )


def run_here(core: Core, approval: Approval, on_progress: Callable[[Progress], None]) -> Run:
    """Execute an approved plan in this process and give the ended run.

    A worker on the same Redis may be quicker; then its run is watched to the end, which comes even
    if that worker dies, since this looks for lost runs too.
    """
    perform(core, approval.id, on_progress)
    while True:
        run = load_run(core.redis, approval.id)
        if run is None:
            raise StateUnavailable
        if run.state in FINAL:
            return run
        if run.progress:
            on_progress(run.progress)
        end_lost_runs(core.redis, partial(published_receipt, core.warehouse))
        time.sleep(_POLL_SECONDS)
