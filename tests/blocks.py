"""Walking what Slack is sent: every object in blocks or views, wherever it stands."""

from collections.abc import Iterator, Sequence
from typing import Any, cast


def objects(value: object) -> Iterator[dict[str, Any]]:
    """Give an object and all below it, in order."""
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        yield found
        for inner in found.values():
            yield from objects(inner)
    elif isinstance(value, list | tuple):
        for inner in cast("Sequence[object]", value):
            yield from objects(inner)
