"""botctl in a process of its own, forked from one in which everything is imported already.

It is the same program with the same environment, input and output, only without the second each new
interpreter takes to import the product: the suite calls it some hundred times.
"""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired

from tests.forking import FORKING, ROOT

SECONDS = 60.0


def call_botctl(
    environ: Mapping[str, str], *arguments: str, typed: str = "", terminal: str | None = None
) -> "CompletedProcess[str]":
    """Call botctl with nothing but *environ* around it and *typed* as its input.

    *terminal* is the path of a terminal to read from instead. Raises TimeoutExpired.
    """
    with tempfile.TemporaryDirectory(prefix="botctl-") as folder:
        files = {name: Path(folder, name) for name in ("in", "out", "err")}
        files["in"].write_text(typed, encoding="utf-8")
        paths = (terminal or str(files["in"]), str(files["out"]), str(files["err"]))
        own = {"PATH": os.defpath, "PYTHONUTF8": "1", **environ}
        process = FORKING.Process(target=_main, args=(arguments, own, paths))
        process.start()
        process.join(SECONDS)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutExpired(["botctl", *arguments], SECONDS)
        out, err = (files[name].read_text(encoding="utf-8") for name in ("out", "err"))
        return CompletedProcess(["botctl", *arguments], process.exitcode, out, err)


def _main(
    arguments: tuple[str, ...], environ: Mapping[str, str], paths: tuple[str, str, str]
) -> None:
    """Become botctl: its environment, its three files, its arguments."""
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(ROOT)
    for number, (path, mode) in enumerate(
        zip(paths, (os.O_RDONLY, _WRITING, _WRITING), strict=True)
    ):
        os.dup2(os.open(path, mode | os.O_NOCTTY, 0o600), number)
    sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", closefd=False)
    sys.argv = ["botctl", *arguments]
    sys.orig_argv = [sys.executable, "-m", "app.cli.main", *arguments]
    from app.cli.main import main

    main()


_WRITING = os.O_WRONLY | os.O_CREAT
