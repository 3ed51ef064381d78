"""Faults a test asks for: an error, a lost connection, a stall or a torn packet, at any point."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from sandbox.oracle.errors import OracleError
from sandbox.oracle.wire import Disconnected

FaultKind = Literal["error", "drop", "stall", "cut"]
FaultPoint = Literal["statement", "connect", "login", "commit", "rollback", "ping", "close", "lob"]


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and where.

    "cut" sends half of the answer's bytes and then closes the connection. `code` belongs to
    "error", `seconds` to "stall".

    At a "statement", `at_fetch` counts the round trips: 0 is the execute (which already carries
    the first batch), n the n-th fetch after it, None every one of them; `sql_contains` ignores
    case. The other points are calls of their own: "connect" is before the login (an error there
    is a refusal by the listener, such as 12516), "close" is the log-off, "lob" reads a locator.

    The first `skip` round trips it fits pass unharmed; then the fault strikes `times` times.
    """

    kind: FaultKind
    code: int = 600
    at_fetch: int | None = 0
    sql_contains: str = ""
    times: int = 1
    seconds: float = 30.0
    at: FaultPoint = "statement"
    skip: int = 0


class Faults:
    """The faults in wait, shared by all sessions."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self.round_trip_seconds = 0.0
        """How long every answer to a logged-on client is held back, as a far network would."""

    def add(self, fault: Fault) -> None:
        """Let a fault wait for its round trip."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Forget every fault that has not struck."""
        with self._lock:
            self._waiting.clear()

    def waiting(self) -> list[Fault]:
        """The faults that have not struck yet."""
        with self._lock:
            return list(self._waiting)

    def strike_statement(self, sql: str, fetch: int, pause: Callable[[float], bool]) -> bool:
        """Strike at a round trip of a statement; see `strike`."""
        return self._strike(
            lambda fault: (
                fault.at == "statement"
                and fault.at_fetch in (None, fetch)
                and fault.sql_contains.upper() in sql.upper()
            ),
            pause,
        )

    def strike(self, point: FaultPoint, pause: Callable[[float], bool]) -> bool:
        """Do what waits for this point; True when the answer is to be cut in half.

        Raises `OracleError` or `Disconnected`. `pause` waits that many seconds, and says True when
        a break ended the wait.
        """
        return self._strike(lambda fault: fault.at == point, pause)

    def _strike(self, fits: Callable[[Fault], bool], pause: Callable[[float], bool]) -> bool:
        fault = self._take(fits)
        if fault is None:
            return False
        match fault.kind:
            case "error":
                raise OracleError(fault.code)
            case "drop":
                raise Disconnected
            case "stall":
                if pause(fault.seconds):
                    raise OracleError(1013)
                return False
            case "cut":
                return True

    def _take(self, fits: Callable[[Fault], bool]) -> Fault | None:
        """The first fault that fits and is due, counted as used."""
        with self._lock:
            for index, fault in enumerate(self._waiting):
                if not fits(fault):
                    continue
                if fault.skip:
                    self._waiting[index] = replace(fault, skip=fault.skip - 1)
                    continue
                if fault.times > 1:
                    self._waiting[index] = replace(fault, times=fault.times - 1)
                else:
                    del self._waiting[index]
                return fault
        return None
