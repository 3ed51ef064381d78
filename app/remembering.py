"""What Slack said last, by name, for as long as it is asked to count."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

MOST_KEPT = 1000
"""Names; the one that was learned longest ago goes first."""


class Remembered(Generic[T]):
    """The last answer of each name with the moment it came. Thread-safe."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        """Seconds of a clock that only goes forward."""
        self._known: dict[str, tuple[float, T]] = {}
        self._lock = threading.Lock()

    def find(self, name: str, seconds: float) -> tuple[T] | None:
        """The answer alone, where there is one that is younger than *seconds*."""
        with self._lock:
            found = self._known.get(name)
        return (found[1],) if found and self._now() - found[0] < seconds else None

    def keep(self, name: str, answer: T) -> T:
        """Keep *answer* as the last one, and give it back."""
        with self._lock:
            self._known.pop(name, None)
            while len(self._known) >= MOST_KEPT:
                del self._known[next(iter(self._known))]
            self._known[name] = (self._now(), answer)
        return answer
