"""What slack_sdk's own models refuse of blocks and views. Kinds it does not know are left out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

UNKNOWN = ("data_table", "data_visualization")
"""Newer than the release: https://docs.slack.dev/changelog, of May and June 2026."""


def refused_blocks(blocks: Sequence[Any]) -> Iterator[str]:
    """What the model of each block refuses."""
    for number, block in enumerate(blocks):
        if block.get("type") in UNKNOWN:
            continue
        try:
            parsed = Block.parse(block)
            if parsed is None:
                yield f"block {number}: slack_sdk knows no {block.get('type')}"
            else:
                parsed.to_dict()
        except (SlackObjectFormationError, TypeError, ValueError, AttributeError) as error:
            yield f"block {number}: {error}"


def refused_view(view: Mapping[str, Any]) -> Iterator[str]:
    """What the model of a view refuses."""
    known = [block for block in view.get("blocks", ()) if block.get("type") not in UNKNOWN]
    try:
        fields: dict[str, Any] = {**view, "blocks": known or None}
        View(**fields).to_dict()
    except (SlackObjectFormationError, TypeError, ValueError, AttributeError) as error:
        yield f"view: {error}"
