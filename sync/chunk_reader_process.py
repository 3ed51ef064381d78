"""The process that reads chunks: orders in, a line each; answers out, and rows in an Arrow file.

`sync.chunk_reader` starts it for one session at a source. The driver decodes under Python's lock,
so only several processes decode on several cores. It is told all it needs over a socket, and ends
with that socket: what Oracle does for it is broken off first.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Literal

from pydantic import BaseModel, ConfigDict

from sync.errors import DuckferryError, Failure
from sync.oracle import Session, Source, cancel, connect
from sync.orphans import die_with
from sync.plan import TablePlan
from sync.reading import read_batches
from sync.statements import Piece, rows_of
from sync.types import arrow, arrow_schema
from sync.warehouse.layout import disk_full_named
from sync.warehouse.walls import keep_memory_private

STOP_SECONDS = 1.5
"""So long a call that was broken off has to end before the process does anyway."""

GO_ON = b"go on\n"
"""The next batch may be read; it is asked after each, so that a pace holds."""
END = b"end\n"
"""There is nothing more to read."""


class Login(BaseModel):
    """The first order: which session to open."""

    model_config = ConfigDict(frozen=True)

    source: Source
    action: str
    client_identifier: str


class Chunk(BaseModel):
    """An order to read a piece of a table at a moment into a file."""

    model_config = ConfigDict(frozen=True)

    plan: TablePlan
    scn: int
    piece: Piece
    file: Path
    """Of the Arrow IPC stream format, with the schema `sync.types.arrow_schema`."""


class Answer(BaseModel):
    """What became of an order so far."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["opened", "rows", "done", "failed"]
    rows: int = 0
    """That were read since the last answer."""
    failure: Failure | None = None


@dataclass(frozen=True)
class _Orders:
    """What the parent wants; a thread of its own takes it in, so that a stop is heard at once."""

    chunks: SimpleQueue[Chunk | None] = field(default_factory=SimpleQueue[Chunk | None])
    may_go_on: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    stopped: threading.Event = field(default_factory=threading.Event)


def main() -> None:
    """Serve until the socket at descriptor 0 closes. Argument: the parent's process id."""
    die_with(int(sys.argv[1]))
    keep_memory_private()
    with socket.socket(fileno=os.dup(0)) as channel, channel.makefile("rb") as lines:
        if order := lines.readline():
            _serve(channel, lines, Login.model_validate_json(order))


def _serve(channel: socket.socket, lines: Iterable[bytes], login: Login) -> None:
    orders, over = _Orders(), threading.Event()

    def tell(answer: Answer) -> None:
        channel.sendall(answer.model_dump_json().encode() + b"\n")

    listener: threading.Thread | None = None
    names = {"action": login.action, "client_identifier": login.client_identifier}
    try:
        with connect(login.source, **names) as session:
            listener = threading.Thread(target=_listen, args=(lines, session, orders, over))
            listener.start()
            tell(Answer(kind="opened"))
            for chunk in iter(orders.chunks.get, None):
                _read(session, chunk, orders, tell)
    except DuckferryError as error:
        tell(Answer(kind="failed", failure=error.failure))
    finally:
        over.set()
        if listener is not None:
            listener.join()


def _listen(
    lines: Iterable[bytes], session: Session, orders: _Orders, over: threading.Event
) -> None:
    for line in lines:
        if line == GO_ON:
            orders.may_go_on.release()
        elif line == END:
            orders.chunks.put(None)
            return
        else:
            orders.chunks.put(Chunk.model_validate_json(line))
    orders.stopped.set()
    orders.may_go_on.release()
    orders.chunks.put(None)
    if not over.is_set():
        cancel(session)
        if not over.wait(STOP_SECONDS):
            os.kill(os.getpid(), signal.SIGKILL)


def _read(session: Session, chunk: Chunk, orders: _Orders, tell: Callable[[Answer], None]) -> None:
    plan = chunk.plan
    statement = rows_of(plan, chunk.scn, chunk.piece)
    schema = arrow_schema(plan.ref, plan.columns)
    with (
        closing(read_batches(session, plan, statement)) as batches,
        disk_full_named(),
        arrow.OSFile(str(chunk.file), "wb") as file,
        arrow.ipc.new_stream(file, schema) as writer,
    ):
        for batch in batches:
            writer.write_batch(batch)
            tell(Answer(kind="rows", rows=batch.num_rows))
            orders.may_go_on.acquire()
            if orders.stopped.is_set():
                return
    tell(Answer(kind="done"))
