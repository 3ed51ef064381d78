"""A guarded source: what stands between a wish to read Oracle and a session there."""

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from redis import Redis

from sandbox.oracle.process import OracleStandIn
from sync.chunk_reader import ChunkReader
from sync.oracle import Source, rows
from sync.oracle_errors import LoginRefused, SourceBusy, SourceClosed
from sync.sessions import sessions_open
from sync.sources import GuardedSource, open_chunk_reader, open_source

pytest_plugins = ["tests.sync.state_fixtures"]


@pytest.fixture
def guarded(source: Source) -> GuardedSource:
    return GuardedSource(source, max_sessions=1, blackout=(), timezone="UTC")


def test_a_session_says_to_the_dba_who_it_is_for_and_gives_its_place_back(
    state: Redis, guarded: GuardedSource, oracle: OracleStandIn
) -> None:
    opening = open_source(
        state, guarded, action="plan", client_identifier="U0MINJI", wait_seconds=1
    )
    with opening as session:
        assert rows(session, "SELECT 1 FROM dual") == [(1,)]
        assert sessions_open(state, "main") == 1
        told = [
            (one.module, one.action, one.client_identifier) for one in oracle.control.sessions()
        ]
        assert ("duckferry", "plan", "U0MINJI") in told
    assert sessions_open(state, "main") == 0


def test_one_session_more_than_allowed_waits_and_is_then_refused(
    state: Redis, guarded: GuardedSource
) -> None:
    first = open_source(state, guarded, action="sync", client_identifier="run", wait_seconds=1)
    second = open_source(state, guarded, action="plan", client_identifier="U1", wait_seconds=0.3)
    with first, pytest.raises(SourceBusy), second:
        pass
    third = open_source(state, guarded, action="plan", client_identifier="U1", wait_seconds=0.3)
    with third as session:
        assert rows(session, "SELECT 1 FROM dual") == [(1,)]


def test_a_process_that_reads_takes_a_place_that_is_free_and_waits_for_none(
    state: Redis, guarded: GuardedSource
) -> None:
    def reader() -> AbstractContextManager[ChunkReader]:
        return open_chunk_reader(state, guarded, action="sync", client_identifier="run")

    session = open_source(state, guarded, action="sync", client_identifier="run", wait_seconds=1)
    with session, pytest.raises(SourceBusy), reader():
        pass
    with reader():
        assert sessions_open(state, "main") == 1
    assert sessions_open(state, "main") == 0


def test_a_closed_window_opens_nothing_and_takes_no_place(
    state: Redis, guarded: GuardedSource
) -> None:
    today = datetime.now(UTC).strftime("%a").lower()
    closed = replace(guarded, blackout=(f"{today} 00:00-24:00",))
    opening = open_source(state, closed, action="plan", client_identifier="U1", wait_seconds=1)
    with pytest.raises(SourceClosed, match="closes Oracle source main until"), opening:
        pass
    assert sessions_open(state, "main") == 0


def test_a_password_oracle_refused_is_not_tried_again_and_takes_no_place(
    state: Redis, guarded: GuardedSource, oracle: OracleStandIn
) -> None:
    wrong = replace(guarded, source=replace(guarded.source, password="wrong", name="main"))
    before = oracle.control.login_attempts(guarded.source.user)
    for _ in range(3):
        opening = open_source(state, wrong, action="plan", client_identifier="U1", wait_seconds=1)
        with pytest.raises(LoginRefused, match="ORA-01017"), opening:
            pass
    assert oracle.control.login_attempts(guarded.source.user) == before + 1
    assert sessions_open(state, "main") == 0
    right = open_source(state, guarded, action="plan", client_identifier="U1", wait_seconds=1)
    with right as session:
        assert rows(session, "SELECT 1 FROM dual") == [(1,)]
