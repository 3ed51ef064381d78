"""Copies that go on from where they were, by each kind of cursor, and notice what is gone."""

import pytest

from sync.changes import is_unchanged, look_at
from sync.errors import TooManyDeletes
from sync.oracle import connect
from sync.plan import Deletes
from sync.planning import TableSettings
from sync.receipt import Changes
from tests.live.database import Copies, Database, named
from tests.live.test_live_moments import planned

CURSORS = {
    "NUMBER(12)": ["1", "2", "3", "4"],
    "DATE": [f"DATE '2026-01-0{day}'" for day in (1, 2, 3, 4)],
    "TIMESTAMP(6)": [f"TIMESTAMP '2026-01-0{day} 09:00:00.5'" for day in (1, 2, 3, 4)],
    "TIMESTAMP(6) WITH TIME ZONE": [
        f"TIMESTAMP '2026-01-0{day} 09:00:00 +09:00'" for day in (1, 2, 3, 4)
    ],
}


@pytest.mark.parametrize("kind", CURSORS)
def test_only_what_changed_is_read_and_replaces_what_was(
    database: Database, copies: Copies, kind: str
) -> None:
    at = CURSORS[kind]
    if not database.is_real and "ZONE" in kind:
        at = [one.replace("TIMESTAMP", "TIMESTAMPTZ").replace(" +", "+") for one in at]
    columns = [("ID", "NUMBER(6)"), ("NAME", "VARCHAR2(40 CHAR)"), ("CHANGED", kind)]
    settings = TableSettings(1000, cursor="CHANGED", lag=0)
    ref = database.create(columns, ["ID"], [["1", "'a'", at[0]], ["2", "'b'", at[1]]])
    assert copies.run(ref, settings).mode == "full"
    database.execute(
        f"UPDATE {named(ref)} SET NAME = 'A', CHANGED = {at[2]} WHERE ID = 1",
        f"INSERT INTO {named(ref)} VALUES (3, 'c', {at[3]})",
    )
    receipt = copies.run(ref, settings)
    # The row at the watermark itself is read again.
    assert receipt.changes == Changes(fetched=3, inserted=1, updated=2, deleted=0)
    assert copies.rows(ref, "ID, NAME") == [(1, "A"), (2, "b"), (3, "c")]


@pytest.mark.parametrize(("how", "kept"), [("remove", [(1,), (2,)]), ("mark", [(1,), (2,), (3,)])])
def test_what_is_gone_is_removed_or_marked(
    database: Database, copies: Copies, how: Deletes, kept: list[tuple[int]]
) -> None:
    settings = TableSettings(1000, cursor="CHANGED", lag=0, deletes=how, delete_limit_percent=50)
    columns = [("ID", "NUMBER(6)"), ("CHANGED", "NUMBER(6)")]
    ref = database.create(columns, ["ID"], [["1", "1"], ["2", "2"], ["3", "3"]])
    copies.run(ref, settings)
    database.execute(f"DELETE FROM {named(ref)} WHERE ID = 3")
    receipt = copies.run(ref, settings)
    assert receipt.changes is not None
    assert receipt.changes.deleted == 1
    assert copies.rows(ref, "ID") == kept


def test_more_deletes_than_agreed_stop_a_run(database: Database, copies: Copies) -> None:
    settings = TableSettings(1000, cursor="ID", deletes="remove")
    ref = database.create([("ID", "NUMBER(6)")], ["ID"], [["1"], ["2"]])
    copies.run(ref, settings)
    database.execute(f"DELETE FROM {named(ref)} WHERE ID = 1")
    with pytest.raises(TooManyDeletes, match="1 of the 2 rows"):
        copies.run(ref, settings)
    assert copies.rows(ref) == [(1,), (2,)]


def test_a_look_tells_whether_rows_changed(database: Database, copies: Copies) -> None:
    ref = database.create([("ID", "NUMBER(6)"), ("N", "NUMBER(6)")], ["ID"], [["1", "1"]])
    plan = planned(copies, ref)
    with connect(database.source, action="live test", client_identifier="live") as session:
        first = look_at(session, plan)
        assert first.trouble == ""
        assert is_unchanged(first, look_at(session, plan))
        database.execute(f"UPDATE {named(ref)} SET N = 2 WHERE ID = 1")
        assert not is_unchanged(first, look_at(session, plan))


def test_filters_are_bound_and_a_trial_reads_so_many_rows(
    database: Database, copies: Copies
) -> None:
    columns = [("ID", "NUMBER(6)"), ("STATUS", "CHAR(4)"), ("D", "DATE")]
    rows = [[str(n), "'ON'" if n % 2 else "'OFF'", "DATE '2026-01-01'"] for n in range(6)]
    ref = database.create(columns, ["ID"], rows)
    where = [
        {"column": "STATUS", "op": "=", "values": ["ON"]},
        {"column": "D", "op": ">=", "values": ["2026-01-01"]},
    ]
    assert copies.run(ref, where=where).rows == 3
    trial = copies.run(ref, trial_rows=2)
    assert (trial.rows, trial.ref.table) == (2, f"{ref.table}__TRIAL")
