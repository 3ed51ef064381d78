"""What wakes those who look on, whatever has changed."""

import asyncio
from collections.abc import Callable
from threading import Lock


class Bell:
    """Rung after a change of anything people see. May be used from any thread."""

    def __init__(self) -> None:
        self._heard: set[Callable[[], None]] = set()
        self._lock = Lock()

    def ring(self) -> None:
        """Wake all who wait."""
        with self._lock:
            heard = tuple(self._heard)
        for wake in heard:
            wake()

    async def until(self, is_so: Callable[[], bool], timeout_seconds: float) -> None:
        """Wait until *is_so*, looked at after each ring, or until the time is over."""
        loop, rung = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(rung.set)

        with self._lock:
            self._heard.add(wake)
        try:
            async with asyncio.timeout(timeout_seconds):
                while not is_so():
                    await rung.wait()
                    rung.clear()
        except TimeoutError:
            return  # nothing happened, which is an answer too
        finally:
            with self._lock:
                self._heard.discard(wake)
