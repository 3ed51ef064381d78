"""Ask the process of one query: a request, and its answer, or its rows as they come."""

import json
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from sync.errors import QueryFailed, QueryTimeout
from sync.warehouse.framing import TooLong, receive, send
from sync.warehouse.query_limits import whole
from sync.warehouse.zygote import Child, Zygote, ZygoteGone

MOST_ANSWER_BYTES = 4_000_000
"""Rows are capped by their own limit; this bounds what a process that went astray can send."""

Ask = Callable[[dict[str, Any]], dict[str, Any]]
"""Sends a request to a child and gives its answer."""


class Sink(Protocol):
    """Takes the rows of a query as they come, so that nobody holds them all."""

    def begin(self, columns: Sequence[tuple[str, str]]) -> None:
        """Rows with these names and DuckDB types follow; any that came before count no more."""
        ...

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Take the next rows, as plain values."""
        ...


@contextmanager
def talk(
    zygote: Zygote, seconds: float, most_bytes: int, sink: Sink | None = None
) -> Generator[Ask]:
    """A child to ask, until the deadline of one query; rows go to *sink*, where there is one.

    Raises `QueryTimeout`, `QueryFailed`, `ZygoteGone`, and what *sink* raises.
    """
    child = zygote.take()
    until = time.monotonic() + seconds
    with child.channel:

        def ask(request: dict[str, Any]) -> dict[str, Any]:
            _send(child, request, until)
            rows_follow = sink is not None and "parse" not in request
            begun = False
            while True:
                told = _receive(zygote, child, MOST_ANSWER_BYTES + most_bytes, until, seconds)
                if sink is None or not rows_follow or "error" in told:
                    return told
                if not begun:
                    sink.begin(told["columns"])
                    begun = True
                sink.add(told["rows"])
                if "truncated" in told:  # the last of them
                    return {**told, "rows": []}

        yield ask


def _send(child: Child, request: dict[str, Any], until: float) -> None:
    """Send it; to a child that has ended already nothing is sent, which its answer will tell."""
    child.channel.settimeout(max(until - time.monotonic(), 0.001))
    with suppress(OSError):
        send(child.channel, json.dumps(request).encode())


def _receive(
    zygote: Zygote, child: Child, most_bytes: int, until: float, seconds: float
) -> dict[str, Any]:
    """Raises `QueryTimeout`, `QueryFailed`, and `ZygoteGone` where the zygote fell with it."""
    answer = b""
    try:
        answer = receive(child.channel, most_bytes, until)
    except TimeoutError:
        zygote.end(child)
        raise QueryTimeout(seconds=whole(seconds)) from None
    except (OSError, TooLong):  # it ended before it had read its request, or went astray
        pass
    if not answer and zygote.is_gone(child):
        raise ZygoteGone
    try:
        return json.loads(answer)
    except ValueError:
        zygote.end(child)
        raise QueryFailed(reason="its process ended without an answer.") from None
