"""What the doctor tells of settings, the warehouse and the machine."""

import json
import os
import tomllib
from pathlib import Path

import pytest
from redis import Redis

from app.bot_config import BotConfig, check_bot_config
from app.doctor.machine import check_machine
from app.doctor.settings import Readable, check_settings, read_leniently, secret_values
from app.doctor.warehouse import check_warehouse_folder
from sync.state import connect_state
from sync.warehouse.identity import WAREHOUSE_KEY
from sync.warehouse.manifest import publish
from sync.warehouse.walls import Walls
from tests.app.doctor_parts import Finding, by_name, closed_port
from tests.sync.state_parts import queue_run
from tests.sync.tables import place_rows, table_plan

# settings


def config_findings(tmp_path: Path, text: str) -> dict[str, Finding]:
    config = check_bot_config(tomllib.loads(text), "bot.toml")
    return settings_findings(tmp_path, config)


def settings_findings(
    tmp_path: Path, config: BotConfig | None, *, there: bool = True
) -> dict[str, Finding]:
    environ = {"ORACLE_DSN": "db/x", "ORACLE_USER": "U", "ORACLE_PASSWORD": "p"}
    settings, _, _ = read_leniently(environ)
    file = tmp_path / "bot.toml"
    if there:
        file.touch()
    readable = Readable(settings, config, file, (), (), frozenset(), thick_ready=True)
    return by_name(check_settings(readable))


TWO = """
[[source]]
name = "main"
[[table]]
name = "SHOP.A"
model_sees = "rows"
[[table]]
name = "SHOP.B"
"""


def test_what_the_model_sees_is_told_table_by_table(tmp_path: Path) -> None:
    told = config_findings(tmp_path, 'admins = ["U1"]' + TWO)
    assert told["what the model sees"] == (
        "OK",
        "rows of SHOP.A; names, types, comments and row counts of SHOP.B",
    )
    assert told["tables"] == ("OK", "2 offered: SHOP.A, SHOP.B")
    assert told["sources"] == ("OK", "main: dsn, user and password are set")
    assert told["who may approve"] == ("OK", "U1; 0 tables have owners")


def test_that_nobody_may_approve_a_table_is_a_fault(tmp_path: Path) -> None:
    told = config_findings(tmp_path, TWO)["who may approve"]
    assert told == ("FAIL", "nobody may approve a copy of SHOP.A, SHOP.B")
    told = config_findings(tmp_path, TWO + 'owners = ["U2"]')["who may approve"]
    assert told == ("FAIL", "nobody may approve a copy of SHOP.A")


def test_one_person_who_may_not_approve_own_wishes_is_warned_of(tmp_path: Path) -> None:
    alone = TWO + '[approvals]\napprovers = ["U1"]\nself_approval = false'
    assert config_findings(tmp_path, alone)["who may approve"][0] == "WARN"
    assert config_findings(tmp_path, 'admins = ["U2"]' + alone)["who may approve"][0] == "OK"


def test_no_source_and_no_table_are_faults(tmp_path: Path) -> None:
    told = config_findings(tmp_path, "")
    assert told["sources"] == ("FAIL", "bot.toml names no [[source]]")
    assert told["tables"][0] == "FAIL"


def test_a_source_without_its_password_is_named(tmp_path: Path) -> None:
    two = '[[source]]\nname = "hr"\ndsn = "h/x"\nuser = "U"\n' + TWO
    two = two.replace('"SHOP.A"', '"SHOP.A"\nsource = "main"')
    two = two.replace('"SHOP.B"', '"SHOP.B"\nsource = "hr"')
    told = config_findings(tmp_path, two)["sources"]
    assert told[0] == "FAIL"
    assert "ORACLE_PASSWORD_HR" in told[1]


def test_without_a_bot_toml_or_with_a_broken_one_the_rest_is_left_out(tmp_path: Path) -> None:
    assert "tables" not in settings_findings(tmp_path, BotConfig(), there=False)
    assert "tables" not in settings_findings(tmp_path, None)


@pytest.mark.parametrize(
    ("environ", "wrong"),
    [
        ({"SLACK_BOT_TOKEN": "x"}, {"SLACK_"}),
        ({"ORACLE_PORT": "x", "SLACK_HTTP_PORT": "y"}, {"ORACLE_", "SLACK_"}),
        ({"REDIS_URL": "x"}, {"REDIS_URL"}),
        ({"OPENAI_API_KEY_FILE": "/nowhere/key"}, {"OPENAI_"}),
        ({"ORACLE_PASSWORD_HR_FILE": "/nowhere/pw"}, {"ORACLE_"}),
        ({"LOG_FORMAT": "xml", "METRICS_ADDRESS": "x"}, set[str]()),
    ],
)
def test_what_is_right_is_read_beside_what_is_wrong(
    environ: dict[str, str], wrong: set[str]
) -> None:
    settings, problems, left_out = read_leniently({**environ, "WAREHOUSE_DIR": "here"})
    assert left_out == wrong
    assert settings.warehouse_dir == Path("here")
    assert problems


def test_all_that_is_secret_in_the_environment_is_known_as_such() -> None:
    environ = {"ORACLE_PASSWORD_HR": "a", "SLACK_BOT_TOKEN": " b ", "ORACLE_PASSWORD_X_FILE": "/f"}
    assert secret_values({**environ, "ORACLE_USER": "u", "OPENAI_API_KEY": ""}) == {"a", "b"}


# warehouse


