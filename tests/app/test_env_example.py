""".env.example is complete and true: a person who fills it in has settings that load."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values

from app.settings import NAMES, SECRETS, SettingsError, load_settings

ROOT = Path(__file__).resolve().parents[2]
ALL_PARTS = frozenset({"slack", "model", "oracle"})
FILLED_IN = {
    "SLACK_BOT_TOKEN": "xoxb-1-2-abc",
    "SLACK_APP_TOKEN": "xapp-1-A1-2-abc",
    "OPENAI_API_KEY": "sk-abc",
    "ORACLE_DSN": "db.example.com:1521/ORCLPDB1",
    "ORACLE_USER": "duckferry",
    "ORACLE_PASSWORD": "correct horse",
}


def example() -> str:
    return (ROOT / ".env.example").read_text(encoding="utf-8")


def uncommented(text: str) -> str:
    return re.sub(r"^#(?=[A-Z][A-Z0-9_]*=)", "", text, flags=re.MULTILINE)


def values(text: str) -> dict[str, str]:
    found = dotenv_values(stream=StringIO(text), interpolate=False)
    return {name: value or "" for name, value in found.items()}


def test_the_example_lists_exactly_the_names_that_are_read() -> None:
    assert set(values(uncommented(example()))) == NAMES


def test_each_name_stands_there_once() -> None:
    names = re.findall(r"^#?([A-Z][A-Z0-9_]*)=", example(), re.MULTILINE)
    assert sorted(names) == sorted(set(names))


def test_what_stands_open_is_what_has_to_be_filled_in() -> None:
    assert {name for name, value in values(example()).items() if not value} == set(FILLED_IN)


def test_the_example_filled_in_loads() -> None:
    settings = load_settings(values(example()) | FILLED_IN, need=ALL_PARTS)
    assert settings.slack is not None
    assert settings.model is not None
    assert settings.oracle.dsn == "db.example.com:1521/ORCLPDB1"


def test_the_example_as_it_is_names_what_is_missing() -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings(values(example()), need=ALL_PARTS)
    named = {problem.split()[0] for problem in raised.value.problems}
    # What is missing of Oracle is told with bot.toml's sources: `app.sources`.
    # Without a model, commands are understood.
    assert named == {name for name in FILLED_IN if name.startswith("SLACK_")}


def test_the_defaults_it_shows_are_the_ones_that_hold_without_them() -> None:
    shown = values(uncommented(example())) | FILLED_IN
    assert load_settings(shown, need=ALL_PARTS) == load_settings(FILLED_IN, need=ALL_PARTS)


def test_the_parts_of_a_dsn_do_instead_of_it() -> None:
    parts = {"ORACLE_HOST": "db.example.com", "ORACLE_SERVICE_NAME": "ORCLPDB1"}
    shown = values(uncommented(example())) | FILLED_IN | {"ORACLE_DSN": ""} | parts
    settings = load_settings(shown, need=ALL_PARTS)
    assert settings.oracle.dsn == "db.example.com:1521/ORCLPDB1"


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_secret_can_come_from_a_file(name: str, tmp_path: Path) -> None:
    filled = {"REDIS_URL": "redis://:secret@redis:6379/1", "SLACK_SIGNING_SECRET": "8f7"}
    filled |= {"MASK_KEY": "0123456789abcdef" * 2}
    filled |= FILLED_IN
    file = tmp_path / "secret"
    file.write_text(filled[name] + "\n", encoding="utf-8")
    from_file = {**filled, name: "", f"{name}_FILE": str(file)}
    assert load_settings(from_file, need=ALL_PARTS) == load_settings(filled, need=ALL_PARTS)
    assert name in example().partition("# --- Slack")[0]
