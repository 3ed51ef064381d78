"""How much memory and how many threads a DuckDB that writes a copy gets, and which format."""

import os

from sync.plan import TablePlan
from sync.types import row_bytes

MAX_MEMORY_MIB = 1024
"""Of the writing DuckDB; without a limit it takes 80% of the machine."""
MIN_MEMORY_MIB = 64

ROW_GROUP_ROWS = 122_880
BLOCK_BYTES = 256 * 1024
"""DuckDB's own, for files of `STORAGE_VERSION`."""

MAX_THREADS = 2
"""The driver, which Python's lock keeps on one core, gives no more rows than two can write."""

BUFFERED_ROW_GROUPS = 1
"""DuckDB collects five a thread by default: that takes memory, and all are then compressed at the
end, where nothing is left to do beside it."""

STORAGE_VERSION = "v1.0.0"
"""Loads 1.6 times faster than the 2.0 format (measured), and every DuckDB since 1.0 opens it."""


def settings(plan: TablePlan) -> dict[str, str | bool | int | float | list[str]]:
    """What a DuckDB that writes a copy is connected with."""
    threads = writing_threads(cores())
    return {
        "storage_compatibility_version": STORAGE_VERSION,
        "preserve_insertion_order": False,
        "threads": threads,
        "memory_limit": f"{memory_mib(plan, threads)}MiB",
        "write_buffer_row_group_count": BUFFERED_ROW_GROUPS,
        "enable_external_access": False,
        "autoload_known_extensions": False,
        "autoinstall_known_extensions": False,
    }


def writing_threads(cores: int) -> int:
    """DuckDB's threads: one core stays with the driver."""
    return min(MAX_THREADS, max(1, cores - 1))


def memory_mib(plan: TablePlan, threads: int) -> int:
    """DuckDB's memory limit: 1.5 times what a row group of the widest rows takes in each thread.

    It keeps what it has written until it reaches the limit, so a high one grows with the table. It
    spills under a low one, yet 61 MiB for row groups of 487 ended in "Out of Memory" (measured).
    """
    buffers = ROW_GROUP_ROWS * row_bytes(plan.columns) + 2 * BLOCK_BYTES * len(plan.columns)
    return min(max(3 * threads * buffers >> 21, MIN_MEMORY_MIB), MAX_MEMORY_MIB)


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0))
