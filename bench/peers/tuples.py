"""What a driver that gives row tuples costs: rows of Python, made Arrow, appended to DuckDB.

It does less than the engine: amounts stay doubles, as the driver gives them, and nothing is proven.
"""

import sys
from typing import Any

import duckdb
import oracledb
import pyarrow as pa

from bench.peers.job import Job, read_job

ROWS_A_BATCH = 20_000
arrow: Any = pa
"""pyarrow ships no types."""
SCHEMA = arrow.schema(
    [
        ("ID", arrow.int64()),
        ("CUSTOMER_ID", arrow.int64()),
        ("AMOUNT", arrow.float64()),
        ("SCORE", arrow.float64()),
        ("NAME", arrow.string()),
        ("STATUS", arrow.string()),
        ("ORDERED_AT", arrow.timestamp("us")),
        ("UPDATED_AT", arrow.timestamp("us")),
        ("ACTIVE", arrow.string()),
        ("NOTE", arrow.string()),
    ]
)


def main(job: Job) -> None:
    """Copy; prints how many rows."""
    with (
        oracledb.connect(user=job.user, password=job.password, dsn=job.dsn) as connection,
        connection.cursor() as cursor,
        duckdb.connect(job.folder / "tuples.duckdb") as db,
    ):
        cursor.arraysize = cursor.prefetchrows = ROWS_A_BATCH
        cursor.execute(f'SELECT * FROM SHOP."{job.table}"')
        db.register("batch", SCHEMA.empty_table())
        db.execute("CREATE TABLE copied AS FROM batch")
        rows: Any = cursor
        while found := rows.fetchmany():
            columns = [arrow.array(values, kind) for values, kind in _columns(found)]
            db.register("batch", arrow.table(columns, schema=SCHEMA))
            db.execute("INSERT INTO copied FROM batch")
        row = db.execute("SELECT count(*) FROM copied").fetchone()
    print(row[0] if row else 0)


def _columns(found: Any) -> Any:
    return zip(zip(*found, strict=True), SCHEMA.types, strict=True)


if __name__ == "__main__":
    main(read_job(sys.argv[1]))
