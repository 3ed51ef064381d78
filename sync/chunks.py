"""Read a large table in chunks, by several processes, all at one moment.

A chunk arrives as a whole or not at all: it is written to a file first, and only a finished file is
taken, so a chunk that is read again never doubles a row.
"""

import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from sync.bounds import value_kind
from sync.chunk_reader import ChunkReader
from sync.chunk_reader_process import Chunk
from sync.moment import Moment
from sync.oracle import MAX_COUNT_SECONDS, Session, patient, quote_name, rows
from sync.oracle_errors import MomentLost, OracleError, OracleFailure
from sync.plan import TablePlan
from sync.reading import read_batches
from sync.statements import Piece, figures_of, rowid_sample, rows_of
from sync.types import arrow

LARGE_ROWS = 400_000
"""By Oracle's statistics, from which on a table is read in chunks. A reader takes half a second to
start, in which a tenth of that is read in one piece (measured)."""

CHUNK_ROWS = 200_000
"""What is read again after a failure; more than a row group of DuckDB, and a file of some 30 MB."""

READERS = 2

CHUNKS_A_READER = 3
"""At least, in smaller chunks where that takes it: else some readers would wait for the last."""

FILES_A_READER = 2
"""Chunks read and not yet taken; they bound what is on the disk twice."""

MOST_TIMES = 4
"""A chunk is read so often before its error is the run's."""

ROWIDS_A_CHUNK, LEAST_ROWIDS, MOST_ROWIDS = 500, 10_000, 200_000
"""Sampled, to cut evenly: they come in blocks, of some hundred rows each."""

KEYS_APART = 4
"""So many times as many pieces are cut by a key, whose values may be spread unevenly."""

MOST_KEY = 10**38
"""No key beyond that is cut: a bind has no room for more digits."""

ROWID_CHARACTERS = 18
"""Of a row in a block of a table; what an index-organized table has cuts nothing."""

OpenReader = Callable[[str], AbstractContextManager[ChunkReader]]
"""Starts a process with a session at the source of that name."""

BreakOff = Callable[[], None]
"""Ends what Oracle is doing for us, from another thread, without waiting for it."""


@dataclass(frozen=True)
class Reading:
    """How large tables are read."""

    open_reader: OpenReader
    readers: int = READERS
    """Processes at the same time, each with a session; fewer where no more can be opened."""
    chunk_rows: int = CHUNK_ROWS
    large_rows: int = LARGE_ROWS


def pieces_of(
    moment: Moment, plan: TablePlan, rows_believed: int | None, reading: Reading
) -> tuple[Piece, ...]:
    """Cut a table into the pieces it is read in; one where that is not to be, or cannot be.

    Other sessions see the moment only by its SCN, which no SELECT of ours can say. A window of an
    incremental run stays whole: by ROWID, Oracle could not go by an index. A view and an
    index-organized table have no ROWIDs that cut; a numeric key cuts them.
    """
    whole = (Piece(),)
    if (
        moment.read_scn is None
        or plan.is_partial
        or plan.select
        or plan.wished.trial_rows is not None
        or rows_believed is None
        or rows_believed < reading.large_rows
    ):
        return whole
    rowid_cuts = _rowid_cuts(moment.session, plan, rows_believed, reading)
    if rowid_cuts:
        return _between(rowid_cuts)
    return _between(_key_cuts(moment, plan, rows_believed, reading), *plan.key[:1])


def _between(cuts: Sequence[str], key: str | None = None) -> tuple[Piece, ...]:
    edges = [None, *dict.fromkeys(cuts), None]
    return tuple(Piece(first, last, key) for first, last in pairwise(edges))


