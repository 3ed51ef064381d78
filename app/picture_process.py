"""The home of `vl_convert`: the process that draws charts as PNGs, without the network.

Started by `app.pictures` with an empty environment and one socket, as standard input. It ends when
that closes, when nobody wants a picture for a while, and by an alarm when one takes too long: the
JavaScript that draws cannot be stopped otherwise.
"""

import json
import os
import resource
import signal
import socket
import time
from typing import Any

import vl_convert

from sync.warehouse.framing import receive, send

IDLE_SECONDS = 600.0
"""It holds some 100 MB, which few bots need all day."""
MOST_REQUEST_BYTES = 20_000_000
MOST_MEMORY_BYTES = 2 * 1024**3
SCALE = 1.5
"""Pixels to a point: sharp on a phone, a few 100 kB."""


def main() -> None:
    """Draw what comes over the socket, one after the other."""
    channel = socket.socket(fileno=os.dup(0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Not its address space, of which V8 takes terabytes without using them.
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    while True:
        try:
            message = receive(channel, MOST_REQUEST_BYTES, time.monotonic() + IDLE_SECONDS)
        except TimeoutError:
            break
        if not message:
            break
        request = json.loads(message)
        signal.setitimer(signal.ITIMER_REAL, request["seconds"])
        send(channel, _drawn(request["spec"], request["language"]))
        signal.setitimer(signal.ITIMER_REAL, 0)
    os._exit(0)  # nothing to put in order


def _drawn(spec: dict[str, Any], language: str) -> bytes:
    """The PNG, or in words why there is none."""
    locale = "ko-KR" if language == "ko" else "en-US"
    try:
        return vl_convert.vegalite_to_png(
            json.dumps(spec),
            scale=SCALE,
            allowed_base_urls=[],
            show_warnings=False,
            format_locale=locale,
            time_format_locale=locale,
        )
    except ValueError as error:
        return str(error).encode() or b"it cannot be drawn"
