from collections.abc import Generator

import pytest

from tests.story.world import World, world


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    """One bot for all stories that leave it as they found it."""
    with world(tmp_path_factory.mktemp("story")) as running:
        yield running


@pytest.fixture(scope="session")
def over_http(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    """The same, where Slack delivers over signed HTTP."""
    with world(tmp_path_factory.mktemp("story-http"), http=True) as running:
        yield running


@pytest.fixture(params=["shared", "over_http"], ids=["socket_mode", "signed_http"])
def either(request: pytest.FixtureRequest) -> World:
    """Each of the two in turn, for what must not depend on the way in."""
    return request.getfixturevalue(request.param)
