"""A run against the stand-in: all of it is published, or nothing of it and nothing stays."""

import errno
import multiprocessing
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import pytest

from sandbox.oracle.faults import Fault
from sandbox.oracle.process import OracleStandIn
from sync.catalog import OracleColumn, TableFacts
from sync.columns import ColumnChoices
from sync.engine import Steps, run_plan
from sync.errors import (
    PlanDrifted,
    StaleFence,
    TooManyRows,
    UnsupportedColumn,
    VerificationFailed,
    WarehouseDamaged,
)
from sync.oracle import Session, Source, connect
from sync.oracle_errors import ConnectionDropped, MomentLost, TableNotFound
from sync.plan import Plan, TableRef, plainly
from sync.planning import TableSettings, make_table_plan, plan_tables
from sync.progress import Progress
from sync.receipt import Receipt
from sync.warehouse.layout import data_file, table_folder
from sync.warehouse.manifest import publish, read_manifest
from sync.warehouse.query import Query, compile_query
from sync.warehouse.query_process import QueryLimits, open_queries
from tests.sync.copying import OpenSession, copied_rows
from tests.sync.failing_disk import after_replacing, on_removing, striking
from tests.sync.tables import place_rows, plain, table_plan


def shop(table: str) -> TableRef:
    return TableRef(source="main", schema_name="SHOP", table=table)


def ignore(_: object) -> None:
    pass


def planned(open_session: OpenSession, root: Path, *tables: str, max_rows: int = 10**6) -> Plan:
    refs = [shop(table) for table in tables]
    return plan_tables(open_session, plainly(refs), read_manifest(root), plain(max_rows))


def run(
    plan: Plan,
    open_session: OpenSession,
    root: Path,
    on_progress: Callable[[Progress], None] = ignore,
    on_verifying: Callable[[], None] = lambda: None,
) -> Receipt:
    def fence(ref: TableRef) -> int:
        published = read_manifest(root).find(ref)
        return published.fence + 1 if published else 1

    return run_plan(
        plan,
        open_session=open_session,
        warehouse=root,
        run_id="run",
        fence=fence,
        steps=Steps(on_progress=on_progress, on_verifying=on_verifying),
    )


def contents(root: Path) -> dict[str, bytes]:
    """Every file of the warehouse; the lock file is empty and no part of it."""
    return {
        str(f.relative_to(root)): f.read_bytes()
        for f in root.rglob("*")
        if f.is_file() and f.name != "manifest.lock"
    }


def column_values(root: Path, ref: TableRef, column: str) -> list[object]:
    return [row[0] for row in copied_rows(root, ref, f'"{column}"')]


def test_tables_are_copied_proven_and_published_together(
    open_session: OpenSession, tmp_path: Path
) -> None:
    heard: list[Progress] = []
    verifying: list[int] = []
    plan = planned(open_session, tmp_path, "USERS", "ORDERS")
    receipt = run(plan, open_session, tmp_path, heard.append, lambda: verifying.append(len(heard)))
    assert [(t.ref.table, t.rows, t.oracle_rows) for t in receipt.tables] == [
        ("USERS", 150, 150),
        ("ORDERS", 100_000, 100_000),
    ]
    assert len({(t.as_of, t.scn) for t in receipt.tables}) == 1  # one moment of Oracle
    entry = read_manifest(tmp_path).entry(shop("ORDERS"))
    assert (entry.receipt, entry.key, entry.comment) == (
        receipt.tables[1],
        ("ORDER_ID",),
        "주문 / Orders",
    )
    assert entry.column_comments["STATUS"] == "상태 / Status"
    assert (heard[0].table, heard[0].rows, heard[0].tables) == ("SHOP.USERS", 0, 2)
    assert (heard[-1].table_number, heard[-1].rows) == (2, 100_000)
    assert verifying == [len(heard)]


