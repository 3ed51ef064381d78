"""botctl prove, as whoever doubts a copy types it."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import duckdb
import pytest
from redis import Redis

from sandbox.oracle.process import OracleStandIn, start_oracle
from sync.audit import read_audit
from sync.oracle import Session, Source, connect
from sync.planning import TableSettings
from sync.warehouse.layout import data_file
from sync.warehouse.manifest import read_manifest
from tests.botctl import call_botctl
from tests.sync.copying import Copy

BOT_TOML = """
[[source]]
name = "main"

[[table]]
name = "SHOP.COINS"

[[table]]
name = "SHOP.NOTES"
"""


@pytest.fixture(scope="module")
def oracle() -> Iterator[OracleStandIn]:
    with start_oracle("tiger", date(2026, 3, 1), tables=()) as stand_in:
        columns = [("ID", "NUMBER(3)"), ("AMOUNT", "NUMBER(8,2)")]
        stand_in.control.create_table("COINS", columns, key=["ID"])
        yield stand_in


@pytest.fixture
def copy(oracle: OracleStandIn, tmp_path: Path) -> Copy:
    """Two rows and their copy."""
    source = Source("main", oracle.dsn, oracle.user, oracle.password, call_timeout_seconds=20)

    def open_session(_: str) -> AbstractContextManager[Session]:
        return connect(source, action="sync", client_identifier="U1")

    copy = Copy(oracle, open_session, tmp_path / "w", "COINS", TableSettings(1000))
    copy.execute("DELETE FROM T!", "INSERT INTO T! VALUES (1, 0.10), (2, 0.20)")
    copy.run()
    return copy


@pytest.fixture
def environ(copy: Copy, redis: Redis, redis_url: str, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "bot.toml").write_text(BOT_TOML)
    return {
        "ORACLE_DSN": copy.oracle.dsn,
        "ORACLE_USER": copy.oracle.user,
        "ORACLE_PASSWORD": copy.oracle.password,
        "REDIS_URL": redis_url,
        "WAREHOUSE_DIR": str(copy.root),
        "BOT_TOML": str(tmp_path / "bot.toml"),
    }


def alter(copy: Copy) -> None:
    """Change a row of the file that readers see."""
    entry = read_manifest(copy.root).entry(copy.ref)
    file = data_file(copy.root, copy.ref, entry.generation)
    file.parent.chmod(0o755)
    file.chmod(0o644)
    with duckdb.connect(file) as db:
        db.execute('UPDATE "SHOP"."COINS" SET "AMOUNT" = 0.21 WHERE "ID" = 2')


def test_a_copy_that_is_right_is_told_with_its_moment_and_noted(
    copy: Copy, environ: dict[str, str], redis: Redis
) -> None:
    copy.execute("UPDATE T! SET AMOUNT = 5")
    entry = read_manifest(copy.root).entry(copy.ref)
    told = call_botctl(environ, "prove", "coins", "--source", "main")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.splitlines() == [
        f"main.SHOP.COINS  2 rows as of {entry.as_of}, generation {entry.generation}",
        (
            "Figures compared: 9 (proof sums), with Oracle as of the copy's own moment "
            f"(SCN {entry.receipt.scn})."
        ),
        "The copy is right: it agrees with what Oracle held then in every figure.",
    ]
    [noted] = read_audit(redis, "local")
    assert (noted.what, noted.who, noted.subject) == (
        "proof_repeated",
        "operator",
        "main.SHOP.COINS",
    )
    assert noted.detail == f"agrees, 9 figures, {entry.generation}"
    deep = call_botctl(environ, "prove", "COINS", "--deep", "--json")
    assert json.loads(deep.stdout)["proof"] == "deep"


def test_a_copy_that_is_wrong_is_told_loudly_with_both_values_and_exit_code_1(
    copy: Copy, environ: dict[str, str]
) -> None:
    alter(copy)
    told = call_botctl(environ, "prove", "SHOP.COINS")
    assert (told.returncode, told.stderr) == (1, "")
    *_, total, greatest, sentence = told.stdout.splitlines()
    assert total == "  sum(AMOUNT): Oracle 0.3, copy 0.31"
    assert greatest == "  max(AMOUNT): Oracle 0.2, copy 0.21"
    assert sentence.startswith("THE COPY IS WRONG: 2 of 9 figures differ from what Oracle held")
    assert "`botctl sync main.SHOP.COINS --mode full` replaces it" in sentence
    as_json = call_botctl(environ, "prove", "SHOP.COINS", "--json")
    assert as_json.returncode == 1
    told_json = json.loads(as_json.stdout)
    assert (told_json["verdict"], told_json["figures"]) == ("faulty", 9)
    assert told_json["differences"] == [
        {"what": "sum(AMOUNT)", "oracle": "0.3", "copy": "0.31"},
        {"what": "max(AMOUNT)", "oracle": "0.2", "copy": "0.21"},
    ]


def test_what_may_be_changes_since_the_copy_is_told_so_with_exit_code_3(
    copy: Copy, environ: dict[str, str]
) -> None:
    copy.oracle.control.revoke("FLASHBACK", "COINS")
    copy.execute("DELETE FROM T! WHERE ID = 2")
    told = call_botctl(environ, "prove", "COINS", "--proof", "count")
    copy.oracle.control.grant("FLASHBACK", "COINS")
    assert (told.returncode, told.stderr) == (3, "")
    _, compared, counted, rows, sentence = told.stdout.splitlines()
    assert compared.endswith(
        "our user may not read this table's past (FLASHBACK on it is not granted)."
    )
    assert counted == "Only the rows were counted: --proof sums looks into the columns, too."
    assert rows == "  rows: Oracle 1, copy 2"
    assert sentence.startswith(
        "1 of 1 figures differ. They may be changes in Oracle since the copy"
    )
    assert "`botctl sync main.SHOP.COINS` makes a fresh copy" in sentence


def test_it_works_without_redis_and_says_that_it_logs_in_directly(
    environ: dict[str, str],
) -> None:
    told = call_botctl({**environ, "REDIS_URL": "redis://127.0.0.1:1/0"}, "prove", "COINS")
    assert told.returncode == 0
    assert told.stderr.startswith("Redis cannot be reached, so this logs in to Oracle directly")


def test_a_stopped_source_is_not_asked(copy: Copy, environ: dict[str, str]) -> None:
    call_botctl(environ, "source", "stop", "main", "--reason", "month-end")
    before = copy.oracle.control.login_attempts(copy.oracle.user)
    told = call_botctl(environ, "prove", "COINS")
    assert (told.returncode, told.stdout) == (1, "")
    assert "(month-end)" in told.stderr
    assert copy.oracle.control.login_attempts(copy.oracle.user) == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["NOTES"], 1, "SHOP.NOTES has not been copied yet."),
        (["COIN"], 1, "COIN is not among the tables this bot may copy."),
        (["COINS", "--source", "other"], 2, "bot.toml has no source 'other' (it has: main)."),
        (["COINS", "--proof", "some"], 2, "Usage: "),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_line(
    environ: dict[str, str], words: list[str], code: int, said: str
) -> None:
    told = call_botctl(environ, "prove", *words)
    assert (told.returncode, told.stdout) == (code, "")
    assert told.stderr.startswith(said)


def test_a_trial_is_told_why_it_cannot_be_proven_again(copy: Copy, environ: dict[str, str]) -> None:
    trial = copy.run(trial_rows=1).ref
    told = call_botctl(environ, "prove", str(trial))
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith(f"{trial} is a trial: it holds the rows of SHOP.COINS")
