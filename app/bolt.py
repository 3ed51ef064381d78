"""The Bolt app: its listeners, an executor of a size of its own, and one error handler."""

import logging
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import redis
from slack_bolt import App, BoltContext, BoltResponse
from slack_bolt.error import BoltUnhandledRequestError
from slack_sdk import WebClient

from app.bot_config import BotConfig
from app.desk import CardDesk
from app.later import Later
from app.listeners import (
    actions,
    agent_view,
    answers,
    events,
    feedback,
    home_tab,
    joining,
    modals,
    outsiders,
    questions,
    receipts,
    shortcuts,
    slash,
    unexpected,
)
from app.listeners.clicks import ClickOutcome
from app.listeners.events import Overhears
from app.settings import SlackSettings
from app.signs import make_signs
from app.slack_client import for_listeners

log = logging.getLogger(__name__)

LISTENERS = 16
"""Listeners at the same time. Each writes to Redis and says a word to Slack, no more."""


def make_app(
    settings: SlackSettings,
    client: "redis.Redis",
    slack: WebClient,
    config: BotConfig,
    listeners: ThreadPoolExecutor,
    on_click: Callable[[ClickOutcome], None] = lambda _: None,
    desk: CardDesk | None = None,
    overhears: Overhears = lambda _channel, _words: False,
) -> App:
    """Make the app with all listeners registered. Reaches Slack once, to learn who the bot is.

    Without a *desk* nothing can be planned: cards are decided, not edited or asked for again.
    *overhears* tells what is answered that calls nobody.
    """
    desk = desk or CardDesk(client, config)
    tell = home_tab.teller(desk)
    secret = settings.signing_secret
    app = App(
        client=slack,
        signing_secret=secret.get_secret_value() if secret else None,
        request_verification_enabled=secret is not None,
        listener_executor=listeners,
        raise_error_for_unhandled_request=True,
    )

    @app.error
    def told(error: Exception, body: Mapping[str, Any]) -> BoltResponse | None:  # pyright: ignore[reportUnusedFunction]
        if isinstance(error, BoltUnhandledRequestError):
            return unexpected.acknowledge(error)
        reference = secrets.token_hex(4)
        log.error("listener failed (%s) on %s", reference, body.get("type"), exc_info=error)
        # It must not look like success, or Slack would not deliver again.
        return BoltResponse(status=503) if isinstance(error, redis.RedisError) else None

    def with_our_client(
        context: BoltContext,
        next: Callable[[], BoltResponse],  # noqa: A002 -- Bolt's name
    ) -> BoltResponse:
        context["client"] = quick  # Bolt makes one of its own for each request, which never waits
        return next()

    quick = for_listeners(slack, Later().do)
    app.use(with_our_client)
    outsiders.register(app, desk, quick, listeners)
    signs = make_signs(slack)
    home_tab.register(app, desk, on_click)
    agent_view.register(app, desk, signs)
    joining.register(app, desk)
    events.register(app, client, signs, overhears)
    modals.register(app, desk, on_click, tell)
    slash.register(app, desk, on_click)
    shortcuts.register(app, desk, on_click)
    receipts.register(app, desk, on_click)
    answers.register(app, desk, on_click)
    feedback.register(app, desk, on_click)
    questions.register(app, desk, on_click)
    actions.register(app, desk, on_click, tell)
    unexpected.register(app, client, desk, on_click)  # the last: it takes whatever is left
    return app
