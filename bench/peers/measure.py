"""Beside other tools: the same rows of the same stand-in, copied by a new process each.

The peers are dlt, the go-ora driver inside the sling program, and a driver's row tuples. dlt and
sling are in an environment of their own (`make bench-peers`) and are left out where it is missing.
sling reads to a file of text: writing DuckDB it first downloads DuckDB's own program, so what it
would cost to load that text is not in its figure.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.figures import Figure
from bench.peers.job import Job
from bench.processes import memory_mb
from sandbox.oracle.process import REPOSITORY, OracleStandIn
from sync.plan import TableRef
from sync.warehouse.layout import remove_folder

PEERS = REPOSITORY / ".venv-bench"
PEERS_PYTHON = PEERS / "bin" / "python"
LOOK_SECONDS = 0.05
MOST_SECONDS = 1_800
AIM = 1 / 3
"""Of our processor time, a peer's being 1."""


@dataclass(frozen=True)
class Cost:
    """Of one process, from its start to its end."""

    wall: float
    cpu: float
    """Seconds, of it and of the processes it waited for."""
    peak: float
    """MiB, of the process itself."""


def measure_peers(
    oracle: OracleStandIn, tables: Sequence[tuple[TableRef, int]], scratch: Path
) -> Iterator[Figure]:
    """A line a peer and table. The first copy of each is not counted: the stand-in encodes then."""
    commands = _commands()
    for name in ("dlt", "sling"):
        if name not in commands:
            print(f"{name} is not measured: make bench-peers installs it", file=sys.stderr)
    for ref, rows in tables:
        folder = scratch / "copy"
        job = Job(oracle.dsn, oracle.user, oracle.password, ref.table, rows, folder)
        ours = _second(_python(Path(sys.executable), "bench.peers.ours", job), job)
        for name, command in commands.items():
            yield _figure(name, rows, ours, _second(command(job), job))


def _figure(name: str, rows: int, ours: Cost, peer: Cost) -> Figure:
    return Figure(
        bench=f"copy_beside_{name}_{rows}_rows",
        value=ours.cpu,
        unit="s of processor time",
        against="peer",
        other=peer.cpu,
        detail={
            "aim": f"ratio at most {AIM:.3f}",
            "wall": ours.wall,
            "peer_wall": peer.wall,
            "wall_ratio": ours.wall / peer.wall,
            "peak_mib": ours.peak,
            "peer_peak_mib": peer.peak,
        },
    )


@dataclass(frozen=True)
class Command:
    """A program that copies, how it is started, and what it says of the rows at the end."""

    arguments: tuple[str, ...]
    says: str
    """Its output holds this in the end."""
    environment: Mapping[str, str]


Commands = Mapping[str, Callable[[Job], Command]]


def _commands() -> Commands:
    own = Path(sys.executable)
    found: dict[str, Callable[[Job], Command]] = {
        "tuples": lambda job: _python(own, "bench.peers.tuples", job)
    }
    if PEERS_PYTHON.exists():
        found["dlt"] = lambda job: _python(PEERS_PYTHON, "bench.peers.dlt_copy", job)
    for program in PEERS.glob("lib/python3*/site-packages/sling_linux_amd64/bin/sling-linux-*"):
        program.chmod(0o755)  # the wheel says nothing of it
        found["sling"] = partial(_sling, program)
    return found


def _python(python: Path, module: str, job: Job) -> Command:
    environment = {"DLT_DATA_DIR": str(job.folder), "RUNTIME__DLTHUB_TELEMETRY": "false"}
    return Command((str(python), "-m", module, job.text()), f"\n{job.rows}\n", environment)


def _sling(program: Path, job: Job) -> Command:
    address, _, service = job.dsn.partition("/")
    return Command(
        arguments=(
            *(str(program), "run", "--src-conn", "ORACLE"),
            *("--src-stream", f'SHOP."{job.table}"'),
            *("--tgt-object", f"file://{job.folder}/copied.csv"),
        ),
        says=f" {job.rows} rows ",
        environment={
            "ORACLE": f"oracle://{job.user}:{job.password}@{address}/{service}",
            "SLING_HOME_DIR": str(job.folder),
            "SLING_DISABLE_TELEMETRY": "TRUE",
        },
    )


def _second(command: Command, job: Job) -> Cost:
    _copied(command, job)
    return _copied(command, job)


def _copied(command: Command, job: Job) -> Cost:
    """Run a program to its end in an empty folder, looking at its memory as it goes."""
    job.folder.mkdir(parents=True)
    said = job.folder.with_suffix(".txt")
    began = time.monotonic()
    try:
        with (
            said.open("wb") as out,
            subprocess.Popen(
                command.arguments,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=REPOSITORY,
                env={
                    "HOME": str(job.folder),
                    "PYTHONUTF8": "1",
                    "TZ": "UTC",
                    **command.environment,
                },
            ) as process,
        ):
            peak, status, used = 0.0, 0, None
            while used is None:
                with suppress(OSError, RuntimeError):  # it has ended
                    peak = max(peak, memory_mb(process.pid, "VmHWM"))
                if time.monotonic() > began + MOST_SECONDS:
                    process.kill()
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
                used = usage if pid else None
                time.sleep(0 if used else LOOK_SECONDS)
            wall = time.monotonic() - began
            process.returncode = os.waitstatus_to_exitcode(status)
        words = "\n" + said.read_text(errors="replace")
        if process.returncode or command.says not in words:
            raise RuntimeError(
                f"{command.arguments[0]} did not copy {job.rows} rows: {words[-800:]}"
            )
    finally:
        remove_folder(job.folder)
        said.unlink(missing_ok=True)
    return Cost(wall=wall, cpu=used.ru_utime + used.ru_stime, peak=peak)
