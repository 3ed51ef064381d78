"""The client by which we call Slack: it waits before a call as long as Slack's limits ask."""

import copy
import time
from collections.abc import Callable
from datetime import UTC, tzinfo
from json import JSONDecodeError
from typing import Any, Literal, cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError, SlackRequestError
from slack_sdk.http_retry.handler import RetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web import SlackResponse

from app.slack_pace import Pace
from app.views.text import dated_in

WAIT_SECONDS = 20.0
"""So long a call waits for room; then it fails, and whoever must be told is told later."""
_LISTENERS_SECONDS = 0.2
_OPENING_SECONDS = 2.0
"""The same of what opens a window, which Slack allows for three seconds after a press."""
_LEFT_OUT_SECONDS = 1.0
"""What has less patience is left out for good; all else is told later."""
TOO_MANY, SERVER_FAULT = 429, 500

CallOutcome = Literal["ok", "refused", "rate_limited", "server_error", "unreachable"]
"""What became of one request to the Web API; *refused* is an answer that names an error."""
OnCall = Callable[[str, CallOutcome, str], None]
"""Told of each request: the method, such as ``chat.postMessage``, what became of it, and the error
that Slack named, if it did."""


class NoRoom(SlackClientError):
    """Slack's limits leave no room for a call within the time it has."""


class PacedClient(WebClient):
    """A WebClient that makes no call sooner than Slack's limits let it.

    A method that Slack has refused with 429 is called again, by any process, when it says.
    """

    def __init__(
        self, pace: Pace, patience: float = WAIT_SECONDS, zone: tzinfo = UTC, **options: Any
    ) -> None:
        """*patience*: seconds a call waits for room; with none, it also leaves room to others.

        Dates that a reader's client cannot draw are told in *zone*.
        """
        super().__init__(**options)
        self._pace, self._zone = pace, zone
        self.patience = patience
        self.later: Callable[[Callable[[], None]], None] | None = None
        """By what a listener whispers: Slack waits for its ack, and other clicks for its thread."""

    def api_call(
        self,
        api_method: str,
        *,
        http_verb: str = "POST",
        files: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        params: dict[str, Any] | None = None,
        json: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        auth: dict[str, Any] | None = None,
    ) -> SlackResponse:
        """Call a method as `WebClient.api_call`. Raises `NoRoom` too."""
        channel = str((json or data or params or {}).get("channel", ""))
        opens = api_method in ("views.open", "views.push")
        patience = _OPENING_SECONDS if opens else self.patience
        deadline = time.monotonic() + patience
        while True:
            self._wait_for_room(api_method, channel, deadline)
            try:
                return super().api_call(
                    api_method,
                    http_verb=http_verb,
                    files=files,
                    data=data,
                    params=params,
                    json=dated_in(self._zone, json),
                    headers=headers,
                    auth=auth,
                )
            except JSONDecodeError as error:  # an answer that breaks off, which slack_sdk lets by
                raise SlackRequestError(f"{api_method} was answered by half an answer") from error
            except SlackApiError as error:
                seconds = _retry_after(error)
                if seconds is None:
                    raise
                self._pace.hold(api_method, seconds)
                if time.monotonic() + seconds > deadline:
                    raise self._no_room(api_method, seconds) from error
                time.sleep(seconds)

    def _wait_for_room(self, method: str, channel: str, deadline: float) -> None:
        began, waits = time.monotonic(), False
        while True:
            patience = deadline - time.monotonic() if self.patience else 0.0
            wait = self._pace.ask(method, channel, patience)
            if wait < 0:
                raise self._no_room(method, -wait)
            if wait == 0:
                break
            waits = True
            time.sleep(wait)
            # Slack may have refused another's call meanwhile.
            if not self._pace.held_seconds(method):
                break
        if waits:
            self._pace.on_held(method, "waited", time.monotonic() - began)

    def _no_room(self, method: str, seconds: float) -> NoRoom:
        is_left_out = self.patience < _LEFT_OUT_SECONDS
        self._pace.on_held(method, "dropped" if is_left_out else "given_up", 0.0)
        return NoRoom(f"no room for {method} for {seconds:.1f} s")


def casual(client: WebClient) -> WebClient:
    """Make a client for what only shows how things go on: it never waits, and raises `NoRoom`."""
    if not isinstance(client, PacedClient):
        return client
    casual_one = copy.copy(client)
    casual_one.patience = 0.0
    return casual_one


def for_listeners(client: WebClient, later: Callable[[Callable[[], None]], None]) -> WebClient:
    """Make a client for listeners: it hardly waits for room, and whispers by *later*.

    Bolt has few threads for them. In a storm of clicks, each would wait for room, and no other
    click would be acknowledged.
    """
    if not isinstance(client, PacedClient):
        return client
    quick = copy.copy(client)
    quick.patience, quick.later = _LISTENERS_SECONDS, later
    return quick


def patient(client: WebClient) -> WebClient:
    """Make of a client one that waits for room as long as any does, and does nothing later."""
    if not isinstance(client, PacedClient):
        return client
    patient_one = copy.copy(client)
    patient_one.patience, patient_one.later = WAIT_SECONDS, None
    return patient_one


def in_its_time(client: WebClient, what: Callable[[WebClient], object]) -> None:
    """Do *what*, a listener's later with a client that waits for room; anybody else's now."""

    def do() -> None:
        what(patient(client))

    if isinstance(client, PacedClient) and client.later is not None:
        client.later(do)
    else:
        what(client)


def hurried(client: WebClient, seconds: int) -> WebClient:
    """Make a client for what somebody waits for: it gives up after *seconds* and tries once."""
    watches: list[RetryHandler] = [one for one in client.retry_handlers if isinstance(one, Watch)]
    if isinstance(client, PacedClient):
        quick = copy.copy(client)
        quick.patience, quick.timeout, quick.retry_handlers = float(seconds), seconds, watches
        return quick
    return WebClient(
        token=client.token, base_url=client.base_url, timeout=seconds, retry_handlers=watches
    )


class Watch(RetryHandler):
    """Sees every try, as the first of the handlers, and asks for no other."""

    def __init__(self, on_call: OnCall) -> None:
        super().__init__(max_retry_count=0)
        self._on_call = on_call

    def can_retry(
        self,
        *,
        state: RetryState,  # noqa: ARG002 -- slack_sdk's signature
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,  # noqa: ARG002 -- the same
    ) -> bool:
        """Tell of a try."""
        named = str((response.body or {}).get("error") or "") if response else ""
        self._on_call(request.url.rpartition("/")[2], _outcome(response), named)
        return False


def _outcome(response: HttpResponse | None) -> CallOutcome:
    if response is None:
        return "unreachable"
    body = response.body or {}
    if response.status_code == TOO_MANY or body.get("error") in ("ratelimited", "rate_limited"):
        return "rate_limited"
    if response.status_code >= SERVER_FAULT:
        return "server_error"
    return "ok" if body.get("ok") else "refused"


def _retry_after(error: SlackApiError) -> float | None:
    """Say how long Slack wants nobody to call a method; None where that is not what it says."""
    if cast("int", error.response.status_code) != TOO_MANY:
        return None
    headers = cast("dict[str, str]", error.response.headers)
    told = headers.get("Retry-After") or headers.get("retry-after") or "1"
    return float(told) if told.isdecimal() else 1.0
