"""botctl doctor as whoever sets the product up meets it: in a process, on the stand-ins."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from redis import Redis

from app.bot_config import BotConfig, load_bot_config
from app.doctor.examination import examine_everything
from app.event_log import note_event
from app.manifest import SCOPES
from app.settings import SettingsError, bot_toml
from sandbox.model.server import ModelStandIn, start_model
from sandbox.oracle.process import OracleStandIn, SmallTable, start_oracle
from sandbox.slack.server import SlackStandIn, start_slack
from sync.schedules import tick
from tests.app.doctor_parts import closed_port, silent_server
from tests.botctl import call_botctl

ROOT = Path(__file__).parents[2]
PASSWORD = "tiger-not-shown"
BOT_TOML = """
language = "en"
admins = ["U0ADMIN"]

[[source]]
name = "main"

[[table]]
name = "SHOP.ORDERS"

[[schedule]]
name = "nightly"
tables = ["SHOP.ORDERS"]
cron = "0 2 * * *"
channel = "C0DATA"
"""
GROUPS = ["settings", "Slack", "Oracle main", "Redis", "model", "warehouse", "machine"]


@pytest.fixture(scope="module")
def oracle() -> Iterator[OracleStandIn]:
    table = SmallTable("ORDERS", [("ID", "NUMBER(10)")], [(1,)], key=("ID",))
    with start_oracle(PASSWORD, date(2026, 3, 1), tables=[table]) as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackStandIn]:
    with start_slack(scopes=[*(scope.name for scope in SCOPES), "channels:read"]) as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def model() -> Iterator[ModelStandIn]:
    stand_in = start_model(())
    yield stand_in
    stand_in.stop()


@pytest.fixture
def environ(
    oracle: OracleStandIn,
    slack: SlackStandIn,
    model: ModelStandIn,
    redis: Redis,
    redis_url: str,
    tmp_path: Path,
) -> dict[str, str]:
    """All that is needed, right and reachable."""
    assert redis.ping()
    (tmp_path / "bot.toml").write_text(BOT_TOML)
    (tmp_path / "warehouse").mkdir()
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "OPENAI_API_KEY": model.api_key,
        "OPENAI_BASE_URL": model.base_url,
        "ORACLE_DSN": oracle.dsn,
        "ORACLE_USER": oracle.user,
        "ORACLE_PASSWORD": oracle.password,
        "REDIS_URL": redis_url,
        "WAREHOUSE_DIR": str(tmp_path / "warehouse"),
        "BOT_TOML": str(tmp_path / "bot.toml"),
    }


def call(environ: Mapping[str, str], *arguments: str) -> "CompletedProcess[str]":
    return call_botctl(environ, "doctor", *arguments)


def examined(environ: Mapping[str, str], *arguments: str) -> tuple[int, list[dict[str, str]]]:
    done = call(environ, "--json", *arguments)
    assert done.stderr == ""
    checks: list[dict[str, str]] = json.loads(done.stdout)
    for check in checks:
        assert list(check) == ["group", "name", "status", "found", "remedy"]
        assert bool(check["remedy"]) == (check["status"] != "OK"), check
    return done.returncode, checks


def findings(environ: Mapping[str, str]) -> list[dict[str, str]]:
    """The same, in this process."""

    def load() -> BotConfig:
        return load_bot_config(bot_toml(environ))

    return [asdict(check) for check in examine_everything(environ, load, asker="U1")]


def of(checks: list[dict[str, str]], status: str) -> set[str]:
    return {f"{check['group']}: {check['name']}" for check in checks if check["status"] == status}


def test_with_no_settings_at_all_it_says_what_is_missing_and_how_to_mend_it(tmp_path: Path) -> None:
    nothing = {
        "BOT_TOML": "",
        "WAREHOUSE_DIR": str(tmp_path / "w"),
        "REDIS_URL": f"redis://127.0.0.1:{closed_port()}/0",
    }
    done = call(nothing)
    assert (done.returncode, done.stderr) == (1, "")
    for told in (
        "SLACK_BOT_TOKEN is not set",
        "SLACK_APP_TOKEN is not set, nor is SLACK_SIGNING_SECRET",
        "none is set, so only list, stats, sync and status are understood",
        "bot.toml is not there, so nothing is offered and nobody may approve",
        "`botctl init` writes one",
        "Start it, and check REDIS_URL",
    ):
        assert told in done.stdout
    assert not (tmp_path / "w").exists()


def test_where_all_is_well_nothing_fails(
    environ: dict[str, str], redis: Redis, slack: SlackStandIn
) -> None:
    note_event(redis, "T0SANDBOX", "app_mention")
    tick(redis, [])
    code, checks = examined(environ)
    assert of(checks, "FAIL") == set()
    assert code == 0
    assert list(dict.fromkeys(check["group"] for check in checks)) == GROUPS
    nobody_works = {"Redis: bot", "Redis: workers"}
    the_machine = {"machine: Hangul fonts", "machine: user", "machine: size", "warehouse: disk"}
    assert nobody_works <= of(checks, "WARN") <= nobody_works | the_machine
    assert of(checks, "SKIP") == set()
    assert slack.messages() == ()


def test_offline_it_asks_nobody(environ: dict[str, str]) -> None:
    away = {
        "SLACK_API_URL": "http://127.0.0.1:1/",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "ORACLE_DSN": "127.0.0.1:1/X",
        "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
    }
    code, checks = examined({**environ, **away}, "--offline")
    assert code == 0
    assert of(checks, "SKIP") == {"Slack: all", "Oracle main: all", "Redis: all", "model: all"}
    assert "settings: bot.toml" in of(checks, "OK")


def test_though_everything_hangs_it_ends_in_time_and_names_each(environ: dict[str, str]) -> None:
    with silent_server() as port:
        hanging = {
            "SLACK_API_URL": f"http://127.0.0.1:{port}/",
            "REDIS_URL": f"redis://127.0.0.1:{port}/0",
            "ORACLE_DSN": f"127.0.0.1:{port}/X",
            "OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1",
        }
        begun = time.monotonic()
        code, checks = examined({**environ, **hanging})
        assert time.monotonic() - begun < 15
    assert code == 1
    assert {"Slack: token", "Redis: reachable", "model: key"} <= of(checks, "FAIL")
    assert "Oracle main: login" in of(checks, "SKIP")
    assert "Oracle main: network" in of(checks, "OK")


@pytest.mark.parametrize(
    ("wrong", "failing", "skipped"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-other-secret"}, "Slack: token", set[str]()),
        ({"SLACK_BOT_TOKEN": "other-secret"}, "settings: environment", {"Slack: all"}),
        ({"SLACK_APP_TOKEN": "xapp-other-secret"}, "Slack: way in", set[str]()),
        ({"OPENAI_API_KEY": "sk-other-secret"}, "model: key", set[str]()),
        ({"OPENAI_BASE_URL": "ftp://x"}, "settings: environment", {"model: all"}),
        ({"ORACLE_PORT": "other-secret"}, "settings: environment", {"Oracle main: all"}),
        ({"ORACLE_PASSWORD": ""}, "settings: sources", {"Oracle main: all"}),
        ({"ORACLE_PASSWORD": "other-secret"}, "Oracle main: login", set[str]()),
        ({"REDIS_URL": "other-secret"}, "settings: environment", {"Redis: all"}),
        ({"LOG_FORMAT": "xml"}, "settings: environment", set[str]()),
        ({"BOT_TOML": "/nowhere/bot.toml"}, "settings: bot.toml", {"Oracle: all"}),
    ],
)
def test_one_wrong_setting_is_named_and_the_rest_is_still_examined(
    environ: dict[str, str],
    oracle: OracleStandIn,
    wrong: dict[str, str],
    failing: str,
    skipped: set[str],
) -> None:
    checks = findings({**environ, **wrong})
    assert failing in of(checks, "FAIL")
    assert skipped <= of(checks, "SKIP")
    assert "machine: Python" in of(checks, "OK")
    told = json.dumps(checks)
    assert PASSWORD not in told
    assert "-other-secret" not in told
    oracle.control.unlock(oracle.user)


def test_a_refused_password_is_tried_once_however_often_the_doctor_is_called(
    environ: dict[str, str], oracle: OracleStandIn
) -> None:
    environ = {**environ, "ORACLE_PASSWORD": "wrong-and-secret"}
    before = oracle.control.login_attempts(oracle.user)
    for _ in range(2):
        checks = findings(environ)
        assert "Oracle main: login" in of(checks, "FAIL")
    assert oracle.control.login_attempts(oracle.user) == before + 1
    again = call(environ, "--retry-login", "main")
    assert again.returncode == 1
    assert again.stdout.startswith("A refusal was noted and is forgotten. Oracle refused the login")
    assert oracle.control.login_attempts(oracle.user) == before + 2
    oracle.control.unlock(oracle.user)


def test_a_login_that_is_tried_again_and_works_says_so(environ: dict[str, str]) -> None:
    done = call(environ, "--retry-login", "main")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "No refusal was noted. The login at main works.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--retry-login", "hr"], 2, "bot.toml has no source 'hr' (it has: main)."),
        (["--grants", "--source", "hr"], 2, "bot.toml has no source 'hr' (it has: main)."),
        (["--source", "main"], 2, "--source and --release belong to --grants."),
        (["--grants", "--json"], 2, "--grants and --retry-login stand alone."),
    ],
)
def test_a_wish_that_makes_no_sense_is_told(
    environ: dict[str, str], arguments: list[str], code: int, told: str
) -> None:
    done = call(environ, *arguments)
    assert done.returncode == code
    assert told in done.stderr


def test_without_redis_no_login_is_tried_again(
    environ: dict[str, str], oracle: OracleStandIn
) -> None:
    before = oracle.control.login_attempts(oracle.user)
    away = {**environ, "REDIS_URL": f"redis://127.0.0.1:{closed_port()}/0"}
    done = call(away, "--retry-login", "main")
    assert done.returncode == 1
    assert "Redis) does not answer" in done.stderr
    checks = findings(away)
    assert "Oracle main: login" in of(checks, "SKIP")
    assert oracle.control.login_attempts(oracle.user) == before


def test_the_grants_need_nothing_but_bot_toml(tmp_path: Path) -> None:
    (tmp_path / "bot.toml").write_text(BOT_TOML)
    done = call({"BOT_TOML": str(tmp_path / "bot.toml"), "SLACK_BOT_TOKEN": "x"}, "--grants")
    assert (done.returncode, done.stderr) == (0, "")
    assert "GRANT READ ON SHOP.ORDERS TO DUCKFERRY;" in done.stdout


def test_a_place_nobody_may_look_into_is_told_and_stops_nothing(environ: dict[str, str]) -> None:
    def load() -> BotConfig:
        raise PermissionError(13, "Permission denied")

    checks = [asdict(check) for check in examine_everything(environ, load, asker="U1")]
    assert {"settings: bot.toml"} == of(checks, "FAIL")
    assert "Slack: token" in of(checks, "OK")


def test_what_is_found_can_neither_move_the_cursor_nor_show_a_secret(
    environ: dict[str, str],
) -> None:
    def load() -> BotConfig:
        raise SettingsError([f"\x1b[2Jbad\n {PASSWORD} " + "x" * 1000])

    (told,) = [
        check.found
        for check in examine_everything(environ, load, asker="U1", offline=True)
        if check.name == "bot.toml"
    ]
    assert told.startswith(" [2Jbad  *** xxx")
    assert len(told) == 501
