"""How what happens in Slack reaches the app: over Socket Mode, or over signed HTTP."""

from collections.abc import Callable
from dataclasses import dataclass

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler

from app.bolt import LISTENERS
from app.settings import SlackSettings
from app.signed_http import SignedHttp


@dataclass(frozen=True)
class Transport:
    """One way in. Both deliver the same events and clicks to the same listeners."""

    open: Callable[[], None]
    """Begin to take deliveries; returns at once."""
    close: Callable[[], None]
    """Take no more; what has arrived is answered first."""
    is_open: Callable[[], bool]


def make_transport(app: App, settings: SlackSettings) -> Transport:
    """Socket Mode where there is an app token, else signed HTTP; one of the two is always set."""
    if settings.app_token is not None:
        handler = SocketModeHandler(
            app, settings.app_token.get_secret_value(), concurrency=LISTENERS
        )
        return Transport(
            handler.connect, handler.close, lambda: bool(handler.client.is_connected())
        )
    if settings.signing_secret is None:
        raise AssertionError("settings have neither an app token nor a signing secret")
    server = SignedHttp(app, settings.signing_secret.get_secret_value(), settings.http_port)
    return Transport(server.open, server.close, server.is_open)
