"""What parts of the engine's work cost, as shares of a full copy of the same table.

An incremental run of a hundredth of the rows; DuckDB's half of the proof; telling how far it is.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.decisions import decided, request
from bench.figures import Figure, median
from bench.rows import opener, planner, source_of, sync
from sandbox.oracle.process import OracleStandIn
from sandbox.redis import start_redis
from sync.moment import take_moment
from sync.oracle import Source
from sync.plan import Mode, Plan, TablePlan, TableRef, Wish
from sync.planning import TableSettings, plan_tables
from sync.progress import Progress
from sync.proof import figures
from sync.reading import read_batches
from sync.receipt import Receipt
from sync.runs import claim, load_run
from sync.state import connect_state
from sync.statements import rows_of
from sync.warehouse.generation import building, proving, settle_rows, stage_rows
from sync.warehouse.manifest import read_manifest
from sync.warehouse.merge import ask, require_unique, staged_table
from sync.watch import Watch, heartbeat, watching

CHANGED = 100
"""One row in so many has changed, all over the table."""
ALIVE_SECONDS = 30.0


@dataclass(frozen=True)
class Spent:
    """Seconds of the clock and of this process's processor time."""

    wall: float
    cpu: float


def measure_shares(
    oracle: OracleStandIn, ref: TableRef, rows: int, repetitions: int, warehouse: Path
) -> Iterator[Figure]:
    """The rows the table holds are changed: it is the last that is measured of it."""
    source = source_of(oracle)
    settings = TableSettings(rows, cursor="UPDATED_AT", lag=0)

    fetched: list[int] = []

    def run(mode: Mode) -> tuple[Plan, Spent]:
        planned = planner(settings)
        plan = plan_tables(
            opener(source), [Wish(ref=ref, mode=mode)], read_manifest(warehouse), planned
        )
        assert plan.tables[0].mode == mode
        receipts: list[Receipt] = []
        cost = spent(lambda: receipts.append(sync(source, plan, warehouse, planned)))
        if changes := receipts[0].tables[0].changes:
            fetched.append(changes.fetched)
        return plan, cost

    run("full")  # and the stand-in has encoded the rows
    full: list[Spent] = []
    proof: list[Spent] = []
    telling: list[Spent] = []
    changed: list[Spent] = []
    for _ in range(repetitions):
        plan, cost = run("full")
        full.append(cost)
        proof.append(_prove(source, plan.tables[0], warehouse))
        telling.append(_tell(plan, rows, -(-rows // source.fetch_rows), cost.wall))
    for number in range(repetitions):
        # Spread over an hour, for what changed in the newest second is read again by the next run.
        oracle.control.execute(
            f"UPDATE SHOP.\"{ref.table}\" SET UPDATED_AT = TIMESTAMP '2026-11-22 00:00:00' "
            f"+ to_hours({number + 1}) + to_microseconds(CAST(ID % 1000000 * 3600 AS BIGINT)) "
            f"WHERE ID % {CHANGED} = {number}"
        )
        changed.append(run("incremental")[1])
    yield _figure(f"incremental_of_{rows}_rows", 0.05, changed, full, {"read": fetched})
    yield _figure(f"proof_in_duckdb_{rows}_rows", 0.1, proof, full, {})
    yield _figure(f"progress_{rows}_rows", 0.01, telling, full, {})


def spent(work: Callable[[], object]) -> Spent:
    """What calling it takes."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def _figure(
    bench: str, aim: float, part: list[Spent], full: list[Spent], detail: dict[str, object]
) -> Figure:
    wall, full_wall = (median([one.wall for one in found]) for found in (part, full))
    return Figure(
        bench=bench,
        value=median([one.cpu for one in part]),
        unit="s of processor time",
        against="peer",
        other=median([one.cpu for one in full]),
        detail={
            "aim": f"ratio at most {aim}",
            "wall": wall,
            "peer_wall": full_wall,
            "wall_ratio": wall / full_wall,
            **detail,
        },
    )


def _prove(source: Source, plan: TablePlan, warehouse: Path) -> Spent:
    """Answer the proof's questions over staged rows, as a run does before it publishes them."""
    with building(warehouse, plan.ref, "proof") as folder:
        with opener(source)(source.name) as session:
            scn = take_moment(session, [plan]).read_scn
            stage_rows(
                folder, plan, read_batches(session, plan, rows_of(plan, scn)), lambda _: None
            )
        columns = settle_rows(folder, plan).columns

        def prove() -> None:
            with proving(folder, plan, columns) as db:
                ask(db, staged_table(db, plan), figures(plan, columns))
                require_unique(db, plan, staged_table(db, plan))

        return spent(prove)


def _tell(plan: Plan, rows: int, batches: int, seconds: float) -> Spent:
    """Tell of so many batches in so many seconds, copying none: to Redis, as a worker does."""
    server = start_redis()
    client: Any = connect_state(server.url)
    try:
        approval = request(client, "T0SANDBOX:C0DATA:1700.1", plan)
        decided(client, approval)
        run = load_run(client, approval.id)
        assert run is not None
        assert claim(client, run)
        watch = Watch(run, lambda _: None)
        refs = [table.ref for table in plan.tables]

        def tell() -> None:
            with watching(client, watch), heartbeat(client, watch, refs, ALIVE_SECONDS):
                for batch in range(batches):
                    watch.report(
                        Progress(
                            table=str(refs[0]),
                            table_number=1,
                            tables=1,
                            rows=rows * batch // batches,
                            expected_rows=rows,
                            seconds=batch,
                        )
                    )
                    time.sleep(seconds / batches)

        return spent(tell)
    finally:
        client.close()
        server.stop()
