"""A moment of the stand-in's database outlives a statement that failed while it was looked at."""

import duckdb
import pytest

from sandbox.oracle.database import Database
from sandbox.oracle.release import Setup


def test_a_statement_that_fails_in_a_snapshot_leaves_it_readable() -> None:
    snapshot = Database(Setup(), None).snapshot()
    with pytest.raises(duckdb.Error), snapshot.use() as connection:
        connection.execute("SELECT error('stopped before the query')").fetchall()
    with snapshot.use() as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]
