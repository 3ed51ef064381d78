"""Small things that no answer waits for, done one after the other in a thread of their own."""

import logging
import queue
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

MOST_WAITING = 500
"""What comes on top is left out, and the log says so."""


class Later:
    """What is done soon. Its thread begins with the first of it and ends with the process."""

    def __init__(self) -> None:
        self._waiting = queue.Queue[Callable[[], None]](MOST_WAITING)
        self._thread = threading.Thread(target=self._work, name="later", daemon=True)
        self._begun = threading.Lock()

    def do(self, what: Callable[[], None]) -> None:
        """Have *what* done; what it raises is logged."""
        try:
            self._waiting.put_nowait(what)
        except queue.Full:
            log.warning("%d things wait to be done already; one is left out", MOST_WAITING)
            return
        if self._begun.acquire(blocking=False):
            self._thread.start()

    def _work(self) -> None:
        while True:
            what = self._waiting.get()
            try:
                what()
            except Exception:  # an outer edge: what comes after it is done all the same
                log.exception("something that waited to be done has failed")
