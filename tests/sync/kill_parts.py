"""What the workers that are killed and the test that kills them agree on."""

from pathlib import Path

import duckdb
from pydantic import BaseModel

from sync.dispatch import RunLimits
from sync.plan import TableRef
from sync.planning import TableSettings
from sync.warehouse.layout import data_file
from sync.warehouse.manifest import read_manifest

ALIVE_SECONDS = 1.5
LIMITS = RunLimits(runs_per_user=3, runs_per_source=3)
SETTINGS = TableSettings(
    100_000,
    key=("ID",),
    cursor="CHANGED",
    lag=0,
    deletes="remove",
    delete_limit_percent=50,
)
BATCH_ROWS = 2_000
BATCHES = "first-batches"
"""A list in Redis: each attempt says here that its first batch has come."""

COLUMNS = [("ID", "NUMBER(10)"), ("NAME", "VARCHAR2(20 CHAR)"), ("CHANGED", "TIMESTAMP(6)")]
BEFORE = (
    "INSERT INTO T! SELECT range, 'name ' || range, TIMESTAMP '2026-01-01' FROM range(10000)",
)
AFTER = (
    "UPDATE T! SET NAME = 'changed', CHANGED = TIMESTAMP '2026-06-01' WHERE ID % 3 = 0",
    "DELETE FROM T! WHERE ID % 10 = 7",
    "INSERT INTO T! SELECT range, 'new', TIMESTAMP '2026-06-02' FROM range(10000, 14000)",
)

Content = tuple[int, int] | None
"""The number of rows and a hash of all of them; None: there is no table."""


class Reading(BaseModel):
    """An attempt of a run whose first batch has come."""

    run: str
    attempt: int
    horse: int
    """The process that copies."""
    worker: int


def pause(_: int) -> float:
    """Wait this long before the next attempt."""
    return 0.1


def content_after(*statements: str) -> Content:
    """What a table holds that *statements* have filled."""
    with duckdb.connect() as db:
        db.execute("CREATE TABLE held (ID BIGINT, NAME VARCHAR, CHANGED TIMESTAMP)")
        for statement in statements:
            db.execute(statement.replace("T!", "held"))
        return _content(db, "held")


def content_of(root: Path, ref: TableRef) -> Content:
    """What a reader finds, who reads the manifest once more where the copy has gone meanwhile."""
    for last in (False, True):
        entry = read_manifest(root).find(ref)
        if entry is None:
            return None
        try:
            with duckdb.connect(data_file(root, ref, entry.generation), read_only=True) as db:
                return _content(db, f'"{ref.schema_name}"."{ref.table}"')
        except duckdb.IOException:
            if last:
                raise
    return None


def _content(db: duckdb.DuckDBPyConnection, table: str) -> Content:
    found = db.execute(f"SELECT count(*), sum(hash(ID, NAME, CHANGED)) FROM {table}").fetchone()
    return (int(found[0]), int(found[1])) if found else None
