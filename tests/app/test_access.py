"""Who sees what of which table: bot.toml's access rules, judged for one asker."""

import tomllib
from typing import Any

import pytest

from app.access import Asker, seen_by, split
from app.bot_config import BotConfig, check_bot_config
from app.settings import SettingsError
from sync.access_errors import (
    ChannelShared,
    ChannelUnknown,
    GroupUnknown,
    MaskKeyMissing,
    NotAllowed,
    TableHidden,
)
from sync.filters import Filter
from sync.plan import TableRef
from sync.warehouse.exposure import WHOLE, Exposure

EMPLOYEES = TableRef(source="main", schema_name="HR", table="EMPLOYEES")
SALARIES = TableRef(source="main", schema_name="HR", table="SALARIES")
ORDERS = TableRef(source="main", schema_name="SHOP", table="ORDERS")
ALICE, EVE, JUNHO = "U0ALICE", "U0EVE", "U0JUNHO"
GENERAL, HR_ROOM, DM = "C0GENERAL", "C0HR", "D0ALICE"
KEY = "k" * 32
OFFERED = """
[[source]]
name = "main"
[[table]]
name = "HR.EMPLOYEES"
[[table]]
name = "HR.SALARIES"
[[table]]
name = "SHOP.ORDERS"
"""
PAYROLL = """
[roles]
hr = ["U0ALICE", "S0HR"]

[[access]]
name = "payroll"
tables = ["HR.*"]
allow = ["hr", "C0HR"]
why = "Ask the HR team."

[[access]]
name = "phone book"
tables = ["HR.EMPLOYEES"]
allow = ["*"]
columns = { PHONE = "last4", EMAIL = "hash", BIRTH = "null", SALARY = "hidden" }
rows = [{ column = "ACTIVE", op = "=", values = ["Y"] }]
"""


def config(text: str = PAYROLL) -> BotConfig:
    return check_bot_config(tomllib.loads(OFFERED + text), "bot.toml")


def members(group: str) -> frozenset[str] | None:
    return {"S0HR": frozenset({JUNHO}), "S0AWAY": None}.get(group, frozenset())


def see(user: str, channel: str, ref: TableRef, text: str = PAYROLL, **asker: Any) -> Exposure:
    return seen_by(config(text), Asker(user, channel, **asker), members, KEY)(ref)


def test_a_table_no_rule_is_about_is_seen_whole_by_everybody() -> None:
    assert see(EVE, GENERAL, ORDERS) == WHOLE
    assert see(EVE, GENERAL, SALARIES, text="") == WHOLE


def test_a_table_with_a_rule_is_seen_only_by_whom_a_rule_lets_in() -> None:
    with pytest.raises(TableHidden) as raised:
        see(EVE, GENERAL, SALARIES)
    assert raised.value.params == {
        "table": "HR.SALARIES",
        "rule": "payroll",
        "why": "Ask the HR team.",
    }
    assert see(ALICE, DM, SALARIES).is_partial is False


def test_the_members_of_a_user_group_are_let_in() -> None:
    assert see(JUNHO, DM, SALARIES).rule == "payroll"


def test_whoever_asks_in_a_channel_that_is_let_in_sees_it_and_the_answer_is_for_all_there() -> None:
    found = see(EVE, HR_ROOM, SALARIES)
    assert (found.rule, found.private) == ("payroll", False)


def test_who_is_let_in_personally_is_answered_alone_where_others_read() -> None:
    assert see(ALICE, GENERAL, SALARIES).private is True
    assert see(JUNHO, GENERAL, SALARIES).private is True
    assert see(ALICE, DM, SALARIES).private is False
    assert see(ALICE, HR_ROOM, SALARIES).private is False


def test_the_first_rule_that_lets_somebody_in_says_what_they_see() -> None:
    assert see(ALICE, DM, EMPLOYEES).is_partial is False
    assert see(EVE, GENERAL, EMPLOYEES) == Exposure(
        hidden={"SALARY": "phone book"},
        masks={"PHONE": "last4", "EMAIL": "hash", "BIRTH": "null"},
        where=(Filter(column="ACTIVE", op="=", values=("Y",)),),
        key=KEY,
        rule="phone book",
    )


