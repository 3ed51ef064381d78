"""The glossary file: what stands in it, what is wrong with it, and codes learnt from a copy."""

from pathlib import Path

import pytest

from app.bot_config import load_bot_config
from app.glossary_file import glossary_problems, load_glossary
from app.settings import SettingsError
from sandbox.start import BOT_TOML
from sync.warehouse.manifest import publish, read_manifest
from tests.botctl import call_botctl
from tests.sync.tables import place_rows, table_plan

BOT = """
[[source]]
name = "main"

[[table]]
name = "SHOP.ORDERS"

[model]
sees = "{sees}"
"""
ROWS = [(1, "PAID"), (2, "PAID"), (3, 'A "quoted"\\ one'), (4, None)]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    root = tmp_path / "warehouse"
    root.mkdir()
    columns = [("ID", "NUMBER(10)"), ("STATUS", "VARCHAR2(20)")]
    publish(root, [place_rows(root, table_plan(columns, table="ORDERS", key=["ID"]), ROWS, 1)])
    (tmp_path / "bot.toml").write_text(BOT.format(sees="rows"))
    return {"WAREHOUSE_DIR": str(root), "BOT_TOML": str(tmp_path / "bot.toml")}


def words(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "glossary.toml"
    path.write_text(text)
    return path


def test_codes_of_a_column_are_added_once_beneath_what_stands_there(
    environ: dict[str, str], tmp_path: Path
) -> None:
    path = words(
        tmp_path,
        '# ours\n[[code]]\ntable = "SHOP.ORDERS"\ncolumn = "STATUS"\nvalue = "PAID"\n'
        'words = ["결제"]\n',
    )
    told = call_botctl(environ, "glossary", "learn", "orders.status")
    assert (told.returncode, told.stderr) == (0, "")
    assert "1 codes of STATUS were added" in told.stdout
    assert "1 stood there already" in told.stdout
    assert path.read_text().startswith("# ours\n[[code]]")
    codes = load_glossary(tmp_path / "bot.toml").code
    assert [(code.value, code.words) for code in codes] == [
        ("PAID", ("결제",)),
        ('A "quoted"\\ one', ()),
    ]
    again = call_botctl(environ, "glossary", "learn", "SHOP.ORDERS.STATUS")
    assert "0 codes" in again.stdout


def test_a_file_that_is_not_there_yet_is_made(environ: dict[str, str], tmp_path: Path) -> None:
    assert call_botctl(environ, "glossary", "learn", "ORDERS.STATUS").returncode == 0
    assert (tmp_path / "glossary.toml").read_text().count("[[code]]") == 2


def test_what_the_model_may_not_see_is_not_learnt(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "bot.toml").write_text(BOT.format(sees="aggregates"))
    told = call_botctl(environ, "glossary", "learn", "ORDERS.STATUS")
    assert (told.returncode, told.stdout) == (1, "")
    assert "the model may see aggregates of SHOP.ORDERS" in told.stderr
    assert not (tmp_path / "glossary.toml").exists()


@pytest.mark.parametrize(
    ("column", "words_told"),
    [
        ("ORDERS.STATE", "has no column STATE. It has: STATUS, ID."),
        ("ORDER.STATUS", "SHOP.ORDERS"),
        ("STATUS", "not"),
    ],
)
def test_a_wrong_name_is_told_with_the_nearest(
    environ: dict[str, str], column: str, words_told: str
) -> None:
    told = call_botctl(environ, "glossary", "learn", column)
    assert told.returncode == 1
    assert words_told in told.stderr
    assert "Traceback" not in told.stderr


def test_a_column_with_many_values_holds_no_codes(environ: dict[str, str]) -> None:
    root = Path(environ["WAREHOUSE_DIR"])
    plan = table_plan([("ID", "NUMBER(10)")], table="ORDERS", key=["ID"])
    publish(root, [place_rows(root, plan, [(n,) for n in range(51)], 2)])
    told = call_botctl(environ, "glossary", "learn", "ORDERS.ID")
    assert (told.returncode, "holds no codes" in told.stderr) == (1, True)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[term]", "is not valid TOML"),
        ('[[term]]\nwords = []\nmeans = "x"', "term.0.words"),
        ('[[term]]\nword = ["x"]\nmeans = "x"', "term.0.word"),
        ('[[example]]\nquestion = "q"\nsql = "s"\nexpect = "many"', "example.0.expect"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_place(
    tmp_path: Path, text: str, problem: str
) -> None:
    words(tmp_path, text)
    with pytest.raises(SettingsError) as raised:
        load_glossary(tmp_path / "bot.toml")
    assert problem in str(raised.value)


def test_with_a_wrong_file_nobody_answers_and_what_only_copies_goes_on(
    environ: dict[str, str], tmp_path: Path
) -> None:
    words(tmp_path, "[[term]")
    asked = call_botctl({**environ, "OPENAI_API_KEY": "x"}, "simulate", "--text", "매출 알려줘")
    assert asked.returncode != 0
    assert "is not valid TOML" in asked.stderr
    assert "Correct it, or move it away to do without." in asked.stderr
    worker = call_botctl(environ, "worker")  # it has got as far as the source it cannot reach
    assert "ORACLE_DSN" in worker.stderr
    assert "glossary" not in worker.stderr
    doctor = call_botctl(environ, "doctor", "--offline")
    assert "FAIL  glossary: " in doctor.stdout


def test_config_check_names_what_the_glossary_gets_wrong(
    environ: dict[str, str], tmp_path: Path
) -> None:
    words(
        tmp_path,
        '[[term]]\nwords = ["x"]\nmeans = "x"\ntables = ["SHOP.ORDER"]\n'
        '[[code]]\ntable = "SHOP.ORDERS"\ncolumn = "STATE"\nvalue = "A"\n'
        '[[example]]\nquestion = "q"\nsql = "SELECT 1 FROM NOWHERE"\n',
    )
    told = call_botctl(environ, "config", "check", "--offline")
    assert told.returncode == 2
    assert [line for line in told.stdout.splitlines() if "glossary, " in line] == [
        (
            "wrong: glossary, term x: SHOP.ORDER is not among the tables this bot may copy. "
            "An admin can add it to bot.toml. (SHOP.ORDERS?)"
        ),
        (
            "wrong: glossary, code A of SHOP.ORDERS.STATE: there is no such column in its copy "
            "(STATUS, ID?)"
        ),
        "wrong: glossary, example 'q': its SQL names no table of this bot",
    ]
    assert "note: glossary.toml has 1 terms, 1 codes, 1 examples." in told.stdout
    (tmp_path / "glossary.toml").unlink()
    assert call_botctl(environ, "config", "check", "--offline").returncode == 0


def test_the_glossary_of_the_sandbox_is_right() -> None:
    config = load_bot_config(BOT_TOML)
    glossary = load_glossary(BOT_TOML)
    assert list(glossary_problems(glossary, config, read_manifest(Path("nowhere")))) == []
