"""The order of the suite: stories wait more than they compute, so each process begins with some.

And what a sweep counted, told at the end by whichever process ran it.
"""

import json
from collections.abc import Callable, Iterator

import pytest
from _pytest.terminal import TerminalReporter

from sync.warehouse.query_process import Queries
from sync.warehouse.walls import walls
from sync.warehouse.zygote import Zygote
from tests.asking import AskedAt

TellSweep = Callable[..., None]

PROCESSES = 4
"""As many parts as pyproject.toml starts processes; xdist cuts the list into such parts."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put some stories at the beginning of each fourth of the list.

    Those over signed HTTP share one bot and so one part, those over Socket Mode two.
    """
    parts: list[list[pytest.Item]] = [[] for _ in range(PROCESSES)]
    others: list[pytest.Item] = []
    for number, item in enumerate(items):
        if "tests/story/" not in item.nodeid:
            others.append(item)
        elif "[signed_http]" in item.nodeid:
            parts[0].append(item)
        elif "shared" in getattr(item, "fixturenames", ()) or "[socket_mode]" in item.nodeid:
            parts[1 + number % 2].append(item)
        else:
            parts[0 if number % 3 == 0 else 3].append(item)
    size = -(-len(items) // PROCESSES)
    ordered: list[pytest.Item] = []
    for part in parts:
        rest = max(size - len(part), 0)
        ordered += [*part, *others[:rest]]
        others = others[rest:]
    items[:] = [*ordered, *others]


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """Shared by a worker process: its start is most of what a question of a test costs."""
    shared = Zygote(walls())
    yield shared
    shared.close()


@pytest.fixture(scope="session")
def asked_at(zygote: Zygote) -> AskedAt:
    standing = walls()
    return lambda root, limits: Queries(root, limits, standing, zygote)


@pytest.fixture
def no_shared_zygote(zygote: Zygote) -> None:
    """For tests that count this process's children; whoever needs it next starts it anew."""
    zygote.close()


@pytest.fixture
def tell_sweep(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> TellSweep:
    """Keep what a sweep counted, with its seed, as its one JSON line; a small sample has none."""

    def tell(**counts: object) -> None:
        if request.node.get_closest_marker("sweep"):
            record_property("sweep", json.dumps(counts, default=sorted))

    return tell


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print a line a sweep, of those that failed too."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                for name, line in report.user_properties:
                    if name == "sweep":
                        terminalreporter.write_line(line)
