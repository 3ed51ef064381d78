"""Which warehouse belongs to which Redis, so that no process works on another one's files.

A bot that reads one folder while the worker publishes into another would answer from nothing, or
from old data. So the folder carries an id, Redis remembers it, and every process compares the two
when it starts.
"""

import errno
import secrets
from contextlib import suppress
from pathlib import Path

import redis

from sync.errors import WarehouseDamaged, WarehouseMismatch
from sync.state import PREFIX
from sync.warehouse.layout import disk_full_named, write_durably

ID_FILE = "warehouse.id"
WAREHOUSE_KEY = f"{PREFIX}:warehouse"
"""Stays out of backups: what is restored elsewhere is another warehouse."""


def check_warehouse(client: "redis.Redis", root: Path) -> None:
    """Raise `WarehouseMismatch` where *root* is not the warehouse this Redis knows.

    The first process that may write there gives a new folder its id. A folder that is not there yet
    is left to who makes it, a worker, and one that may only be read to others.
    """
    # In this order: who tells Redis has named the folder before.
    known = client.get(WAREHOUSE_KEY)
    here = _id_of(root)
    if here is None and known is None and root.is_dir():
        here = _name(root)
    if here is None and known is None:
        return
    if known is None:
        client.set(WAREHOUSE_KEY, str(here), nx=True)
        known = client.get(WAREHOUSE_KEY)
    if here != known:
        raise WarehouseMismatch(here=here or "no id", known=str(known))


def adopt_warehouse(client: "redis.Redis", root: Path) -> str:
    """Make *root* the warehouse of this Redis, whatever either knew before; gives its id."""
    root.mkdir(parents=True, exist_ok=True)
    here = _id_of(root) or _name(root)
    if here is None:
        raise WarehouseDamaged(file=ID_FILE)
    client.set(WAREHOUSE_KEY, here)
    return here


def _id_of(root: Path) -> str | None:
    try:
        return (root / ID_FILE).read_text(encoding="ascii").strip() or None
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise WarehouseDamaged(file=ID_FILE) from error


def _name(root: Path) -> str | None:
    """Give a folder a new id, or the one another process gave it meanwhile.

    None where this process may not write there.
    """
    name = secrets.token_hex(8)
    new = root / f"{ID_FILE}.{name}"
    try:
        with disk_full_named():
            write_durably(new, name + "\n", mode=0o444)
            with suppress(FileExistsError):  # the first of many wins, and its file is whole
                (root / ID_FILE).hardlink_to(new)
            new.unlink()
    except OSError as error:
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            return None
        raise
    return _id_of(root)
