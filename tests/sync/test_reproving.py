"""The proof of a published copy, repeated: at its own moment, or now; nothing changes by it."""

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from redis import Redis

from sandbox.oracle.faults import Fault
from sandbox.oracle.process import OracleStandIn
from sync.columns import ColumnChoices
from sync.oracle import Source, connect, rows
from sync.oracle_errors import SourceStopped
from sync.past_errors import ColumnsMoved, CopyUnreadable, TrialNotProvable
from sync.plan import Filter, Proof, TableRef
from sync.planning import TableSettings
from sync.receipt import Check
from sync.reproving import Reproof, prove_again
from sync.sources import GuardedSource, closing_with_source, require_readable
from sync.stops import stop_source
from sync.warehouse.generation import building, go_on_from, new_generation
from sync.warehouse.layout import DATA_FILE, data_file
from sync.warehouse.manifest import ManifestEntry, read_manifest
from sync.warehouse.publishing import publish_builds
from tests.sync.copying import COLUMNS, Copy, OpenSession
from tests.sync.run_parts import never

pytest_plugins = ["tests.sync.state_fixtures"]

FULL = TableSettings(1000)


@pytest.fixture
def copy(oracle: OracleStandIn, open_session: OpenSession, tmp_path: Path, table_name: str) -> Copy:
    """A table with two rows that is copied in full, and has no copy yet."""
    oracle.control.create_table(table_name, COLUMNS, key=["ID"])
    copy = Copy(oracle, open_session, tmp_path / "w", table_name, FULL)
    copy.execute(
        "INSERT INTO T! VALUES (1, 'aa', TIMESTAMP '2026-01-01 10:00:00'), "
        "(2, 'bb', TIMESTAMP '2026-01-02 10:00:00')"
    )
    return copy


def current(copy: Copy) -> ManifestEntry:
    return read_manifest(copy.root).entry(copy.ref)


def proven(copy: Copy, proof: Proof | None = None) -> Reproof:
    return prove_again(copy.root, current(copy), copy.open_session, proof)


def differing(found: Reproof) -> list[tuple[str, str, str]]:
    return [(check.what, check.oracle, check.copy_value) for check in found.differences]


def alter(copy: Copy, sql: str) -> None:
    """Publish the current copy again with something in it changed, and its receipt as it was."""
    entry = current(copy)
    fence = entry.fence + 1
    with building(copy.root, copy.ref, "altered") as folder:
        go_on_from(folder, data_file(copy.root, copy.ref, entry.generation))
        with duckdb.connect(folder / DATA_FILE) as db:
            db.execute(sql.replace("T!", f'"SHOP"."{copy.ref.table}"'))
        new = {"generation": new_generation(fence), "fence": fence}
        publish_builds(copy.root, [(folder, entry.model_copy(update=new))])


def test_a_copy_agrees_with_its_own_moment_whatever_oracle_holds_now(copy: Copy) -> None:
    receipt = copy.run()
    copy.execute("UPDATE T! SET NAME = 'changed' WHERE ID = 1", "DELETE FROM T! WHERE ID = 2")
    found = proven(copy)
    assert (found.verdict, found.why_now) == ("agrees", None)
    assert (found.scn, found.as_of) == (receipt.scn, receipt.as_of)
    assert found.checks == receipt.checks


def test_nothing_in_the_warehouse_changes(copy: Copy) -> None:
    copy.run()

    def files() -> dict[Path, tuple[int, bytes]]:
        found = [path for path in copy.root.rglob("*") if path.is_file()]
        return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in found}

    folders = sorted(copy.root.rglob("*"))
    before = files()
    proven(copy, "deep")
    assert files() == before
    assert sorted(copy.root.rglob("*")) == folders


def test_a_copy_that_was_altered_is_found_out_by_column(copy: Copy) -> None:
    copy.run()
    alter(copy, "UPDATE T! SET ID = 3 WHERE ID = 2")
    found = proven(copy)
    assert found.verdict == "faulty"
    assert differing(found) == [("sum(ID)", "3", "4"), ("max(ID)", "2", "3")]


