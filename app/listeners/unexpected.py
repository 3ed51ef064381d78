"""What no other listener takes, registered last: answered in words, and never told twice by Slack.

An app of an older version hears the controls of a newer one's, and Slack adds kinds of events. What
Slack does not find acknowledged it shows as an error or delivers again.
"""

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, cast

import redis
from slack_bolt import App, BoltResponse
from slack_bolt.error import BoltUnhandledRequestError
from slack_sdk import WebClient

from app.desk import CardDesk
from app.event_log import note_event
from app.listeners.clicks import ClickOutcome, read_press, tell
from app.texts import say

log = logging.getLogger(__name__)

_ANY = re.compile(".*", re.DOTALL)


def register(
    app: App, client: "redis.Redis", desk: CardDesk, on_click: Callable[[ClickOutcome], None]
) -> None:
    """Answer the controls, forms, commands and shortcuts nobody knows; note what an admin must."""

    def inactive(ack: Callable[[], None], body: Mapping[str, Any], client: WebClient) -> None:
        ack()
        on_click("inactive")
        pressed = read_press(body)
        if pressed.user:
            language = desk.readers_language(pressed.user) or desk.config.language
            tell(client, pressed, say(language, "click.inactive"))

    def no_command(ack: Callable[[str], None], body: Mapping[str, Any]) -> None:
        user = str(body.get("user_id") or "")
        ack(say(desk.readers_language(user) or desk.config.language, "click.inactive"))

    def nothing_found(ack: Callable[..., None]) -> None:
        ack(options=[])

    def closed(ack: Callable[[], None]) -> None:
        ack()

    def signed_out(body: Mapping[str, Any]) -> None:
        kind = str(body["event"]["type"])
        note_event(client, str(body.get("team_id") or ""), kind)
        log.error(
            "Slack says %s: nothing can be said there until the app is installed again and the bot "
            "started with its new token; what waits is kept (botctl doctor)",
            kind,
        )

    app.event("tokens_revoked")(signed_out)
    app.event("app_uninstalled")(signed_out)
    app.event(_ANY)(lambda: None)
    app.action(_ANY)(inactive)
    app.view_submission(_ANY)(inactive)
    app.shortcut(_ANY)(inactive)
    app.command(_ANY)(no_command)
    app.view_closed(_ANY)(closed)
    app.options(_ANY)(nothing_found)


def acknowledge(error: BoltUnhandledRequestError) -> BoltResponse:
    """Answer a request that is nothing Bolt knows, such as ``app_rate_limited``."""
    body = cast("Mapping[str, Any]", error.body)
    kind = str(body.get("type") or "of no kind")[:100]
    log.warning("Slack sent what nobody here listens to: %s", kind)
    return BoltResponse(status=200)
