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
