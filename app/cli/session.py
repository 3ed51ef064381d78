"""What a command works with: settings, bot.toml, and the sandbox if one was asked for."""

import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from app.bot_config import BotConfig
    from app.core import Core
    from app.settings import Settings

LOADER_PATH = "LD_LIBRARY_PATH"


class Session:
    """One call of botctl. A sandbox starts with the first look at the environment."""

    def __init__(self, *, sandbox: bool, env_file: Path | None) -> None:
        self._sandbox = sandbox
        self._env_file = env_file
        self._stack = ExitStack()
        self.page: str | None = None
        """Where a browser shows the sandbox's Slack, once it has started."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    @cached_property
    def environ(self) -> Mapping[str, str]:
        """The environment that counts: this process's, or the sandbox's on top of it."""
        from app.settings import read_environment

        environ = read_environment(self._env_file)
        if not self._sandbox:
            return environ
        from sandbox.start import start_sandbox

        stand_ins = start_sandbox()
        self._stack.callback(stand_ins.stop)
        self.page = f"{stand_ins.slack.base_url}/"
        return {**environ, **stand_ins.environ}

    def settings(self, *need: str) -> "Settings":
        """Read the settings; *need* names the parts that must be there.

        With ``oracle`` among them every source of bot.toml must be reachable. All problems of the
        environment and of bot.toml are told at once. Raises SettingsError.
        """
        from app.settings import SettingsError, load_settings
        from app.sources import resolve_sources

        problems: list[str] = []
        settings: Settings | None = None
        config: BotConfig | None = None
        try:
            settings = load_settings(self.environ, need=frozenset(need) - {"oracle"})
        except SettingsError as error:
            problems += error.problems
        try:
            config = self.config()
        except SettingsError as error:
            problems += error.problems
        if settings and config and "oracle" in need:
            problems += resolve_sources(settings.oracle, config).problems
        if problems or settings is None:
            raise SettingsError(problems)
        self.load_client_libraries(settings)
        return settings

    def config(self) -> "BotConfig":
        """Read bot.toml. Raises SettingsError."""
        from app.bot_config import load_bot_config
        from app.settings import SettingsError, bot_toml

        path = bot_toml(self.environ)
        if self.environ.get("BOT_TOML") and not path.is_file():
            raise SettingsError([f"BOT_TOML names {path}, which is not a file."])
        return load_bot_config(path)

    def core(self, *need: str) -> "Core":
        """Put the product together without a surface; what needs the ``model`` has the glossary."""
        from agent.glossary import NO_GLOSSARY
        from app.glossary_file import load_glossary
        from app.wiring import build_core
        from sync.warehouse.walls import keep_memory_private

        keep_memory_private()  # no query it asks may read the secrets of its environment
        settings = self.settings(*need)
        glossary = load_glossary(settings.bot_toml) if "model" in need else NO_GLOSSARY
        core = build_core(settings, self.config(), glossary=glossary)
        self._stack.callback(core.queries.close)
        return core

    def load_client_libraries(self, settings: "Settings") -> None:
        """Begin anew with Oracle's client libraries on the loader's path, where they are asked for.

        On Linux the loader looks at LD_LIBRARY_PATH only when a process begins (python-oracledb's
        documentation, "Initializing python-oracledb").
        """
        folder = settings.oracle.client_lib_dir
        path = self.environ.get(LOADER_PATH, "")
        if folder is None or self._sandbox or str(folder) in path.split(os.pathsep):
            return
        paths = os.pathsep.join(filter(None, (str(folder), path)))
        arguments = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, arguments, {**self.environ, LOADER_PATH: paths})  # noqa: S606 -- ourselves


@contextmanager
def child_process(session: Session, *command: str) -> "Generator[subprocess.Popen[bytes]]":
    """Start another botctl command with our environment; it is told to end when the block does.

    In a session of its own: Ctrl-C is ours to pass on, or it would be told twice.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "app.cli.main", *command],
        env=dict(session.environ),
        start_new_session=True,
    )
    try:
        yield child
    finally:
        child.terminate()
        child.wait()


def explain(error: Exception) -> tuple[list[str], int] | None:
    """Word an error for a terminal and give the exit code; None for one nobody foresaw."""
    import redis
    from slack_sdk.errors import SlackClientError

    from app.settings import SettingsError
    from app.slack_gateway import reason
    from sync.backup import BackupError
    from sync.errors import DuckferryError, StateUnavailable

    if isinstance(error, SettingsError):
        return error.problems, 2
    if isinstance(error, DuckferryError | BackupError):
        return [str(error)], 1
    if isinstance(error, redis.RedisError):
        return [str(StateUnavailable())], 1
    if isinstance(error, SlackClientError):
        return [
            f"Slack refused ({reason(error)}). Check the tokens and that the app is installed."
        ], 1
    return None
