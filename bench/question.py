"""One question end to end, in a process of its own, beside the same SQL on an open connection."""

import subprocess
import sys
import time
from pathlib import Path

import duckdb

from bench.figures import Figure, interleaved, percentile
from sync.plan import TableRef
from sync.warehouse.layout import data_file
from sync.warehouse.manifest import read_manifest
from sync.warehouse.query import Aggregate, DateGroup, Order, Query, compile_query
from sync.warehouse.query_process import QueryLimits, open_queries

WARM_UP_QUESTIONS = 2


def measure_question(ref: TableRef, warehouse: Path, questions: int) -> Figure:
    """Ask *questions* times; the same rows must come back on both ways."""
    entry = read_manifest(warehouse).entry(ref)
    query = Query(
        table=str(ref),
        group_by=["STATUS", DateGroup(column="ORDERED_AT", unit="year")],
        aggregates=[Aggregate(function="count"), Aggregate(function="sum", column="AMOUNT")],
        order_by=[Order(column="sum_AMOUNT", direction="desc")],
        limit=20,
    )
    compiled = compile_query(query, entry)
    with (
        open_queries(warehouse, QueryLimits()) as queries,
        duckdb.connect(":memory:", config={"threads": 2}) as db,
    ):
        file = data_file(warehouse, ref, entry.generation)
        db.execute(f"ATTACH '{file}' AS generation (READ_ONLY)")
        db.execute("USE generation")

        def ask() -> float:
            began = time.perf_counter()
            result = queries.run(compiled, entry)
            took = (time.perf_counter() - began) * 1000
            assert len(result.rows) == rows
            return took

        def ask_open() -> float:
            began = time.perf_counter()
            found = db.execute(compiled.sql, compiled.params).fetchall()
            took = (time.perf_counter() - began) * 1000
            assert len(found) >= rows
            return took

        rows = min(len(db.execute(compiled.sql, compiled.params).fetchall()), query.limit)
        measures = {"process": ask, "open": ask_open, "import": _import_duckdb}
        interleaved(measures, WARM_UP_QUESTIONS)
        found = interleaved(measures, questions)
    return Figure(
        bench=f"question_{entry.rows}_rows",
        value=percentile(found["process"], 50),
        unit="ms",
        against="peer",
        other=percentile(found["open"], 50),
        detail={
            "questions": questions,
            "p99": percentile(found["process"], 99),
            "peer_p99": percentile(found["open"], 99),
            "process_that_imports_duckdb": percentile(found["import"], 50),
        },
    )


def _import_duckdb() -> float:
    """The least a process a query would cost if it were not forked."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-B", "-c", "import duckdb"], check=True, timeout=60)
    return (time.perf_counter() - began) * 1000
