"""Two databases, a wrong password, an old release, a closed window: as people run botctl."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from sandbox.oracle.process import OracleStandIn, SmallTable, start_oracle
from sandbox.start import ORACLE_PASSWORD, Sandbox, start_sandbox
from sync.state import connect_state
from sync.warehouse.manifest import read_manifest
from tests.botctl import call_botctl

ROOT = Path(__file__).parents[2]
ERP_PASSWORD = "another secret"
BRANCHES = SmallTable(
    "USERS", [("USER_ID", "NUMBER(6)")], [(1,), (2,), (3,)], key=["USER_ID"], owner="SHOP"
)
TWO_SOURCES = """
[[source]]
name = "main"

[[source]]
name = "erp"
dsn = "{dsn}"
user = "{user}"

[[table]]
name = "SHOP.USERS"
source = "main"

[[table]]
name = "SHOP.USERS"
source = "erp"
"""


@pytest.fixture(scope="module")
def started() -> Iterator[Sandbox]:
    running = start_sandbox()
    yield running
    running.stop()


@pytest.fixture
def sandbox(started: Sandbox) -> Sandbox:
    """The stand-ins with an empty Redis: each test has a warehouse of its own."""
    connect_state(started.redis.url).flushall()
    return started


@pytest.fixture
def erp() -> Iterator[OracleStandIn]:
    with start_oracle(ERP_PASSWORD, date(2026, 11, 22), tables=[BRANCHES]) as stand_in:
        yield stand_in


def botctl(
    sandbox: Sandbox, folder: Path, bot_toml: str, *arguments: str, **environ: str
) -> "CompletedProcess[str]":
    """Run botctl in a warehouse of this folder's own."""
    file = folder / "bot.toml"
    file.write_text(bot_toml, encoding="utf-8")
    own: Mapping[str, str] = {
        **sandbox.environ,
        "WAREHOUSE_DIR": str(folder / "warehouse"),
        "BOT_TOML": str(file),
        **environ,
    }
    return call_botctl(own, *arguments)


def one_source(**more: str) -> str:
    lines = "\n".join(f"{name} = {value}" for name, value in more.items())
    return f'[[source]]\nname = "main"\n{lines}\n[[table]]\nname = "SHOP.USERS"\n'


def test_the_same_table_of_two_sources_is_copied_into_two_copies(
    sandbox: Sandbox, erp: OracleStandIn, tmp_path: Path
) -> None:
    config = TWO_SOURCES.format(dsn=erp.dsn, user=erp.user)
    both = {"ORACLE_PASSWORD_ERP": ERP_PASSWORD}
    for name in ("main.SHOP.USERS", "erp.SHOP.USERS"):
        done = botctl(sandbox, tmp_path, config, "sync", name, "--yes", **both)
        assert done.returncode == 0, done.stderr
    entries = read_manifest(tmp_path / "warehouse").entries
    rows = {f"{entry.ref.source}.{entry.ref}": entry.rows for entry in entries}
    assert rows == {"main.SHOP.USERS": 150, "erp.SHOP.USERS": 3}
    unclear = botctl(sandbox, tmp_path, config, "sync", "USERS", "--yes", **both)
    assert unclear.returncode == 1
    assert "main.SHOP.USERS, erp.SHOP.USERS" in unclear.stderr
    mixed = botctl(
        sandbox, tmp_path, config, "sync", "main.SHOP.USERS", "erp.SHOP.USERS", "--yes", **both
    )
    assert mixed.returncode == 1
    assert "one sync reads one source" in mixed.stderr
    half = botctl(sandbox, tmp_path, config, "sync", "main.SHOP.USERS", "--yes")
    assert half.returncode == 2
    assert "ORACLE_PASSWORD_ERP" in half.stderr


def test_a_wrong_password_is_tried_once_however_often_it_is_asked_for(
    sandbox: Sandbox, erp: OracleStandIn, tmp_path: Path
) -> None:
    reached = one_source(dsn=f'"{erp.dsn}"', user=f'"{erp.user}"')
    for _ in range(3):
        done = botctl(sandbox, tmp_path, reached, "sync", "USERS", "--yes", ORACLE_PASSWORD="wrong")
        assert done.returncode == 1
        assert "ORA-01017" in done.stderr
    assert erp.control.login_attempts(erp.user) == 1
    done = botctl(
        sandbox, tmp_path, reached, "sync", "USERS", "--yes", ORACLE_PASSWORD=ERP_PASSWORD
    )
    assert done.returncode == 0, done.stderr


def test_a_database_the_thin_driver_refuses_says_what_to_set(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    old = start_oracle(ORACLE_PASSWORD, date(2026, 11, 22), release="11g", thin_refused=True)
    with old:
        config = one_source(dsn=f'"{old.dsn}"', user=f'"{old.user}"')
        done = botctl(sandbox, tmp_path, config, "sync", "USERS", "--yes")
    assert done.returncode == 1
    assert 'driver = "thick"' in done.stderr
    assert "ORACLE_CLIENT_LIB_DIR" in done.stderr


def test_what_we_ask_of_oracle_is_what_11g_understands(sandbox: Sandbox, tmp_path: Path) -> None:
    with start_oracle(ORACLE_PASSWORD, date(2026, 11, 22), release="11g") as old:
        config = one_source(dsn=f'"{old.dsn}"', user=f'"{old.user}"')
        done = botctl(sandbox, tmp_path, config, "sync", "USERS", "--yes")
    assert done.returncode == 0, done.stderr


def test_a_thick_source_without_client_libraries_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    config = one_source(driver='"thick"')
    done = botctl(sandbox, tmp_path, config, "sync", "USERS", "--yes")
    assert done.returncode == 2
    assert "set ORACLE_CLIENT_LIB_DIR" in done.stderr
    empty = botctl(
        sandbox, tmp_path, config, "sync", "USERS", "--yes", ORACLE_CLIENT_LIB_DIR=str(tmp_path)
    )
    assert empty.returncode == 1
    assert "Instant Client" in empty.stderr


def test_a_closed_window_is_told_with_its_end(sandbox: Sandbox, tmp_path: Path) -> None:
    today = datetime.now(UTC).strftime("%a").lower()
    config = 'timezone = "UTC"\n' + one_source(blackout=f'["{today} 00:00-24:00"]')
    done = botctl(sandbox, tmp_path, config, "sync", "USERS", "--yes")
    assert done.returncode == 1
    assert "A blackout in bot.toml closes Oracle source main until" in done.stderr
    assert not read_manifest(tmp_path / "warehouse").entries
