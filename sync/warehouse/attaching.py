"""Read a file that somebody shared in a thread into a table of its own, in a process behind walls.

The table is written as every copy is, so a query meets it as it meets copies; but it is in no
manifest, and its name leads to it from its thread alone.
"""

import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sync.attach_errors import AttachFailed, FileReaderEnded
from sync.errors import Failure, QueriesUnguarded
from sync.plan import ATTACHED, Column, TableRef
from sync.receipt import TableReceipt
from sync.warehouse.csv_columns import KINDS, MOST_COLUMNS, Odd
from sync.warehouse.framing import TooLong, receive, send
from sync.warehouse.generation import new_generation
from sync.warehouse.layout import (
    DATA_FILE,
    RESERVE_BYTES,
    disk_full_named,
    generation_folder,
    remove_folder,
    require_room,
    sync_folder,
)
from sync.warehouse.manifest import ManifestEntry
from sync.warehouse.walls import NOBODY, Walls

SCHEMA = "FILE"
READ_SECONDS = 60
UNFINISHED = ".part"
"""Ends the name of a folder that is being written."""

_MOST_ANSWER_BYTES = 1_000_000
_MOST_TABLE_CHARACTERS = 50
_PRODUCT = Path(__file__).resolve().parents[2]
_BEGIN = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from sync.warehouse.attaching_process import main; main()"
)


class Reading(BaseModel):
    """How a file was read."""

    model_config = ConfigDict(frozen=True)

    rows: Annotated[int, Field(ge=0)]
    columns: Annotated[tuple[Column, ...], Field(max_length=MOST_COLUMNS)]
    encoding: Annotated[str, Field(max_length=20)]
    separator: Annotated[str, Field(max_length=1)]
    odd: Annotated[tuple[Odd, ...], Field(max_length=1000)] = ()


@dataclass(frozen=True)
class Wanted:
    """A file, and where it is to be known."""

    thread: str
    """What names the thread in file names: `sync.attached.digest_of`."""
    file: str
    """As its person named it."""
    by: str
    """The name of who shared it."""
    table: str
    """What it is to be called: `table_name_of`."""


def table_name_of(file: str, taken: Iterable[str]) -> str:
    """Name the table of a file: its name in letters, digits and _, that no table of *taken* has."""
    stem = re.sub(r"\.\w{1,4}$", "", unicodedata.normalize("NFC", file))
    plain = re.sub(r"\W+", "_", stem).strip("_")[:_MOST_TABLE_CHARACTERS].strip("_") or "data"
    plain = f"f_{plain}" if plain[0].isdigit() else plain
    used = {name.casefold() for name in taken}
    name, number = plain, 1
    while name.casefold() in used:
        number += 1
        name = f"{plain}_{number}"
    return name


def attach(root: Path, walls: Walls, wanted: Wanted, data: bytes) -> tuple[ManifestEntry, Reading]:
    """Write the table of a file; its entry is in no manifest, so who asks must keep it.

    Raises any `AttachFailed`, `QueriesUnguarded` and `DiskFull`; nothing is left behind then.
    """
    if walls.files == "none":
        raise QueriesUnguarded
    at = datetime.now(UTC)
    ref = TableRef(source=f"{ATTACHED}{wanted.thread}", schema_name=SCHEMA, table=wanted.table)
    place = generation_folder(root.absolute(), ref, new_generation(1))
    folder = place.with_name(place.name + UNFINISHED)
    with disk_full_named():
        folder.mkdir(parents=True)
    try:
        require_room(root, RESERVE_BYTES)
        reading = _read(walls, folder, ref, wanted, data)
        size = _sealed(walls, folder)
        folder.rename(place)
        sync_folder(place.parent)
    except BaseException:
        remove_folder(folder)
        with suppress(OSError):  # another file of this name stands there
            place.parent.rmdir()
        raise
    receipt = TableReceipt(
        ref=ref,
        generation=place.name,
        fence=1,
        rows=reading.rows,
        oracle_rows=None,
        scn=None,
        consistency="imported",
        as_of=at.isoformat(),
        seconds=round((datetime.now(UTC) - at).total_seconds(), 3),
        bytes=size,
        proof="none",
        imported=wanted.file,
        shared_by=wanted.by,
    )
    entry = ManifestEntry(
        ref=ref,
        generation=place.name,
        fence=1,
        rows=reading.rows,
        as_of=receipt.as_of,
        published_at=receipt.as_of,
        columns=reading.columns,
        key=(),
        comment=None,
        column_comments={},
        bytes=size,
        receipt=receipt,
    )
    return entry, reading


def _read(walls: Walls, folder: Path, ref: TableRef, wanted: Wanted, data: bytes) -> Reading:
    is_other = walls.files == "another user"
    if is_other:
        os.chown(folder, NOBODY, NOBODY)
    request = {
        "file": wanted.file,
        "folder": str(folder),
        "schema": ref.schema_name,
        "table": ref.table,
        "landlock": walls.landlock,
        "user": NOBODY if is_other else None,
        "seconds": READ_SECONDS,
    }
    answer = _asked(json.dumps(request).encode(), data)
    ended = FileReaderEnded(file=wanted.file, seconds=READ_SECONDS)
    try:
        told: Any = json.loads(answer)
        if "failure" in told:
            raise _failure(Failure.model_validate(told["failure"])) or ended
        reading = Reading.model_validate(told)
    except (ValueError, ValidationError, TypeError, KeyError, RecursionError):
        raise ended from None
    if not all(KINDS.fullmatch(one.duckdb_type) for one in reading.columns):
        raise ended
    return reading


def _asked(request: bytes, data: bytes) -> bytes:
    """What the process answers; empty where it does not."""
    until = time.monotonic() + READ_SECONDS
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-c", _BEGIN, str(_PRODUCT), str(os.getpid())],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            start_new_session=True,
        )
    with ours:
        try:
            ours.settimeout(READ_SECONDS)
            send(ours, request)
            send(ours, data)
            return receive(ours, _MOST_ANSWER_BYTES, until)
        except (OSError, TooLong):  # also TimeoutError
            return b""
        finally:
            process.kill()
            process.wait()


def _failure(told: Failure) -> AttachFailed | None:
    found = [one for one in AttachFailed.__subclasses__() if one.code == told.code]
    error = found[0](**told.params) if found else None
    str(error)  # KeyError where a value of its sentence is missing
    return error


def _sealed(walls: Walls, folder: Path) -> int:
    """Let nothing change the file any more; its bytes.

    What else the process left is removed, and what is no plain file of its own is not taken: it may
    have been made to do anything.
    """
    path = folder / DATA_FILE
    for one in folder.iterdir():
        if one != path:
            shutil.rmtree(one) if one.is_dir() and not one.is_symlink() else one.unlink()
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        raise FileReaderEnded(file=DATA_FILE, seconds=READ_SECONDS) from None
    try:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
            raise FileReaderEnded(file=DATA_FILE, seconds=READ_SECONDS)
        os.fsync(handle)
        if walls.files == "another user":
            os.fchown(handle, os.geteuid(), os.getegid())
            os.chown(folder, os.geteuid(), os.getegid())
        os.fchmod(handle, 0o444)
    finally:
        os.close(handle)
    folder.chmod(0o555)
    return facts.st_size
