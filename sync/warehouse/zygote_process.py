"""The process that forks one child a query: DuckDB is imported and connected once, in here.

Started by `sync.warehouse.zygote` with an empty environment and one socket, as standard input. It
stays single-threaded, or its children could not be forked safely, and never sees a query itself.
When its socket closes it ends, and the kernel ends its children with it.
"""

import gc
import os
import select
import signal
import socket
import sys
from types import FrameType

import duckdb
import pytz

from sync.warehouse.query_child import bound_this_process, connect, serve
from sync.warehouse.walls import keep_memory_private

FORK = b"fork"
NONE = "-"
"""Stands for no Landlock and no other user among the arguments."""

__all__ = ["FORK", "NONE", "main", "pytz"]
"""pytz: DuckDB imports it when a query gives a moment, and a child may read no file by then."""


def main() -> None:
    """Serve until the socket closes. Arguments: Landlock's ABI version, the children's user."""
    landlock, user = (None if one == NONE else int(one) for one in sys.argv[1:3])
    control = socket.socket(fileno=os.dup(0))
    with open(os.devnull, "r+b") as nothing:  # noqa: PTH123 - a descriptor is what is needed
        os.dup2(nothing.fileno(), 0)
    keep_memory_private()
    db = connect()
    gc.freeze()  # what a child's collector does not touch stays shared memory
    awake, ended = socket.socketpair()
    ended.setblocking(False)
    signal.set_wakeup_fd(ended.fileno())
    signal.signal(signal.SIGCHLD, _wake)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # the bot finishes the turns at hand, and then us
    children: set[int] = set()
    while True:
        ready, _, _ = select.select([control, awake], [], [])
        if awake in ready:
            awake.recv(4096)
            _reap(children)
        if control in ready:
            message = control.recv(64)
            if not message:
                os._exit(0)  # nothing to put in order, and DuckDB would take its time
            if message == FORK:
                children.add(_fork(control, (awake, ended), db, landlock, user))
            elif int(message) in children:  # not reaped yet, so the number is still its own
                os.kill(int(message), signal.SIGKILL)


def _wake(_number: int, _frame: FrameType | None) -> None:
    """Let the signal reach the wake-up socket, which an ignored one would not."""


def _fork(
    control: socket.socket,
    others: tuple[socket.socket, ...],
    db: duckdb.DuckDBPyConnection,
    landlock: int | None,
    user: int | None,
) -> int:
    theirs, mine = socket.socketpair()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for one in (control, theirs, *others):
                one.close()
            bound_this_process(parent, user)
            serve(mine, db, landlock)
        finally:
            os._exit(0)
    mine.close()
    socket.send_fds(control, [str(pid).encode()], [theirs.fileno()])
    theirs.close()
    return pid


def _reap(children: set[int]) -> None:
    while children:
        pid, _ = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        children.discard(pid)
