"""Settings: read once from a mapping, every problem told at once, no secret ever shown."""

import os
import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.settings import NAMES, SECRETS, OracleSettings, Settings, SettingsError, load_settings

ALL_PARTS = frozenset({"slack", "model"})
COMPLETE = {
    "SLACK_BOT_TOKEN": "xoxb-MARKER-1",
    "SLACK_APP_TOKEN": "xapp-MARKER-2",
    "SLACK_SIGNING_SECRET": "MARKER-3",
    "OPENAI_API_KEY": "sk-MARKER-4",
    "ORACLE_DSN": "db.example.com:1521/ORCL",
    "ORACLE_USER": "duckferry",
    "ORACLE_PASSWORD": "MARKER-5",
    "MASK_KEY": "0123456789abcdef0123456789abcdef",
    "REDIS_URL": "redis://:MARKER-6@redis.example.com:6379/0",
}


def problems(environ: Mapping[str, str], need: frozenset[str] = frozenset()) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        load_settings(environ, need=need)
    return raised.value.problems


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in COMPLETE.items() if name not in names}


def dsn_of(environ: Mapping[str, str]) -> str | None:
    return load_settings(environ).oracle.dsn


def test_an_empty_environment_is_all_defaults_and_no_part() -> None:
    settings = load_settings({})
    assert (settings.slack, settings.model, settings.oracle) == (None, None, OracleSettings())
    assert settings.redis_url.get_secret_value() == "redis://127.0.0.1:6379/0"
    assert (settings.warehouse_dir, settings.bot_toml) == (Path("warehouse"), Path("bot.toml"))


