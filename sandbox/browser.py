"""The machine's own browser, driven: a Chromium that is there already; none is downloaded."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome")


def missing() -> str:
    """What keeps a browser from being driven here, empty if nothing does."""
    if find_spec("playwright") is None:
        return "playwright has no wheel for this machine"
    if _program() is None:
        return f"no browser is installed ({', '.join(NAMES)})"
    return ""


@contextmanager
def browser() -> "Generator[Browser]":
    """Start the browser without a window. It reaches this machine and nothing else."""
    from playwright.sync_api import sync_playwright

    arguments = [
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "--force-color-profile=srgb",
        "--font-render-hinting=none",
    ]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium refuses root without
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=_program(), args=arguments)
        try:
            yield running
        finally:
            running.close()


def _program() -> Path | None:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return Path(found) if found else None
