"""A copy by dlt's sql_database source with its pyarrow backend, run by the peers' own Python.

The table is declared, so that no reflection is measured. Nothing is imported that only the
product's environment has.
"""

import sys
from importlib import import_module
from typing import Any

from bench.peers.job import Job, read_job

ROWS_A_CHUNK = 50_000


def main(job: Job) -> None:
    """Copy; prints how many rows."""
    dlt: Any = import_module("dlt")
    sql_database: Any = import_module("dlt.sources.sql_database")
    sql: Any = import_module("sqlalchemy")
    address, _, service = job.dsn.partition("/")
    url = f"oracle+oracledb://{job.user}:{job.password}@{address}?service_name={service}"
    known = sql.MetaData(schema="shop")
    _declare(sql, known, job.table.lower())
    resource = sql_database.sql_table(
        sql.create_engine(url),
        table=job.table.lower(),
        schema="shop",
        metadata=known,
        backend="pyarrow",
        chunk_size=ROWS_A_CHUNK,
        reflection_level="full_with_precision",
    )
    file = str(job.folder / "dlt.duckdb")
    pipeline = dlt.pipeline(
        pipeline_name="peer",
        destination=dlt.destinations.duckdb(file),
        dataset_name="copy",
        pipelines_dir=str(job.folder / "pipelines"),
    )
    pipeline.run(resource, write_disposition="replace")
    with import_module("duckdb").connect(file, read_only=True) as db:
        row = db.execute(f"SELECT count(*) FROM copy.{job.table.lower()}").fetchone()
    print(row[0])


def _declare(sql: Any, known: Any, table: str) -> None:
    oracle: Any = import_module("sqlalchemy.dialects.oracle")
    sql.Table(
        table,
        known,
        sql.Column("id", sql.Numeric(12, 0), primary_key=True),
        sql.Column("customer_id", sql.Numeric(6, 0)),
        sql.Column("amount", sql.Numeric(14, 2)),
        sql.Column("score", oracle.BINARY_DOUBLE),
        sql.Column("name", sql.String(40)),
        sql.Column("status", sql.String(10)),
        sql.Column("ordered_at", oracle.DATE),
        sql.Column("updated_at", oracle.TIMESTAMP),
        sql.Column("active", sql.CHAR(1)),
        sql.Column("note", sql.String(100)),
    )


if __name__ == "__main__":
    main(read_job(sys.argv[1]))
