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

import redis
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
from app.transport import make_transport
from app.turns import LEASE_SECONDS, Turns
from sync.errors import OracleUnreachable
from sync.oracle import Session, Source, connect
from sync.state import OWNER, connect_state, missing_safety

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bot:
    """The Slack bot, known to Slack and ready to `run`."""

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
    alive: Callable[[], None] = lambda: None,
) -> Bot:
    """Put the bot together and learn from Slack who it is.

    *alive* is called again and again while the bot takes messages and Slack can reach it.

    Raises SettingsError if Slack is not set, and slack_sdk's errors if Slack refuses the token.
    """
    if settings.slack is None:
        raise SettingsError(["SLACK_BOT_TOKEN is not set; the bot needs Slack."])
    core = build_core(settings, config, llm=llm)
    for warning in missing_safety(core.redis):
        log.warning("Redis: %s", warning)
    slack = slack or make_client(settings.slack)
    team = cast("str", slack.auth_test()["team_id"])
    owner = _owner(core.redis, team)
    if owner != team:
        problem = f"This Redis serves the bot of workspace {owner}; give {team} one of its own."
        raise SettingsError([problem])
    if not config.offered:
        log.warning("bot.toml offers no table, so nothing can be synced or asked")
    office = Office(core, slack, team)
    listeners = ThreadPoolExecutor(LISTENERS, thread_name_prefix="listener")
    app = make_app(settings.slack, core.redis, slack, config, listeners)
    transport = make_transport(app, settings.slack)
    consumer = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    turns = Turns(
        core.redis,
        consumer,
        workers=config.limits.turns,
        handle=lambda entry: handle(office, entry),
        give_up=lambda entry, error: give_up(office, entry, error),
        lease_seconds=lease_seconds,
        alive=lambda: alive() if transport.is_open() else None,
    )

    def run(stop: threading.Event) -> None:
        cards = threading.Thread(
            target=keep_cards_true,
            args=(core.redis, slack, team, config.approvals.approvers, consumer, stop),
            name="cards",
        )
        transport.open()
        cards.start()
        try:
            turns.run(stop)
        finally:
            stop.set()
            transport.close()
            cards.join()
            listeners.shutdown()

    return Bot(core, run, transport.is_open)


def _owner(client: "redis.Redis", team: str) -> str:
    """Name the workspace this Redis serves; the first that asks gets it."""
    client.set(OWNER, team, nx=True)
    return cast("str", client.get(OWNER))


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
