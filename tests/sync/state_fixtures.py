"""Fixtures of the tests of what is kept in Redis; a test module names this one as its plugin."""

from collections.abc import Iterator

import pytest
from redis import Redis

from sandbox.redis import RedisStandIn, start_redis
from sync.state import connect_state


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    server = start_redis()
    yield server.url
    server.stop()


@pytest.fixture
def state(redis_url: str) -> Iterator[Redis]:
    client = connect_state(redis_url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def mortal_redis() -> Iterator[RedisStandIn]:
    """A server a test may kill."""
    server = start_redis()
    yield server
    server.stop()
