"""What Slack shows of an answer before it is there: words as they come, and a status."""

import logging
from typing import cast

from slack_sdk import WebClient

from app.places import Place
from app.slack_client import casual
from app.slack_gateway import NotDelivered, named_refusals

log = logging.getLogger(__name__)

_STREAMED_CHARACTERS = 12_000
"""That one call may add to a stream."""


def start_stream(client: WebClient, place: Place, user: str, text: str) -> str:
    """Begin a message that grows, in a thread, and give its ts.

    Raises `NotDelivered`; `SlackBusy` says that it can be tried again soon.
    """
    with named_refusals():
        answer = casual(client).chat_startStream(
            channel=place.channel,
            thread_ts=place.thread_ts,
            recipient_user_id=user,
            recipient_team_id=place.team,
            markdown_text=text[:_STREAMED_CHARACTERS],
        )
        return cast("str", answer["ts"])


def append_stream(client: WebClient, place: Place, ts: str, text: str) -> None:
    """Let it grow.

    Raises as `start_stream`, and `SlackRefused` five minutes after its beginning.
    """
    with named_refusals():
        casual(client).chat_appendStream(
            channel=place.channel, ts=ts, markdown_text=text[:_STREAMED_CHARACTERS]
        )


def end_stream(client: WebClient, place: Place, ts: str) -> None:
    """See that it grows no more, so that it can be changed; Slack may have done so itself."""
    try:
        with named_refusals():
            client.chat_stopStream(channel=place.channel, ts=ts)
    except NotDelivered as error:
        log.info("the stream %s was not ended: %s", ts, error)


def set_status(client: WebClient, place: Place, status: str) -> None:
    """Say below a thread what the agent does; it goes with the next message. Never fails."""
    try:
        with named_refusals():
            # What takes a status away is waited for, or it stands there for two minutes.
            (casual(client) if status else client).assistant_threads_setStatus(
                channel_id=place.channel, thread_ts=place.thread_ts, status=status
            )
    except NotDelivered as error:
        log.info("no status in %s: %s", place.channel, error)
