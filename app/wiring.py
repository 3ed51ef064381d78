"""The composition root: settings and bot.toml in, a running product out."""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import cast

from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from agent.llm import LLMClient, LLMConfig, Model
from agent.service import make_analyst
from app.answering import Office, give_up, handle
from app.bolt import LISTENERS, make_app
from app.bot_config import BotConfig
from app.cards import keep_cards_true
from app.core import Core, OpenSource
from app.settings import OracleSettings, Settings, SettingsError
from app.slack_gateway import make_client
from app.turns import LEASE_SECONDS, Turns
from sync.errors import OracleUnreachable
from sync.oracle import Session, Source, connect
from sync.state import connect_state, missing_safety

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bot:
    """The Slack bot, connected and ready to `run`."""

    core: Core
    run: Callable[[threading.Event], None]
    """Work until the event is set; then finish the turns at hand."""
    is_connected: Callable[[], bool]


def build_core(settings: Settings, config: BotConfig, *, llm: Model | None = None) -> Core:
    """Put together everything but a surface. Reaches nothing yet."""
    return Core(
        redis=connect_state(settings.redis_url.get_secret_value()),
        config=config,
        warehouse=settings.warehouse_dir,
        analyst=make_analyst(llm or _llm(settings), max_steps=config.limits.turn_steps),
        open_session=_open_session(settings.oracle, config),
    )


def build(
    settings: Settings,
    config: BotConfig,
    *,
    llm: Model | None = None,
    slack: WebClient | None = None,
    lease_seconds: float = LEASE_SECONDS,
) -> Bot:
    """Put the bot together and learn from Slack who it is.

    Raises SettingsError if Slack is not set, and slack_sdk's errors if Slack refuses the token.
    """
    if settings.slack is None:
        raise SettingsError(
            ["SLACK_BOT_TOKEN and SLACK_APP_TOKEN are not set; the bot needs them."]
        )
    core = build_core(settings, config, llm=llm)
    for warning in missing_safety(core.redis):
        log.warning("Redis: %s", warning)
    slack = slack or make_client(settings.slack)
    team = cast("str", slack.auth_test()["team_id"])
    office = Office(core, slack, team)
    listeners = ThreadPoolExecutor(LISTENERS, thread_name_prefix="listener")
    app = make_app(settings.slack, core.redis, slack, config, listeners)
    handler = SocketModeHandler(
        app, settings.slack.app_token.get_secret_value(), concurrency=LISTENERS
    )
    consumer = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    turns = Turns(
        core.redis,
        consumer,
        workers=config.limits.turns,
        handle=lambda entry: handle(office, entry),
        give_up=lambda entry, error: give_up(office, entry, error),
        lease_seconds=lease_seconds,
    )

    def run(stop: threading.Event) -> None:
        cards = threading.Thread(
            target=keep_cards_true,
            args=(core.redis, slack, team, config.approvals.approvers, consumer, stop),
            name="cards",
        )
        cards.start()
        handler.connect()
        try:
            turns.run(stop)
        finally:
            stop.set()
            handler.close()
            cards.join()
            listeners.shutdown()

    return Bot(core, run, lambda: bool(handler.client.is_connected()))


def _llm(settings: Settings) -> Model:
    model = settings.model
    if model is None:
        return LLMClient(LLMConfig(api_key=""))
    return LLMClient(
        LLMConfig(
            api_key=model.api_key.get_secret_value(), model=model.model, base_url=model.base_url
        )
    )


def _open_session(oracle: OracleSettings | None, config: BotConfig) -> OpenSource:
    known = {section.name for section in config.source}

    def open_session(source: str, action: str, asker: str) -> AbstractContextManager[Session]:
        if oracle is None or source not in known:
            raise OracleUnreachable(source=source, detail="its ORACLE_ settings are missing")
        password = oracle.password.get_secret_value()
        return connect(
            Source(name=source, dsn=oracle.dsn, user=oracle.user, password=password),
            action=action,
            client_identifier=asker,
        )

    return open_session
