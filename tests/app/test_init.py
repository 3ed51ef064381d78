"""botctl init: a first bot.toml out of the live catalog, by options or by questions."""

import os
import pty
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from app.bot_config import BotConfig, load_bot_config
from app.cli.asking import Item, read_selection
from sandbox.oracle.process import OracleStandIn, SmallTable, start_oracle
from sandbox.redis import RedisStandIn, start_redis
from tests.botctl import call_botctl

ROOT = Path(__file__).parents[2]
PASSWORD = "MARKER-tiger"
TABLES = (
    SmallTable(
        "ORDERS",
        [("ORDER_ID", "NUMBER(10)"), ("UPDATED_AT", "TIMESTAMP(6)")],
        [(1, date(2026, 1, 2)), (2, date(2026, 1, 3))],
        key=["ORDER_ID"],
    ),
    SmallTable("LINES", [("LINE", "NUMBER(4)")], [(1,)]),
    SmallTable("ODD", [("ID", "NUMBER(9)"), ("AT", "BFILE")]),
    SmallTable("사원", [("번호", "NUMBER(9)"), ("수정일", "DATE")], owner="HR"),
)
NOT_THERE = {"REDIS_URL": "redis://127.0.0.1:1/0"}
OPTIONS = (
    *("--source", "main", "--schema", "SHOP", "--all-tables", "--approver", "U0JUNHO"),
    *("--model-sees", "aggregates"),
)


@pytest.fixture(scope="module")
def oracle() -> Iterator[OracleStandIn]:
    with start_oracle(PASSWORD, date(2026, 3, 1), tables=TABLES, release="11g") as stand_in:
        stand_in.control.execute("ALTER TABLE SHOP.LINES ALTER COLUMN LINE SET NOT NULL")
        stand_in.control.execute(
            """INSERT INTO SYS."INDEX$" VALUES ('SHOP', 'LINES', 'UX', 'UNIQUE', 'LINE', 1)"""
        )
        yield stand_in


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisStandIn]:
    running = start_redis()
    yield running
    running.stop()


@pytest.fixture
def environ(oracle: OracleStandIn, redis: RedisStandIn, tmp_path: Path) -> dict[str, str]:
    return {
        "ORACLE_DSN": oracle.dsn,
        "ORACLE_USER": oracle.user,
        "ORACLE_PASSWORD": oracle.password,
        "REDIS_URL": redis.url,
        "WAREHOUSE_DIR": str(tmp_path / "warehouse"),
        "BOT_TOML": str(tmp_path / "bot.toml"),
    }


def call(
    environ: Mapping[str, str], *arguments: str, typed: str | None = None
) -> "CompletedProcess[str]":
    """Call botctl; with *typed*, at a terminal on which these lines are typed ahead."""
    ours, theirs = pty.openpty()
    os.write(ours, (typed or "").encode())
    try:
        return call_botctl(
            environ, *arguments, terminal=None if typed is None else os.ttyname(theirs)
        )
    finally:
        os.close(ours)
        os.close(theirs)


def written(environ: Mapping[str, str]) -> BotConfig:
    return load_bot_config(Path(environ["BOT_TOML"]))


# by options


def test_a_file_written_by_options_passes_the_check_and_syncs(environ: dict[str, str]) -> None:
    done = call(environ, "init", *OPTIONS)
    assert (done.returncode, done.stderr) == (0, "")
    config = written(environ)
    (source,) = config.source
    assert (source.name, source.dsn, source.user) == (
        "main",
        environ["ORACLE_DSN"],
        environ["ORACLE_USER"],
    )
    assert (source.driver, source.schemas) == ("thin", {"SHOP"})
    assert [str(ref) for ref in config.offered] == ["SHOP.LINES", "SHOP.ORDERS"]
    assert [table.key for table in config.table] == [("LINE",), ()]
    assert [table.cursor for table in config.table] == [None, "UPDATED_AT"]
    assert (config.approvals.approvers, config.model.sees) == ({"U0JUNHO"}, "aggregates")
    assert (config.timezone, config.language) == ("Asia/Seoul", "ko")
    text = Path(environ["BOT_TOML"]).read_text(encoding="utf-8")
    assert "# Key, as Oracle declares it: ORDER_ID" in text
    assert "# SHOP.ODD is left out: no exact copy of AT (BFILE)." in text
    assert PASSWORD not in text + done.stdout
    checked = call(environ, "config", "check")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "main: SHOP.LINES can be copied, key LINE (by bot.toml)" in checked.stdout
    assert "main: SHOP.ORDERS can be copied, key ORDER_ID (as declared)" in checked.stdout
    synced = call(environ, "sync", "ORDERS", "LINES", "--yes")
    assert synced.returncode == 0
    assert "SHOP.ORDERS: 2 rows copied, equal to Oracle's 2" in synced.stdout


