"""Where the live tests find their database; docs/live-tests.md says how to bring one."""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import oracledb
import pytest

from sandbox.oracle.process import start_oracle
from sync.oracle import Source
from tests.live.database import Copies, Database, RealOracle, StandIn

DSN = os.environ.get("ORACLE_TEST_DSN", "")
STAND_IN = "stand-in"
"""In place of an address: the tests run against the stand-in, to try out the tests themselves."""
CALL_SECONDS = 60.0

# One line tells that they were skipped (test_reachable.py); the others are then not even read.
collect_ignore_glob = [] if DSN else ["test_live_*.py"]


@pytest.fixture(scope="session")
def server() -> Iterator[Database]:
    password = os.environ.get("ORACLE_TEST_PASSWORD", "")
    if DSN == STAND_IN:
        with start_oracle("live-not-a-secret", date(2026, 3, 1)) as oracle:
            source = Source("main", oracle.dsn, oracle.user, oracle.password)
            yield StandIn(source, oracle)
        return
    owner = os.environ.get("ORACLE_TEST_OWNER", "DUCK_OWNER").upper()
    reader = os.environ.get("ORACLE_TEST_USER", "DUCK_READER").upper()
    source = Source("main", DSN, reader, password, call_timeout_seconds=CALL_SECONDS)
    with oracledb.connect(user=owner, password=password, dsn=DSN) as connection:
        yield RealOracle(source, connection, owner)


@pytest.fixture
def database(server: Database) -> Iterator[Database]:
    yield server
    if isinstance(server, RealOracle):
        server.drop_all()


@pytest.fixture
def copies(database: Database, tmp_path: Path) -> Copies:
    return Copies(database, tmp_path)
