from collections.abc import Generator

import pytest

from tests.story.world import World, world


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    """One bot for all stories that leave it as they found it."""
    with world(tmp_path_factory.mktemp("story")) as running:
        yield running
