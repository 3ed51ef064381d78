"""Codes that a team meets, provoked for real: each is known, and says what to do next."""

from dataclasses import replace

import pytest

from sync.errors import DuckferryError
from sync.oracle import connect, rows
from sync.oracle_errors import LoginRefused, MomentLost, OracleError, OracleUnreachable, kind_of
from tests.live.database import Database, named

STATEMENTS = {
    "ORA-00942": "SELECT * FROM no_such_table_at_all",
    "ORA-00904": "SELECT no_such_column FROM dual",
    "ORA-00923": "SELECT 1 1 FROM dual",
    "ORA-01476": "SELECT 1 / 0 FROM dual",
    "ORA-01722": "SELECT TO_NUMBER('one') FROM dual",
    "ORA-01843": "SELECT TO_DATE('2026-13-01', 'YYYY-MM-DD') FROM dual",
    "ORA-01847": "SELECT TO_DATE('2026-01-32', 'YYYY-MM-DD') FROM dual",
    "ORA-01858": "SELECT TO_DATE('soon', 'YYYY-MM-DD') FROM dual",
    "ORA-01861": "SELECT TO_DATE('2026/11', 'YYYY-MM-DD') FROM dual",
    "ORA-01427": "SELECT (SELECT 1 FROM dual UNION ALL SELECT 2 FROM dual) FROM dual",
    "ORA-01789": "SELECT 1, 2 FROM dual UNION ALL SELECT 1 FROM dual",
    "ORA-02019": "SELECT * FROM dual@no_such_link_at_all",
    "ORA-20017": "BEGIN RAISE_APPLICATION_ERROR(-20017, 'of our own'); END;",
    "ORA-01403": "DECLARE n NUMBER; BEGIN SELECT 1 INTO n FROM dual WHERE 1 = 0; END;",
}
"""By the code of 19c."""
STAND_IN_KNOWS = {"ORA-00942", "ORA-00904", "ORA-01722"}


def refused(database: Database, sql: str) -> OracleError:
    with (
        connect(database.source, action="live test", client_identifier="live") as session,
        pytest.raises(OracleError) as raised,
    ):
        rows(session, sql)
    return raised.value


@pytest.mark.parametrize("code", STATEMENTS)
def test_a_code_is_known_and_told_with_what_to_do(database: Database, code: str) -> None:
    if not database.is_real and code not in STAND_IN_KNOWS:
        pytest.skip("the stand-in runs no such statement")
    error = refused(database, STATEMENTS[code])
    found = str(error.params["oracle_code"])
    meant, expected = kind_of(found), kind_of(code)
    assert meant is not None, f"{found} stands in no table"
    assert expected is not None
    assert meant.name == expected.name
    assert not error.transient


def test_a_moment_that_is_gone_is_told_as_such(database: Database) -> None:
    ref = database.create([("ID", "NUMBER(3)")])
    error = refused(database, f"SELECT COUNT(*) FROM {named(ref)} AS OF SCN 1")
    assert isinstance(error, MomentLost)


def test_a_table_without_a_grant_is_told_with_the_grant(database: Database) -> None:
    ref = database.create([("ID", "NUMBER(3)")], rights=["INSERT"] if database.is_real else [])
    error = refused(database, f"SELECT COUNT(*) FROM {named(ref)}")
    code = str(error.params["oracle_code"])
    assert code in {"ORA-00942", "ORA-01031", "ORA-41900"}
    assert kind_of(code) is not None, f"{code} stands in no table"


@pytest.mark.parametrize(
    ("change", "raised"),
    [
        ({"password": "not the password"}, LoginRefused),
        ({"user": "NO_SUCH_USER_AT_ALL"}, LoginRefused),
        ({"dsn": "{host}/no_such_service_at_all"}, OracleUnreachable),
        ({"dsn": "127.0.0.1:1/nothing_listens_here"}, OracleUnreachable),
        ({"dsn": "no-such-host.invalid:1521/FREEPDB1"}, OracleUnreachable),
    ],
    ids=["password", "user", "service", "port", "host"],
)
def test_a_login_that_cannot_be_is_told_by_its_reason(
    database: Database, change: dict[str, str], raised: type[DuckferryError]
) -> None:
    host = database.source.dsn.rpartition("/")[0]
    values = {name: value.format(host=host) for name, value in change.items()}
    source = replace(database.source, **values)
    with pytest.raises(raised), connect(source, action="live test", client_identifier="live"):
        pass


def test_a_call_that_takes_too_long_is_broken_off(database: Database) -> None:
    if not database.is_real:
        pytest.skip("the stand-in's own tests let a call stall")
    source = replace(database.source, call_timeout_seconds=1)
    slow = "SELECT COUNT(*) FROM all_objects a, all_objects b, all_objects c"
    with (
        connect(source, action="live test", client_identifier="live") as session,
        pytest.raises(OracleError) as raised,
    ):
        rows(session, slow)
    assert raised.value.code == "oracle_timeout"
