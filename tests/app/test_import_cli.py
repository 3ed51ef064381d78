"""botctl warehouse import, as whoever has a DuckDB file already types it."""

import json
from pathlib import Path

import duckdb
import pytest
from redis import Redis

from app.cli.local import TEAM
from sync.audit import read_audit
from sync.past_errors import CopyMoved
from sync.plan import TableRef
from sync.warehouse.current import current_link
from sync.warehouse.dropping import drop_imported
from sync.warehouse.layout import data_file, table_folder
from sync.warehouse.manifest import publish, read_manifest
from tests.botctl import call_botctl
from tests.sync.foreign_files import ORDERS_FILE, fingerprint, make_file, open_elsewhere
from tests.sync.tables import place_rows, table_plan

NO_REDIS = "redis://127.0.0.1:1/0"
ORDERS = TableRef(source="imported", schema_name="main", table="주문 내역")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "team").mkdir()
    return make_file(tmp_path / "team" / "team data.duckdb", *ORDERS_FILE)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "w"


@pytest.fixture
def environ(root: Path, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "bot.toml").write_text('[[source]]\nname = "main"\n[[table]]\nname = "SHOP.T"\n')
    return {
        "WAREHOUSE_DIR": str(root),
        "BOT_TOML": str(tmp_path / "bot.toml"),
        "REDIS_URL": NO_REDIS,
    }


def test_it_shows_asks_imports_and_the_tables_can_be_asked_about_at_once(
    environ: dict[str, str], root: Path, file: Path
) -> None:
    before = fingerprint(file.parent)
    done = call_botctl(environ, "warehouse", "import", str(file), typed="y\n")
    assert done.returncode == 0, done.stderr
    generation = read_manifest(root).entry(ORDERS).generation
    assert done.stdout.splitlines() == [
        "team data.duckdb holds:",
        "  완료 주문  view, as its rows are now  2 rows  3 columns  new",
        "  주문 내역  table  3 rows  3 columns  key 번호  new",
        (
            "Nothing of it is proven against Oracle, and answers say so. All who may ask the bot "
            "can ask about these tables; the model sees: schema (model.sees_imported in bot.toml)."
        ),
        (
            "Import 2 tables? [y/N]: "
            f"  완료 주문  2 rows  generation {read_manifest(root).entries[0].generation}"
        ),
        f"  주문 내역  3 rows  generation {generation}",
        "Imported 2 tables of team data.duckdb.",
    ]
    assert fingerprint(file.parent) == before
    asked = call_botctl(environ, "query", 'SELECT count(*) AS n FROM "주문 내역"')
    as_of = read_manifest(root).entry(ORDERS).as_of
    assert asked.stdout.splitlines() == [
        "n",
        "3",
        (
            f"imported.main.주문 내역 · 3 rows · imported from team data.duckdb at {as_of}, "
            "not proven against Oracle"
        ),
    ]


def test_a_table_is_dropped_by_a_yes_and_a_reader_that_has_begun_is_not_disturbed(
    environ: dict[str, str], root: Path, file: Path
) -> None:
    place = table_plan([("ID", "NUMBER(10)")])
    publish(root, [place_rows(root, place, [(1,)], 1)])
    for _ in range(2):
        assert call_botctl(environ, "warehouse", "import", str(file), "--yes").returncode == 0
    entry = read_manifest(root).entry(ORDERS)
    path = data_file(root, ORDERS, entry.generation)
    asked = call_botctl(environ, "warehouse", "drop", "주문 내역", typed="n\n")
    assert (asked.returncode, "Nothing was dropped." in asked.stdout) == (1, True)
    copied = call_botctl(environ, "warehouse", "drop", "SHOP.T", "--yes")
    assert (copied.returncode, "was copied from Oracle" in copied.stderr) == (1, True)
    with duckdb.connect(str(path), read_only=True) as reader:
        done = call_botctl(environ, "warehouse", "drop", "주문 내역", typed="y\n")
        assert done.returncode == 0, done.stderr
        assert "3 rows imported from team data.duckdb" in done.stdout
        assert "copies kept: 2." in done.stdout
        assert done.stdout.endswith("Dropped 주문 내역.\n")
        assert reader.execute('SELECT count(*) FROM "main"."주문 내역"').fetchone() == (3,)
    assert read_manifest(root).find(ORDERS) is None
    assert [entry.ref.table for entry in read_manifest(root).entries] == ["완료 주문", "T"]
    assert not table_folder(root, ORDERS).exists()
    assert not current_link(root, ORDERS).is_symlink()
    gone = call_botctl(environ, "warehouse", "drop", "주문 내역", "--yes")
    assert gone.returncode == 1
    assert call_botctl(environ, "warehouse", "import", str(file), "--yes").returncode == 0
    assert read_manifest(root).entry(ORDERS).rows == 3
    with pytest.raises(CopyMoved):
        drop_imported(root, entry)  # what was shown is not what is there


@pytest.mark.parametrize("typed", ["n\n", ""])
def test_without_a_yes_nothing_is_imported(
    environ: dict[str, str], root: Path, file: Path, typed: str
) -> None:
    done = call_botctl(environ, "warehouse", "import", str(file), typed=typed)
    assert done.returncode == 1
    assert not root.exists()


