"""Whether who owns a schedule is still there."""

import logging
from collections.abc import Callable
from http.client import HTTPException
from typing import Any, cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from app.slack_gateway import reason

log = logging.getLogger(__name__)


def make_has_left(client: WebClient) -> Callable[[str], bool]:
    """Make the function that says whether a Slack user's account is deactivated or unknown.

    Needs the scope users:read. What Slack does not tell counts as no: nobody's schedule is paused
    because Slack is away or a right is missing.
    """

    def has_left(user: str) -> bool:
        try:
            answer = client.users_info(user=user)
        except (SlackClientError, OSError, HTTPException) as error:
            why = reason(error)
            if why != "user_not_found":
                log.warning("whether %s is still there is not known: %s", user, why)
            return why == "user_not_found"
        found = cast("dict[str, Any]", answer.get("user") or {})
        return bool(found.get("deleted"))

    return has_left
