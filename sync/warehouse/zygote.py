"""The bot's end of the zygote: starts it, takes a child for each query, ends what overstays."""

import contextlib
import logging
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from sync.warehouse.walls import NOBODY, Walls

log = logging.getLogger(__name__)

START_SECONDS = 20.0
"""To import DuckDB, on a machine that is very busy."""
END_SECONDS = 0.8
"""For a killed process to be gone, with up to 2 GiB to give back."""
FALL_SECONDS = 0.2
"""Between the end of a child and that of the zygote it fell with."""
MAX_MESSAGE_BYTES = 64

_PRODUCT = Path(__file__).resolve().parents[2]
_BEGIN = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from sync.warehouse.zygote_process import main; main()"
)


class ZygoteGone(Exception):
    """The zygote, and with it every child, ended before there was an answer."""


@dataclass(frozen=True)
class Child:
    """A process that waits for one request."""

    pid: int
    channel: socket.socket
    family: "subprocess.Popen[bytes]" = field(repr=False)
    """Its zygote."""


class Zygote:
    """Starts with the first child that is asked for, and anew when it died. Thread-safe.

    One child waits forked ahead. The zygote is told to end by the end of its socket, so it cannot
    outlive this process, whatever ends that.
    """

    def __init__(self, walls: Walls) -> None:
        self._walls = walls
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ahead = 0
        """Children asked for and not taken."""

    def prepare(self) -> None:
        """See that a child is ready or on its way. Waits for nothing."""
        with self._lock, contextlib.suppress(ZygoteGone):  # whoever takes one starts it anew
            if self._ahead == 0 or self._is_gone():
                self._order(self._open())

    def take(self) -> Child:
        """Give a child that no one else has. Raises `ZygoteGone` where none can be had."""
        with self._lock:
            control = self._open()
            if self._ahead == 0:
                self._order(control)
            try:
                pid, handles, _, _ = socket.recv_fds(
                    control, MAX_MESSAGE_BYTES, 1, socket.MSG_CMSG_CLOEXEC
                )
            except OSError as error:
                self._stop()
                raise ZygoteGone from error
            if not handles or self._process is None:
                self._stop()
                raise ZygoteGone
            self._ahead -= 1
            return Child(int(pid), socket.socket(fileno=handles[0]), self._process)

    def end(self, child: Child) -> None:
        """Kill *child*; if the zygote does not do so at once, kill that, and all children fall."""
        with self._lock, contextlib.suppress(OSError):  # then it does not end
            if child.family is self._process and self._control is not None:
                self._control.send(str(child.pid).encode())
        if not _ends(child.channel, END_SECONDS):
            with self._lock:
                if child.family is self._process:
                    self._stop()

    def is_gone(self, child: Child) -> bool:
        """Whether the zygote of *child*, which has ended, ended too."""
        try:
            child.family.wait(FALL_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        """End the zygote and every child. A later `take` starts it anew."""
        with self._lock:
            self._stop()

    def _open(self) -> socket.socket:
        if self._control is not None and not self._is_gone():
            return self._control
        if self._process is not None:
            log.warning("the zygote ended with %s and is started anew", self._process.returncode)
        self._stop()
        try:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._process = self._start(theirs)
        except OSError as error:
            log.warning("the zygote cannot be started: %s", error)
            raise ZygoteGone from error
        ours.settimeout(START_SECONDS)
        self._control, self._ahead = ours, 0
        return ours

    def _start(self, theirs: socket.socket) -> "subprocess.Popen[bytes]":
        landlock = self._walls.landlock
        user = NOBODY if self._walls.files == "another user" else None
        with theirs:
            return subprocess.Popen(
                [sys.executable, "-I", "-B", "-c", _BEGIN, str(_PRODUCT)]
                + ["-" if one is None else str(one) for one in (landlock, user)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,  # Ctrl-C is the bot's: it finishes the turns at hand
            )

    def _order(self, control: socket.socket) -> None:
        try:
            control.send(b"fork")
        except OSError as error:
            self._stop()
            raise ZygoteGone from error
        self._ahead += 1

    def _is_gone(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self._control = None
        self._ahead = 0


def _ends(channel: socket.socket, seconds: float) -> bool:
    """Wait until the other end of *channel* is closed, throwing away what still comes."""
    until = time.monotonic() + seconds
    try:
        while (left := until - time.monotonic()) > 0:
            channel.settimeout(left)
            if not channel.recv(1 << 16):
                return True
    except TimeoutError:
        return False
    except OSError:
        return True  # reset: it ended before it read its request
    return False
