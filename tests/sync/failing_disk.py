"""A disk that refuses what a test says, through the interpreter's own audit events (PEP 578)."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache
from typing import Any

Strike = Callable[[str, tuple[Any, ...]], None]
"""Gets an event's name and arguments (docs.python.org, "Audit events table"); what it raises is
what the operation raises."""

_strikes: list[Strike] = []


@contextmanager
def striking(strike: Strike) -> Generator[None]:
    """Ask *strike* about every operation of this process that the interpreter audits."""
    _listen()
    _strikes.append(strike)
    try:
        yield
    finally:
        _strikes.remove(strike)


def after_replacing(name: str, error: BaseException) -> Strike:
    """Raise *error* once, where the folder of the file *name* is made durable after a replace."""
    folders: list[str] = []

    def strike(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.rename" and str(arguments[1]).endswith(f"/{name}"):
            folders.append(str(arguments[1]).removesuffix(f"/{name}"))
        elif event == "open" and str(arguments[0]) in folders:
            folders.clear()
            raise error

    return strike


def on_removing(name: str, error: BaseException) -> Strike:
    """Raise *error* whenever the folder *name* is to be removed with all it holds."""

    def strike(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "shutil.rmtree" and str(arguments[0]).endswith(f"/{name}"):
            raise error

    return strike


@cache
def _listen() -> None:
    """Hear the events of this process from now on; a hook cannot be taken back."""

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        for strike in tuple(_strikes):
            strike(event, arguments)

    sys.addaudithook(hear)
