"""Faults on order: what the next calls of a method meet, instead of or after their work."""

from collections import deque
from dataclasses import dataclass, replace
from threading import Lock

ANY_METHOD = "*"


@dataclass(frozen=True, kw_only=True)
class ScriptedFault:
    """One faulty answer: `status` 200 with `error`, 429 with a wait, a 5xx, or none at all."""

    method: str
    """A method's name, or `*` for whichever is called next."""
    status: int = 200
    error: str = "internal_error"
    retry_after_seconds: int | None = None
    needed: str = ""
    """For `missing_scope`: the scope it says is missing."""
    does_deed: bool = False
    """Whether the method does its work all the same, and only the answer is bad."""
    hold_seconds: float = 0.0
    """How long the answer is kept back."""
    answers: bool = True
    """False: the connection closes without an answer."""


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

    def server_error(
        self, method: str, status: int = 500, times: int = 1, *, does_deed: bool = False
    ) -> None:
        """The next *times* calls answer an HTTP error, with *does_deed* after doing their work."""
        self.add(ScriptedFault(method=method, status=status, does_deed=does_deed), times)

    def refuse(self, method: str, error: str, times: int = 1) -> None:
        """The next *times* calls answer `ok: false` with *error*."""
        self.add(ScriptedFault(method=method, error=error), times)

    def missing_scope(self, method: str, needed: str, times: int = 1) -> None:
        """The next *times* calls answer that the app was not granted *needed*."""
        self.add(ScriptedFault(method=method, error="missing_scope", needed=needed), times)

    def time_out(
        self, method: str, hold_seconds: float = 60.0, times: int = 1, *, does_deed: bool = False
    ) -> None:
        """The next *times* calls get no answer: the connection is held, then closed.

        With *does_deed* the work is done first, as when only the answer is lost on its way.
        """
        fault = ScriptedFault(
            method=method, hold_seconds=hold_seconds, answers=False, does_deed=does_deed
        )
        self.add(fault, times)

    def add(self, fault: ScriptedFault, times: int = 1) -> None:
        """The next *times* calls of its method meet *fault*."""
        with self._lock:
            self._queues.setdefault(fault.method, deque()).extend([fault] * times)

    def clear(self) -> None:
        """Forget all faults that no call has met yet."""
        with self._lock:
            self._queues.clear()

    def take(self, method: str) -> ScriptedFault | None:
        """The fault that this call of *method* meets, if any."""
        with self._lock:
            for name in (method, ANY_METHOD):
                queue = self._queues.get(name)
                if queue:
                    return replace(queue.popleft(), method=method)
            return None