def test_a_row_too_many_in_the_copy_is_found_out_by_a_count_alone(copy: Copy) -> None:
    copy.run()
    alter(copy, "INSERT INTO T! SELECT * FROM T! WHERE ID = 2")
    found = proven(copy, "count")
    assert found.checks == (Check(what="rows", oracle="2", copy_value="3"),)
    assert (found.verdict, found.uncompared) == ("faulty", ("ID", "NAME", "CHANGED"))


def test_text_of_the_same_length_is_found_out_by_a_deep_proof_alone(copy: Copy) -> None:
    copy.run()
    alter(copy, "UPDATE T! SET NAME = 'xx' WHERE ID = 2")
    assert proven(copy).verdict == "agrees"
    assert [what for what, _, _ in differing(proven(copy, "deep"))] == ["md5(NAME)"]


@pytest.mark.parametrize("code", [1555, 8181])
def test_where_the_moment_is_gone_oracle_as_it_is_now_is_compared_and_that_is_said(
    copy: Copy, code: int
) -> None:
    copy.run()
    with copy.open_session("main") as session:
        [(scn,)] = rows(session, "SELECT current_scn FROM v$database")
    copy.oracle.control.forget_undo(scn, code)
    try:
        same = proven(copy)
        copy.execute("UPDATE T! SET NAME = 'longer' WHERE ID = 1")
        other = proven(copy)
    finally:
        copy.oracle.control.forget_undo(0)
    assert (same.verdict, same.why_now) == ("agrees", "moment_lost")
    assert same.oracle_code == f"ORA-0{code}"
    assert same.scn is not None
    assert same.scn >= scn
    assert other.verdict == "differs_now"
    assert differing(other) == [("length(NAME)", "8", "4")]


def test_a_truncated_table_has_no_past_and_is_compared_as_it_is_now(copy: Copy) -> None:
    copy.run()
    copy.oracle.control.truncate(copy.ref.table)
    found = proven(copy, "count")
    assert (found.verdict, found.oracle_code) == ("differs_now", "ORA-01466")
    assert differing(found) == [("rows", "0", "2")]


def test_without_the_right_to_the_past_a_copy_is_compared_with_now(copy: Copy) -> None:
    copy.run()
    copy.oracle.control.revoke("FLASHBACK", copy.ref.table)
    found = proven(copy)
    assert (found.verdict, found.why_now, found.scn) == ("agrees", "not_granted", None)
    copy.run()
    assert proven(copy).why_now == "no_scn"
    copy.oracle.control.grant("FLASHBACK", copy.ref.table)
    copy.execute("DELETE FROM T! WHERE ID = 2")
    found = proven(copy, "count")  # the SCN beside its transaction is not exactly its moment
    assert (found.verdict, found.why_now) == ("differs_now", "no_scn")


def test_only_rows_and_columns_of_the_copy_are_compared(copy: Copy) -> None:
    where = (Filter(column="NAME", op="=", values=("bb",)),)
    copy.run(where=where, columns=("NAME",))
    found = proven(copy)
    assert found.verdict == "agrees"
    assert [check.what for check in found.checks[:2]] == ["rows", "count(ID)"]
    assert (found.checks[0].oracle, found.uncompared) == ("1", ())
    assert not [check.what for check in found.checks if "CHANGED" in check.what]


@pytest.mark.parametrize(
    ("deletes", "verdict", "counted"),
    [("keep", "incomplete", ("2", "3")), ("mark", "agrees", ("2", "2"))],
)
def test_a_copy_that_went_on_is_proven_whole_and_marked_rows_do_not_count(
    copy: Copy, deletes: str, verdict: str, counted: tuple[str, str]
) -> None:
    settings = replace(
        TableSettings(1000, key=("ID",), cursor="CHANGED", delete_limit_percent=50),
        deletes=deletes,
    )
    copy.execute("INSERT INTO T! VALUES (3, 'cc', TIMESTAMP '2026-01-03 10:00:00')")
    copy.run(settings=settings)
    copy.execute("DELETE FROM T! WHERE ID = 3")
    assert copy.run(settings=settings).mode == "incremental"
    found = proven(copy)
    assert found.verdict == verdict
    assert (found.checks[0].oracle, found.checks[0].copy_value) == counted
    assert found.uncompared == ()
    assert copy.run(settings=settings, mode="full").mode == "full"
    assert proven(copy).verdict == "agrees"
    assert len(copy.rows()) == (3 if deletes == "mark" else 2)


