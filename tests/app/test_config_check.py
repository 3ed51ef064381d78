"""botctl config check: faults, differences to what runs, and the file against Oracle's catalog."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import redis

from app.bot_config import BotConfig, check_bot_config
from app.config_diff import (
    MOST_NOTED,
    config_changes,
    next_times,
    normalised,
    note_config,
    noted_configs,
)
from sandbox.oracle.process import OracleStandIn, SmallTable, start_oracle
from sandbox.redis import RedisStandIn, start_redis
from sync.state import connect_state
from tests.botctl import call_botctl

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 1, 0, 0, tzinfo=UTC)
NOT_THERE = {"REDIS_URL": "redis://127.0.0.1:1/0"}
TABLES = (
    SmallTable("ORDERS", [("ORDER_ID", "NUMBER(10)"), ("UPDATED_AT", "DATE")], key=["ORDER_ID"]),
    SmallTable("LINES", [("LINE", "NUMBER(4)")]),
    SmallTable("ODD", [("ID", "NUMBER(9)"), ("AT", "BFILE")]),
    SmallTable("HIDDEN", [("ID", "NUMBER(9)")]),
)
GOOD = """
[[source]]
name = "main"

[[table]]
name = "SHOP.ORDERS"
cursor = "UPDATED_AT"

[[table]]
name = "SHOP.LINES"
key = ["LINE"]

[approvals]
approvers = ["U1"]

