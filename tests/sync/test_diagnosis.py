"""What a source says of itself and of our user, against the Oracle stand-in."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from sandbox.oracle.process import OracleStandIn, SmallTable, start_oracle
from sync.diagnosis import (
    Account,
    CharacterSets,
    account,
    changing_grants,
    character_sets,
    more_than_needed,
    privileges,
    server,
    sessions_allowed,
    unreadable,
    without_flashback,
)
from sync.oracle import Session, Source, connect
from sync.plan import TableRef

TABLES = [
    SmallTable(name, [("ID", "NUMBER(10)")], [(1,)], key=("ID",)) for name in ("ORDERS", "USERS")
]


@pytest.fixture(scope="module")
def lean() -> Iterator[OracleStandIn]:
    with start_oracle("tiger", date(2026, 3, 1), tables=TABLES) as stand_in:
        yield stand_in


@pytest.fixture
def session(lean: OracleStandIn) -> Iterator[Session]:
    source = Source("main", lean.dsn, lean.user, lean.password)
    with connect(source, action="doctor", client_identifier="U1") as opened:
        yield opened


def ref(table: str, schema: str = "SHOP") -> TableRef:
    return TableRef(source="main", schema_name=schema, table=table)


def test_server_characters_and_account_are_told(session: Session) -> None:
    told = server(session)
    assert told.version.startswith("19.")
    assert told.is_thin
    assert character_sets(session) == CharacterSets("AL32UTF8", "AL16UTF16")
    assert account(session) == Account("DUCKFERRY", "OPEN", None)
    assert sessions_allowed(session) is None


def test_the_end_of_the_password_and_the_number_of_sessions_are_told(
    lean: OracleStandIn, session: Session
) -> None:
    lean.control.expire_password(lean.user, datetime(2999, 5, 1, 12, tzinfo=UTC))
    lean.control.limit(sessions_per_user=3)
    assert account(session).expires == datetime(2999, 5, 1, 12)  # noqa: DTZ001 -- the server's own
    assert sessions_allowed(session) == 3
    lean.control.limit(sessions_per_user=None)
    lean.control.set_password(lean.user, lean.password)


def test_a_table_is_readable_or_not_and_no_row_is_read(
    lean: OracleStandIn, session: Session
) -> None:
    assert unreadable(session, ref("ORDERS")) is None
    assert unreadable(session, ref("GONE")) == "ORA-00942"
    lean.control.revoke("READ", "USERS")
    assert unreadable(session, ref("USERS")) == "ORA-00942"
    lean.control.grant("READ", "USERS")


def test_tables_without_flashback_are_named_unless_any_is_granted(
    lean: OracleStandIn, session: Session
) -> None:
    both = [ref("ORDERS"), ref("USERS")]
    assert without_flashback(session, both, privileges(session)) == ()
    lean.control.revoke("FLASHBACK", "USERS")
    assert without_flashback(session, both, privileges(session)) == (ref("USERS"),)
    assert without_flashback(session, both, ["FLASHBACK ANY TABLE"]) == ()
    assert without_flashback(session, [ref("X", "DUCKFERRY")], ()) == ()
    lean.control.grant("FLASHBACK", "USERS")


def test_grants_that_change_rows_are_named(lean: OracleStandIn, session: Session) -> None:
    assert changing_grants(session) == ()
    lean.control.grant("UPDATE", "ORDERS")
    lean.control.grant("DELETE", "ORDERS")
    assert changing_grants(session) == ("DELETE on SHOP.ORDERS", "UPDATE on SHOP.ORDERS")
    lean.control.revoke("UPDATE", "ORDERS")
    lean.control.revoke("DELETE", "ORDERS")


def test_the_privileges_of_the_session_are_told(lean: OracleStandIn, session: Session) -> None:
    assert privileges(session) == ("CREATE SESSION",)
    lean.control.grant("SELECT ANY TABLE")
    assert privileges(session) == ("CREATE SESSION", "SELECT ANY TABLE")
    lean.control.revoke("SELECT ANY TABLE")


@pytest.mark.parametrize(
    ("held", "spare"),
    [
        (["CREATE SESSION"], ()),
        (["CREATE SESSION", "CREATE TABLE"], ("CREATE TABLE",)),
        (["SELECT ANY TABLE", "READ ANY TABLE"], ("SELECT ANY TABLE", "READ ANY TABLE")),
        (["ALTER SYSTEM", "DROP USER"], ("ALTER SYSTEM", "DROP USER")),
        (["UNLIMITED TABLESPACE", "SET CONTAINER"], ()),
    ],
)
def test_what_is_more_than_reading_needs(held: list[str], spare: tuple[str, ...]) -> None:
    assert more_than_needed(held) == spare
