"""Who is in a Slack user group, remembered for five minutes."""

import logging
import threading
import time
from collections.abc import Callable
from http.client import HTTPException
from typing import cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from app.slack_gateway import reason

log = logging.getLogger(__name__)

FRESH_SECONDS = 300.0
KEPT_SECONDS = 3600.0
"""So long the last known members count where Slack does not answer; then the group is nobody."""
_GROUPS_KEPT = 1000


def make_groups(
    client: WebClient, now: Callable[[], float] = time.monotonic
) -> Callable[[str], frozenset[str]]:
    """Make the function that names a group's members by its id; a group nobody knows is nobody."""
    known: dict[str, tuple[float, frozenset[str]]] = {}
    lock = threading.Lock()

    def members(group: str) -> frozenset[str]:
        with lock:
            found = known.get(group)
        if found and now() - found[0] < FRESH_SECONDS:
            return found[1]
        try:
            answer = client.usergroups_users_list(usergroup=group)
        except (SlackClientError, OSError, HTTPException) as error:
            log.warning("members of %s are not known: %s", group, reason(error))
            stale = found and now() - found[0] < KEPT_SECONDS
            return found[1] if found and stale else frozenset()
        users = frozenset(cast("list[str]", answer.get("users") or []))
        with lock:
            while len(known) >= _GROUPS_KEPT:
                del known[next(iter(known))]
            known[group] = (now(), users)
        return users

    return members
