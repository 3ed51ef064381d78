"""Messages between a query's process and the one that asks, each led by its length."""

import socket
import time

_LENGTH = 8


class TooLong(Exception):
    """The message is longer than the receiver takes."""


def send(channel: socket.socket, message: bytes) -> None:
    """Send one message."""
    channel.sendall(len(message).to_bytes(_LENGTH, "big") + message)


def receive(channel: socket.socket, most_bytes: int, until: float | None = None) -> bytes:
    """Receive one message; empty where the other end has closed before its end.

    *until* is a moment of ``time.monotonic()``; after it TimeoutError is raised. Raises `TooLong`.
    """
    size = int.from_bytes(_exactly(channel, _LENGTH, until), "big")
    if size > most_bytes:
        raise TooLong
    return _exactly(channel, size, until)


def _exactly(channel: socket.socket, size: int, until: float | None) -> bytes:
    parts: list[bytes] = []
    while size > 0:
        if until is not None:
            channel.settimeout(max(until - time.monotonic(), 0.001))
        if not (part := channel.recv(min(size, 1 << 16))):
            return b""
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
