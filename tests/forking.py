"""Processes of their own, forked from one in which everything is imported already.

There is one such server for a test process, so one list of what it imports: each new interpreter
would take a second to import the product, some hundred times in the suite.
"""

import multiprocessing
from pathlib import Path

ROOT = Path(__file__).parents[1]
FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(
    [
        *(f"app.cli.{path.stem}" for path in sorted((ROOT / "app" / "cli").glob("[a-z]*.py"))),
        "sandbox.start",
        "tests.botctl",
        "tests.sync.crashing",
    ]
)
