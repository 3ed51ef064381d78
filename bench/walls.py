"""What the walls around a query cost: each query's own process beside DuckDB opening the file bare.

Both answer the same question of the same file, from nothing open; the peer has no process of its
own, no walls and no limits.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb

from bench.figures import Figure, interleaved, percentile
from sync.plan import Column, TablePlan, TableRef
from sync.receipt import TableReceipt
from sync.types import arrow_schema, require_rule
from sync.warehouse.exposure import WHOLE
from sync.warehouse.generation import building, new_generation, seal, stage_rows
from sync.warehouse.guard import (
    MAX_SQL_CHARACTERS,
    MOST_TREE_CHARACTERS,
    named_tables,
    split_explain,
)
from sync.warehouse.layout import data_file
from sync.warehouse.manifest import ManifestEntry, publish
from sync.warehouse.publishing import place
from sync.warehouse.query import Aggregate, CompiledQuery, Condition, Query, compile_query
from sync.warehouse.query_child import connect, parsed
from sync.warehouse.query_limits import read_tree
from sync.warehouse.query_process import Queries, QueryLimits, QueryResult, open_queries

WARM_UP_QUESTIONS = 3
ASKERS = 16
BATCH_ROWS = 100_000
AS_OF = "2026-11-22T00:00:00+00:00"
REF = TableRef(source="main", schema_name="SHOP", table="WALLS")
COLUMNS = (("ID", "NUMBER(12)"), ("STATUS", "VARCHAR2(10)"), ("AMOUNT", "NUMBER(14,2)"))
SQL = {
    "select_1": "SELECT 1",
    "point": "SELECT * FROM SHOP.WALLS WHERE ID = {one}",
    "group": "SELECT STATUS, count(*), sum(AMOUNT) FROM SHOP.WALLS GROUP BY STATUS ORDER BY STATUS",
    "second": """
        SELECT STATUS, count(DISTINCT ID * 7 % 1000003), median(AMOUNT), mode(ID % 100003)
        FROM SHOP.WALLS GROUP BY STATUS ORDER BY STATUS
    """,
}
"""As a model writes it; the last one takes a second or more."""
ROWS = """
    SELECT i, ['PAID', 'SHIPPED', 'PENDING', 'CANCELLED'][1 + i * 13 % 4],
           CAST(i * 104729 % 1000000 AS DECIMAL(14,2))
    FROM range({rows}) t(i)
