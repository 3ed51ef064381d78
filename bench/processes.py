"""What the kernel tells of a process: processor time, memory, children."""

import os
from pathlib import Path


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, all its threads; see proc(5), fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int, name: str) -> float:
    """``VmRSS`` (memory now) or ``VmHWM`` (its peak since the program began), in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} tells no {name}")


def children(pid: int) -> list[int]:
    """The processes it has started that still run."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]
