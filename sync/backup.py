"""A backup: everything Redis knows of ours, and the tables that are published, in one folder.

::

    <folder>/redis.jsonl            a line a key: name, remaining life, value as Redis dumps it
    <folder>/warehouse/             as `sync.warehouse.layout` draws it, without build/
    <folder>/backup.json            written last: what belongs to it, and its SHA-256

Redis is read first, in one script and so at one moment. The warehouse may then be a little newer,
which is the harmless way round: a run is found published by the manifest, never the reverse.
"""

import base64
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast

import redis
from pydantic import BaseModel, ConfigDict, ValidationError

from sync.plan import TableRef
from sync.state import PREFIX, raw_client, run_script
from sync.warehouse.current import link_current
from sync.warehouse.identity import WAREHOUSE_KEY
from sync.warehouse.layout import (
    DATA_FILE,
    ENTRY_FILE,
    RECEIPT_FILE,
    disk_full_named,
    generation_folder,
    remove_folder,
    sync_folder,
    write_durably,
)
from sync.warehouse.manifest import MANIFEST_FILE, Manifest, ManifestEntry, read_manifest

MAX_STATE_BYTES = 1 << 30
"""Redis answers nobody else while it hands over its state, and holds it in memory once more."""

ATTEMPTS = 5
"""How often the manifest is read again because a copy it named was pruned meanwhile."""

BACKUP_FILE = "backup.json"
_REDIS_FILE = "redis.jsonl"
_WAREHOUSE = "warehouse"


class BackupError(Exception):
    """A backup or restore was refused or broke off; the sentence says what to do."""


class Backup(BaseModel):
    """What a finished backup holds."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    taken_at: str
    """ISO 8601 UTC."""
    keys: int
    tables: int
    bytes: int
    """Of the tables' files, older generations included."""
    files: dict[str, str]
    """SHA-256 by path inside the folder."""

    def __str__(self) -> str:
        return (
            f"{self.keys:,} keys of Redis and {self.tables:,} tables ({self.bytes:,} bytes), "
            f"as of {self.taken_at}"
        )


def back_up(client: "redis.Redis", warehouse: Path, folder: Path) -> Backup:
    """Write a backup to *folder*, which must not exist yet; bots and workers may go on.

    It appears whole or not at all. Raises BackupError, DiskFull and redis.RedisError.
    """
    if folder.exists():
        raise BackupError(f"{folder} is already there. Name a folder that does not exist yet.")
    partial = folder.with_name(folder.name + ".partial")
    remove_folder(partial)
    try:
        with disk_full_named():
            partial.mkdir(parents=True, mode=0o700)  # it holds what people wrote, and rows
            taken_at = datetime.now(UTC).isoformat(timespec="seconds")
            keys = _save_state(client, partial / _REDIS_FILE)
            manifest = _save_warehouse(warehouse, partial / _WAREHOUSE)
            files = sorted(path for path in partial.rglob("*") if path.is_file())
            backup = Backup(
                taken_at=taken_at,
                keys=keys,
                tables=len(manifest.entries),
                bytes=sum(path.stat().st_size for path in files if path.name == DATA_FILE),
                files={path.relative_to(partial).as_posix(): _digest(path) for path in files},
            )
            write_durably(partial / BACKUP_FILE, backup.model_dump_json(indent=2), mode=0o600)
            os.sync()  # the copies must not be younger than the name they get
            partial.rename(folder)
            sync_folder(folder.parent)
    except BaseException:
        remove_folder(partial)
        raise
    return backup


def restore(client: "redis.Redis", warehouse: Path, folder: Path) -> Backup:
    """Put a backup back where nothing runs and nothing is: no key of ours, no published table.

    What broke off half-way can be called again. Raises BackupError, DiskFull and redis.RedisError.
    """
    backup = _checked(folder)
    published = read_manifest(warehouse).entries
    if published:
        raise BackupError(
            f"{warehouse} holds {len(published)} tables. Stop everything and move it away first."
        )
    keys = cast("Iterator[str]", client.scan_iter(match=f"{PREFIX}:*", count=1000))
    if next(keys, None) is not None:
        raise BackupError(
            "Redis holds keys of Duckferry. Stop everything, wait 30 seconds, and empty it or name "
            "another one."
        )
    manifest = read_manifest(folder / _WAREHOUSE)
    with disk_full_named():
        for entry in manifest.entries:
            for generation in (entry.generation, *entry.previous):
                _copy_generation(folder / _WAREHOUSE, warehouse, entry.ref, generation)
                generation_folder(warehouse, entry.ref, generation).chmod(0o555)
        _load_state(client, folder / _REDIS_FILE)
        os.sync()
        # Last, so that a restore that broke off has published nothing and may be called again.
        warehouse.mkdir(parents=True, exist_ok=True)
        write_durably(warehouse / MANIFEST_FILE, manifest.model_dump_json(indent=2), mode=0o644)
        link_current(warehouse, [(entry.ref, entry.generation) for entry in manifest.entries])
    return backup