def test_without_a_terminal_every_missing_option_is_named_at_once(tmp_path: Path) -> None:
    done = call({**NOT_THERE, "BOT_TOML": str(tmp_path / "bot.toml")}, "init")
    assert done.returncode == 2
    for option in ("--source", "--dsn", "--user", "--schema", "--table", "--model-sees"):
        assert option in done.stderr
    assert "--approver, --admin or --owner" in done.stderr
    assert not (tmp_path / "bot.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--approver", "@junho"], "@junho is not a Slack user id"),
        (["--owner", "C0123ABCD"], "C0123ABCD is not a Slack user id"),
        (["--source", "Main"], "which 'Main' is not"),
        (["--timezone", "Seoul"], "'Seoul' is not a name of the tz database"),
        (["--table", "SHOP.ORDERS"], "--table and --all-tables say different things"),
    ],
)
def test_a_wrong_option_is_told_before_anybody_logs_in(
    environ: dict[str, str], oracle: OracleStandIn, arguments: list[str], told: str
) -> None:
    before = oracle.control.login_attempts(oracle.user)
    done = call(environ, "init", *OPTIONS, *arguments)
    assert done.returncode == 2
    assert told in " ".join(done.stderr.split())
    assert oracle.control.login_attempts(oracle.user) == before


def test_named_tables_bring_their_schemas_owners_and_what_the_model_sees(
    environ: dict[str, str],
) -> None:
    done = call(
        environ,
        *("init", "--source", "erp", "--table", "HR.사원", "--table", "SHOP.ORDERS"),
        *("--owner", "U0MINJI", "--admin", "W0ADMIN", "--model-sees", "schema"),
        *("--timezone", "Europe/Berlin", "--language", "en"),
    )
    assert done.returncode == 0
    config = written(environ)
    assert [str(ref) for ref in config.offered] == ["HR.사원", "SHOP.ORDERS"]
    assert config.source[0].schemas == {"HR", "SHOP"}
    assert [table.owners for table in config.table] == [{"U0MINJI"}, {"U0MINJI"}]
    assert config.table[0].cursor == "수정일"
    assert (config.admins, config.timezone, config.language) == ({"W0ADMIN"}, "Europe/Berlin", "en")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--schema", "PAYROLL", "--all-tables"],
            "may read nothing in PAYROLL; there are HR, SHOP",
        ),
        (["--table", "SHOP.NONE", "--table", "X.Y"], "has no SHOP.NONE, X.Y that DUCKFERRY may"),
        (["--table", "ORDERS"], "--table ORDERS does not name its schema"),
    ],
)
def test_what_is_not_there_is_told_and_nothing_is_written(
    environ: dict[str, str], arguments: list[str], told: str
) -> None:
    given = ("--source", "main", "--approver", "U0JUNHO", "--model-sees", "rows")
    done = call(environ, "init", *given, *arguments)
    assert done.returncode in {1, 2}
    assert told in " ".join(done.stderr.split())
    assert not Path(environ["BOT_TOML"]).exists()


def test_a_file_that_is_there_is_never_overwritten(environ: dict[str, str]) -> None:
    path = Path(environ["BOT_TOML"])
    path.write_text("# mine\n")
    done = call(environ, "init", *OPTIONS)
    assert done.returncode == 1
    assert "never overwritten" in done.stderr
    assert path.read_text() == "# mine\n"


