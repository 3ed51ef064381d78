"""The closed vocabulary: what it answers, what it refuses and in which words."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sync.errors import BadQuery, ColumnNotFound
from sync.plan import Column
from sync.warehouse.manifest import ManifestEntry, publish
from sync.warehouse.query import Query, compile_query
from sync.warehouse.query_process import Queries, QueryLimits
from tests.asking import AskedAt
from tests.sync.tables import place_rows, table_plan

PublishRows = Callable[..., ManifestEntry]
Ask = Callable[..., list[tuple[Any, ...]]]

COLUMNS = [
    ("ID", "NUMBER(10)"),
    ("CITY", "VARCHAR2(20)"),
    ("AMOUNT", "NUMBER(12,2)"),
    ("GRADE", "CHAR(3)"),
    ("ORDERED_AT", "DATE"),
    ("SEEN_AT", "TIMESTAMP(6) WITH TIME ZONE"),
]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


ROWS = [
    (1, "서울", 10.25, "A  ", moment("2026-10-31T23:59:59"), moment("2026-10-31T15:00:00")),
    (2, "부산", 20.5, "B  ", moment("2026-11-01T00:00:00"), None),
    (3, "서울", 5, "A  ", moment("2026-11-22T09:30:00"), moment("2026-11-22T00:30:00")),
    (4, None, -1, None, None, None),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("warehouse")


@pytest.fixture(scope="module")
def entry(root: Path) -> ManifestEntry:
    rows = [(i, c, Decimal(str(a)), g, o, s) for i, c, a, g, o, s in ROWS]
    plan = table_plan(COLUMNS, key=["ID"])
    return publish(root, [place_rows(root, plan, rows, 1)]).entry(plan.ref)


@pytest.fixture
def queries(root: Path, asked_at: AskedAt) -> Queries:
    return asked_at(root, QueryLimits(seconds=20))


@pytest.fixture
def ask(queries: Queries, entry: ManifestEntry) -> Ask:
    def ask_(**query: Any) -> list[tuple[Any, ...]]:
        compiled = compile_query(Query.model_validate({"table": "T", **query}), entry)
        return list(queries.run(compiled, entry).rows)

    return ask_


def filtered(ask: Ask, column: str, op: str, value: Any = None) -> list[int]:
    where = [{"column": column, "op": op, "value": value}]
    return [row[0] for row in ask(columns=["ID"], where=where)]


def refused(entry: ManifestEntry, **query: Any) -> str:
    with pytest.raises((BadQuery, ColumnNotFound)) as error:
        compile_query(Query.model_validate({"table": "T", **query}), entry)
    return str(error.value)


def test_all_columns_come_in_key_order_without_being_asked(ask: Ask) -> None:
    assert ask(limit=2) == [
        (1, "서울", "10.25", "A  ", "2026-10-31T23:59:59", "2026-10-31T15:00:00+00:00"),
        (2, "부산", "20.50", "B  ", "2026-11-01T00:00:00", None),
    ]


def test_named_columns_are_found_in_any_case_and_keep_the_order_asked(ask: Ask) -> None:
    rows = ask(columns=["city", "Id"], order_by=[{"column": "amount", "direction": "desc"}])
    assert rows == [("부산", 2), ("서울", 1), ("서울", 3), (None, 4)]


def test_groups_are_all_given_and_plain_rows_only_the_first_ten() -> None:
    plain = Query.model_validate({"table": "T", "columns": ["ID"]})
    grouped = Query.model_validate({"table": "T", "group_by": ["ID"]})
    assert (plain.limit, grouped.limit) == (10, 100)
    assert "limit" not in grouped.model_fields_set


@pytest.mark.parametrize(
    ("column", "op", "value", "found"),
    [
        ("ID", "=", 3, [3]),
        ("ID", "=", "3", [3]),
        ("ID", "!=", 3, [1, 2, 4]),
        ("ID", "in", [1, 4], [1, 4]),
        ("ID", "not_in", [1, 4], [2, 3]),
        ("ID", "between", [2, 3], [2, 3]),
        ("AMOUNT", ">=", "10.25", [1, 2]),
        ("AMOUNT", "<", 0, [4]),
        ("AMOUNT", "=", 10.25, [1]),
        ("CITY", "=", "서울", [1, 3]),
        ("CITY", "like", "%산", [2]),
        ("CITY", "is_null", None, [4]),
        ("CITY", "is_not_null", None, [1, 2, 3]),
        ("CITY", "=", "' OR 1=1 --", []),
        ("CITY", "like", "'; DROP TABLE T; --%", []),
        ("GRADE", "=", "A", [1, 3]),
        ("GRADE", "in", ["A  ", "C"], [1, 3]),
        ("GRADE", "like", "A", [1, 3]),
        ("ORDERED_AT", "=", "2026-11-22", [3]),
        ("ORDERED_AT", "<=", "2026-10-31", [1]),
        ("ORDERED_AT", ">", "2026-10-31", [2, 3]),
        ("ORDERED_AT", ">", "2026-10-31T23:00:00", [1, 2, 3]),
        ("ORDERED_AT", "between", ["2026-10-31", "2026-11-22"], [1, 2, 3]),
        ("ORDERED_AT", "between", ["2026-11-01", "2026-11-22T09:00:00"], [2]),
        ("ORDERED_AT", "in", ["2026-11-01", "2026-11-22"], [2, 3]),
        ("SEEN_AT", ">=", "2026-11-22T09:30:00+09:00", [3]),
        ("SEEN_AT", "<", "2026-11-22T00:30:00", [1]),
        ("SEEN_AT", "<", "2026-11-22T00:30:00Z", [1]),
    ],
)
def test_a_filter_finds_its_rows(ask: Ask, column: str, op: str, value: Any, found: Any) -> None:
    assert filtered(ask, column, op, value) == found


def test_figures_are_exact_and_grouped(ask: Ask) -> None:
    rows = ask(
        group_by=["CITY"],
        aggregates=[
            {"function": "count"},
            {"function": "sum", "column": "AMOUNT", "alias": "AMOUNT"},
            {"function": "count_distinct", "column": "GRADE"},
        ],
        order_by=[{"column": "amount", "direction": "desc"}],
    )
    assert rows == [("부산", 1, "20.50", 1), ("서울", 2, "15.25", 1), (None, 1, "-1.00", 0)]


def test_figures_over_all_rows_are_one_row(ask: Ask) -> None:
    aggregates = [
        {"function": "min", "column": "ORDERED_AT"},
        {"function": "max", "column": "AMOUNT"},
        {"function": "avg", "column": "ID"},
    ]
    assert ask(aggregates=aggregates) == [("2026-10-31T23:59:59", "20.50", 2.5)]


def test_dates_are_grouped_by_calendar_unit(ask: Ask) -> None:
    rows = ask(
        group_by=[{"column": "ordered_at", "unit": "month"}],
        aggregates=[{"function": "count"}],
        where=[{"column": "ORDERED_AT", "op": "is_not_null"}],
        order_by=[{"column": "ORDERED_AT", "direction": "desc"}],
    )
    assert rows == [("2026-11-01T00:00:00", 2), ("2026-10-01T00:00:00", 1)]


def test_an_unknown_column_is_answered_with_the_real_ones_nearest_first(
    entry: ManifestEntry,
) -> None:
    expected = "SHOP.T has no column PRICE. It has: GRADE, ID, ORDERED_AT, CITY, SEEN_AT, AMOUNT."
    for query in (
        {"columns": ["PRICE"]},
        {"where": [{"column": "PRICE", "op": "=", "value": 1}]},
        {"group_by": ["PRICE"]},
        {"aggregates": [{"function": "sum", "column": "PRICE"}]},
        {"order_by": [{"column": "PRICE"}]},
    ):
        assert refused(entry, **query) == expected


@pytest.mark.parametrize("name", ['ID"; DROP TABLE T; --', "ID) FROM x; --", "*", "", "1", "ID\0"])
def test_sql_in_a_name_is_an_unknown_column(entry: ManifestEntry, name: str) -> None:
    assert "has no column" in refused(entry, columns=[name])
    assert "has no column" in refused(entry, order_by=[{"column": name}])


def test_sql_in_an_alias_is_only_a_name(queries: Queries, entry: ManifestEntry) -> None:
    alias = "n\"; ATTACH '/etc/passwd'; --"
    query = Query.model_validate(
        {"table": "T", "aggregates": [{"function": "count", "alias": alias}]}
    )
    result = queries.run(compile_query(query, entry), entry)
    assert (result.columns[0].name, result.rows) == (alias, ((4,),))


@pytest.mark.parametrize(
    ("column", "op", "value", "words"),
    [
        ("ID", "=", "three", "it is not a number"),
        ("ID", "=", 1.5, "keeps 0 digits after the point"),
        ("AMOUNT", "=", "10.255", "keeps 2 digits after the point"),
        ("AMOUNT", ">", "99999999999", "keeps 10 whole digits"),
        ("AMOUNT", ">", "NaN", "not a finite number"),
        ("ID", "=", True, "true and false"),
        ("ORDERED_AT", "=", "yesterday", "dates are written"),
        ("ORDERED_AT", "=", "2026-02-30", "dates are written"),
        ("ORDERED_AT", "=", "20261122", "dates are written"),
        ("ORDERED_AT", ">", "2026-11-22T09:30:00+09:00", "leave the offset out"),
        ("ID", "=", None, "use is_null"),
        ("ID", "is_null", 1, "takes no value"),
        ("ID", "in", [], "takes 1 to 200 values"),
        ("ID", "in", list(range(201)), "takes 1 to 200 values"),
        ("ID", "=", [1, 2], "use in for a list"),
        ("ID", "between", [1], "takes two values"),
        ("ID", "between", 1, "takes two values"),
        ("ID", "like", "1%", "is not text"),
        ("CITY", "=", "x" * 4001, "longer than 4000"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_words(
    entry: ManifestEntry, column: str, op: str, value: Any, words: str
) -> None:
    assert words in refused(entry, where=[{"column": column, "op": op, "value": value}])


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"columns": ["ID"], "group_by": ["CITY"]}, "must stand in group_by"),
        ({"aggregates": [{"function": "sum"}]}, "sum needs a column"),
        ({"aggregates": [{"function": "avg", "column": "CITY"}]}, "avg needs a number"),
        ({"aggregates": [{"function": "count"}] * 2}, "two result columns are named count"),
        ({"group_by": [{"column": "CITY", "unit": "day"}]}, "not a date"),
        (
            {"aggregates": [{"function": "count"}], "order_by": [{"column": "ID"}]},
            "It has: count",
        ),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_in_words(
    entry: ManifestEntry, query: dict[str, Any], words: str
) -> None:
    assert words in refused(entry, **query)


@pytest.mark.parametrize(
    "query",
    [
        {"aggregates": [{"function": "sum", "column": "BIG"}]},
        {"aggregates": [{"function": "max", "column": "BIG"}]},
        {"where": [{"column": "BIG", "op": ">", "value": 9}]},
        {"where": [{"column": "BIG", "op": "between", "value": [1, 9]}]},
        {"order_by": [{"column": "big"}]},
        {
            "group_by": ["BIG"],
            "aggregates": [{"function": "count"}],
            "order_by": [{"column": "BIG"}],
        },
    ],
)
def test_numbers_that_are_kept_as_text_are_not_taken_by_their_size(
    entry: ManifestEntry, query: dict[str, Any]
) -> None:
    big = Column(name="BIG", oracle_type="NUMBER", duckdb_type="VARCHAR", nullable=True)
    kept = entry.model_copy(update={"columns": (*entry.columns, big)})
    assert "of column BIG (NUMBER) is not possible: some of its numbers have" in refused(
        kept, **query
    )


def test_numbers_that_are_kept_as_text_are_shown_counted_and_compared(
    publish_rows: PublishRows, tmp_path: Path, asked_at: AskedAt
) -> None:
    queries = asked_at(tmp_path, QueryLimits(seconds=20))
    big = "1" + "0" * 60
    entry = publish_rows(
        [("ID", "NUMBER(10)"), ("BIG", "NUMBER")], [(1, "9"), (2, big)], key=["ID"]
    )

    def ask(**query: Any) -> list[tuple[Any, ...]]:
        compiled = compile_query(Query.model_validate({"table": "T", **query}), entry)
        return list(queries.run(compiled, entry).rows)

    assert ask() == [(1, "9"), (2, big)]
    assert ask(where=[{"column": "BIG", "op": "=", "value": 9}]) == [(1, "9")]
    counted = {"function": "count_distinct", "column": "BIG", "alias": "big"}
    assert ask(aggregates=[counted], order_by=[{"column": "big"}]) == [(2,)]


@pytest.mark.parametrize(
    "extra",
    [{"limit": 101}, {"limit": 0}, {"having": []}, {"where": [{"column": "ID", "op": "~"}]}],
)
def test_what_the_vocabulary_lacks_does_not_parse(extra: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Query.model_validate({"table": "T", **extra})


def test_all_values_together_are_bounded(entry: ManifestEntry) -> None:
    where = [{"column": "CITY", "op": "in", "value": ["x" * 1000] * 101}]
    assert "longer than 100000" in refused(entry, where=where)


def test_equal_rows_keep_one_order(entry: ManifestEntry) -> None:
    by_city = Query.model_validate({"table": "T", "order_by": [{"column": "CITY"}]})
    assert compile_query(by_city, entry).sql.endswith(
        'ORDER BY "CITY" ASC NULLS LAST, "ID" ASC NULLS LAST LIMIT 11'
    )
    keyless = entry.model_copy(update={"key": ()})
    two = Query.model_validate({"table": "T", "columns": ["CITY", "ID"]})
    assert compile_query(two, keyless).sql.endswith(
        'ORDER BY "CITY" ASC NULLS LAST, "ID" ASC NULLS LAST LIMIT 11'
    )
