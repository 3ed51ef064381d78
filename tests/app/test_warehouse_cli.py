"""botctl warehouse, as whoever runs the product types it."""

from pathlib import Path

from redis import Redis

from sync.warehouse.manifest import publish, read_manifest
from tests.botctl import call_botctl
from tests.sync.tables import place_rows, table_plan

ID = [("ID", "NUMBER(10)")]


def test_what_is_kept_is_told_and_a_lost_manifest_is_made_again(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    environ = {"REDIS_URL": redis_url, "WAREHOUSE_DIR": str(tmp_path)}
    for fence in (1, 2):
        publish(tmp_path, [place_rows(tmp_path, table_plan(ID), [(1,)] * fence, fence)])
    before = read_manifest(tmp_path)
    told = call_botctl(environ, "warehouse", "status")
    assert (told.returncode, told.stderr) == (0, "")
    table, total, history, room = told.stdout.splitlines()
    assert table.startswith("main.SHOP.T  2 of 3 generations  ")
    assert table.endswith("2 rows  as of 2026-11-22T00:00:00+00:00")
    assert total.startswith("Total ")
    assert "until each table has 3 generations" in history
    assert room.endswith("more copies of every table fit.")
    refused = call_botctl(environ, "warehouse", "rebuild")
    assert refused.returncode == 1
    assert refused.stderr.startswith("The manifest can be read, so it is left as it is.")
    (tmp_path / "manifest.json").unlink()
    rebuilt = call_botctl(environ, "warehouse", "rebuild")
    assert rebuilt.stdout.splitlines()[-1] == "The manifest names 1 tables."
    assert read_manifest(tmp_path) == before


def test_a_sync_is_undone_at_the_terminal_without_oracle(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    root = tmp_path / "w"
    (tmp_path / "bot.toml").write_text('[[source]]\nname = "main"\n[[table]]\nname = "SHOP.T"\n')
    environ = {
        "REDIS_URL": redis_url,
        "WAREHOUSE_DIR": str(root),
        "BOT_TOML": str(tmp_path / "bot.toml"),
    }
    for fence in (1, 2):
        publish(root, [place_rows(root, table_plan(ID), [(1,)] * fence, fence)])
    first = read_manifest(root).entries[0]
    undone = call_botctl(environ, "undo", "t", "--yes")
    assert undone.returncode == 0, undone.stderr
    assert undone.stdout.startswith("Undo needs approval\n  SHOP.T: goes back to the copy as of ")
    assert undone.stdout.endswith("the 1 rows of the copy before are current again.\n")
    now = read_manifest(root).entries[0]
    assert (now.rows, now.previous[0]) == (1, first.generation)
    again = call_botctl(environ, "undo", "T", "--yes")
    assert again.returncode == 0
    assert read_manifest(root).entries[0].rows == 2
