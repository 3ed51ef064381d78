from contextlib import AbstractContextManager

import pytest
from redis import Redis

from sandbox.oracle.process import OracleStandIn
from sync.offered_catalog import KnownColumn, known_source
from sync.oracle import Session, Source, connect
from sync.oracle_errors import OracleUnreachable
from sync.plan import TableRef

pytest_plugins = ["tests.sync.state_fixtures"]

ORDERS = TableRef(source="main", schema_name="SHOP", table="ORDERS")
GONE = TableRef(source="main", schema_name="SHOP", table="NOT_THERE")


class Oracle:
    """Opens sessions, counts them, and is away if told so."""

    def __init__(self, source: Source) -> None:
        self.source, self.opened, self.away = source, 0, False

    def open(self, name: str) -> AbstractContextManager[Session]:
        self.opened += 1
        if self.away:
            raise OracleUnreachable(source=name, detail="DPY-6005")
        return connect(self.source, action="search", client_identifier="U1")


@pytest.fixture
def counted(source: Source) -> Oracle:
    return Oracle(source)


def test_what_oracle_says_of_offered_tables_is_read_once_and_kept(
    state: Redis, counted: Oracle
) -> None:
    known, *others = [known_source(state, "main", [ORDERS, GONE], counted.open) for _ in range(3)]
    assert counted.opened == 1
    assert others == [known, known]
    assert known.trouble is None
    assert known.at is not None
    [table] = known.tables
    assert (table.ref, table.comment) == (ORDERS, "주문 / Orders")
    assert table.columns[0] == KnownColumn(
        name="ORDER_ID",
        oracle_type="NUMBER(10)",
        nullable=False,
        comment="주문 번호 / Order id",
    )


def test_another_list_of_offered_tables_is_read_anew(state: Redis, counted: Oracle) -> None:
    known_source(state, "main", [GONE], counted.open)
    known = known_source(state, "main", [ORDERS], counted.open)
    assert [table.ref for table in known.tables] == [ORDERS]
    assert counted.opened == 2


def test_an_oracle_that_is_away_is_not_asked_at_every_search_and_what_was_read_stays(
    state: Redis, counted: Oracle
) -> None:
    known_source(state, "main", [ORDERS], counted.open)
    counted.away = True
    known, *others = [known_source(state, "main", [ORDERS, GONE], counted.open) for _ in range(3)]
    assert counted.opened == 2
    assert others == [known, known]
    assert known.trouble is not None
    assert known.trouble.code == "oracle_unreachable"
    assert [table.ref for table in known.tables] == [ORDERS]


def test_an_oracle_that_was_never_read_leaves_nothing_known(state: Redis, counted: Oracle) -> None:
    counted.away = True
    known = known_source(state, "main", [ORDERS], counted.open)
    assert (known.at, known.tables) == (None, ())


def test_a_korean_comment_of_a_changed_table_is_read(
    state: Redis, counted: Oracle, oracle: OracleStandIn
) -> None:
    oracle.control.create_table("창고", [("수량", "NUMBER(10)")], key=["수량"])
    ref = TableRef(source="main", schema_name="SHOP", table="창고")
    [table] = known_source(state, "main", [ref], counted.open).tables
    assert [column.name for column in table.columns] == ["수량"]
