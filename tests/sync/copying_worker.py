"""A worker for the tests that copies for real. Started as a process, to be killed.

Usage: ``python copying_worker.py REDIS_URL DSN USER PASSWORD WAREHOUSE``
"""

import os
import sys
from functools import partial
from pathlib import Path

from sync.jobs import work
from sync.oracle import Source, connect
from sync.perform import Rules, perform_run, published_receipt
from sync.progress import Progress
from sync.runs import load_run
from sync.state import connect_state
from tests.sync.copying import planner
from tests.sync.kill_parts import (
    ALIVE_SECONDS,
    BATCH_ROWS,
    BATCHES,
    LIMITS,
    SETTINGS,
    Reading,
    pause,
)


def main(url: str, dsn: str, user: str, password: str, warehouse: Path) -> None:
    """Work until killed."""
    client = connect_state(url)
    source = Source("main", dsn, user, password, call_timeout_seconds=20, fetch_rows=BATCH_ROWS)

    def perform(run_id: str) -> None:
        run = load_run(client, run_id)
        reading = Reading(
            run=run_id,
            attempt=run.attempts if run else 0,
            horse=os.getpid(),
            worker=os.getppid(),
        )
        told = False

        def tell(progress: Progress) -> None:
            nonlocal told
            if progress.rows and not told:
                told = True
                client.rpush(BATCHES, reading.model_dump_json())

        perform_run(
            client,
            run_id,
            open_session=lambda _: connect(source, action="sync", client_identifier=run_id),
            warehouse=warehouse,
            alive_seconds=ALIVE_SECONDS,
            on_progress=tell,
            rules=Rules(plan_table=planner(SETTINGS), backoff=pause),
        )

    client.rpush("worker-ready", os.getpid())
    published = partial(published_receipt, warehouse)
    work(url, client, ["main"], perform, published, limits=LIMITS, backoff=pause)


if __name__ == "__main__":
    main(*sys.argv[1:5], warehouse=Path(sys.argv[5]))
