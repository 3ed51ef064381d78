"""bot.toml's rules: what needs whose yes."""

from typing import Any

import pytest

from app.bot_config import BotConfig, check_bot_config
from app.policy import is_covered, judge, judge_request, may_decide, people
from sync.plan import Plan, Wish
from sync.standing import Action, ScheduleChange, StandingSchedule
from tests.app.parts import approval, plan, request

ALICE, JUNHO, MINJI, ADMIN, LEADS = "U0ALICE", "U0JUNHO", "U0MINJI", "U0ADMIN", "S0LEADS"


def config(*rules: dict[str, Any], **approvals: Any) -> BotConfig:
    return check_bot_config(
        {
            "source": [{"name": "main"}],
            "table": [
                {"name": "SHOP.ORDERS"},
                {"name": "SHOP.USERS", "owners": [ALICE]},
                {"name": "HR.SALARIES"},
            ],
            "admins": [ADMIN],
            "approvals": {"approvers": [JUNHO], **approvals},
            "rule": list(rules),
        },
        "bot.toml",
    )


def no_group(_: str) -> frozenset[str]:
    return frozenset()


def leads(group: str) -> frozenset[str]:
    return frozenset({MINJI, ALICE}) if group == LEADS else frozenset()


def two(*, rows: int | None) -> Plan:
    """A plan of a small and a sensitive table."""
    both = plan("ORDERS", rows=rows).tables + plan("SALARIES", schema="HR").tables
    return Plan(tables=both, estimates=plan("A", "B", rows=rows).estimates)


def test_without_a_rule_the_approvers_admins_and_owners_are_asked_one_of_them() -> None:
    found = judge(config(), plan("USERS"))
    assert (found.effect, found.quorum, found.rules) == ("ask", 1, ())
    assert found.approvers == {JUNHO, ADMIN, ALICE}
    assert judge(config(), plan("ORDERS", "USERS")).approvers == {JUNHO, ADMIN}


def test_the_first_rule_that_fits_counts() -> None:
    small = {"name": "small", "up_to_rows": 10_000, "decision": "auto"}
    private = {"name": "private", "tables": ["HR.*"], "decision": "refuse", "why": "never leaves"}
    ruled = config(private, small)
    assert judge(ruled, plan("ORDERS", rows=10_000)).effect == "auto"
    assert judge(ruled, plan("ORDERS", rows=10_001)).effect == "ask"
    refused = judge(ruled, plan("SALARIES", schema="HR", rows=5))
    assert (refused.effect, refused.rules, refused.why) == ("refuse", ("private",), "never leaves")


def test_a_rule_may_be_about_one_way_of_copying_alone() -> None:
    ruled = config({"name": "small steps", "modes": ["incremental"], "decision": "auto"})
    whole = plan("ORDERS")
    step = whole.tables[0].model_copy(update={"mode": "incremental"})
    assert judge(ruled, whole).effect == "ask"
    assert judge(ruled, whole.model_copy(update={"tables": (step,)})).effect == "auto"


def test_other_columns_than_the_copy_has_are_asked_about_unless_bot_toml_lets_them_follow() -> None:
    changed = plan("ORDERS")
    estimate = changed.estimates[0].model_copy(update={"columns_changed": True})
    changed = changed.model_copy(update={"estimates": (estimate,)})
    ruled = config({"name": "small", "decision": "auto"})
    assert judge(ruled, plan("ORDERS")).effect == "auto"
    assert judge(ruled, changed).effect == "ask"
    content = ruled.model_dump(mode="json")
    content["table"][0]["drift"] = "evolve"
    assert judge(check_bot_config(content, "bot.toml"), changed).effect == "auto"


def test_what_somebody_wishes_for_in_part_is_a_persons_to_allow() -> None:
    whole = plan("ORDERS", rows=5)
    table = whole.tables[0]
    ruled = config({"name": "small", "decision": "auto"})
    for changes in ({"trial_rows": 5}, {"columns": ("ID",)}, {"since": "1"}):
        wish = Wish(ref=table.ref).model_copy(update=changes)
        part = table.model_copy(update={"wish": wish, "mode": "incremental"})
        assert judge(ruled, whole.model_copy(update={"tables": (part,)})).effect == "ask"


def test_a_range_read_again_counts_as_a_full_copy() -> None:
    whole = plan("ORDERS")
    wish = Wish(ref=whole.tables[0].ref, since="0001-01-01")
    again = whole.tables[0].model_copy(update={"wish": wish, "mode": "incremental"})
    ruled = config({"name": "never all", "modes": ["full"], "decision": "refuse"})
    assert judge(ruled, whole.model_copy(update={"tables": (again,)})).effect == "refuse"


def test_a_table_of_unknown_size_is_never_small() -> None:
    ruled = config({"name": "small", "up_to_rows": 10_000, "decision": "auto"})
    assert judge(ruled, plan("ORDERS", rows=None)).effect == "ask"
    large = config({"name": "large", "above_rows": 10_000, "quorum": 2})
    assert judge(large, plan("ORDERS", rows=None)).quorum == 2
    assert judge(large, plan("ORDERS", rows=10_000)).quorum == 1


def test_of_several_tables_the_strictest_counts_and_only_who_may_all_may_decide() -> None:
    ruled = config(
        {"name": "hr", "tables": ["HR.*"], "approvers": [JUNHO, MINJI], "quorum": 2},
        {"name": "rest", "decision": "auto"},
    )
    found = judge(ruled, two(rows=5))
    assert (found.effect, found.quorum, found.rules) == ("ask", 2, ("rest", "hr"))
    assert found.approvers == {JUNHO, MINJI}
    apart = config(
        {"name": "hr", "tables": ["HR.*"], "approvers": [MINJI]},
        {"name": "shop", "tables": ["main.SHOP.*"], "approvers": [ALICE]},
    )
    assert judge(apart, two(rows=5)).approvers == frozenset()


