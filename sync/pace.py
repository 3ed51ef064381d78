"""A ceiling on the rows a run reads in a second, over all its sessions."""

import threading
import time
from collections.abc import Callable

from sync.progress import Progress


class Pace:
    """Says how long to hold back after the rows that have come.

    Whoever reads pays for a batch after it came; time in which nothing was read is not saved up.
    """

    def __init__(self, rows_per_second: float, now: Callable[[], float] = time.monotonic) -> None:
        self._rows_per_second = rows_per_second
        self._now = now
        self._lock = threading.Lock()
        self._seen: dict[str, int] = {}
        """The running total of each table."""
        self._free_at = now()
        """When all rows that have come are paid for."""

    def hold_seconds(self, progress: Progress) -> float:
        """Seconds to wait before more may be read; 0 below the ceiling."""
        with self._lock:
            # The total falls where rows are read again: the table from nothing, or a part of it.
            rows = max(progress.rows - self._seen.get(progress.table, 0), 0)
            self._seen[progress.table] = progress.rows
            moment = self._now()
            if rows:
                self._free_at = max(self._free_at, moment) + rows / self._rows_per_second
            return max(self._free_at - moment, 0.0)
