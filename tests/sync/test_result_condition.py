"""A result condition: a figure compared exactly, and looked at once a publish."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pydantic import ValidationError
from redis import Redis

from sync.plan import TableRef
from sync.result_condition import (
    ResultCondition,
    channel_id,
    condition_problem,
    holds,
    note_published,
)
from tests.sync.state_parts import inbox_of
from tests.sync.tables import table_plan

pytest_plugins = ["tests.sync.state_fixtures"]

STOCK = table_plan([("ITEM", "VARCHAR2(20)"), ("QTY", "NUMBER(20,2)")], table="STOCK")


def condition(**changes: Any) -> ResultCondition:
    parts: dict[str, Any] = {"table": STOCK.ref, "channel": "C0OPS"}
    return ResultCondition.model_validate({**parts, **changes})


@pytest.mark.parametrize(
    ("op", "value", "figure", "expected"),
    [
        (">", "0", 3, True),
        (">", "0", 0, False),
        ("<", "10", "9.99", True),
        ("<", "10", "10.00", False),
        ("<=", "10", "10.00", True),
        ("=", "12345678901234567890.01", "12345678901234567890.01", True),
        ("=", "12345678901234567890.01", "12345678901234567890.02", False),
        ("!=", "1", 1, False),
        (">=", "0.1", 0.1, True),
        ("<", "10", None, False),
        ("<", "10", "NaN", False),
        ("<", "10", "-inf", False),
    ],
)
def test_a_figure_is_compared_to_its_last_digit_and_no_figure_is_as_nothing(
    op: str, value: str, figure: Any, expected: Any
) -> None:
    assert holds(condition(op=op, value=value), figure) is expected


@pytest.mark.parametrize("value", ["ten", "NaN", "1e99", "", "9" * 41])
def test_what_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(ValidationError, match="is not a number"):
        condition(value=value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, None),
        ({"where": [{"column": "qty", "op": "<", "value": 10}]}, None),
        ({"function": "sum", "column": "QTY"}, None),
        ({"function": "max", "column": "ITEM"}, "ITEM is VARCHAR2(20), no number"),
        ({"function": "sum"}, "sum needs a column"),
        ({"where": [{"column": "STOCK", "op": "<", "value": 10}]}, "QTY, ITEM"),
        ({"where": [{"column": "QTY", "op": "<", "value": "few"}]}, "it is not a number"),
        ({"where": [{"column": "QTY", "op": "is_null"}] * 11}, "more than 10 filters"),
        (
            {"table": TableRef(source="main", schema_name="SHOP", table="ELSE")},
            "SHOP.ELSE, which it does not copy",
        ),
    ],
)
def test_what_cannot_be_asked_is_said_before_anybody_approves_it(
    changes: dict[str, Any], words: str | None
) -> None:
    problem = condition_problem(condition(**changes), (STOCK.ref,), STOCK)
    if words is None:
        assert problem is None
    else:
        assert problem is not None
        assert words in problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<#C024BE91L|ops>", "C024BE91L"),
        ("<#C024BE91L>", "C024BE91L"),
        (" G024BE91L ", "G024BE91L"),
        ("#ops", None),
        ("<!channel>", None),
        ("<@U0MINJI>", None),
    ],
)
def test_a_channel_is_known_by_its_id_alone(text: str, expected: str | None) -> None:
    assert channel_id(text) == expected


def look(redis: Redis, fence: int, agreed: str = "T1-1") -> bool:
    body = {"team": "T1", "schedule": "stock", "agreed": agreed}
    return note_published(
        redis, "progress", agreed, fence=fence, claim="schedule:T1:stock", body=body
    )


def due(redis: Redis) -> list[str]:
    return [one["body"] for one in inbox_of(redis) if one["kind"] == "condition_due"]


def test_the_first_look_only_notes_and_each_later_publish_is_due_once(state: Redis) -> None:
    assert [look(state, fence) for fence in (3, 3, 4, 4, 6)] == [False, False, True, False, True]
    assert len(due(state)) == 2
    assert '"fence": "6"' in due(state)[1]


def test_who_looks_with_an_older_manifest_brings_nothing_back(state: Redis) -> None:
    assert [look(state, fence) for fence in (0, 5, 4, 5)] == [False, True, False, False]


def test_another_agreement_begins_anew(state: Redis) -> None:
    look(state, 1)
    assert look(state, 2, agreed="T1-2") is False


def test_any_number_of_processes_lead_to_one_look_a_publish(state: Redis) -> None:
    look(state, 1)

    def look_at(fence: int) -> bool:
        return look(state, fence)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(look_at, [2, 3] * 20))
    fences = sorted(json.loads(body)["fence"] for body in due(state))
    assert fences in (["2", "3"], ["3"])
    assert sum(found) == len(fences)
