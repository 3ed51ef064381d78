"""node-oracledb in thin mode: by python-oracledb's makers, in another language and other code."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sandbox.judges.cases import ROWIDS, Reading, Verdict
from sandbox.oracle.process import OracleStandIn

NAME = "node-oracledb"
PACKAGE = "oracledb"
INSTALL_SECONDS, READ_SECONDS = 180, 60
CLIENT = Path(__file__).with_name("node_client.js")
READINGS = (
    Reading(
        "types",
        "select id, amount, huge, name, city, day_, ts, ratio from shop.items order by id",
        [["1", "-12.5", "9" * 38, "주문 확인", "서울 🦆", "2026-02-28T13:05:09.000Z",
          "2026-02-28T13:05:09.250Z", 1.5], ["2", *[None] * 7]],
    ),
    Reading(
        "LOBs by locator and RAW",
        "select body, picture, raw_ from shop.documents order by id",
        [["긴 글 " * 20_000, "00ff" * 20_000, "01fe"], [None, None, None]],
    ),
    Reading("JSON", "select j from shop.documents order by id",
            [[{"수": [1, 2.5, None, True]}], [None]]),
    Reading("AS OF SCN and ROWID",
            "select rowid, id from shop.items as of scn {scn} where rowid >= "
            f"chartorowid('{ROWIDS[0]}') order by rowid", [[ROWIDS[0], "1"], [ROWIDS[1], "2"]]),
    Reading("sums", "select count(*), sum(huge), max(ts) from shop.items",
            [["2", "9" * 38, "2026-02-28T13:05:09.250Z"]]),
)  # fmt: skip


def install(folder: Path) -> str:
    """Put the client into a folder; the reason where that cannot be done, or ""."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return "there is no node with npm"
    command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), PACKAGE]
    return failure(command, INSTALL_SECONDS)


def judge(folder: Path, oracle: OracleStandIn, scn: int) -> Iterator[Verdict]:
    """Read everything over one connection of its own."""
    asked = {
        "module": str(folder / "node_modules" / PACKAGE),
        "user": oracle.user,
        "password": oracle.password,
        "dsn": oracle.dsn,
        "statements": [reading.statement.format(scn=scn) for reading in READINGS],
    }
    done = subprocess.run(
        [shutil.which("node") or "node", str(CLIENT)],
        input=json.dumps(asked),
        text=True,
        capture_output=True,
        timeout=READ_SECONDS,
        check=False,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if len(answers) < len(READINGS):
        yield Verdict("logon", done.stderr.strip() or "it ended without an answer")
        return
    yield Verdict("logon")
    for reading, answer in zip(READINGS, answers, strict=True):
        found = answer.get("rows", answer.get("error"))
        yield Verdict(reading.what, "" if found == reading.rows else f"it found {found!s:.300}")


def failure(command: list[str], seconds: float) -> str:
    """The end of what a command complains about, or "" when it worked."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if done.returncode == 0 else (done.stderr or done.stdout).strip()[-300:]