def test_every_digit_survives_from_oracle_to_the_answer(
    oracle: OracleStandIn, open_session: OpenSession, tmp_path: Path, table_name: str
) -> None:
    oracle.control.create_table(
        table_name,
        [
            ("ID", "NUMBER(3)"),
            ("MONEY", "NUMBER(30,12)"),
            ("OPEN", "NUMBER"),
            ("LONG", "NUMBER(38)"),
            ("AT", "TIMESTAMP(6)"),
            ("TEXT", "VARCHAR2(40 CHAR)"),
        ],
        key=["ID"],
    )
    oracle.control.execute(
        f"INSERT INTO SHOP.{table_name} VALUES (1, 123456789012345678.123456789012, "
        "0.1234567891, 99999999999999999999999999999999999998, "
        "TIMESTAMP '2026-11-22 09:30:01.000001', '0.10')"
    )
    run(planned(open_session, tmp_path, table_name), open_session, tmp_path)
    entry = read_manifest(tmp_path).entry(shop(table_name))
    compiled = compile_query(Query(table=table_name), entry)
    with open_queries(tmp_path, QueryLimits(seconds=20)) as queries:
        result = queries.run(compiled, entry)
    assert result.rows == (
        (
            1,
            "123456789012345678.123456789012",
            "0.1234567891",
            "99999999999999999999999999999999999998",
            "2026-11-22T09:30:01.000001",
            "0.10",
        ),
    )


def test_an_empty_table_is_copied_empty(
    oracle: OracleStandIn, open_session: OpenSession, tmp_path: Path, table_name: str
) -> None:
    oracle.control.create_table(table_name, [("ID", "NUMBER(3)")])
    receipt = run(planned(open_session, tmp_path, table_name), open_session, tmp_path)
    assert receipt.tables[0].rows == 0
    assert column_values(tmp_path, shop(table_name), "ID") == []


def test_a_row_written_during_the_copy_belongs_to_the_next_one(
    oracle: OracleStandIn, open_session: OpenSession, tmp_path: Path, table_name: str
) -> None:
    oracle.control.create_table(table_name, [("ID", "NUMBER(3)")])
    oracle.control.execute(f"INSERT INTO SHOP.{table_name} VALUES (1)")
    plan = planned(open_session, tmp_path, table_name)

    def insert_at_the_first_batch(progress: Progress) -> None:
        if progress.rows == 1:
            oracle.control.execute(f"INSERT INTO SHOP.{table_name} VALUES (2)")

    run(plan, open_session, tmp_path, insert_at_the_first_batch)
    assert column_values(tmp_path, shop(table_name), "ID") == [1]
    run(plan, open_session, tmp_path)
    assert column_values(tmp_path, shop(table_name), "ID") == [1, 2]


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (Fault("drop", at_fetch=1, sql_contains='FROM "SHOP"."ORDERS"'), ConnectionDropped),
        (
            Fault("error", 1555, sql_contains='COUNT(*), COUNT(CASE WHEN "ORDER_ID"', times=3),
            MomentLost,
        ),
        (Fault("drop", sql_contains="all_constraints"), ConnectionDropped),
    ],
)
def test_a_failure_anywhere_leaves_every_file_as_it_was(
    oracle: OracleStandIn,
    open_session: OpenSession,
    tmp_path: Path,
    fault: Fault,
    raised: type[Exception],
) -> None:
    run(planned(open_session, tmp_path, "USERS"), open_session, tmp_path)
    before = contents(tmp_path)
    plan = planned(open_session, tmp_path, "USERS", "ORDERS")
    oracle.control.fault(fault)
    with pytest.raises(raised):
        run(plan, open_session, tmp_path)
    assert contents(tmp_path) == before
    run(plan, open_session, tmp_path)
    assert len(read_manifest(tmp_path).entries) == 2


def test_a_listener_that_raises_stops_the_run_without_a_trace(
    open_session: OpenSession, tmp_path: Path
) -> None:
    class Cancelled(Exception):
        pass

    def cancel(progress: Progress) -> None:
        if progress.rows:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(planned(open_session, tmp_path, "USERS"), open_session, tmp_path, cancel)
    assert contents(tmp_path) == {}


def test_a_copy_that_differs_from_oracles_count_is_not_published(
    oracle: OracleStandIn, source: Source, tmp_path: Path, table_name: str
) -> None:
    """Without a read-only transaction, here refused, a row can come between copy and count."""
    oracle.control.create_table(table_name, [("ID", "NUMBER(3)")])
    oracle.control.execute(f"INSERT INTO SHOP.{table_name} VALUES (1), (2)")
    oracle.control.revoke("FLASHBACK", table_name)

    def open_session(name: str) -> AbstractContextManager[Session]:
        return connect(source, action="sync", client_identifier="U1")

    plan = planned(open_session, tmp_path, table_name)
    with connect(source, action="sync", client_identifier="U1") as session:

        def end_the_transaction() -> None:
            session.connection.rollback()
            oracle.control.execute(f"DELETE FROM SHOP.{table_name} WHERE ID = 1")

        with pytest.raises(VerificationFailed, match="holds 2 rows but Oracle counted 1"):
            run(plan, lambda _: nullcontext(session), tmp_path, on_verifying=end_the_transaction)
    assert contents(tmp_path) == {}


