"""ORA_ROWSCN: the SCN of a table's last change, as the reader's moment has it."""

import oracledb
import pytest

from sandbox.oracle.process import OracleStandIn
from tests.sandbox.oracle_fixture import connect, rows


def test_it_moves_with_every_change_of_the_table_and_with_no_other(oracle: OracleStandIn) -> None:
    newest = 'SELECT COUNT(*), MAX(ORA_ROWSCN) FROM "SHOP"."MOVING"'
    created = oracle.control.create_table("MOVING", [("ID", "NUMBER(3)")], rows=[[1], [2]])
    with connect(oracle) as connection:
        assert rows(connection, newest) == [(2, created)]
        oracle.control.create_table("BESIDE", [("ID", "NUMBER(3)")])
        assert rows(connection, newest) == [(2, created)]
        changed = oracle.control.execute("UPDATE SHOP.MOVING SET ID = 3 WHERE ID = 2")
        assert rows(connection, newest) == [(2, changed)]
        assert changed > created


def test_a_read_only_transaction_sees_the_one_of_its_moment(oracle: OracleStandIn) -> None:
    newest = 'SELECT COUNT(*), MAX(ORA_ROWSCN) FROM "SHOP"."PINNED"'
    created = oracle.control.create_table("PINNED", [("ID", "NUMBER(3)")], rows=[[1]])
    with connect(oracle) as connection, connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        oracle.control.execute("INSERT INTO SHOP.PINNED VALUES (9)")
        assert rows(connection, newest) == [(1, created)]


def test_an_empty_table_has_none_and_a_view_has_no_such_column(oracle: OracleStandIn) -> None:
    oracle.control.create_table("EMPTIED", [("ID", "NUMBER(3)")])
    oracle.control.execute("CREATE VIEW SHOP.LOOKING AS SELECT ID FROM SHOP.EMPTIED")
    with connect(oracle) as connection:
        assert rows(connection, 'SELECT COUNT(*), MAX(ORA_ROWSCN) FROM "SHOP"."EMPTIED"') == [
            (0, None)
        ]
        with pytest.raises(oracledb.DatabaseError, match="ORA-00904"):
            rows(connection, 'SELECT MAX(ORA_ROWSCN) FROM "SHOP"."LOOKING"')
