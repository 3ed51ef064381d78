"""Requests that end soon: people are reminded of each once."""

from typing import cast

import redis

from sync import approval_scripts as scripts
from sync.approvals import Approval, ApprovalState, approval_key, load_approval, pending_key
from sync.state import run_script

REMINDING_SECONDS = 120
"""So long whoever was given a request has to remind people of it."""


def ending_soon(client: "redis.Redis", team: str, *, within_seconds: int) -> list[Approval]:
    """Give the requests of a team that end soon and of which nobody was reminded.

    To one caller at a time: another gets it if this one says nothing for `REMINDING_SECONDS`.
    """
    prefix = approval_key(f"{team}-").removesuffix(f"{team}-")
    keys, wait_ms = [pending_key(team)], REMINDING_SECONDS * 1000
    ids = run_script(client, scripts.ENDING, keys, within_seconds * 1000, prefix, wait_ms)
    found = [load_approval(client, approval_id) for approval_id in cast("list[str]", ids)]
    return [one for one in found if one is not None and one.state is ApprovalState.PENDING]


def note_reminded(client: "redis.Redis", approval_id: str, *, done: bool) -> None:
    """Note that people were reminded of a request, or that this is to be tried again."""
    run_script(client, scripts.REMINDED, [approval_key(approval_id)], "yes" if done else "no")
