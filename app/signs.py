"""What shows how a question stands, beside its words: a reaction, a session of Slack's, prompts.

None of it may keep an answer. What Slack refuses the app as such is not tried again for a while: a
method it does not have, a scope that was not granted, an app that is no agent.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Literal, cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError
from slack_sdk.web import SlackResponse

from app.places import Place
from app.remembering import Remembered
from app.slack_client import PacedClient, casual, hurried
from app.slack_gateway import reason

log = logging.getLogger(__name__)

Mark = Literal["eyes", "white_check_mark", "hourglass_flowing_sand", "warning"]
"""Reactions on a question: it is worked on, answered, waits for an approval, has failed."""
SessionStatus = Literal["processing", "active", "suspended", "closed"]

TITLE_CHARACTERS = 200
REFUSED_SECONDS = 600.0
_PATIENCE_SECONDS = 3
_MARK_PATIENCE_SECONDS = 0.1
"""Nothing else is called by these methods, so nobody is left room for, as `casual` does."""
_SESSION_SECONDS = 3600.0
_REFUSED_AS_SUCH = frozenset(
    {
        "access_denied",
        "feature_not_enabled",
        "method_deprecated",
        "missing_scope",
        "no_permission",
        "not_allowed",
        "not_allowed_token_type",
        "not_authorized",
        "unknown_method",
    }
)
_NO_STOP = "missing_agent_session_stopped_event_subscription"


@dataclass(frozen=True)
class Signs:
    """Where signs are shown, and which methods Slack does not let this app call."""

    slack: WebClient
    marks: WebClient
    """For reactions: it takes what room there is, and waits for none."""
    refused: Remembered[str]
    sessions: Remembered[bool]
    """Of a thread, whether its session could be begun; what was not begun need not be ended."""


def make_signs(slack: WebClient, now: Callable[[], float] = time.monotonic) -> Signs:
    """Make what shows signs; it waits three seconds for Slack at the longest, and tries once."""
    marks = hurried(slack, _PATIENCE_SECONDS)
    if isinstance(marks, PacedClient):
        marks.patience = _MARK_PATIENCE_SECONDS
    return Signs(hurried(slack, _PATIENCE_SECONDS), marks, Remembered(now), Remembered(now))


def put_mark(signs: Signs, channel: str, ts: str, mark: Mark) -> None:
    """Put a reaction on a message (reactions:write), where Slack's limits have room for it."""
    _try(
        signs,
        "reactions.add",
        lambda: signs.marks.reactions_add(channel=channel, timestamp=ts, name=mark),
    )


def take_mark(signs: Signs, channel: str, ts: str, mark: Mark) -> None:
    """Take it off again."""
    _try(
        signs,
        "reactions.remove",
        lambda: signs.marks.reactions_remove(channel=channel, timestamp=ts, name=mark),
    )


def set_session(
    signs: Signs, place: Place, status: SessionStatus, *, title: str = "", user: str = ""
) -> bool:
    """Say what the agent does in a direct message's thread; whether people can stop it there.

    *title* and *user*, whoever asked, count where Slack knows no session of the thread yet. In
    channels there are no sessions of ours.
    """
    if not place.channel.startswith("D") or not place.thread_ts:
        return False
    begins, begun = status == "processing", signs.sessions.find(str(place), _SESSION_SECONDS)
    slack = casual(signs.slack) if begins or begun == (False,) else signs.slack
    answer = _try(
        signs,
        "agents.sessions.setStatus",
        lambda: slack.agents_sessions_setStatus(
            channel_id=place.channel,
            thread_ts=place.thread_ts,
            status=status,
            title=" ".join(title.split())[:TITLE_CHARACTERS] or None,
            initiator_user_id=user or None,
        ),
    )
    if begins:
        signs.sessions.keep(str(place), answer is not None)
    if answer is None:
        return False
    about = cast("Mapping[str, Sequence[str]]", answer.get("response_metadata") or {})
    return _NO_STOP not in (answer.get("warning"), *about.get("warnings", ()))


def suggest(signs: Signs, channel: str, title: str, prompts: Sequence[Mapping[str, str]]) -> bool:
    """Offer what may be asked in somebody's direct message (assistant:write); whether Slack did.

    Without a thread: in the agent view a call that names one does nothing.
    """
    told = [dict(prompt) for prompt in prompts]
    answer = _try(
        signs,
        "assistant.threads.setSuggestedPrompts",
        lambda: casual(signs.slack).assistant_threads_setSuggestedPrompts(
            channel_id=channel, title=title, prompts=told
        ),
    )
    return answer is not None


def _try(signs: Signs, method: str, call: Callable[[], SlackResponse]) -> SlackResponse | None:
    if signs.refused.find(method, REFUSED_SECONDS):
        return None
    try:
        return call()
    except (SlackClientError, OSError, HTTPException) as error:
        why = reason(error)
        if why in _REFUSED_AS_SUCH:
            signs.refused.keep(method, why)
            log.warning("%s is left alone for a while: %s", method, why)
        else:
            log.info("%s was not done: %s", method, why)
        return None
