"""Every code of the table, through the real driver: what it is, whether it is retried, its words.

The database's codes come from the stand-in, over TCP. The driver's own are raised by a connection
that stands in for its.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, cast

import oracledb
import pytest

from app.failure_texts import word_failure
from app.oracle_texts import KOREAN
from sandbox.oracle.faults import Fault, FaultPoint
from sandbox.oracle.process import OracleStandIn
from scripts.oracle_errors import PAGE, page
from sync.errors import DuckferryError
from sync.oracle import Session, Source, connect
from sync.oracle_codes import REACHING
from sync.oracle_errors import (
    CLASSES,
    KINDS,
    LoginRefused,
    MomentLost,
    OracleError,
    OracleFailure,
    kind_of,
)
from sync.oracle_read_codes import READING
from sync.plan import TableRef
from tests.sync.tables import count_rows

USERS = TableRef(source="main", schema_name="SHOP", table="USERS")
AFTER_LOGIN = {"killed", "idle_ended", "dropped", "timeout"}
"""Kinds of `REACHING` that come with a statement."""
ASKED_BY_THE_LISTENER = range(12150, 12700)

STATEMENT_CODES = [
    code
    for kind in (*READING, *(each for each in REACHING if each.name in AFTER_LOGIN))
    for code in kind.codes
    if code.startswith("ORA") and code != "ORA-01403"
]
LOGIN_CODES = [
    code
    for kind in REACHING
    if kind.name not in AFTER_LOGIN
    for code in kind.codes
    if code.startswith("ORA")
]
DRIVER_CODES = [
    "ORA-01403",  # over the wire it is only the end of the rows
    *(code for kind in KINDS for code in kind.codes if not code.startswith("ORA")),
]


@pytest.fixture(scope="module")
def session_again(oracle: OracleStandIn) -> Iterator[Callable[[], Session]]:
    """One session for many codes; another one after a code that ended it."""
    source = Source("main", oracle.dsn, oracle.user, oracle.password, call_timeout_seconds=20)
    opened: list[tuple[AbstractContextManager[Session], Session]] = []

    def open_() -> Session:
        if not opened or not opened[-1][1].connection.is_healthy():
            opening = connect(source, action="sync", client_identifier="U1")
            opened.append((opening, opening.__enter__()))
        return opened[-1][1]

    yield open_
    for opening, _ in opened:
        opening.__exit__(None, None, None)


def told(error: DuckferryError, code: str) -> None:
    """The error is what the table says, and worded in both languages with that code."""
    meant = kind_of(code)
    assert meant is not None
    assert type(error) is CLASSES[meant.group]
    english, korean = (word_failure(language, error.failure) for language in ("en", "ko"))
    assert english == str(error)
    for words in (english, korean):
        assert "{" not in words
        assert code in words or meant.name == "too_old"
        assert "main" in words
    assert re.search("[가-힣]", korean)
    assert not re.search("[가-힣]", english)


def test_a_code_at_a_statement_is_what_the_table_says(
    oracle: OracleStandIn, session_again: Callable[[], Session]
) -> None:
    for code in STATEMENT_CODES:
        session = session_again()
        times = 2 if code == "ORA-00932" else 1  # the driver asks once more after it
        fault = Fault("error", code=int(code[4:]), sql_contains='"SHOP"."USERS"', times=times)
        oracle.control.fault(fault)
        with pytest.raises(OracleError) as raised:
            count_rows(session, USERS)
        told(raised.value, code)


def test_a_code_at_the_login_is_what_the_table_says(oracle: OracleStandIn, source: Source) -> None:
    for code in LOGIN_CODES:
        number = int(code[4:])
        point: FaultPoint = "connect" if number in ASKED_BY_THE_LISTENER else "login"
        oracle.control.fault(Fault("error", code=number, at=point))
        with pytest.raises(OracleError) as raised:
            connect(source, action="a", client_identifier="c").__enter__()
        told(raised.value, code)


@dataclass
class Refusing:
    """Stands where a connection does, and fails as the driver would."""

    code: str
    text: str
    call_timeout: int = 0

    def cursor(self) -> Any:
        raise oracledb.DatabaseError(Detail(self.code, self.text))

    def is_healthy(self) -> bool:
        return False


@dataclass(frozen=True)
class Detail:
    """The argument of an error of the driver."""

    full_code: str
    text: str

    def __str__(self) -> str:
        return self.text


def test_a_code_of_the_driver_is_what_the_table_says(source: Source) -> None:
    for code in DRIVER_CODES:
        refusing = Refusing(code, f"{code}: it failed")
        with pytest.raises(OracleError) as raised:
            count_rows(Session(source, cast("oracledb.Connection", refusing)), USERS)
        told(raised.value, code)


def test_a_code_nobody_wrote_down_is_told_as_it_is_and_not_retried(
    oracle: OracleStandIn, session_again: Callable[[], Session]
) -> None:
    oracle.control.fault(Fault("error", code=40365, sql_contains='"SHOP"."USERS"'))
    with pytest.raises(OracleError) as raised:
        count_rows(session_again(), USERS)
    assert type(raised.value) is OracleFailure
    assert str(raised.value) == "Oracle source main answered with ORA-40365. The old data stays."
    assert not raised.value.transient
    assert "ORA-40365" in word_failure("ko", raised.value.failure)


def test_the_exact_grant_is_said(
    oracle: OracleStandIn, session_again: Callable[[], Session], source: Source
) -> None:
    grants = {
        942: f'`GRANT READ ON "SHOP"."USERS" TO {source.user}`',
        1031: f'`GRANT READ, FLASHBACK ON "SHOP"."USERS" TO {source.user}`',
    }
    for code, grant in grants.items():
        oracle.control.fault(Fault("error", code=code, sql_contains='"SHOP"."USERS"'))
        with pytest.raises(OracleError) as raised:
            count_rows(session_again(), USERS)
        assert grant in word_failure("ko", raised.value.failure)
        assert grant in word_failure("en", raised.value.failure)


@pytest.mark.parametrize("code", ["ORA-01017", "ORA-01005", "ORA-28000", "ORA-28001"])
def test_a_refused_login_is_never_retried(code: str) -> None:
    meant = kind_of(code)
    assert meant is not None
    assert CLASSES[meant.group] is LoginRefused
    assert not LoginRefused.transient


@pytest.mark.parametrize(
    ("code", "retried"),
    [
        ("ORA-00054", True),
        ("ORA-03113", True),
        ("ORA-04068", True),
        ("ORA-01652", True),
        ("ORA-01555", True),
        ("ORA-12541", True),
        ("ORA-00028", False),
        ("ORA-00904", False),
        ("ORA-00942", False),
        ("ORA-01031", False),
        ("ORA-01578", False),
        ("ORA-01722", False),
        ("ORA-12154", False),
        ("ORA-28040", False),
        ("DPY-3010", False),
        ("DPY-3015", False),
    ],
)
def test_only_what_waiting_can_help_is_retried(code: str, *, retried: bool) -> None:
    meant = kind_of(code)
    assert meant is not None
    assert CLASSES[meant.group].transient is retried


@pytest.mark.parametrize(
    ("stack", "counts"),
    [
        ("ORA-12801: error signaled in parallel query server P000\nORA-01555: ", "ORA-01555"),
        ("ORA-00604: error at recursive SQL level 1\nORA-20123: closed for the day", "ORA-20123"),
        ("ORA-06512: at line 1", "ORA-06512"),
        ("ORA-01578: ORACLE data block corrupted\nORA-01110: data file 4", "ORA-01578"),
    ],
)
def test_of_a_stack_of_codes_the_one_that_says_what_happened_counts(
    source: Source, stack: str, counts: str
) -> None:
    session = Session(source, cast("oracledb.Connection", Refusing(stack[:9], stack)))
    with pytest.raises(OracleError) as raised:
        count_rows(session, USERS)
    assert raised.value.params["oracle_code"] == counts
    assert isinstance(raised.value, MomentLost) is (counts == "ORA-01555")


def test_a_code_has_one_meaning_and_a_kind_one_korean_sentence_with_the_same_places() -> None:
    codes = [code for kind in KINDS for code in kind.codes]
    assert len(codes) == len(set(codes))
    assert KOREAN.keys() == {kind.name for kind in KINDS}
    values = ("source", "oracle_code", "user", "table", "quoted", "seconds")
    for kind in KINDS:
        places = [
            set(re.findall(r"(?<!\{)\{(\w+)\}", text))
            for text in (kind.sentence, KOREAN[kind.name])
        ]
        assert places[0] == places[1], kind.name
        assert places[0] <= set(values), kind.name


def test_the_page_of_codes_is_what_the_table_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python scripts/oracle_errors.py"