@pytest.mark.parametrize(("rows", "quorum"), [(5_000, 1), (5_001, 2), (None, 2)])
def test_large_copies_need_two_people_where_bot_toml_says_so(rows: int | None, quorum: int) -> None:
    assert judge(config(two_above_rows=5_000), plan("ORDERS", rows=rows)).quorum == quorum


@pytest.mark.parametrize(
    ("user", "verdict", "refusal"),
    [
        (MINJI, "approve", None),
        (ALICE, "approve", None),
        (JUNHO, "approve", "click.not_allowed"),
        (JUNHO, "reject", "click.not_allowed"),
        (MINJI, "reject", None),
        (JUNHO, "withdraw", "click.not_allowed"),
    ],
)
def test_a_user_group_stands_for_its_members(user: str, verdict: Any, refusal: str | None) -> None:
    judgement = judge(config({"name": "leads", "approvers": [LEADS]}), plan("ORDERS"))
    asked = approval(request(plan("ORDERS"), by="U0EVE"))
    assert people(judgement.approvers, leads) == {MINJI, ALICE}
    assert may_decide(judgement, leads, asked, user, verdict) == refusal


def test_who_asked_may_withdraw_and_approves_their_own_only_where_that_is_allowed() -> None:
    asked = approval(request(plan("ORDERS"), by=JUNHO))
    for allowed, refusal in ((True, None), (False, "click.not_self")):
        judgement = judge(config(self_approval=allowed), plan("ORDERS"))
        assert may_decide(judgement, no_group, asked, JUNHO, "withdraw") is None
        assert may_decide(judgement, no_group, asked, JUNHO, "reject") is None
        assert may_decide(judgement, no_group, asked, JUNHO, "approve") == refusal
    strict = config({"name": "strict", "self_approval": False}, self_approval=True)
    judgement = judge(strict, plan("ORDERS"))
    assert may_decide(judgement, no_group, asked, JUNHO, "approve") == "click.not_self"


def test_what_a_rule_refuses_nobody_approves_also_on_a_card_from_before_the_rule() -> None:
    ruled = config({"name": "private", "tables": ["SHOP.ORDERS"], "decision": "refuse"})
    asked = approval(request(plan("ORDERS"), by=MINJI))
    for user in (JUNHO, ADMIN, MINJI):
        judgement = judge(ruled, plan("ORDERS"))
        assert may_decide(judgement, no_group, asked, user, "approve") == "click.refused_by_rule"


def test_where_nobody_may_decide_it_is_said() -> None:
    empty = check_bot_config(
        {"source": [{"name": "main"}], "table": [{"name": "SHOP.ORDERS"}]}, "bot.toml"
    )
    asked = approval(request(plan("ORDERS"), by=MINJI))
    judgement = judge(empty, plan("ORDERS"))
    assert may_decide(judgement, no_group, asked, JUNHO, "approve") == "click.nobody"


def about(action: Action, table: str = "ORDERS") -> Any:
    """A request to change a schedule of a table, of at most 5,000 rows a run."""
    what = plan(table, rows=10)
    schedule = StandingSchedule(
        name="orders",
        tables=(what.tables[0].ref,),
        cron="0 6 * * *",
        timezone="UTC",
        thread="T1:C1:1.1",
        owner=MINJI,
        max_rows=(5_000,),
    )
    change = ScheduleChange(action=action, schedule=schedule)
    return request(what, by=MINJI).model_copy(update={"change": change})


@pytest.mark.parametrize("action", ["create", "resume"])
def test_a_schedule_is_judged_by_the_largest_run_it_allows(action: Action) -> None:
    strict = config(two_above_rows=4_000)
    assert judge(strict, plan("ORDERS", rows=10)).quorum == 1
    assert judge_request(strict, about(action)).quorum == 2
    refusing = config({"name": "large", "above_rows": 4_000, "decision": "refuse"})
    assert judge_request(refusing, about(action)).effect == "refuse"


@pytest.mark.parametrize("action", ["pause", "delete"])
@pytest.mark.parametrize("table", ["ORDERS", "GONE"])
def test_stopping_a_schedule_takes_one_yes_whatever_the_rules_are(
    action: Action, table: str
) -> None:
    strict = config({"name": "none", "decision": "refuse"}, two_above_rows=1)
    wish = about(action, table)
    found = judge_request(strict, wish)
    assert (found.effect, found.quorum) == ("ask", 1)
    assert may_decide(found, no_group, approval(wish), JUNHO, "approve") is None


def test_what_runs_without_a_yes_stops_at_the_rows_of_its_rule() -> None:
    ruled = config({"name": "small", "up_to_rows": 800, "decision": "auto"})
    assert judge(ruled, plan("ORDERS", "USERS", rows=5)).max_rows == (800, 800)
    assert judge(ruled, plan("ORDERS", rows=801)).max_rows == ()


def test_who_a_schedule_acts_for_may_not_approve_its_run_alone() -> None:
    wish = request(plan("ORDERS"), by="schedule:orders").model_copy(update={"on_behalf_of": JUNHO})
    for allowed, refusal in ((True, None), (False, "click.not_self")):
        judgement = judge(config(self_approval=allowed), plan("ORDERS"))
        assert may_decide(judgement, no_group, approval(wish), JUNHO, "approve") == refusal
        assert is_covered(judgement, no_group, [JUNHO], JUNHO) == allowed
        assert is_covered(judgement, no_group, [JUNHO, ADMIN], JUNHO)
