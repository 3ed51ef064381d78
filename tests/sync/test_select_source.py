"""A query or a view as what is copied: proven like a table, under a name of its own."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import duckdb
import pytest

from sandbox.oracle.process import OracleStandIn
from sync.engine import Steps, run_plan
from sync.errors import PlanDrifted
from sync.oracle import Session
from sync.plan import Note, Plan, TableReceipt, TableRef, plainly
from sync.planning import TableSettings, make_table_plan, plan_tables
from sync.warehouse.layout import data_file
from sync.warehouse.manifest import Manifest, read_manifest

OpenSession = Callable[[str], AbstractContextManager[Session]]

REF = TableRef(source="main", schema_name="SHOP", table="STATES")
SELECT = (
    "SELECT STATUS, COUNT(*) AS ORDERS, SUM(TOTAL_AMOUNT) AS AMOUNT "
    "FROM SHOP.ORDERS GROUP BY STATUS"
)


def planned(open_session: OpenSession, select: str, ref: TableRef = REF) -> Plan:
    settings = TableSettings(1000, select=select)
    return plan_tables(
        open_session,
        plainly([ref]),
        Manifest(),
        lambda facts, wish, current: make_table_plan(facts, settings, wish, current),
        lambda _: select,
    )


def copied(open_session: OpenSession, root: Path, plan: Plan, select: str) -> TableReceipt:
    settings = TableSettings(1000, select=select)
    receipt = run_plan(
        plan,
        open_session=open_session,
        warehouse=root,
        run_id="run",
        fence=lambda _: 1,
        steps=Steps(on_progress=lambda _: None),
        plan_table=lambda facts, wish, current: make_table_plan(facts, settings, wish, current),
    )
    return receipt.tables[0]


def test_a_query_is_copied_under_a_name_and_proven_in_one_transaction(
    open_session: OpenSession, tmp_path: Path
) -> None:
    receipt = copied(open_session, tmp_path, planned(open_session, SELECT), SELECT)
    assert receipt.consistency == "read_only_transaction"
    assert Note(code="no_flashback") in receipt.notes
    assert all(check.agrees for check in receipt.checks)
    entry = read_manifest(tmp_path).entry(REF)
    assert [column.name for column in entry.columns] == ["STATUS", "ORDERS", "AMOUNT"]
    with duckdb.connect(data_file(tmp_path, REF, entry.generation), read_only=True) as db:
        found = db.execute("SELECT sum(ORDERS) FROM SHOP.STATES").fetchone()
    assert found == (100_000,)


def test_another_query_than_was_agreed_on_is_drift(
    open_session: OpenSession, tmp_path: Path
) -> None:
    plan = planned(open_session, SELECT)
    with pytest.raises(PlanDrifted):
        copied(open_session, tmp_path, plan, SELECT + " HAVING COUNT(*) > 1")


def test_a_view_is_copied_like_a_table(
    oracle: OracleStandIn, open_session: OpenSession, tmp_path: Path, table_name: str
) -> None:
    oracle.control.execute(
        f"CREATE VIEW SHOP.{table_name} AS SELECT USER_ID, LOGIN FROM SHOP.USERS WHERE USER_ID < 10"
    )
    ref = REF.model_copy(update={"table": table_name})
    receipt = copied(open_session, tmp_path, planned(open_session, "", ref), "")
    assert (receipt.rows, receipt.oracle_rows) == (9, 9)
