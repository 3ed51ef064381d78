"""A query or a view as what is copied: proven like a table, under a name of its own."""

from pathlib import Path

import pytest

from sandbox.oracle.process import OracleStandIn
from sync.errors import PlanDrifted
from sync.plan import TableRef
from sync.planning import TableSettings
from sync.receipt import Note
from sync.warehouse.manifest import read_manifest
from tests.sync.copying import OpenSession, copied_rows, plan_copy, run_copy

REF = TableRef(source="main", schema_name="SHOP", table="STATES")
SELECT = (
    "SELECT STATUS, COUNT(*) AS ORDERS, SUM(TOTAL_AMOUNT) AS AMOUNT "
    "FROM SHOP.ORDERS GROUP BY STATUS"
)


def reading(select: str) -> TableSettings:
    return TableSettings(1000, select=select)


def test_a_query_is_copied_under_a_name_and_proven_in_one_transaction(
    open_session: OpenSession, tmp_path: Path
) -> None:
    plan = plan_copy(open_session, tmp_path, REF, reading(SELECT))
    receipt = run_copy(open_session, tmp_path, plan, reading(SELECT))
    assert receipt.consistency == "read_only_transaction"
    assert Note(code="no_flashback") in receipt.notes
    assert all(check.agrees for check in receipt.checks)
    entry = read_manifest(tmp_path).entry(REF)
    assert [column.name for column in entry.columns] == ["STATUS", "ORDERS", "AMOUNT"]
    assert copied_rows(tmp_path, REF, "sum(ORDERS)") == [(100_000,)]


def test_another_query_than_was_agreed_on_is_drift(
    open_session: OpenSession, tmp_path: Path
) -> None:
    plan = plan_copy(open_session, tmp_path, REF, reading(SELECT))
    another = reading(SELECT + " HAVING COUNT(*) > 1")
    with pytest.raises(PlanDrifted):
        run_copy(open_session, tmp_path, plan, another)


def test_a_view_is_copied_like_a_table(
    oracle: OracleStandIn, open_session: OpenSession, tmp_path: Path, table_name: str
) -> None:
    oracle.control.execute(
        f"CREATE VIEW SHOP.{table_name} AS SELECT USER_ID, LOGIN FROM SHOP.USERS WHERE USER_ID < 10"
    )
    ref = REF.model_copy(update={"table": table_name})
    plan = plan_copy(open_session, tmp_path, ref, TableSettings(1000))
    receipt = run_copy(open_session, tmp_path, plan, TableSettings(1000))
    assert (receipt.rows, receipt.oracle_rows) == (9, 9)
