"""Faults a test asks for: an error, a lost connection or a stall at a chosen round trip."""

import threading
from dataclasses import dataclass, replace
from typing import Literal

FaultKind = Literal["error", "drop", "stall"]


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and where.

    `at_fetch` counts the round trips of one statement: 0 is the execute (which already carries
    the first batch), n the n-th fetch after it, None every one of them. `sql_contains` ignores
    case. The fault strikes `times` times. `code` belongs to "error", `seconds` to "stall".
    """

    kind: FaultKind
    code: int = 600
    at_fetch: int | None = 0
    sql_contains: str = ""
    times: int = 1
    seconds: float = 30.0


class Faults:
    """The faults in wait, shared by all sessions."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let a fault wait for its round trip."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Forget every fault that has not struck."""
        with self._lock:
            self._waiting.clear()

    def hit(self, sql: str, fetch: int) -> Fault | None:
        """The fault that strikes at this round trip, counted as used."""
        with self._lock:
            for index, fault in enumerate(self._waiting):
                is_now = fault.at_fetch in (None, fetch)
                if is_now and fault.sql_contains.upper() in sql.upper():
                    if fault.times > 1:
                        self._waiting[index] = replace(fault, times=fault.times - 1)
                    else:
                        del self._waiting[index]
                    return fault
        return None
