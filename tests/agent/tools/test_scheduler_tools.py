"""The tools that list, create and change schedules: each change is a card, nothing more."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis

from agent.deps import AnalystDeps, Channel, Ruling, ScheduleLine, SchedulerStatus
from agent.tools.base import ToolResult
from agent.tools.registry import ToolRegistry
from agent.tools.scheduler_tools import SCHEDULER_TOOLS
from sync.approvals import Approval, ApprovalState, Click, decide, load_approval, schedules_key
from sync.blackout import Closed
from sync.errors import RefusedByRule
from sync.plan import Plan, TableRef, plainly
from sync.schedules import list_schedules, load_schedule
from sync.skips import note_skip
from sync.standing import StandingSchedule, shape_of

USERS = TableRef(source="main", schema_name="SHOP", table="USERS")
ORDERS = TableRef(source="main", schema_name="SHOP", table="ORDERS")
CUSTOMERS = TableRef(source="main", schema_name="SHOP", table="CUSTOMERS")

CONFIGURED = ScheduleLine(
    name="nightly",
    tables=("SHOP.ORDERS",),
    cron="30 6 * * *",
    timezone="Asia/Seoul",
    next_at="2026-11-23T06:30+09:00",
)

MakeDeps = Callable[..., AnalystDeps]


def call(deps: AnalystDeps, tool: str, call_id: str = "call_1", /, **arguments: Any) -> ToolResult:
    return ToolRegistry(SCHEDULER_TOOLS).call(deps, tool, json.dumps(arguments), call_id)


def data(result: ToolResult) -> dict[str, Any]:
    return json.loads(result.content)


def asked(result: ToolResult) -> Approval:
    assert result.approval is not None, result.content
    return result.approval


def say_yes(redis: Redis, approval: Approval) -> None:
    click = Click(user="UJUNHO", verdict="approve", digest=approval.request.digest)
    assert decide(redis, approval, click, may_decide=True) == "approved"


def agreed(redis: Redis, **changes: Any) -> StandingSchedule:
    """A schedule of the team, as a yes stored it."""
    parts: dict[str, Any] = {
        "name": "customers",
        "tables": (CUSTOMERS,),
        "cron": "0 6 * * *",
        "timezone": "Asia/Seoul",
        "thread": "T1:C1:1600.0001",
        "owner": "UMINA",
        "max_rows": (1_000,),
        "agreed": "T1-1",
    }
    schedule = StandingSchedule.model_validate({**parts, **changes})
    redis.hset(schedules_key("T1"), schedule.name, schedule.model_dump_json())
    return schedule


# create_schedule


def test_a_schedule_is_proposed_in_words_with_its_next_five_times_and_nothing_is_saved(
    deps: AnalystDeps,
) -> None:
    result = call(deps, "create_schedule", tables=["customers"], cron="0 6 * * *")
    told = data(result)
    assert told["status"] == "waiting_for_approval"
    assert told["name"] == "customers"
    assert told["tables"] == ["SHOP.CUSTOMERS"]
    assert told["when"] == "every day at 06:00 (Asia/Seoul)"
    assert [moment[10:] for moment in told["next"]] == ["T06:00+09:00"] * 5
    assert len(set(told["next"])) == 5
    assert (told["max_rows"], told["until"]) == ([1_000], None)
    assert list_schedules(deps.redis, "T1") == []


def test_a_yes_saves_exactly_what_the_card_was_about(deps: AnalystDeps, planner: Any) -> None:
    result = call(
        deps,
        "create_schedule",
        tables=["USERS", "SHOP.ORDERS", "users"],
        cron="30 18 * * 1-5",
        timezone="Europe/Berlin",
        name="저녁-주문",
        until="2027-06-30",
        max_rows=500,
    )
    approval = asked(result)
    change = approval.request.change
    assert change is not None
    assert change.action == "create"
    say_yes(deps.redis, approval)
    saved = load_schedule(deps.redis, "T1", "저녁-주문")
    assert saved is not None
    assert saved == change.schedule
    assert saved.tables == (USERS, ORDERS)
    assert saved.max_rows == (500, 500)
    assert saved.shapes == tuple(map(shape_of, planner(plainly((USERS, ORDERS))).tables))
    assert (saved.cron, saved.timezone, saved.until) == (
        "30 18 * * 1-5",
        "Europe/Berlin",
        "2027-06-30",
    )
    assert (saved.owner, saved.thread, saved.language) == ("UMINA", deps.thread, "en")
    assert saved.agreed == approval.id


def test_a_korean_schedule_is_told_in_korean(make_deps: MakeDeps) -> None:
    told = data(
        call(make_deps(language="ko"), "create_schedule", tables=["USERS"], cron="0 6 * * *")
    )
    assert told["when"] == "매일 06:00 (Asia/Seoul)"


def test_a_call_made_twice_asks_once_and_plans_once(deps: AnalystDeps, planner: Any) -> None:
    first = call(deps, "create_schedule", tables=["USERS"], cron="0 6 * * *")
    again = call(deps, "create_schedule", tables=["USERS"], cron="0 6 * * *")
    assert asked(first) == asked(again)
    assert len(planner.asked) == 1


def test_the_same_wish_in_another_call_is_the_same_card(deps: AnalystDeps) -> None:
    first = call(deps, "create_schedule", tables=["USERS"], cron="0 6 * * *")
    again = call(deps, "create_schedule", "call_2", tables=["USERS"], cron="0 6 * * *")
    assert asked(again).id == asked(first).id


def test_a_corrected_wish_takes_the_place_of_the_one_that_waits(deps: AnalystDeps) -> None:
    first = asked(call(deps, "create_schedule", tables=["USERS"], cron="0 6 * * *"))
    second = asked(call(deps, "create_schedule", "call_2", tables=["USERS"], cron="0 7 * * *"))
    old = load_approval(deps.redis, first.id)
    assert old is not None
    assert (old.state, old.replaced_by) == (ApprovalState.REPLACED, second.id)
    assert (second.request.revision, second.request.replaces) == (2, first.id)
    assert second.state is ApprovalState.PENDING


def test_a_schedule_may_follow_tables_instead_of_a_clock(deps: AnalystDeps) -> None:
    result = call(deps, "create_schedule", tables=["USERS"], after=["ORDERS", "CUSTOMERS"])
    told = data(result)
    assert told["after"] == ["SHOP.ORDERS", "SHOP.CUSTOMERS"]
    assert (told["cron"], told["next"]) == (None, [])
    change = asked(result).request.change
    assert change is not None
    assert change.schedule.after == (ORDERS, CUSTOMERS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"cron": "*/5 * * * *"}, "at least 15 min"),
        ({"cron": "0 0 31 2 *"}, "never comes true"),
        ({"cron": "every morning"}, "needs five fields"),
        ({"cron": "0 6 * * *", "timezone": "Seoul"}, "not a name of the tz database"),
        ({"cron": "0 6 * * *", "name": "nightly"}, "already"),
        ({"cron": "0 6 * * *", "name": "customers"}, "already"),
        ({"cron": "0 6 * * *", "name": "<!channel>"}, "letters, digits and dashes"),
        ({"cron": "0 6 * * *", "until": "2026-11-21"}, "still to come"),
        ({}, "needs a cron line"),
        ({"after": ["USERS"]}, "due after its own tables"),
    ],
)
def test_what_cannot_be_a_schedule_is_told_to_the_model_and_asks_nobody(
    make_deps: MakeDeps, arguments: dict[str, Any], words: str
) -> None:
    deps = make_deps(schedule_status=lambda: SchedulerStatus(True, (CONFIGURED,)))
    agreed(deps.redis)
    result = call(deps, "create_schedule", tables=["USERS"], **arguments)
    assert result.approval is None
    assert data(result)["code"] == "bad_schedule"
    assert words in data(result)["error"]


def test_one_that_would_only_be_due_in_a_blackout_is_refused_and_one_that_waits_says_so(
    make_deps: MakeDeps,
) -> None:
    def always(_: StandingSchedule) -> Closed:
        return Closed(source="main", windows=("daily 22:00-07:00",), times=60, closed=60)

    def sometimes(schedule: StandingSchedule) -> Closed:
        return always(schedule).model_copy(update={"closed": 12})

    deps = make_deps(windows_met=always)
    refused = call(deps, "create_schedule", tables=["USERS"], cron="0 6 * * *")
    assert refused.approval is None
    assert "falls into a blackout window of source main (daily 22:00-07:00)" in refused.content
    deps = make_deps(windows_met=sometimes)
    told = data(call(deps, "create_schedule", tables=["USERS"], cron="0 6 * * *"))
    assert told["wait_for_the_end_of_a_blackout"] == "12 of its next 60 times"


def test_the_condition_is_part_of_what_is_approved_and_the_last_skip_is_listed(
    deps: AnalystDeps,
) -> None:
    wish = {"tables": ["USERS"], "cron": "0 6 * * *"}
    always = asked(call(deps, "create_schedule", "call_1", **wish))
    wished = call(deps, "create_schedule", "call_2", **wish, only_if_changed=True)
    assert asked(wished).request.digest != always.request.digest
    assert data(wished)["only_if_changed"] is True
    say_yes(deps.redis, asked(wished))
    saved = load_schedule(deps.redis, "T1", "users")
    assert saved is not None
    assert saved.only_if_changed
    note_skip(deps.redis, "T1", "users", "unchanged", datetime(2026, 11, 22, 21, tzinfo=UTC))
    [listed] = data(call(deps, "list_schedules"))["schedules"]
    assert listed["last_skipped"] == {
        "at": "2026-11-23T06:00+09:00",
        "why": "the source had not changed since its copies",
    }


BELOW_TEN = {"channel": "<#C0OPS|ops>", "where": [{"column": "ID", "op": "<", "value": 10}]}


def find(text: str) -> Channel:
    ops = text == "<#C0OPS|ops>"
    return Channel("C0OPS") if ops else Channel(text, "the bot is not in it; write /invite there")


def test_a_result_condition_is_part_of_what_is_approved_and_of_what_is_listed(
    make_deps: MakeDeps,
) -> None:
    deps = make_deps(find_channel=find)
    wish = {"tables": ["USERS"], "cron": "0 6 * * *"}
    plain = asked(call(deps, "create_schedule", "call_1", **wish))
    wished = call(deps, "create_schedule", "call_2", **wish, tell_if=BELOW_TEN)
    assert asked(wished).request.digest != plain.request.digest
    say_yes(deps.redis, asked(wished))
    saved = load_schedule(deps.redis, "T1", "users")
    assert saved is not None
    assert saved.tell_if is not None
    assert (saved.tell_if.table, saved.tell_if.channel) == (USERS, "C0OPS")
    [listed] = data(call(deps, "list_schedules"))["schedules"]
    assert listed["tell_if"]["where"] == [{"column": "ID", "op": "<", "value": 10}]


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"channel": "#nowhere"}, "channel_closed", "the bot is not in it; write /invite there"),
        ({"where": [{"column": "STOCK", "op": "<", "value": 1}]}, "bad_schedule", "STOCK"),
        ({"table": "ORDERS"}, "bad_schedule", "SHOP.ORDERS, which it does not copy"),
        ({"value": "ten"}, "bad_schedule", "'ten' is not a number"),
    ],
)
def test_a_condition_that_could_not_be_told_or_asked_is_refused(
    make_deps: MakeDeps, changes: dict[str, Any], code: str, words: str
) -> None:
    deps = make_deps(find_channel=find)
    wish = {**BELOW_TEN, **changes}
    refused = call(deps, "create_schedule", tables=["USERS"], cron="0 6 * * *", tell_if=wish)
    assert refused.approval is None
    assert data(refused)["code"] == code
    assert words in data(refused)["error"]


def test_a_table_that_is_not_offered_and_a_plan_a_rule_refuses_ask_nobody(
    make_deps: MakeDeps,
) -> None:
    def refuse(_: Plan) -> Ruling:
        raise RefusedByRule(rule="secret", why="personal data")

    deps = make_deps(offered=(USERS,), rule_on=refuse)
    hidden = call(deps, "create_schedule", tables=["ORDERS"], cron="0 6 * * *")
    assert data(hidden)["code"] == "table_not_offered"
    refused = call(deps, "create_schedule", tables=["USERS"], cron="0 6 * * *")
    assert data(refused)["code"] == "refused_by_rule"
    assert (hidden.approval, refused.approval) == (None, None)


def test_as_many_people_must_say_yes_as_the_policy_asks_for(make_deps: MakeDeps) -> None:
    def two(_: Plan) -> Ruling:
        return Ruling("ask", 2)

    deps = make_deps(rule_on=two)
    approval = asked(call(deps, "create_schedule", tables=["USERS"], cron="0 6 * * *"))
    click = Click(user="UJUNHO", verdict="approve", digest=approval.request.digest)
    assert decide(deps.redis, approval, click, may_decide=True) == "one_more"
    assert list_schedules(deps.redis, "T1") == []


# list_schedules and get_scheduler_status


@pytest.mark.parametrize("name", ["list_schedules", "get_scheduler_status"])
def test_both_kinds_are_listed_in_words(make_deps: MakeDeps, name: str) -> None:
    deps = make_deps(schedule_status=lambda: SchedulerStatus(True, (CONFIGURED,)))
    agreed(deps.redis)
    configured, standing = data(call(deps, name))["schedules"]
    assert configured == {
        "name": "nightly",
        "tables": ["SHOP.ORDERS"],
        "cron": "30 6 * * *",
        "timezone": "Asia/Seoul",
        "when": "every day at 06:30 (Asia/Seoul)",
        "next_at": "2026-11-23T06:30+09:00",
        "approval": "each_time",
    }
    assert (standing["name"], standing["approval"]) == ("customers", "once")
    assert standing["when"] == "every day at 06:00 (Asia/Seoul)"
    assert standing["next_at"] == standing["next"][0]


def test_a_paused_schedule_has_no_next_time(deps: AnalystDeps) -> None:
    agreed(deps.redis, paused=True)
    [line] = data(call(deps, "list_schedules"))["schedules"]
    assert (line["paused"], line["next_at"], line["next"]) == (True, None, [])


def test_a_schedule_of_tables_no_longer_offered_can_be_stopped_and_not_resumed(
    make_deps: MakeDeps,
) -> None:
    deps = make_deps(offered=(USERS,))
    agreed(deps.redis)
    [listed] = data(call(deps, "list_schedules"))["schedules"]
    assert listed["name"] == "customers"
    agreed(deps.redis, paused=True)
    result = call(deps, "change_schedule", name="customers", action="resume")
    assert data(result)["code"] == "table_not_offered"
    approval = asked(call(deps, "change_schedule", "call_2", name="customers", action="delete"))
    say_yes(deps.redis, approval)
    assert list_schedules(deps.redis, "T1") == []


def test_a_schedule_is_judged_by_the_largest_run_its_yes_covers(make_deps: MakeDeps) -> None:
    judged: list[Plan] = []

    def two_above(plan: Plan) -> Ruling:
        judged.append(plan)
        return Ruling("ask", 2 if (plan.estimates[0].rows or 0) > 500 else 1)

    deps = make_deps(rule_on=two_above)
    wide = asked(call(deps, "create_schedule", tables=["USERS"], cron="0 6 * * *"))
    more = {"tables": ["ORDERS"], "cron": "0 6 * * *", "max_rows": 500}
    narrow = asked(call(deps, "create_schedule", "call_2", **more))
    assert (wide.request.quorum, narrow.request.quorum) == (2, 1)
    agreed(deps.redis, paused=True)
    resumed = asked(call(deps, "change_schedule", "call_3", name="customers", action="resume"))
    assert (resumed.request.quorum, resumed.request.on_behalf_of) == (2, "UMINA")
    assert [plan.estimates[0].rows for plan in judged] == [1_000, 500, 1_000]


def test_a_yes_to_a_card_about_an_older_schedule_of_that_name_changes_nothing(
    deps: AnalystDeps,
) -> None:
    agreed(deps.redis)
    stale = asked(call(deps, "change_schedule", name="customers", action="delete"))
    newer = agreed(deps.redis, cron="0 7 * * *", agreed="T1-2")
    click = Click(user="UJUNHO", verdict="approve", digest=stale.request.digest)
    assert decide(deps.redis, stale, click, may_decide=True) == "changed"
    assert load_schedule(deps.redis, "T1", "customers") == newer
    fresh = asked(call(deps, "change_schedule", "call_2", name="customers", action="delete"))
    assert fresh.request.replaces == stale.id
    say_yes(deps.redis, fresh)
    assert list_schedules(deps.redis, "T1") == []


# change_schedule


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_a_pause_and_a_resume_take_a_yes_and_no_look_at_oracle(
    deps: AnalystDeps, planner: Any, action: str
) -> None:
    schedule = agreed(deps.redis, paused=action == "resume")
    approval = asked(call(deps, "change_schedule", name="customers", action=action))
    assert planner.asked == []
    assert load_schedule(deps.redis, "T1", "customers") == schedule
    say_yes(deps.redis, approval)
    saved = load_schedule(deps.redis, "T1", "customers")
    now = {"paused": action == "pause", "agreed": approval.id}
    assert saved == schedule.model_copy(update=now)


def test_a_deleted_schedule_is_gone_after_the_yes(deps: AnalystDeps) -> None:
    agreed(deps.redis)
    approval = asked(call(deps, "change_schedule", name="customers", action="delete"))
    assert [str(table.ref) for table in approval.request.plan.tables] == ["SHOP.CUSTOMERS"]
    say_yes(deps.redis, approval)
    assert list_schedules(deps.redis, "T1") == []


def test_what_is_paused_already_needs_no_card(deps: AnalystDeps) -> None:
    agreed(deps.redis, paused=True)
    result = call(deps, "change_schedule", name="customers", action="pause")
    assert (data(result)["status"], result.approval) == ("already_paused", None)


def test_a_schedule_nobody_knows_is_answered_with_those_there_are(make_deps: MakeDeps) -> None:
    deps = make_deps(schedule_status=lambda: SchedulerStatus(True, (CONFIGURED,)))
    agreed(deps.redis)
    unknown = call(deps, "change_schedule", name="weekly", action="pause")
    assert data(unknown)["error"] == "There is no schedule weekly. There is: customers."
    configured = call(deps, "change_schedule", name="nightly", action="pause")
    assert data(configured)["code"] == "schedule_is_configured"
