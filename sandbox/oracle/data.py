"""The sample shop: deterministic for a given day, built by arithmetic inside DuckDB.

Order dates end the night before `today`, so "last week" always has rows.
"""

from datetime import date

import duckdb

from sandbox.oracle import catalog
from sandbox.oracle.catalog import Column, Table

USERS, CUSTOMERS, PRODUCTS, ORDERS = 150, 400, 120, 100_000
#: Optimizer statistics are older than the data, as they are everywhere.
STALE_ORDERS = 99_800
DAYS_OF_ORDERS = 730

TABLES = (
    Table(
        "SHOP", "USERS", comment="직원 계정 / Staff accounts", key=("USER_ID",),
        columns=(
            Column("USER_ID", "NUMBER(6)", "계정 번호 / Account id"),
            Column("LOGIN", "VARCHAR2(30)", "로그인 이름 / Login name", nullable=False),
            Column("DISPLAY_NAME", "NVARCHAR2(40)", "표시 이름 / Display name"),
            Column("IS_ACTIVE", "CHAR(1)", "사용 여부 Y/N / Active"),
            Column("CREATED_AT", "DATE", "생성일 / Created"),
            Column("LAST_LOGIN_AT", "TIMESTAMP(6) WITH TIME ZONE", "최근 로그인 / Last login"),
        ),
    ),
    Table(
        "SHOP", "CUSTOMERS", comment="고객 / Customers", key=("CUSTOMER_ID",),
        columns=(
            Column("CUSTOMER_ID", "NUMBER(8)", "고객 번호 / Customer id"),
            Column("NAME", "VARCHAR2(80 CHAR)", "이름 / Name", nullable=False),
            Column("CITY", "NVARCHAR2(40)", "도시 / City"),
            Column("COUNTRY", "CHAR(3)", "국가 코드 / Country code"),
            Column("GRADE", "VARCHAR2(10)", "등급 / Grade"),
            Column("CREDIT_LIMIT", "NUMBER", "신용 한도, 자릿수 없음 / Credit limit, bare NUMBER"),
            Column("SCORE", "BINARY_DOUBLE", "점수 / Score"),
            Column("FINGERPRINT", "RAW(16)", "지문 / Fingerprint"),
            Column("CREATED_TZ", "TIMESTAMP(6) WITH TIME ZONE", "가입 시각 / Joined"),
        ),
    ),
    Table(
        "SHOP", "PRODUCTS", comment="상품 / Products", key=("PRODUCT_ID",),
        columns=(
            Column("PRODUCT_ID", "NUMBER(6)", "상품 번호 / Product id"),
            Column("NAME", "VARCHAR2(80 CHAR)", "상품명 / Product name", nullable=False),
            Column("CATEGORY", "VARCHAR2(20)", "분류 / Category"),
            Column("UNIT_PRICE", "NUMBER(10,2)", "단가(원) / Unit price in KRW"),
            Column("WEIGHT_KG", "BINARY_DOUBLE", "무게(kg) / Weight in kg"),
            Column("DISCONTINUED_AT", "DATE", "단종일 / Discontinued"),
        ),
    ),
    Table(
        "SHOP", "ORDERS", comment="주문 / Orders", key=("ORDER_ID",),
        references=(("CUSTOMER_ID", "CUSTOMERS"),),
        columns=(
            Column("ORDER_ID", "NUMBER(10)", "주문 번호 / Order id"),
            Column("CUSTOMER_ID", "NUMBER(8)", "고객 번호 / Customer id", nullable=False),
            Column("STATUS", "VARCHAR2(12)", "상태 / Status", nullable=False),
            Column("TOTAL_AMOUNT", "NUMBER(12,2)", "총액(원) / Total in KRW", nullable=False),
            Column("ORDERED_AT", "DATE", "주문 시각 / Ordered", nullable=False),
            Column("UPDATED_AT", "TIMESTAMP(6)", "변경 시각 / Last change", nullable=False),
            Column("NOTE", "VARCHAR2(200 CHAR)", "메모 / Note"),
        ),
    ),
    Table(
        "SHOP", "ORDER_ITEMS", comment="주문 상품 / Order items", key=("ORDER_ID", "LINE_NO"),
        references=(("ORDER_ID", "ORDERS"), ("PRODUCT_ID", "PRODUCTS")),
        columns=(
            Column("ORDER_ID", "NUMBER(10)", "주문 번호 / Order id"),
            Column("LINE_NO", "NUMBER(3)", "줄 번호 / Line number"),
            Column("PRODUCT_ID", "NUMBER(6)", "상품 번호 / Product id", nullable=False),
            Column("QUANTITY", "NUMBER(5)", "수량 / Quantity", nullable=False),
            Column("UNIT_PRICE", "NUMBER(10,2)", "단가(원) / Unit price in KRW", nullable=False),
        ),
    ),
    Table(
        "SHOP", "PAYROLL", comment="급여, 비공개 / Payroll, private", key=("USER_ID",),
        columns=(Column("USER_ID", "NUMBER(6)"), Column("SALARY", "NUMBER(10,2)")),
    ),
)  # fmt: skip

