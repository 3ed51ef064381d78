"""Two looks at an Oracle table agree only where nothing of it has changed."""

import pytest

from sandbox.oracle.process import OracleStandIn
from sync.changes import Look, is_unchanged, look_at
from sync.plan import TablePlan
from tests.sync.conftest import OpenSession
from tests.sync.tables import table_plan

COLUMNS = [("ID", "NUMBER(6)"), ("NAME", "VARCHAR2(10)")]


def made(oracle: OracleStandIn, name: str) -> TablePlan:
    oracle.control.create_table(name, COLUMNS, key=["ID"], rows=[[1, "a"], [2, "b"]])
    return table_plan(COLUMNS, table=name, key=["ID"])


def look(open_session: OpenSession, table: TablePlan) -> Look:
    with open_session("main") as session:
        return look_at(session, table)


def test_a_table_nobody_touched_is_unchanged_whatever_else_was(
    oracle: OracleStandIn, open_session: OpenSession, table_name: str
) -> None:
    table = made(oracle, table_name)
    before = look(open_session, table)
    oracle.control.create_table(f"{table_name}_2"[-60:], COLUMNS, rows=[[1, "a"]])
    assert before.rows == 2
    assert is_unchanged(before, look(open_session, table))


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO {table} VALUES (3, 'c')",
        "UPDATE {table} SET NAME = 'z' WHERE ID = 1",
        "DELETE FROM {table} WHERE ID = 1",
        "DELETE FROM {table} WHERE ID = 1; INSERT INTO {table} VALUES (1, 'z')",
        "ALTER TABLE {table} ADD COLUMN MORE INTEGER",
        "UPDATE SYS.\"DDL$\" SET CHANGED = CHANGED + INTERVAL 1 SECOND WHERE TABLE_NAME = '{name}'",
        "UPDATE SYS.\"DDL$\" SET OBJECT_ID = OBJECT_ID + 1 WHERE TABLE_NAME = '{name}'",
    ],
    ids=["insert", "update", "delete", "replace", "column", "ddl", "another_object"],
)
def test_every_change_is_seen(
    oracle: OracleStandIn, open_session: OpenSession, table_name: str, change: str
) -> None:
    name = table_name.replace("[", "_").replace("]", "_")[-60:]
    table = made(oracle, name)
    before = look(open_session, table)
    oracle.control.execute(change.format(table=f'SHOP."{name}"', name=name))
    assert not is_unchanged(before, look(open_session, table))


def test_what_holds_no_rows_of_its_own_or_keeps_them_apart_tells_nothing(
    oracle: OracleStandIn, open_session: OpenSession
) -> None:
    view = table_plan([("ORDER_ID", "NUMBER(10)")], table="PAID_ORDERS")
    assert look(open_session, view).trouble == "no_table"
    [table] = [table_plan(COLUMNS, table="USERS")]
    lob = table.columns[1].model_copy(update={"oracle_type": "CLOB"})
    wide = table.model_copy(update={"columns": (table.columns[0], lob)})
    assert look(open_session, wide).trouble == "lob"
    assert not is_unchanged(look(open_session, view), look(open_session, view))


def test_what_oracle_answers_instead_is_told(
    oracle: OracleStandIn, open_session: OpenSession, table_name: str
) -> None:
    table = made(oracle, table_name)
    oracle.control.revoke("READ", table_name)
    assert look(open_session, table).trouble in {"no_table", "ORA-01031", "table_not_found"}
