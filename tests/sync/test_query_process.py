"""The process of its own: its limits, its answers, and that nothing stays behind."""

import multiprocessing
import os
import select
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from sync.errors import QueryFailed, QueryTimeout, TableNotSynced, WarehouseDamaged
from sync.query_errors import QueryTooLarge, SqlInvalid
from sync.warehouse.layout import data_file, generation_folder, remove_folder
from sync.warehouse.manifest import ManifestEntry, publish
from sync.warehouse.query import CompiledQuery, Query, compile_query
from sync.warehouse.query_process import QueryLimits, QueryResult, open_queries
from tests.sync.processes import children, has_threads, queries_of
from tests.sync.tables import place_rows, table_plan

pytestmark = pytest.mark.usefixtures("no_shared_zygote")

PublishRows = Callable[..., ManifestEntry]
LIMITS = QueryLimits(seconds=20)
ALL = Query(table="T", limit=100)
ENDLESS = "SELECT max(a.range * b.range % 7) FROM range(10000000) a, range(10000000) b"


def run_query(
    root: Path, compiled: CompiledQuery, entry: ManifestEntry, limits: QueryLimits
) -> QueryResult:
    with open_queries(root, limits) as queries:
        return queries.run(compiled, entry)


def run(root: Path, entry: ManifestEntry, limits: QueryLimits = LIMITS) -> QueryResult:
    return run_query(root, compile_query(ALL, entry), entry, limits)


def run_sql(root: Path, entry: ManifestEntry, sql: str, limits: QueryLimits) -> QueryResult:
    """What a hole in the vocabulary could ask for."""
    return run_query(root, CompiledQuery(ALL, sql, ()), entry, limits)


def test_digits_arrive_as_text_beside_their_type(tmp_path: Path, publish_rows: PublishRows) -> None:
    columns = [
        ("N", "NUMBER(38,10)"),
        ("S", "VARCHAR2(40)"),
        ("B", "NUMBER(18)"),
        ("D", "BINARY_DOUBLE"),
        ("F", "BINARY_FLOAT"),
        ("R", "RAW(2)"),
    ]
    digits = "1234567890123456789012345678.0123456789"
    row = (Decimal(digits), digits, 10**18 - 1, float("nan"), 0.5, b"\x00\xff")
    result = run(tmp_path, publish_rows(columns, [row, (None,) * 6]))
    assert [(c.name, c.type) for c in result.columns] == [
        ("N", "DECIMAL(38,10)"),
        ("S", "VARCHAR"),
        ("B", "BIGINT"),
        ("D", "DOUBLE"),
        ("F", "FLOAT"),
        ("R", "BLOB"),
    ]
    assert result.rows == ((digits, digits, 10**18 - 1, "nan", 0.5, "00FF"), (None,) * 6)


def test_an_answer_says_which_copy_it_rests_on(tmp_path: Path, publish_rows: PublishRows) -> None:
    entry = publish_rows([("ID", "NUMBER(10)")], [(1,)])
    basis = run(tmp_path, entry).basis[0]
    assert (basis.ref, basis.generation, basis.as_of, basis.rows) == (
        entry.ref,
        entry.generation,
        entry.as_of,
        1,
    )


