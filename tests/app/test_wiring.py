"""Putting the bot together."""

import pytest
from redis import Redis

from app.bot_config import BotConfig
from app.settings import SettingsError, load_settings
from app.wiring import build
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