def test_a_complete_environment_gives_every_value() -> None:
    more = {
        "SLACK_API_URL": "http://127.0.0.1:1/api/",
        "OPENAI_MODEL": "gpt-x",
        "OPENAI_COMPACTION_MODEL": "gpt-small",
        "OPENAI_BASE_URL": "http://127.0.0.1:2/v1",
        "WAREHOUSE_DIR": "/data/w",
        "BOT_TOML": "/etc/bot.toml",
    }
    settings = load_settings(COMPLETE | more, need=ALL_PARTS)
    assert settings.slack is not None
    assert settings.model is not None
    assert settings.slack.bot_token.get_secret_value() == "xoxb-MARKER-1"
    assert settings.slack.app_token is not None
    assert settings.slack.app_token.get_secret_value() == "xapp-MARKER-2"
    assert settings.slack.signing_secret is not None
    assert settings.slack.signing_secret.get_secret_value() == "MARKER-3"
    assert settings.slack.api_url == "http://127.0.0.1:1/api/"
    assert settings.model.api_key.get_secret_value() == "sk-MARKER-4"
    assert settings.model.compaction_model == "gpt-small"
    assert (settings.model.model, settings.model.base_url) == ("gpt-x", "http://127.0.0.1:2/v1")
    assert (settings.oracle.dsn, settings.oracle.user) == ("db.example.com:1521/ORCL", "duckferry")
    assert settings.oracle.password is not None
    assert settings.oracle.password.get_secret_value() == "MARKER-5"
    assert (settings.warehouse_dir, settings.bot_toml) == (Path("/data/w"), Path("/etc/bot.toml"))


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    found = problems(
        {
            "SLACK_BOT_TOKEN": "xoxp-user",
            "SLACK_APP_TOKEN": "xoxb-bot",
            "SLACK_API_URL": "slack.com/api",
            "OPENAI_API_KEY_FILE": str(empty),
            "OPENAI_BASE_URL": "localhost:8000/openai/deployments/x",
            "OPENAI_API_VERSION": "2024-10-21",
            "ORACLE_HOST": "db",
            "ORACLE_USER": "duckferry",
            "REDIS_URL": "localhost:6379",
            "SLACK_SIGNING_SECRET": "one",
            "SLACK_SIGNING_SECRET_FILE": str(empty),
        }
    )
    told = "\n".join(found)
    for name in (
        "SLACK_BOT_TOKEN does not begin with xoxb-",
        "SLACK_APP_TOKEN does not begin with xapp-",
        "SLACK_API_URL must begin with https://",
        "OPENAI_API_KEY_FILE names",
        "OPENAI_BASE_URL must begin with https://",
        "OPENAI_BASE_URL must end before /openai",
        "OPENAI_API_VERSION is set, so OPENAI_MODEL must name a deployment",
        "ORACLE_HOST and ORACLE_SERVICE_NAME belong together",
        "REDIS_URL must begin with redis://",
        "SLACK_SIGNING_SECRET and SLACK_SIGNING_SECRET_FILE are both set",
    ):
        assert name in told
    assert len(found) == 10


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_secret_may_stand_in_a_file_and_its_last_line_break_is_not_part_of_it(
    name: str, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{COMPLETE[name]}\n")
    assert load_settings({**without(name), f"{name}_FILE": str(file)}) == load_settings(COMPLETE)


@pytest.mark.parametrize("name", sorted(NAMES - SECRETS))
def test_what_is_no_secret_is_not_read_from_a_file(name: str, tmp_path: Path) -> None:
    file = tmp_path / "value"
    file.write_text("http://from.a.file/")
    assert load_settings({**COMPLETE, f"{name}_FILE": str(file)}) == load_settings(COMPLETE)


def test_a_secret_given_in_both_forms_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("MARKER-7")
    assert problems({**COMPLETE, "ORACLE_PASSWORD_FILE": str(file)}) == [
        "ORACLE_PASSWORD and ORACLE_PASSWORD_FILE are both set; keep one."
    ]


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_named(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    found = problems({**without("OPENAI_API_KEY"), "OPENAI_API_KEY_FILE": str(file)}, ALL_PARTS)
    assert found[0] == (
        "OPENAI_API_KEY_FILE names a file that cannot be read; check the path and its permissions."
    )


def test_a_secret_written_where_a_path_belongs_is_not_shown() -> None:
    found = problems({**without("ORACLE_PASSWORD"), "ORACLE_PASSWORD_FILE": "MARKER-8"}, ALL_PARTS)
    assert "ORACLE_PASSWORD_FILE" in found[0]
    assert "MARKER-8" not in "\n".join(found)


def test_a_file_with_nothing_in_it_is_named(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(" \n")
    found = problems({**without("OPENAI_API_KEY"), "OPENAI_API_KEY_FILE": str(file)})
    assert found == ["OPENAI_API_KEY_FILE names a file that is empty."]


@pytest.mark.parametrize(
    ("given", "dsn"),
    [
        ({"ORACLE_HOST": "db", "ORACLE_SERVICE_NAME": "ORCL"}, "db:1521/ORCL"),
        (
            {"ORACLE_HOST": "db", "ORACLE_PORT": "1522", "ORACLE_SERVICE_NAME": "ORCL"},
            "db:1522/ORCL",
        ),
        ({"ORACLE_DSN": "tcps://db:2484/ORCL"}, "tcps://db:2484/ORCL"),
    ],
)
def test_a_dsn_is_given_whole_or_in_parts(given: dict[str, str], dsn: str) -> None:
    assert dsn_of(without("ORACLE_DSN") | given) == dsn


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "１５２１", "1521;DROP", "9" * 5_000])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    given = {"ORACLE_HOST": "db", "ORACLE_SERVICE_NAME": "ORCL", "ORACLE_PORT": port}
    assert problems(without("ORACLE_DSN") | given | {"SLACK_HTTP_PORT": port}) == [
        f"SLACK_HTTP_PORT is {port!r}, which is not a port (1 to 65535).",
        f"ORACLE_PORT is {port!r}, which is not a port (1 to 65535).",
    ]


@pytest.mark.parametrize("name", ["ORACLE_HOST", "ORACLE_SERVICE_NAME"])
def test_a_dsn_both_whole_and_in_parts_is_refused(name: str) -> None:
    assert problems({**COMPLETE, name: "other"}) == [
        "ORACLE_DSN is set, so ORACLE_HOST and ORACLE_SERVICE_NAME must not be."
    ]


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("SLACK_BOT_TOKEN", "SLACK_BOT_TOKEN is not set; it is needed to reach Slack."),
    ],
)
def test_a_part_that_is_set_by_half_is_refused_even_if_nobody_needs_it(
    missing: str, told: str
) -> None:
    assert problems(without(missing)) == [told]


NO_WAY_IN = (
    "SLACK_APP_TOKEN is not set, nor is SLACK_SIGNING_SECRET; set the one for Socket Mode, or the "
    "other for signed HTTP."
)


def test_without_a_way_in_for_slack_one_problem_names_both() -> None:
    assert problems(without("SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET")) == [NO_WAY_IN]
    assert problems({}, frozenset({"slack"})) == [
        "SLACK_BOT_TOKEN is not set; it is needed to reach Slack.",
        NO_WAY_IN,
    ]


def test_a_signing_secret_alone_is_signed_http_on_port_3000_or_another() -> None:
    for given, port in (({}, 3000), ({"SLACK_HTTP_PORT": "8080"}, 8080)):
        slack = load_settings(without("SLACK_APP_TOKEN") | given).slack
        assert slack is not None
        assert (slack.app_token, slack.http_port) == (None, port)


