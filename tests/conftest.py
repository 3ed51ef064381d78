"""The order of the suite: stories wait more than they compute, so each process begins with some."""

import pytest

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
