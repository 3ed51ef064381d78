"""What we say to Slack: a function a message, and how what it refuses is named.

What somebody waits for waits for room within Slack's limits (`PacedClient`); what only shows how
things go on is left out where there is none.
"""

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from http import HTTPStatus
from http.client import HTTPException
from typing import Any, cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    ServerErrorRetryHandler,
)
from slack_sdk.webhook import WebhookClient

from app.places import Place
from app.settings import SlackSettings
from app.slack_client import (
    SERVER_FAULT,
    TOO_MANY,
    NoRoom,
    OnCall,
    PacedClient,
    Watch,
    casual,
    in_its_time,
)
from app.slack_pace import Pace
from app.views.approval_card import Message
from app.views.budget import fitted
from app.views.results import plainer
from app.views.text import FALLBACK_CHARACTERS, SECTION_CHARACTERS, cut, section, split

log = logging.getLogger(__name__)

SIGNED_OUT = frozenset(
    {"token_revoked", "token_expired", "account_inactive", "invalid_auth", "not_authed"}
)
"""Slack's codes for a bot that was put out; an admin can let it in again."""
_PASSING = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
    }
)
"""Slack's error codes that a later try may not meet (its docs, "Common errors" of each method)."""

_BLOCKS_REFUSED = frozenset({"invalid_blocks", "msg_blocks_too_long"})
"""Slack's error codes for blocks it does not take, of a kind it does not know yet or too long."""


@dataclass(frozen=True)
class Posted:
    """A message that stands in Slack."""

    channel: str
    """Of a direct message its own id, not the person's."""
    ts: str
    is_plain: bool = False
    """Slack took neither tables nor charts, so they are shown as text or not at all."""


class NotDelivered(Exception):
    """Slack has not taken what we said."""


class SlackAway(NotDelivered):
    """It may take it later: a limit, a fault of its own, or the network."""


class SlackShut(SlackAway):
    """It takes nothing from us now: it cannot be reached, or the bot was put out of it."""


class SlackBusy(SlackAway):
    """Its limits leave no room now, so what only shows how things go on is left out."""


class SlackRefused(NotDelivered):
    """It never will: the channel is gone, a right is missing, the message is not to its rules."""


def make_client(
    settings: SlackSettings,
    on_call: OnCall = lambda _method, _outcome, _error: None,
    pace: Pace | None = None,
    zone: tzinfo = UTC,
) -> PacedClient:
    """Make a client that waits as Slack's limits ask, and retries a broken connection once.

    *on_call* is told of each try. Without a *pace* it waits only where Slack has refused.
    Dates that a reader's client cannot draw are told in *zone*.
    """
    return PacedClient(
        pace or Pace(),
        zone=zone,
        token=settings.bot_token.get_secret_value(),
        base_url=settings.api_url,
        timeout=15,
        retry_handlers=[
            Watch(on_call),
            ConnectionErrorRetryHandler(),
            ServerErrorRetryHandler(max_retry_count=1),
        ],
    )


def post(client: WebClient, place: Place, message: Message) -> str:
    """Post a message into a thread and give its ts. Raises `NotDelivered`."""
    return post_answer(client, place, message).ts


def post_answer(client: WebClient, place: Place, message: Message) -> Posted:
    """Post a message that may hold tables and charts. Raises `NotDelivered`.

    A Slack that takes no tables gets them as aligned text, and no charts.
    """
    return _plainer_if_refused(message, lambda told: _post(client, place, told.text, told.blocks))


def replace_or_post(client: WebClient, place: Place, ts: str, message: Message) -> Posted:
    """Put a message in place of *ts*, or, without one, below. Raises `NotDelivered`."""
    if ts:
        return replace_answer(client, place, ts, message)
    return post_answer(client, place, message)


def replace_answer(client: WebClient, place: Place, ts: str, message: Message) -> Posted:
    """Put a message in place of what was streamed into *ts*; anew where that is gone.

    Raises `NotDelivered`, and otherwise does as `post_answer`.
    """

    def change(told: Message) -> Posted:
        _update(client, place.channel, ts, told)
        return Posted(place.channel, ts)

    try:
        return _plainer_if_refused(message, change)
    except SlackRefused as error:
        log.info("what was streamed is not replaced: %s", error)
        return post_answer(client, place, message)


def whisper_blocks(
    client: WebClient, place: Place, user: str, text: str, blocks: list[dict[str, Any]]
) -> None:
    """Show one person something in a thread, until they reload. Raises `NotDelivered`."""
    told = fitted(Message(text, blocks))
    with named_refusals():
        client.chat_postEphemeral(
            channel=place.channel,
            user=user,
            thread_ts=place.thread_ts or None,
            text=told.text,
            blocks=told.blocks,
        )


def _plainer_if_refused(message: Message, send: Callable[[Message], Posted]) -> Posted:
    """Send a message; where Slack refuses its blocks, plainer ones, and at last its words alone."""
    told = fitted(message)
    unjudged = [block for block in told.blocks if block["type"] != "context_actions"]
    ladder = [(told.blocks, False)]
    plain = fitted(Message(told.text, plainer(told.blocks))).blocks  # columns are padded in it
    for blocks, is_plain in ((unjudged, False), (plain, True), ([], True)):
        if blocks != ladder[-1][0]:
            ladder.append((blocks, is_plain))
    return _first_taken(told.text, ladder, send)


