"""Which columns are copied, cut or left out, and what the driver's answer becomes on the way."""

from collections.abc import Sequence
from typing import Any

import pytest

from sync.arrival import arrived
from sync.catalog import OracleColumn
from sync.columns import ColumnChoices, plan_columns
from sync.errors import ColumnNotFound, LobTooLarge, SettingDoesNotFit, UnsupportedColumn
from sync.oracle import MAX_BATCH_BYTES
from sync.plan import Column, TablePlan, TableRef
from sync.reading import rows_a_batch
from sync.statements import rows_of
from sync.types import arrow, wire_schema

REF = TableRef(source="main", schema_name="SHOP", table="T")


def columns(*pairs: tuple[str, str]) -> list[OracleColumn]:
    return [OracleColumn(name, kind, nullable=True, comment=None) for name, kind in pairs]


def planned(oracle_type: str, choices: ColumnChoices) -> tuple[Column, ...]:
    return plan_columns(REF, columns(("ID", "NUMBER(9)"), ("V", oracle_type)), choices)[0]


def table_plan(copied: tuple[Column, ...]) -> TablePlan:
    return TablePlan(ref=REF, mode="full", columns=copied, key=(), max_rows=10)


@pytest.mark.parametrize(
    ("oracle_type", "read"),
    [
        (
            "CLOB",
            """CASE WHEN DBMS_LOB.GETLENGTH("V") <= 9 THEN "V" END AS "V",
            DBMS_LOB.GETLENGTH("V") AS "length 0\"""",
        ),
        (
            "XMLTYPE",
            """CASE WHEN DBMS_LOB.GETLENGTH(XMLSERIALIZE(CONTENT "V" AS CLOB)) <= 9
            THEN XMLSERIALIZE(CONTENT "V" AS CLOB) END AS "V",
            DBMS_LOB.GETLENGTH(XMLSERIALIZE(CONTENT "V" AS CLOB)) AS "length 0\"""",
        ),
        ("LONG", '"V"'),
        ("ROWID", 'ROWIDTOCHAR("V") AS "V"'),
        ("UROWID(4000)", 'CAST("V" AS VARCHAR2(4000)) AS "V"'),
        ("BOOLEAN", '"V"'),
        ("INTERVAL YEAR(2) TO MONTH", 'TO_CHAR("V") AS "V"'),
    ],
)
def test_a_column_is_read_so_that_nothing_is_lost(oracle_type: str, read: str) -> None:
    plan = table_plan(planned(oracle_type, ColumnChoices(lob_limit=9)))
    head, _, rest = rows_of(plan, None).sql.removesuffix(' FROM "SHOP"."T"').partition(", ")
    assert (head, rest) == ('SELECT "ID"', " ".join(read.split()))


@pytest.mark.parametrize(
    ("oracle_type", "limit", "read"),
    [
        ("CLOB", 5000, 'SUBSTR("V", 1, 5000) AS "V", DBMS_LOB.GETLENGTH("V") AS "length 0"'),
        (
            "BLOB",
            2000,
            'DBMS_LOB.SUBSTR("V", 2000, 1) AS "V", DBMS_LOB.GETLENGTH("V") AS "length 0"',
        ),
        ("LONG RAW", 5000, '"V"'),
    ],
)
def test_a_column_that_may_be_cut_is_cut_by_oracle_where_it_can(
    oracle_type: str, limit: int, read: str
) -> None:
    choices = ColumnChoices(policies={"V": "truncate"}, lob_limit=5000)
    copied = planned(oracle_type, choices)
    assert copied[1].limit == limit
    assert rows_of(table_plan(copied), None).sql == f'SELECT "ID", {read} FROM "SHOP"."T"'


def test_a_skipped_column_is_not_read() -> None:
    found = columns(("ID", "NUMBER(9)"), ("id", "DATE"), ("V", "VECTOR"))
    choices = ColumnChoices(policies={"V": "skip", "id": "skip"})
    copied, left_out = plan_columns(REF, found, choices)
    assert [column.name for column in copied] == ["ID"]
    assert [(column.name, column.oracle_type) for column in left_out] == [
        ("id", "DATE"),
        ("V", "VECTOR"),
    ]


def test_a_table_of_which_nothing_is_left_is_refused() -> None:
    with pytest.raises(UnsupportedColumn, match="all of them are left out"):
        plan_columns(REF, columns(("V", "DATE")), ColumnChoices(policies={"V": "skip"}))


def test_a_choice_that_cannot_be_meant_is_refused_by_name() -> None:
    with pytest.raises(ColumnNotFound, match=r"SHOP\.T has no column W"):
        planned("CLOB", ColumnChoices(policies={"W": "skip"}))
    with pytest.raises(SettingDoesNotFit, match=r"Column V of SHOP\.T has the type VARCHAR2\(9\)"):
        planned("VARCHAR2(9)", ColumnChoices(policies={"V": "truncate"}))


def test_names_of_any_kind_are_read_as_they_are() -> None:
    names = ["SELECT", "주문 번호", "mixedCase", "가" * 42 + "AB"]
    copied, _ = plan_columns(REF, columns(*((name, "DATE") for name in names)), ColumnChoices())
    assert rows_of(table_plan(copied), None).sql == (
        f'SELECT "SELECT", "주문 번호", "mixedCase", "{names[3]}" FROM "SHOP"."T"'
    )


def test_with_long_values_a_batch_has_fewer_rows() -> None:
    short = table_plan(planned("VARCHAR2(4000)", ColumnChoices()))
    assert rows_a_batch(short.columns, 20_000) == 20_000
    long = table_plan(planned("CLOB", ColumnChoices(lob_limit=1_000_000)))
    assert rows_a_batch(long.columns, 20_000) == MAX_BATCH_BYTES // 1_000_016
    longest = table_plan(planned("BLOB", ColumnChoices(lob_limit=MAX_BATCH_BYTES)))
    assert rows_a_batch(longest.columns, 20_000) == 1


@pytest.mark.parametrize("oracle_type", ["CLOB", "BLOB", "LONG", "LONG RAW"])
def test_a_value_above_the_limit_stops_the_run_and_is_named(oracle_type: str) -> None:
    copied = planned(oracle_type, ColumnChoices(lob_limit=3))
    text = ["가나다", None] if oracle_type in {"CLOB", "LONG"} else [b"abc", None]
    schema = wire_schema(REF, copied)
    told = [[3, None]] if oracle_type in {"CLOB", "BLOB"} else []
    assert arrived(REF, copied, table(schema, [1, 2], text, *told)).num_rows == 2
    if told:
        too_long = table(schema, [1, 2], text, [3, 4])  # Oracle sends NULL and says why
    else:
        too_long = table(schema, [1, 2], [value and value * 2 for value in text])
    with pytest.raises(LobTooLarge, match=r"value of [46] in column V, and lob_limit is 3") as stop:
        arrived(REF, copied, too_long)
    assert stop.value.params["column"] == "V"


def test_a_long_is_cut_as_it_arrives() -> None:
    copied = planned("LONG", ColumnChoices(policies={"V": "truncate"}, lob_limit=2))
    rows = arrived(REF, copied, table(wire_schema(REF, copied), [1, 2, 3], ["가나다", "ab", None]))
    assert rows.column("V").to_pylist() == ["가나", "ab", None]
    assert rows.columns[2].to_pylist() == [3, 2, None]


def table(schema: object, *values: Sequence[object]) -> Any:
    return arrow.table(list(values), schema=schema)