def test_output_names_another_place(environ: dict[str, str], tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    assert call(environ, "init", *OPTIONS, "--output", str(other)).returncode == 0
    assert not Path(environ["BOT_TOML"]).exists()
    assert load_bot_config(other).offered


def test_a_password_that_is_not_given_is_told_with_its_variable(environ: dict[str, str]) -> None:
    done = call({**environ, "ORACLE_PASSWORD": ""}, "init", *OPTIONS)
    assert done.returncode == 2
    assert "set ORACLE_PASSWORD_MAIN, or ORACLE_PASSWORD" in done.stderr


def test_a_refused_login_is_tried_once_over_several_calls(
    environ: dict[str, str], oracle: OracleStandIn
) -> None:
    before = oracle.control.login_attempts(oracle.user)
    for _ in range(3):
        done = call({**environ, "ORACLE_PASSWORD": "wrong"}, "init", *OPTIONS)
        assert (done.returncode, "ORA-01017" in done.stderr) == (1, True)
    assert oracle.control.login_attempts(oracle.user) == before + 1


def test_without_redis_it_logs_in_once_and_says_what_that_means(
    environ: dict[str, str], oracle: OracleStandIn
) -> None:
    before = oracle.control.login_attempts(oracle.user)
    done = call({**environ, **NOT_THERE}, "init", *OPTIONS)
    assert done.returncode == 0
    assert "remembered only with Redis" in done.stderr
    assert oracle.control.login_attempts(oracle.user) == before + 1
    assert written(environ).offered


# one more source


BEFORE = """\
# Ours, since 2024.
language = "en"

[[source]]
name = "main"          # ORACLE_DSN says where

[[table]]
name = "SHOP.ORDERS"   # asked for most
max_rows = 7_000_000

# the last one
[[table]]
name = 'SHOP.LINES'

[approvals]
approvers = ["U0JUNHO"]

[[schedule]]
name = "daily"
tables = ["SHOP.ORDERS"]
cron = "0 6 * * *"
channel = "C0DATA"
"""


def test_one_more_source_keeps_everything_that_was_there(
    environ: dict[str, str], oracle: OracleStandIn
) -> None:
    path = Path(environ["BOT_TOML"])
    path.write_text(BEFORE)
    path.chmod(0o640)
    done = call(
        {**environ, "ORACLE_DSN": "127.0.0.1:1/OTHER", "ORACLE_PASSWORD_HR": PASSWORD},
        *("init", "--add-source", "--source", "hr", "--dsn", oracle.dsn, "--schema", "HR"),
        *("--all-tables", "--model-sees", "rows"),
    )
    assert (done.returncode, done.stderr) == (0, "")
    text = path.read_text(encoding="utf-8")
    assert text.startswith(
        BEFORE.replace("# asked for most\n", '# asked for most\nsource = "main"\n').replace(
            "name = 'SHOP.LINES'\n", "name = 'SHOP.LINES'\nsource = \"main\"\n"
        )
    )
    assert path.stat().st_mode & 0o777 == 0o640
    config = load_bot_config(path)
    assert [str(ref.source) for ref in config.offered] == ["main", "main", "hr"]
    assert config.table[2].model_sees == "rows"
    assert config.schedule[0].tables == ("SHOP.ORDERS",)


def test_one_more_source_that_would_make_a_wrong_file_is_not_written(
    environ: dict[str, str], oracle: OracleStandIn
) -> None:
    path = Path(environ["BOT_TOML"])
    before = BEFORE.replace('tables = ["SHOP.ORDERS"]', 'tables = ["ORDERS"]')
    path.write_text(before)
    done = call(
        {**environ, "ORACLE_DSN": "127.0.0.1:1/OTHER", "ORACLE_PASSWORD_HR": PASSWORD},
        *("init", "--add-source", "--source", "hr", "--dsn", oracle.dsn, "--table", "SHOP.ORDERS"),
        *("--model-sees", "rows"),
    )
    assert done.returncode == 2
    assert "schedule daily: ORDERS fits more than one table" in done.stderr
    assert path.read_text() == before


@pytest.mark.parametrize(
    ("before", "arguments", "told"),
    [
        (None, [], "there is nothing to add a source to"),
        (BEFORE, ["--source", "main"], "There is a source main already"),
        (BEFORE, ["--source", "hr", "--approver", "U0X"], "are of the whole file"),
        (BEFORE, ["--source", "hr"], "give also --dsn (or ORACLE_DSN)"),
        ("source = [{name = 'main'}]", ["--source", "hr", "--dsn"], "added safely"),
    ],
)
def test_why_a_source_cannot_be_added(
    environ: dict[str, str],
    oracle: OracleStandIn,
    before: str | None,
    arguments: list[str],
    told: str,
) -> None:
    if before:
        Path(environ["BOT_TOML"]).write_text(before)
    dsn = [oracle.dsn] if arguments[-1:] == ["--dsn"] else []
    done = call(
        {**environ, "ORACLE_PASSWORD_HR": PASSWORD},
        *("init", "--add-source", *arguments, *dsn, "--table", "HR.사원", "--model-sees", "rows"),
    )
    assert done.returncode in {1, 2}
    assert told in " ".join(done.stderr.split())


# by questions


def test_enter_to_every_question_writes_a_safe_file(environ: dict[str, str]) -> None:
    done = call(environ, "init", typed="\n" * 12)
    assert (done.returncode, done.stderr) == (0, "")
    config = written(environ)
    assert [source.name for source in config.source] == ["main"]
    assert (config.offered, config.model.sees) == ((), "schema")  # two schemas, and none was chosen


def test_answers_choose_tables_people_and_what_the_model_sees(environ: dict[str, str]) -> None:
    answers = (
        *("erp", "", ""),  # name, dsn, user
        "2",  # SHOP
        "9",  # no such number
        "1,3",  # LINES and ORDERS
        "U0MINJI, U0JUNHO",  # owners
        "junho",  # not an id
        "U0JUNHO",  # approvers
        "",  # admins
        "rows",
        "2",  # English
        "Europe/Berlin",
        "y",
    )
    done = call(environ, "init", typed="".join(f"{answer}\n" for answer in answers))
    assert (done.returncode, done.stderr) == (0, "")
    assert "[x] SHOP.ORDERS" in done.stdout
    assert "[ ] SHOP.ODD" in done.stdout
    assert "cannot be copied: no exact copy of AT" in done.stdout
    assert "There are the numbers 1 to 3" in done.stdout
    assert "junho is not a Slack user id" in done.stdout
    config = written(environ)
    assert [str(ref) for ref in config.offered] == ["SHOP.LINES", "SHOP.ORDERS"]
    assert config.table[1].owners == {"U0MINJI", "U0JUNHO"}
    assert (config.approvals.approvers, config.admins) == ({"U0JUNHO"}, frozenset())
    assert (config.model.sees, config.language, config.timezone) == ("rows", "en", "Europe/Berlin")


def test_a_no_at_the_end_writes_nothing(environ: dict[str, str]) -> None:
    done = call(environ, "init", *OPTIONS, typed="\n" * 6 + "n\n")
    assert done.returncode == 1
    assert not Path(environ["BOT_TOML"]).exists()


def test_many_tables_are_searched_by_text(environ: dict[str, str], oracle: OracleStandIn) -> None:
    for number in range(35):
        oracle.control.create_table(f"T{number:02}", [("ID", "NUMBER(9)")], owner="ZMANY")
    done = call(
        environ,
        *("init", *OPTIONS[:2], "--schema", "ZMANY", "--approver", "U0JUNHO"),
        *("--admin", "U0JUNHO", "--owner", "U0JUNHO", "--model-sees", "rows"),
        *("--timezone", "Asia/Seoul", "--language", "ko"),
        typed="\n\nt0\n3\nt1\n11,12\nnothing\n\n\n",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "There are 35" in done.stdout
    assert "No name has that in it." in done.stdout
    assert [table.name for table in written(environ).table] == [
        "ZMANY.T02",
        "ZMANY.T10",
        "ZMANY.T11",
    ]


ITEMS = [Item("A", "", ticked=True), Item("B", "", ticked=False, is_advised=False)] + [
    Item(name, "", ticked=False) for name in "CDE"
]


@pytest.mark.parametrize(
    ("typed", "chosen"),
    [
        ("1,3-5", {0, 2, 3, 4}),
        (" 2 , 4 ", {1, 3}),
        ("all", {0, 2, 3, 4}),
        ("NONE", set[int]()),
        ("6", None),
        ("0", None),
        ("3-1", None),
        ("orders", None),
        ("", None),
    ],
)
def test_what_is_typed_at_a_list_is_read(typed: str, chosen: set[int] | None) -> None:
    assert read_selection(typed, ITEMS) == chosen


def test_the_written_text_is_toml_whatever_oracle_names_its_tables(
    environ: dict[str, str], oracle: OracleStandIn
) -> None:
    oracle.control.create_table("AN \\ 'ODD' ONE", [("ID", "NUMBER(9)")], owner="ZODD")
    done = call(environ, "init", *OPTIONS, "--schema", "ZODD")
    assert done.returncode == 0
    content = tomllib.loads(Path(environ["BOT_TOML"]).read_text(encoding="utf-8"))
    assert content["table"][-1]["name"] == "ZODD.AN \\ 'ODD' ONE"
