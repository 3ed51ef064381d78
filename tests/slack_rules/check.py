"""Whether Slack would take a message or a view, by three means that share nothing with the product.

They share nothing with the stand-in either: slack_sdk's models, a JSON Schema written from Slack's
documents, and the counts that these documents name. Each sees what the others do not.
"""

from collections.abc import Sequence
from typing import Any

from tests.slack_rules import counts, models, schema


def message_complaints(text: str, blocks: Sequence[Any]) -> list[str]:
    """All that is wrong with a message; empty if nothing is."""
    wrong = [f"schema: {one}" for one in schema.wrong_blocks(blocks, "message")]
    wrong += [f"slack_sdk: {one}" for one in models.refused_blocks(blocks)]
    if any(one.startswith("schema") for one in wrong):
        return wrong  # what is not as documented cannot be counted
    return wrong + [f"count: {one}" for one in counts.wrong_message(text, blocks)]


def view_complaints(view: dict[str, Any]) -> list[str]:
    """All that is wrong with a modal or a Home tab; empty if nothing is."""
    surface: schema.Surface = "home" if view.get("type") == "home" else "modal"
    blocks = view.get("blocks", [])
    wrong = [f"schema: {one}" for one in schema.wrong_view(view)]
    wrong += [f"schema: {one}" for one in schema.wrong_blocks(blocks, surface)]
    wrong += [f"slack_sdk: {one}" for one in models.refused_view(view)]
    if any(one.startswith("schema") for one in wrong):
        return wrong
    return wrong + [f"count: {one}" for one in counts.wrong_view(view)]
