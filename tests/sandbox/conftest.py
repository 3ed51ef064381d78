"""One Oracle stand-in for all tests of a worker process."""

from collections.abc import Iterator
from datetime import date

import pytest

from sandbox.oracle.process import OracleStandIn, start_oracle

TODAY = date(2026, 3, 1)


@pytest.fixture(scope="session")
def oracle() -> Iterator[OracleStandIn]:
    """Shared; a test that changes data uses a table of its own and clears its faults."""
    with start_oracle("tiger & 호랑이", TODAY) as stand_in:
        yield stand_in