def test_what_is_left_out_is_named_and_makes_another_exit_code(
    environ: dict[str, str], root: Path, file: Path
) -> None:
    make_file(file, "CREATE VIEW \"\x1b[31m나쁜\" AS SELECT * FROM read_text('/etc/hostname')")
    done = call_botctl(environ, "warehouse", "import", str(file), "--yes")
    assert done.returncode == 3
    told = [line for line in done.stdout.splitlines() if "left out" in line]
    assert len(told) == 3
    assert told[0].startswith("  left out: [31m나쁜: Permission Error: ")
    assert told[-1] == "Imported 2 tables of team data.duckdb; 1 left out."
    assert "\x1b" not in done.stdout
    assert len(read_manifest(root).imported) == 2


def test_what_would_be_replaced_is_shown_and_an_undo_brings_it_back(
    environ: dict[str, str], root: Path, file: Path, redis: Redis, redis_url: str
) -> None:
    with_redis = {**environ, "REDIS_URL": redis_url}
    assert call_botctl(with_redis, "warehouse", "import", str(file), "--yes").returncode == 0
    make_file(file, 'DROP VIEW "완료 주문"; DELETE FROM "주문 내역" WHERE 상태 = \'취소\'')
    again = call_botctl(with_redis, "warehouse", "import", str(file), "--yes")
    assert "2 rows  3 columns  key 번호  replaces 3 rows imported from team data" in again.stdout
    assert "Imported before and left as they are: 완료 주문" in again.stdout
    undone = call_botctl(with_redis, "undo", "주문 내역", "--yes")
    assert undone.returncode == 0, undone.stderr
    assert "imported from team data.duckdb, not proven against Oracle" in undone.stdout
    assert "Oracle's" not in undone.stdout
    assert read_manifest(root).entry(ORDERS).rows == 3
    noted = [entry.subject for entry in read_audit(redis, TEAM) if entry.what == "imported"]
    assert sorted(noted) == ["imported.main.완료 주문", *["imported.main.주문 내역"] * 2]


@pytest.mark.parametrize(
    "arguments",
    [("prove", "주문 내역"), ("sync", "주문 내역", "--yes"), ("prove", "main.주문 내역")],
)
def test_what_reads_oracle_refuses_an_imported_table_in_words(
    environ: dict[str, str], file: Path, redis: Redis, redis_url: str, arguments: tuple[str, ...]
) -> None:
    oracle = {"ORACLE_DSN": "127.0.0.1:1/X", "ORACLE_USER": "u", "ORACLE_PASSWORD": "p"}
    full = {**environ, **oracle, "REDIS_URL": redis_url}
    call_botctl(full, "warehouse", "import", str(file), "--yes")
    refused = call_botctl(full, *arguments)
    assert refused.returncode == 1
    assert "주문 내역 was imported from a DuckDB file and is not in Oracle" in refused.stderr


def test_status_receipt_and_comparison_do_not_speak_of_oracle(
    environ: dict[str, str], file: Path
) -> None:
    for _ in range(2):
        call_botctl(environ, "warehouse", "import", str(file), "--yes")
    for command in (("warehouse", "status"), ("receipt", "주문 내역"), ("diff", "주문 내역")):
        told = call_botctl(environ, *command)
        assert told.returncode == 0, told.stderr
        assert "imported from team data.duckdb" in told.stdout
        assert "as of" not in told.stdout
    receipt = json.loads(call_botctl(environ, "receipt", "주문 내역", "--json").stdout)
    assert (receipt["proof"], receipt["oracle_rows"]) == ("none", None)


def test_a_name_that_oracle_has_too_is_told_beside_it(
    environ: dict[str, str], root: Path, tmp_path: Path
) -> None:
    publish(root, [place_rows(root, table_plan([("ID", "NUMBER(10)")]), [(1,)], 1)])
    file = make_file(tmp_path / "t.duckdb", "CREATE TABLE t AS SELECT 1 AS a")
    done = call_botctl(environ, "warehouse", "import", str(file), "--yes")
    assert "    t alone then also means SHOP.T" in done.stdout.splitlines()


def test_a_file_that_cannot_be_read_is_one_plain_sentence(
    environ: dict[str, str], root: Path, file: Path
) -> None:
    missing = call_botctl(environ, "warehouse", "import", "nowhere.duckdb", "--yes")
    assert (missing.returncode, missing.stderr.splitlines()) == (
        1,
        ["There is no file nowhere.duckdb. Name the DuckDB file with its path."],
    )
    with open_elsewhere(file):
        used = call_botctl(environ, "warehouse", "import", str(file), "--yes")
    assert used.returncode == 1
    assert used.stderr.startswith(f"{file} is in use: another process has it open to write.")
    bare = call_botctl(
        environ, "warehouse", "import", str(make_file(file.with_name("bare.duckdb"))), "--yes"
    )
    assert bare.stderr.endswith("bare.duckdb has no table or view that can be imported.\n")
    assert not root.exists()


def test_a_source_cannot_be_called_imported(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "bot.toml").write_text('[[source]]\nname = "imported"\n')
    refused = call_botctl(environ, "config", "check", "--offline")
    assert refused.returncode == 2
    assert "no source can be called imported" in refused.stdout + refused.stderr
