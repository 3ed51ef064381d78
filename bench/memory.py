"""The peak memory of a process that copies one table, for two sizes of the table."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench.figures import Figure
from bench.processes import memory_mb
from bench.rows import plan_of, source_of, sync
from sandbox.oracle.process import OracleStandIn
from sync.oracle import Source
from sync.plan import Plan, TableRef
from sync.warehouse.writers import cores, memory_mib, writing_threads


def measure_memory(
    oracle: OracleStandIn, small: tuple[TableRef, int], large: tuple[TableRef, int], warehouse: Path
) -> Figure:
    """Copy a small and a large table, each in a new process, after the stand-in has encoded both.

    The first copy of the large table is not counted: the stand-in still encodes, so rows come
    slowly and less waits in memory.
    """
    _peak(oracle, *large, warehouse)
    threads = writing_threads(cores())
    planned = plan_of(source_of(oracle), *large).tables[0]
    small_base, small_peak = _peak(oracle, *small, warehouse)
    large_base, large_peak = _peak(oracle, *large, warehouse)
    return Figure(
        bench=f"peak_memory_{large[1]}_rows",
        value=large_peak,
        unit="MiB",
        against="peer",
        other=small_peak,
        detail={
            "aim": "ratio at most 1.1, value at most 600",
            "peer_rows": small[1],
            "before_copy": max(small_base, large_base),
            "duckdb_limit": memory_mib(planned, threads),
            "duckdb_threads": threads,
        },
    )


def _peak(oracle: OracleStandIn, ref: TableRef, rows: int, warehouse: Path) -> tuple[float, float]:
    """Memory before and at the peak of a copy."""
    source = source_of(oracle)
    plan = plan_of(source, ref, rows)
    # Spawned, not forked: a fork would begin with this process's memory.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(copy_and_tell, source, plan, warehouse).result()


def copy_and_tell(source: Source, plan: Plan, warehouse: Path) -> tuple[float, float]:
    """Run in the new process."""
    before = memory_mb(os.getpid(), "VmHWM")
    sync(source, plan, warehouse)
    return before, memory_mb(os.getpid(), "VmHWM")
