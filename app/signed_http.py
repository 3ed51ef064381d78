"""Slack over signed HTTP: one path, and nothing is read from a body whose signature is wrong.

TLS ends at a proxy in front. What the signature is made of:
https://docs.slack.dev/authentication/verifying-requests-from-slack/
"""

import io
import logging
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk.signature import SignatureVerifier

from app.bolt import LISTENERS
from app.http_server import Bounds, Wsgi, listen, serving
from app.manifest import EVENTS_PATH
from app.unanswered import Unanswered

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 2_000_000
"""A click carries its whole message, form-encoded; Slack's largest stays below a megabyte."""
BOUNDS = Bounds(
    threads=LISTENERS,
    connections=200,
    body_bytes=MAX_BODY_BYTES,
    close_seconds=10.0,  # Slack itself gives up after three
)
_REFUSAL = b"not signed by Slack\n"


class SignedHttp:
    """A server for Slack's requests on all addresses of this host; opened and closed once."""

    def __init__(self, app: App, signing_secret: str, port: int, unanswered: Unanswered) -> None:
        self.port = port
        """Where it listens; 0 becomes a free port when it opens."""
        self._answer = _counted(verified(app, signing_secret), unanswered)
        self._serving = ExitStack()
        self._open = False

    def open(self) -> None:
        """Listen. Raises SettingsError if the port cannot be had."""
        # Without a host: the proxy that ends TLS may be elsewhere, and all must be signed.
        listener = listen(("", self.port), "SLACK_HTTP_PORT")
        self.port = listener.getsockname()[1]
        self._serving.enter_context(
            serving(listener, self._answer, BOUNDS, "signed-http", _not_answered)
        )
        self._open = True
        log.info("listening for Slack on port %d, path %s", self.port, EVENTS_PATH)

    def close(self) -> None:
        """Take no new connection, answer the requests at hand, and end."""
        self._open = False
        self._serving.close()

    def is_open(self) -> bool:
        """Tell whether requests are taken."""
        return self._open


def _not_answered(count: int) -> None:
    log.warning("%d requests of Slack's were not answered in time", count)


def _counted(answer: Wsgi, unanswered: Unanswered) -> Wsgi:
    def counted(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with unanswered.one():
            return answer(environ, start_response)

    return counted


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
