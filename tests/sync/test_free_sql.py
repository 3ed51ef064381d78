"""SQL that a model wrote: what runs gives DuckDB's own rows, and the rest is refused in words."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from sync.access_errors import ColumnHidden
from sync.errors import DuckferryError, QueryFailed, TableNotOffered, TableNotSynced
from sync.filters import Filter
from sync.plan import TableRef
from sync.query_errors import QueryTooCostly, SqlInvalid, SqlRefused
from sync.warehouse.exposure import WHOLE, Exposure
from sync.warehouse.manifest import ManifestEntry, publish
from sync.warehouse.query_process import Queries, QueryLimits, QueryResult
from tests.asking import AskedAt
from tests.sync.tables import place_rows, table_plan

PublishRows = Callable[..., ManifestEntry]
ORDERS = TableRef(source="main", schema_name="SHOP", table="ORDERS")
PEOPLE = TableRef(source="main", schema_name="SHOP", table="고객 명단")
NOT_COPIED = TableRef(source="main", schema_name="SHOP", table="LATER")
KNOWN = (ORDERS, PEOPLE, NOT_COPIED)
LIMITS = QueryLimits(seconds=20)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root_ = tmp_path_factory.mktemp("warehouse")
    columns = [("ID", "NUMBER(10)"), ("STATUS", "VARCHAR2(20)"), ("AMOUNT", "NUMBER(12,2)")]
    orders = [
        (1, "PAID", Decimal("10.50")),
        (2, "CANCELLED", Decimal("20.00")),
        (3, "PAID", Decimal("0.25")),
    ]
    people = [(1, "김하나", "010-1234-5678"), (2, "이둘", "010-9999-0000")]
    of_people = [("ID", "NUMBER(10)"), ("이름", "VARCHAR2(20)"), ("PHONE", "VARCHAR2(20)")]
    plans = (
        (table_plan(columns, table="ORDERS", key=["ID"]), orders),
        (table_plan(of_people, table="고객 명단"), people),
    )
    publish(root_, [place_rows(root_, plan, rows_, 1) for plan, rows_ in plans])
    return root_


@pytest.fixture
def queries(root: Path, asked_at: AskedAt) -> Queries:
    return asked_at(root, LIMITS)


def run(queries: Queries, sql: str, **exposed: Exposure) -> QueryResult:
    return queries.run_sql(sql, KNOWN, lambda ref: exposed.get(ref.table, WHOLE))


def rows(queries: Queries, sql: str, **exposed: Exposure) -> list[tuple[object, ...]]:
    return list(run(queries, sql, **exposed).rows)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT count(*) FROM ORDERS", [(3,)]),
        ("select sum(amount) from shop.orders where status = 'PAID'", [("10.75",)]),
        ("SELECT o.STATUS FROM main.SHOP.ORDERS o ORDER BY o.ID LIMIT 1;", [("PAID",)]),
        ('SELECT "이름" FROM "고객 명단" ORDER BY 1 -- 끝', [("김하나",), ("이둘",)]),
        ("WITH orders AS (SELECT * FROM orders WHERE id > 1) SELECT count(*) FROM orders", [(2,)]),
        (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL FROM n SELECT i + 1 WHERE i < 4) FROM n",
            [(1,), (2,), (3,), (4,)],
        ),
        ("SELECT SHOP.ORDERS.ID FROM SHOP.ORDERS ORDER BY ALL LIMIT 1", [(1,)]),
        (
            'SELECT p.이름, o.AMOUNT FROM ORDERS o JOIN SHOP."고객 명단" p USING (ID) ORDER BY 1',
            [("김하나", "10.50"), ("이둘", "20.00")],
        ),
        (
            "PIVOT (SELECT STATUS FROM ORDERS) ON STATUS IN ('PAID', 'CANCELLED') USING count(*)",
            [(2, 1)],
        ),
        ("SELECT 1 AS a, 1 AS a", [(1, 1)]),
        ("FROM range(3) SELECT range", [(0,), (1,), (2,)]),
        ("SELECT column_name FROM (DESCRIBE ORDERS)", [("ID",), ("STATUS",), ("AMOUNT",)]),
    ],
)
def test_a_select_gives_its_rows(
    queries: Queries, sql: str, expected: list[tuple[object, ...]]
) -> None:
    assert rows(queries, sql) == expected


def test_an_answer_names_each_copy_it_read(queries: Queries) -> None:
    found = run(queries, 'SELECT * FROM ORDERS, SHOP.ORDERS b, "고객 명단"')
    assert sorted(str(basis.ref) for basis in found.basis) == ["SHOP.ORDERS", "SHOP.고객 명단"]


def test_a_statement_without_a_table_rests_on_nothing(queries: Queries) -> None:
    assert run(queries, "SELECT 1").basis == ()


def test_explain_shows_the_plan_of_what_was_checked(queries: Queries) -> None:
    plan = "\n".join(str(row[0]) for row in rows(queries, "EXPLAIN SELECT STATUS FROM ORDERS"))
    assert "STATUS" in plan


@pytest.mark.parametrize(
    ("sql", "error", "words"),
    [
        ("SELECT 1; SELECT 2", SqlRefused, "one statement"),
        ("DELETE FROM ORDERS", SqlRefused, "only one SELECT"),
        ("WITH x AS (DELETE FROM ORDERS RETURNING *) SELECT * FROM x", SqlRefused, "DELETE would"),
        ("WITH x AS (COPY (SELECT 1) TO '/tmp/x') SELECT 1", SqlRefused, "COPY would"),
        ("SELECT * FROM read_text('/etc/passwd')", SqlRefused, "read_text cannot be read from"),
        ("SELECT * FROM '/etc/passwd'", TableNotOffered, "/etc/passwd"),
        ("SELECT * FROM duckdb_settings", TableNotOffered, "duckdb_settings"),
        ("SELECT * FROM information_schema.tables", TableNotOffered, "information_schema.tables"),
        ("SELECT * FROM query('SELECT 1')", SqlRefused, "query cannot be read from"),
        ("SELECT current_setting('memory_limit')", SqlRefused, "current_setting"),
        ("SELECT json_serialize_sql('SELECT 1')", SqlRefused, "json_serialize_sql"),
        ("SELECT $1", SqlRefused, "parameter"),
        ("PIVOT ORDERS ON STATUS", SqlRefused, "PIVOT needs its values"),
        ("SHOW TABLES", SqlRefused, "list_tables"),
        ("EXPLAIN ANALYZE SELECT 1", SqlRefused, "only one SELECT"),
        ("SELEC 1", SqlInvalid, "syntax error"),
        ("SELECT NOPE FROM ORDERS", SqlInvalid, "NOPE"),
        ("SELECT * FROM LATER", TableNotSynced, "SHOP.LATER"),
        ("SELECT * FROM ORDER", SqlInvalid, "syntax error"),
        ("SELECT * FROM ORDRS", TableNotOffered, "SHOP.ORDERS?"),
        ("SELECT * FROM ORDERS AT (VERSION => 1)", SqlRefused, "one moment"),
        ("SELECT 1 " + "-" * 10_000, SqlRefused, "longer than"),
        ("SELECT 'a\0b'", SqlRefused, "character"),
        ("", SqlRefused, ""),
        ("-- nothing", SqlRefused, ""),
    ],
)
def test_what_is_not_run_is_told_why(
    queries: Queries, sql: str, error: type[DuckferryError], words: str
) -> None:
    with pytest.raises(error) as raised:
        run(queries, sql)
    assert words in str(raised.value)


def test_a_plan_over_the_limit_is_not_run_unasked(
    root: Path, queries: Queries, asked_at: AskedAt
) -> None:
    careful = asked_at(root, QueryLimits(seconds=20, planned_rows=20))
    for figure, value in (("sum(a.ID * b.ID * c.ID)", 216), ("count(*)", 27)):
        crossed = f"SELECT {figure} FROM ORDERS a, ORDERS b, ORDERS c"
        with pytest.raises(QueryTooCostly) as raised:
            careful.run_sql(crossed, KNOWN, lambda _: WHOLE)
        assert raised.value.params == {
            "planned": 27,
            "most": 20,
            "tables": "main.SHOP.ORDERS",
        }
        allowed = careful.taking(any_cost=True).run_sql(crossed, KNOWN, lambda _: WHOLE)
        assert allowed.rows == ((value,),)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT AMOUNT FROM ORDERS",
        'SELECT o."amount" FROM ORDERS o',
        "SELECT ID FROM ORDERS WHERE Amount > 1",
        "SELECT * EXCLUDE (AMOUNT) FROM ORDERS",
        "SELECT ID FROM ORDERS o JOIN ORDERS p USING (AMOUNT)",
    ],
)
def test_a_hidden_column_is_not_there_and_its_rule_is_named(queries: Queries, sql: str) -> None:
    hides = Exposure(hidden={"amount": "no money"})
    assert rows(queries, "SELECT * FROM ORDERS LIMIT 1", ORDERS=hides) == [(1, "PAID")]
    with pytest.raises(ColumnHidden, match="no money") as raised:
        run(queries, sql, ORDERS=hides)
    assert raised.value.params["table"] == "SHOP.ORDERS"
    with pytest.raises(SqlInvalid, match="NOPE"):
        run(queries, "SELECT NOPE FROM ORDERS", ORDERS=hides)


def test_masked_values_are_disguised_and_can_still_be_told_apart(queries: Queries) -> None:
    masks = Exposure(masks={"STATUS": "hash", "AMOUNT": "null"}, key="k")
    found = rows(queries, "SELECT STATUS, AMOUNT FROM ORDERS ORDER BY ID", ORDERS=masks)
    assert found[0] == found[2] != found[1]
    assert found[0][1] is None
    assert "PAID" not in str(found)
    last = {"고객 명단": Exposure(masks={"PHONE": "last4"})}
    assert rows(queries, 'SELECT PHONE FROM "고객 명단" ORDER BY ID', **last) == [
        ("…5678",),
        ("…0000",),
    ]


def test_rows_that_are_not_shown_cannot_be_met_even_by_a_filter_that_fails(
    queries: Queries,
) -> None:
    paid = Exposure(where=(Filter(column="STATUS", op="=", values=("PAID",)),))
    assert rows(queries, "SELECT count(*) FROM ORDERS", ORDERS=paid) == [(2,)]
    probe = "SELECT ID FROM ORDERS WHERE CASE WHEN STATUS = 'PAID' THEN 1 ELSE STATUS::INT END = 1"
    assert len(rows(queries, probe, ORDERS=paid)) == 2


def test_a_plan_of_what_is_partly_shown_is_refused(queries: Queries) -> None:
    paid = Exposure(where=(Filter(column="STATUS", op="=", values=("PAID",)),))
    with pytest.raises(SqlRefused, match="more of a table than you may see"):
        run(queries, "EXPLAIN SELECT * FROM ORDERS", ORDERS=paid)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT STATUS::INT FROM ORDERS",
        "SELECT strptime(STATUS, '%Y') FROM ORDERS",
        "SELECT (ID + 41) * 9223372036854775807 FROM ORDERS",
        "SELECT regexp_matches('a', '(' || STATUS) FROM ORDERS",
        "SELECT STATUS::JSON FROM ORDERS",
    ],
)
def test_words_about_a_failure_quote_no_value(queries: Queries, sql: str) -> None:
    with pytest.raises(QueryFailed) as raised:
        run(queries, sql)
    assert not any(value in str(raised.value) for value in ("PAID", "CANCELLED", "42"))


def test_tables_that_differ_in_capital_letters_are_not_taken_for_one(
    publish_rows: PublishRows, tmp_path: Path, asked_at: AskedAt
) -> None:
    queries = asked_at(tmp_path, LIMITS)
    publish_rows([("ID", "NUMBER(10)")], [(8,)], table="ORDERS")
    publish_rows([("ID", "NUMBER(10)")], [(7,)], table="orders")
    small = TableRef(source="main", schema_name="SHOP", table="orders")
    both = (*KNOWN, small)
    assert queries.run_sql('SELECT ID FROM "orders"', both, lambda _: WHOLE).rows == ((7,),)
    with pytest.raises(SqlRefused, match="but for capital letters"):
        queries.run_sql('SELECT * FROM "orders", "ORDERS"', both, lambda _: WHOLE)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT " + "abs(" * 190 + "1" + ")" * 190 + " FROM main.SHOP.ORDERS", "too deeply"),
        ("SELECT [" + "-ID, " * 1_900 + "ID] FROM ORDERS", "too large"),
        ("SELECT list_aggregate([1], STATUS) FROM ORDERS", "name of an aggregate"),
        ("SELECT 'x'::BLOB::GEOMETRY", "type GEOMETRY"),
    ],
)
def test_what_cannot_be_checked_is_refused(queries: Queries, sql: str, words: str) -> None:
    with pytest.raises(SqlRefused, match=words):
        run(queries, sql)
