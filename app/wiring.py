"""The composition root: settings and bot.toml in, a running product out."""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal, cast
from zoneinfo import ZoneInfo

import redis
from slack_sdk import WebClient

from agent.glossary import NO_GLOSSARY, Glossary
from agent.llm import LLMClient, LLMConfig, Model
from agent.no_model import NoModel
from agent.overheard import asks_about_data
from agent.service import make_analyst
from app.access import SeeIn, mask_key_problem, see_in
from app.answering import give_up, handle
from app.bolt import LISTENERS, make_app
from app.bot_config import BotConfig
from app.cards import keep_cards_true
from app.channels import make_find_channel, make_is_shared
from app.config_diff import note_config
from app.core import Core, query_limits, turn_budget
from app.desk import CardDesk, make_desk
from app.event_log import STARTED, note_event, note_refusal
from app.glossary_file import load_glossary
from app.groups import Members, make_members, nobody_if_unknown
from app.metrics import CountedModel, Metrics, make_metrics
from app.office import Office
from app.owners import make_has_left
from app.policy import Groups
from app.readers import ReadersLanguage, make_is_outsider, make_people, make_readers_language
from app.settings import Settings, SettingsError
from app.signs import make_signs
from app.slack_client import CallOutcome, OnCall, hurried
from app.slack_gateway import make_client
from app.slack_pace import Pace
from app.sources import resolve_sources
from app.transport import make_transport
from app.turns import LEASE_SECONDS, Turns
from app.unanswered import Unanswered
from app.workspace import learn_workspace
from sync.attached import keep_swept
from sync.state import OWNER, connect_state, missing_safety
from sync.warehouse.identity import check_warehouse
from sync.warehouse.query_process import open_queries
from sync.warehouse.walls import Walls

log = logging.getLogger(__name__)

_LISTENERS_SECONDS = 2
"""So long a listener waits for Slack to say who is in a group or reads a channel: Slack waits three
for its ack, and what is not known lets nobody in."""


@dataclass(frozen=True)
class Bot:
    """The Slack bot, known to Slack and ready to `run`."""

    core: Core
    run: Callable[[threading.Event], None]
    """Work until the event is set; then finish the turns at hand."""
    is_connected: Callable[[], bool]
    metrics: Metrics


