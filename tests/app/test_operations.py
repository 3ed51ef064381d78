"""botctl backup and restore, as whoever runs the product types them."""

from pathlib import Path
from subprocess import CompletedProcess

from redis import Redis

from sandbox.redis import start_redis
from sync.approvals import load_approval
from sync.state import connect_state
from sync.warehouse.manifest import publish, read_manifest
from tests.botctl import call_botctl
from tests.sync.state_parts import ask, press
from tests.sync.tables import place_rows, table_plan

ROOT = Path(__file__).parents[2]


def botctl(redis_url: str, warehouse: Path, *words: str) -> "CompletedProcess[str]":
    environ = {"REDIS_URL": redis_url, "WAREHOUSE_DIR": str(warehouse)}
    return call_botctl(environ, *words)


def test_what_is_saved_can_be_put_back_elsewhere_and_decided_there(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    waiting = ask(redis)
    entry = place_rows(tmp_path / "w", table_plan([("ID", "NUMBER(10)")]), [(1,), (2,)], fence=1)
    publish(tmp_path / "w", [entry])
    saved = botctl(redis_url, tmp_path / "w", "backup", str(tmp_path / "saved"))
    assert (saved.returncode, saved.stderr) == (0, "")
    assert saved.stdout.startswith(f"Saved in {tmp_path / 'saved'}: {redis.dbsize()} keys of Redis")
    elsewhere = start_redis()
    other = connect_state(elsewhere.url)
    try:
        restored = botctl(elsewhere.url, tmp_path / "w2", "restore", str(tmp_path / "saved"))
        assert (restored.returncode, restored.stderr) == (0, "")
        assert restored.stdout.partition(": ")[2] == saved.stdout.partition(": ")[2]
        assert read_manifest(tmp_path / "w2") == read_manifest(tmp_path / "w")
        assert load_approval(other, waiting.id) == waiting
        assert press(other, waiting) == "approved"
    finally:
        other.close()
        elsewhere.stop()


def test_what_is_refused_is_one_line_and_exit_code_1(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    again = botctl(redis_url, tmp_path / "w", "backup", str(tmp_path))
    assert again.returncode == 1
    assert again.stderr == f"{tmp_path} is already there. Name a folder that does not exist yet.\n"
    none = botctl(redis_url, tmp_path / "w", "restore", str(tmp_path))
    assert none.returncode == 1
    assert none.stderr == f"{tmp_path} is not a finished backup of this version.\n"
    away = botctl("redis://127.0.0.1:1/0", tmp_path / "w", "backup", str(tmp_path / "saved"))
    assert away.returncode == 1
    assert away.stderr.count("\n") == 1
    assert not (tmp_path / "saved").exists()
