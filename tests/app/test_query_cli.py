"""botctl query, as whoever runs the product types it: WAREHOUSE_DIR is all it needs."""

import json
from pathlib import Path
from typing import Any

import pytest

from sync.warehouse.manifest import publish
from tests.botctl import call_botctl
from tests.sync.tables import place_rows, table_plan

COLUMNS = [("ID", "NUMBER(10)"), ("이름", "VARCHAR2(20)")]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    plan = table_plan(COLUMNS, table="고객", key=["ID"])
    publish(tmp_path, [place_rows(tmp_path, plan, [(1, "김하나"), (2, None)], 1)])
    return {"WAREHOUSE_DIR": str(tmp_path)}


def test_rows_are_printed_with_the_copy_they_rest_on(environ: dict[str, str]) -> None:
    told = call_botctl(environ, "query", "SELECT * FROM 고객 ORDER BY ID")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.splitlines() == [
        "ID\t이름",
        "1\t김하나",
        "2\t",
        "main.SHOP.고객 · 2 rows · as of 2026-11-22T00:00:00+00:00",
    ]


def test_json_holds_the_same(environ: dict[str, str]) -> None:
    told = call_botctl(environ, "query", "--json", "SELECT count(*) AS n FROM SHOP.고객")
    assert json.loads(told.stdout) == {
        "columns": ["n"],
        "types": ["BIGINT"],
        "rows": [[2]],
        "truncated": False,
        "basis": [{"table": "main.SHOP.고객", "rows": 2, "as_of": "2026-11-22T00:00:00+00:00"}],
    }


def test_what_is_refused_is_one_sentence(environ: dict[str, str]) -> None:
    told = call_botctl(environ, "query", "COPY (SELECT 1) TO '/tmp/x'")
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith("This SQL is not run: only one SELECT is.")


def test_each_line_of_input_is_answered_by_one_with_its_id_and_status(
    environ: dict[str, str],
) -> None:
    lines: list[Any] = [
        {"id": 1, "sql": 'SELECT "이름" FROM 고객 WHERE ID = 1'},
        {"id": "둘", "sql": "DROP TABLE 고객"},
        {"id": 3, "sql": "SELECT * FROM NOWHERE"},
        {"id": 4, "sql": "SELECT nope FROM 고객"},
        {"id": 5, "sql": "SELECT repeat('x', 2000000000) || repeat('y', 2000000000)"},
        {"id": 6},
        [7],
        {"id": 8, "sql": "SELECT count(*) FROM range(10000000) a, range(10000000) b"},
        {"id": 9, "sql": "SELECT 1"},
    ]
    typed = "\n".join([*map(json.dumps, lines), "", "{no json"])
    told = call_botctl(environ, "query", "--stdin", typed=typed)
    answers = [json.loads(line) for line in told.stdout.splitlines()]
    assert [(one["id"], one["status"]) for one in answers] == [
        (1, "ok"),
        ("둘", "refused"),
        (3, "refused"),
        (4, "error"),
        (5, "limit"),
        (None, "error"),
        (None, "error"),
        (8, "limit"),
        (9, "ok"),
        (None, "error"),
    ]
    assert answers[0]["rows"] == [["김하나"]]
    assert all(one["reason"] for one in answers if one["status"] != "ok")
    assert told.returncode == 0


def test_sql_or_standard_input_is_given_and_not_both(environ: dict[str, str]) -> None:
    for arguments in (["query"], ["query", "--stdin", "SELECT 1"]):
        told = call_botctl(environ, *arguments)
        assert told.returncode == 2
        assert "Give either SQL or --stdin." in told.stderr


RULES = """
[[source]]
name = "main"
[[table]]
name = "SHOP.고객"
[[access]]
name = "names"
tables = ["SHOP.고객"]
allow = ["U0MINA", "C0TEAM"]
columns = { "이름" = "last4" }
"""


def test_it_is_asked_by_somebody_s_rights(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "bot.toml").write_text(RULES, encoding="utf-8")
    ruled = {**environ, "BOT_TOML": str(tmp_path / "bot.toml")}
    sql = "SELECT 이름 FROM 고객 WHERE ID = 1"
    seen = [
        call_botctl(ruled, "query", sql, *who).stdout.splitlines()[1]
        for who in ((), ("--as", "U0MINA"), ("--as", "U0EVE", "--in", "C0TEAM"))
    ]
    assert seen == ["김하나", "…", "…"]
    refused = call_botctl(ruled, "query", "--as", "U0EVE", sql)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "names" in refused.stderr
    line = json.dumps({"id": 1, "sql": sql})
    told = call_botctl(ruled, "query", "--as", "U0EVE", "--stdin", typed=line)
    assert json.loads(told.stdout)["status"] == "refused"