def _rowid_cuts(
    session: Session, plan: TablePlan, rows_believed: int, reading: Reading
) -> list[str]:
    wanted = ceil(rows_believed / reading.chunk_rows) * ROWIDS_A_CHUNK
    wanted = min(max(wanted, LEAST_ROWIDS), MOST_ROWIDS)
    percent = min(100 * wanted / rows_believed, _MOST_PERCENT)
    rowids = _sampled(session, plan, percent)
    chunks = round(len(rowids) * 100 / percent / reading.chunk_rows)
    chunks = max(chunks, CHUNKS_A_READER * reading.readers) if rowids else 1
    return [rowids[len(rowids) * number // chunks] for number in range(1, chunks)]


def _key_cuts(moment: Moment, plan: TablePlan, rows_believed: int, reading: Reading) -> list[str]:
    """Whole numbers, evenly apart, or none where a table has no key of one numeric column.

    Oracle finds the smallest and the largest key by an index, if it is asked for one at a time.
    """
    if len(plan.key) != 1 or value_kind(plan.column(plan.key[0]).oracle_type) != "number":
        return []
    name, ref = quote_name(plan.key[0]), plan.source_ref
    ends: list[int] = []
    for end in (f"MIN({name})", f"MAX({name})"):
        asked = figures_of(plan, moment.read_scn, [end])
        with patient(moment.session, MAX_COUNT_SECONDS) as session:  # a view may have no index
            value = rows(session, asked.sql, asked.binds, ref=ref, exact=True)[0][0]
        if value is None or abs(value) >= MOST_KEY:
            return []
        ends.append(floor(value))
    first, values = ends[0], ends[1] - ends[0] + 1
    chunks = KEYS_APART * ceil(rows_believed / reading.chunk_rows)
    chunks = min(max(chunks, CHUNKS_A_READER * reading.readers), values)
    return [str(first + values * number // chunks) for number in range(1, chunks)]


def _sampled(session: Session, plan: TablePlan, percent: float) -> list[str]:
    """ROWIDs in order, or none where Oracle gives none that rows can be found by."""
    sample = rowid_sample(plan, percent)
    try:
        found = rows(session, sample.sql, ref=plan.source_ref, most=2 * MOST_ROWIDS)
    except OracleFailure:
        return []  # such as ORA-01446 and ORA-30562; whatever else is wrong, the read will tell
    rowids = [str(rowid) for (rowid,) in found]
    return rowids if all(len(rowid) == ROWID_CHARACTERS for rowid in rowids) else []


class ChunkedRead:
    """One table while it is read in chunks."""

    def __init__(
        self,
        moment: Moment,
        plan: TablePlan,
        folder: Path,
        pieces: Sequence[Piece],
        reading: Reading,
        *,
        on_reader: Callable[[BreakOff], None],
        report: Callable[[int], None],
    ) -> None:
        """*on_reader* hears how each reader is broken off, *report* how many rows came, a batch.

        Both on threads of ours, *report* never on two at once; what they raise ends the read.
        """
        self.resumed = 0
        """Chunks that were read again."""
        self._moment, self._plan, self._folder = moment, plan, folder
        self._reading, self._on_reader, self._report = reading, on_reader, report
        self._todo = deque(enumerate(pieces))
        self._times = [0] * len(pieces)
        self._finished = SimpleQueue[Path | Future[None]]()
        self._room = threading.Semaphore(FILES_A_READER * reading.readers)
        self._over = threading.Event()
        self._open: list[ChunkReader] = []
        self._rows = 0
        self._counting = threading.Lock()

    def batches(self) -> Generator[Any]:
        """The table's rows as ``pyarrow.RecordBatch`` values, in no particular order.

        What no reader could be opened for is read in the moment's own session. Raises what
        `ChunkReader.read` raises, and what the callbacks do.
        """
        working = min(self._reading.readers, len(self._todo))
        with ThreadPoolExecutor(working, thread_name_prefix=f"read {self._plan.ref}") as pool:
            try:
                for _ in range(working):
                    pool.submit(self._work).add_done_callback(self._finished.put)
                while working:
                    one = self._finished.get()
                    if isinstance(one, Path):
                        yield from _taken(one)
                        self._room.release()
                    else:
                        one.result()
                        working -= 1
                while self._todo:
                    yield from self._read_here(self._todo.popleft()[1])
            finally:
                self._end()

    def _work(self) -> None:
        """Read chunks in one reader, and in a new one when that is lost, until none is left."""
        while (one := self._next()) is not None:
            is_open = False
            try:
                with self._reading.open_reader(self._plan.ref.source) as reader:
                    is_open = True
                    self._open.append(reader)
                    self._on_reader(reader.stop)
                    while one is not None:
                        self._read(reader, *one)
                        one = self._next()
            except OracleError as error:
                if isinstance(error, MomentLost) or not error.transient:
                    raise
                if one is not None:
                    self._todo.appendleft(one)
                    self._room.release()
                if not is_open:
                    return  # there is no room for it: others read on, or the run's own session
                if one is not None:
                    self._lost(one[0], error)

    def _next(self) -> tuple[int, Piece] | None:
        self._room.acquire()
        try:
            if not self._over.is_set():
                return self._todo.popleft()
        except IndexError:
            pass
        self._room.release()
        return None

    def _read(self, reader: ChunkReader, number: int, piece: Piece) -> None:
        file = self._folder / f"chunk-{number}.arrow"
        scn, came = self._moment.read_scn or 0, 0

        def on_rows(rows: int) -> None:
            nonlocal came
            came += rows
            self._count(rows)

        try:
            reader.read(Chunk(plan=self._plan, scn=scn, piece=piece, file=file), on_rows)
        except BaseException:
            with self._counting:
                self._rows -= came
            raise
        self._finished.put(file)

    def _lost(self, number: int, error: OracleError) -> None:
        """Let a chunk be read again; raises *error* where it was often enough."""
        self._times[number] += 1
        if self._times[number] == MOST_TIMES:
            raise error
        self._count(0)  # where the run is over, it was no accident
        self.resumed += 1

    def _read_here(self, piece: Piece) -> Generator[Any]:
        statement = rows_of(self._plan, self._moment.read_scn, piece)
        with closing(read_batches(self._moment.session, self._plan, statement)) as batches:
            for batch in batches:
                self._count(batch.num_rows)
                yield batch

    def _count(self, rows: int) -> None:
        with self._counting:
            self._rows += rows
            self._report(self._rows)

    def _end(self) -> None:
        self._over.set()
        for reader in self._open:
            reader.stop()
        for _ in range(self._reading.readers):
            self._room.release()


def _taken(file: Path) -> Generator[Any]:
    """The rows of a finished file, which is gone then."""
    with arrow.OSFile(str(file), "rb") as stored, arrow.ipc.open_stream(stored) as batches:
        yield from batches
    file.unlink()


_MOST_PERCENT = 99.0
