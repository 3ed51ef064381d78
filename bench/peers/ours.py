"""A full copy by the product's engine, in a process of its own."""

import sys

from bench.peers.job import Job, read_job
from bench.rows import plan_of, sync
from sync.oracle import Source
from sync.plan import TableRef


def main(job: Job) -> None:
    """Copy, prove and publish; prints how many rows."""
    source = Source(name="main", dsn=job.dsn, user=job.user, password=job.password)
    ref = TableRef(source="main", schema_name="SHOP", table=job.table)
    receipt = sync(source, plan_of(source, ref, job.rows), job.folder)
    print(receipt.tables[0].rows)


if __name__ == "__main__":
    main(read_job(sys.argv[1]))
