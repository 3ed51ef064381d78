"""A chart as a PNG, drawn by a process of its own that is ended when it takes too long."""

import json
import logging
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Self

from app.texts import Language
from sync.warehouse.framing import TooLong, receive, send

log = logging.getLogger(__name__)

DRAW_SECONDS = 15.0
"""For one picture and the start of the process, on a machine that is very busy."""
_MOST_BYTES = 50_000_000
_PNG = b"\x89PNG\r\n\x1a\n"
_PRODUCT = Path(__file__).resolve().parents[1]
_BEGIN = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from app.picture_process import main; main()"
)


class NotDrawn(Exception):
    """The specification cannot be drawn, or not in time."""


class Pictures:
    """Draws one picture after the other. Thread-safe; one for a process.

    What draws starts with the first picture and stays for the next; after a failure another is
    started. It ends with this process, whatever ends that.
    """

    def __init__(self, seconds: float = DRAW_SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def draw(self, spec: dict[str, Any], language: Language) -> bytes:
        """Draw a Vega-Lite specification, dates and numbers as *language* writes them.

        Raises `NotDrawn`.
        """
        request = {"spec": spec, "language": language, "seconds": self._seconds}
        with self._lock:
            answer = self._asked(json.dumps(request).encode())
        if not answer.startswith(_PNG):
            raise NotDrawn(answer.decode(errors="replace")[:500])
        return answer

    def close(self) -> None:
        """End the process. A later `draw` starts another."""
        with self._lock:
            self._stop()

    def _asked(self, request: bytes) -> bytes:
        until = time.monotonic() + self._seconds
        try:
            channel = self._open()
            channel.settimeout(self._seconds)
            send(channel, request)
            answer = receive(channel, _MOST_BYTES, until)
        except (OSError, TooLong) as error:  # also TimeoutError
            self._stop()
            raise NotDrawn(f"no picture within {self._seconds:g} seconds: {error}") from error
        if not answer:
            self._stop()
            raise NotDrawn("its process ended without a picture")
        return answer

    def _open(self) -> socket.socket:
        if self._channel is not None and self._process and self._process.poll() is None:
            return self._channel
        self._stop()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-B", "-c", _BEGIN, str(_PRODUCT)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,  # Ctrl-C is the bot's: it finishes the turns at hand
            )
        self._channel = ours
        return ours

    def _stop(self) -> None:
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self._channel = None