[[schedule]]
name = "daily"
tables = ["ORDERS"]
cron = "0 6 * * *"
timezone = "Asia/Seoul"
channel = "C1"
"""


@pytest.fixture(scope="module")
def oracle() -> Iterator[OracleStandIn]:
    with start_oracle("tiger", date(2026, 3, 1), tables=TABLES) as stand_in:
        stand_in.control.execute("""INSERT INTO SYS."HIDDEN$" VALUES ('SHOP', 'HIDDEN')""")
        yield stand_in


@pytest.fixture(scope="module")
def server() -> Iterator[RedisStandIn]:
    running = start_redis()
    yield running
    running.stop()


@pytest.fixture
def client(server: RedisStandIn) -> "redis.Redis":
    client = connect_state(server.url)
    client.flushdb()
    return client


@pytest.fixture
def environ(
    oracle: OracleStandIn, server: RedisStandIn, client: "redis.Redis", tmp_path: Path
) -> dict[str, str]:
    path = tmp_path / "bot.toml"
    path.write_text(GOOD)
    return {
        "ORACLE_DSN": oracle.dsn,
        "ORACLE_USER": oracle.user,
        "ORACLE_PASSWORD": oracle.password,
        "REDIS_URL": server.url,
        "BOT_TOML": str(path),
    }


def call(environ: Mapping[str, str], *arguments: str) -> "CompletedProcess[str]":
    return call_botctl(environ, "config", "check", *arguments)


def config(**sections: Any) -> BotConfig:
    """A configuration of two tables, with *sections* in place of its own."""
    base: dict[str, Any] = {
        "source": [{"name": "main"}],
        "table": [{"name": "SHOP.ORDERS"}, {"name": "SHOP.LINES"}],
        "approvals": {"approvers": ["U1"]},
    }
    return check_bot_config({**base, **sections}, "bot.toml")


def changes(new: BotConfig, old: BotConfig | None = None) -> list[str]:
    return [change.text for change in config_changes(old or config(), new, NOW)]


# what changes


def test_the_same_configuration_changes_nothing() -> None:
    assert changes(config()) == []


def test_tables_come_go_and_change() -> None:
    orders = {
        "name": "SHOP.ORDERS",
        "max_rows": 500,
        "key": ["A", "B"],
        "cursor": "UPDATED_AT",
        "model_sees": "rows",
    }
    assert changes(config(table=[orders, {"name": "SHOP.NEW"}])) == [
        "table SHOP.LINES is no longer offered",
        "table SHOP.ORDERS: max_rows: 10,000,000 → 500",
        "table SHOP.ORDERS: key: none → A, B",
        "table SHOP.ORDERS: cursor: none → UPDATED_AT",
        "table SHOP.ORDERS: the model sees: schema → rows",
        (
            "table SHOP.NEW is offered now: max_rows 10,000,000, stale after hours 24.0, "
            "the model sees schema"
        ),
    ]


def test_a_change_for_all_tables_is_told_of_each_it_reaches() -> None:
    tables = [{"name": "SHOP.ORDERS", "model_sees": "schema"}, {"name": "SHOP.LINES"}]
    assert changes(config(model={"sees": "rows"}, table=tables)) == [
        "table SHOP.LINES: the model sees: schema → rows",
        "model.sees: schema → rows",
    ]


def test_who_gains_and_who_loses_the_right_to_decide_is_told() -> None:
    old = config(admins=["U2"], table=[{"name": "SHOP.ORDERS", "owners": ["U3", "U4"]}])
    new = config(
        admins=["U5"],
        approvals={"approvers": ["U4"]},
        table=[{"name": "SHOP.ORDERS", "owners": ["U1", "U6"]}],
    )
    people = [each.text for each in config_changes(old, new, NOW) if each.about == "people"]
    assert people == [
        "U4 becomes approver",
        "U1 is no longer approver",
        "U5 becomes admin",
        "U2 is no longer admin",
        "U1 can no longer decide about every table, only about SHOP.ORDERS",
        "U2 can no longer decide about anything",
        "U3 can no longer decide about SHOP.ORDERS",
        "U4 can now decide about every table",
        "U5 can now decide about every table",
        "U6 can now decide about SHOP.ORDERS",
    ]


def test_an_approver_who_becomes_admin_gains_nothing() -> None:
    assert changes(config(admins=["U1"], approvals={})) == [
        "U1 is no longer approver",
        "U1 becomes admin",
    ]


def test_schedules_are_told_with_their_next_times() -> None:
    daily = {"name": "daily", "tables": ["ORDERS"], "cron": "0 6 * * *", "channel": "C1"}
    weekly = {**daily, "name": "weekly", "cron": "0 6 * * 1", "timezone": "Asia/Seoul"}
    new = config(schedule=[{**daily, "cron": "30 6 * * *"}, weekly])
    assert changes(new, config(schedule=[daily, {**daily, "name": "old"}])) == [
        "schedule old goes",
        "schedule daily: cron: 0 6 * * * → 30 6 * * *; due next 2026-03-01 06:30 UTC",
        "schedule weekly is new: ORDERS; due next 2026-03-02 06:00 Asia/Seoul",
    ]
    assert next_times(new, NOW)[1] == "schedule weekly: due next 2026-03-02 06:00 Asia/Seoul"


def test_sources_limits_and_the_rest_are_told_by_field() -> None:
    new = config(
        source=[{"name": "main", "max_sessions": 2, "blackout": ["mon-fri 08:30-09:30"]}],
        limits={"turns": 2},
        language="en",
        approvals={"approvers": ["U1"], "self_approval": False},
    )
    assert changes(new) == [
        "source main: max_sessions: 4 → 2",
        "source main: blackout: none → mon-fri 08:30-09:30",
        "turns: 8 → 2",
        "language: ko → en",
        "approvals.self_approval: true → false",
    ]


# what is noted


@pytest.mark.parametrize(
    ("dsn", "kept"),
    [
        ("db.example.com:1521/ERP", "db.example.com:1521/ERP"),
        ("scott/tiger@db:1521/ERP", "db:1521/ERP"),
        (
            "(DESCRIPTION=(SECURITY=(WALLET_PASSWORD=tiger)))",
            "(DESCRIPTION=(SECURITY=(WALLET_PASSWORD=***)))",
        ),
        (
            "tcps://db:1521/ERP?wallet_password=tiger&x=1",
            "tcps://db:1521/ERP?wallet_password=***&x=1",
        ),
    ],
)
def test_what_is_noted_has_no_secret(client: "redis.Redis", dsn: str, kept: str) -> None:
    noting = config(source=[{"name": "main", "dsn": dsn}])
    assert normalised(noting)["source"][0]["dsn"] == kept
    note_config(client, "bot", noting)
    assert [name for name in client.keys("*") if "tiger" in client.hgetall(name).__repr__()] == []
    (noted,) = noted_configs(client)
    assert noted.config is not None
    assert changes(noting, noted.config) == []


def test_each_process_has_one_note_and_the_oldest_go_first(client: "redis.Redis") -> None:
    for _ in range(2):
        note_config(client, "bot", config())
    assert [noted.process for noted in noted_configs(client)] == ["bot"]
    for number in range(MOST_NOTED + 3):
        note_config(client, f"worker-{number}", config())
    assert len(noted_configs(client)) == MOST_NOTED


# the command


def test_a_good_file_is_compared_with_oracle(environ: dict[str, str]) -> None:
    done = call(environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert "main: SHOP.ORDERS can be copied, key ORDER_ID (as declared)" in done.stdout
    assert "main: SHOP.LINES can be copied, key LINE (by bot.toml)" in done.stdout
    assert "schedule daily: due next" in done.stdout
    assert "note: No bot has noted what it works with" in done.stdout
    assert done.stdout.endswith("No problem was found.\n")


def test_what_would_change_for_the_running_bot_is_told(
    environ: dict[str, str], client: "redis.Redis"
) -> None:
    running = check_bot_config(
        {
            "source": [{"name": "main"}],
            "table": [{"name": "SHOP.ORDERS", "cursor": "UPDATED_AT"}],
            "approvals": {"approvers": ["U2"]},
        },
        "bot.toml",
    )
    note_config(client, "T1", running)
    done = call(environ, "--offline")
    assert done.returncode == 0
    for line in (
        "Against what T1 works with since ",
        "  table SHOP.LINES is offered now",
        "  U1 can now decide about every table",
        "  U2 can no longer decide about anything",
        "  schedule daily is new: ORDERS; due next",
    ):
        assert line in done.stdout
    told = json.loads(call(environ, "--offline", "--json").stdout)
    assert told["compared"][0]["process"] == "T1"
    assert {"about": "people", "text": "U1 becomes approver"} in told["compared"][0]["changes"]


def test_every_problem_is_told_at_once_with_exit_code_2(environ: dict[str, str]) -> None:
    Path(environ["BOT_TOML"]).write_text("tabel = 1\n[limits]\nturns = 0\n")
    done = call({**environ, "LOG_FORMAT": "xml"})
    assert done.returncode == 2
    for problem in ("LOG_FORMAT is 'xml'", "tabel: ", "limits.turns: "):
        assert problem in done.stdout
    told = json.loads(call({**environ, "LOG_FORMAT": "xml"}, "--json").stdout)
    assert (told["ok"], len(told["problems"])) == (False, 3)


def test_what_oracle_does_not_have_is_a_problem(environ: dict[str, str]) -> None:
    text = GOOD.replace('cursor = "UPDATED_AT"', 'cursor = "CHANGED"\nkey = ["ID", "ORDER_ID"]')
    text += '[[table]]\nname = "SHOP.ODD"\n[[table]]\nname = "SHOP.HIDDEN"\n'
    text += '[[table]]\nname = "SHOP.NONE"\n'
    Path(environ["BOT_TOML"]).write_text(text.replace('["ORDERS"]', '["ORDERS", "NONE"]'))
    done = call(environ, "--json")
    assert done.returncode == 2
    missing = "is not there, or DUCKFERRY may not read it at source main"
    remedy = "Check the name, or have the DBA grant READ on it."
    skip = 'Leave such columns out with columns = { NAME = "skip" }.'
    assert json.loads(done.stdout)["problems"] == [
        "SHOP.ORDERS has no column ID, which its key names.",
        "SHOP.ORDERS has no column CHANGED, which its cursor names.",
        f"SHOP.ODD cannot be copied: no exact copy of AT (BFILE). {skip}",
        f"SHOP.HIDDEN {missing}. {remedy}",
        f"SHOP.NONE {missing} (needed by schedule daily). {remedy}",
    ]


def test_a_column_left_out_is_no_problem_and_one_that_is_not_there_is(
    environ: dict[str, str],
) -> None:
    odd = '[[table]]\nname = "SHOP.ODD"\ncolumns = { AT = "skip", BY = "skip" }\n'
    Path(environ["BOT_TOML"]).write_text(GOOD + odd)
    done = call(environ, "--json")
    assert json.loads(done.stdout)["problems"] == [
        "SHOP.ODD has no column BY, which its columns name."
    ]


def test_offline_needs_neither_oracle_nor_its_password(environ: dict[str, str]) -> None:
    alone = {"BOT_TOML": environ["BOT_TOML"], **NOT_THERE}
    done = call(alone, "--offline")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Redis is away, so what a running bot works with is not known." in done.stdout
    missing = call(alone)
    assert missing.returncode == 2
    assert "There is no password for source main" in missing.stdout


def test_oracle_being_away_is_a_note_and_a_refused_login_a_problem(
    environ: dict[str, str], oracle: OracleStandIn
) -> None:
    away = call({**environ, "ORACLE_DSN": "127.0.0.1:1/NOWHERE"})
    assert away.returncode == 0
    assert "note: Not compared with Oracle: Oracle source main cannot be reached" in away.stdout
    before = oracle.control.login_attempts(oracle.user)
    for _ in range(2):
        refused = call({**environ, "ORACLE_PASSWORD": "wrong"})
        assert refused.returncode == 2
        assert "wrong: Oracle refused the login" in refused.stdout
    assert oracle.control.login_attempts(oracle.user) == before + 1


# who sees what

RULES = """
[[access]]
name = "buyers"
tables = ["SHOP.ORDERS"]
allow = ["U01", "S02"]

