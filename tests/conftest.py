"""The order of the suite: stories wait more than they compute, so each process begins with some."""

import pytest

PROCESSES = 4
"""As many parts as pyproject.toml starts processes; xdist cuts the list into such parts."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put every fourth story at the beginning of each fourth of the list."""
    stories = [item for item in items if "tests/story/" in item.nodeid]
    others = [item for item in items if "tests/story/" not in item.nodeid]
    size = -(-len(items) // PROCESSES)
    ordered: list[pytest.Item] = []
    for part in range(PROCESSES):
        first = stories[part::PROCESSES]
        rest = max(size - len(first), 0)
        ordered += [*first, *others[:rest]]
        others = others[rest:]
    items[:] = [*ordered, *others]
