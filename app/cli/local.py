"""Decisions and runs of the person at this terminal, who has the machine and so may decide."""

import time
from collections.abc import Callable

from app.core import Core, perform
from sync.approvals import Approval, Verdict, decide
from sync.errors import StateUnavailable
from sync.plan import Progress
from sync.runs import FINAL, Run, load_run

TEAM = "local"
OPERATOR = "operator"
_POLL_SECONDS = 0.2


def decide_here(core: Core, approval: Approval, verdict: Verdict) -> None:
    """Decide an approval as the local operator."""
    digest = approval.request.plan.digest
    decide(core.redis, approval, digest=digest, user=OPERATOR, verdict=verdict, may_decide=True)


def run_here(core: Core, approval: Approval, on_progress: Callable[[Progress], None]) -> Run:
    """Execute an approved plan in this process and give the ended run.

    A worker on the same Redis may be quicker; then its run is watched to the end.
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
        time.sleep(_POLL_SECONDS)
