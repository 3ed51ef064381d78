"""Verified answers after a publish: what does not hold any more is told once, and not used."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from agent.glossary import Example, Glossary
from app.access import see_whole
from app.bot_config import check_bot_config
from app.broken_answers import Told, broken, note_broken, usable
from app.settings import SlackSettings
from app.slack_gateway import SlackAway, make_client
from app.verified_answers import AnswerDesk, holds, note_answers_due, rerun_verified
from sandbox.slack.server import SlackStandIn, start_slack
from sandbox.slack.values import dm_id
from sync.runs import Run, RunState
from sync.warehouse.manifest import publish
from sync.warehouse.query_process import (
    Cell,
    QueryLimits,
    QueryResult,
    ResultColumn,
)
from tests.app.parts import plan, receipt, request, run
from tests.asking import AskedAt
from tests.sync.state_parts import inbox_of
from tests.sync.tables import place_rows, table_plan

OPS = "C0SALES"
QUESTION = "몇 개나 <남았나>?"
GLOSSARY = Glossary(
    example=(
        Example(question=QUESTION, sql="SELECT sum(QTY) FROM SHOP.STOCK", verified=True),
        Example(question="다른 질문", sql="SELECT nope FROM SHOP.STOCK"),
        Example(question="사람은?", sql="SELECT count(*) FROM USERS", verified=True),
    )
)

Stock = Callable[..., None]


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with start_slack() as running:
        yield running


@pytest.fixture
def desk(redis: Redis, slack: SlackStandIn, tmp_path: Path, asked_at: AskedAt) -> AnswerDesk:
    settings = {"bot_token": slack.bot_token, "app_token": "xapp-1", "api_url": slack.api_url}
    queries = asked_at(tmp_path, QueryLimits())
    return AnswerDesk(
        redis=redis,
        slack=make_client(SlackSettings.model_validate(settings)),
        team="T1",
        config=bot(alerts={"channel": OPS}),
        glossary=GLOSSARY,
        run=lambda sql, refs: queries.run_sql(sql, refs, see_whole),
    )


@pytest.fixture
def stock(tmp_path: Path) -> Stock:
    def publish_(fence: int, *quantities: int | None, column: str = "QTY") -> None:
        plan = table_plan([(column, "NUMBER(6)")], table="STOCK")
        rows = [(quantity,) for quantity in quantities]
        publish(tmp_path, [place_rows(tmp_path, plan, rows, fence)])

    return publish_


def bot(**changes: Any) -> Any:
    tables = [{"name": "SHOP.STOCK", "owners": ["U0MINJI"]}, {"name": "SHOP.USERS"}]
    parts = {"language": "en", "source": [{"name": "main"}], "table": tables, **changes}
    return check_bot_config(parts, "bot.toml")


def published(*tables: str) -> Run:
    wish = request(plan(*tables))
    return run(wish, RunState.PUBLISHED, receipt=receipt(wish.plan))


def told(slack: SlackStandIn, channel: str = OPS) -> list[str]:
    return [message.text for message in slack.messages(channel)]


def test_an_answer_that_holds_is_told_nobody(
    desk: AnswerDesk, slack: SlackStandIn, stock: Stock
) -> None:
    stock(1, 3, 4)
    rerun_verified(desk, published("STOCK"))
    assert told(slack) == []
    assert usable(desk.redis, GLOSSARY) == GLOSSARY


def test_one_that_binds_no_more_is_told_once_and_not_used_until_it_holds_again(
    desk: AnswerDesk, slack: SlackStandIn, stock: Stock
) -> None:
    stock(1, 3, column="AMOUNT")
    for _ in range(2):
        rerun_verified(desk, published("STOCK"))
    [said] = told(slack)
    assert 'is not used until it does: "몇 개나 &lt;남았나&gt;?"' in said
    assert "Nearest, of the tables it names: AMOUNT." in said
    assert QUESTION not in [one.question for one in usable(desk.redis, GLOSSARY).example]
    stock(2, 5)
    rerun_verified(desk, published("STOCK"))
    head, mended = slack.messages(OPS)
    assert "holds again" in mended.text
    assert mended.thread_ts == head.ts
    assert usable(desk.redis, GLOSSARY) == GLOSSARY


def test_whoever_slack_could_not_tell_is_told_later_and_nobody_twice(
    desk: AnswerDesk, slack: SlackStandIn, stock: Stock
) -> None:
    stock(1, 3, column="AMOUNT")
    slack.faults.refuse("chat.postMessage", "internal_error")
    with pytest.raises(SlackAway):
        rerun_verified(desk, published("STOCK"))
    rerun_verified(desk, published("STOCK"))
    assert len(told(slack)) == 1
    note_broken(desk.redis, QUESTION, Told(messages=((OPS, "1.1"),), untold=("U0MINJI",)))
    rerun_verified(desk, published("STOCK"))
    assert (len(told(slack)), len(told(slack, dm_id("U0MINJI")))) == (1, 1)


def test_one_that_gives_nothing_any_more_is_broken_and_its_owners_are_told_without_a_channel(
    desk: AnswerDesk, slack: SlackStandIn, stock: Stock
) -> None:
    stock(1, None)
    without = replace(desk, config=bot(admins=["U0JUNHO"]))
    rerun_verified(without, published("STOCK"))
    for user in ("U0MINJI", "U0JUNHO"):
        [said] = told(slack, dm_id(user))
        assert "`rows &gt; 0` was expected" in said


def test_one_whose_other_table_is_not_copied_yet_is_not_called_broken(
    desk: AnswerDesk, slack: SlackStandIn
) -> None:
    rerun_verified(desk, published("USERS"))
    assert told(slack) == []
    assert broken(desk.redis) == frozenset()


def test_what_the_glossary_has_no_more_is_forgotten(
    desk: AnswerDesk, slack: SlackStandIn, stock: Stock
) -> None:
    stock(1, None)
    rerun_verified(desk, published("STOCK"))
    assert broken(desk.redis) == {QUESTION}
    rerun_verified(replace(desk, glossary=Glossary()), published("STOCK"))
    assert broken(desk.redis) == frozenset()
    assert len(told(slack)) == 1


def test_a_publish_has_its_answers_run_once_and_only_where_there_are_any(redis: Redis) -> None:
    for _ in range(2):
        note_answers_due(redis, "T1", GLOSSARY, published("STOCK"))
    assert [(one["kind"], one["body"]) for one in inbox_of(redis)] == [
        ("answers_due", json.dumps({"run": published("STOCK").id}))
    ]
    assert not note_answers_due(redis, "T1", GLOSSARY, published("ORDERS"))
    failed = run(request(plan("USERS")), RunState.FAILED)
    assert not note_answers_due(redis, "T1", GLOSSARY, failed)


@pytest.mark.parametrize(
    ("expect", "rows", "truncated", "is_so"),
    [
        ("rows > 0", [(1,)], False, True),
        ("rows > 0", [], False, False),
        ("rows = 1", [(None,)], False, False),
        ("rows = 1", [(1,), (2,)], False, False),
        ("rows >= 2", [(1,), (None,)], False, False),
        ("rows > 60", [(1,)], True, True),
        ("rows <= 1", [(1,)], True, False),
    ],
)
def test_what_is_expected_of_rows(
    expect: str,
    rows: list[tuple[Cell, ...]],
    truncated: bool,  # noqa: FBT001 -- by parametrize
    is_so: bool,  # noqa: FBT001
) -> None:
    example = Example(question="q", sql="s", expect=expect)
    columns = (ResultColumn(name="n", type="BIGINT"),)
    result = QueryResult(columns=columns, rows=tuple(rows), truncated=truncated, basis=())
    assert holds(example, result) is is_so
