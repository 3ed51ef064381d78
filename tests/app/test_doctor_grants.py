"""The script for the DBA, from bot.toml alone."""

import pytest

from app.bot_config import BotConfig, check_bot_config
from app.doctor.grants import Release, grants_script, name_of_user, written
from app.settings import SettingsError


def config_of(*tables: str, **source: object) -> BotConfig:
    return check_bot_config(
        {
            "source": [{"name": "main", **source}],
            "table": [{"name": name} for name in tables],
        },
        "bot.toml",
    )


def statements(script: str) -> list[str]:
    """What would run: without comments, a statement each."""
    lines = [line for line in script.splitlines() if not line.startswith("--")]
    return [" ".join(one.split()) for one in "\n".join(lines).split(";") if one.strip()]


SETUP = [
    (
        "CREATE PROFILE DUCKFERRY_LIMITS LIMIT SESSIONS_PER_USER 5 IDLE_TIME 60 "
        "CONNECT_TIME UNLIMITED FAILED_LOGIN_ATTEMPTS 10"
    ),
    (
        'CREATE USER DUCKFERRY IDENTIFIED BY "CHANGE-ME-before-you-run-this-1" '
        "DEFAULT TABLESPACE USERS QUOTA 0 ON USERS PROFILE DUCKFERRY_LIMITS"
    ),
    "GRANT CREATE SESSION TO DUCKFERRY",
]


@pytest.mark.parametrize(
    ("release", "right"), [("11g", "SELECT"), ("12c", "READ"), ("19c", "READ"), (None, "READ")]
)
def test_what_runs_is_a_user_a_profile_and_reading_and_nothing_else(
    release: Release | None, right: str
) -> None:
    script = grants_script(config_of("SHOP.ORDERS", "SHOP.USERS"), None, release, None)
    assert statements(script) == [
        *SETUP,
        f"GRANT {right} ON SHOP.ORDERS TO DUCKFERRY",
        f"GRANT {right} ON SHOP.USERS TO DUCKFERRY",
    ]


def test_what_is_optional_is_there_as_a_comment_with_what_is_lost() -> None:
    script = grants_script(config_of("SHOP.ORDERS"), None, "19c", None)
    assert "-- GRANT FLASHBACK ON SHOP.ORDERS TO DUCKFERRY;" in script
    assert "-- GRANT SELECT ON SYS.V_$DATABASE TO DUCKFERRY;" in script
    assert "one session only" in script


def test_for_an_unknown_release_both_rights_are_there_with_the_reason() -> None:
    script = grants_script(config_of("SHOP.ORDERS"), None, None, None)
    assert "-- GRANT SELECT ON SHOP.ORDERS TO DUCKFERRY;" in script
    assert "On 11g and 12.1.0.1, which have no READ" in script
    assert "FOR\n-- UPDATE" in script


def test_the_sessions_are_those_of_bot_toml_and_one_to_spare() -> None:
    assert "SESSIONS_PER_USER 9\n" in grants_script(
        config_of("A.B", max_sessions=8), None, None, None
    )


def test_the_user_is_the_sources_or_the_environments() -> None:
    assert "CREATE USER READER IDENT" in grants_script(config_of("A.B"), "reader", None, None)
    named = config_of("A.B", user="hr_reader")
    assert "CREATE USER HR_READER IDENT" in grants_script(named, "reader", None, None)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("ORDERS", "ORDERS"),
        ("A$B#C_1", "A$B#C_1"),
        ("orders", '"orders"'),
        ("주문_내역", '"주문_내역"'),
        ("ORDER", '"ORDER"'),
        ("1ST", '"1ST"'),
        ("TWO WORDS", '"TWO WORDS"'),
        ("A;DROP", '"A;DROP"'),
    ],
)
def test_names_are_quoted_when_they_need_to_be(name: str, shown: str) -> None:
    assert written(name) == shown
    script = grants_script(config_of(f"SHOP.{name}"), None, "19c", None)
    assert f"GRANT READ ON SHOP.{shown} TO DUCKFERRY;" in script


@pytest.mark.parametrize("name", ['a"b', "new\nline", "nul\x00", "a" * 129])
def test_a_name_that_could_leave_its_place_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="No grants can be written"):
        grants_script(config_of(f"SHOP.{name}"), None, None, None)


@pytest.mark.parametrize(
    ("user", "shown"), [("duckferry", "DUCKFERRY"), ('"lower"', '"lower"'), ("한글", '"한글"')]
)
def test_a_user_is_written_as_a_login_takes_it(user: str, shown: str) -> None:
    assert name_of_user(user) == shown


def test_each_source_has_a_script_of_its_own() -> None:
    config = check_bot_config(
        {
            "source": [{"name": "main"}, {"name": "hr", "dsn": "h/x", "user": "HRR"}],
            "table": [
                {"name": "SHOP.ORDERS", "source": "main"},
                {"name": "HR.EMP", "source": "hr"},
            ],
        },
        "bot.toml",
    )
    only = statements(grants_script(config, None, "19c", "hr"))
    assert only[-1] == "GRANT READ ON HR.EMP TO HRR"
    assert "ORDERS" not in " ".join(only)
    assert len(statements(grants_script(config, None, "19c", None))) == 8


def test_a_source_without_tables_is_said_and_an_unknown_one_refused() -> None:
    assert "offers no table of this source yet" in grants_script(config_of(), None, None, None)
    with pytest.raises(SettingsError, match=r"bot.toml has no source 'hr' \(it has: main\)"):
        grants_script(config_of(), None, None, "hr")
    with pytest.raises(SettingsError, match=r"bot.toml has no \[\[source\]\] \(it has: none\)"):
        grants_script(BotConfig(), None, None, None)
