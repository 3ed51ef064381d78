"""All measurements, one JSON object a line (`make bench`); `--quick` takes small sizes."""

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bench.charts import measure_chart
from bench.chunked_sync import measure_chunks, measure_far
from bench.clock import measure_clock
from bench.decisions import measure_clicks, measure_decisions
from bench.figures import Figure
from bench.many_threads import measure_many
from bench.memory import measure_memory
from bench.outgoing import measure_outgoing
from bench.peers.measure import measure_peers
from bench.question import measure_question
from bench.ready import measure_help, measure_ready
from bench.recovery import measure_recovery
from bench.rendering import measure_rendering
from bench.rows import create_table
from bench.shares import measure_shares
from bench.storm import measure_storm
from bench.sync_speed import measure_sync
from bench.threads import measure_thread
from bench.turn import measure_turns
from bench.walls import measure_walls
from sandbox.oracle.process import start_oracle
from sync.warehouse.layout import remove_folder


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    rows: int
    repetitions: int
    shares: int
    """Repetitions of what is measured as a share of a full copy."""
    turns: int
    thread: int
    """Turns of one long thread."""
    starts: int
    questions: int
    decisions: int
    clicks: int
    schedules: int
    deaths: int
    """Workers killed; none in a smoke test, for each takes half a minute."""
    outgoing: tuple[float, int]
    """Seconds of saying all that can be said, and notes of a run's progress."""
    storm: tuple[int, float]
    """Events, and over how many seconds."""


FULL = Sizes(
    rows=1_000_000,
    repetitions=5,
    shares=3,
    turns=100,
    thread=500,
    starts=5,
    questions=40,
    decisions=2_000,
    clicks=40,
    schedules=500,
    deaths=1,
    outgoing=(75.0, 2_000),
    storm=(10_000, 60.0),
)
QUICK = Sizes(
    rows=50_000,
    repetitions=2,
    shares=1,
    turns=20,
    thread=60,
    starts=1,
    questions=10,
    decisions=100,
    clicks=5,
    schedules=50,
    deaths=0,
    outgoing=(2.0, 50),
    storm=(50, 1.0),
)
LARGE = 5
"""How many times the rows the large table of the memory figure has."""
WALLS = 5
"""The same of the table that queries are measured on with and without their walls."""


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke test of a minute or less")
    parser.add_argument("--sync", action="store_true", help="only what is about copying")
    told = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="duckferry-bench-"))
    try:
        for figure in measure(QUICK if told.quick else FULL, scratch, only_sync=told.sync):
            print(figure.line(), flush=True)
    finally:
        remove_folder(scratch)


def measure(sizes: Sizes, scratch: Path, *, only_sync: bool = False) -> Iterator[Figure]:
    """Yield the figures as they are found; everything is written below *scratch*."""
    warehouse = scratch / "warehouse"
    with start_oracle("bench-not-a-secret", date(2026, 11, 22)) as oracle:
        large_rows = LARGE * sizes.rows
        small = create_table(oracle, "BENCH", sizes.rows)
        large = create_table(oracle, "BENCH_LARGE", large_rows)
        yield measure_sync(oracle, small, sizes.rows, sizes.repetitions, warehouse)
        yield measure_memory(
            oracle, (small, sizes.rows), (large, large_rows), scratch / "large-warehouse"
        )
        yield from measure_chunks(
            oracle, large, large_rows, sizes.shares, scratch / "large-warehouse"
        )
        remove_folder(scratch / "large-warehouse")
        yield from measure_far(oracle, small, sizes.rows, scratch / "far-warehouse")
        remove_folder(scratch / "far-warehouse")
        yield from measure_peers(oracle, [(small, sizes.rows)], scratch)
        for ref, rows in ((small, sizes.rows), (large, large_rows)):
            yield from measure_shares(oracle, ref, rows, sizes.shares, scratch / "shares")
            remove_folder(scratch / "shares")
    if only_sync:
        return
    yield measure_question(small, warehouse, sizes.questions)
    yield from measure_turns(small, warehouse, sizes.turns)
    yield from measure_many(small, warehouse, sizes.turns)
    yield measure_rendering(5 * sizes.questions)
    yield measure_thread(sizes.thread, warehouse)
    yield measure_chart(warehouse, sizes.repetitions)
    yield from measure_walls(scratch / "walls", WALLS * sizes.rows, sizes.questions)
    remove_folder(scratch / "walls")
    yield from measure_ready(scratch, sizes.starts)
    yield measure_help(2 * sizes.starts)
    yield measure_decisions(sizes.decisions)
    yield from measure_clicks(scratch, sizes.clicks)
    yield measure_clock(sizes.schedules)
    if sizes.deaths:
        yield measure_recovery(scratch, sizes.deaths)
    yield from measure_outgoing(*sizes.outgoing)
    yield from measure_storm(scratch, *sizes.storm)


if __name__ == "__main__":
    main()
