"""What Slack said last, by name, for as long as it is asked to count."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
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


def once_at_a_time(ask: Callable[[str], T]) -> Callable[[str], T]:
    """Give whoever asks what is being asked already the answer of the first. Thread-safe."""
    asked: dict[str, Future[T]] = {}
    lock = threading.Lock()

    def answer(name: str) -> T:
        with lock:
            first = asked.get(name)
            mine = asked.setdefault(name, Future())
        if first is not None:
            return first.result()
        try:
            mine.set_result(ask(name))
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with lock:
                del asked[name]
        return mine.result()

    return answer
