"""The same expectations against a real Oracle, where one is named."""

import os

import pytest

from sync.oracle import Source, connect, current_scn
from tests.live.database import Database

if not os.environ.get("ORACLE_TEST_DSN"):
    pytest.skip(
        "ORACLE_TEST_DSN names no Oracle to run the live tests against (docs/live-tests.md)",
        allow_module_level=True,
    )


def test_the_reading_user_logs_in_and_learns_the_system_change_number(database: Database) -> None:
    source: Source = database.source
    with connect(source, action="live test", client_identifier="live") as session:
        assert (current_scn(session) or 0) > 0
