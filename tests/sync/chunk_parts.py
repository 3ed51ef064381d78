"""Copies of tables that are read in chunks by processes, in this process."""

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from sync.chunk_reader import ChunkReader, chunk_reader
from sync.chunks import Reading
from sync.engine import Steps
from sync.oracle import Source, connect
from sync.plan import Plan, TableRef
from sync.planning import TableSettings
from sync.receipt import TableReceipt
from sync.warehouse.manifest import read_manifest
from tests.sync.copying import SILENT, OpenSession, copied_rows, plan_copy, run_copy

USUAL = TableSettings(10**6)


def small(source: Source) -> Reading:
    """Two processes, a few hundred rows a chunk."""

    def open_reader(_: str) -> AbstractContextManager[ChunkReader]:
        few = replace(source, fetch_rows=100)
        return chunk_reader(few, action="sync", client_identifier="chunks")

    return Reading(open_reader, readers=2, chunk_rows=500, large_rows=1_000)


def opener(source: Source) -> OpenSession:
    return lambda _: connect(source, action="sync", client_identifier="U1")


def copied(
    open_session: OpenSession,
    root: Path,
    ref: TableRef,
    reading: Reading,
    steps: Steps = SILENT,
) -> TableReceipt:
    plan = plan_copy(open_session, root, ref, USUAL)
    return copied_as(plan, open_session, root, reading, steps)


def copied_as(
    plan: Plan, open_session: OpenSession, root: Path, reading: Reading, steps: Steps
) -> TableReceipt:
    fence = 1 + len(read_manifest(root).entries)
    return run_copy(open_session, root, plan, USUAL, fence=fence, steps=steps, reading=reading)


def ids(root: Path, ref: TableRef) -> list[int]:
    return [row[0] for row in copied_rows(root, ref, '"ID"')]
