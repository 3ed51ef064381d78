"""What a conversation is told of a card that was decided."""

import json
from typing import Any

import pytest

from agent.runtime.approval_flow import event_message
from sync.approvals import Approval, ApprovalState, Request
from sync.plan import TableRef
from sync.standing import Action, ScheduleChange, StandingSchedule, named_plan

USERS = TableRef(source="main", schema_name="SHOP", table="USERS")
ORDERS = TableRef(source="main", schema_name="SHOP", table="ORDERS")


def decided(
    state: ApprovalState, action: Action | None = "create", reason: str = "", **changes: Any
) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "name": "users",
        "tables": (USERS,),
        "cron": "0 6 * * *",
        "timezone": "Asia/Seoul",
        "thread": "T1:C1:1",
        "owner": "U1",
        "max_rows": (1_000,),
    }
    schedule = StandingSchedule.model_validate({**parts, **changes})
    request = Request(
        id="T1-1",
        plan=named_plan(schedule),
        change=ScheduleChange(action=action, schedule=schedule) if action else None,
        requested_by="U1",
        thread="T1:C1:1",
        language="ko",
    )
    approval = Approval(
        request=request, state=state, created_ms=1, expires_ms=2, decided_by="U2", reason=reason
    )
    message = event_message(approval, "source-1")
    assert (message.role, message.source_id) == ("system", "source-1")
    return json.loads(message.content)


def test_a_changed_schedule_is_told_in_words() -> None:
    assert decided(ApprovalState.APPROVED) == {
        "event": "schedule_changed",
        "tables": ["SHOP.USERS"],
        "schedule": "users",
        "action": "create",
        "approved_by": "U2",
        "when": "매일 06:00 (Asia/Seoul)",
    }
    followed = decided(ApprovalState.APPROVED, cron="", after=(ORDERS,))
    assert (followed["after"], "when" in followed) == (["SHOP.ORDERS"], False)


@pytest.mark.parametrize("action", ["pause", None])
def test_a_no_is_told_with_who_said_it_and_why(action: Action | None) -> None:
    told = decided(ApprovalState.REJECTED, action, reason="too early")
    assert (told["event"], told["rejected_by"], told["reason"]) == ("rejected", "U2", "too early")
    assert told.get("action") == action
    assert "reason" not in decided(ApprovalState.REJECTED, action)


def test_what_its_asker_withdrew_and_what_ran_out_of_time_is_told() -> None:
    assert decided(ApprovalState.WITHDRAWN)["withdrawn_by"] == "U2"
    assert decided(ApprovalState.EXPIRED)["event"] == "expired"


@pytest.mark.parametrize("state", [ApprovalState.PENDING, ApprovalState.REPLACED])
def test_of_what_is_still_open_there_is_nothing_to_tell(state: ApprovalState) -> None:
    with pytest.raises(ValueError, match="nothing to tell"):
        decided(state)


def test_of_an_approved_sync_its_run_tells_the_end() -> None:
    with pytest.raises(ValueError, match="nothing to tell"):
        decided(ApprovalState.APPROVED, None)
