"""Prepare .venv with the pinned packages, or do nothing when it is already right.

Runs on a bare Python (standard library only), also where Debian left out ensurepip
(python3-venv is missing) and where the system's pip is "externally managed" (PEP 668): the
virtual environment is made without pip, and a pip from outside installs into it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements" / "dev.txt"
INPUTS = (LOCK, ROOT / "pyproject.toml", Path(__file__).resolve())
#: Written last; its text says which Python and which files .venv was made for.
STAMP = VENV / ".duckferry-ready"
#: Stands while packages are being installed; found at the start, it means an install was cut off.
INSTALLING = VENV / ".duckferry-installing"
OLDEST_PYTHON = (3, 11)
INSTALL_TIMEOUT_SECONDS = 1800
PROBE_TIMEOUT_SECONDS = 60


class BootstrapError(Exception):
    """The environment cannot be prepared; the text says why and what to do."""


def main() -> int:
    """Prepare .venv and return an exit code; says nothing when there is nothing to do."""
    if sys.version_info[:2] < OLDEST_PYTHON:
        # In the oldest Python's own words: this file must be readable for it up to this line.
        return fail(
            "Duckferry needs Python 3.11 or newer, and this is "
            + ".".join(map(str, sys.version_info[:3]))
            + ". Name another one: make test PYTHON=python3.12"
        )
    with LOCK.open("rb") as handle:
        # Two makes at once: the second waits, then finds everything ready.
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            prepare()
        except BootstrapError as error:
            return fail(str(error))
        except KeyboardInterrupt:
            return fail("Stopped. The next make starts the installation again.")
    return 0


def prepare() -> None:
    """Create .venv where needed and install what requirements/dev.txt pins."""
    wanted = stamp_text()
    usable = is_usable()
    if usable and STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
        return
    if not usable or INSTALLING.exists():
        create_venv()
    STAMP.unlink(missing_ok=True)
    pip = find_pip()
    INSTALLING.touch()
    count = sum("==" in line for line in LOCK.read_text(encoding="utf-8").splitlines())
    say(f"installing {count} pinned packages into .venv; about a minute the first time ...")
    run_pip(
        pip,
        # A wheel exists for each package, so no compiler is needed; without one, say so at once.
        *("--only-binary", ":all:", "--require-hashes", "-r", str(LOCK)),
    )
    run_pip(pip, "--no-deps", "--no-build-isolation", "--no-index", "--editable", str(ROOT))
    STAMP.write_text(wanted, encoding="utf-8")
    INSTALLING.unlink()


def stamp_text() -> str:
    """Name the Python and the content of every file that decides what .venv holds."""
    digest = hashlib.sha256()
    for path in INPUTS:
        digest.update(path.read_bytes())
    return f"{sys.version_info[0]}.{sys.version_info[1]} {ROOT} {digest.hexdigest()}\n"


def is_usable() -> bool:
    """Tell whether .venv works, stands where it was made and is of the Python that runs this."""
    moved = STAMP.exists() and f" {ROOT} " not in STAMP.read_text(encoding="utf-8")
    if moved or not VENV_PYTHON.exists():
        return False
    version = probe(str(VENV_PYTHON), "-c", "import sys; print(*sys.version_info[:2])")
    return version == f"{sys.version_info[0]} {sys.version_info[1]}"


def create_venv() -> None:
    """Make an empty .venv, without pip: Debian's Python may have none to give."""
    if VENV.is_symlink():  # emptied it would be for whoever it belongs to
        raise BootstrapError(
            ".venv is a link to another one. Remove the link, then run make again."
        )
    version = ".".join(map(str, sys.version_info[:3]))
    say(f"creating .venv with Python {version}")
    made = subprocess.run(
        [outer_python(), "-m", "venv", "--clear", "--without-pip", str(VENV)],
        capture_output=True,
        text=True,
        check=False,
        timeout=INSTALL_TIMEOUT_SECONDS,
    )
    if made.returncode != 0:
        raise BootstrapError(
            f"Python {version} cannot make a virtual environment ({last_line(made)}). "
            "On Debian or Ubuntu: apt install python3-venv; or name a complete Python: "
            "make test PYTHON=/path/to/python3"
        )


def find_pip() -> list[str]:
    """Return the command of a pip that can install into .venv.

    First the pip of the Python in use, then the one Python bundles, then any on PATH; an older
    one may not run on a newer Python. pip can serve another environment since 22.3.
    """
    into_venv = ["--python", str(VENV_PYTHON)]
    own = [outer_python(), "-m", "pip", *into_venv]
    if probe(*own, "--version"):
        return own
    bundled = [str(VENV_PYTHON), "-m", "pip"]
    if probe(*bundled, "--version"):
        return bundled
    probe(str(VENV_PYTHON), "-m", "ensurepip")
    if probe(*bundled, "--version"):
        return bundled
    for name in ("pip3", "pip"):
        on_path = [name, *into_venv]
        if probe(*on_path, "--version"):
            return on_path
    raise BootstrapError(
        "No pip of version 22.3 or newer was found. On Debian or Ubuntu: apt install python3-pip; "
        "elsewhere: python3 -m ensurepip --user"
    )


def run_pip(pip: list[str], *arguments: str) -> None:
    """Install quietly; when it fails, show what pip said."""
    quietly = ("--quiet", "--disable-pip-version-check", "--progress-bar", "off", "--no-input")
    try:
        installed = subprocess.run(
            [*pip, "install", "--no-user", *quietly, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=INSTALL_TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise BootstrapError(
            f"pip did not finish within {INSTALL_TIMEOUT_SECONDS // 60} minutes. Check the "
            "network and run the same command again."
        ) from error
    if installed.returncode != 0:
        lines = (installed.stdout + installed.stderr).strip().splitlines()
        raise BootstrapError(
            "pip could not install the pinned packages. It said:\n  "
            + "\n  ".join(lines[-15:])
            + "\nCheck the network (a company mirror is set with pip config) and run the same "
            "command again."
        )


def outer_python() -> str:
    """Return the Python to build on: where .venv itself is active, the one beneath it."""
    inside_venv = sys.prefix != sys.base_prefix
    beneath = getattr(sys, "_base_executable", None)
    return beneath if inside_venv and isinstance(beneath, str) else sys.executable


def probe(*command: str) -> str:
    """Return what *command* prints, or nothing when it does not exist or fails."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PROBE_TIMEOUT_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """Return the last thing a failed program said."""
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[-1] if lines else f"exit code {done.returncode}"


def say(sentence: str) -> None:
    """Tell the person at the terminal what is happening."""
    print(f"duckferry: {sentence}", file=sys.stderr, flush=True)


def fail(sentence: str) -> int:
    """Tell why it stopped; returns the exit code."""
    say(sentence)
    return 1


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
