"""What Slack says of us when we come: our workspace, its address, and what we may do there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from slack_sdk import WebClient

from app.manifest import SCOPES


@dataclass(frozen=True)
class Workspace:
    """The workspace a bot works in, as Slack told when it started."""

    team: str = ""
    enterprise: str = ""
    """The organisation it belongs to, in Enterprise Grid."""
    url: str = ""
    """``https://acme.slack.com/``."""
    missing_scopes: tuple[str, ...] = ()
    """Those of our manifest that were not granted."""


NOWHERE = Workspace()
"""Before Slack was asked: nothing leads there."""


def learn_workspace(slack: WebClient) -> Workspace:
    """Ask Slack once. Raises slack_sdk's errors."""
    answer = slack.auth_test()
    granted = granted_scopes(cast("Mapping[str, Any]", answer.headers))
    missing = () if granted is None else (one.name for one in SCOPES if one.name not in granted)
    return Workspace(
        team=cast("str", answer["team_id"]),
        enterprise=str(answer.get("enterprise_id") or ""),
        url=str(answer.get("url") or ""),
        missing_scopes=tuple(missing),
    )


def granted_scopes(headers: Mapping[str, Any]) -> frozenset[str] | None:
    """Read which scopes a token has from what came with an answer; None where it does not say."""
    said = {str(name).lower(): value for name, value in headers.items()}.get("x-oauth-scopes")
    if said is None:
        return None
    text = str(cast("list[object]", said)[0]) if isinstance(said, list) else str(said)
    return frozenset(scope.strip() for scope in text.split(",")) - {""}


def permalink(url: str, channel: str, ts: str, thread_ts: str = "") -> str:
    """Write the address of a message; empty where it or the workspace's is not known."""
    if not (url and channel and ts):
        return ""
    address = f"{url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"
    if not thread_ts or thread_ts == ts:
        return address
    return f"{address}?thread_ts={thread_ts}&cid={channel}"
