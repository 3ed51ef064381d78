import pytest

from sync.dictionary_types import written_type
from sync.errors import UnsupportedColumn
from sync.plan import Column, TableRef
from sync.types import copy_rule, require_rule, row_bytes


@pytest.mark.parametrize(
    ("oracle_type", "duckdb_type"),
    [
        ("NUMBER(1)", "BIGINT"),
        ("NUMBER(18)", "BIGINT"),
        ("NUMBER(19)", "DECIMAL(19,0)"),
        ("NUMBER(38)", "DECIMAL(38,0)"),
        ("NUMBER(*,0)", "DECIMAL(38,0)"),
        ("NUMBER(12,2)", "DECIMAL(12,2)"),
        ("NUMBER(3,5)", "DECIMAL(5,5)"),
        ("NUMBER(5,-2)", "BIGINT"),
        ("NUMBER(36,-2)", "DECIMAL(38,0)"),
        ("NUMBER", "DECIMAL"),
        ("FLOAT(49)", "DOUBLE"),
        ("FLOAT(126)", "DECIMAL"),
        ("BINARY_DOUBLE", "DOUBLE"),
        ("BINARY_FLOAT", "FLOAT"),
        ("VARCHAR2(40 CHAR)", "VARCHAR"),
        ("NVARCHAR2(40)", "VARCHAR"),
        ("CHAR(1)", "VARCHAR"),
        ("NCHAR(2)", "VARCHAR"),
        ("DATE", "TIMESTAMP"),
        ("TIMESTAMP(0)", "TIMESTAMP"),
        ("TIMESTAMP(6)", "TIMESTAMP"),
        ("TIMESTAMP(7)", "TIMESTAMP_NS"),
        ("TIMESTAMP(9)", "TIMESTAMP_NS"),
        ("TIMESTAMP(6) WITH TIME ZONE", "TIMESTAMPTZ"),
        ("TIMESTAMP(6) WITH LOCAL TIME ZONE", "TIMESTAMPTZ"),
        ("TIMESTAMP(9) WITH TIME ZONE", "TIMESTAMPTZ"),
        ("TIMESTAMP(9) WITH LOCAL TIME ZONE", "TIMESTAMPTZ"),
        ("NUMBER(38,-2)", "DECIMAL"),
        ("NUMBER(38,40)", "DECIMAL"),
        ("INTERVAL DAY(2) TO SECOND(6)", "INTERVAL"),
        ("INTERVAL YEAR(9) TO MONTH", "INTERVAL"),
        ("RAW(16)", "BLOB"),
        ("LONG RAW", "BLOB"),
        ("BLOB", "BLOB"),
        ("LONG", "VARCHAR"),
        ("CLOB", "VARCHAR"),
        ("NCLOB", "VARCHAR"),
        ("ROWID", "VARCHAR"),
        ("UROWID(4000)", "VARCHAR"),
        ("XMLTYPE", "VARCHAR"),
        ("JSON", "VARCHAR"),
        ("BOOLEAN", "BOOLEAN"),
    ],
)
def test_each_oracle_type_has_one_duckdb_type(oracle_type: str, duckdb_type: str) -> None:
    rule = copy_rule(oracle_type)
    assert rule is not None
    assert rule.duckdb_type == duckdb_type


@pytest.mark.parametrize(
    "oracle_type",
    [
        "SDO_GEOMETRY",
        "VECTOR",
        "BFILE",
        "DATE WITH TIME ZONE",
        'VARCHAR2(1)"; DROP',
        "",
    ],
)
def test_a_type_that_no_rule_copies_exactly_is_refused_by_column(oracle_type: str) -> None:
    ref = TableRef(source="main", schema_name="SHOP", table="T")
    with pytest.raises(UnsupportedColumn) as refused:
        require_rule(ref, "BODY", oracle_type)
    expected = f"SHOP.T has columns that cannot be copied exactly: BODY {oracle_type}."
    assert str(refused.value).startswith(expected)


@pytest.mark.parametrize(
    ("data_type", "precision", "scale", "length", "characters", "used", "written"),
    [
        ("NUMBER", None, None, 22, 0, None, "NUMBER"),
        ("NUMBER", None, 0, 22, 0, None, "NUMBER(*,0)"),
        ("NUMBER", 10, 0, 22, 0, None, "NUMBER(10)"),
        ("NUMBER", 5, -2, 22, 0, None, "NUMBER(5,-2)"),
        ("FLOAT", 126, None, 22, 0, None, "FLOAT(126)"),
        ("VARCHAR2", None, None, 160, 40, "C", "VARCHAR2(40 CHAR)"),
        ("VARCHAR2", None, None, 40, 40, "B", "VARCHAR2(40)"),
        ("NVARCHAR2", None, None, 80, 40, "C", "NVARCHAR2(40)"),
        ("RAW", None, None, 16, 0, None, "RAW(16)"),
        ("TIMESTAMP(6) WITH TIME ZONE", None, 6, 13, 0, None, "TIMESTAMP(6) WITH TIME ZONE"),
        ("CLOB", None, None, 4000, 0, None, "CLOB"),
    ],
)
def test_dictionary_rows_read_as_people_write_types(
    data_type: str,
    precision: int | None,
    scale: int | None,
    length: int,
    characters: int,
    used: str | None,
    written: str,
) -> None:
    assert (
        written_type(
            data_type,
            precision=precision,
            scale=scale,
            length=length,
            char_length=characters,
            char_used=used,
        )
        == written
    )


@pytest.mark.parametrize(
    ("oracle_type", "most_bytes"),
    [
        ("NUMBER(38)", 16),
        ("DATE", 16),
        ("TIMESTAMP(6)", 16),
        ("CHAR(1)", 17),
        ("VARCHAR2(40)", 56),
        ("VARCHAR2(40 CHAR)", 176),
        ("NVARCHAR2(40)", 176),
        ("RAW(16)", 32),
    ],
)
def test_the_widest_a_row_can_be_is_known_from_its_types(oracle_type: str, most_bytes: int) -> None:
    rule = copy_rule(oracle_type)
    assert rule is not None
    column = Column(name="A", oracle_type=oracle_type, duckdb_type=rule.duckdb_type, nullable=True)
    assert row_bytes([column, column]) == 2 * most_bytes
