"""Real parts for the app's tests: one redis-server and one Slack for all tests of a process."""

from collections.abc import Iterator

import pytest
from redis import Redis

from sandbox.redis import start_redis
from sync.state import connect_state


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    server = start_redis()
    yield server.url
    server.stop()


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    client = connect_state(redis_url)
    client.flushall()
    yield client
    client.close()
