"""The listener, and the process around it (`python -m sandbox.oracle`)."""

import argparse
import itertools
import json
import os
import signal
import socket
import sys
import threading
from datetime import UTC, date, datetime
from typing import NoReturn

from sandbox.oracle import commands
from sandbox.oracle.access import USER
from sandbox.oracle.accounts import Accounts, Profile
from sandbox.oracle.database import Database
from sandbox.oracle.live import Attributes
from sandbox.oracle.parts import Parts
from sandbox.oracle.release import RELEASES, SERVICE, Setup
from sandbox.oracle.session import Session
from sandbox.oracle.wire import Disconnected, PacketSocket, ProtocolError

HOST = "127.0.0.1"
MOST_SESSIONS = 64


class Server:
    """The listener and the open sessions; `parts` is what they share."""

    def __init__(self, setup: Setup, database: Database, accounts: Accounts) -> None:
        self.parts = Parts(setup, database, accounts, self.sessions)
        self._open: dict[int, Session] = {}
        self._numbers = itertools.count(101)

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
            self._open[number] = Session(packets, self.parts, number)
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
    parser.add_argument("--empty", action="store_true", help="no sample tables")
    parser.add_argument("--release", choices=RELEASES, default="19c", help="which Oracle to be")
    parser.add_argument(
        "--thin-refused", action="store_true", help="a protocol too old for the thin driver"
    )
    parser.add_argument("--verifier", choices=("11G", "12C"), default=Setup.verifier)
    parser.add_argument("--character-set", default=Setup.character_set)
    parser.add_argument("--national-character-set", default=Setup.national_character_set)
    parser.add_argument(
        "--failed-login-attempts", type=int, default=Profile.failed_login_attempts,
        help="wrong passwords in a row until the account is locked; 0 for no limit",
    )  # fmt: skip
    parser.add_argument(
        "--sessions-limit", type=int, default=None, help="sessions one user may have at a time"
    )
    arguments = parser.parse_args()
    password = sys.stdin.readline().rstrip("\n")
    if not password:
        parser.error("give the password of DUCKFERRY on the first line of stdin")
    setup = Setup(
        RELEASES[arguments.release],
        thin_refused=arguments.thin_refused,
        character_set=arguments.character_set,
        national_character_set=arguments.national_character_set,
        verifier=arguments.verifier,
    )
    profile = Profile(arguments.failed_login_attempts or None, arguments.sessions_limit)
    today = None if arguments.empty else arguments.today or datetime.now(UTC).date()
    server = Server(setup, Database(setup, today), Accounts({USER: password}, profile))
    listener = socket.create_server((HOST, arguments.port))
    control_listener = socket.create_server((HOST, 0))
    threading.Thread(target=server.serve, args=(listener,), daemon=True).start()
    threading.Thread(
        target=commands.serve, args=(control_listener, server.parts), daemon=True
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