def test_a_rule_can_name_one_source_of_several() -> None:
    text = PAYROLL.replace("HR.*", "erp.HR.*")
    assert see(EVE, GENERAL, SALARIES, text) == WHOLE
    with pytest.raises(TableHidden):
        see(EVE, GENERAL, SALARIES, PAYROLL.replace("HR.*", "main.HR.*"))


def test_a_channel_shared_with_another_organisation_is_shown_nothing_unless_a_rule_names_it() -> (
    None
):
    for table in (ORDERS, EMPLOYEES, SALARIES):
        with pytest.raises(ChannelShared, match=str(table)):
            see(ALICE, GENERAL, table, is_shared=True)
    assert see(EVE, HR_ROOM, SALARIES, is_shared=True).rule == "payroll"
    with pytest.raises(ChannelShared):
        see(EVE, HR_ROOM, ORDERS, is_shared=True)


def test_where_slack_does_not_say_who_reads_a_channel_tables_with_rules_are_not_shown() -> None:
    with pytest.raises(ChannelUnknown):
        see(ALICE, GENERAL, SALARIES, is_shared=None)
    assert see(ALICE, GENERAL, ORDERS, is_shared=None) == WHOLE


def test_a_group_whose_members_are_not_known_lets_nobody_in_and_is_named() -> None:
    away = """
        access = [
            {name = "leads", tables = ["HR.*"], allow = ["U0ALICE", "S0AWAY"]},
            {name = "all", tables = ["HR.*"], allow = ["*"], columns = {SALARY = "hidden"}},
        ]
    """
    text = tomllib.loads(away)
    content = {**tomllib.loads(OFFERED), **text}
    rules = check_bot_config(content, "bot.toml")
    with pytest.raises(GroupUnknown) as raised:
        seen_by(rules, Asker(EVE, GENERAL), members, KEY)(SALARIES)
    assert (raised.value.params["rule"], raised.value.params["group"]) == ("leads", "S0AWAY")
    assert seen_by(rules, Asker(ALICE, DM), members, KEY)(SALARIES).rule == "leads"


def test_nothing_is_hashed_without_a_key() -> None:
    with pytest.raises(MaskKeyMissing, match="phone book"):
        seen_by(config(), Asker(EVE, GENERAL), members, "")(EMPLOYEES)


def test_the_tables_of_somebody_are_told_from_those_hidden_and_why() -> None:
    seen, hidden = split(config().offered, seen_by(config(), Asker(EVE), members, KEY))
    assert seen == (EMPLOYEES, ORDERS)
    assert [(ref, type(why)) for ref, why in hidden.items()] == [(SALARIES, TableHidden)]
    assert issubclass(TableHidden, NotAllowed)


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ('tables = ["HR.*"]', "allow"),
        ('tables = ["HR.*"]\nallow = []', "allow"),
        ('tables = []\nallow = ["*"]', "tables"),
        ('tables = ["HR.*"]\nallow = ["hr"]', "'hr'"),
        ('tables = ["HR.*"]\nallow = ["@alice"]', "'@alice'"),
        ('tables = ["HR.*"]\nallow = ["*"]\ncolumns = { PHONE = "first4" }', "columns.PHONE"),
        ('tables = ["HR.*"]\nallow = ["*"]\nrows = [{ column = "A", op = "~" }]', "rows.0.op"),
    ],
)
def test_a_rule_that_says_nothing_or_something_unknown_is_told(rule: str, problem: str) -> None:
    with pytest.raises(SettingsError) as raised:
        config(f'[[access]]\nname = "payroll"\n{rule}')
    assert problem in str(raised.value)


def test_two_rules_of_one_name_and_roles_that_are_no_slack_ids_are_told() -> None:
    with pytest.raises(SettingsError, match="payroll is listed twice"):
        config(PAYROLL.replace("phone book", "payroll"))
    with pytest.raises(SettingsError, match="roles"):
        config(PAYROLL.replace('"U0ALICE"', '"alice@example.com"'))
