"""Slack's own word on everything the product sends, where a workspace lets it be asked."""

import os
from typing import cast

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from sandbox.gallery.catalogue import gallery
from sandbox.gallery.pieces import Piece
from tests.slack_rules.payloads import BAD

TOKEN = os.environ.get("SLACK_TEST_TOKEN", "")
URL = os.environ.get("SLACK_TEST_URL", WebClient.BASE_URL)
METHOD = "blocks.validate"
PASSING_ERRORS = frozenset({"invalid_blocks", "invalid_message", "invalid_view"})

if not TOKEN:
    pytest.skip(
        "SLACK_TEST_TOKEN holds no bot token to ask Slack's blocks.validate with "
        "(docs/live-tests.md)",
        allow_module_level=True,
    )


@pytest.fixture(scope="module")
def client() -> WebClient:
    # Slack says "special rate limits" and no figure, so each wait is as long as Slack asks for.
    patient = RateLimitErrorRetryHandler(max_retry_count=20)
    return WebClient(token=TOKEN, base_url=URL, retry_handlers=[patient])


def wrong(client: WebClient, **payload: object) -> list[str]:
    """What Slack says is wrong with blocks or a view."""
    try:
        client.api_call(METHOD, json=payload)
    except SlackApiError as error:
        if error.response.get("error") not in PASSING_ERRORS:
            raise
        told = cast("list[object]", error.response.get("errors") or [error.response.get("error")])
        return [str(one) for one in told]
    return []


@pytest.mark.timeout(3600)
def test_slack_finds_nothing_wrong_with_anything_the_product_sends(client: WebClient) -> None:
    def found(piece: Piece) -> list[str]:
        if piece.view is not None:
            return wrong(client, view=piece.view)
        return wrong(client, blocks=piece.blocks) if piece.blocks else []

    told = {f"{one.name} ({one.language})": found(one) for one in gallery()}
    assert {name: complaints for name, complaints in told.items() if complaints} == {}


def test_slack_finds_something_wrong_where_something_is(client: WebClient) -> None:
    assert wrong(client, blocks=BAD["section too long"])
