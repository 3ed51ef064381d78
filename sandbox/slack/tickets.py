"""What Slack hands out to be used once or for a while: sockets, triggers, response_urls, uploads.

https://docs.slack.dev/interactivity/handling-user-interaction: a trigger_id opens one view within
three seconds; a response_url is good for five messages within thirty minutes.
"""

import secrets
import time
from dataclasses import dataclass

from sandbox.slack.delivery import ACK_SECONDS
from sandbox.slack.values import Message
from sandbox.slack.workspace import SlackRefusal

MAX_RESPONSE_URL_USES = 5
RESPONSE_URL_SECONDS = 30 * 60


@dataclass(kw_only=True)
class Trigger:
    """One interaction of *user*; `view_id` is the modal it happened in, if it was in one."""

    user: str
    view_id: str | None
    made_at: float
    exchanged: bool = False


@dataclass(kw_only=True)
class ResponseUrl:
    """Where the app may answer *user* in *channel*.

    `original` is the message it may replace, `latest` what was said through it last.
    """

    user: str
    channel: str
    original: Message | None
    made_at: float
    uses: int = 0
    latest: Message | None = None


class Tickets:
    """All of them, for one server at `base_url`."""

    def __init__(self) -> None:
        self.base_url = ""
        self._sockets: set[str] = set()
        self._triggers: dict[str, Trigger] = {}
        self._response_urls: dict[str, ResponseUrl] = {}

    def socket_url(self) -> str:
        """A fresh WebSocket address, good for one connection."""
        ticket = secrets.token_hex(16)
        self._sockets.add(ticket)
        return f"{self.base_url.replace('http', 'ws', 1)}/link?ticket={ticket}"

    def take_socket(self, ticket: str) -> bool:
        """Use up the ticket of a WebSocket address; False if it is not good."""
        if ticket not in self._sockets:
            return False
        self._sockets.discard(ticket)
        return True

    def new_trigger(self, user: str, view_id: str | None = None) -> str:
        """A trigger id for one `views.open` or `views.push` within three seconds."""
        trigger_id = f"{time.time_ns()}.{time.monotonic_ns()}.{secrets.token_hex(8)}"
        self._triggers[trigger_id] = Trigger(user=user, view_id=view_id, made_at=time.monotonic())
        return trigger_id

    def trigger(self, trigger_id: str) -> Trigger:
        """A trigger that is still good. Raises `SlackRefusal`."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackRefusal("invalid_trigger_id")
        if trigger.exchanged:
            raise SlackRefusal("exchanged_trigger_id")
        if time.monotonic() - trigger.made_at > ACK_SECONDS:
            raise SlackRefusal("expired_trigger_id")
        return trigger

    def expire_triggers(self) -> None:
        """Let three seconds pass for all triggers handed out so far."""
        for trigger in tuple(self._triggers.values()):
            trigger.made_at -= ACK_SECONDS

    def new_response_url(
        self,
        user: str,
        channel: str,
        original: Message | None = None,
    ) -> str:
        """An address to answer *user*: five times within thirty minutes."""
        ticket = secrets.token_hex(16)
        self._response_urls[ticket] = ResponseUrl(
            user=user,
            channel=channel,
            original=original,
            made_at=time.monotonic(),
        )
        return f"{self.base_url}/response/{ticket}"

    def response_url(self, ticket: str) -> ResponseUrl:
        """What a response_url is for, without using it."""
        return self._response_urls[ticket]

    def take_response_url(self, ticket: str) -> ResponseUrl:
        """Use a response_url once more. Raises `SlackRefusal` with Slack's text."""
        target = self._response_urls.get(ticket)
        if target is None or time.monotonic() - target.made_at > RESPONSE_URL_SECONDS:
            raise SlackRefusal("expired_url")
        if target.uses >= MAX_RESPONSE_URL_USES:
            raise SlackRefusal("used_url")
        target.uses += 1
        return target
