"""The gallery holds everything the product draws for Slack."""

import importlib
import inspect
import pkgutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

import pytest

import app.views
from sandbox.gallery.catalogue import gallery
from sandbox.gallery.pieces import Piece

DRAWS = ("Message", "dict[str, typing.Any]", "dict[str, object]")
"""What a function gives that draws something for Slack."""
PICTURES = "app.views.chart_spec"


@pytest.fixture(scope="module")
def drawn() -> tuple[list[Piece], set[CodeType]]:
    """The gallery, and all code that ran to draw it."""
    ran: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            ran.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        pieces = list(gallery())
    finally:
        sys.setprofile(before)
    return pieces, ran


def drawing_functions() -> Iterator[Callable[..., Any]]:
    for found in pkgutil.walk_packages(app.views.__path__, "app.views."):
        if found.name == PICTURES:
            continue
        module = importlib.import_module(found.name)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            gives = inspect.formatannotation(inspect.signature(function).return_annotation)
            is_own = function.__module__ == module.__name__ and not name.startswith("_")
            if is_own and any(one in gives for one in DRAWS):
                yield function


def test_every_view_is_in_the_gallery(drawn: tuple[list[Piece], set[CodeType]]) -> None:
    functions = list(drawing_functions())
    assert len(functions) > 10
    missing = [
        f"{function.__module__}.{function.__name__}: draw it in a family of sandbox/gallery"
        for function in functions
        if function.__code__ not in drawn[1]
    ]
    assert missing == []


def test_each_piece_has_a_name_of_its_own_and_stands_there_in_both_languages(
    drawn: tuple[list[Piece], set[CodeType]],
) -> None:
    counted = Counter(piece.name for piece in drawn[0])
    assert set(counted.values()) == {2}
    assert len({(piece.name, piece.language) for piece in drawn[0]}) == len(drawn[0])
