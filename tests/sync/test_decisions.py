"""Decisions about schedules, by two people, about revisions; reminders; what the audit keeps."""

from typing import cast

from redis import Redis

from sync.approvals import (
    Approval,
    ApprovalState,
    Click,
    Request,
    decide,
    load_approval,
    pending_approvals,
    request_approval,
    revise,
)
from sync.audit import read_audit
from sync.reminders import ending_soon, note_reminded
from sync.runs import open_runs
from sync.standing import Action, ScheduleChange, StandingSchedule
from sync.state import new_id
from tests.sync.state_parts import ORDERS, THREAD, USERS, ask, inbox_of, plan_of, press

pytest_plugins = ["tests.sync.state_fixtures"]


def loaded(client: Redis, approval: Approval) -> Approval:
    found = load_approval(client, approval.id)
    assert found is not None
    return found


def schedule_request(state: Redis, action: Action, name: str = "nightly") -> Approval:
    """A request to do something to a schedule of that name."""
    schedule = StandingSchedule(
        name=name,
        tables=(ORDERS,),
        cron="0 6 * * *",
        timezone="Asia/Seoul",
        thread=THREAD,
        owner="U1",
        max_rows=(1_000,),
    )
    request = Request(
        id=new_id("T1"),
        plan=plan_of(),
        change=ScheduleChange(action=action, schedule=schedule),
        requested_by="U1",
        thread=THREAD,
        language="ko",
    )
    return request_approval(state, request, expires_seconds=3600)


def test_a_yes_to_a_schedule_saves_it_and_runs_nothing(state: Redis) -> None:
    created = schedule_request(state, "create")
    assert press(state, created) == "approved"
    assert list(cast("dict[str, str]", state.hgetall("duckferry:1:T1:schedules"))) == ["nightly"]
    assert open_runs(state) == []
    assert [entry["kind"] for entry in inbox_of(state)] == ["schedule_changed"]
    gone = schedule_request(state, "delete")
    assert press(state, gone) == "approved"
    assert state.hgetall("duckferry:1:T1:schedules") == {}


def test_a_late_yes_neither_overwrites_a_schedule_nor_brings_one_back(state: Redis) -> None:
    first, second = schedule_request(state, "create"), schedule_request(state, "create")
    assert press(state, first) == "approved"
    assert press(state, second) == "changed"
    pause, delete = schedule_request(state, "pause"), schedule_request(state, "delete")
    assert press(state, delete) == "approved"
    assert press(state, pause) == "changed"
    assert state.hgetall("duckferry:1:T1:schedules") == {}


def test_two_who_are_needed_are_two_people(state: Redis) -> None:
    approval = ask(state)

    def yes(user: str) -> str:
        click = Click(user=user, verdict="approve", digest=approval.request.digest)
        return decide(state, approval, click, may_decide=True, quorum=2)

    assert yes("U2") == "one_more"
    assert loaded(state, approval).yeses == ("U2",)
    assert open_runs(state) == []
    assert yes("U2") == "already_yours"
    assert yes("U3") == "approved"
    assert open_runs(state) == [approval.id]
    noted = [(entry.what, entry.who) for entry in read_audit(state, "T1")]
    assert noted == [
        ("requested", "U1"),
        ("approved", "U2"),
        ("click_refused", "U2"),
        ("approved", "U3"),
    ]


def test_a_new_revision_voids_the_old_one_in_one_step(state: Redis) -> None:
    old = ask(state, plan_of(ORDERS))
    request = old.request.model_copy(
        update={"id": new_id("T1"), "plan": plan_of(USERS), "revision": 2, "replaces": old.id}
    )
    assert revise(state, old, request, user="U1", expires_seconds=60) == "replaced"
    assert loaded(state, old).state is ApprovalState.REPLACED
    assert loaded(state, old).replaced_by == request.id
    assert press(state, old) == "already_replaced"
    assert [one.id for one in pending_approvals(state, "T1", 10)] == [request.id]
    later = request.model_copy(update={"id": new_id("T1")})
    assert revise(state, old, later, user="U1", expires_seconds=60) == "already_replaced"
    assert load_approval(state, later.id) is None


def test_a_reminder_is_for_what_ends_soon_and_comes_once(state: Redis) -> None:
    soon, late = ask(state, seconds=600), ask(state, seconds=7200)
    assert [one.id for one in ending_soon(state, "T1", within_seconds=3600)] == [soon.id]
    assert ending_soon(state, "T1", within_seconds=3600) == []
    note_reminded(state, soon.id, done=False)  # Slack was away
    assert [one.id for one in ending_soon(state, "T1", within_seconds=3600)] == [soon.id]
    note_reminded(state, soon.id, done=True)
    assert [one.id for one in ending_soon(state, "T1", within_seconds=8000)] == [late.id]


def test_every_click_that_is_refused_is_noted_with_who_and_where(state: Redis) -> None:
    approval = ask(state)
    click = Click(user="U9", verdict="approve", digest=approval.request.digest, where="C1:17.1")
    assert decide(state, approval, click, may_decide=False) == "not_allowed"
    noted = list(read_audit(state, "T1"))[-1]
    assert (noted.what, noted.who, noted.where) == ("click_refused", "U9", "C1:17.1")
    assert (noted.subject, noted.detail) == (approval.id, "not_allowed approve")
    assert noted.digest == approval.request.digest
