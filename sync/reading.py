"""Read rows of Oracle as Arrow batches, ahead of whoever takes them."""

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sync.arrival import arrived
from sync.oracle import Session, Statement, named_errors
from sync.plan import Column, TablePlan
from sync.types import arrow, row_bytes, wire_schema

MAX_BATCH_BYTES = 64 << 20
"""A batch is in memory as a whole, and up to `BATCHES_AHEAD` more are."""

BATCHES_AHEAD = 4
"""Read and waiting to be written: about what the driver fetches while DuckDB compresses a row group
(122,880 rows), for which it takes no batch."""


def read_batches(session: Session, plan: TablePlan, statement: Statement) -> Generator[Any]:
    """The rows of a statement as ``pyarrow.RecordBatch`` values of `arrow_schema` of the plan.

    `Source.fetch_rows` a batch; any may be empty. A thread of its own keeps up to `BATCHES_AHEAD`
    of them ready, so that whoever takes them works while the driver decodes the next; it has ended
    when the generator has. Raises `LobTooLarge`.
    """
    yield from _read_ahead(session, plan, plan.columns, statement)


def read_keys(session: Session, plan: TablePlan, statement: Statement) -> Generator[Any]:
    """The same for a statement that gives just the columns of the key."""
    yield from _read_ahead(session, plan, [plan.column(name) for name in plan.key], statement)


def _read_ahead(
    session: Session, plan: TablePlan, columns: Sequence[Column], statement: Statement
) -> Generator[Any]:
    with (
        named_errors(session.source, plan.source_ref),
        ThreadPoolExecutor(1, thread_name_prefix=f"read {plan.ref}") as reader,
    ):
        frames = session.connection.fetch_df_batches(
            statement.sql,
            list(statement.binds),
            size=rows_a_batch(columns, session.source.fetch_rows),
            requested_schema=wire_schema(plan.ref, columns),
        )

        def fetch() -> Any | None:
            for frame in frames:
                return arrived(plan.ref, columns, arrow.table(frame))
            return None

        ahead = deque(reader.submit(fetch) for _ in range(BATCHES_AHEAD))
        try:
            while (table := ahead.popleft().result()) is not None:
                ahead.append(reader.submit(fetch))
                yield from table.to_batches()
        finally:
            reader.shutdown(cancel_futures=True)


def rows_a_batch(columns: Sequence[Column], most: int) -> int:
    """Rows of a batch: *most*, and of rows with LOBs only what `MAX_BATCH_BYTES` surely holds."""
    lobs = [column for column in columns if column.limit is not None]
    return max(1, min(most, MAX_BATCH_BYTES // row_bytes(lobs))) if lobs else most