def copy_until_killed(source: Source, root: Path, plan: Plan, reached: Event) -> None:
    """A worker that is in the middle of its second table for ever."""

    def wait_in_the_middle(progress: Progress) -> None:
        if progress.table_number == 2 and progress.rows:
            reached.set()
            threading.Event().wait(60)

    def open_session(name: str) -> AbstractContextManager[Session]:
        return connect(source, action="sync", client_identifier="U1")

    run(plan, open_session, root, wait_in_the_middle)


def test_a_killed_worker_leaves_readers_as_they_were_and_the_next_run_cleans_up(
    source: Source, open_session: OpenSession, tmp_path: Path
) -> None:
    run(planned(open_session, tmp_path, "USERS"), open_session, tmp_path)
    before = contents(tmp_path)
    plan = planned(open_session, tmp_path, "USERS", "ORDERS")
    spawn = multiprocessing.get_context("spawn")
    reached = spawn.Event()
    worker = spawn.Process(target=copy_until_killed, args=(source, tmp_path, plan, reached))
    worker.start()
    assert reached.wait(60)
    worker.kill()
    worker.join(30)
    left = contents(tmp_path)
    assert {name for name in left if name not in before} == {
        name for name in left if name.startswith("build/")
    }
    assert {name: left[name] for name in before} == before
    run(plan, open_session, tmp_path)
    assert [entry.rows for entry in read_manifest(tmp_path).entries] == [100_000, 150]
    assert [f for f in contents(tmp_path) if f.startswith("build/")] == []


def test_more_rows_than_approved_stop_the_run(open_session: OpenSession, tmp_path: Path) -> None:
    plan = planned(open_session, tmp_path, "USERS", max_rows=149)
    with pytest.raises(TooManyRows, match=r"SHOP\.USERS has more than 149 rows"):
        run(plan, open_session, tmp_path)
    assert contents(tmp_path) == {}


def test_a_table_that_changed_since_the_card_is_drift(
    oracle: OracleStandIn, open_session: OpenSession, tmp_path: Path, table_name: str
) -> None:
    oracle.control.create_table(table_name, [("ID", "NUMBER(3)")])
    plan = planned(open_session, tmp_path, table_name)
    changed = plan.tables[0].model_copy(update={"key": ("ID",)})
    with pytest.raises(PlanDrifted, match=table_name):
        run(Plan(tables=(changed,)), open_session, tmp_path)
    oracle.control.execute(f"DROP TABLE SHOP.{table_name}")
    with pytest.raises(TableNotFound):
        run(plan, open_session, tmp_path)
    assert contents(tmp_path) == {}


def test_an_older_run_never_replaces_a_newer_one(open_session: OpenSession, tmp_path: Path) -> None:
    plan = planned(open_session, tmp_path, "USERS")
    other = table_plan([("USER_ID", "NUMBER(8)")], table="USERS")
    newer = place_rows(tmp_path, other, [(7,)], fence=9)

    def publish_a_newer_run() -> None:
        publish(tmp_path, [newer])

    with pytest.raises(StaleFence):
        run(plan, open_session, tmp_path, on_verifying=publish_a_newer_run)
    assert column_values(tmp_path, shop("USERS"), "USER_ID") == [7]
    assert list((tmp_path / "build").glob("*/*/*")) == []
    assert [f.name for f in (tmp_path / "main" / "SHOP.USERS").iterdir()] == [newer.generation]


def test_a_run_carries_the_fence_it_was_given_and_no_other(
    open_session: OpenSession, tmp_path: Path
) -> None:
    plan = planned(open_session, tmp_path, "USERS")

    def fenced(fence: int) -> Receipt:
        return run_plan(
            plan,
            open_session=open_session,
            warehouse=tmp_path,
            run_id="run",
            fence=lambda _: fence,
            steps=Steps(on_progress=ignore),
        )

    assert fenced(7).tables[0].fence == 7
    with pytest.raises(StaleFence):
        fenced(6)
    assert read_manifest(tmp_path).entry(shop("USERS")).fence == 7


def test_a_file_of_somebody_elses_in_the_tables_folder_harms_no_copy(
    open_session: OpenSession, tmp_path: Path
) -> None:
    plan = planned(open_session, tmp_path, "USERS")
    run(plan, open_session, tmp_path)
    stray = table_folder(tmp_path, shop("USERS")) / ".DS_Store"
    stray.write_bytes(b"Bud1")
    for _ in range(4):
        run(plan, open_session, tmp_path)
        assert len(column_values(tmp_path, shop("USERS"), "USER_ID")) == 150
    assert stray.exists()


