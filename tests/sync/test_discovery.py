"""What a set-up learns from Oracle's dictionary, through the real driver, against the stand-in."""

from collections.abc import Iterator
from datetime import date
from typing import Any, cast

import pytest

from sandbox.oracle.process import OracleStandIn, SmallTable, start_oracle
from sync.discovery import (
    FoundColumn,
    FoundTable,
    SchemaSize,
    likely_cursors,
    may_read,
    read_schema,
    readable_schemas,
)
from sync.oracle import Session, Source, connect
from sync.plan import TableRef

TABLES = (
    SmallTable(
        "ORDERS",
        [("ORDER_ID", "NUMBER(10)"), ("CREATED_AT", "DATE"), ("UPDATED_AT", "TIMESTAMP(6)")],
        [(1, date(2026, 1, 1), date(2026, 1, 2))],
        key=["ORDER_ID"],
    ),
    SmallTable("LINES", [("ORDER_ID", "NUMBER(10)"), ("LINE", "NUMBER(4)"), ("NOTE", "NUMBER(3)")]),
    SmallTable("ODD", [("ID", "NUMBER(9)"), ("AT", "BFILE")]),
    SmallTable("사원", [("번호", "NUMBER(9)"), ("수정일", "DATE")], owner="HR"),
    SmallTable("SECRET", [("ID", "NUMBER(9)")], owner="HR"),
    SmallTable("DR$IX", [("ID", "NUMBER(9)")], owner="HR"),
    SmallTable("WM$VERSIONS", [("ID", "NUMBER(9)")], owner="WMSYS"),
)


@pytest.fixture(scope="module", params=["11g", "19c"])
def oracle(request: pytest.FixtureRequest) -> Iterator[OracleStandIn]:
    with start_oracle("tiger", date(2026, 3, 1), tables=TABLES, release=request.param) as stand_in:
        control = stand_in.control
        control.execute("CREATE VIEW SHOP.BIG AS SELECT ORDER_ID FROM SHOP.ORDERS")
        for column in ("ORDER_ID", "LINE"):
            control.execute(f"ALTER TABLE SHOP.LINES ALTER COLUMN {column} SET NOT NULL")
        for table, name, column, place in (
            ("LINES", "UX_A", "NOTE", 1),  # may be NULL, so it names no row
            ("LINES", "UX_B", "ORDER_ID", 1),
            ("LINES", "UX_B", "LINE", 2),
            ("LINES", "UX_C", "SYS_NC00004$", 1),  # an expression
        ):
            control.execute(
                f"""INSERT INTO SYS."INDEX$" VALUES
                    ('SHOP', '{table}', '{name}', 'UNIQUE', '{column}', {place})"""
            )
        control.create_index("IX_UPDATED", "ORDERS", ["UPDATED_AT"])
        control.execute("""INSERT INTO SYS."HIDDEN$" VALUES ('HR', 'SECRET')""")
        yield stand_in


@pytest.fixture
def session(oracle: OracleStandIn) -> Iterator[Session]:
    source = Source("main", oracle.dsn, oracle.user, oracle.password)
    with connect(source, action="init", client_identifier="operator") as session:
        yield session


def table(session: Session, schema: str, name: str) -> FoundTable:
    (found,) = read_schema(session, schema, [name]).tables
    return found


def test_schemas_are_counted_without_oracles_own(session: Session) -> None:
    assert readable_schemas(session) == (SchemaSize("HR", 2), SchemaSize("SHOP", 4))


def test_a_schema_is_read_at_once_without_byproducts_and_unreadable_tables(
    session: Session,
) -> None:
    assert [str(each) for each in read_schema(session, "HR").tables] == ["HR.사원"]
    shop = read_schema(session, "SHOP")
    assert [(each.name, each.kind) for each in shop.tables] == [
        ("BIG", "view"),
        ("LINES", "table"),
        ("ODD", "table"),
        ("ORDERS", "table"),
    ]
    assert shop.read_to is None


def test_a_table_has_its_key_columns_and_the_likely_cursor(session: Session) -> None:
    orders = table(session, "SHOP", "ORDERS")
    assert orders.key == ("ORDER_ID",)
    assert orders.likely_key == ()
    assert orders.columns == (
        FoundColumn("ORDER_ID", "NUMBER(10)", nullable=False, is_indexed=True),
        FoundColumn("CREATED_AT", "DATE", nullable=True),
        FoundColumn("UPDATED_AT", "TIMESTAMP(6)", nullable=True, is_indexed=True),
    )
    assert [column.name for column in orders.cursors] == ["UPDATED_AT"]


