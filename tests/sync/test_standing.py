from datetime import date
from typing import Any

import pytest

from sync.plan import Estimate, Plan, TableRef
from sync.standing import (
    ScheduleChange,
    StandingSchedule,
    free_name,
    has_passed,
    named_plan,
    outside,
    row_limits,
    schedule_problem,
    shape_of,
)
from tests.sync.state_parts import ORDERS, THREAD, USERS, plan_of

TODAY = date(2026, 11, 22)
CUSTOMERS = TableRef(source="main", schema_name="SHOP", table="CUSTOMERS")


def planned(*refs: TableRef, rows: int | None = 150) -> Plan:
    plan = plan_of(*refs)
    one = Estimate(rows=rows, bytes=None, analyzed_at=None, current_rows=None)
    return plan.model_copy(update={"estimates": (one,) * len(plan.tables)})


def agreed(**changes: Any) -> StandingSchedule:
    parts: dict[str, Any] = {
        "name": "users",
        "tables": (USERS,),
        "cron": "0 6 * * *",
        "timezone": "Asia/Seoul",
        "thread": THREAD,
        "owner": "U1",
        "max_rows": (200,),
        "shapes": (shape_of(plan_of(USERS).tables[0]),),
        "until": "2026-12-31",
    }
    return StandingSchedule.model_validate({**parts, **changes})


def reasons(schedule: StandingSchedule, plan: Plan, seen: Plan | None = None) -> list[str]:
    return [one.reason for one in outside(schedule, plan, TODAY, seen)]


def test_a_run_within_tables_rows_columns_and_days_is_covered_by_the_one_yes() -> None:
    assert outside(agreed(), planned(USERS), TODAY) == ()
    assert outside(agreed(), planned(USERS, rows=200), date(2026, 12, 31)) == ()


def test_more_rows_than_agreed_are_outside_and_both_numbers_are_named() -> None:
    [found] = outside(agreed(), planned(USERS, rows=201), TODAY)
    assert (found.reason, found.table, found.rows, found.limit) == ("rows", "SHOP.USERS", 201, 200)


def test_unknown_rows_are_outside_unless_the_tables_own_ceiling_was_agreed_on() -> None:
    assert reasons(agreed(), planned(USERS, rows=None)) == ["rows_unknown"]
    assert reasons(agreed(max_rows=(1_000,)), planned(USERS, rows=None)) == []
    assert reasons(agreed(), plan_of(USERS)) == ["rows_unknown"]


def test_other_columns_are_outside_until_a_person_has_said_yes_to_them() -> None:
    plan = planned(USERS)
    table = plan.tables[0]
    other = table.model_copy(
        update={"columns": (table.columns[0].model_copy(update={"name": "NEW"}),)}
    )
    changed = plan.model_copy(update={"tables": (other,)})
    assert reasons(agreed(), changed) == ["columns"]
    assert reasons(agreed(), changed, seen=changed) == []
    assert reasons(agreed(), plan, seen=changed) == []
    assert reasons(agreed(shapes=()), plan) == ["columns"]


def test_another_key_and_another_mode_are_another_shape_and_another_ceiling_is_not() -> None:
    table = plan_of(USERS).tables[0]
    assert shape_of(table) != shape_of(table.model_copy(update={"key": ()}))
    assert shape_of(table) == shape_of(table.model_copy(update={"max_rows": 7}))


def test_other_tables_and_a_last_day_that_has_passed_are_outside() -> None:
    assert reasons(agreed(), planned(ORDERS)) == ["tables"]
    assert reasons(agreed(until="2026-11-21"), planned(USERS)) == ["until"]
    assert has_passed(agreed(until="2026-11-21"), TODAY)
    assert not has_passed(agreed(until="2026-11-22"), TODAY)
    assert not has_passed(agreed(until=None), TODAY)


def test_a_change_stores_the_schedule_as_it_is_afterwards_or_nothing() -> None:
    stored = ScheduleChange(action="pause", schedule=agreed(paused=True)).stored()
    assert StandingSchedule.model_validate_json(stored) == agreed(paused=True)
    assert ScheduleChange(action="delete", schedule=agreed()).stored() == ""


