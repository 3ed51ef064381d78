"""How bot.toml and the environment together say how a source is reached."""

from typing import Any

from app.bot_config import BotConfig, check_bot_config
from app.settings import load_settings
from app.sources import Sources, resolve_sources

DSN, PASSWORD = "db:1521/ERP", "MARKER-1"
ONE = {"ORACLE_DSN": DSN, "ORACLE_USER": "duckferry", "ORACLE_PASSWORD": PASSWORD}


def config(*sources: dict[str, Any]) -> BotConfig:
    return check_bot_config({"source": list(sources)}, "bot.toml")


def resolve(environ: dict[str, str], *sources: dict[str, Any]) -> Sources:
    return resolve_sources(load_settings(environ).oracle, config(*sources))


def test_one_source_is_reached_by_the_environment_alone() -> None:
    found = resolve(ONE, {"name": "main"})
    (guarded,) = found.reachable
    assert (guarded.name, guarded.source.dsn, guarded.source.user) == ("main", DSN, "duckferry")
    assert (guarded.source.password, guarded.max_sessions) == (PASSWORD, 4)
    assert found.problems == ()
    assert PASSWORD not in repr(found)


def test_what_bot_toml_says_of_a_source_wins() -> None:
    section = {
        "name": "main",
        "dsn": "other:1521/X",
        "user": "reader",
        "max_sessions": 2,
        "call_timeout_seconds": 5,
        "blackout": ["daily 01:00-02:00"],
    }
    (guarded,) = resolve({**ONE, "ORACLE_PASSWORD_MAIN": "MARKER-2"}, section).reachable
    assert (guarded.source.dsn, guarded.source.user) == ("other:1521/X", "reader")
    assert (guarded.source.password, guarded.source.call_timeout_seconds) == ("MARKER-2", 5)
    assert (guarded.max_sessions, guarded.blackout) == (2, ("daily 01:00-02:00",))
    assert guarded.timezone == "Asia/Seoul"


def test_a_password_is_never_shown_to_another_database_than_its_own() -> None:
    erp = {"name": "old-erp", "dsn": "old:1521/ERP", "user": "reader"}
    found = resolve(ONE, {"name": "main"}, erp)
    assert [guarded.name for guarded in found.reachable] == ["main"]
    (problem,) = found.problems
    assert problem == (
        "There is no password for source old-erp; set ORACLE_PASSWORD_OLD_ERP, or ORACLE_PASSWORD "
        "where it is the only source."
    )
    both = resolve({**ONE, "ORACLE_PASSWORD_OLD_ERP": "MARKER-2"}, {"name": "main"}, erp)
    assert [guarded.source.password for guarded in both.reachable] == [PASSWORD, "MARKER-2"]


def test_everything_that_is_missing_is_told() -> None:
    found = resolve({}, {"name": "main", "driver": "thick"})
    assert found.reachable == ()
    for told, problem in zip(
        ("where source main is", "as whom", "no password", "ORACLE_CLIENT_LIB_DIR"),
        found.problems,
        strict=True,
    ):
        assert told in problem


def test_a_thick_source_is_reached_by_a_process_with_the_client_libraries() -> None:
    environ = {**ONE, "ORACLE_CLIENT_LIB_DIR": "/opt/oracle/instantclient_19_28"}
    (guarded,) = resolve(environ, {"name": "main", "driver": "thick"}).reachable
    assert str(guarded.source.client_lib_dir) == "/opt/oracle/instantclient_19_28"
