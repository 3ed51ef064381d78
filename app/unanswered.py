"""What Slack waits for: deliveries that have arrived here and are not acknowledged yet.

All threads of the bot share one interpreter, and Slack waits three seconds for its ack: so work
that nobody has to see at once lets the acks go first.
"""

import threading
from collections.abc import Generator
from contextlib import contextmanager

PATIENCE_SECONDS = 1.0
"""So long work waits for acks at the longest: under a storm without end it goes on, slowly."""


class Unanswered:
    """How many deliveries wait for their ack in this process."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    def arrived(self) -> None:
        """Note a delivery, as soon as its bytes are read."""
        with self._changed:
            self._count += 1

    def answered(self) -> None:
        """Note that one was acknowledged, or was refused."""
        with self._changed:
            self._count -= 1
            if not self._count:
                self._changed.notify_all()

    @contextmanager
    def one(self) -> Generator[None]:
        """Note a delivery for as long as the block takes to answer it."""
        self.arrived()
        try:
            yield
        finally:
            self.answered()

    def let_go_first(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until no delivery waits, *seconds* at the longest."""
        with self._changed:
            self._changed.wait_for(lambda: not self._count, seconds)