def test_the_plan_of_a_change_names_the_tables_and_their_limits() -> None:
    plan = named_plan(agreed(tables=(USERS, ORDERS), max_rows=(1, 2)))
    assert [(table.ref, table.max_rows) for table in plan.tables] == [(USERS, 1), (ORDERS, 2)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "the name must be"),
        ({"name": "-a"}, "the name must be"),
        ({"name": "a b"}, "the name must be"),
        ({"name": "a_b"}, "the name must be"),
        ({"name": "<!channel>"}, "the name must be"),
        ({"name": "a" * 41}, "the name must be"),
        ({"cron": ""}, "needs a cron line"),
        ({"cron": "*/5 * * * *"}, "at least 15 min"),
        ({"timezone": "Asia/Soul"}, "not a name of the tz database"),
        ({"cron": "", "after": (ORDERS,), "timezone": "?"}, "not a name of the tz database"),
        ({"until": "2026-11-21"}, "still to come"),
        ({"until": "tomorrow"}, "still to come"),
        ({"until": "20271231"}, "still to come"),
        ({"max_rows": (0,)}, "max_rows must be at least 1"),
        ({"after": (USERS,)}, "due after its own tables"),
    ],
)
def test_what_cannot_be_a_schedule_is_refused_in_plain_words(
    changes: dict[str, Any], words: str
) -> None:
    problem = schedule_problem(agreed(**changes), [], TODAY)
    assert problem is not None
    assert words in problem


def test_schedules_that_would_start_each_other_for_ever_are_refused() -> None:
    one = agreed(name="one", tables=(ORDERS,), max_rows=(1,), cron="", after=(USERS,))
    two = agreed(name="two", tables=(CUSTOMERS,), max_rows=(1,), cron="", after=(ORDERS,))
    closing = agreed(cron="", after=(CUSTOMERS,))
    assert schedule_problem(two, [one], TODAY) is None
    assert "for ever" in (schedule_problem(closing, [two, one], TODAY) or "")
    assert schedule_problem(closing, [one], TODAY) is None


@pytest.mark.parametrize("name", ["고객-매일", "users", "a", "7", "a" * 40])
def test_names_in_any_letters_are_fine(name: str) -> None:
    assert schedule_problem(agreed(name=name), [], TODAY) is None


def test_a_name_that_is_taken_is_refused() -> None:
    assert "already" in (schedule_problem(agreed(), [agreed()], TODAY) or "")
    assert "already" in (schedule_problem(agreed(), [], TODAY, taken=["users"]) or "")


def test_the_agreed_rows_are_never_more_than_the_tables_own_ceiling() -> None:
    plan = plan_of(USERS, ORDERS, max_rows=1_000)
    assert row_limits(plan, None) == (1_000, 1_000)
    assert row_limits(plan, 200) == (200, 200)
    assert row_limits(plan, 5_000) == (1_000, 1_000)


def test_two_hundred_schedules_of_a_team_are_enough() -> None:
    others = [agreed(name=f"s{number}") for number in range(200)]
    assert "200" in (schedule_problem(agreed(), others, TODAY) or "")


def test_a_name_nobody_has_is_made_of_the_first_table() -> None:
    items = TableRef(source="main", schema_name="SHOP", table="ORDER_ITEMS")
    assert free_name([USERS, ORDERS], []) == "users"
    assert free_name([items], ["order-items", "order-items-2"]) == "order-items-3"
    assert free_name([items.model_copy(update={"table": "$$"})], []) == "schedule"


def test_what_nobody_asked_for_is_not_written_so_cards_shown_before_keep_their_digest() -> None:
    written = agreed().model_dump()
    assert "only_if_changed" not in written
    assert StandingSchedule.model_validate(written) == agreed()
    wished = agreed(only_if_changed=True)
    assert StandingSchedule.model_validate_json(wished.model_dump_json()) == wished
