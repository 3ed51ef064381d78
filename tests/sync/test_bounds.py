"""A value somebody wrote is bound as the column's own type, or refused in words."""

from datetime import datetime
from decimal import Decimal

import pytest

from sync.bounds import bind_of, check_filter, lower_bound, value_kind, written
from sync.filters import FilterOperator
from sync.plan import Column, Filter, TableRef, TypedFilter
from sync.planning_errors import BadFilter
from sync.statements import Piece, rows_of
from tests.sync.tables import table_plan

REF = TableRef(source="main", schema_name="SHOP", table="T")


def column(kind: str) -> Column:
    return Column(name="C", oracle_type=kind, duckdb_type="", nullable=True)


@pytest.mark.parametrize(
    ("kind", "text", "bound"),
    [
        ("NUMBER(12,2)", " 12.50 ", Decimal("12.50")),
        ("FLOAT(126)", "1e3", Decimal("1E+3")),
        ("VARCHAR2(10)", "a ", "a "),
        ("CHAR(10)", "a   ", "a"),
        ("DATE", "2026-11-22", datetime(2026, 11, 22)),  # noqa: DTZ001 -- a DATE has no zone
        ("TIMESTAMP(6)", "2026-11-22T09:30:00", datetime(2026, 11, 22, 9, 30)),  # noqa: DTZ001
        (
            "TIMESTAMP(6) WITH TIME ZONE",
            "2026-11-22T09:30:00+09:00",
            datetime(2026, 11, 22, 0, 30),  # noqa: DTZ001 -- bound in UTC
        ),
    ],
)
def test_a_value_is_bound_as_its_column_compares(kind: str, text: str, bound: object) -> None:
    assert bind_of(REF, column(kind), text) == bound


@pytest.mark.parametrize(
    ("kind", "op", "values", "why"),
    [
        ("NUMBER(3)", "=", ("1 OR 1=1",), "is not a number"),
        ("NUMBER(3)", "=", ("NaN",), "is not a number"),
        ("NUMBER(3)", "=", (), "takes one value"),
        ("NUMBER(3)", "in", (), "takes 1 to 500 values"),
        ("NUMBER(3)", "is_null", ("1",), "takes no value"),
        ("DATE", ">=", ("yesterday",), "moments are written"),
        ("DATE", ">=", ("2026-11-22T00:00:00.5",), "whole seconds"),
        ("DATE", ">=", ("2026-11-22T00:00:00+09:00",), "no time zone"),
        ("VARCHAR2(9)", "=", ("a\0",), "no NUL"),
        ("BLOB", "=", ("a",), "can only be tested for NULL"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(
    kind: str, op: FilterOperator, values: tuple[str, ...], why: str
) -> None:
    with pytest.raises(BadFilter, match=why):
        check_filter(REF, Filter(column="C", op=op, values=values), [column(kind)])


def test_values_are_never_part_of_the_statement() -> None:
    plan = table_plan([("ID", "NUMBER(3)"), ("NAME", "VARCHAR2(9)"), ("CODE", "CHAR(3)")])
    where = (
        TypedFilter(
            column="NAME", op="in", values=("x' OR '1'='1", "b"), oracle_type="VARCHAR2(9)"
        ),
        TypedFilter(column="CODE", op="!=", values=("A",), oracle_type="CHAR(3)"),
        TypedFilter(column="ID", op="is_not_null", oracle_type="NUMBER(3)"),
    )
    statement = rows_of(plan.model_copy(update={"where": where}), 7, Piece(first="AAA", last=None))
    assert statement.sql == (
        'SELECT "ID", "NAME", "CODE" FROM "SHOP"."T" AS OF SCN :1 WHERE "NAME" IN (:2, :3) '
        'AND RTRIM("CODE", \' \') != :4 AND "ID" IS NOT NULL AND ROWID >= CHARTOROWID(:5)'
    )
    assert statement.binds == (7, "x' OR '1'='1", "b", "A", "AAA")


@pytest.mark.parametrize(
    ("piece", "where", "binds"),
    [
        (Piece(None, "-5", "ID"), '("ID" < :2 OR "ID" IS NULL)', (Decimal(-5),)),
        (Piece("-5", "7", "ID"), '"ID" >= :2 AND "ID" < :3', (Decimal(-5), Decimal(7))),
        (Piece("7", None, "ID"), '"ID" >= :2', (Decimal(7),)),
    ],
)
def test_a_piece_by_a_key_that_may_be_null_begins_with_rows_without_one(
    piece: Piece, where: str, binds: tuple[Decimal, ...]
) -> None:
    statement = rows_of(table_plan([("ID", "NUMBER(3)")]), 7, piece)
    assert statement.sql == f'SELECT "ID" FROM "SHOP"."T" AS OF SCN :1 WHERE {where}'
    assert statement.binds == (7, *binds)


@pytest.mark.parametrize(
    ("kind", "watermark", "lag", "bound"),
    [
        ("NUMBER(9)", "17", 5, Decimal(12)),
        ("TIMESTAMP(6)", "2026-11-22T00:00:10.500000", 10, datetime(2026, 11, 22)),  # noqa: DTZ001
        ("DATE", "0001-01-01T00:00:01", 10, datetime.min),  # noqa: DTZ901 -- as naive as a DATE
    ],
)
def test_a_run_steps_back_by_its_lag_in_whole_seconds(
    kind: str, watermark: str, lag: int, bound: object
) -> None:
    plan = table_plan([("C", kind)]).model_copy(
        update={"mode": "append", "cursor": "C", "watermark": watermark, "lag": lag}
    )
    assert lower_bound(plan) == bound


def test_a_cursor_is_written_without_loss() -> None:
    assert written(Decimal("1E+3")) == "1000"
    assert written(datetime(2026, 11, 22, 9, 30, 0, 1)) == "2026-11-22T09:30:00.000001"  # noqa: DTZ001
    assert value_kind("INTERVAL DAY(2) TO SECOND(6)") is None
