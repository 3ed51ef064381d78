"""The warehouse group: the folder of the copies, its list, its disk and its file system."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import cast

import redis

from app.doctor.checks import Check, listed, sized
from sync.counts import impatient
from sync.errors import WarehouseDamaged
from sync.runs import open_runs
from sync.warehouse.generation import dead_builds
from sync.warehouse.identity import ID_FILE, WAREHOUSE_KEY
from sync.warehouse.layout import BUILD, data_file
from sync.warehouse.manifest import Manifest, read_manifest

_check = partial(Check, "warehouse")

LEAST_FREE_BYTES = 1_000_000_000
SCARCE_SHARE = 0.1
COPIES_ROOM = 2
"""Of the largest table should have room: a new one is built beside the old."""
MOUNTS = Path("/proc/self/mounts")
_NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "9p", "fuse.sshfs", "fuse.s3fs")


def check_warehouse_folder(root: Path, client: "redis.Redis | None") -> Iterator[Check]:
    """Look at the folder; *client* is None where Redis is not to be asked."""
    root = root.absolute()
    if _is_closed(root):
        remedy = f"Run this as the user who runs the worker (this one is number {os.getuid()})."
        yield _check("folder", "FAIL", f"{root} may not be looked into", remedy)
        return
    yield from _folder(root)
    try:
        manifest = read_manifest(root)
    except WarehouseDamaged as error:
        yield _check(
            "manifest",
            "FAIL",
            str(error),
            "Check that this user may read it; stop bot and workers before you restore it.",
        )
        manifest = Manifest()
    else:
        yield _copies(root, manifest)
    yield _room(root, manifest)
    if root.is_dir():
        yield _file_system(root)
        yield from _identity(root, client)
        yield from _leftovers(root, client)


def _folder(root: Path) -> Iterator[Check]:
    place = _nearest(root)
    writable = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    if root.exists() and not root.is_dir():
        yield _check("folder", "FAIL", f"{root} is no folder", "Set WAREHOUSE_DIR to a folder.")
    elif not writable and _is_read_only(place):
        remedy = "A worker needs it writable; mount it read-write there."
        yield _check("folder", "WARN", f"{root} is on a read-only mount: for a bot alone", remedy)
    elif not writable:
        remedy = f"Give it to the user who runs the worker (this one is number {os.getuid()})."
        yield _check("folder", "FAIL", f"{root}: nothing can be written in {place}", remedy)
    elif not root.exists():
        yield _check("folder", "OK", f"{root} is not there yet; the first worker makes it")
    else:
        yield _check("folder", "OK", f"{root}, writable")


def _copies(root: Path, manifest: Manifest) -> Check:
    gone = [
        str(entry.ref)
        for entry in manifest.entries
        if not data_file(root, entry.ref, entry.generation).is_file()
    ]
    if gone:
        told = f"the files of {listed(gone)} are not there"
        remedy = "Restore them from a backup, or sync (or import) these tables again."
        return _check("manifest", "FAIL", told, remedy)
    size = sum(entry.bytes for entry in manifest.entries)
    return _check("manifest", "OK", f"{len(manifest.entries)} tables have a copy, {sized(size)}")


def _room(root: Path, manifest: Manifest) -> Check:
    usage = shutil.disk_usage(_nearest(root))
    largest = max((entry.bytes for entry in manifest.entries), default=0)
    told = f"{sized(usage.free)} of {sized(usage.total)} are free"
    remedy = "Free some space, or move WAREHOUSE_DIR to a larger disk."
    if usage.free < LEAST_FREE_BYTES:
        return _check("disk", "FAIL", told, remedy)
    if usage.free < COPIES_ROOM * largest:
        told += f", and the largest copy has {sized(largest)}"
        return _check("disk", "WARN", told, remedy)
    if usage.free < SCARCE_SHARE * usage.total:
        return _check("disk", "WARN", f"{told}, less than a tenth", remedy)
    return _check("disk", "OK", told)


def _file_system(root: Path) -> Check:
    check = partial(_check, "file system")
    kind = _kind(root)
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=root) as folder:
            fault = _fault(Path(folder))
    except OSError as error:
        remedy = "Run this as the user who runs the worker."
        return check("SKIP", f"{kind}; could not be tried ({error.strerror})", remedy)
    local = "Put WAREHOUSE_DIR on a local POSIX file system, such as ext4 or xfs."
    if fault:
        return check("FAIL", f"{kind}: {fault}", local)
    if kind.startswith(_NETWORK_FILE_SYSTEMS):
        return check("WARN", f"{kind}: locks may not bind other hosts", local)
    return check("OK", f"{kind}; locks exclude each other and a rename replaces")


def _fault(folder: Path) -> str:
    """Try a lock that must not be had twice, and a rename that must replace; "" if both hold."""
    path = folder / "lock"
    with path.open("w") as first, path.open("a") as second:
        fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            return "a lock (flock) can be had twice"
    new = folder / "new"
    new.write_text("new", encoding="utf-8")
    new.replace(path)
    return "" if path.read_text(encoding="utf-8") == "new" else "a rename does not replace"


def _identity(root: Path, client: "redis.Redis | None") -> Iterator[Check]:
    """Compare the folder's id with the one Redis knows; neither is changed."""
    if client is None:
        return
    try:
        here = (root / ID_FILE).read_text(encoding="utf-8").strip()
        with impatient(client) as quick:
            known = cast("str | None", quick.get(WAREHOUSE_KEY))
    except (OSError, UnicodeDecodeError, redis.RedisError):
        return  # new, or Redis is away, which its own group tells
    if known is not None and known != here:
        told = "this folder and this Redis belong to different installations"
        yield _check("identity", "FAIL", told, "Check WAREHOUSE_DIR and REDIS_URL.")


def _leftovers(root: Path, client: "redis.Redis | None") -> Iterator[Check]:
    """Tell of build folders whose run has ended; a worker removes them when it starts."""
    builds = list((root / BUILD).glob("*/*/*"))
    if not builds:
        yield _check("builds", "OK", "nothing is left over")
        return
    check = partial(_check, "builds")
    try:
        if client is None:
            raise redis.ConnectionError
        with impatient(client) as quick:
            dead = dead_builds(root, open_runs(quick))
    except redis.RedisError:
        told = f"{len(builds)} are there; which runs are alive, only Redis knows"
        yield check("SKIP", told, "Run this again when Redis answers.")
        return
    if dead:
        told = f"{len(dead)} of {len(builds)} are left over from runs that have ended"
        yield check("WARN", told, "Start a worker: it removes them.")
    else:
        yield check("OK", f"{len(builds)} are being written")


def _is_closed(path: Path) -> bool:
    try:
        path.stat()
    except PermissionError:
        return True
    except OSError:
        return False  # not there, or something else that its own check tells
    return False


def _nearest(path: Path) -> Path:
    """The path itself, or the nearest folder above it that exists."""
    return next(place for place in (path, *path.parents) if place.exists())


def _is_read_only(place: Path) -> bool:
    return bool(os.statvfs(place).f_flag & os.ST_RDONLY)


def _kind(root: Path) -> str:
    """Name the file system of a folder, as Linux lists its mounts."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "unknown"
    found, length = "unknown", -1
    place = str(root.resolve())
    for line in lines:
        _, mounted, kind, *_ = [*line.split(" "), "", "", ""]
        mounted = mounted.replace("\\040", " ")
        inside = place == mounted or place.startswith(mounted.rstrip("/") + "/")
        if inside and len(mounted) >= length:
            found, length = kind, len(mounted)
    return found
