"""Where things stand in a warehouse folder, and how they get there durably.

::

    <root>/manifest.json, manifest.lock, import.lock
    <root>/current/<source>/<SCHEMA.TABLE>.duckdb             link to the current data.duckdb
    <root>/.files/                                            exports on their way to a person
    <root>/.threads/<thread>/<FILE.NAME>/<generation>/data.duckdb  a file shared in one thread
    <root>/build/<source>/<SCHEMA.TABLE>/<run id>/            being written
    <root>/<source>/<SCHEMA.TABLE>/<generation>/data.duckdb   0444, in a folder of 0555
                                               /receipt.json  0444
                                               /entry.json    0444
"""

import errno
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sync.errors import DiskFull, TableBusy
from sync.plan import ATTACHED, TableRef

DATA_FILE = "data.duckdb"
RECEIPT_FILE = "receipt.json"
ENTRY_FILE = "entry.json"
"""What the manifest says of the generation besides its receipt."""
BUILD = "build"
CURRENT = "current"
FILES = ".files"
"""Exports that wait to be handed over; no source has a name that begins so."""
THREADS = ".threads"
"""Files that people shared in threads; none of them is in the manifest."""
OURS = (BUILD, CURRENT, FILES, THREADS)
"""Folders beside those of the sources."""

RESERVE_BYTES = 256_000_000
"""A run that would leave less room on the disk is stopped."""

_LOCK_PAUSE_SECONDS = 0.01

MAX_NAME_BYTES = 255
"""Longest file name of the usual POSIX file systems (NAME_MAX)."""


def table_folder(root: Path, ref: TableRef) -> Path:
    """The folder of all generations of a table."""
    if ref.is_attached:
        thread = folder_name(ref.source.removeprefix(ATTACHED))
        return root / THREADS / thread / folder_name(ref.schema_name, ref.table)
    source = folder_name(ref.source)
    if source in (BUILD, CURRENT):  # no escape yields %62 or %63, so it is no other source's name
        source = f"%{ord(source[0]):02x}{source[1:]}"
    return root / source / folder_name(ref.schema_name, ref.table)


def generation_folder(root: Path, ref: TableRef, generation: str) -> Path:
    """The folder of one published generation."""
    return table_folder(root, ref) / generation


def data_file(root: Path, ref: TableRef, generation: str) -> Path:
    """The DuckDB file of one published generation."""
    return generation_folder(root, ref, generation) / DATA_FILE


def build_folder(root: Path, ref: TableRef) -> Path:
    """The folder that holds one folder a run while the table is being written."""
    return root / BUILD / table_folder(root, ref).relative_to(root)


def folder_name(*parts: str) -> str:
    """One safe folder name for names joined by a dot; different names never share a folder.

    Letters of any script stay readable. Slash, dot, percent and control characters are
    percent-encoded; a name that would be too long keeps its beginning and ends in a hash of the
    whole.
    """
    encoded = ".".join("".join(map(_safe, part)) for part in parts)
    if len(encoded.encode()) <= MAX_NAME_BYTES:
        return encoded
    # "%~" never comes out of the encoding, so a shortened name cannot be somebody's whole name.
    end = "%~" + hashlib.sha256(encoded.encode()).hexdigest()
    beginning = encoded.encode()[: MAX_NAME_BYTES - len(end)].decode(errors="ignore")
    return beginning + end


def require_room(root: Path, reserve_bytes: int) -> None:
    """Raise `DiskFull` where less than *reserve_bytes* is left beside the warehouse.

    Stopping early leaves room for what shares the disk, such as Redis's append-only file.
    """
    if shutil.disk_usage(root).free < reserve_bytes:
        raise DiskFull


def write_durably(path: Path, text: str, *, mode: int) -> None:
    """Replace a file as a whole: readers see the old or the new text, also after a power cut."""
    new = path.with_name(path.name + ".new")
    with disk_full_named():
        with new.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.chmod(mode)
        new.replace(path)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make what a file holds durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_folder(folder: Path) -> None:
    """Remove a folder with all it holds, sealed or not; no complaint where it is gone."""
    if not folder.exists():
        return
    for inner in (folder, *folder.rglob("*")):
        if inner.is_dir() and not inner.is_symlink():
            inner.chmod(0o755)
    shutil.rmtree(folder)


@contextmanager
def locked(path: Path, *, wait_seconds: float, what: str) -> Generator[None]:
    """Hold the lock of a file, which lasts as long as its process and is freed by its death.

    Raises `TableBusy` that names *what* after *wait_seconds*.
    """
    with disk_full_named():
        path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait_seconds
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TableBusy(table=what) from None
                time.sleep(_LOCK_PAUSE_SECONDS)
        yield  # closing the file gives it back


def is_locked(path: Path) -> bool:
    """Whether some process holds the lock of a file."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


@contextmanager
def disk_full_named() -> Generator[None]:
    """Turn the system's "no space left" into `DiskFull`."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull from error
        raise


def _safe(character: str) -> str:
    if character in "/.%\\" or not character.isprintable():
        return "".join(f"%{byte:02X}" for byte in character.encode())
    return character
