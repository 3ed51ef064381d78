"""Pin every package, with hashes: of the product, its tests, its wheel and its peers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK_VENV = ROOT / ".venv-lock"
LOCK_PYTHON = LOCK_VENV / "bin" / "python"
TIMEOUT_SECONDS = 600
#: One file for Python 3.11 to 3.13. No host and no path enters it (the header would hold this
#: command, with paths), so that it works with a company mirror too.
COMPILE = (
    *("pip", "compile", "--quiet", "--upgrade", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-header"),
)


def main() -> None:
    """Install uv beside the checkout's own environment and resolve all files with it."""
    run(sys.executable, "-m", "venv", "--without-pip", str(LOCK_VENV))
    run(sys.executable, "-m", "pip", "--python", str(LOCK_PYTHON), "install", "--quiet", "uv")
    runtime, dev = "requirements/runtime.txt", "requirements/dev.txt"
    uv = (str(LOCK_PYTHON), "-m", "uv", *COMPILE)
    run(*uv, "pyproject.toml", "--output-file", runtime)
    # The same versions for tests as for the product, and for its image as for the tests.
    run(*uv, "pyproject.toml", "--group", "dev", "--constraint", runtime, "--output-file", dev)
    build = "requirements/build.txt"
    run(*uv, "--group", "build", "--constraint", dev, "--output-file", build)
    # Peers use the product's driver and DuckDB, so that what is measured is what they do with them.
    bench = "requirements/bench.txt"
    run(*uv, "--group", "bench", "--constraint", runtime, "--output-file", bench)


def run(*command: str) -> None:
    """Run one step in the checkout; a failing step ends the program."""
    subprocess.run(command, check=True, cwd=ROOT, timeout=TIMEOUT_SECONDS)


if __name__ == "__main__":
    main()
