"""What the system says of the processes that queries run in."""

import time
from collections.abc import Callable
from pathlib import Path

WAIT_SECONDS = 30


def children(of: int | None, called: str) -> list[int]:
    """Children of a process, zombies too, whose command line holds *called*."""
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (process / "stat").read_text().rpartition(")")[2].split()[:2]
            command = (process / "cmdline").read_text()
        except OSError:
            continue  # it ended meanwhile
        if int(parent) == of and (state == "Z" or called in command):
            found.append(int(process.name))
    return found


def zygotes_of(process: int | None) -> list[int]:
    return children(process, "zygote_process")


def queries_of(process: int | None) -> list[int]:
    """The children of a process's zygotes; one of them may only wait."""
    return [query for zygote in zygotes_of(process) for query in zygotes_of(zygote)]


def has_threads(pid: int) -> bool:
    """Whether DuckDB's threads run, so that the file is attached."""
    return len(list(Path(f"/proc/{pid}/task").glob("*"))) > 1


def until(found: Callable[[], int | None]) -> int:
    """Look again and again until there is something; other processes tell us nothing by themselves.

    Raises TimeoutError.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while (one := found()) is None:
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.005)
    return one


def query_at_work(of: int) -> int:
    """Wait for a query that is past its start."""
    return until(lambda: next((pid for pid in queries_of(of) if has_threads(pid)), None))


def status(pid: int, name: str) -> str:
    """One line of /proc/<pid>/status."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return line.partition(":")[2].strip()
    return ""