def warehouse(root: Path, client: Redis | None = None) -> dict[str, Finding]:
    return by_name(check_warehouse_folder(root, client))


def test_a_folder_that_is_not_there_yet_is_fine_and_stays_away(tmp_path: Path) -> None:
    told = warehouse(tmp_path / "a" / "b")
    assert told["folder"][0] == "OK"
    assert told["manifest"] == ("OK", "0 tables have a copy, 0 B")
    assert not (tmp_path / "a").exists()


def test_published_copies_are_counted_and_the_file_system_is_tried(tmp_path: Path) -> None:
    plan = table_plan([("ID", "NUMBER(10)")])
    publish(tmp_path, [place_rows(tmp_path, plan, [(1,)], 1)])
    told = warehouse(tmp_path)
    assert told["manifest"][0] == "OK"
    assert told["manifest"][1].startswith("1 tables have a copy, ")
    assert told["file system"][0] == "OK"
    assert told["builds"] == ("OK", "nothing is left over")
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_too_little_room_for_the_largest_table_is_warned_of(tmp_path: Path) -> None:
    entry = place_rows(tmp_path, table_plan([("ID", "NUMBER(10)")]), [(1,)], 1)
    publish(tmp_path, [entry.model_copy(update={"bytes": 10**18})])
    told = warehouse(tmp_path)["disk"]
    assert told[0] in {"WARN", "FAIL"}  # FAIL where less than 1 GB is free
    assert told[0] == "FAIL" or told[1].endswith("and the largest copy has 909494.7 TiB")


def test_a_copy_without_its_file_is_a_fault(tmp_path: Path) -> None:
    plan = table_plan([("ID", "NUMBER(10)")])
    entry = publish(tmp_path, [place_rows(tmp_path, plan, [(1,)], 1)]).entry(plan.ref)
    folder = tmp_path / "main" / "SHOP.T" / entry.generation
    folder.chmod(0o755)
    (folder / "data.duckdb").unlink()
    assert warehouse(tmp_path)["manifest"] == ("FAIL", "the files of SHOP.T are not there")


def test_a_manifest_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"version": 7}))
    told = warehouse(tmp_path)
    assert told["manifest"][0] == "FAIL"
    assert told["file system"][0] == "OK"


def test_a_file_in_the_place_of_the_folder_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert warehouse(tmp_path / "file")["folder"][0] == "FAIL"


@pytest.mark.skipif(os.geteuid() == 0, reason="file modes do not bind root")
def test_a_folder_nobody_may_write_is_a_fault(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    told = warehouse(tmp_path)
    assert (told["folder"][0], told["file system"][0]) == ("FAIL", "SKIP")


def test_builds_of_runs_that_have_ended_are_left_over(tmp_path: Path, redis: Redis) -> None:
    run = queue_run(redis)
    for name in (run.id, "T1-dead"):
        (tmp_path / "build" / "main" / "SHOP.T" / name).mkdir(parents=True)
    told = warehouse(tmp_path, redis)["builds"]
    assert told == ("WARN", "1 of 2 are left over from runs that have ended")
    away = connect_state(f"redis://127.0.0.1:{closed_port()}/0")
    assert warehouse(tmp_path, away)["builds"][0] == "SKIP"
    assert warehouse(tmp_path)["builds"][0] == "SKIP"


def test_a_folder_of_another_installation_is_a_fault(tmp_path: Path, redis: Redis) -> None:
    (tmp_path / "warehouse.id").write_text("one\n")
    redis.set(WAREHOUSE_KEY, "one")
    assert "identity" not in warehouse(tmp_path, redis)
    redis.set(WAREHOUSE_KEY, "two")
    assert warehouse(tmp_path, redis)["identity"][0] == "FAIL"


# machine


def test_the_machine_is_told_with_its_walls(tmp_path: Path) -> None:
    (tmp_path / "NanumGothic.ttf").touch()
    told = by_name(check_machine("Asia/Seoul", [tmp_path]))
    assert "duckdb 2" in told["libraries"][1]
    assert told["time zones"] == ("OK", "Asia/Seoul is known")
    assert told["Hangul fonts"][0] == "OK"
    assert told["wall: guard"][0] == told["wall: process"][0] == "OK"


def test_a_machine_without_zone_or_korean_font_is_told(tmp_path: Path) -> None:
    (tmp_path / "DejaVuSans.ttf").touch()
    told = by_name(check_machine("Mars/Olympus", [tmp_path, tmp_path / "none"]))
    assert told["time zones"][0] == "FAIL"
    assert told["Hangul fonts"][0] in {"WARN", "OK"}  # OK where fontconfig knows one


@pytest.mark.parametrize(
    ("standing", "verdict", "words"),
    [
        (Walls(7, root=True, may_change_user=True), "OK", "Landlock, ABI 7"),
        (Walls(3, root=False, may_change_user=False), "WARN", "TCP is not closed"),
        (Walls(None, root=False, may_change_user=False), "WARN", "file modes keep the copies"),
        (Walls(None, root=True, may_change_user=True), "WARN", "run as user 65534"),
        (Walls(None, root=True, may_change_user=False), "FAIL", "no query is run"),
    ],
)
def test_the_kernels_wall_is_told(
    tmp_path: Path, standing: Walls, verdict: str, words: str
) -> None:
    told = by_name(check_machine("Asia/Seoul", [tmp_path], standing))
    assert told["wall: kernel"][0] == verdict
    assert words in told["wall: kernel"][1]
    assert told["user"][0] == ("WARN" if standing.root else "OK")