_DUMP_ALL = """
local dumped, seen, bytes, cursor = {}, {}, 0, '0'
repeat
  local page = redis.call('SCAN', cursor, 'MATCH', ARGV[1], 'COUNT', 1000)
  cursor = page[1]
  for _, name in ipairs(page[2]) do
    local value = not seen[name] and name ~= ARGV[3] and redis.call('DUMP', name)
    seen[name] = true
    if value then
      bytes = bytes + #value
      if bytes > tonumber(ARGV[2]) then return 'too much' end
      dumped[#dumped + 1] = {name, redis.call('PTTL', name), value}
    end
  end
until cursor == '0'
return dumped
"""


def _save_state(client: "redis.Redis", path: Path) -> int:
    with raw_client(client) as raw:
        reply = run_script(raw, _DUMP_ALL, [], f"{PREFIX}:*", MAX_STATE_BYTES, WAREHOUSE_KEY)
    if reply == b"too much":
        raise BackupError(
            f"Redis holds more than {MAX_STATE_BYTES:,} bytes of state; back up its append-only "
            "file instead."
        )
    dumped = cast("list[tuple[bytes, int, bytes]]", reply)
    with path.open("x", encoding="utf-8") as file:
        path.chmod(0o600)
        for name, ttl_ms, value in dumped:
            line = {
                "key": name.decode(),
                "ttl_ms": ttl_ms,
                "dump": base64.b64encode(value).decode(),
            }
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return len(dumped)


def _load_state(client: "redis.Redis", path: Path) -> None:
    """Create all keys in one transaction. A key that had an end has its remaining life again."""
    with raw_client(client) as raw, raw.pipeline(transaction=True) as transaction:
        for name, ttl_ms, value in _lines(path):
            transaction.restore(name, 0 if ttl_ms < 0 else max(ttl_ms, 1), value)
        try:
            transaction.execute()
        except redis.ResponseError as error:
            raise BackupError(
                f"Redis refused the backup's keys ({error}). Use a Redis at least as new as the "
                "one the backup is from, and empty it before you try again."
            ) from error


def _lines(path: Path) -> Iterator[tuple[str, int, bytes]]:
    with path.open(encoding="utf-8") as file:
        for text in file:
            line = json.loads(text)
            yield line["key"], int(line["ttl_ms"]), base64.b64decode(line["dump"])


def _save_warehouse(root: Path, target: Path) -> Manifest:
    """Copy what the manifest names; it again, where a publish has pruned something meanwhile."""
    for _ in range(ATTEMPTS):
        remove_folder(target)
        target.mkdir()
        manifest = read_manifest(root)
        copied = [_copy_entry(root, target, entry) for entry in manifest.entries]
        whole = tuple(entry for entry in copied if entry is not None)
        if len(whole) == len(copied):
            saved = Manifest(entries=whole)
            write_durably(target / MANIFEST_FILE, saved.model_dump_json(indent=2), mode=0o644)
            return saved
    raise BackupError(
        "Tables were published faster than they could be copied, or the file of a published table "
        "is missing. Try again when fewer syncs run."
    )


def _copy_entry(root: Path, target: Path, entry: ManifestEntry) -> ManifestEntry | None:
    """Copy a table's generations: the current one, or None; of the older ones those still there."""
    if not _copy_generation(root, target, entry.ref, entry.generation):
        return None
    older = tuple(g for g in entry.previous if _copy_generation(root, target, entry.ref, g))
    return entry.model_copy(update={"previous": older})


def _copy_generation(source: Path, target: Path, ref: TableRef, generation: str) -> bool:
    """Copy one generation, which appears whole; False where it is gone."""
    origin = generation_folder(source, ref, generation)
    copy = generation_folder(target, ref, generation)
    if copy.exists():
        return True
    partial = copy.with_name(copy.name + ".partial")
    remove_folder(partial)
    partial.mkdir(parents=True)
    try:
        for name in (DATA_FILE, RECEIPT_FILE, ENTRY_FILE):
            shutil.copyfile(origin / name, partial / name)
            (partial / name).chmod(0o444)
    except FileNotFoundError:
        remove_folder(partial)
        return False
    partial.rename(copy)
    return True


def _checked(folder: Path) -> Backup:
    """Read what a backup holds, after comparing every file of it."""
    try:
        backup = Backup.model_validate_json((folder / BACKUP_FILE).read_bytes())
    except (OSError, ValidationError) as error:
        raise BackupError(f"{folder} is not a finished backup of this version.") from error
    for name, digest in backup.files.items():
        path = folder / name
        if not path.is_file() or _digest(path) != digest:
            raise BackupError(f"{path} is missing or damaged; use another backup.")
    return backup


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
