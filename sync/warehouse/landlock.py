"""Landlock: a process gives up files and TCP for good; the kernel then refuses them (landlock(7)).

It binds the calling thread and what that starts later, so it is called while there is one thread.
It needs no right, binds root as well, and cannot be undone; a second call can only narrow.
Numbers and structures are those of linux/landlock.h.
"""

import ctypes
import os
import stat
from collections.abc import Iterable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""The same on every architecture of Linux."""
_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1

_EXECUTE, _READ_FILE, _READ_DIR = 1, 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights over files each ABI knows: from EXECUTE, the first bit, to IOCTL_DEV."""
TCP_ABI = 4
_TCP = 0b11
"""To bind and to connect."""
_SCOPES_ABI = 6
_SCOPES = 0b11
"""Abstract Unix sockets and signals to processes outside."""


def landlock_abi() -> int | None:
    """Ask the kernel for Landlock's ABI version, or None where it has none or it is off."""
    library = ctypes.CDLL(None, use_errno=True)
    arguments = (ctypes.c_long(_CREATE_RULESET), None, ctypes.c_size_t(0))
    found = library.syscall(*arguments, ctypes.c_uint32(_CREATE_RULESET_VERSION))
    return found if found > 0 else None


def read_only(readable: Iterable[str], abi: int, *, but: str = "") -> None:
    """Leave this process nothing but reading *readable*: files, and all below folders.

    No other file, nothing written or executed, no TCP (ABI 4) and no signal to others (ABI 6); only
    in the folder *but*, where there is one, files can be written too.
    What is open already stays open. A path that is not there is left out. The process must have
    set PR_SET_NO_NEW_PRIVS. Raises OSError where the kernel refuses: then nothing is closed.
    """
    every_right = (1 << _FILE_RIGHTS[min(abi, max(_FILE_RIGHTS))]) - 1
    attributes = _Ruleset(
        handled_access_fs=every_right,
        handled_access_net=_TCP,
        scoped=_SCOPES,
    )
    size = 8 if abi < TCP_ABI else 16 if abi < _SCOPES_ABI else 24
    ruleset = _call(_CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), 0)
    try:
        for path in readable:
            _allow(ruleset, path, _READ_FILE | _READ_DIR)
        if but:
            _allow(ruleset, but, every_right & ~_EXECUTE)
        _call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        rule = _PathBeneath(rights if folder else _READ_FILE, handle)
        _call(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(handle)


def _call(number: int, *arguments: object) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    wide = (ctypes.c_long(one) if isinstance(one, int) else one for one in arguments)
    done = library.syscall(ctypes.c_long(number), *wide)
    if done < 0:
        raise OSError(ctypes.get_errno(), f"landlock: {os.strerror(ctypes.get_errno())}")
    return done
