"""What the tests of the doctor share: findings by name, and servers that never answer."""

import socket
from collections.abc import Generator, Iterable
from contextlib import contextmanager

from app.doctor.checks import Check

Finding = tuple[str, str]
"""Status and what was found."""


def by_name(checks: Iterable[Check]) -> dict[str, Finding]:
    """The last finding of each name; every one but OK must have a remedy of one line."""
    found: dict[str, Finding] = {}
    for check in checks:
        assert bool(check.remedy) == (check.status != "OK"), check
        assert "\n" not in check.found + check.remedy
        found[check.name] = (check.status, check.found)
    return found


@contextmanager
def silent_server() -> Generator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        yield server.getsockname()[1]


def closed_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]
