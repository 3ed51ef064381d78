"""The worker's end of a process that reads chunks: start it, order a chunk, stop it."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sync.chunk_reader_process import END, GO_ON, STOP_SECONDS, Answer, Chunk, Login
from sync.errors import DuckferryError, Failure
from sync.oracle import Source
from sync.oracle_errors import ConnectionDropped

END_SECONDS = 2 * STOP_SECONDS
"""It ends by itself before that, or is killed."""

_PRODUCT = Path(__file__).resolve().parents[1]
_BEGIN = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from sync.chunk_reader_process import main; main()"
)


class ReaderFailed(Exception):
    """The process ended by a fault of ours; its traceback is on stderr."""


class ChunkReader:
    """A process with a session of its own at a source. Only `stop` is for other threads."""

    def __init__(
        self,
        source_name: str,
        channel: socket.socket,
        answers: BinaryIO,
        process: "subprocess.Popen[bytes]",
    ) -> None:
        self._source_name = source_name
        self._channel, self._answers = channel, answers
        self._process = process

    def open(self, login: Login) -> None:
        """Open the session; raises what `sync.oracle.connect` raises."""
        self._say(login.model_dump_json().encode() + b"\n")
        self._hear()

    def read(self, chunk: Chunk, on_rows: Callable[[int], None]) -> None:
        """Read *chunk* into its file; *on_rows* hears how many rows came, a batch.

        The next batch is read once *on_rows* returns; a few more are on their way by then. Raises
        any `OracleError`, `ConnectionDropped` also where the process was killed, `LobTooLarge` and
        `DiskFull`.
        """
        self._say(chunk.model_dump_json().encode() + b"\n")
        while (answer := self._hear()).kind == "rows":
            on_rows(answer.rows)
            self._say(GO_ON)

    def end(self) -> None:
        """Have it close its session in good order."""
        self._say(END)

    def stop(self) -> None:
        """Have it break off what Oracle does for it, and end; does not wait. Never too late."""
        with contextlib.suppress(OSError):  # it is over already
            self._channel.shutdown(socket.SHUT_WR)

    def _say(self, line: bytes) -> None:
        try:
            self._channel.sendall(line)
        except OSError:  # it ended, or was stopped: the answer tells
            return

    def _hear(self) -> Answer:
        try:
            line = self._answers.readline()
        except OSError:  # it ended with our last order unread
            line = b""
        if not line:
            if self._process.wait() > 0:
                raise ReaderFailed(
                    f"a process that read chunks ended with {self._process.returncode}"
                )
            raise ConnectionDropped(source=self._source_name)
        answer = Answer.model_validate_json(line)
        if answer.failure is not None:
            raise _error_of(answer.failure)
        return answer


@contextmanager
def chunk_reader(source: Source, *, action: str, client_identifier: str) -> Generator[ChunkReader]:
    """A process that reads chunks in a session of its own; gone, with its session, at the end.

    It dies with the thread that starts it. Raises what `sync.oracle.connect` raises. Passwords pass
    only over the socket between the two.
    """
    ours, theirs = socket.socketpair()
    with ours, ours.makefile("rb") as answers:
        with theirs:
            # Its environment is the worker's: Oracle's client libraries and names are found there.
            process = subprocess.Popen(
                [sys.executable, "-I", "-c", _BEGIN, str(_PRODUCT), str(os.getpid())],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is the worker's
            )
        reader = ChunkReader(source.name, ours, answers, process)
        try:
            reader.open(Login(source=source, action=action, client_identifier=client_identifier))
            yield reader
            reader.end()
        finally:
            reader.stop()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _error_of(failure: Failure) -> DuckferryError:
    """The error that came as plain data; an imported class has its code, for the reader's had."""
    return _by_code(DuckferryError)[failure.code](**failure.params)


def _by_code(kind: type[DuckferryError]) -> dict[str, type[DuckferryError]]:
    """Classes by their code; one without a code of its own is not among them."""
    found = {kind.code: kind} if "code" in vars(kind) else {}
    for narrower in kind.__subclasses__():
        found |= _by_code(narrower)
    return found
