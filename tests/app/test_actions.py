"""Who may decide."""

import pytest

from app.bot_config import Approvals
from app.listeners.actions import may_decide
from sync.approvals import Verdict
from tests.app.parts import approval, plan, request

ALICE, JUNHO, MINJI = "U0ALICE", "U0JUNHO", "U0MINJI"
TWO = frozenset({ALICE, JUNHO})
CARELESS = Approvals(approvers=TWO, self_approval=True)
STRICT = Approvals(approvers=TWO, self_approval=False)
NOBODY = Approvals()


@pytest.mark.parametrize(
    ("policy", "asker", "user", "verdict", "refusal"),
    [
        (CARELESS, MINJI, JUNHO, "approve", None),
        (CARELESS, MINJI, JUNHO, "reject", None),
        (STRICT, MINJI, JUNHO, "approve", None),
        (STRICT, MINJI, JUNHO, "reject", None),
        # somebody who is no approver
        (CARELESS, MINJI, "U0EVE", "approve", "click.not_allowed"),
        (CARELESS, MINJI, "U0EVE", "reject", "click.not_allowed"),
        (CARELESS, MINJI, "", "approve", "click.not_allowed"),
        (CARELESS, MINJI, JUNHO.lower(), "approve", "click.not_allowed"),
        # who asked and is no approver
        (CARELESS, MINJI, MINJI, "approve", "click.not_allowed"),
        (CARELESS, MINJI, MINJI, "reject", None),
        (STRICT, MINJI, MINJI, "reject", None),
        # who asked and is an approver
        (CARELESS, JUNHO, JUNHO, "approve", None),
        (CARELESS, JUNHO, JUNHO, "reject", None),
        (STRICT, JUNHO, JUNHO, "approve", "click.not_self"),
        (STRICT, JUNHO, JUNHO, "reject", None),
        (STRICT, JUNHO, ALICE, "approve", None),
        # nobody is an approver
        (NOBODY, MINJI, JUNHO, "approve", "click.nobody"),
        (NOBODY, MINJI, JUNHO, "reject", "click.nobody"),
        (NOBODY, MINJI, MINJI, "approve", "click.nobody"),
        (NOBODY, MINJI, MINJI, "reject", None),
        # a schedule asked: nobody asked for it themselves
        (STRICT, "schedule:nightly", JUNHO, "approve", None),
        (STRICT, "schedule:nightly", "schedule:nightly", "approve", "click.not_allowed"),
    ],
)
def test_who_may_decide(
    policy: Approvals, asker: str, user: str, verdict: Verdict, refusal: str | None
) -> None:
    asked = approval(request(plan("ORDERS"), by=asker))
    assert may_decide(policy, asked, user, verdict) == refusal