def test_a_trial_is_refused_and_told_why(copy: Copy) -> None:
    receipt = copy.run(trial_rows=1)
    entry = read_manifest(copy.root).entry(receipt.ref)
    with pytest.raises(TrialNotProvable, match=f"trial.*sync SHOP.{copy.ref.table} itself"):
        prove_again(copy.root, entry, never)


def test_a_query_and_a_view_can_be_compared(copy: Copy, table_name: str) -> None:
    select = f'SELECT NAME, COUNT(*) AS HOW_MANY FROM SHOP."{table_name}" GROUP BY NAME'
    by_name = Copy(
        copy.oracle, copy.open_session, copy.root, "BY_NAME", replace(FULL, select=select)
    )
    by_name.run()
    found = proven(by_name)
    assert (found.verdict, found.why_now, found.checks[0].oracle) == ("agrees", "no_scn", "2")
    view = f"{table_name}_V"
    copy.execute(f'CREATE VIEW SHOP."{view}" AS SELECT ID, NAME FROM T! WHERE ID = 1')
    of_view = Copy(copy.oracle, copy.open_session, copy.root, view, FULL)
    of_view.run()
    found = proven(of_view)
    assert (found.verdict, found.checks[0].oracle) == ("agrees", "1")


def test_columns_that_no_figure_looks_into_are_named(copy: Copy, table_name: str) -> None:
    table = f"{table_name}_CUT"
    copy.oracle.control.create_table(table, [("ID", "NUMBER(3)"), ("MEMO", "CLOB")], key=["ID"])
    settings = TableSettings(
        1000, choices=ColumnChoices(policies={"MEMO": "truncate"}, lob_limit=2)
    )
    cut = Copy(copy.oracle, copy.open_session, copy.root, table, settings)
    cut.execute("INSERT INTO T! VALUES (1, 'much too long')")
    cut.run()
    found = proven(cut)
    assert (found.verdict, found.uncompared) == ("agrees", ("MEMO",))


def test_a_column_that_oracle_has_no_more_is_named(copy: Copy) -> None:
    copy.run()
    copy.execute("ALTER TABLE T! DROP COLUMN NAME")
    with pytest.raises(ColumnsMoved, match=r"have another type there: NAME\. Sync it again\."):
        proven(copy)


def test_a_broken_file_is_found_out_before_oracle_is_asked(copy: Copy) -> None:
    copy.run()
    file = data_file(copy.root, copy.ref, current(copy).generation)
    file.chmod(0o644)
    file.write_bytes(b"no database")
    with pytest.raises(CopyUnreadable, match=f"copy of SHOP.{copy.ref.table} .*data.duckdb"):
        prove_again(copy.root, current(copy), never)


def test_a_stop_ends_what_oracle_is_asked(
    state: Redis, oracle: OracleStandIn, source: Source, own_table: TableRef
) -> None:
    guarded = GuardedSource(source, max_sessions=1, blackout=(), timezone="UTC")
    asked = f'SELECT MAX("ID") FROM "SHOP"."{own_table.table}"'
    oracle.control.fault(Fault("stall", sql_contains=asked, seconds=60))

    def require() -> None:
        if not oracle.control.waiting_faults():  # Oracle is at it
            stop_source(state, "main", "too slow")
        require_readable(state, guarded)

    with (
        connect(source, action="prove", client_identifier="operator") as session,
        pytest.raises(SourceStopped, match="too slow"),
        closing_with_source(session, require),
    ):
        rows(session, asked)
