"""audit and runs at the terminal."""

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from redis import Redis

from sync.approvals import request_approval
from sync.audit import note
from sync.state import OWNER
from tests.app.parts import plan, request
from tests.botctl import call_botctl

ROOT = Path(__file__).parents[2]
APPROVAL_ID = "T1-00000000000000000000000000000001"


def botctl(redis_url: str, folder: Path, *arguments: str) -> "CompletedProcess[str]":
    environ = {"REDIS_URL": redis_url, "WAREHOUSE_DIR": str(folder)}
    if (folder / "bot.toml").exists():
        environ["BOT_TOML"] = str(folder / "bot.toml")
    return call_botctl(environ, *arguments)


@pytest.fixture
def told(redis: Redis) -> None:
    """A team in which 민지 asked for a sync, and 준호 read a table."""
    redis.set(OWNER, "T1")
    wish = request(plan("ORDERS"), approval_id=APPROVAL_ID)
    request_approval(redis, wish, expires_seconds=3600, where="T1:C0DATA:1700.0001")
    note(redis, "T1", "query", who="U0JUNHO", subject="main.SHOP.ORDERS", where="T1:C0DATA:2")


@pytest.mark.usefixtures("told")
def test_the_audit_lists_who_did_what_when_and_where(redis_url: str, tmp_path: Path) -> None:
    done = botctl(redis_url, tmp_path, "audit")
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    for part in ("requested", "U0MINJI", APPROVAL_ID, "in T1:C0DATA:1700.0001", "SHOP.ORDERS"):
        assert part in first
    assert plan("ORDERS").digest[:8] in first
    assert "query  U0JUNHO  main.SHOP.ORDERS" in second


@pytest.mark.usefixtures("told")
def test_the_audit_can_be_narrowed_and_exported(redis_url: str, tmp_path: Path) -> None:
    done = botctl(redis_url, tmp_path, "audit", "--what", "query", "--who", "U0JUNHO", "--json")
    (line,) = done.stdout.splitlines()
    entry = json.loads(line)
    assert (entry["team"], entry["what"], entry["who"]) == ("T1", "query", "U0JUNHO")
    assert entry["at"].endswith("Z")
    assert botctl(redis_url, tmp_path, "audit", "--who", "U0EVE").stdout == ""


def test_a_length_of_time_that_is_none_is_refused(redis_url: str, tmp_path: Path) -> None:
    done = botctl(redis_url, tmp_path, "audit", "--since", "yesterday")
    assert done.returncode == 2
    assert "write 30m, 12h or 7d" in done.stderr


def test_without_runs_nothing_is_listed(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    redis.set(OWNER, "T1")
    done = botctl(redis_url, tmp_path, "runs", "--json")
    assert (done.returncode, done.stdout) == (0, "")


def test_a_source_is_stopped_and_started_which_runs_and_the_audit_show(
    redis_url: str, tmp_path: Path
) -> None:
    (tmp_path / "bot.toml").write_text('[[source]]\nname = "main"\n', encoding="utf-8")
    stopped = botctl(redis_url, tmp_path, "source", "stop", "main", "--reason", "month-end")
    assert stopped.returncode == 0
    assert "Source main is stopped" in stopped.stdout
    assert "(month-end)." in botctl(redis_url, tmp_path, "runs").stdout
    assert "may be read again" in botctl(redis_url, tmp_path, "source", "start", "main").stdout
    assert "was not stopped" in botctl(redis_url, tmp_path, "source", "start", "main").stdout
    assert botctl(redis_url, tmp_path, "runs").stdout == ""
    audit = botctl(redis_url, tmp_path, "audit", "--what", "source_switched").stdout
    assert audit.count("main") == 2
    unknown = botctl(redis_url, tmp_path, "source", "stop", "nosuch")
    assert unknown.returncode != 0
    assert "bot.toml has no source 'nosuch' (it has: main)" in unknown.stderr
