"""No process of ours outlives the one it works for."""

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1
"""From Linux's prctl.h."""


def die_with(parent_pid: int, how: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send this process *how* when its parent is gone (Linux; prctl(2)).

    To the kernel the parent is the thread that started this process, so that one must last.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, how)
    if os.getppid() != parent_pid:
        # The parent died before the kernel knew of the wish.
        os.kill(os.getpid(), how)
