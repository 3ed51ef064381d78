"""Each wall alone keeps data whole: statements that write or reach out, in a DuckDB left open."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sync.warehouse.walls import NOBODY, walls
from tests.sync.corpus import contents, filled, publish_corpus, read_corpus

ROOT = Path(__file__).resolve().parents[2]
OWNER = 54321
TOKEN = "xoxb-not-a-real-token"
HERE = walls()
IS_ROOT = os.geteuid() == 0
needs_landlock = pytest.mark.skipif(HERE.landlock is None, reason="this kernel has no Landlock")
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root can become another user")

REACHING = ("writes", "copies and databases", "files", "settings", "table functions")
WAITS = re.compile(r"sleep|0000000|httpfs|EXTENSIONS|https?:|/dev/std")
"""What only waits, here or for a network, is tried elsewhere."""
STATEMENTS = [
    one.sql
    for one in read_corpus("hostile_sql.txt")
    if one.kind in REACHING and not WAITS.search(one.sql) and len(one.sql) < 1000
]

each = pytest.mark.parametrize(
    "statements",
    [
        pytest.param(STATEMENTS[::6], id="some"),
        pytest.param(STATEMENTS, id="all", marks=pytest.mark.sweep),
    ],
)


@pytest.fixture
def warehouse(common: Path) -> dict[str, str]:
    return publish_corpus(common / "warehouse")


def owned_by(root: Path, user: int) -> None:
    for path in (root, *root.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)


def attack(
    names: dict[str, str], statements: list[str], user: int | None, landlock: int | None
) -> dict[str, str]:
    """What came of each statement, each in a process of its own that is bounded in this way."""
    told: dict[str, Any] = {"do": "try each", "file": names["FILE"], "user": user}
    with subprocess.Popen(
        [sys.executable, "-B", "-m", "tests.sync.wall_script"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(ROOT), "TOKEN": TOKEN},
        cwd=ROOT,
    ) as process:
        sql = [filled(one, {**names, "PID": str(process.pid)}) for one in statements]
        asked = told | {"sql": ["SELECT count(*) FROM ORDERS", *sql], "landlock": landlock}
        out, _ = process.communicate(json.dumps(asked).encode() + b"\n", timeout=100)
    read, *found = json.loads(out)
    assert read == "done: [(4,)]"  # the question itself is answered
    return dict(zip(sql, found, strict=True))


@each
@needs_landlock
@pytest.mark.parametrize("user", [None, pytest.param(OWNER, marks=needs_root)])
def test_landlock_alone_leaves_every_file_whole_and_every_secret_unread(
    warehouse: dict[str, str], statements: list[str], user: int | None
) -> None:
    folder = Path(warehouse["ROOT"]).parent
    if user is not None:
        owned_by(folder, user)
    whole = contents(folder)
    found = attack(warehouse, statements, user, HERE.landlock)
    assert contents(folder) == whole
    read = [
        sql
        for sql, outcome in found.items()
        if any(secret in outcome for secret in (TOKEN, "VAULTED", "LEDGERED", "root:x:"))
    ]
    assert read == []


@each
@needs_root
@pytest.mark.parametrize("user", [OWNER, NOBODY])
def test_file_modes_alone_leave_every_copy_whole(
    warehouse: dict[str, str], statements: list[str], user: int
) -> None:
    root = Path(warehouse["ROOT"])
    if user == OWNER:
        owned_by(root, user)
    whole = contents(root)
    found = attack(warehouse, statements, user, None)
    assert contents(root) == whole
    assert [sql for sql, outcome in found.items() if TOKEN in outcome] == []