def test_without_a_declared_key_a_unique_index_over_not_null_columns_is_likely(
    session: Session,
) -> None:
    lines = table(session, "SHOP", "LINES")
    assert (lines.key, lines.likely_key) == ((), ("ORDER_ID", "LINE"))
    assert lines.unique == (("ORDER_ID", "LINE"),)


def test_a_column_without_a_rule_is_named_and_is_no_cursor(session: Session) -> None:
    odd = table(session, "SHOP", "ODD")
    assert [(each.name, each.oracle_type) for each in odd.uncopied] == [("AT", "BFILE")]
    assert odd.cursors == ()


def test_a_korean_name_of_a_last_change_is_understood(session: Session) -> None:
    assert [column.name for column in table(session, "HR", "사원").cursors] == ["수정일"]


def test_only_asked_names_are_read_and_missing_ones_are_not_there(session: Session) -> None:
    names = [*(f"T{number}" for number in range(600)), "ORDERS"]
    assert [each.name for each in read_schema(session, "SHOP", names).tables] == ["ORDERS"]


def test_the_limit_is_told_and_never_leaves_half_a_table(session: Session) -> None:
    # BIG has one column and LINES three: the fifth would be ODD's first.
    read = read_schema(session, "SHOP", most_columns=3)
    assert (read.read_to, [each.name for each in read.tables]) == ("BIG", ["BIG"])


class CountingConnection:
    """A connection that counts its cursors: `sync.oracle.rows` takes one a statement."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.cursors = 0

    def cursor(self) -> Any:
        self.cursors += 1
        return self._session.connection.cursor()


def test_reading_a_schema_takes_three_statements_however_many_tables(session: Session) -> None:
    counting = CountingConnection(session)
    assert len(read_schema(Session(session.source, cast("Any", counting)), "SHOP").tables) == 4
    assert counting.cursors == 3


@pytest.mark.parametrize(("name", "readable"), [("ORDERS", True), ("NONE", False)])
def test_a_select_says_whether_a_table_may_be_read(
    session: Session,
    name: str,
    readable: bool,  # noqa: FBT001 -- a case's outcome
) -> None:
    assert may_read(session, TableRef(source="main", schema_name="SHOP", table=name)) is readable


@pytest.mark.parametrize(
    "name",
    [
        *("UPDATED_AT", "UPDATE_DATE", "UPD_DT", "UPDT_DTM", "MODIFIED", "MOD_DATE", "MDFY_DT"),
        *("LAST_CHANGE", "CHG_DT", "CHANGED_ON", "LAST_UPDATED_TIME", "LAST_MODIFIED_UTC"),
        *("수정일", "변경일시", "최종수정일"),
    ],
)
def test_names_of_a_last_change(name: str) -> None:
    assert likely_cursors([FoundColumn(name, "DATE", nullable=True)])


@pytest.mark.parametrize(
    "name",
    ["CREATED_AT", "LAST_LOGIN_AT", "MODEL_DATE", "EXCHANGE_DATE", "ORDERED_AT", "UPDATED_BY"],
)
def test_names_of_something_else(name: str) -> None:
    assert likely_cursors([FoundColumn(name, "DATE", nullable=True)]) == ()


def test_a_name_counts_more_than_a_comment_then_not_null_then_an_index() -> None:
    columns = [
        FoundColumn("D1", "DATE", nullable=False, comment="최종 변경 시각", is_indexed=True),
        FoundColumn("MOD_DT", "DATE", nullable=True, is_indexed=True),
        FoundColumn("CHG_DT", "DATE", nullable=False),
        FoundColumn("UPD_DT", "DATE", nullable=False, is_indexed=True),
        FoundColumn("UPD_ID", "NUMBER(9)", nullable=False, is_indexed=True),
        FoundColumn("D2", "DATE", nullable=False, comment="주문일"),
    ]
    assert [column.name for column in likely_cursors(columns)] == [
        "UPD_DT",
        "CHG_DT",
        "MOD_DT",
        "D1",
    ]