def build_core(
    settings: Settings,
    config: BotConfig,
    *,
    llm: Model | None = None,
    summariser: Model | None = None,
    glossary: Glossary = NO_GLOSSARY,
) -> Core:
    """Put together everything but a surface. Reaches nothing yet.

    Whoever answers needs the *glossary*; what only copies goes on where it is wrong.
    """
    return Core(
        redis=connect_state(settings.redis_url.get_secret_value()),
        config=config,
        warehouse=settings.warehouse_dir,
        queries=open_queries(settings.warehouse_dir, query_limits(config)),
        analyst=make_analyst(
            llm or _llm(settings),
            turn_budget(config),
            summariser or llm or _llm(settings, "compaction"),
        ),
        sources=resolve_sources(settings.oracle, config).reachable,
        mask_key=settings.mask_key.get_secret_value() if settings.mask_key else "",
        glossary=glossary,
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

    Raises SettingsError if Slack is not set or the glossary is wrong, WarehouseMismatch, and
    slack_sdk's errors if Slack refuses the token.
    """
    if settings.slack is None:
        raise SettingsError(["SLACK_BOT_TOKEN is not set; the bot needs Slack."])
    missing = mask_key_problem(settings, config)
    if missing:
        raise SettingsError([missing])
    glossary = load_glossary(settings.bot_toml)
    client = connect_state(settings.redis_url.get_secret_value())
    metrics = make_metrics(client, settings.warehouse_dir)
    main, summariser = (
        CountedModel(llm or _llm(settings, role), metrics, config.prices)
        for role in ("main", "compaction")
    )
    core = build_core(settings, config, llm=main, summariser=summariser, glossary=glossary)
    for warning in missing_safety(core.redis):
        log.warning("Redis: %s", warning)
    check_warehouse(core.redis, core.warehouse)
    pace = Pace(core.redis, metrics.slack_was_held)
    slack = slack or make_client(
        settings.slack, _on_call(metrics, client), pace, ZoneInfo(config.timezone)
    )
    core = replace(core, find_channel=make_find_channel(slack))
    workspace = learn_workspace(slack)
    team = workspace.team
    _require_ours(core.redis, team)
    note_config(core.redis, "bot", config)
    _tell_what_is_missing(core)
    groups, members, see = _looking(core, slack)
    people = make_people(slack)
    readers_language = make_readers_language(people)
    office = Office(
        core,
        slack,
        team,
        see,
        metrics.turn_told,
        metrics.entry_given_up,
        owner_is_gone=make_has_left(slack),
        groups=groups,
        members=members,
        signs=make_signs(slack),
        readers_language=readers_language,
    )
    listeners = ThreadPoolExecutor(LISTENERS, thread_name_prefix="listener")
    desk = make_desk(core, groups, readers_language, see)
    heard = replace(
        _listeners_desk(core, slack, readers_language),
        workspace=workspace,
        is_outsider=make_is_outsider(people, workspace),
        given_up=metrics.given_up_so_far,
    )
    app = make_app(
        settings.slack,
        core.redis,
        slack,
        config,
        listeners,
        metrics.clicked,
        heard,
        lambda channel, words: _overhears(core, channel, words),
    )
    unanswered = Unanswered()
    transport = make_transport(app, settings.slack, unanswered)
    consumer = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    turns = Turns(
        core.redis,
        consumer,
        workers=config.limits.turns,
        handle=lambda entry: handle(office, entry),
        give_up=lambda entry, error: give_up(office, entry, error),
        before_each=unanswered.let_go_first,
        lease_seconds=lease_seconds,
        alive=lambda: alive() if transport.is_open() else None,
    )

    def run(stop: threading.Event) -> None:
        cards = threading.Thread(
            target=keep_cards_true,
            args=(core.redis, slack, team, config.deciders, consumer, stop, desk),
            name="cards",
        )
        _begin(core, team)
        transport.open()
        cards.start()
        sweeping = _sweep(core, team, stop)
        core.queries.prepare()  # once Slack is there: it takes a core for a moment
        with core.queries, office.pictures:
            try:
                turns.run(stop)
            finally:
                stop.set()
                transport.close()
                cards.join()
                sweeping.join()
                listeners.shutdown()

    return Bot(core, run, transport.is_open, metrics)


def _looking(core: Core, slack: WebClient) -> tuple[Groups, Members, SeeIn]:
    """Make what asks Slack who somebody is and who reads, with the patience of *slack*."""
    members = make_members(slack)
    see = see_in(core.config, members, make_is_shared(slack), core.mask_key)
    return nobody_if_unknown(members), members, see


def _listeners_desk(core: Core, slack: WebClient, readers_language: ReadersLanguage) -> CardDesk:
    groups, _, see = _looking(core, hurried(slack, _LISTENERS_SECONDS))
    return make_desk(core, groups, readers_language, see)


def _on_call(metrics: Metrics, client: "redis.Redis") -> OnCall:
    """Count each call of Slack, and keep what it refuses where an admin finds it."""

    def told(method: str, outcome: CallOutcome, error: str) -> None:
        metrics.slack_called(method, outcome, error)
        if outcome == "refused":
            note_refusal(client, method, error)

    return told


def _require_ours(client: "redis.Redis", team: str) -> None:
    """See that this Redis serves no other workspace; the first that asks gets it."""
    client.set(OWNER, team, nx=True)
    owner = cast("str", client.get(OWNER))
    if owner != team:
        problem = f"This Redis serves the bot of workspace {owner}; give {team} one of its own."
        raise SettingsError([problem])


def _overhears(core: Core, channel: str, words: str) -> bool:
    return channel in core.config.agent.answers_in and asks_about_data(
        words, core.glossary, core.config.offered
    )


def _tell_what_is_missing(core: Core) -> None:
    if not core.analyst.has_model:
        log.warning("no model is set (OPENAI_API_KEY), so only commands are understood")
    if not core.config.offered:
        log.warning("bot.toml offers no table, so nothing can be synced or asked")


def _begin(core: Core, team: str) -> None:
    note_event(core.redis, team, STARTED)
    _tell_walls(core.queries.walls)


def _sweep(core: Core, team: str, stop: threading.Event) -> threading.Thread:
    sweeping = threading.Thread(
        target=keep_swept, args=(core.redis, core.warehouse, team, stop), name="files", daemon=True
    )
    sweeping.start()
    return sweeping


def _tell_walls(found: Walls) -> None:
    if found.files == "landlock":
        log.info("%s", found)
    else:
        log.warning("%s (botctl doctor)", found)


def _llm(settings: Settings, role: Literal["main", "compaction"] = "main") -> Model:
    model = settings.model
    if model is None:
        return NoModel()
    name = (model.compaction_model if role == "compaction" else None) or model.model
    return LLMClient(
        LLMConfig(
            api_key=model.api_key.get_secret_value(),
            model=name,
            base_url=model.base_url,
            azure_api_version=model.api_version,
        )
    )
