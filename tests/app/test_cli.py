"""botctl as a person at a terminal meets it: in a process of its own, on the local stand-ins."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from subprocess import CompletedProcess

import click
import pytest

from app.cli.main import botctl
from sandbox.start import Sandbox, start_sandbox
from tests.botctl import call_botctl

ROOT = Path(__file__).parents[2]
COMMANDS = (
    *("run", "bot", "worker", "clock", "simulate", "chat", "sync", "manifest"),
    *("health", "doctor", "backup", "restore", "init", "config", "warehouse"),
    *(
        "audit",
        "runs",
        "schedule",
        "source",
        "undo",
        "diff",
        "prove",
        "query",
        "receipt",
        "glossary",
        "costs",
        "threads",
        "feedback",
    ),
)
HEAVY = ("openai", "duckdb", "pyarrow", "oracledb", "slack_bolt", "slack_sdk", "redis", "rq")
NO_REDIS = {"REDIS_URL": "redis://127.0.0.1:1/0"}
REDIS_AWAY = (
    "The bot's memory (Redis) does not answer. It may not have been noted: "
    "look at the status in a minute before trying again.\n"
)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    running = start_sandbox()
    yield running
    running.stop()


def call(environ: Mapping[str, str], *arguments: str, typed: str = "") -> "CompletedProcess[str]":
    return call_botctl(environ, *arguments, typed=typed)


# --help


def test_the_overview_names_every_command_with_a_sentence() -> None:
    done = call({}, "--help")
    assert done.returncode == 0
    assert set(botctl.commands) == set(COMMANDS)
    for name in COMMANDS:
        line = next(line for line in done.stdout.splitlines() if line.startswith(f"  {name} "))
        assert len(line.split()) > 3


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_explains_itself(name: str) -> None:
    command = botctl.commands[name]
    assert command.help
    shown = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    assert all(option.help for option in shown)
    done = call({}, name, "--help")
    assert done.returncode == 0
    assert command.help.partition(".")[0] in " ".join(done.stdout.split())
    for option in shown:
        assert option.opts[0] in done.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["sync", "--help"]])
def test_help_loads_no_heavy_library(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom app.cli.main import botctl\n"
        f"try:\n    botctl({arguments!r})\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": os.defpath},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "Usage:" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["dance"], "No such command"),
        (["sync"], "Missing argument"),
        (["simulate"], "Missing option"),
        (["--env-file", "/nowhere", "clock"], "does not exist"),
    ],
)
def test_a_call_that_makes_no_sense_says_so(arguments: list[str], told: str) -> None:
    done = call({}, *arguments)
    assert done.returncode == 2
    assert told in done.stderr


# wrong settings


ORACLE = {"Nothing says where source main is", "Nothing says as whom", "There is no password"}
MISSING = {
    "run": {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "approvals.approver"},
    "chat": {"approvals.approver"},
}


@pytest.mark.parametrize("command", MISSING)
def test_every_problem_of_environment_and_bot_toml_is_told_at_once(
    command: str, tmp_path: Path
) -> None:
    file = tmp_path / "bot.toml"
    file.write_text("[approvals]\napprover = ['U1']\n")
    done = call({**NO_REDIS, "BOT_TOML": str(file)}, *command.split())
    assert done.returncode == 2
    lines = done.stderr.replace(f"{file}: ", "").splitlines()
    told = {line.split()[0].rstrip(":") for line in lines}
    assert told == MISSING[command]  # and nothing else, such as a traceback


@pytest.mark.parametrize("command", ["run", "worker", "sync ORDERS"])
def test_a_source_that_cannot_be_reached_is_told_with_all_that_is_missing(
    command: str, tmp_path: Path
) -> None:
    file = tmp_path / "bot.toml"
    file.write_text('[[source]]\nname = "main"\n')
    slack = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "OPENAI_API_KEY": "sk-1"}
    done = call({**NO_REDIS, **slack, "BOT_TOML": str(file)}, *command.split())
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == len(ORACLE)
    for line in ORACLE:
        assert line in done.stderr


def test_a_worker_without_a_source_says_what_writes_one() -> None:
    done = call(NO_REDIS, "worker")
    assert done.returncode == 2
    assert "`botctl init` writes one" in done.stderr


def test_wrong_settings_show_no_secret(tmp_path: Path) -> None:
    env_file = tmp_path / "settings.env"
    env_file.write_text("SLACK_BOT_TOKEN=MARKER-1\nSLACK_APP_TOKEN=MARKER-2\nREDIS_URL=MARKER-3\n")
    done = call({}, "--env-file", str(env_file), "bot")
    assert done.returncode == 2
    assert "SLACK_BOT_TOKEN does not begin with xoxb-" in done.stderr
    assert "REDIS_URL must begin with redis://" in done.stderr
    assert "MARKER" not in done.stdout + done.stderr


def test_a_wrong_bot_toml_is_told_with_its_name(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "bot.toml"
    file.write_text("[limits]\nturns = 0\nsteps = 1\n")
    done = call({**sandbox.environ, "BOT_TOML": str(file)}, "sync", "ORDERS")
    assert done.returncode == 2
    assert [line.partition(": ")[0] for line in done.stderr.splitlines()] == [str(file)] * 2


# parts that are away


@pytest.mark.parametrize("command", ["simulate --text hi", "sync USERS --yes"])
def test_redis_away_is_one_line(sandbox: Sandbox, command: str) -> None:
    done = call({**sandbox.environ, **NO_REDIS}, *command.split())
    assert done.returncode == 1
    assert done.stderr == REDIS_AWAY


def test_oracle_away_is_one_line(sandbox: Sandbox) -> None:
    away = {**sandbox.environ, "ORACLE_DSN": "127.0.0.1:1/NOWHERE"}
    done = call(away, "sync", "USERS", "--yes")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("Oracle source main cannot be reached")


def test_slack_that_refuses_the_token_is_one_line(sandbox: Sandbox) -> None:
    done = call({**sandbox.environ, "SLACK_BOT_TOKEN": "xoxb-MARKER"}, "bot")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("Slack refused (invalid_auth)")
    assert "MARKER" not in done.stderr


def test_a_model_that_is_away_is_told_as_the_answer(sandbox: Sandbox) -> None:
    away = {**sandbox.environ, "OPENAI_API_KEY": "sk-MARKER"}
    done = call(away, "simulate", "--text", "어떤 테이블이 있어?")
    assert "모델 서버가 API 키를 거부했습니다(HTTP 401)" in done.stdout
    assert "MARKER" not in done.stdout + done.stderr


# simulate


def test_simulate_with_trace_prints_the_tools_that_led_there(sandbox: Sandbox) -> None:
    done = call(sandbox.environ, "simulate", "--text", "what tables are there?", "--trace")
    lines = done.stdout.splitlines()
    assert any(line.startswith("  tool: list_tables") for line in lines)
    assert "USERS" in lines[-1]


def test_simulate_with_json_prints_one_object_and_nothing_else(sandbox: Sandbox) -> None:
    done = call(sandbox.environ, "simulate", "--text", "PRODUCTS 테이블 동기화 해줘", "--json")
    assert done.returncode == 0
    result = json.loads(done.stdout)
    assert result["action"] == "approval"
    (waiting,) = result["approvals"]
    assert waiting["state"] == "pending"
    assert waiting["request"]["plan"]["tables"][0]["ref"]["table"] == "PRODUCTS"


def test_simulate_shows_what_needs_approval_and_decides_nothing(sandbox: Sandbox) -> None:
    done = call(sandbox.environ, "simulate", "--text", "PRODUCTS 테이블 동기화 해줘")
    assert "동기화 승인 요청\n  SHOP.PRODUCTS: Oracle main → DuckDB" in done.stdout
    assert "도구:" not in done.stdout  # without --trace
    assert "동기화 완료" not in done.stdout


# chat


def test_chat_runs_what_is_approved_by_1_and_answers_then(sandbox: Sandbox) -> None:
    done = call(sandbox.environ, "chat", typed="USERS 테이블 동기화 해줘\n1\n")
    assert done.returncode == 0
    card, _, after = done.stdout.partition("[1] 승인  [2] 거절")
    assert "SHOP.USERS: Oracle main → DuckDB" in card
    assert "SHOP.USERS: 150행 복사, Oracle 150행과 일치" in after
    answer = after.partition("[System] 동기화 완료: 150건 처리됨.\n")[2]
    assert "150" in answer


def test_chat_shows_the_whole_receipt_by_1_right_after_it(sandbox: Sandbox) -> None:
    done = call(sandbox.environ, "chat", typed="USERS 테이블 동기화 해줘\n1\n1\n")
    assert done.returncode == 0
    full = done.stdout.partition("  [1] 자세히\n")[2].splitlines()
    assert "  행 수: Oracle 150, 사본 150, 일치" in full
    assert any("현재 사본" in line for line in full)


@pytest.mark.parametrize("typed", ["2", "yes"])
def test_chat_takes_anything_but_a_clear_1_as_no(sandbox: Sandbox, typed: str) -> None:
    done = call(sandbox.environ, "chat", typed=f"ORDER_ITEMS 테이블 동기화 해줘\n{typed}\n")
    assert done.returncode == 0
    assert "거절" in done.stdout.partition("[2] 거절")[2]
    assert "동기화 완료" not in done.stdout


def test_chat_that_ends_before_a_decision_copies_nothing(sandbox: Sandbox) -> None:
    typed = "\n\nORDER_ITEMS 테이블 동기화 해줘\n"
    done = call(sandbox.environ, "chat", "--trace", typed=typed)
    assert done.returncode == 0
    assert "  도구: start_sync" in done.stdout
    assert "동기화 완료" not in done.stdout


# sync


def test_sync_copies_and_shows_the_receipt(sandbox: Sandbox) -> None:
    done = call(sandbox.environ, "sync", "customers", "SHOP.PRODUCTS", "CUSTOMERS", "--yes")
    assert done.returncode == 0
    assert done.stdout.count("SHOP.CUSTOMERS: Oracle main → DuckDB") == 1
    assert done.stdout.endswith(
        "  SHOP.CUSTOMERS: 400 rows copied, equal to Oracle's 400\n"
        "    all 27 sums agree\n"
        "    CREATED_TZ: TIMESTAMP(6) WITH TIME ZONE → TIMESTAMPTZ. The same instant, in UTC. "
        "The offset it was written with is not kept.\n"
        "  SHOP.PRODUCTS: 120 rows copied, equal to Oracle's 120\n"
        "    all 21 sums agree\n"
        "[System] Sync done: 520 rows processed.\n"
    )


def test_a_trial_of_some_rows_and_columns_stands_beside_the_real_copy(sandbox: Sandbox) -> None:
    asked = ("sync", "USERS", "--trial", "5", "--column", "LOGIN", "--where", "USER_ID <= 50")
    done = call(sandbox.environ, *asked, "--yes")
    assert done.returncode == 0, done.stderr
    assert "a trial: at most 5 rows, under the name USERS__TRIAL" in done.stdout
    assert "only rows where USER_ID <= 50" in done.stdout
    assert "SHOP.USERS__TRIAL: 5 rows copied, equal to Oracle's 5" in done.stdout


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--where", "STATUS LIKE x"], "Write COLUMN OP VALUE"),
        (["--where", "NOSUCH = x"], "has no column NOSUCH"),
        (["--where", "USER_ID = many"], "'many' is not a number"),
        (["--since", "2026-01-01"], "cannot be read again"),
        (["ORDERS", "--trial", "5"], "take one table"),
    ],
)
def test_what_cannot_be_copied_so_is_refused_in_words(
    sandbox: Sandbox, options: list[str], told: str
) -> None:
    done = call(sandbox.environ, "sync", "USERS", *options, "--yes")
    assert done.returncode != 0
    assert told in done.stderr + done.stdout


def test_sync_asks_and_a_no_copies_nothing(sandbox: Sandbox) -> None:
    done = call(sandbox.environ, "sync", "USERS", typed="n\n")
    assert done.returncode == 1
    assert "Run it? [y/N]" in done.stdout
    assert done.stdout.endswith("[System] Nothing was changed.\n")


def test_sync_asks_and_a_yes_copies(sandbox: Sandbox) -> None:
    done = call(sandbox.environ, "sync", "USERS", typed="y\n")
    assert done.returncode == 0
    assert "SHOP.USERS: 150 rows copied" in done.stdout


def test_sync_without_an_answer_copies_nothing(sandbox: Sandbox) -> None:
    done = call(sandbox.environ, "sync", "USERS")
    assert done.returncode == 1
    assert "copied" not in done.stdout


def test_sync_refuses_a_table_that_is_not_offered(sandbox: Sandbox) -> None:
    done = call(sandbox.environ, "sync", "PAYROLL", "--yes")
    assert done.returncode == 1
    assert done.stderr == (
        "PAYROLL is not among the tables this bot may copy. An admin can add it to bot.toml.\n"
    )


def test_a_sync_that_fails_says_why_and_ends_with_1(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "bot.toml"
    file.write_text('[[source]]\nname = "main"\n[[table]]\nname = "SHOP.USERS"\nmax_rows = 10\n')
    done = call({**sandbox.environ, "BOT_TOML": str(file)}, "sync", "USERS", "--yes")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("SHOP.USERS has more than the approved 10 rows. Nothing was published")


def test_the_sandbox_option_needs_no_setting_at_all() -> None:
    done = call({}, "--sandbox", "sync", "USERS", "--yes")
    assert done.returncode == 0
    assert "SHOP.USERS: 150 rows copied, equal to Oracle's 150" in done.stdout
