"""Slack over signed HTTP: one path, and nothing is read from a body whose signature is wrong.

Waitress reads a request to its end before a thread works on it, so slow senders hold no thread.
TLS ends at a proxy in front. What the signature is made of:
https://docs.slack.dev/authentication/verifying-requests-from-slack/
"""

import io
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk.signature import SignatureVerifier
from waitress import wasyncore
from waitress.server import create_server

from app.bolt import LISTENERS
from app.manifest import EVENTS_PATH
from app.settings import SettingsError

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 2_000_000
"""A click carries its whole message, form-encoded; Slack's largest stays below a megabyte."""
MAX_HEADER_BYTES = 32_768
MAX_CONNECTIONS = 200
IDLE_SECONDS = 30
CLOSE_SECONDS = 10.0
"""How long requests at hand may take to be answered; Slack itself gives up after three."""
_TICK_SECONDS = 0.2
_REFUSAL = b"not signed by Slack\n"

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class SignedHttp:
    """A server for Slack's requests on all addresses of this host; opened and closed once."""

    def __init__(self, app: App, signing_secret: str, port: int) -> None:
        self.port = port
        """Where it listens; 0 becomes a free port when it opens."""
        self._answer = verified(app, signing_secret)
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Listen. Raises SettingsError if the port cannot be had."""
        try:
            # Without a host: the proxy that ends TLS may be elsewhere, and all must be signed.
            listener = socket.create_server(("", self.port))
        except OSError as error:
            what = os.strerror(error.errno or 0)
            raise SettingsError(
                [f"SLACK_HTTP_PORT {self.port} cannot be opened: {what}. Free it, or set another."]
            ) from None
        self.port = listener.getsockname()[1]
        sockets: dict[int, Any] = {}
        server = create_server(
            self._answer,
            map=sockets,
            sockets=[listener],
            threads=LISTENERS,
            connection_limit=MAX_CONNECTIONS,
            channel_timeout=IDLE_SECONDS,
            max_request_header_size=MAX_HEADER_BYTES,
            max_request_body_size=MAX_BODY_BYTES,
            ident=None,
        )
        self._thread = threading.Thread(
            target=self._serve, args=(server, sockets), name="signed-http"
        )
        self._thread.start()
        log.info("listening for Slack on port %d, path %s", self.port, EVENTS_PATH)

    def close(self) -> None:
        """Take no new connection, answer the requests at hand, and end."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def is_open(self) -> bool:
        """Tell whether requests are taken."""
        return self._thread is not None and not self._closing.is_set()

    def _serve(self, server: Any, sockets: dict[int, Any]) -> None:
        while not self._closing.is_set():
            _turn(sockets)
        # The listening socket only; the server's own close() would take away what wakes the loop.
        wasyncore.dispatcher.close(server)
        deadline = time.monotonic() + CLOSE_SECONDS
        while _at_hand(server) and time.monotonic() < deadline:
            _turn(sockets)
        if left := _at_hand(server):
            log.warning("%d requests of Slack's were not answered in time", left)
        server.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(sockets)


def verified(app: App, signing_secret: str) -> Wsgi:
    """Give *app* as a WSGI application that answers 401 to what Slack did not sign just now.

    Bolt verifies as well, but parses first: of an unsigned body nothing shall be parsed.
    """
    verifier = SignatureVerifier(signing_secret)
    handler = SlackRequestHandler(app, EVENTS_PATH)

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body: bytes = environ["wsgi.input"].read()
        if environ["PATH_INFO"] == EVENTS_PATH and not _is_signed(verifier, environ, body):
            headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(_REFUSAL)))]
            start_response("401 Unauthorized", headers)
            return [_REFUSAL]
        return handler({**environ, "wsgi.input": io.BytesIO(body)}, start_response)

    return answer


def _is_signed(verifier: SignatureVerifier, environ: dict[str, Any], body: bytes) -> bool:
    timestamp = environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP", "")
    signature = environ.get("HTTP_X_SLACK_SIGNATURE", "")
    try:
        # The comparison takes text of ASCII only, and a stranger may send any.
        return signature.isascii() and verifier.is_valid(body, timestamp, signature)
    except ValueError:  # a time that is no number, a body that is no UTF-8
        return False


def _turn(sockets: dict[int, Any]) -> None:
    # poll, not select, which fails above 1024 open files.
    wasyncore.loop(timeout=_TICK_SECONDS, use_poll=True, map=sockets, count=1)


def _at_hand(server: Any) -> int:
    """Count connections with a request that is read, or worked on, or not yet answered whole."""
    channels = tuple(server.active_channels.values())
    return sum(bool(channel.requests or channel.total_outbufs_len) for channel in channels)
