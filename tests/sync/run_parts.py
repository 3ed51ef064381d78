"""What tests of whole runs in this process share."""

import time
from collections.abc import Callable
from typing import NoReturn

import pytest
from redis import Redis

from sync.errors import TableBusy
from sync.leases import table_leases
from sync.plan import Plan, TableRef, plainly
from sync.planning import plan_tables
from sync.warehouse.manifest import Manifest
from tests.sync.copying import OpenSession
from tests.sync.tables import plain

WAIT_SECONDS = 15


def plan_first(open_session: OpenSession, *refs: TableRef) -> Plan:
    """A plan of tables that have no copy yet."""
    return plan_tables(open_session, plainly(refs), Manifest(), plain(10_000))


def never(_: str) -> NoReturn:
    """Stands for Oracle where it must not be asked."""
    pytest.fail("Oracle was asked")


def free(client: Redis, *refs: TableRef) -> bool:
    """Whether no run holds any of the tables."""
    try:
        with table_leases(client, "T1-probe", list(refs)):
            return True
    except TableBusy:
        return False


def until(holds: Callable[[], bool]) -> None:
    """Look again and again: another thread's or process's doing has no event here."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
