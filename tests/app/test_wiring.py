"""Putting the bot together."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from redis import Redis

from app.bolt import LISTENERS
from app.bot_config import BotConfig, SourceSection, TableSection
from app.settings import SettingsError, load_settings
from app.slack_pace import Pace
from app.wiring import build, build_core
from sandbox.slack.server import start_slack


def test_a_redis_that_serves_another_workspace_is_refused(redis_url: str, redis: Redis) -> None:
    redis.set("duckferry:1:team", "T9OTHER")
    with start_slack() as slack:
        settings = load_settings(
            {
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_API_URL": slack.api_url,
                "REDIS_URL": redis_url,
            }
        )
        with pytest.raises(SettingsError, match="serves the bot of workspace T9OTHER"):
            build(settings, BotConfig())


def test_older_turns_are_summarised_by_the_model_that_is_set_for_it(redis_url: str) -> None:
    environ = {"OPENAI_API_KEY": "sk-x", "REDIS_URL": redis_url}
    for more, names in (
        ({}, ("gpt-4o-mini", "gpt-4o-mini")),
        ({"OPENAI_COMPACTION_MODEL": "small"}, ("gpt-4o-mini", "small")),
    ):
        core = build_core(load_settings(environ | more), BotConfig())
        agent = core.analyst.agent
        assert (agent.llm.name, agent.summariser.name) == names
        core.queries.close()


def test_clicks_are_heard_while_slack_lets_nobody_ask_who_reads_a_channel(
    redis_url: str, redis: Redis, tmp_path: Path
) -> None:
    config = BotConfig(
        source=(SourceSection(name="main"),), table=(TableSection(name="SHOP.ORDERS"),)
    )
    stop = threading.Event()
    with start_slack() as slack, ThreadPoolExecutor(LISTENERS + 2) as people:
        settings = load_settings(
            {
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_API_URL": slack.api_url,
                "REDIS_URL": redis_url,
                "WAREHOUSE_DIR": str(tmp_path),
            }
        )
        bot = build(settings, config)
        people.submit(bot.run, stop)
        try:
            slack.command("U0MINJI", "C0DATA", "/sync", "help")  # once it is connected
            Pace(redis).hold("conversations.info", 10)
            began = time.monotonic()
            asked = [
                people.submit(slack.command, "U0MINJI", "C0DATA", "/sync", "ORDERS")
                for _ in range(LISTENERS + 1)
            ]
            for one in asked:
                one.result(20)
            assert time.monotonic() - began < 5
        finally:
            stop.set()
