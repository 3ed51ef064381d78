"""What the doctor tells of a source, against the Oracle stand-in and a real Redis."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from redis import Redis

from app.doctor.oracle import Subject, address_of, check_source
from sandbox.oracle.process import OracleStandIn, SmallTable, start_oracle
from sync.oracle import Source
from sync.plan import TableRef
from sync.sources import GuardedSource
from sync.state import connect_state
from sync.stops import stop_source
from tests.app.doctor_parts import Finding, by_name, closed_port, silent_server

TABLE = SmallTable("ORDERS", [("ID", "NUMBER(10)")], [(1,)], key=("ID",))
ORDERS = TableRef(source="main", schema_name="SHOP", table="ORDERS")
GONE = TableRef(source="main", schema_name="SHOP", table="GONE")


@pytest.fixture(scope="module")
def server() -> Iterator[OracleStandIn]:
    with start_oracle("tiger", date(2026, 3, 1), tables=[TABLE]) as stand_in:
        yield stand_in


@pytest.fixture
def oracle(server: OracleStandIn) -> Iterator[OracleStandIn]:
    yield server
    server.control.unlock(server.user)
    server.control.set_password(server.user, server.password)


def subject_of(
    oracle: OracleStandIn,
    *offered: TableRef,
    typed: str = "tiger",
    blackout: tuple[str, ...] = (),
    dsn: str = "",
) -> Subject:
    source = Source(
        "main", dsn or oracle.dsn, oracle.user, typed, connect_timeout_seconds=0.5 if dsn else 10
    )
    return Subject(GuardedSource(source, 4, blackout, "UTC"), offered or (ORDERS,))


def found(subject: Subject, client: Redis) -> dict[str, Finding]:
    return by_name(check_source(subject, client, "U1"))


def test_a_source_where_all_is_well(oracle: OracleStandIn, redis: Redis) -> None:
    told = found(subject_of(oracle), redis)
    assert {status for status, _ in told.values()} == {"OK"}
    assert told["sessions"] == ("OK", "0 of 4 (max_sessions) are open now")
    assert told["version"][1].startswith("Oracle 19.")
    assert told["version"][1].endswith("; the thin driver reaches it")
    assert told["character set"] == ("OK", "AL32UTF8, national AL16UTF16")
    assert told["account"] == ("OK", "DUCKFERRY, OPEN; its password has no end")
    assert told["tables"] == ("OK", "1 can be read")
    assert told["FLASHBACK"][1] == "granted on every table that can be read"
    assert told["SCN"][1].startswith("V$DATABASE is visible, SCN ")


def test_every_right_that_is_missing_or_too_much_is_named(redis: Redis) -> None:
    with start_oracle("tiger", date(2026, 3, 1), tables=[TABLE]) as oracle:
        control = oracle.control
        control.revoke("SELECT", "V_$DATABASE")
        control.revoke("FLASHBACK", "ORDERS")
        for right in ("CREATE TABLE", "SELECT ANY DICTIONARY"):
            control.grant(right)
        control.grant("DELETE", "ORDERS")
        control.limit(sessions_per_user=2)
        control.expire_password(oracle.user, datetime.now(UTC) + timedelta(days=3))
        told = found(subject_of(oracle, ORDERS, GONE), redis)
    assert told["SCN"][0] == "WARN"
    assert told["FLASHBACK"][0] == "OK"
    assert told["FLASHBACK"][1].startswith("not granted on SHOP.ORDERS; not needed")
    assert told["rights"] == (
        "WARN",
        "more than reading needs: CREATE TABLE, SELECT ANY DICTIONARY, DELETE on SHOP.ORDERS",
    )
    assert told["tables"] == ("FAIL", "SHOP.GONE cannot be read (ORA-00942)")
    assert told["account"] == (
        "WARN",
        "its profile allows 2 sessions, and bot.toml 4 (max_sessions)",
    )


def test_a_password_that_ends_soon_is_warned_of(oracle: OracleStandIn, redis: Redis) -> None:
    ends = datetime.now(UTC) + timedelta(days=3)
    oracle.control.expire_password(oracle.user, ends)
    told = found(subject_of(oracle), redis)["account"]
    assert told[0] == "WARN"
    assert f"its password ends {ends:%Y-%m-%d}" in told[1]


@pytest.mark.parametrize(
    ("character_set", "status"),
    [("KO16MSWIN949", "OK"), ("US7ASCII", "WARN"), ("WE8MSWIN1252", "WARN")],
)
def test_a_character_set_without_korean_is_warned_of(
    redis: Redis, character_set: str, status: str
) -> None:
    with start_oracle(
        "tiger", date(2026, 3, 1), tables=[TABLE], character_set=character_set
    ) as oracle:
        told = found(subject_of(oracle), redis)["character set"]
    assert told[0] == status
    assert character_set in told[1]


def test_korean_bytes_in_a_set_without_korean_are_named_by_column(redis: Redis) -> None:
    rows = [
        ("김민지".encode("cp949").decode("latin-1"), "서울".encode().decode("latin-1"), "Ren\xe9"),
        ("Kim", "Seoul", None),
    ]
    columns = [("NAME", "VARCHAR2(40)"), ("CITY", "CHAR(12)"), ("OTHER", "VARCHAR2(40)")]
    table = SmallTable("ORDERS", columns, rows)
    with start_oracle(
        "tiger", date(2026, 3, 1), tables=[table], character_set="US7ASCII"
    ) as oracle:
        subject = subject_of(oracle)
        told, of_name, of_both = (
            [
                check
                for check in check_source(replace(subject, decoded=decoded), redis, "U1")
                if check.name == "Korean bytes"
            ]
            for decoded in ((), {(ORDERS, "NAME")}, {(ORDERS, "NAME"), (ORDERS, "CITY")})
        )
    assert told[0].status == "WARN"
    assert told[0].found.startswith("in SHOP.ORDERS.NAME (cp949), SHOP.ORDERS.CITY (utf-8):")
    assert told[0].remedy == (
        "Write under its [[table]] in bot.toml, "
        'for SHOP.ORDERS: encoding = { NAME = "cp949", CITY = "utf-8" }'
    )
    assert of_name[0].remedy.endswith('encoding = { CITY = "utf-8" }')
    assert not of_both


def test_11g_is_told_to_need_the_thick_driver(redis: Redis) -> None:
    with start_oracle("tiger", date(2026, 3, 1), tables=[TABLE], thin_refused=True) as oracle:
        told = found(subject_of(oracle), redis)["login"]
    assert told[0] == "FAIL"
    assert 'driver = "thick"' in told[1]


def test_a_refused_password_is_named_and_not_tried_again(
    oracle: OracleStandIn, redis: Redis
) -> None:
    before = oracle.control.login_attempts(oracle.user)
    wrong = subject_of(oracle, typed="wrong")
    assert "ORA-01017" in found(wrong, redis)["login"][1]
    told = found(wrong, redis)
    assert told["login"][0] == "FAIL"
    assert "was refused before (ORA-01017)" in told["login"][1]
    assert told["network"][0] == "OK"
    assert oracle.control.login_attempts(oracle.user) == before + 1


def test_a_locked_account_is_named(oracle: OracleStandIn, redis: Redis) -> None:
    oracle.control.lock(oracle.user)
    told = found(subject_of(oracle), redis)["login"]
    assert told[0] == "FAIL"
    assert "ORA-28000" in told[1]


def test_without_redis_no_login_is_tried_only_a_connection(oracle: OracleStandIn) -> None:
    before = oracle.control.login_attempts(oracle.user)
    away = connect_state(f"redis://127.0.0.1:{closed_port()}/0")
    told = found(subject_of(oracle), away)
    assert told["login"][0] == "SKIP"
    assert told["network"][0] == "OK"
    closed = f"127.0.0.1:{closed_port()}/X"
    assert found(subject_of(oracle, dsn=closed), away)["network"][0] == "FAIL"
    assert found(subject_of(oracle, dsn="ALIAS"), away)["network"][0] == "SKIP"
    assert oracle.control.login_attempts(oracle.user) == before


def test_a_stopped_source_is_told_and_left_alone(oracle: OracleStandIn, redis: Redis) -> None:
    before = oracle.control.session_count()
    stop_source(redis, "main", "index rebuild")
    told = found(subject_of(oracle), redis)
    assert told["login"][0] == "WARN"
    assert "(index rebuild)" in told["login"][1]
    assert oracle.control.session_count() == before


def test_in_a_blackout_nothing_is_asked(oracle: OracleStandIn, redis: Redis) -> None:
    before = oracle.control.login_attempts(oracle.user)
    now = datetime.now(UTC)
    window = f"* {now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=2):%H:%M}"
    told = found(subject_of(oracle, blackout=(window,)), redis)
    assert list(told) == ["login"]
    assert told["login"][0] == "SKIP"
    assert f"until {now + timedelta(hours=2):%Y-%m-%dT%H:%M}" in told["login"][1]
    assert oracle.control.login_attempts(oracle.user) == before


def test_out_of_reach_and_silent_are_told_apart(oracle: OracleStandIn, redis: Redis) -> None:
    told = found(subject_of(oracle, dsn=f"127.0.0.1:{closed_port()}/X"), redis)["login"]
    assert told[0] == "FAIL"
    assert "cannot be reached" in told[1]
    with silent_server() as port:
        told = found(subject_of(oracle, dsn=f"127.0.0.1:{port}/X"), redis)["login"]
    assert "no answer within 0.5 s" in told[1]


def test_the_dba_sees_who_asked(oracle: OracleStandIn, redis: Redis) -> None:
    checks = check_source(subject_of(oracle), redis, "operator")
    assert [next(checks).name, next(checks).name] == ["sessions", "login"]
    (session,) = [each for each in oracle.control.sessions() if each.action == "doctor"]
    assert (session.module, session.client_identifier) == ("duckferry", "operator")
    told = found(replace(subject_of(oracle)), redis)["sessions"]
    assert told == ("OK", "1 of 4 (max_sessions) are open now")
    assert [check.status for check in checks] == ["OK"] * 8


@pytest.mark.parametrize(
    ("dsn", "address"),
    [
        ("db.example:1522/ORCL", ("db.example", 1522)),
        ("db.example/ORCL", ("db.example", 1521)),
        ("//db.example:1522/ORCL", ("db.example", 1522)),
        ("tcps://db.example:2484/ORCL?wallet_location=/w", ("db.example", 2484)),
        ("[::1]:1521/ORCL", ("::1", 1521)),
        ("10.0.0.1:1521", ("10.0.0.1", 1521)),
        (
            "(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST = db1)(PORT=1529))(CONNECT_DATA=(SID=X)))",
            ("db1", 1529),
        ),
        ("(description=(address=(protocol=tcp)(host=db1)))", ("db1", 1521)),
        ("PRODUCTION", None),
        ("", None),
        ("(nothing)", None),
    ],
)
def test_the_address_of_a_dsn(dsn: str, address: tuple[str, int] | None) -> None:
    assert address_of(dsn) == address
