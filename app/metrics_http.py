"""Metrics and probes over HTTP, for Prometheus and for whoever starts processes again.

There is no login and no TLS: listen where only those can reach it. It tells names of tables and
numbers, no row and no secret.
"""

import logging
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any, cast

from prometheus_client import exposition

from app.health import FRESH_SECONDS
from app.http_server import Bounds, Wsgi, listen, serving
from app.metrics import Metrics, WithoutCreated

log = logging.getLogger(__name__)

BOUNDS = Bounds(
    threads=4,  # a scrape that waits for Redis must not hold up a probe
    connections=50,
    body_bytes=1_024,
    close_seconds=5.0,
)

Ready = Callable[[], tuple[bool, str]]


class Pulse:
    """Whether a main loop is alive: it beats each time round, and counts as alive for a while.

    What `app.health.signs_of_life` writes to a file for others, kept for this process itself.
    """

    def __init__(
        self, alive: Callable[[], None] = lambda: None, *, fresh_seconds: float = FRESH_SECONDS
    ) -> None:
        """*alive* is called with every beat."""
        self._alive = alive
        self._fresh_seconds = fresh_seconds
        self._last: float | None = None

    def beat(self) -> None:
        """Say that the loop goes round."""
        self._last = time.monotonic()
        self._alive()

    def is_fresh(self) -> bool:
        """Tell whether it has beaten lately; False before the first time."""
        return self._last is not None and time.monotonic() - self._last < self._fresh_seconds


def ready_when(needs: Mapping[str, Callable[[], bool]]) -> Ready:
    """Make a check that is ready when every need is met, and else names those that are not."""

    def ready() -> tuple[bool, str]:
        missing = [name for name, is_met in needs.items() if not is_met()]
        return not missing, f"missing: {', '.join(missing)}" if missing else "ready"

    return ready


@contextmanager
def serve_metrics(
    address: tuple[str, int] | None, metrics: Metrics, ready: Ready, live: Callable[[], bool]
) -> Generator[int | None]:
    """Serve /metrics, /healthz and /readyz at a host and port; gives the port that was bound.

    Without an *address* nothing is served.

    /healthz is 200 while *live*, /readyz while *ready*, else 503; the body is one plain line. The
    end of the block answers the requests at hand and stops. Port 0 is any that is free. Raises
    SettingsError where *address* cannot be had.
    """
    if address is None:
        yield None
        return
    listener = listen(address, "METRICS_ADDRESS")
    port = cast("int", listener.getsockname()[1])
    with serving(listener, _answering(metrics, ready, live), BOUNDS, "metrics-http"):
        log.info("telling metrics on port %d", port)
        yield port


def _answering(metrics: Metrics, ready: Ready, live: Callable[[], bool]) -> Wsgi:
    told = cast("Wsgi", exposition.make_wsgi_app(WithoutCreated(metrics.registry)))

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path not in ("/metrics", "/healthz", "/readyz"):
            return _line(start_response, "404 Not Found", "not found")
        if environ["REQUEST_METHOD"] != "GET":
            return _line(start_response, "405 Method Not Allowed", "GET only", ("Allow", "GET"))
        if path == "/metrics":
            # A query could ask for some metrics by name, which ours read all at once.
            return told({**environ, "QUERY_STRING": ""}, start_response)
        if path == "/healthz":
            well, words = (True, "alive") if live() else (False, "the main loop does not go round")
        else:
            well, words = ready()
        return _line(start_response, "200 OK" if well else "503 Service Unavailable", words)

    return answer


def _line(
    start_response: Callable[..., Any], status: str, words: str, *headers: tuple[str, str]
) -> Iterable[bytes]:
    body = (" ".join(words.split()) + "\n").encode()
    plain = ("Content-Type", "text/plain; charset=utf-8")
    start_response(status, [plain, ("Content-Length", str(len(body))), *headers])
    return [body]
