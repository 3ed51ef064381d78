"""The listener, and the process around it (`python -m sandbox.oracle`)."""

import argparse
import itertools
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NoReturn

from sandbox.oracle import control
from sandbox.oracle.catalog import SERVICE
from sandbox.oracle.database import Database
from sandbox.oracle.faults import Faults
from sandbox.oracle.session import Attributes, Session
from sandbox.oracle.wire import Disconnected, PacketSocket, ProtocolError

HOST = "127.0.0.1"
USER = "DUCKFERRY"
MOST_SESSIONS = 64


@dataclass
class Server:
    """What all sessions share."""

    database: Database
    passwords: Mapping[str, str]
    faults: Faults = field(default_factory=Faults)
    _open: dict[int, Session] = field(default_factory=dict[int, Session])
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(101))

    def sessions(self) -> list[Attributes]:
        """The logged-on sessions, oldest first."""
        open_now = [session.attributes for session in list(self._open.values())]
        return [attributes for attributes in open_now if attributes.user]

    def serve(self, listener: socket.socket) -> None:
        """Accept connections until the listener is closed."""
        while True:
            try:
                accepted, _ = listener.accept()
            except OSError:
                return
            if len(self._open) >= MOST_SESSIONS:
                accepted.close()
                continue
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            number = next(self._numbers)
            packets = PacketSocket(accepted)
            self._open[number] = Session(
                packets, self.database, self.faults, self.passwords, number, SERVICE
            )
            threading.Thread(target=self._serve_one, args=(number, packets), daemon=True).start()

    def _serve_one(self, number: int, packets: PacketSocket) -> None:
        try:
            self._open[number].run()
        except Disconnected:
            pass  # how every connection ends
        except ProtocolError as error:
            print(f"oracle stand-in: session {number}: {error}", file=sys.stderr)
        finally:
            packets.close()
            del self._open[number]


def main() -> None:
    """Serve until stdin closes or SIGTERM arrives.

    The first line of stdin is the password of DUCKFERRY, so that it is in no process list. One
    line of JSON on stdout says when the stand-in is ready, and on which ports.
    """
    parser = argparse.ArgumentParser(prog="python -m sandbox.oracle", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    parser.add_argument(
        "--today",
        type=date.fromisoformat,
        default=None,
        help="the day after the newest sample order (YYYY-MM-DD); default: today",
    )
    arguments = parser.parse_args()
    password = sys.stdin.readline().rstrip("\n")
    if not password:
        parser.error("give the password of DUCKFERRY on the first line of stdin")
    server = Server(Database(arguments.today or datetime.now(UTC).date()), {USER: password})
    listener = socket.create_server((HOST, arguments.port))
    control_listener = socket.create_server((HOST, 0))
    threading.Thread(target=server.serve, args=(listener,), daemon=True).start()
    threading.Thread(
        target=control.serve,
        args=(control_listener, server.database, server.faults, server.sessions),
        daemon=True,
    ).start()
    ready = {
        "port": listener.getsockname()[1],
        "control_port": control_listener.getsockname()[1],
        "service": SERVICE,
    }
    signal.signal(signal.SIGTERM, _end)
    print(json.dumps(ready), flush=True)
    while sys.stdin.readline():
        pass
    _end()


def _end(*_: object) -> NoReturn:
    """At once: session threads may sit in DuckDB, which would hold up a normal exit."""
    os._exit(0)