"""


def measure_walls(scratch: Path, rows: int, questions: int) -> Iterator[Figure]:
    """Ask three kinds of question *questions* times each, as SQL too; then many askers at once."""
    entry = _placed(scratch, rows)
    file = data_file(scratch, REF, entry.generation)
    asked = {
        "count": Query(table="WALLS", aggregates=[Aggregate(function="count")]),
        "point": Query(table="WALLS", where=[Condition(column="ID", op="=", value=rows // 2)]),
        "group": Query(
            table="WALLS",
            group_by=["STATUS"],
            aggregates=[Aggregate(function="count"), Aggregate(function="sum", column="AMOUNT")],
        ),
    }
    with open_queries(scratch, QueryLimits()) as queries:
        for name, query in asked.items():
            compiled = compile_query(query, entry)
            yield _one_kind(f"walls_{name}_{rows}_rows", queries, compiled, entry, file, questions)
        for name, sql in SQL.items():
            yield _free_sql(
                f"sql_{name}_{rows}_rows", queries, sql.format(one=rows // 2), file, questions
            )
        yield _longest_text(5 * questions)
        compiled = compile_query(asked["point"], entry)
        yield _at_once(queries, compiled, entry, file, questions)
        yield _sql_at_once(queries, SQL["point"].format(one=rows // 2), file, questions)


def _one_kind(
    bench: str,
    queries: Queries,
    compiled: CompiledQuery,
    entry: ManifestEntry,
    file: Path,
    questions: int,
) -> Figure:
    return _beside_bare(
        bench,
        lambda: queries.run(compiled, entry),
        lambda: _bare(file, compiled.sql, compiled.params),
        questions,
    )


def _free_sql(bench: str, queries: Queries, sql: str, file: Path, questions: int) -> Figure:
    """The same through guard and views, for SQL as a model writes it."""
    return _beside_bare(bench, lambda: _run_sql(queries, sql), lambda: _bare(file, sql), questions)


def _run_sql(queries: Queries, sql: str) -> QueryResult:
    unbounded = queries.taking(patient=True, any_cost=True)
    return unbounded.run_sql(sql, (REF,), lambda _: WHOLE)


def _beside_bare(
    bench: str, answer: Callable[[], QueryResult], bare: Callable[[], float], questions: int
) -> Figure:
    def ask() -> float:
        began = time.perf_counter()
        result = answer()
        took = (time.perf_counter() - began) * 1000
        assert result.rows
        return took

    measures: dict[str, Callable[[], float]] = {"walls": ask, "bare": bare}
    interleaved(measures, WARM_UP_QUESTIONS)
    found = interleaved(measures, questions)
    added = [walls - bare for walls, bare in zip(found["walls"], found["bare"], strict=True)]
    return Figure(
        bench=bench,
        value=percentile(found["walls"], 50),
        unit="ms",
        against="peer",
        other=percentile(found["bare"], 50),
        detail={
            "questions": questions,
            "p99": percentile(found["walls"], 99),
            "peer_p99": percentile(found["bare"], 99),
            "added_p50": percentile(added, 50),
            "added_p99": percentile(added, 99),
        },
    )


def _longest_text(questions: int) -> Figure:
    """Parse and check as long a text as is read, with about as large a tree as is accepted."""
    longest = (
        f"SELECT 1 IN ({', '.join(['123456'] * MAX_SQL_CHARACTERS)}"[: MAX_SQL_CHARACTERS - 5]
        + "1)"
    )
    with connect() as db:

        def ask(sql: str) -> float:
            began = time.perf_counter()
            text, _ = split_explain(sql)
            answer = parsed(db, {"parse": text, "most_characters": MOST_TREE_CHARACTERS})
            received = json.loads(json.dumps(answer, ensure_ascii=False).encode())
            named_tables(read_tree(received["tree"]))
            return (time.perf_counter() - began) * 1000

        measures: dict[str, Callable[[], float]] = {
            "longest": lambda: ask(longest),
            "shortest": lambda: ask("SELECT 1"),
        }
        interleaved(measures, WARM_UP_QUESTIONS)
        found = interleaved(measures, questions)
    return Figure(
        bench="guard_longest_text",
        value=percentile(found["longest"], 50),
        unit="ms",
        against="peer",
        other=percentile(found["shortest"], 50),
        detail={
            "characters": len(longest),
            "questions": questions,
            "p99": percentile(found["longest"], 99),
            "peer_p99": percentile(found["shortest"], 99),
        },
    )


def _sql_at_once(queries: Queries, sql: str, file: Path, questions: int) -> Figure:
    return _at_once_of(
        f"sql_{ASKERS}_askers", lambda: _run_sql(queries, sql), lambda: _bare(file, sql), questions
    )


def _at_once(
    queries: Queries, compiled: CompiledQuery, entry: ManifestEntry, file: Path, questions: int
) -> Figure:
    return _at_once_of(
        f"walls_{ASKERS}_askers",
        lambda: queries.run(compiled, entry),
        lambda: _bare(file, compiled.sql, compiled.params),
        questions,
    )


def _at_once_of(
    bench: str, answer: Callable[[], QueryResult], bare_once: Callable[[], float], questions: int
) -> Figure:
    """Count answers a second: the walls with many askers, the peer with one."""
    numbers = range(max(questions, 4 * ASKERS))
    with ThreadPoolExecutor(ASKERS) as askers:
        began = time.perf_counter()
        asked = [askers.submit(answer) for _ in numbers]
        assert all(one.result().rows for one in asked)
        seconds = time.perf_counter() - began
    bare = [bare_once() / 1000 for _ in numbers]
    return Figure(
        bench=bench,
        value=len(numbers) / seconds,
        unit="queries/s",
        against="peer",
        other=len(numbers) / sum(bare),
        detail={"questions": len(numbers)},
    )


def _bare(file: Path, sql: str, params: Sequence[object] = ()) -> float:
    """Milliseconds of opening the file and asking, in this process."""
    began = time.perf_counter()
    with duckdb.connect(":memory:", config={"threads": 2}) as db:
        db.execute(f"ATTACH '{file}' AS generation (READ_ONLY)")
        db.execute("USE generation")
        assert db.execute(sql, params).fetchall()
    return (time.perf_counter() - began) * 1000


def _placed(root: Path, rows: int) -> ManifestEntry:
    columns = tuple(
        Column(
            name=name,
            oracle_type=kind,
            duckdb_type=require_rule(REF, name, kind).duckdb_type,
            nullable=True,
        )
        for name, kind in COLUMNS
    )
    plan = TablePlan(ref=REF, mode="full", columns=columns, key=("ID",), max_rows=rows)
    with building(root, REF, "bench") as folder:
        stage_rows(folder, plan, _batches(plan, rows), lambda _: None)
        count, size = seal(folder, plan)
        receipt = TableReceipt(
            ref=REF,
            generation=new_generation(1),
            fence=1,
            rows=count,
            oracle_rows=count,
            scn=None,
            consistency="read_only_transaction",
            as_of=AS_OF,
            seconds=0.0,
            bytes=size,
        )
        entry = ManifestEntry(
            ref=REF,
            generation=receipt.generation,
            fence=1,
            rows=count,
            as_of=AS_OF,
            published_at=AS_OF,
            columns=columns,
            key=("ID",),
            comment=None,
            column_comments={},
            bytes=size,
            receipt=receipt,
        )
        place(root, folder, entry)
    return publish(root, [entry]).entry(REF)


def _batches(plan: TablePlan, rows: int) -> Iterator[Any]:
    schema = arrow_schema(REF, plan.columns)
    with duckdb.connect(":memory:") as db:
        made: Any = db.sql(ROWS.format(rows=rows))
        for batch in made.to_arrow_reader(BATCH_ROWS):
            yield batch.rename_columns(schema.names).cast(schema)
