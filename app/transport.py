"""How what happens in Slack reaches the app: over Socket Mode, or over signed HTTP."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from app.bolt import LISTENERS
from app.settings import SlackSettings
from app.signed_http import SignedHttp
from app.unanswered import Unanswered

_RECEIVED_AT_ONCE = 1 << 16
"""Bytes; slack_sdk hands on what it received only once it has read all there is, piece by piece."""


@dataclass(frozen=True)
class Transport:
    """One way in. Both deliver the same events and clicks to the same listeners."""

    open: Callable[[], None]
    """Begin to take deliveries; returns at once."""
    close: Callable[[], None]
    """Take no more; what has arrived is answered first."""
    is_open: Callable[[], bool]


def make_transport(app: App, settings: SlackSettings, unanswered: Unanswered) -> Transport:
    """Socket Mode where there is an app token, else signed HTTP; one of the two is always set.

    What has arrived and was not acknowledged yet is counted in *unanswered*.
    """
    if settings.app_token is not None:
        handler = SocketModeHandler(
            app,
            settings.app_token.get_secret_value(),
            concurrency=LISTENERS,
            receive_buffer_size=_RECEIVED_AT_ONCE,
        )
        _count_envelopes(handler, unanswered)
        return Transport(
            handler.connect, handler.close, lambda: bool(handler.client.is_connected())
        )
    if settings.signing_secret is None:
        raise AssertionError("settings have neither an app token nor a signing secret")
    server = SignedHttp(
        app, settings.signing_secret.get_secret_value(), settings.http_port, unanswered
    )
    return Transport(server.open, server.close, server.is_open)


def _count_envelopes(handler: SocketModeHandler, unanswered: Unanswered) -> None:
    """Count from the thread that reads the connection to behind the one that acknowledged."""

    def arrived(message: str) -> None:
        # What slack_sdk makes no request of (hello, disconnect) reaches no listener either.
        if message.startswith("{") and SocketModeRequest.from_dict(json.loads(message)):
            unanswered.arrived()

    def answered(_client: BaseSocketModeClient, _request: SocketModeRequest) -> None:
        unanswered.answered()

    handler.client.on_message_listeners.append(arrived)
    handler.client.socket_mode_request_listeners.append(answered)