def test_an_old_copy_that_cannot_be_removed_harms_no_new_one(
    open_session: OpenSession, tmp_path: Path
) -> None:
    plan = planned(open_session, tmp_path, "USERS")
    first = run(plan, open_session, tmp_path).tables[0].generation
    with striking(on_removing(first, PermissionError(errno.EPERM, "not yours"))):
        receipts = [run(plan, open_session, tmp_path) for _ in range(3)]
    assert read_manifest(tmp_path).entry(shop("USERS")).receipt == receipts[-1].tables[0]
    assert len(column_values(tmp_path, shop("USERS"), "USER_ID")) == 150


def test_a_disk_that_fails_once_readers_see_the_copy_takes_it_from_nobody(
    open_session: OpenSession, tmp_path: Path
) -> None:
    plan = planned(open_session, tmp_path, "USERS", "ORDERS")
    with striking(after_replacing("manifest.json", OSError(errno.EIO, "the disk says no"))):
        receipt = run(plan, open_session, tmp_path)
    assert [t.rows for t in receipt.tables] == [150, 100_000]
    assert len(column_values(tmp_path, shop("USERS"), "USER_ID")) == 150


@pytest.mark.parametrize("end", [KeyboardInterrupt(), RuntimeError("a fault of ours")])
def test_whatever_ends_a_run_after_its_publish_leaves_the_published_copy(
    open_session: OpenSession, tmp_path: Path, end: BaseException
) -> None:
    plan = planned(open_session, tmp_path, "USERS")
    with (
        pytest.raises(type(end)),
        striking(after_replacing("manifest.json", end)),
    ):
        run(plan, open_session, tmp_path)
    assert len(column_values(tmp_path, shop("USERS"), "USER_ID")) == 150


def test_a_copy_that_may_be_published_stays_where_the_manifest_cannot_be_read(
    open_session: OpenSession, tmp_path: Path
) -> None:
    plan = planned(open_session, tmp_path, "USERS")
    run(plan, open_session, tmp_path)
    before = {f.name for f in table_folder(tmp_path, shop("USERS")).iterdir()}

    def damage() -> None:
        (tmp_path / "manifest.json").write_text("{")

    with pytest.raises(WarehouseDamaged):
        run(plan, open_session, tmp_path, on_verifying=damage)
    after = {f.name for f in table_folder(tmp_path, shop("USERS")).iterdir()}
    assert len(after - before) == 1


def test_a_count_that_takes_longer_than_a_call_may_is_waited_for(
    oracle: OracleStandIn, source: Source, tmp_path: Path
) -> None:
    hasty = replace(source, call_timeout_seconds=1.5)

    def open_session(_: str) -> AbstractContextManager[Session]:
        return connect(hasty, action="sync", client_identifier="U1")

    def read_slowly(progress: Progress) -> None:
        if progress.rows:
            time.sleep(1.2)  # a slow disk

    plan = planned(open_session, tmp_path, "USERS")
    oracle.control.fault(
        Fault("stall", sql_contains='COUNT(*), COUNT(CASE WHEN "USER_ID"', seconds=1.9)
    )
    assert run(plan, open_session, tmp_path, read_slowly).tables[0].oracle_rows == 150


def test_a_plan_shows_what_would_be_replaced_and_its_digest_does_not_depend_on_it(
    open_session: OpenSession, tmp_path: Path
) -> None:
    first = planned(open_session, tmp_path, "USERS")
    run(first, open_session, tmp_path)
    second = planned(open_session, tmp_path, "USERS")
    assert (first.estimates[0].current_rows, second.estimates[0].current_rows) == (None, 150)
    assert first.digest == second.digest


FACTS = TableFacts(
    ref=shop("T"),
    columns=(
        OracleColumn("ID", "NUMBER(10)", nullable=False, comment=None),
        OracleColumn("id", "VARCHAR2(3)", nullable=True, comment=None),
    ),
    key=("ID",),
    comment=None,
    rows=None,
    bytes=None,
    analyzed_at=None,
)