def test_a_query_without_end_is_killed_at_its_deadline(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    entry = publish_rows([("ID", "NUMBER(10)")], [(1,)])
    bomb = "SELECT count(*) FROM (SELECT lpad('x', 200000000, 'y') FROM range(1000000))"
    began = time.monotonic()
    with pytest.raises((QueryTimeout, QueryFailed)):
        run_sql(tmp_path, entry, bomb, QueryLimits(seconds=1))
    with pytest.raises(QueryTimeout, match="within 1 s"):
        run_sql(
            tmp_path,
            entry,
            ENDLESS,
            QueryLimits(seconds=1),
        )
    assert time.monotonic() - began < 8
    assert children(os.getpid(), "zygote_process") == []


def ask_without_end(root: Path, entry: ManifestEntry) -> None:
    run_sql(root, entry, ENDLESS, QueryLimits(seconds=60))


def test_a_query_dies_with_the_process_that_asked_it(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    entry = publish_rows([("ID", "NUMBER(10)")], [(1,)])
    parent = multiprocessing.get_context("spawn").Process(
        target=ask_without_end, args=(tmp_path, entry)
    )
    parent.start()
    deadline = time.monotonic() + 30
    while not (at_work := [pid for pid in queries_of(parent.pid) if has_threads(pid)]):
        assert time.monotonic() < deadline
        parent.join(0.02)
    queries = [os.pidfd_open(pid) for pid in at_work]
    parent.kill()
    parent.join(30)
    for query in queries:
        ended, _, _ = select.select([query], [], [], 30)
        os.close(query)
        assert ended == [query]


def test_a_korean_table_and_a_folder_with_a_quote_are_only_paths(tmp_path: Path) -> None:
    root = tmp_path / "창고 '1'"
    plan = table_plan([("이름", "VARCHAR2(20)")], table="회원")
    entry = publish(root, [place_rows(root, plan, [("가",)], 1)]).entry(plan.ref)
    compiled = compile_query(Query(table="회원", columns=["이름"]), entry)
    assert run_query(root, compiled, entry, LIMITS).rows == (("가",),)


def test_a_query_that_needs_too_much_memory_fails_alone(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    entry = publish_rows([("ID", "NUMBER(10)")], [(1,)])
    with pytest.raises(QueryTooLarge, match="more than 64 MB of memory"):
        run_sql(
            tmp_path,
            entry,
            "SELECT list(range) FROM range(50000000)",
            QueryLimits(seconds=20, memory_mb=64),
        )


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT content FROM read_text('/proc/self/environ')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT getenv('PATH')",
        "SELECT 1; SET memory_limit = '9GB'",
        "DELETE FROM SHOP.T",
        "COPY (SELECT 1) TO '/tmp/duckferry-test-escape.csv'",
    ],
)
def test_sql_that_reaches_out_is_refused(
    tmp_path: Path, publish_rows: PublishRows, sql: str
) -> None:
    entry = publish_rows([("ID", "NUMBER(10)")], [(1,)])
    before = data_file(tmp_path, entry.ref, entry.generation).read_bytes()
    with pytest.raises((QueryFailed, SqlInvalid)):
        run_sql(tmp_path, entry, sql, LIMITS)
    assert data_file(tmp_path, entry.ref, entry.generation).read_bytes() == before
    assert not Path("/tmp/duckferry-test-escape.csv").exists()  # noqa: S108 - must not appear


def test_the_process_knows_no_environment(tmp_path: Path, publish_rows: PublishRows) -> None:
    entry = publish_rows([("ID", "NUMBER(10)")], [(1,)])
    sql = "SELECT current_setting('TimeZone'), current_setting('temp_directory')"
    assert run_sql(tmp_path, entry, sql, LIMITS).rows == (("UTC", ""),)


def test_rows_and_bytes_are_capped_and_said_so(tmp_path: Path, publish_rows: PublishRows) -> None:
    entry = publish_rows([("S", "VARCHAR2(4000)")], [("x" * 1000,)] * 50)
    few = run(tmp_path, entry, QueryLimits(seconds=20, rows=7))
    assert (len(few.rows), few.truncated) == (7, True)
    small = run(tmp_path, entry, QueryLimits(seconds=20, bytes=5_100))
    assert (len(small.rows), small.truncated) == (5, True)
    whole = run(tmp_path, entry)
    assert (len(whole.rows), whole.truncated) == (50, False)


def test_the_limit_of_a_question_says_whether_there_is_more(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    entry = publish_rows([("ID", "NUMBER(10)")], [(n,) for n in range(3)])
    for limit, rows, truncated in ((2, 2, True), (3, 3, False)):
        compiled = compile_query(Query(table="T", limit=limit), entry)
        result = run_query(tmp_path, compiled, entry, LIMITS)
        assert (len(result.rows), result.truncated) == (rows, truncated)


def test_a_reader_of_a_pruned_generation_is_answered_from_the_current_one(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    old = publish_rows([("ID", "NUMBER(10)")], [(1,)], fence=1)
    for fence in range(2, 5):
        publish_rows([("ID", "NUMBER(10)")], [(1,)], fence=fence)
    new = publish_rows([("NEW", "VARCHAR2(9)"), ("ID", "NUMBER(10)")], [("n", 2)], fence=5)
    result = run(tmp_path, old)
    assert (result.rows, result.basis[0].generation) == ((("n", 2),), new.generation)


def test_a_current_generation_that_is_gone_is_damage(
    tmp_path: Path, publish_rows: PublishRows
) -> None:
    entry = publish_rows([("ID", "NUMBER(10)")], [(1,)])
    remove_folder(generation_folder(tmp_path, entry.ref, entry.generation))
    with pytest.raises(WarehouseDamaged):
        run(tmp_path, entry)
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(TableNotSynced):
        run(tmp_path, entry)
