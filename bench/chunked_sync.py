"""A full sync in chunks, by one process and by several, near and far from Oracle."""

import os
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench.figures import Figure, interleaved, median
from bench.processes import cpu_seconds
from bench.rows import plan_of, source_of, sync
from bench.sync_speed import Cost, all_batches, read_to_nothing, stage
from sandbox.oracle.process import OracleStandIn
from sync.chunk_reader import chunk_reader
from sync.chunks import Reading
from sync.oracle import Source
from sync.plan import Plan, TableRef

READERS = (1, 2)
FAR_READERS = (1, 4)
FAR_SECONDS = 0.02
"""What each round trip takes longer where Oracle is far."""
FAR_REPETITIONS = 2
FAR_FETCH_ROWS = (20_000, 2_000)
"""Rows a round trip: what the product takes, and what it takes of rows with LOBs of some size."""


def measure_chunks(
    oracle: OracleStandIn, ref: TableRef, rows: int, repetitions: int, warehouse: Path
) -> Iterator[Figure]:
    """Copy all of *ref* by some numbers of readers, beside driver and DuckDB alone."""
    source = source_of(oracle)
    plan = plan_of(source, ref, rows)
    copy = _copying(plan, warehouse)
    batches = all_batches(source, plan)
    costs: dict[str, list[Cost]] = {}

    def timed(name: str, work: Callable[[], int]) -> Callable[[], float]:
        def measure() -> float:
            cost = _cost(oracle, work, rows)
            costs.setdefault(name, []).append(cost)
            return cost.wall

        return measure

    for readers in READERS:
        copy(source, readers)  # the stand-in encodes these chunks now
    interleaved(
        {
            "driver": timed("driver", lambda: read_to_nothing(source, plan)),
            "duckdb": timed("duckdb", lambda: stage(plan, batches, warehouse)),
            "whole": timed("whole", lambda: sync(source, plan, warehouse).tables[0].rows),
            "1": timed("1", lambda: copy(source, 1)),
            "2": timed("2", lambda: copy(source, 2)),
        },
        repetitions,
    )
    for readers in READERS:
        yield _near(rows, readers, costs)


def measure_far(
    oracle: OracleStandIn, ref: TableRef, rows: int, warehouse: Path
) -> Iterator[Figure]:
    """Copy all of *ref* by one reader and by several, with each round trip taking longer."""
    plan = plan_of(source_of(oracle), ref, rows)
    for fetch_rows in FAR_FETCH_ROWS:
        source = replace(source_of(oracle), fetch_rows=fetch_rows)
        copy = partial(_copying(plan, warehouse), source)
        for readers in FAR_READERS:
            copy(readers)  # the stand-in encodes these chunks now
        oracle.control.delay_round_trips(FAR_SECONDS)
        yield _far(rows, fetch_rows, copy)
        oracle.control.delay_round_trips(0)


def _copying(plan: Plan, warehouse: Path) -> Callable[[Source, int], int]:
    def copy(source: Source, readers: int) -> int:
        receipt = sync(source, plan, warehouse, reading=_reading(source, readers)).tables[0]
        assert receipt.chunks > 1
        return receipt.rows

    return copy


def _far(rows: int, fetch_rows: int, copy: Callable[[int], int]) -> Figure:
    def timed(readers: int) -> float:
        began = time.perf_counter()
        assert copy(readers) == rows
        return time.perf_counter() - began

    few, many = FAR_READERS
    found = interleaved({"few": partial(timed, few), "many": partial(timed, many)}, FAR_REPETITIONS)
    return Figure(
        bench=f"far_sync_{rows}_rows_{fetch_rows}_a_trip_{many}_readers",
        value=median(found["many"]),
        unit="s",
        against="peer",
        other=median(found["few"]),
        detail={
            "times_as_fast": median(found["few"]) / median(found["many"]),
            "peer_readers": few,
            "round_trip_ms": round(FAR_SECONDS * 1000),
        },
    )


def bound(driver: Cost, duckdb: Cost, readers: int) -> float:
    """Seconds that no pipeline of so many readers and one writer can go below on this machine.

    Unlike with one session, the stand-in's own work is in it, for all cores are busy.
    """
    cores = len(os.sched_getaffinity(0))
    work = driver.cpu + duckdb.cpu + driver.server_cpu
    return max(driver.wall / readers, duckdb.wall, work / cores)


def _near(rows: int, readers: int, costs: dict[str, list[Cost]]) -> Figure:
    rounds = zip(costs["driver"], costs["duckdb"], costs[str(readers)], strict=True)
    walls = [(cost.wall, bound(driver, duckdb, readers)) for driver, duckdb, cost in rounds]
    return Figure(
        bench=f"chunked_sync_{rows}_rows_{readers}_readers",
        value=median([wall for wall, _ in walls]),
        unit="s",
        against="bound",
        other=median([limit for _, limit in walls]),
        detail={
            "ratio_per_round": [limit / wall for wall, limit in walls],
            "cores_busy": median([_busy(cost) for cost in costs[str(readers)]]),
            "in_one_piece_wall": median([cost.wall for cost in costs["whole"]]),
            "in_one_piece_cpu": median([cost.cpu for cost in costs["whole"]]),
            **{
                f"{name}_{part}": median([getattr(cost, part) for cost in costs[key]])
                for name, key in (
                    ("driver", "driver"),
                    ("duckdb", "duckdb"),
                    ("sync", str(readers)),
                )
                for part in ("wall", "cpu", "server_cpu")
            },
        },
    )


def _busy(cost: Cost) -> float:
    """Share of all cores' time in which they worked: nothing that does this much can be faster."""
    return (cost.cpu + cost.server_cpu) / len(os.sched_getaffinity(0)) / cost.wall


def _cost(oracle: OracleStandIn, work: Callable[[], int], rows: int) -> Cost:
    """What *work* takes, with the processor time of the processes it started."""
    server, cpu, wall = cpu_seconds(oracle.process.pid), _our_cpu(), time.perf_counter()
    done = work()
    cost = Cost(
        wall=time.perf_counter() - wall,
        cpu=_our_cpu() - cpu,
        server_cpu=cpu_seconds(oracle.process.pid) - server,
    )
    assert done == rows
    return cost


def _our_cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _reading(source: Source, readers: int) -> Reading:
    return Reading(
        lambda _: chunk_reader(source, action="bench", client_identifier="bench"),
        readers,
        large_rows=0,  # so that a smoke test reads in chunks too
    )
