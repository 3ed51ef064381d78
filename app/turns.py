"""Works through the inbox: one entry at a time and in order within a thread, many threads at once.

Turns run in an executor of their own, so a slow model never keeps Slack's events waiting. An entry
is dropped only after its effect; if this process dies, another bot (or this one, started again)
takes it over.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import redis

from app.slack_gateway import SlackAway, SlackRefused, SlackShut
from sync.errors import DuckferryError, Unexpected
from sync.inbox import MAX_DELIVERIES, Entry, done, give_back, keep, take, take_over
from sync.state import INBOX, PREFIX, named_error, run_script
from sync.streams import open_group

log = logging.getLogger(__name__)

LEASE_SECONDS = 20.0
"""A thread, or an entry, whose bot has been silent for this long may be taken by another."""
_SWEEP_SECONDS = 5.0
AWAY_SECONDS = 600.0
"""So long an answer that Slack does not take, though it is there, waits in this bot; then the entry
goes back for another try."""
_LEASE_TRIES = 300
"""Fifth-seconds another bot's turn is waited for, before its thread is left to it."""

_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 0"


def hold_thread(
    client: "redis.Redis", thread: str, holder: str, seconds: float = LEASE_SECONDS
) -> bool:
    """Keep all others from taking a turn in *thread* for so long; False where somebody is."""
    return bool(client.set(_lease(thread), holder, nx=True, px=int(seconds * 1000)))


def let_go_of_thread(client: "redis.Redis", thread: str, holder: str) -> None:
    """Let others take turns in *thread* again."""
    run_script(client, _RELEASE, [_lease(thread)], holder)


def _lease(thread: str) -> str:
    return f"{PREFIX}:turn:{thread}"


