"""Who is in a Slack user group, remembered for five minutes."""

import logging
import time
from collections.abc import Callable
from http.client import HTTPException
from typing import cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from app.remembering import Remembered, once_at_a_time
from app.slack_gateway import reason

log = logging.getLogger(__name__)

Members = Callable[[str], frozenset[str] | None]
"""The members of a Slack user group; None where Slack does not say."""

FRESH_SECONDS = 300.0
KEPT_SECONDS = 3600.0
"""So long the last known members count where Slack does not answer; then the group is nobody."""
_GONE = frozenset({"no_such_subteam", "subteam_not_found"})
"""Slack's words for a group that is not there, which is an answer."""


def nobody_if_unknown(members: Members) -> Callable[[str], frozenset[str]]:
    """Let a group nobody knows be nobody, for whoever decides about an approval."""
    return lambda group: members(group) or frozenset[str]()


def make_members(client: WebClient, now: Callable[[], float] = time.monotonic) -> Members:
    """Make the function that does the same, and gives None where Slack does not say."""
    known = Remembered[frozenset[str]](now)

    def members(group: str) -> frozenset[str] | None:
        found = known.find(group, FRESH_SECONDS)
        if found:
            return found[0]
        try:
            answer = client.usergroups_users_list(usergroup=group)
        except (SlackClientError, OSError, HTTPException) as error:
            log.warning("members of %s are not known: %s", group, reason(error))
            if reason(error) in _GONE:
                return frozenset()
            stale = known.find(group, KEPT_SECONDS)
            return stale[0] if stale else None
        users = frozenset(cast("list[str]", answer.get("users") or []))
        return known.keep(group, users)

    return once_at_a_time(members)
