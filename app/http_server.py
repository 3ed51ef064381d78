"""A small WSGI server of our own process: waitress with bounds on everything, stopped in order.

Waitress reads a request to its end before a thread works on it, so slow senders hold no thread.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

from app.settings import SettingsError

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

MAX_HEADER_BYTES = 32_768
IDLE_SECONDS = 30
_TICK_SECONDS = 0.2


@dataclass(frozen=True)
class Bounds:
    """What a server takes on at once, and how long its last requests may take."""

    threads: int
    connections: int
    body_bytes: int
    close_seconds: float


def listen(address: tuple[str, int], setting: str) -> socket.socket:
    """Open a port; an empty host is all addresses, port 0 any that is free.

    Raises SettingsError that names the *setting* it came from.
    """
    host, port = address
    try:
        return socket.create_server(
            address, family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except OSError as error:
        # create_server puts the address into the text; of an unknown host errno is below 0.
        number = error.errno or 0
        what = os.strerror(number) if number > 0 else error.strerror
        where = f"{host}:{port}" if host else str(port)
        raise SettingsError(
            [f"{setting} {where} cannot be opened: {what}. Free it, or set another."]
        ) from None


@contextmanager
def serving(
    listener: socket.socket,
    answer: Wsgi,
    bounds: Bounds,
    name: str,
    on_unanswered: Callable[[int], None] = lambda _: None,
) -> Generator[None]:
    """Answer requests in a thread called *name* until the block ends.

    Then no new connection is taken and the requests at hand are answered; how many were not in time
    is told to *on_unanswered*.
    """
    sockets: dict[int, Any] = {}
    server: Any = create_server(
        answer,
        map=sockets,
        sockets=[listener],
        threads=bounds.threads,
        connection_limit=bounds.connections,
        channel_timeout=IDLE_SECONDS,
        max_request_header_size=MAX_HEADER_BYTES,
        max_request_body_size=bounds.body_bytes,
        ident=None,
    )
    closing = threading.Event()

    def serve() -> None:
        while not closing.is_set():
            _turn(sockets)
        # The listening socket only; the server's own close() would take away what wakes the loop.
        wasyncore.dispatcher.close(server)
        deadline = time.monotonic() + bounds.close_seconds
        while _at_hand(server) and time.monotonic() < deadline:
            _turn(sockets)
        if left := _at_hand(server):
            on_unanswered(left)
        server.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(sockets)

    thread = threading.Thread(target=serve, name=name)
    thread.start()
    try:
        yield
    finally:
        closing.set()
        thread.join()


def _turn(sockets: dict[int, Any]) -> None:
    # poll, not select, which fails above 1024 open files.
    wasyncore.loop(timeout=_TICK_SECONDS, use_poll=True, map=sockets, count=1)


def _at_hand(server: Any) -> int:
    """Count connections with a request that is read, or worked on, or not yet answered whole."""
    channels = tuple(server.active_channels.values())
    return sum(bool(channel.requests or channel.total_outbufs_len) for channel in channels)
