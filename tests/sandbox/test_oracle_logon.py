"""Who gets in, what a session shows of itself, and how the process ends."""

import re
import signal
import socket
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import oracledb
import pytest

from sandbox.oracle.live import Attributes
from sandbox.oracle.process import OracleStandIn, start_oracle
from tests.sandbox.oracle_fixture import connect, rows


def test_the_right_password_logs_on_and_shows_the_version(oracle: OracleStandIn) -> None:
    with connect(oracle) as connection:
        assert connection.version == "19.21.0.0.0"
        assert connection.is_healthy()
        connection.ping()


@pytest.mark.parametrize(
    ("user", "password"),
    [("DUCKFERRY", "wrong"), ("NOBODY", "tiger & 호랑이"), ("DUCKFERRY", "tiger & 호랑이 ")],
)
def test_a_wrong_password_and_an_unknown_user_look_the_same(
    oracle: OracleStandIn, user: str, password: str
) -> None:
    with pytest.raises(oracledb.DatabaseError, match="ORA-01017"):
        oracledb.connect(user=user, password=password, dsn=oracle.dsn)


def test_an_unknown_service_is_refused_by_the_listener(oracle: OracleStandIn) -> None:
    dsn = oracle.dsn.replace("FREEPDB1", "ELSEWHERE")
    with pytest.raises(oracledb.OperationalError, match=r"DPY-6001.*ELSEWHERE"):
        oracledb.connect(user=oracle.user, password=oracle.password, dsn=dsn)


def test_connect_data_too_long_for_one_packet_is_understood(oracle: OracleStandIn) -> None:
    host, port = re.split("[:/]", oracle.dsn)[:2]
    dsn = oracledb.makedsn(host, int(port), service_name="FREEPDB1")
    with oracledb.connect(
        user=oracle.user, password=oracle.password, dsn=dsn, program="p" * 240
    ) as connection:
        assert rows(connection, "select 1 from dual") == [(1,)]


def test_module_action_and_client_identifier_are_seen_on_the_control_port(
    oracle: OracleStandIn,
) -> None:
    with connect(oracle) as connection:
        connection.module, connection.action = "duckferry-logon-test", "주문 복사"
        connection.client_identifier, connection.clientinfo = "U123", "info"
        connection.ping()
        (seen,) = [
            session
            for session in oracle.control.sessions()
            if session.module == "duckferry-logon-test"
        ]
        assert (seen.user, seen.action, seen.client_identifier, seen.client_info) == (
            "DUCKFERRY", "주문 복사", "U123", "info",
        )  # fmt: skip
        connection.action = "검증"
        assert rows(
            connection,
            "select sys_context('USERENV', 'MODULE'), sys_context('userenv', 'action'), "
            "sys_context('USERENV', 'CURRENT_SCHEMA'), user from dual",
        ) == [("duckferry-logon-test", "검증", "DUCKFERRY", "DUCKFERRY")]
    assert is_gone_soon(oracle, seen)


def is_gone_soon(oracle: OracleStandIn, seen: Attributes) -> bool:
    """The server notices the end of a session a moment after the client."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if seen.session_id not in {session.session_id for session in oracle.control.sessions()}:
            return True
    return False


def test_a_schema_set_on_the_session_resolves_bare_names(oracle: OracleStandIn) -> None:
    with connect(oracle) as connection:
        with pytest.raises(oracledb.DatabaseError, match="ORA-00942"):
            connection.cursor().execute("select count(*) from users")
        connection.current_schema = "SHOP"
        assert rows(connection, "select count(*) from users") == [(150,)]
        connection.cursor().execute("alter session set current_schema = DUCKFERRY")
        with pytest.raises(oracledb.DatabaseError, match="ORA-00942"):
            connection.cursor().execute("select count(*) from users")


def test_session_settings_are_accepted_and_shown(oracle: OracleStandIn) -> None:
    with connect(oracle) as connection:
        cursor = connection.cursor()
        cursor.execute("alter session set time_zone = 'UTC'")
        cursor.execute(
            "ALTER SESSION SET NLS_DATE_FORMAT = 'YYYY-MM-DD\"T\"HH24:MI:SS' "
            "NLS_NUMERIC_CHARACTERS = '.,'"
        )
        assert rows(
            connection,
            "select value from nls_session_parameters where parameter = :p",
            ["NLS_DATE_FORMAT"],
        ) == [('YYYY-MM-DD"T"HH24:MI:SS',)]
        with pytest.raises(oracledb.DatabaseError, match="ORA-02248"):
            cursor.execute("alter session set no_such_thing = 1")


def test_the_process_ends_with_its_handle_and_frees_its_port() -> None:
    with start_oracle("p", date(2026, 3, 1)) as stand_in:
        port = int(re.split("[:/]", stand_in.dsn)[1])
        open_connection = socket.create_connection(("127.0.0.1", port))
    assert stand_in.process.returncode == 0
    open_connection.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    stand_in.stop()


def test_the_process_ends_with_a_parent_that_is_killed() -> None:
    parent = (
        "import os, signal; from datetime import date; from sandbox.oracle.process import *; "
        "print(start_oracle('p', date(2026, 3, 1)).dsn, flush=True); "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    repository = Path(__file__).parents[2]
    dead = subprocess.run(
        [sys.executable, "-c", parent], stdout=subprocess.PIPE, cwd=repository, check=False
    )
    assert dead.returncode == -signal.SIGKILL
    port = int(re.split("[:/]", dead.stdout.decode())[1])
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            return
    pytest.fail("the stand-in outlived its parent")


def test_the_process_ends_on_sigterm() -> None:
    with start_oracle("p", date(2026, 3, 1)) as stand_in:
        stand_in.process.terminate()
        assert stand_in.process.wait(5) == 0