class Turns:
    """The entries this bot holds: waiting by thread, and the threads being worked on."""

    def __init__(
        self,
        client: "redis.Redis",
        consumer: str,
        *,
        workers: int,
        handle: Callable[[Entry], None],
        give_up: Callable[[Entry, DuckferryError], None],
        before_each: Callable[[], None] = lambda: None,
        lease_seconds: float = LEASE_SECONDS,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """*handle* does an entry's work; *give_up* tells its people when that failed for good.

        *before_each* is called before an entry is worked on, and may hold it up for a moment.
        *alive* is called each time round the loop that takes entries.
        """
        self._client = client
        self._consumer = consumer
        self._workers = workers
        self._handle = handle
        self._give_up = give_up
        self._before_each = before_each
        self._lease_seconds = lease_seconds
        self._alive = alive
        self._waiting: dict[str, deque[Entry]] = {}
        self._lock = threading.Lock()

    def run(self, stop: threading.Event) -> None:
        """Take and work until *stop*; then end the turns at hand and leave the rest in Redis."""
        stopped_heart = threading.Event()
        heart = threading.Thread(
            target=self._beat, args=(stopped_heart,), name="turns-heartbeat", daemon=True
        )
        heart.start()
        next_sweep = 0.0
        with ThreadPoolExecutor(self._workers, thread_name_prefix="turn") as pool:
            while not stop.is_set():
                self._alive()
                try:
                    if time.monotonic() >= next_sweep:
                        open_group(self._client, INBOX)
                        left = take_over(
                            self._client,
                            self._consumer,
                            idle_seconds=self._lease_seconds,
                            count=self._workers,
                        )
                        self._accept(pool, stop, left)
                        next_sweep = time.monotonic() + min(_SWEEP_SECONDS, self._lease_seconds)
                    # What waits here is bounded: no more is taken than can soon be worked on.
                    room = self._workers * 4 - self._held()
                    if room > 0:
                        fresh = take(self._client, self._consumer, count=room, wait_seconds=0.5)
                        self._accept(pool, stop, fresh)
                    else:
                        stop.wait(0.05)
                except redis.RedisError as error:
                    log.warning("the inbox waits for Redis: %s", type(error).__name__)
                    stop.wait(1.0)
        stopped_heart.set()
        heart.join()

    def _accept(
        self, pool: ThreadPoolExecutor, stop: threading.Event, entries: list[Entry]
    ) -> None:
        for entry in entries:
            with self._lock:
                queue = self._waiting.get(entry.thread)
                if queue is not None:
                    if entry.id not in {waiting.id for waiting in queue}:
                        queue.append(entry)
                    continue
                self._waiting[entry.thread] = deque([entry])
            pool.submit(self._work_off, entry.thread, stop)

    def _work_off(self, thread: str, stop: threading.Event) -> None:
        with self._lock:
            queue = self._waiting[thread]
        try:
            self._work_in_order(thread, queue, stop)
            with self._lock:
                left = [entry.id for entry in queue]
            give_back(self._client, self._consumer, left)
        except redis.RedisError as error:
            log.warning("thread %s is left for later: %s", thread, type(error).__name__)
        finally:
            with self._lock:
                # What came after our last entry waits in a queue of its own, for another worker.
                if self._waiting.get(thread) is queue:
                    del self._waiting[thread]
            try:
                let_go_of_thread(self._client, thread, self._consumer)
            except redis.RedisError:
                log.warning("the lease of thread %s ends by itself", thread)

    def _work_in_order(self, thread: str, queue: deque[Entry], stop: threading.Event) -> None:
        """Work on what waits in *thread*; what is left in *queue* is for another bot, or later."""
        tries = 0
        while not hold_thread(self._client, thread, self._consumer, self._lease_seconds):
            tries += 1
            # Another bot works on this thread; what we hold is given back after a while.
            if tries > _LEASE_TRIES or stop.wait(0.2):
                return
        while not stop.is_set():
            entry = self._first(thread)
            if entry is None or not self._work(entry, stop):
                return
            with self._lock:
                queue.popleft()

    def _first(self, thread: str) -> Entry | None:
        with self._lock:
            queue = self._waiting[thread]
            if queue:
                return queue[0]
            # Under the lock, so that an entry that comes now starts a worker of its own.
            del self._waiting[thread]
            return None

    def _work(self, entry: Entry, stop: threading.Event) -> bool:
        """Work on an entry until it is done; False if it is left for later."""
        deadline = time.monotonic() + AWAY_SECONDS
        pause = 1.0
        failure: DuckferryError | None = None
        while True:
            try:
                if failure is None:
                    self._attempt(entry)
                else:
                    self._give_up(entry, failure)
            except redis.RedisError:
                raise
            except SlackAway as error:
                # The turn is in the thread and is only told again; no model is asked twice.
                log.warning("entry %s is told again, Slack is away: %s", entry.id, error)
                if isinstance(error, SlackShut):  # for all, so it waits however long that takes
                    deadline = time.monotonic() + AWAY_SECONDS
                if time.monotonic() > deadline or stop.wait(pause):
                    return False
                pause = min(pause * 2, 30.0)
                continue
            except Exception as error:  # an outer edge: its people are told, the bot goes on
                if failure is None:
                    failure = _named_failure(entry, error)
                    continue
                # What cannot be told either is not tried for ever.
                log.exception("nobody could be told of entry %s", entry.id)
            done(self._client, entry.id)
            return True

    def _attempt(self, entry: Entry) -> None:
        """Do an entry's work; raises for one that every bot dies of, so that it is set aside."""
        if entry.deliveries > MAX_DELIVERIES:
            raise RuntimeError(f"taken {entry.deliveries} times and never finished")
        self._before_each()
        self._handle(entry)

    def _held(self) -> int:
        with self._lock:
            return sum(len(queue) for queue in self._waiting.values())

    def _beat(self, stop: threading.Event) -> None:
        while not stop.wait(self._lease_seconds / 4):
            with self._lock:
                entries = [entry.id for queue in self._waiting.values() for entry in queue]
                threads = list(self._waiting)
            try:
                keep(self._client, self._consumer, entries)
                for thread in threads:
                    lease = _lease(thread)
                    if self._client.get(lease) == self._consumer:
                        self._client.pexpire(lease, int(self._lease_seconds * 1000))
            except redis.RedisError as error:
                log.warning("heartbeat of the turns missed: %s", type(error).__name__)


def _named_failure(entry: Entry, error: Exception) -> DuckferryError:
    named = named_error(error)
    ids = {"entry_id": entry.id, "thread_id": entry.thread}
    if isinstance(error, SlackRefused):
        log.error("Slack refuses the answer to entry %s: %s", entry.id, error, extra=ids)
        return named
    unforeseen = error if isinstance(named, Unexpected) else None
    log.error("entry %s failed: %s", entry.id, named, extra=ids, exc_info=unforeseen)
    return named