def test_an_app_token_alone_is_socket_mode() -> None:
    slack = load_settings(without("SLACK_SIGNING_SECRET")).slack
    assert slack is not None
    assert slack.app_token is not None
    assert slack.signing_secret is None


def test_each_name_of_a_needed_part_that_is_missing_is_told() -> None:
    names = [problem.split()[0] for problem in problems({}, ALL_PARTS)]
    assert names == [
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
    ]
    assert problems(without("OPENAI_API_KEY") | {"OPENAI_MODEL": "m"}, ALL_PARTS) == [
        "OPENAI_API_KEY is not set; it is needed to reach the model."
    ]


def test_the_model_may_be_missing_altogether() -> None:
    assert load_settings(without("OPENAI_API_KEY"), need=ALL_PARTS).model is None


def test_a_part_nobody_needs_may_be_missing() -> None:
    slack_only = {name: COMPLETE[name] for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN")}
    settings = load_settings(slack_only, need=frozenset({"slack"}))
    assert settings.slack is not None


def test_blanks_around_a_value_are_dropped_and_a_blank_value_is_no_value() -> None:
    assert dsn_of(COMPLETE | {"ORACLE_DSN": "  db/ORCL \n"}) == "db/ORCL"
    assert load_settings({**COMPLETE, "ORACLE_USER": "  "}).oracle.user is None


def test_each_source_may_have_a_password_of_its_own_in_the_variable_or_in_a_file(
    tmp_path: Path,
) -> None:
    file = tmp_path / "secret"
    file.write_text("MARKER-9\n")
    given = {"ORACLE_PASSWORD_HR": "MARKER-8", "ORACLE_PASSWORD_OLD_ERP_FILE": str(file)}
    oracle = load_settings(COMPLETE | given).oracle
    assert {name: one.get_secret_value() for name, one in oracle.passwords.items()} == {
        "HR": "MARKER-8",
        "OLD_ERP": "MARKER-9",
    }
    assert "MARKER" not in repr(oracle)


@pytest.mark.parametrize(
    ("address", "read"),
    [("127.0.0.1:9464", ("127.0.0.1", 9464)), ("[::1]:9464", ("::1", 9464)), ("", None)],
)
def test_metrics_are_served_at_a_host_and_port(address: str, read: tuple[str, int] | None) -> None:
    assert load_settings({"METRICS_ADDRESS": address}).metrics_address == read


@pytest.mark.parametrize("address", ["9464", ":9464", "localhost", "localhost:0", "localhost:x"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    assert problems({"METRICS_ADDRESS": address}) == [
        f"METRICS_ADDRESS is {address!r}; it must be host:port, as in 127.0.0.1:9464."
    ]


def test_settings_never_show_a_secret() -> None:
    settings = load_settings(COMPLETE)
    for shown in (repr(settings), str(settings), settings.model_dump_json(), f"{settings!r:>10}"):
        assert "MARKER" not in shown
    assert "duckferry" in repr(settings)


@pytest.mark.parametrize(
    "wrong",
    [
        {"SLACK_BOT_TOKEN": "MARKER-8"},
        {"SLACK_APP_TOKEN": "MARKER-8"},
        {"REDIS_URL": "http://:MARKER-8@redis"},
        {"ORACLE_PASSWORD_FILE": "/nowhere"},
        {"OPENAI_BASE_URL": "ftp://user:MARKER-8@host"},
        {"ORACLE_HOST": "MARKER-8"},
    ],
)
def test_no_error_shows_a_secret(wrong: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings(COMPLETE | wrong, need=ALL_PARTS)
    error = raised.value
    for shown in (str(error), repr(error), *error.problems, *traceback.format_exception(error)):
        assert "MARKER" not in shown


def test_settings_cannot_be_changed() -> None:
    settings: Settings = load_settings(COMPLETE)
    with pytest.raises(ValueError, match="frozen"):
        settings.warehouse_dir = Path("/elsewhere")  # pyright: ignore[reportAttributeAccessIssue] -- what the test is about


def test_an_env_file_lies_beneath_the_environment(tmp_path: Path) -> None:
    env_file = tmp_path / "settings.env"
    env_file.write_text("OPENAI_MODEL=from-file\nORACLE_USER=from-file\nNO_VALUE\n")
    code = (
        "import sys; from pathlib import Path; from app.settings import read_environment;"
        "found = read_environment(Path(sys.argv[1]));"
        "print(found['OPENAI_MODEL'], found['ORACLE_USER'], 'NO_VALUE' in found,"
        " 'OPENAI_MODEL' in read_environment())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(env_file)],
        env={"PATH": os.defpath, "ORACLE_USER": "from-environment"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.split() == ["from-file", "from-environment", "False", "False"]
