# ruff: noqa: DTZ001 (Oracle's DATE and TIMESTAMP have no zone)
"""What the data dictionary and the sample shop hold."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import oracledb
import pytest

from sandbox.oracle.process import OracleStandIn
from tests.sandbox.oracle_fixture import connect, rows


@pytest.fixture
def connection(oracle: OracleStandIn) -> Iterator[oracledb.Connection]:
    with connect(oracle) as connection:
        yield connection


def test_the_shop_has_its_rows_and_estimates_that_are_a_little_old(
    connection: oracledb.Connection,
) -> None:
    assert rows(connection, 'select count(*), count(distinct "ORDER_ID") from "SHOP"."ORDERS"') == [
        (100000, 100000)
    ]
    assert rows(connection, 'select count(*) from "SHOP"."USERS"') == [(150,)]
    assert rows(connection, "select count(*) from shop.order_items") == [(200000,)]
    assert rows(
        connection,
        "select table_name, num_rows, avg_row_len, last_analyzed from all_tables "
        "where owner = :owner and table_name in (:a, :b) order by 1",
        {"owner": "SHOP", "a": "ORDERS", "b": "USERS"},
    ) == [
        ("ORDERS", 99800, 58, datetime(2026, 2, 26)),
        ("USERS", 150, 60, datetime(2026, 2, 26)),
    ]


def test_order_totals_are_the_sums_of_their_items(connection: oracledb.Connection) -> None:
    statement = """
        select count(*) from shop.orders o join (
            select order_id, sum(quantity * unit_price) total from shop.order_items
            group by order_id) i on i.order_id = o.order_id
        where i.total = o.total_amount"""
    assert rows(connection, statement) == [(100000,)]


def test_no_two_customers_have_spent_the_same(connection: oracledb.Connection) -> None:
    statement = """
        select count(*), count(distinct total) from (
            select customer_id, sum(total_amount) total from shop.orders group by customer_id)"""
    assert rows(connection, statement) == [(400, 400)]


def test_last_week_has_orders_and_none_is_from_the_future(connection: oracledb.Connection) -> None:
    statement = """select count(*), min(ordered_at), max(ordered_at) from shop.orders
                   where ordered_at >= to_date(:d, 'YYYY-MM-DD')"""
    assert rows(connection, statement, {"d": "2026-02-22"}) == [
        (959, datetime(2026, 2, 22, 0, 9, 1), datetime(2026, 2, 28, 23, 59, 30))
    ]


def test_notes_are_korean_english_or_missing(connection: oracledb.Connection) -> None:
    found = rows(connection, "select note, count(*) from shop.orders where order_id <= 50 "
                         "group by note order by 1 nulls first")  # fmt: skip
    assert found[0] == (None, 42)
    assert ("문 앞에 놓아 주세요", 1) in found
    assert ("leave at door #3", 1) in found


def test_columns_are_described_as_oracle_does(connection: oracledb.Connection) -> None:
    statement = """
        select column_name, data_type, data_length, char_length, data_precision, data_scale,
               nullable, column_id
        from all_tab_columns where owner = :1 and table_name = :2 order by column_id"""
    orders = rows(connection, statement, ["SHOP", "ORDERS"])
    assert orders == [
        ("ORDER_ID", "NUMBER", 22, 0, 10, 0, "N", 1),
        ("CUSTOMER_ID", "NUMBER", 22, 0, 8, 0, "N", 2),
        ("STATUS", "VARCHAR2", 12, 12, None, None, "N", 3),
        ("TOTAL_AMOUNT", "NUMBER", 22, 0, 12, 2, "N", 4),
        ("ORDERED_AT", "DATE", 7, 0, None, None, "N", 5),
        ("UPDATED_AT", "TIMESTAMP(6)", 11, 0, None, 6, "N", 6),
        ("NOTE", "VARCHAR2", 800, 200, None, None, "Y", 7),
    ]
    customers = rows(connection, statement, ["SHOP", "CUSTOMERS"])
    assert [row[:6] for row in customers][2:] == [
        ("CITY", "NVARCHAR2", 80, 40, None, None),
        ("COUNTRY", "CHAR", 3, 3, None, None),
        ("GRADE", "VARCHAR2", 10, 10, None, None),
        ("CREDIT_LIMIT", "NUMBER", 22, 0, None, None),
        ("SCORE", "BINARY_DOUBLE", 8, 0, None, None),
        ("FINGERPRINT", "RAW", 16, 0, None, None),
        ("CREATED_TZ", "TIMESTAMP(6) WITH TIME ZONE", 13, 0, None, 6),
    ]


def test_keys_are_constraints_with_ordered_columns(connection: oracledb.Connection) -> None:
    statement = """
        select c.constraint_name, c.constraint_type, l.column_name, l.position,
               c.r_constraint_name
        from all_constraints c
        join all_cons_columns l on l.owner = c.owner and l.constraint_name = c.constraint_name
        where c.owner = 'SHOP' and c.table_name = :name order by 1, 4"""
    assert rows(connection, statement, ["ORDER_ITEMS"]) == [
        ("FK_ORDER_ITEMS_ORDERS", "R", "ORDER_ID", 1, "PK_ORDERS"),
        ("FK_ORDER_ITEMS_PRODUCTS", "R", "PRODUCT_ID", 1, "PK_PRODUCTS"),
        ("PK_ORDER_ITEMS", "P", "ORDER_ID", 1, None),
        ("PK_ORDER_ITEMS", "P", "LINE_NO", 2, None),
    ]


def test_comments_are_in_both_languages(connection: oracledb.Connection) -> None:
    assert rows(
        connection, "select comments from all_tab_comments where table_name = 'ORDERS'"
    ) == [("주문 / Orders",)]
    assert rows(
        connection,
        "select comments from all_col_comments where table_name = 'ORDERS' "
        "and column_name = 'TOTAL_AMOUNT'",
    ) == [("총액(원) / Total in KRW",)]


def test_a_table_that_is_not_granted_looks_like_one_that_does_not_exist(
    connection: oracledb.Connection,
) -> None:
    for view in ("all_tables", "all_tab_columns", "all_tab_comments", "all_constraints"):
        assert rows(connection, f"select * from {view} where table_name = 'PAYROLL'") == []
    for name in ('"SHOP"."PAYROLL"', "shop.payroll", "shop.nowhere", "nowhere", '"SHOP"."orders"',
                 "hr.employees", "shop.orders, shop.payroll"):  # fmt: skip
        with pytest.raises(oracledb.DatabaseError, match="ORA-00942"):
            rows(connection, f"select * from {name}")


def test_views_versions_and_privileges_are_there(connection: oracledb.Connection) -> None:
    assert rows(connection, "select owner, view_name from all_views") == [("SHOP", "PAID_ORDERS")]
    assert rows(connection, "select count(*) from shop.paid_orders") == [(30000,)]
    assert "19c" in rows(connection, "select banner from v$version")[0][0]
    assert rows(connection, "select version_full from product_component_version") == [
        ("19.21.0.0.0",)
    ]
    assert rows(connection, "select instance_name, status from v$instance") == [
        ("FREEPDB1", "OPEN")
    ]
    assert ("CREATE SESSION",) in rows(connection, "select privilege from session_privs")
    assert ("READ",) in rows(
        connection, "select privilege from user_tab_privs where table_name = 'ORDERS'"
    )


def test_a_column_added_in_oracle_appears_in_dictionary_and_result(
    oracle: OracleStandIn, connection: oracledb.Connection
) -> None:
    oracle.control.create_table("T_GROWS", [("ID", "NUMBER(10)")], key=["ID"])
    oracle.control.execute("INSERT INTO SHOP.T_GROWS VALUES (1)")
    assert rows(connection, "select * from shop.t_grows") == [(1,)]
    oracle.control.execute("ALTER TABLE SHOP.T_GROWS ADD COLUMN PRICE DECIMAL(9,2) DEFAULT 1.5")
    assert rows(connection, "select * from shop.t_grows") == [(1, Decimal("1.5"))]
    assert rows(
        connection,
        "select column_name, data_type, data_precision, data_scale from all_tab_columns "
        "where table_name = 'T_GROWS' order by column_id",
    ) == [("ID", "NUMBER", 10, 0), ("PRICE", "NUMBER", 9, 2)]
    oracle.control.execute("DROP TABLE SHOP.T_GROWS")
    with pytest.raises(oracledb.DatabaseError, match="ORA-00942"):
        rows(connection, "select * from shop.t_grows")
