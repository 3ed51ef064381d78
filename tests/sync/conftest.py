"""Parts that the tests of the sync engine share: a stand-in for Oracle, tables of literal rows."""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sandbox.oracle.process import OracleStandIn, start_oracle
from sync.oracle import Session, Source, connect
from sync.plan import TableRef
from sync.warehouse.manifest import ManifestEntry, publish
from tests.sync.copying import OpenSession
from tests.sync.tables import place_rows, table_plan

PublishRows = Callable[..., ManifestEntry]


@pytest.fixture(scope="session")
def oracle() -> Iterator[OracleStandIn]:
    """Shared by a worker process; a test that changes data makes a table of its own."""
    with start_oracle("tiger & 호랑이", date(2026, 3, 1)) as stand_in:
        yield stand_in


@pytest.fixture
def source(oracle: OracleStandIn) -> Source:
    return Source("main", oracle.dsn, oracle.user, oracle.password, call_timeout_seconds=20)


@pytest.fixture
def open_session(source: Source) -> OpenSession:
    def open_(name: str) -> AbstractContextManager[Session]:
        assert name == source.name
        return connect(source, action="sync", client_identifier="U1")

    return open_


@pytest.fixture
def table_name(request: pytest.FixtureRequest) -> str:
    """An Oracle name for this test alone."""
    return re.sub(r"\W", "_", request.node.name).upper()[:120]


@pytest.fixture
def own_table(oracle: OracleStandIn, table_name: str) -> TableRef:
    """A table of this test's own with two rows."""
    oracle.control.create_table(table_name, [("ID", "NUMBER(10)")], key=["ID"])
    oracle.control.execute(f'INSERT INTO SHOP."{table_name}" VALUES (1), (2)')
    return TableRef(source="main", schema_name="SHOP", table=table_name)


@pytest.fixture
def publish_rows(tmp_path: Path) -> PublishRows:
    """Publish a table of literal rows: columns as (name, Oracle type), rows as tuples."""

    def publish_(
        columns: Sequence[tuple[str, str]],
        rows: Sequence[tuple[Any, ...]],
        *,
        table: str = "T",
        key: Sequence[str] = (),
        fence: int = 1,
    ) -> ManifestEntry:
        plan = table_plan(columns, table=table, key=key)
        entry = place_rows(tmp_path, plan, rows, fence)
        return publish(tmp_path, [entry]).entry(plan.ref)

    return publish_


@pytest.fixture
def common() -> Iterator[Path]:
    """A folder that every user can read, as a warehouse for other users must be."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for inner in folder.rglob("*"):
        if inner.is_dir():
            inner.chmod(0o755)
    shutil.rmtree(folder)
