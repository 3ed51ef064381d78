"""All reads of a run show one moment, by SCN or, without FLASHBACK, by a read-only transaction."""

import pytest

from sync.moment import Moment, take_moment
from sync.oracle import Session, rows
from sync.plan import TablePlan, TableRef
from sync.planning import TableSettings
from sync.reading import read_batches
from sync.statements import Piece, count_of, figures_of, rowid_sample, rows_of
from tests.live.database import Copies, Database, named
from tests.sync.copying import plan_copy

COLUMNS = [("ID", "NUMBER(6)"), ("AMOUNT", "NUMBER(12,2)")]
TEN = [[str(number), f"{number}.5"] for number in range(10)]


def planned(copies: Copies, ref: TableRef) -> TablePlan:
    plan = plan_copy(copies.open_session, copies.root, ref, TableSettings(1000))
    return plan.tables[0]


def seen(moment: Moment, plan: TablePlan) -> tuple[int, int, str]:
    """Rows that are read, rows that are counted, and a sum."""
    session = moment.session
    read = read_batches(session, plan, rows_of(plan, moment.read_scn))
    counted = count_of(plan, moment.read_scn)
    total = figures_of(plan, moment.read_scn, ['SUM("AMOUNT")'])
    return (
        sum(batch.num_rows for batch in read),
        int(rows(session, counted.sql, counted.binds)[0][0]),
        str(rows(session, total.sql, total.binds, exact=True)[0][0]),
    )


@pytest.mark.parametrize(
    ("rights", "consistency"),
    [(["SELECT", "FLASHBACK"], "flashback"), (["SELECT"], "read_only_transaction")],
)
def test_what_is_committed_after_the_moment_is_in_no_answer(
    database: Database, copies: Copies, rights: list[str], consistency: str
) -> None:
    ref = database.create(COLUMNS, ["ID"], TEN, rights)
    plan = planned(copies, ref)
    with copies.open_session("main") as session:
        moment = take_moment(session, [plan])
        database.execute(
            f"INSERT INTO {named(ref)} VALUES (10, 1000)",
            f"UPDATE {named(ref)} SET AMOUNT = 0 WHERE ID = 1",
            f"DELETE FROM {named(ref)} WHERE ID = 2",
        )
        assert moment.consistency == consistency
        assert seen(moment, plan) == (10, 10, "50")
    with copies.open_session("main") as session:
        assert seen(take_moment(session, [plan]), plan) == (10, 10, "1046")


def test_pieces_by_rowid_hold_each_row_once(database: Database, copies: Copies) -> None:
    ref = database.create(COLUMNS, ["ID"], TEN)
    plan = planned(copies, ref)

    def ids(session: Session, piece: Piece, scn: int | None) -> list[int]:
        batches = read_batches(session, plan, rows_of(plan, scn, piece))
        return [row["ID"] for batch in batches for row in batch.to_pylist()]

    with copies.open_session("main") as session:
        moment = take_moment(session, [plan])
        sampled = rows(session, rowid_sample(plan, 99).sql, most=1000)
        found = rows(
            session, f"SELECT ROWIDTOCHAR(ROWID) FROM {named(ref)} ORDER BY ROWID", most=10
        )
        cut = str(found[4][0])
        first = ids(session, Piece(last=cut), moment.read_scn)
        rest = ids(session, Piece(first=cut), moment.read_scn)
    assert {str(row[0]) for row in sampled} <= {str(row[0]) for row in found}
    assert (len(first), len(rest)) == (4, 6)
    assert sorted(first + rest) == list(range(10))