ROWS = (
    f"""
    INSERT INTO SHOP.USERS
    SELECT i, 'user' || lpad(CAST(i AS VARCHAR), 3, '0'),
           CASE WHEN i % 2 = 0 THEN 'User ' || i
                ELSE ['김민준', '이서연', '박도윤', '최지우', '정하은'][1 + i % 5] || i END,
           CASE WHEN i % 10 = 0 THEN 'N' ELSE 'Y' END,
           today - to_days(CAST(i * 11 % 900 AS INTEGER)),
           CASE WHEN i % 7 <> 0 THEN
               (today - to_hours(i * 5) - to_microseconds(i * 1013)) AT TIME ZONE 'UTC' END
    FROM range(1, {USERS} + 1) t(i), day
    """,
    f"""
    INSERT INTO SHOP.CUSTOMERS
    SELECT i,
           CASE WHEN i % 5 < 3
                THEN ['김', '이', '박', '최', '정', '강', '조', '윤', '장', '임'][1 + i % 10]
                     || ['민준', '서연', '도윤', '지우', '하은', '시우', '수아'][1 + i % 7]
                ELSE ['James', 'Emma', 'Liam', 'Olivia', 'Noah', 'Ava'][1 + i % 6] || ' '
                     || ['Smith', 'Lee', 'Brown', 'Kim', 'O''Neil'][1 + i // 6 % 5] END,
           ['서울', '부산', 'Incheon', '대구', 'Seattle', NULL][1 + i % 6],
           ['KR', 'KR', 'KR', 'US', 'JP'][1 + i % 5],
           ['BRONZE', 'SILVER', 'GOLD', 'VIP'][1 + i % 4],
           CASE WHEN i % 9 <> 0 THEN
               CAST(i * 1000003 % 9999991 AS DECIMAL(38,10)) / 1000 - 2500 END,
           CASE WHEN i % 11 <> 0 THEN (i * 7919 % 1000) / 7.0 - 50 END,
           CASE WHEN i % 13 <> 0 THEN unhex(md5('customer ' || i)) END,
           (today - to_hours(i * 37) - to_microseconds(i * 999331)) AT TIME ZONE 'UTC'
    FROM range(1, {CUSTOMERS} + 1) t(i), day
    """,
    f"""
    INSERT INTO SHOP.PRODUCTS
    SELECT i, ['노트북', 'Coffee beans', '운동화', 'Desk lamp', '청소기', 'Umbrella'][1 + i % 6]
              || ' ' || i,
           ['ELECTRONICS', 'FOOD', 'FASHION', 'HOME'][1 + i % 4],
           CAST(1000 + i * 7907 % 98000 AS DECIMAL(10,2)) + CAST(i % 4 AS DECIMAL(10,2)) * 0.25,
           (i * 31 % 400) / 8.0,
           CASE WHEN i % 17 = 0 THEN today - to_days(CAST(i AS INTEGER)) END
    FROM range(1, {PRODUCTS} + 1) t(i), day
    """,
    f"""
    INSERT INTO SHOP.ORDER_ITEMS
    -- Products recur in step with customers; squares over a prime do not, so no two totals tie.
    SELECT o, line, p.PRODUCT_ID, 1 + (o * o // 97 + line) % 4, p.UNIT_PRICE
    FROM (SELECT o, unnest(range(1, 2 + o % 3)) AS line FROM range(1, {ORDERS} + 1) t(o))
    JOIN SHOP.PRODUCTS p ON p.PRODUCT_ID = 1 + (o * 31 + line * 47) % {PRODUCTS}
    ORDER BY o, line
    """,
    f"""
    INSERT INTO SHOP.ORDERS
    SELECT o, 1 + o * 7919 % {CUSTOMERS},
           ['PAID', 'SHIPPED', 'SHIPPED', 'PAID', 'PENDING', 'SHIPPED', 'CANCELLED', 'PAID',
            'SHIPPED', 'RETURNED'][1 + o * 13 % 10],
           total, ordered_at,
           least(ordered_at + to_microseconds(o * 104729 % 1000000 + o * 7 % 20 * 86400000000),
                 today - to_microseconds(1)),
           CASE WHEN o % 50 = 7 THEN '문 앞에 놓아 주세요' WHEN o % 50 = 21 THEN '선물 포장'
                WHEN o % 8 = 3 THEN 'leave at door #' || o % 100 END
    FROM (SELECT o, CAST(today - to_seconds(30 + ({ORDERS} - o) * {DAYS_OF_ORDERS} * 86400
                                            // {ORDERS}) AS TIMESTAMP_S) AS ordered_at, today
          FROM range(1, {ORDERS} + 1) t(o), day)
    JOIN (SELECT ORDER_ID, sum(QUANTITY * UNIT_PRICE) AS total
          FROM SHOP.ORDER_ITEMS GROUP BY ORDER_ID) ON ORDER_ID = o
    ORDER BY o
    """,
    "INSERT INTO SHOP.PAYROLL SELECT i, 3000000 + i FROM range(1, 11) t(i)",
    """INSERT INTO SYS."HIDDEN$" VALUES ('SHOP', 'PAYROLL')""",
    f"""
    INSERT INTO SYS."STATS$"
    SELECT 'SHOP', name, n, len, 1 + n * len // 8000, today - to_days(3)
    FROM (VALUES ('USERS', {USERS}, 60), ('CUSTOMERS', {CUSTOMERS}, 95),
                 ('PRODUCTS', {PRODUCTS}, 50), ('ORDERS', {STALE_ORDERS}, 58),
                 ('ORDER_ITEMS', 2 * {ORDERS}, 22)) t(name, n, len), day
    """,
    """
    CREATE VIEW SHOP.PAID_ORDERS AS
    SELECT ORDER_ID, CUSTOMER_ID, TOTAL_AMOUNT, ORDERED_AT FROM SHOP.ORDERS
    WHERE STATUS = 'PAID'
    """,
)


def create_shop(connection: duckdb.DuckDBPyConnection, today: date) -> None:
    """Create and fill every table of schema SHOP."""
    connection.execute(
        f"CREATE TEMP VIEW day AS SELECT CAST(DATE '{today.isoformat()}' AS TIMESTAMP) AS today"
    )
    for table in TABLES:
        catalog.create_table(connection, table)
    for statement in ROWS:
        connection.execute(statement)
    connection.execute("DROP VIEW day")