[[access]]
name = "all"
tables = ["SHOP.O*"]
allow = ["*"]
columns = { ORDER_ID = "hash", PHONE = "last4" }
rows = [{ column = "CITY", op = "=", values = ["서울"] }]

[[access]]
name = "late"
tables = ["SHOP.ORDERS"]
allow = ["U03"]

[[access]]
name = "typo"
tables = ["HR.*"]
allow = ["U03"]
"""


def test_each_access_rule_is_told_in_words_with_what_is_likely_a_slip(
    environ: dict[str, str],
) -> None:
    Path(environ["BOT_TOML"]).write_text(GOOD + RULES, encoding="utf-8")
    done = call(environ)
    assert done.returncode == 2
    assert done.stdout.splitlines()[:3] == [
        (
            "wrong: MASK_KEY is not set, and the access rule all hashes a column; make one with "
            "`openssl rand -hex 32`, the same for all bots."
        ),
        "wrong: main.SHOP.ORDERS has no column PHONE, which the access rule all names.",
        (
            "wrong: SHOP.ORDERS has no column CITY, by which the access rule all filters, so "
            "nobody whom it lets in can read it."
        ),
    ]
    for line in (
        "access rule buyers: main.SHOP.ORDERS is seen by S02, U01",
        (
            "access rule all: main.SHOP.ORDERS is seen by everybody; ORDER_ID as a hash; PHONE "
            "by its last four characters; only rows with CITY = 서울"
        ),
        "no access rule is about main.SHOP.LINES: everybody sees all of it",
        (
            "note: Nobody comes to the access rule late: one before it lets everybody in. The "
            "first that lets somebody in counts, so put it further up."
        ),
        (
            "note: The access rule typo is about no table that is offered (HR.*); names are "
            "spelled as in [[table]]."
        ),
    ):
        assert line in done.stdout.splitlines()


def test_changes_of_access_rules_and_of_their_order_are_told() -> None:
    first = {"name": "a", "tables": ["SHOP.*"], "allow": ["U01"]}
    second = {"name": "b", "tables": ["SHOP.*"], "allow": ["*"]}
    both = config(access=[first, second])
    seen = "main.SHOP.ORDERS, main.SHOP.LINES is seen by"
    assert changes(both) == [
        f"from now on: access rule a: {seen} U01",
        f"from now on: access rule b: {seen} everybody",
    ]
    assert changes(config(access=[second, first]), both) == [
        "access rules stand in another order; the first that fits counts"
    ]
