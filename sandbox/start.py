"""The bot's whole world on one machine: Oracle over the wire, Slack, a model and Redis."""

import shutil
import socket
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from app.manifest import build_manifest
from sandbox.model.server import ModelStandIn, start_model
from sandbox.oracle.process import OracleStandIn, start_oracle
from sandbox.redis import RedisStandIn, start_redis
from sandbox.slack.server import SlackStandIn, start_slack

ORACLE_PASSWORD = "sandbox-not-a-secret"
BOT_TOML = Path(__file__).with_name("bot.toml")


@dataclass(frozen=True)
class Sandbox:
    """The running stand-ins, and the environment in which the product finds them."""

    oracle: OracleStandIn
    slack: SlackStandIn
    model: ModelStandIn
    redis: RedisStandIn
    directory: Path
    environ: Mapping[str, str]
    _stack: ExitStack

    def stop(self) -> None:
        """End all servers and remove what they wrote."""
        self._stack.close()


def start_sandbox(
    *, today: date | None = None, model: ModelStandIn | None = None, http: bool = False
) -> Sandbox:
    """Start everything on free ports of 127.0.0.1; *model* takes the place of the demo model.

    Orders reach up to *today*. With *http*, Slack delivers over signed HTTP instead of Socket
    Mode. Raises what the parts raise, with nothing left running.
    """
    with ExitStack() as stack:
        directory = Path(tempfile.mkdtemp(prefix="duckferry-sandbox-"))
        stack.callback(_remove, directory)
        redis = start_redis()
        stack.callback(redis.stop)
        oracle = start_oracle(ORACLE_PASSWORD, today or date.today())  # noqa: DTZ011 -- the day where the person is
        stack.callback(oracle.stop)
        if model is None:
            model = start_model()
            stack.callback(model.stop)
        slack = _slack_with_our_app()
        stack.callback(slack.stop)
        if http:
            port = _reserve_port(stack)
            slack.deliver_to(f"http://127.0.0.1:{port}/slack/events")
            way = {"SLACK_HTTP_PORT": str(port)}
        else:
            way = {"SLACK_APP_TOKEN": slack.app_token}
        environ = {
            **way,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "SLACK_API_URL": slack.api_url,
            "OPENAI_API_KEY": model.api_key,
            "OPENAI_BASE_URL": model.base_url,
            "OPENAI_API_VERSION": "",
            "ORACLE_DSN": oracle.dsn,
            "ORACLE_USER": oracle.user,
            "ORACLE_PASSWORD": oracle.password,
            "REDIS_URL": redis.url,
            "WAREHOUSE_DIR": str(directory / "warehouse"),
            "BOT_TOML": str(BOT_TOML),
        }
        return Sandbox(oracle, slack, model, redis, directory, environ, stack.pop_all())


def _slack_with_our_app() -> SlackStandIn:
    """A workspace in which the app is installed by its manifest: with its scopes and no others."""
    manifest = build_manifest()
    return start_slack(
        scopes=manifest["oauth_config"]["scopes"]["bot"],
        events=manifest["settings"]["event_subscriptions"]["bot_events"],
        features=manifest["features"],
    )


def _reserve_port(stack: ExitStack) -> int:
    """Find a port the bot can listen on, and keep others from being given it meanwhile."""
    held = stack.enter_context(socket.socket())
    # Bound but not listening: the bot, which sets this option too, can still have it.
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held.getsockname()[1]


def _remove(directory: Path) -> None:
    # Published generations are read-only folders; the sandbox's may go.
    for folder in directory.rglob("*"):
        if folder.is_dir():
            folder.chmod(0o755)
    shutil.rmtree(directory, ignore_errors=True)
