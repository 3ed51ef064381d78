"""go-ora, a driver in Go by others than Oracle, as it sits in the sling program.

sling reads numbers as floats and writes times in its own way, so less is asked of it.
"""

import csv
import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from sandbox.judges.cases import ROWIDS, Reading, Verdict
from sandbox.judges.node import failure
from sandbox.oracle.process import OracleStandIn

NAME = "go-ora (sling)"
PACKAGE = "sling-linux-amd64==1.4.11"
INSTALL_SECONDS, READ_SECONDS = 300, 60
READINGS = (
    Reading("types", "select id, amount, name, city, ratio from shop.items order by id",
            [["1", "-12.500000000", "주문 확인", "서울 🦆", "1.5"], ["2", "", "", "", ""]]),
    Reading("AS OF SCN and ROWID",
            "select rowidtochar(rowid) r, id from shop.items as of scn {scn} order by id",
            [[ROWIDS[0], "1"], [ROWIDS[1], "2"]]),
)  # fmt: skip


def install(folder: Path) -> str:
    """Put the program into a folder; the reason where that cannot be done, or ""."""
    if sys.platform != "linux":
        return "the program is for Linux"
    pip = shutil.which("pip3") or shutil.which("pip")
    if pip is None:
        return "there is no pip"
    command = [pip, "install", "--quiet", "--no-deps", "--upgrade", "--target", str(folder)]
    return failure([*command, PACKAGE], INSTALL_SECONDS)


def judge(folder: Path, oracle: OracleStandIn, scn: int) -> Iterator[Verdict]:
    """Read everything, each over a connection of its own."""
    program = folder / "sling_linux_amd64" / "bin" / "sling-linux-amd64"
    address, _, service = oracle.dsn.partition("/")
    url = f"oracle://{oracle.user}:{oracle.password}@{address}/{service}"
    for reading in READINGS:
        statement = reading.statement.format(scn=scn)
        done = subprocess.run(
            [str(program), "run", "--src-conn", "ORACLE", "--src-stream", statement, "--stdout"],
            env={"ORACLE": url, "HOME": str(folder), "SLING_HOME_DIR": str(folder)},
            text=True, capture_output=True, timeout=READ_SECONDS, check=False,
        )  # fmt: skip
        found = list(csv.reader(io.StringIO(done.stdout)))[1:]
        said = str(found) if done.returncode == 0 else done.stderr.strip()[-300:]
        yield Verdict(reading.what, "" if found == reading.rows else f"it found {said}")