def test_all_columns_of_no_rule_are_named_at_once() -> None:
    body = OracleColumn("BODY", "BFILE", nullable=True, comment=None)
    place = OracleColumn("PLACE", "SDO_GEOMETRY", nullable=True, comment=None)
    facts = replace(FACTS, columns=(FACTS.columns[0], body, place))
    with pytest.raises(UnsupportedColumn, match="exactly: BODY BFILE, PLACE SDO_GEOMETRY"):
        make_table_plan(facts, TableSettings(10))
    choices = ColumnChoices(policies={"BODY": "skip", "PLACE": "skip"})
    plan = make_table_plan(facts, TableSettings(10, choices=choices))
    assert [column.name for column in plan.columns] == ["ID"]
    assert [(c.name, c.policy) for c in plan.left_out] == [("BODY", "skip"), ("PLACE", "skip")]


def test_columns_that_differ_only_in_case_cannot_stand_in_one_copy() -> None:
    with pytest.raises(UnsupportedColumn, match=r"SHOP\.T has .* id \(another"):
        make_table_plan(FACTS, TableSettings(10))


def test_every_type_is_copied_with_a_line_on_what_became_of_it(
    oracle: OracleStandIn, open_session: OpenSession, tmp_path: Path, table_name: str
) -> None:
    third = "0." + "3" * 40
    cells = [
        ("ID", "NUMBER(3)", "1", "1", "BIGINT", "whole"),
        ("WHOLE", "NUMBER", "12", "12", "BIGINT", "whole"),
        ("RATE", "NUMBER", third, third, "VARCHAR", "number_as_text"),
        ("MONEY", "FLOAT(126)", "-12.5", "-12.5", "DECIMAL(18,1)", "decimal"),
        ("FLAG", "CHAR(3)", "A", "A  ", "VARCHAR", "padded"),
        ("NONE", "VARCHAR2(3)", "", None, "VARCHAR", "same"),
        ("NAN", "BINARY_DOUBLE", "nan", "nan", "DOUBLE", "double"),
        ("INF", "BINARY_FLOAT", "-inf", "-inf", "FLOAT", "double"),
        (
            "NANO",
            "TIMESTAMP(9)",
            "2026-11-22 09:30:01.123456789",
            "2026-11-22 09:30:01.123456789",
            "TIMESTAMP_NS",
            "nanoseconds",
        ),
        (
            "ZONED",
            "TIMESTAMP(9) WITH TIME ZONE",
            "2026-11-22 09:30:01.123456789+09:00",
            "2026-11-22 00:30:01.123456789",
            "TIMESTAMP_NS",
            "utc_nanoseconds",
        ),
        (
            "LOCAL",
            "TIMESTAMP(6) WITH LOCAL TIME ZONE",
            "2026-11-22 09:30:01.123456+09:00",
            "2026-11-22 00:30:01.123456+00",
            "TIMESTAMPTZ",
            "local_instant",
        ),
        (
            "SPAN",
            "INTERVAL DAY(2) TO SECOND(9)",
            "3 days 01:00:00.5",
            "3 days 01:00:00.5",
            "INTERVAL",
            "interval",
        ),
        ("BODY", "CLOB", "가" * 5_000, "가" * 5_000, "VARCHAR", "same"),
        ("NOTE", "LONG", "가나다", "가나다", "VARCHAR", "same"),
        ("YES", "BOOLEAN", "true", "true", "BOOLEAN", "boolean"),
        ("DOC", "XMLTYPE", "<a>가</a>", "<a>가</a>", "VARCHAR", "xml"),
        ("TREE", "JSON", '{"a":1}', '{"a":1}', "VARCHAR", "json"),
        ("BYTES", "LONG RAW", b"\x00\xff", "\\x00\\xFF", "BLOB", "bytes"),
    ]
    names = [(name, kind) for name, kind, *_ in cells]
    values = [[value for _, _, value, *_ in cells]]
    oracle.control.create_table(table_name, names, key=["ID"], rows=values)
    receipt = run(planned(open_session, tmp_path, table_name), open_session, tmp_path)
    report = receipt.tables[0].columns
    entry = read_manifest(tmp_path).entry(shop(table_name))
    assert [(c.name, c.duckdb_type) for c in entry.columns] == [(c[0], c[4]) for c in cells]
    assert [(c.name, c.duckdb_type, c.why) for c in report] == [(c[0], *c[4:]) for c in cells]
    assert [c.name for c in report if not c.lossless] == ["ZONED"]
    with duckdb.connect(data_file(tmp_path, entry.ref, entry.generation), read_only=True) as db:
        db.execute("SET TimeZone = 'UTC'")
        kept = db.execute(f'SELECT CAST(COLUMNS(*) AS VARCHAR) FROM SHOP."{table_name}"')
        assert kept.fetchall() == [tuple(c[3] for c in cells)]
