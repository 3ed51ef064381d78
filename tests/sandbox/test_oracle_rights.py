"""Grants as they are given and taken, and the views in which a set-up looks for them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import oracledb
import pytest

from sandbox.oracle.process import OracleStandIn, SmallTable, start_oracle
from tests.sandbox.oracle_fixture import connect, rows

ORDERS = SmallTable(
    "ORDERS", [("ID", "NUMBER(10)"), ("UPDATED_AT", "DATE")], [(1, date(2026, 2, 1))], key=["ID"]
)


@pytest.fixture
def own() -> Iterator[OracleStandIn]:
    with start_oracle("p", date(2026, 3, 1), tables=[ORDERS]) as stand_in:
        yield stand_in


@pytest.fixture
def connection(own: OracleStandIn) -> Iterator[oracledb.Connection]:
    with connect(own) as connection:
        yield connection


def fails_with(connection: oracledb.Connection, code: str, statement: str) -> bool:
    with pytest.raises(oracledb.DatabaseError, match=code):
        rows(connection, statement)
    return True


def test_a_table_without_a_right_to_read_is_invisible_until_it_is_granted(
    own: OracleStandIn, connection: oracledb.Connection
) -> None:
    own.control.revoke("READ", "ORDERS")
    for view in ("all_tables", "all_tab_columns", "all_objects", "all_constraints", "all_indexes",
                 "all_tab_statistics", "all_tab_comments"):  # fmt: skip
        assert rows(connection, f"select * from {view} where owner = 'SHOP'") == []
    assert fails_with(connection, "ORA-00942", 'select * from "SHOP"."ORDERS"')
    own.control.grant("SELECT", "ORDERS")
    assert rows(connection, 'select id from "SHOP"."ORDERS"') == [(1,)]
    assert rows(
        connection, "select privilege from user_tab_privs where table_name = 'ORDERS' order by 1"
    ) == [("FLASHBACK",), ("SELECT",)]


def test_a_table_one_may_only_write_to_is_listed_and_cannot_be_read(
    own: OracleStandIn, connection: oracledb.Connection
) -> None:
    own.control.revoke("READ", "ORDERS")
    own.control.grant("INSERT", "ORDERS")
    assert rows(connection, "select table_name from all_tables") == [("ORDERS",)]
    assert fails_with(connection, "ORA-01031", "select * from shop.orders")


def test_the_past_of_a_table_needs_flashback(
    own: OracleStandIn, connection: oracledb.Connection
) -> None:
    past = f"select id from shop.orders as of scn {own.control.execute('SELECT 1')}"
    assert rows(connection, past) == [(1,)]
    own.control.revoke("FLASHBACK", "ORDERS")
    assert fails_with(connection, "ORA-01031", past)
    assert rows(connection, "select id from shop.orders") == [(1,)]
    own.control.grant("FLASHBACK ANY TABLE")
    assert rows(connection, past) == [(1,)]


def test_dynamic_views_need_a_grant_and_only_those_granted_are_there(
    own: OracleStandIn, connection: oracledb.Connection
) -> None:
    assert rows(connection, "select count(*) from sys.v_$database") == [(1,)]
    own.control.revoke("SELECT", "V_$DATABASE")
    for name in ("v$database", "sys.v_$database", "v$transaction", 'sys."HIDDEN$"', "hidden$"):
        assert fails_with(connection, "ORA-00942", f"select * from {name}")
    own.control.grant("SELECT", "V_$DATABASE")
    ((before,),) = rows(connection, "select current_scn from v$database")
    own.control.grant("SELECT", "GV_$TRANSACTION")
    assert rows(connection, "select start_scn from gv$transaction") == []
    own.control.open_transaction(datetime(2026, 2, 28, 9, 30, tzinfo=UTC))
    ((started, text, scn),) = rows(
        connection, "select start_date, start_time, start_scn from gv$transaction"
    )
    assert (started.isoformat(), text) == ("2026-02-28T09:30:00", "02/28/26 09:30:00")
    assert scn > before
    own.control.end_transactions()
    assert rows(connection, "select 1 from gv$transaction") == []


def test_system_privileges_and_roles_are_listed_apart(
    own: OracleStandIn, connection: oracledb.Connection
) -> None:
    own.control.grant("CREATE TABLE")
    own.control.grant("RESOURCE")
    assert rows(connection, "select privilege from session_privs order by 1") == [
        ("CREATE SESSION",),
        ("CREATE TABLE",),
    ]
    assert rows(connection, "select username, privilege from user_sys_privs order by 2")[0] == (
        "DUCKFERRY",
        "CREATE SESSION",
    )
    assert rows(connection, "select role from session_roles") == [("RESOURCE",)]
    assert rows(connection, "select granted_role from user_role_privs") == [("RESOURCE",)]
    own.control.revoke("CREATE TABLE")
    assert rows(connection, "select privilege from session_privs") == [("CREATE SESSION",)]
    own.control.revoke("READ", "ORDERS")
    own.control.grant("select any table")
    assert rows(connection, "select id from shop.orders") == [(1,)]


def test_all_four_views_of_grants_agree(connection: oracledb.Connection) -> None:
    for columns, view in (
        ("grantee, owner, table_name, privilege", "user_tab_privs"),
        ("grantee, table_schema, table_name, privilege", "all_tab_privs"),
        ("grantee, owner, table_name, privilege", "all_tab_privs_recd"),
        ("user, owner, table_name, privilege", "user_tab_privs_recd"),
    ):
        assert rows(connection, f"select {columns} from {view} order by 2, 3, 4") == [
            ("DUCKFERRY", "SHOP", "ORDERS", "FLASHBACK"),
            ("DUCKFERRY", "SHOP", "ORDERS", "READ"),
            ("DUCKFERRY", "SYS", "V_$DATABASE", "SELECT"),
            ("DUCKFERRY", "SYS", "V_$INSTANCE", "SELECT"),
        ]


def test_indexes_partitions_synonyms_and_changes_are_shown(
    own: OracleStandIn, connection: oracledb.Connection
) -> None:
    own.control.create_index("IX_ORDERS_UPDATED", "ORDERS", ["UPDATED_AT", "ID"])
    assert rows(
        connection,
        "select i.index_name, i.uniqueness, c.column_name, c.column_position from all_indexes i "
        "join all_ind_columns c on c.index_owner = i.owner and c.index_name = i.index_name "
        "where i.table_name = 'ORDERS' order by 1, 4",
    ) == [
        ("IX_ORDERS_UPDATED", "NONUNIQUE", "UPDATED_AT", 1),
        ("IX_ORDERS_UPDATED", "NONUNIQUE", "ID", 2),
        ("PK_ORDERS", "UNIQUE", "ID", 1),
    ]
    own.control.create_partitions("ORDERS", [("P_2025", "2026"), ("P_2026", "MAXVALUE")])
    assert rows(connection, "select partitioned from all_tables") == [("YES",)]
    assert rows(connection, "select partitioning_type, partition_count from all_part_tables") == [
        ("RANGE", 2)
    ]
    assert rows(
        connection,
        "select partition_name, high_value from all_tab_partitions order by partition_position",
    ) == [("P_2025", "2026"), ("P_2026", "MAXVALUE")]
    own.control.create_synonym("MY_ORDERS", "ORDERS", owner="DUCKFERRY")
    own.control.create_synonym("EVERY_ORDER", "ORDERS")
    assert rows(connection, "select owner, synonym_name from all_synonyms order by 1") == [
        ("DUCKFERRY", "MY_ORDERS"),
        ("PUBLIC", "EVERY_ORDER"),
    ]
    for name in ("my_orders", "duckferry.my_orders", "every_order"):
        assert rows(connection, f"select id, updated_at from {name}") == [
            (1, datetime(2026, 2, 1))  # noqa: DTZ001 (a DATE has no zone)
        ]
    assert rows(connection, "select object_type from all_objects") == [("TABLE",)]
    own.control.execute(
        "INSERT INTO SYS.\"MODIFICATION$\" VALUES ('SHOP', 'ORDERS', 5, 2, 0, now(), 'NO')"
    )
    assert rows(
        connection, "select inserts, updates, deletes, truncated from all_tab_modifications"
    ) == [(5, 2, 0, "NO")]
    own.control.revoke("READ", "ORDERS")
    for name in ("my_orders", "every_order"):
        assert fails_with(connection, "ORA-00942", f"select * from {name}")
    assert rows(connection, "select * from all_synonyms") == []


def test_a_change_of_columns_moves_the_ddl_time_and_a_change_of_rows_does_not(
    own: OracleStandIn, connection: oracledb.Connection
) -> None:
    statement = "select object_id, created, last_ddl_time from all_objects"
    ((number, created, first),) = rows(connection, statement)
    own.control.execute("""UPDATE SYS."DDL$" SET CHANGED = '2026-01-01', CREATED = '2026-01-01'""")
    own.control.execute("INSERT INTO SHOP.ORDERS VALUES (2, NULL)")
    assert [str(row[2])[:10] for row in rows(connection, statement)] == ["2026-01-01"]
    own.control.execute("ALTER TABLE SHOP.ORDERS ADD COLUMN NOTE VARCHAR")
    ((same, old, changed),) = rows(connection, statement)
    assert (same, str(old)[:10]) == (number, "2026-01-01")
    assert changed >= first >= created


def test_two_stand_ins_have_the_same_names_and_rows_of_their_own(own: OracleStandIn) -> None:
    everything = SmallTable(
        "ORDERS",
        [("ID", "NUMBER(10)"), ("T", "NVARCHAR2(9)"), ("R", "RAW(9)"), ("Z", "TIMESTAMP(6)")],
        [(7, "글'", b"\x00\\", datetime(2026, 1, 2, 3, 4, 5, 6)), (8, None, None, None)],  # noqa: DTZ001
    )
    salaries = SmallTable("PAY", [("N", "NUMBER(3)")], [(3,)], owner="HR")
    with (
        start_oracle("q", date(2026, 3, 1), tables=[everything, salaries]) as second,
        connect(own) as here,
        connect(second) as there,
    ):
        assert rows(here, "select id from shop.orders") == [(1,)]
        assert rows(there, "select * from shop.orders order by id") == [
            (7, "글'", b"\x00\\", datetime(2026, 1, 2, 3, 4, 5, 6)),  # noqa: DTZ001
            (8, None, None, None),
        ]
        assert rows(there, "select owner, table_name from all_tables order by 1") == [
            ("HR", "PAY"),
            ("SHOP", "ORDERS"),
        ]
        there.current_schema = "HR"
        assert rows(there, "select n from pay") == [(3,)]
