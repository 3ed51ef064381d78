"""Faults on order: what the next calls of a method answer instead of doing their work."""

from collections import deque
from dataclasses import dataclass
from threading import Lock


@dataclass(frozen=True, kw_only=True)
class ScriptedFault:
    """One refused call: `status` 200 with `error`, 429 with a wait, or a 5xx."""

    method: str
    status: int = 200
    error: str = "internal_error"
    retry_after_seconds: int | None = None


class Faults:
    """A queue of faults per method; each is used up by one call."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[ScriptedFault]] = {}
        self._lock = Lock()

    def rate_limit(self, method: str, retry_after_seconds: int = 1, times: int = 1) -> None:
        """The next *times* calls answer 429 with `Retry-After`."""
        fault = ScriptedFault(
            method=method,
            status=429,
            error="ratelimited",
            retry_after_seconds=retry_after_seconds,
        )
        self.add(fault, times)

    def server_error(self, method: str, status: int = 500, times: int = 1) -> None:
        """The next *times* calls answer an HTTP error."""
        self.add(ScriptedFault(method=method, status=status), times)

    def refuse(self, method: str, error: str, times: int = 1) -> None:
        """The next *times* calls answer `ok: false` with *error*."""
        self.add(ScriptedFault(method=method, error=error), times)

    def add(self, fault: ScriptedFault, times: int = 1) -> None:
        """The next *times* calls of its method meet *fault*."""
        with self._lock:
            self._queues.setdefault(fault.method, deque()).extend([fault] * times)

    def take(self, method: str) -> ScriptedFault | None:
        """The fault that this call of *method* meets, if any."""
        with self._lock:
            queue = self._queues.get(method)
            return queue.popleft() if queue else None
