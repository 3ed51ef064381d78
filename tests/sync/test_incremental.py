"""Copies that go on from where they were: what changed arrives once, what is gone is noticed."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.oracle.process import OracleStandIn
from sync.columns import ColumnChoices
from sync.engine import Steps
from sync.errors import ColumnNotFound, PlanDrifted, TooManyDeletes
from sync.plan import Deletes, Filter
from sync.planning import TableSettings
from sync.planning_errors import BackfillImpossible, SchemaFrozen
from sync.proof_errors import FigureDiffers, KeyNotUnique
from sync.receipt import Changes, Note, columns_of
from sync.warehouse.manifest import read_manifest
from tests.sync.copying import BY_CHANGED, COLUMNS, Copy, OpenSession, run_copy

Values = list[tuple[object, ...]]


@pytest.fixture
def copy(oracle: OracleStandIn, open_session: OpenSession, tmp_path: Path, table_name: str) -> Copy:
    found = Copy(oracle, open_session, tmp_path, table_name)
    oracle.control.create_table(table_name, COLUMNS, key=["ID"])
    found.execute(
        "INSERT INTO T! VALUES (1, 'a', TIMESTAMP '2026-01-01 09:00:00'), "
        "(2, 'b', TIMESTAMP '2026-01-02 09:00:00.5')"
    )
    return found


def test_only_what_changed_since_is_read_and_takes_the_place_of_what_was(copy: Copy) -> None:
    first = copy.run()
    assert (first.mode, first.rows, first.watermark) == ("full", 2, "2026-01-02T09:00:00.500000")
    copy.execute(
        "UPDATE T! SET NAME = 'A', CHANGED = TIMESTAMP '2026-01-03 09:00:00' WHERE ID = 1",
        "INSERT INTO T! VALUES (3, 'c', TIMESTAMP '2026-01-03 10:00:00')",
    )
    second = copy.run()
    assert (second.mode, second.rows, second.oracle_rows) == ("incremental", 3, 3)
    # The row at the watermark itself is read again: another may have come with the same time.
    assert second.changes == Changes(fetched=3, inserted=1, updated=2, deleted=0)
    assert second.watermark == "2026-01-03T10:00:00"
    assert [row[:2] for row in copy.rows()] == [(1, "A"), (2, "b"), (3, "c")]


def test_a_run_without_changes_reads_the_boundary_and_changes_nothing(copy: Copy) -> None:
    before, _ = copy.run(), copy.rows()
    again = copy.run()
    assert again.changes == Changes(fetched=1, inserted=0, updated=1, deleted=0)
    assert (again.watermark, again.rows) == (before.watermark, 2)


def test_a_late_commit_within_the_lag_is_not_missed(copy: Copy) -> None:
    lagging = TableSettings(1000, key=("ID",), cursor="CHANGED", lag=3600)
    copy.run(settings=lagging)
    copy.execute("INSERT INTO T! VALUES (9, 'late', TIMESTAMP '2026-01-02 08:30:00')")
    assert copy.run(settings=lagging).rows == 3


def test_a_late_commit_beyond_the_lag_is_said_and_published(copy: Copy) -> None:
    copy.run()
    copy.execute("INSERT INTO T! VALUES (9, 'late', TIMESTAMP '2025-01-01 00:00:00')")
    receipt = copy.run()
    assert (receipt.rows, receipt.oracle_rows) == (2, 3)
    assert Note(code="rows_differ", params={"oracle": 3, "copied": 2}) in receipt.notes
    assert copy.run(mode="full").rows == 3


def test_the_watermark_stays_before_what_an_open_transaction_may_still_commit(copy: Copy) -> None:
    copy.oracle.control.grant("SELECT", "GV_$TRANSACTION", owner="SYS")
    copy.execute("INSERT INTO T! VALUES (3, 'c', now()::TIMESTAMP)")
    copy.oracle.control.open_transaction(datetime.now(UTC) - timedelta(hours=2))
    try:
        receipt = copy.run()
    finally:
        copy.oracle.control.end_transactions()
        copy.oracle.control.revoke("SELECT", "GV_$TRANSACTION", owner="SYS")
    notes = {note.code: note.params for note in receipt.notes}
    assert int(notes["frontier"]["seconds"]) >= 7200
    assert receipt.watermark is not None
    newest = copy.rows()[2][2]
    assert isinstance(newest, datetime)
    assert newest - datetime.fromisoformat(receipt.watermark) >= timedelta(hours=2)
    copy.execute("INSERT INTO T! VALUES (4, 'was open', now()::TIMESTAMP - INTERVAL 1 HOUR)")
    assert copy.run().rows == 4
    assert [note.code for note in receipt.notes] == ["frontier"]


@pytest.mark.parametrize(
    ("how", "rows"),
    [("remove", [(1, None), (2, None)]), ("mark", [(1, False), (2, False), (3, True)])],
)
def test_what_is_gone_from_oracle_is_removed_or_marked(
    copy: Copy, how: Deletes, rows: Values
) -> None:
    settings = TableSettings(
        1000,
        key=("ID",),
        cursor="CHANGED",
        deletes=how,
        delete_limit_percent=50,
    )
    copy.execute("INSERT INTO T! VALUES (3, 'c', TIMESTAMP '2026-01-03 10:00:00')")
    copy.run(settings=settings)
    copy.execute("DELETE FROM T! WHERE ID = 3")
    receipt = copy.run(settings=settings)
    assert receipt.changes is not None
    assert receipt.changes.deleted == 1
    assert [note.code for note in receipt.notes if note.code == "rows_differ"] == []
    found = [(row[0], row[3] is not None if len(row) > 3 else None) for row in copy.rows()]
    assert found == rows


def test_a_marked_row_that_comes_back_is_no_longer_marked(copy: Copy) -> None:
    settings = TableSettings(
        1000, key=("ID",), cursor="CHANGED", deletes="mark", delete_limit_percent=50
    )
    copy.run(settings=settings)
    copy.execute("DELETE FROM T! WHERE ID = 2")
    copy.run(settings=settings)
    assert copy.rows()[1][3] is not None
    copy.execute("INSERT INTO T! VALUES (2, 'back', TIMESTAMP '2026-02-01 00:00:00')")
    copy.run(settings=settings)
    assert (copy.rows()[1][1], copy.rows()[1][3]) == ("back", None)


def test_more_deletes_than_a_run_may_make_stop_it(copy: Copy) -> None:
    settings = TableSettings(1000, key=("ID",), cursor="CHANGED", deletes="remove")
    copy.run(settings=settings)
    copy.execute("DELETE FROM T! WHERE ID = 1")
    with pytest.raises(TooManyDeletes, match="1 of the 2 rows"):
        copy.run(settings=settings)
    assert copy.ids() == [1, 2]


def test_rows_without_a_key_are_appended_and_never_doubled(copy: Copy) -> None:
    log = TableSettings(1000, mode="append", cursor="CHANGED", lag=0)
    copy.run(settings=log)
    copy.execute("INSERT INTO T! VALUES (3, 'c', TIMESTAMP '2026-01-02 09:00:00.5')")
    receipt = copy.run(settings=log)
    assert (receipt.mode, receipt.changes) == (
        "append",
        Changes(fetched=2, inserted=1, updated=1, deleted=0),
    )
    assert copy.run(settings=log).rows == 3
    assert copy.ids() == [1, 2, 3]


def test_a_key_with_a_null_in_it_is_replaced_like_any_other(copy: Copy) -> None:
    by_name = TableSettings(1000, key=("NAME",), cursor="CHANGED", lag=0)
    copy.execute("INSERT INTO T! VALUES (3, NULL, TIMESTAMP '2026-01-03 10:00:00')")
    copy.run(settings=by_name)
    copy.execute("UPDATE T! SET CHANGED = TIMESTAMP '2026-01-04 10:00:00' WHERE ID = 3")
    receipt = copy.run(settings=by_name)
    assert receipt.changes == Changes(fetched=1, inserted=0, updated=1, deleted=0)
    assert copy.ids() == [1, 2, 3]


def test_a_number_may_order_changes(copy: Copy) -> None:
    by_id = TableSettings(1000, key=("ID",), cursor="ID")
    assert copy.run(settings=by_id).watermark == "2"
    copy.execute("INSERT INTO T! VALUES (7, 'c', NULL)")
    receipt = copy.run(settings=by_id)
    assert (receipt.watermark, receipt.rows) == ("7", 3)


def test_a_number_that_no_type_holds_orders_nothing(copy: Copy) -> None:
    settings = TableSettings(1000, key=("ID",), cursor="SIZE")
    table = f"{copy.ref.table}_WIDE"[-120:]
    copy.oracle.control.create_table(
        table, [("ID", "NUMBER(6)"), ("SIZE", "NUMBER")], key=["ID"], rows=[[1, "9"], [2, "1e60"]]
    )
    wide = Copy(copy.oracle, copy.open_session, copy.root, table)
    assert wide.run(settings=settings).watermark is None
    assert wide.plan(settings=settings).estimates[0].full_because == "no_watermark"


def test_a_row_dated_in_the_future_hides_nothing_and_is_said(copy: Copy) -> None:
    copy.execute("INSERT INTO T! VALUES (9, 'z', TIMESTAMP '9999-12-31 00:00:00')")
    first = copy.run()
    assert first.watermark == "2026-01-02T09:00:00.500000"
    assert Note(code="future", params={"column": "CHANGED", "count": 1}) in first.notes
    copy.execute("UPDATE T! SET NAME = 'A', CHANGED = TIMESTAMP '2026-02-01 00:00:00' WHERE ID = 1")
    copy.run()
    assert copy.rows()[0][1] == "A"


def test_a_row_that_loses_its_time_is_still_read(copy: Copy) -> None:
    copy.run()
    copy.execute("UPDATE T! SET NAME = 'A', CHANGED = NULL WHERE ID = 1")
    copy.run()
    assert copy.rows()[0][1] == "A"


def test_keys_without_declared_precision_tell_what_is_gone(copy: Copy) -> None:
    settings = TableSettings(
        1000, key=("ID",), cursor="CHANGED", deletes="remove", delete_limit_percent=50
    )
    table = f"{copy.ref.table}_OPEN"[-120:]
    rows = [["1", "2026-01-01 00:00:00"], ["2.5", "2026-01-02 00:00:00"]]
    copy.oracle.control.create_table(
        table, [("ID", "NUMBER"), ("CHANGED", "TIMESTAMP(6)")], key=["ID"], rows=rows
    )
    open_key = Copy(copy.oracle, copy.open_session, copy.root, table)
    open_key.run(settings=settings)
    open_key.execute("DELETE FROM T! WHERE ID = 1")
    receipt = open_key.run(settings=settings)
    assert receipt.changes is not None
    assert receipt.changes.deleted == 1
    assert [str(key) for key in open_key.ids()] == ["2.5"]


def test_rows_can_be_marked_from_one_run_to_the_next(copy: Copy) -> None:
    copy.run()
    marking = TableSettings(
        1000, key=("ID",), cursor="CHANGED", lag=0, deletes="mark", delete_limit_percent=50
    )
    copy.execute("DELETE FROM T! WHERE ID = 1")
    copy.run(settings=marking)
    assert [row[3] is not None for row in copy.rows()] == [True, False]
    # A range that is read again leaves the marks, and they can still be asked about.
    copy.run(settings=marking, since="2026-01-02")
    entry = read_manifest(copy.root).entry(copy.ref)
    assert entry.columns[-1].name == "_deleted_at"
    assert copy.plan(BY_CHANGED).estimates[0].full_because == "columns"


def test_a_filter_is_followed_step_by_step_only_where_keys_are_compared(copy: Copy) -> None:
    where = (Filter(column="NAME", op="in", values=("a", "b")),)
    keeping = TableSettings(1000, key=("ID",), cursor="CHANGED", where=where)
    copy.run(settings=keeping)
    assert copy.plan(keeping).estimates[0].full_because == "leaves"


def test_a_wish_reaches_no_further_than_what_is_configured(copy: Copy) -> None:
    narrow = TableSettings(
        1000,
        key=("ID",),
        include=("ID",),
        where=(Filter(column="ID", op="<", values=("2",)),),
    )
    with pytest.raises(ColumnNotFound):
        copy.plan(narrow, columns=("NAME",))
    with pytest.raises(ColumnNotFound):
        copy.plan(narrow, where=[{"column": "NAME", "op": "=", "values": ["b"]}])
    plan = copy.plan(narrow, where=[{"column": "ID", "op": "is_not_null"}])
    assert [(one.column, one.op) for one in plan.tables[0].where] == [
        ("ID", "<"),
        ("ID", "is_not_null"),
    ]


def test_a_key_that_names_two_rows_stops_the_run(copy: Copy) -> None:
    copy.run()
    copy.execute("DELETE FROM T!")
    copy.execute(
        "INSERT INTO T! VALUES (1, 'x', TIMESTAMP '2026-05-01 00:00:00'), "
        "(2, 'x', TIMESTAMP '2026-05-01 00:00:00')"
    )
    with pytest.raises(KeyNotUnique, match="NAME"):
        copy.run(settings=TableSettings(1000, key=("NAME",), cursor="CHANGED"))
    assert copy.ids() == [1, 2]


def test_a_changed_table_is_read_anew_and_the_plan_says_why(copy: Copy) -> None:
    assert copy.plan().estimates[0].full_because == "first"
    copy.run()
    assert copy.plan().tables[0].mode == "incremental"
    copy.execute("ALTER TABLE T! ADD COLUMN EXTRA INTEGER")
    plan = copy.plan()
    assert (plan.tables[0].mode, plan.estimates[0].full_because) == ("full", "columns")


def test_frozen_columns_stay_as_they_are(copy: Copy) -> None:
    frozen = TableSettings(1000, key=("ID",), cursor="CHANGED", drift="freeze")
    copy.run(settings=frozen)
    copy.execute("ALTER TABLE T! ADD COLUMN EXTRA INTEGER")
    plan = copy.plan(settings=frozen).tables[0]
    assert (plan.mode, [column.name for column in plan.columns]) == (
        "incremental",
        ["ID", "NAME", "CHANGED"],
    )


def test_one_narrow_copy_does_not_narrow_frozen_columns_for_good(copy: Copy) -> None:
    frozen = TableSettings(1000, key=("ID",), cursor="CHANGED", lag=0, drift="freeze")
    copy.run(settings=frozen)
    copy.execute("ALTER TABLE T! ADD COLUMN EXTRA INTEGER")
    narrow = copy.run(settings=frozen, columns=("ID",))
    assert columns_of(narrow) == (2, 3)  # the cursor is always there
    again = copy.run(settings=frozen, columns=("ID",))
    assert (again.mode, columns_of(again)) == ("incremental", (2, 3))
    whole = copy.run(settings=frozen)
    assert (whole.mode, columns_of(whole)) == ("full", None)
    entry = read_manifest(copy.root).entry(copy.ref)
    assert [column.name for column in entry.columns] == ["ID", "NAME", "CHANGED"]


def test_a_frozen_column_that_a_narrow_copy_left_out_is_still_missed(copy: Copy) -> None:
    frozen = TableSettings(1000, key=("ID",), cursor="CHANGED", drift="freeze")
    copy.run(settings=frozen, columns=("ID",))
    copy.execute("ALTER TABLE T! DROP COLUMN NAME")
    with pytest.raises(SchemaFrozen, match="NAME"):
        copy.plan(settings=frozen)


def test_what_bot_toml_leaves_out_is_no_part_of_what_a_narrow_copy_lacks(copy: Copy) -> None:
    settings = replace(BY_CHANGED, choices=ColumnChoices(policies={"NAME": "skip"}))
    receipt = copy.run(settings=settings, columns=("ID",))
    assert columns_of(receipt) is None
    copy.execute("ALTER TABLE T! ADD COLUMN EXTRA INTEGER")
    assert columns_of(copy.run(settings=settings, columns=("ID",))) == (2, 3)


def test_a_plan_made_before_another_run_is_drift(copy: Copy) -> None:
    copy.run()
    waiting = copy.plan()
    copy.execute("INSERT INTO T! VALUES (3, 'c', TIMESTAMP '2026-01-03 10:00:00')")
    copy.run()
    with pytest.raises(PlanDrifted):
        copy.run(waiting)


def test_a_range_is_read_again_and_the_watermark_stays(copy: Copy) -> None:
    copy.execute("INSERT INTO T! VALUES (3, 'c', TIMESTAMP '2026-01-03 10:00:00')")
    first = copy.run()
    copy.execute(
        "UPDATE T! SET NAME = 'mended' WHERE ID = 2",
        "INSERT INTO T! VALUES (9, 'missed', TIMESTAMP '2026-01-02 10:00:00')",
    )
    receipt = copy.run(since="2026-01-02", until="2026-01-03")
    assert receipt.changes == Changes(fetched=2, inserted=1, updated=1, deleted=0)
    assert receipt.watermark == first.watermark
    assert [row[:2] for row in copy.rows()] == [(1, "a"), (2, "mended"), (3, "c"), (9, "missed")]


def test_a_range_of_a_table_without_a_copy_cannot_be_read_again(copy: Copy) -> None:
    with pytest.raises(BackfillImpossible, match="Sync all of it first"):
        copy.plan(since="2026-01-02", until="2026-01-03")


def test_a_trial_has_a_name_of_its_own_and_touches_nothing_else(copy: Copy) -> None:
    copy.run()
    before = read_manifest(copy.root).entry(copy.ref)
    receipt = copy.run(trial_rows=1)
    assert (receipt.ref.table, receipt.rows, receipt.trial_of) == (
        f"{copy.ref.table}__TRIAL",
        1,
        copy.ref,
    )
    # Which row it is, Oracle may choose anew each time it is asked.
    assert [check.what for check in receipt.checks] == ["rows"]
    assert read_manifest(copy.root).entry(copy.ref) == before


def test_only_rows_and_columns_that_were_asked_for_are_copied(copy: Copy) -> None:
    where = (Filter(column="NAME", op="=", values=("b",)),)
    receipt = copy.run(columns=("NAME",), where=where)  # key and cursor are always there
    assert (receipt.rows, receipt.oracle_rows) == (1, 1)
    assert [(one.column, one.op, one.values) for one in receipt.where] == [("NAME", "=", ("b",))]
    assert [row[:2] for row in copy.rows()] == [(2, "b")]
    entry = read_manifest(copy.root).entry(copy.ref)
    assert [column.name for column in entry.columns] == ["ID", "NAME", "CHANGED"]
    assert copy.plan().estimates[0].full_because == "filter"


def test_a_row_that_differs_is_named_and_nothing_is_published(copy: Copy) -> None:
    """With the past out of reach and no read-only transaction, a change comes in between."""
    copy.oracle.control.revoke("FLASHBACK", copy.ref.table)
    plan = copy.plan()

    with copy.open_session("main") as session:

        def change() -> None:
            session.connection.rollback()
            copy.execute("UPDATE T! SET NAME = 'longer' WHERE ID = 1")

        changing = Steps(on_progress=lambda _: None, on_verifying=change)
        with pytest.raises(FigureDiffers, match=r"length\(NAME\) is 2 but Oracle says 7"):
            run_copy(lambda _: nullcontext(session), copy.root, plan, BY_CHANGED, steps=changing)
    assert not read_manifest(copy.root).entries
