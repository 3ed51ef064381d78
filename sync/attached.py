"""The files that people shared in a thread: read once, asked in that thread alone, then forgotten.

Redis says which there are, for as long as the thread is remembered. A folder of the warehouse that
it does not name is nobody's, and `sweep_files` removes it.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import redis
from pydantic import BaseModel, ConfigDict, ValidationError

from sync.attach_errors import FilesFull, ThreadFilesFull
from sync.audit import note
from sync.plan import ATTACHED
from sync.state import key
from sync.warehouse.attaching import Reading
from sync.warehouse.layout import DATA_FILE, THREADS, generation_folder, remove_folder
from sync.warehouse.manifest import ManifestEntry

log = logging.getLogger(__name__)

UNFINISHED_SECONDS = 3600
"""A folder that no record names may be one that is being written until it is so old."""
SWEEP_SECONDS = 3600.0
_EXPECTED_SECONDS = 86_400
"""So long a file may wait to be read."""


class Attached(BaseModel):
    """A file of a thread."""

    model_config = ConfigDict(frozen=True)

    id: str
    """By which whoever shared it knows it; the same one is read once."""
    message: str
    """Source of the message it was shared with."""
    user: str
    entry: ManifestEntry
    reading: Reading

    @property
    def file(self) -> str:
        """Its name, as its person gave it."""
        return self.entry.receipt.imported


def digest_of(thread: str) -> str:
    """Name a thread in a file name, from which nobody reads where it stands."""
    return hashlib.sha256(thread.encode()).hexdigest()[:32]


def files_of(client: "redis.Redis", thread: str) -> tuple[Attached, ...]:
    """The files of *thread*, those that were read first first."""
    files = _kept(client, _files(thread))
    return tuple(sorted(files, key=lambda one: one.entry.as_of))


def files_there(client: "redis.Redis", root: Path, thread: str) -> tuple[Attached, ...]:
    """Those of its files that can be asked: a warehouse that was restored has none of before."""
    return tuple(
        one
        for one in files_of(client, thread)
        if (generation_folder(root, one.entry.ref, one.entry.generation) / DATA_FILE).is_file()
    )


def find_file(client: "redis.Redis", root: Path, thread: str, file_id: str) -> Attached | None:
    """The file of *thread* by its id, if it is read."""
    return next((one for one in files_there(client, root, thread) if one.id == file_id), None)


def keep_file(client: "redis.Redis", root: Path, thread: str, file: Attached, days: int) -> None:
    """Have *file* be one of *thread*, in place of one of the same name by the same person."""
    for one in files_of(client, thread):
        if (one.file, one.user) == (file.file, file.user) and one.id != file.id:
            _remove(client, root, thread, one)
    client.hset(_files(thread), file.id, file.model_dump_json())
    note_place(client, thread, file.id)
    keep_files(client, thread, days)
    team = thread.partition(":")[0]
    told = f"{file.entry.rows} rows, {file.entry.bytes} bytes"
    note(client, team, "file_shared", who=file.user, subject=file.file, where=thread, detail=told)


def keep_files(client: "redis.Redis", thread: str, days: int) -> None:
    """Remember the files of a thread so long from now on, as the thread itself is."""
    team = thread.partition(":")[0]
    client.expire(_files(thread), days * 86_400)
    for file_id in cast("list[str]", client.hkeys(_files(thread))):
        client.expire(_places_of(team, file_id), days * 86_400)


def note_place(client: "redis.Redis", thread: str, file_id: str) -> None:
    """Note that a file is shared in *thread*, before it is read: it may be deleted meanwhile."""
    team, _, place = thread.partition(":")
    name = _places_of(team, file_id)
    client.sadd(name, place)
    if client.ttl(name) < _EXPECTED_SECONDS:
        client.expire(name, _EXPECTED_SECONDS)


def threads_of_file(client: "redis.Redis", team: str, file_id: str) -> list[str]:
    """All threads a file was shared in."""
    places = cast("set[str]", client.smembers(_places_of(team, file_id)))
    return [f"{team}:{place}" for place in sorted(places)]


def forget_files(
    client: "redis.Redis",
    root: Path,
    thread: str,
    who: str,
    *,
    message: str = "",
    file_id: str = "",
) -> int:
    """Remove the files of a thread: all of them, or of one message, or one. How many there were.

    *who* has brought that about, for the audit; empty where nobody is known.
    """
    gone = [
        one
        for one in files_of(client, thread)
        if message in ("", one.message) and file_id in ("", one.id)
    ]
    for one in gone:
        _remove(client, root, thread, one)
    if gone:
        names = ", ".join(one.file for one in gone)
        team = thread.partition(":")[0]
        note(client, team, "files_removed", who=who, subject=names, where=thread)
    return len(gone)


def require_place(
    client: "redis.Redis", root: Path, thread: str, *, most_files: int, most_mb: int
) -> None:
    """Raise `ThreadFilesFull` or `FilesFull` where there is no place for another file."""
    if client.hlen(_files(thread)) >= most_files:
        raise ThreadFilesFull(most=most_files)
    files = (root / THREADS).glob(f"*/*/*/{DATA_FILE}")
    if sum(_size(one) for one in files) >= most_mb * 1_000_000:
        raise FilesFull(most=most_mb)


def sweep_files(client: "redis.Redis", root: Path, team: str) -> int:
    """Remove what no thread names any more; how many files there were."""
    removed = 0
    for thread in _folders(root / THREADS):
        name = key(team, "files", thread.name)
        kept = _kept(client, name)
        if len(kept) < client.hlen(name):
            continue  # one of another release, whose folder is not known here
        named = {one.entry.generation for one in kept}
        for generation in [one for table in _folders(thread) for one in _folders(table)]:
            if generation.name not in named and _is_old(generation):
                removed += _is_removed(generation)
        _remove_empty([*_folders(thread), thread])
    return removed


def keep_swept(
    client: "redis.Redis",
    root: Path,
    team: str,
    stop: threading.Event,
    every: float = SWEEP_SECONDS,
) -> None:
    """Sweep again and again until *stop*: what expires in Redis stands on the disk until then."""
    while True:
        try:
            sweep_files(client, root, team)
        except (redis.RedisError, OSError) as error:
            log.warning("files of threads are not swept now: %s", type(error).__name__)
        if stop.wait(every):
            return


def _kept(client: "redis.Redis", name: str) -> list[Attached]:
    """The files that stand under a key; what another release wrote and cannot be read is left."""
    found: list[Attached] = []
    for one in cast("list[str]", client.hvals(name)):
        try:
            found.append(Attached.model_validate_json(one))
        except ValidationError:
            log.warning("a file of %s is kept in a form that cannot be read", name)
    return found


def _is_removed(folder: Path) -> bool:
    try:
        remove_folder(folder)
    except OSError as error:  # another one's; the next sweep tries again
        log.warning("a file that no thread names is not removed: %s", error.strerror)
        return False
    return True


def _remove(client: "redis.Redis", root: Path, thread: str, file: Attached) -> None:
    """Take a file out of its thread, and then off the disk; a query at hand keeps reading."""
    client.hdel(_files(thread), file.id)
    entry = file.entry
    if entry.ref.source != f"{ATTACHED}{digest_of(thread)}":
        return
    folder = generation_folder(root, entry.ref, entry.generation)
    remove_folder(folder)
    _remove_empty((folder.parent, folder.parent.parent))


def _remove_empty(folders: Iterable[Path]) -> None:
    for one in folders:
        try:
            one.rmdir()
        except OSError:  # another file stands there, or somebody was quicker
            continue


def _folders(folder: Path) -> list[Path]:
    try:
        return [one for one in folder.iterdir() if one.is_dir() and not one.is_symlink()]
    except FileNotFoundError:
        return []


def _is_old(folder: Path) -> bool:
    try:
        return time.time() - folder.stat().st_mtime > UNFINISHED_SECONDS
    except FileNotFoundError:
        return False


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _files(thread: str) -> str:
    return key(thread.partition(":")[0], "files", digest_of(thread))


def _places_of(team: str, file_id: str) -> str:
    return key(team, "file_places", file_id)
