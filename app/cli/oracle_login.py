"""Log in at a source for a command that also works before Redis is set up."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

import click
import redis

from app.cli.local import OPERATOR
from app.settings import Settings
from sync.oracle import Session, connect
from sync.sources import (
    GuardedSource,
    closing_with_source,
    open_source,
    require_open,
    require_readable,
)
from sync.state import connect_state

WAIT_SECONDS = 10.0
"""For one of the source's sessions to be free: a person waits."""


@contextmanager
def open_for_operator(
    settings: Settings, guarded: GuardedSource, *, action: str
) -> Generator[Session]:
    """A session at a source; where no Redis is there at all, with one login that is not noted.

    Whatever it does at Oracle ends when the source is stopped or a blackout begins. Raises what
    `sync.sources.open_source` raises, also in the block.
    """
    client = connect_state(settings.redis_url.get_secret_value())
    if not redis_is_there(client):
        click.echo(
            "Redis cannot be reached, so this logs in to Oracle directly, once. Refused logins are "
            "remembered only with Redis: repeating one can lock the account.",
            err=True,
        )

        def require() -> None:
            require_open(guarded, datetime.now(UTC))

        require()
        opening = connect(guarded.source, action=action, client_identifier=OPERATOR)
    else:
        require = partial(require_readable, client, guarded)
        opening = open_source(
            client,
            guarded,
            action=action,
            client_identifier=OPERATOR,
            wait_seconds=WAIT_SECONDS,
        )
    with opening as session, closing_with_source(session, require):
        yield session


def redis_is_there(client: "redis.Redis") -> bool:
    """Whether a Redis answers; one that refuses our password, or is loading still, raises."""
    try:
        client.ping()
    except (redis.AuthenticationError, redis.BusyLoadingError):
        raise
    except (redis.ConnectionError, redis.TimeoutError):
        return False
    return True
