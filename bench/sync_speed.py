"""A full sync through the real engine, beside the two halves it cannot do without.

The driver alone reads the same rows to nothing; DuckDB alone stages the same Arrow batches from
memory. Nothing that does both can be faster than the slower half, nor than the processor time of
both spread over all cores. How near a machine that also runs the stand-in can come is shown by
both halves at once, in two processes that hand nothing over.
"""

import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.figures import Figure, interleaved, median
from bench.processes import cpu_seconds
from bench.rows import opener, plan_of, source_of, sync
from sandbox.oracle.process import OracleStandIn
from sync.oracle import Source, begin_read_only
from sync.plan import Plan, TableRef
from sync.reading import read_batches
from sync.statements import rows_of
from sync.types import wire_schema
from sync.warehouse.generation import building, stage_rows


@dataclass(frozen=True)
class Cost:
    """Seconds of one measurement: the clock, our processor time, the stand-in's."""

    wall: float
    cpu: float
    server_cpu: float


def measure_sync(
    oracle: OracleStandIn, ref: TableRef, rows: int, repetitions: int, warehouse: Path
) -> Figure:
    """Copy all of *ref* several times; the last copy stays in *warehouse*."""
    source = source_of(oracle)
    plan = plan_of(source, ref, rows)
    assert read_to_nothing(source, plan) == rows  # and the stand-in has encoded them now
    batches = all_batches(source, plan)
    costs: dict[str, list[Cost]] = {"driver": [], "duckdb": [], "sync": [], "both": []}

    def timed(name: str, work: Callable[[], int]) -> Callable[[], float]:
        def measure() -> float:
            cost = _cost(oracle, work, rows)
            costs[name].append(cost)
            return cost.wall

        return measure

    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as other:

        def both() -> int:
            reading = other.submit(read_to_nothing, source, plan)
            stage(plan, batches, warehouse)
            return reading.result()

        assert both() == rows  # the other process has started now
        interleaved(
            {
                "driver": timed("driver", lambda: read_to_nothing(source, plan)),
                "duckdb": timed("duckdb", lambda: stage(plan, batches, warehouse)),
                "sync": timed("sync", lambda: sync(source, plan, warehouse).tables[0].rows),
                "both": timed("both", both),
            },
            repetitions,
        )
    rounds = zip(costs["driver"], costs["duckdb"], costs["sync"], strict=True)
    walls = [(cost.wall, bound(driver, duckdb)) for driver, duckdb, cost in rounds]
    return Figure(
        bench=f"full_sync_{rows}_rows",
        value=median([wall for wall, _ in walls]),
        unit="s",
        against="bound",
        other=median([limit for _, limit in walls]),
        detail={
            "rows_per_second": round(rows / median([wall for wall, _ in walls])),
            "ratio_per_round": [limit / wall for wall, limit in walls],
            "both_at_once": median([cost.wall for cost in costs["both"]]),
            **{
                f"{name}_{part}": median([getattr(cost, part) for cost in found])
                for name, found in costs.items()
                if name != "both"  # its processor time is in two processes
                for part in ("wall", "cpu", "server_cpu")
            },
        },
    )


def bound(driver: Cost, duckdb: Cost) -> float:
    """Seconds that no pipeline of the two on this machine can go below."""
    cores = len(os.sched_getaffinity(0))
    return max(driver.wall, duckdb.wall, (driver.cpu + duckdb.cpu) / cores)


def _cost(oracle: OracleStandIn, work: Callable[[], int], rows: int) -> Cost:
    server = cpu_seconds(oracle.process.pid)
    cpu, wall = time.process_time(), time.perf_counter()
    done = work()
    cost = Cost(
        wall=time.perf_counter() - wall,
        cpu=time.process_time() - cpu,
        server_cpu=cpu_seconds(oracle.process.pid) - server,
    )
    assert done == rows
    return cost


def read_to_nothing(source: Source, plan: Plan) -> int:
    """Have the driver alone read the one table of *plan*; how many rows came."""
    table = plan.tables[0]
    count = 0
    with opener(source)(source.name) as session:
        begin_read_only(session)
        for frame in session.connection.fetch_df_batches(
            rows_of(table, None).sql,
            size=source.fetch_rows,
            requested_schema=wire_schema(table.ref, table.columns),
        ):
            count += frame.num_rows()
    return count


def all_batches(source: Source, plan: Plan) -> list[Any]:
    """Keep all its rows in memory, as DuckDB takes them."""
    with opener(source)(source.name) as session:
        begin_read_only(session)
        return list(read_batches(session, plan.tables[0], rows_of(plan.tables[0], None)))


def stage(plan: Plan, batches: list[Any], warehouse: Path) -> int:
    """Have DuckDB alone write such rows; how many."""
    with building(warehouse, plan.tables[0].ref, "duckdb-alone") as folder:
        return stage_rows(folder, plan.tables[0], iter(batches), lambda _: None)
