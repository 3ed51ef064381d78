"""Schemas whose names DuckDB uses for something else are copied like any other."""

from pathlib import Path

import pytest

from sandbox.oracle.process import OracleStandIn
from sync.plan import TableRef
from sync.warehouse.exposure import WHOLE
from sync.warehouse.query_process import QueryLimits, QueryResult, open_queries
from sync.warehouse.recovery import rebuild_manifest
from tests.sync.copying import BY_CHANGED, COLUMNS, OpenSession, plan_copy, run_copy


def asked(root: Path, ref: TableRef) -> QueryResult:
    with open_queries(root, QueryLimits(seconds=20)) as queries:
        sql = f"SELECT NAME FROM {ref.table} ORDER BY ID"
        return queries.run_sql(sql, (ref,), lambda _: WHOLE)


@pytest.mark.parametrize("schema", ["DATA", "STAGED", "BESIDE"])
def test_a_table_of_such_a_schema_is_copied_proven_and_asked(
    oracle: OracleStandIn, open_session: OpenSession, tmp_path: Path, schema: str
) -> None:
    rows = [(1, "가", "2026-02-01 00:00:00"), (2, "나", "2026-02-02 00:00:00")]
    oracle.control.create_table("T", COLUMNS, key=["ID"], owner=schema, rows=rows)
    ref = TableRef(source="main", schema_name=schema, table="T")
    for fence, change in enumerate(("", f"UPDATE {schema}.T SET NAME = '다' WHERE ID = 2"), 1):
        if change:
            oracle.control.execute(change)
        plan = plan_copy(open_session, tmp_path, ref, BY_CHANGED)
        receipt = run_copy(open_session, tmp_path, plan, BY_CHANGED, fence=fence)
        assert receipt.mode == ("incremental" if change else "full")
        assert all(check.agrees for check in receipt.checks)
    assert asked(tmp_path, ref).rows == (("가",), ("다",))
    rebuild_manifest(tmp_path, force=True)
    assert asked(tmp_path, ref).rows == (("가",), ("다",))