def _first_taken(
    text: str,
    ladder: Sequence[tuple[list[dict[str, Any]], bool]],
    send: Callable[[Message], Posted],
) -> Posted:
    (blocks, is_plain), *simpler = ladder
    try:
        return replace(send(Message(text, blocks)), is_plain=is_plain)
    except SlackRefused as error:
        if str(error) not in _BLOCKS_REFUSED or not simpler:
            raise
        log.warning("Slack refused the blocks of a message (%s); simpler ones are sent", error)
    return _first_taken(text, simpler, send)


def upload(
    client: WebClient, place: Place, name: str, alt_text: str, content: bytes, words: str = ""
) -> None:
    """Put a file into a thread, with *words*; of a picture say what it shows.

    Raises `NotDelivered`.
    """
    with named_refusals():
        client.files_upload_v2(
            channel=place.channel,
            thread_ts=place.thread_ts or None,
            filename=name,
            title=name,
            alt_txt=alt_text or None,
            initial_comment=words or None,
            content=content,
        )


def _post(client: WebClient, place: Place, text: str, blocks: list[dict[str, Any]]) -> Posted:
    with named_refusals():
        answer = client.chat_postMessage(
            channel=place.channel,
            thread_ts=place.thread_ts or None,
            text=text,
            blocks=blocks,
            parse="none",
            unfurl_links=False,
            unfurl_media=False,
        )
        return Posted(cast("str", answer["channel"]), cast("str", answer["ts"]))


def update(
    client: WebClient, channel: str, ts: str, message: Message, *, is_progress: bool = False
) -> None:
    """Change a message. Raises `NotDelivered`; *is_progress*: `SlackBusy` rather than wait."""
    client = casual(client) if is_progress else client

    def change(told: Message) -> Posted:
        _update(client, channel, ts, told)
        return Posted(channel, ts)

    _plainer_if_refused(message, change)


def _update(client: WebClient, channel: str, ts: str, message: Message) -> None:
    with named_refusals():
        client.chat_update(
            channel=channel, ts=ts, text=message.text, blocks=message.blocks, parse="none"
        )


def redraw(client: WebClient, channel: str, ts: str, message: Message) -> None:
    """Change a message that was pressed; where Slack does not take it, the log says so."""

    def change(slack: WebClient) -> None:
        try:
            update(slack, channel, ts, message)
        except NotDelivered as error:
            log.info("the message %s in %s stays as it was: %s", ts, channel, error)

    in_its_time(client, change)


def whisper(client: WebClient, channel: str, user: str, thread_ts: str, text: str) -> None:
    """Tell one person something in private: in *channel*, or where that cannot be, directly.

    People press buttons of channels they have left, or that the bot was put out of. If Slack
    refuses both, the log says so.
    """
    shown = cut(text, FALLBACK_CHARACTERS)
    in_its_time(client, lambda slack: _whisper(slack, channel, user, thread_ts, shown))


def _whisper(client: WebClient, channel: str, user: str, thread_ts: str, text: str) -> None:
    try:
        if channel:
            try:
                with named_refusals():
                    client.chat_postEphemeral(
                        channel=channel,
                        user=user,
                        thread_ts=thread_ts or None,
                        text=text,
                        parse="none",
                    )
                return
            except SlackRefused as error:
                log.info("%s is told directly, not in %s: %s", user, channel, error)
        with named_refusals():
            client.chat_postMessage(channel=user, text=text, parse="none")
    except NotDelivered as error:
        log.warning("could not tell %s in %s: %s", user, channel or "private", error)


def publish_home(client: WebClient, user: str, view: dict[str, Any]) -> bool:
    """Set what somebody's Home tab shows; False where Slack does not take it, as the log says.

    Raises `SlackBusy`: it can be set soon.
    """
    try:
        with named_refusals():
            client.views_publish(user_id=user, view=view)
    except SlackBusy:
        raise
    except NotDelivered as error:
        log.warning("the Home of %s is not drawn: %s", user, error)
        return False
    return True


def answer_url(client: WebClient, url: str, text: str) -> bool:
    """Answer a slash command before whoever typed it alone, also where the bot is not in.

    *text* is safe mrkdwn. False where Slack does not take it.
    """
    try:
        with named_refusals():
            blocks = [section(piece) for piece in split(text, SECTION_CHARACTERS)]
            webhook = WebhookClient(url, timeout=client.timeout)
            answer = webhook.send(text=text, blocks=blocks, response_type="ephemeral")
    except NotDelivered as error:
        log.info("a command was not answered in its place: %s", error)
        return False
    return answer.status_code == HTTPStatus.OK


def reason(error: Exception) -> str:
    """Give Slack's error code, or the kind of network error; never the request with its token."""
    if isinstance(error, NoRoom):
        return str(error)
    if isinstance(error, SlackApiError):
        return cast("str", error.response.get("error", "unknown"))
    return type(error).__name__


@contextmanager
def named_refusals() -> Generator[None]:
    """Name what a call of Slack meets: raises `NotDelivered` in place of slack_sdk's errors."""
    try:
        yield
    except SlackApiError as error:
        status, code = cast("int", error.response.status_code), reason(error)
        if status >= SERVER_FAULT or code in SIGNED_OUT:
            raise SlackShut(code) from error
        passing = code in _PASSING or status == TOO_MANY
        raise (SlackAway if passing else SlackRefused)(code) from error
    except NoRoom as error:
        raise SlackBusy(str(error)) from error
    except (SlackClientError, OSError, HTTPException) as error:
        raise SlackShut(reason(error)) from error
