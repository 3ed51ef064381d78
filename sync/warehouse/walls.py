"""Which walls stand around a query on this machine: a value that doctor and the start log tell."""

import ctypes
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sync.warehouse.landlock import TCP_ABI, landlock_abi

NOBODY = 65534
"""The user that root's queries become where there is no Landlock; it owns nothing (nobody)."""

_SETGID, _SETUID = 6, 7
"""Their bits among a process's capabilities (linux/capability.h)."""
_PR_SET_DUMPABLE = 4

FileWall = Literal["landlock", "file modes", "another user", "none"]


@dataclass(frozen=True)
class Walls:
    """What keeps a query from files and network, beside the process of its own."""

    landlock: int | None
    """Landlock's ABI version; None where the kernel has none or it is off."""
    root: bool
    may_change_user: bool

    @property
    def files(self) -> FileWall:
        """What keeps files from a query whose SQL gets past DuckDB's own settings."""
        if self.landlock is not None:
            return "landlock"
        if not self.root:
            return "file modes"
        return "another user" if self.may_change_user else "none"

    @property
    def tcp(self) -> bool:
        """The kernel refuses a query TCP."""
        return self.landlock is not None and self.landlock >= TCP_ABI

    def __str__(self) -> str:
        if self.files == "none":
            return "nothing keeps files from queries, so none is run"
        files = f"Landlock (ABI {self.landlock})" if self.landlock is not None else self.files
        tcp = "TCP closed" if self.tcp else "TCP open"
        return f"queries behind the guard, a process of their own, {files}, {tcp}"


def walls() -> Walls:
    """Look which walls this machine gives this process."""
    return Walls(
        landlock=landlock_abi(), root=os.geteuid() == 0, may_change_user=_may_change_user()
    )


def keep_memory_private() -> None:
    """Let no process of the same user read this one's memory or environment (PR_SET_DUMPABLE).

    ``/proc/<pid>/environ`` and ``mem`` are then root's, and a debugger cannot attach; prctl(2).
    """
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0)


def _may_change_user() -> bool:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name == "CapEff":
            held = int(value, 16)
            return bool(held >> _SETUID & 1 and held >> _SETGID & 1)
    return False
