"""The one place that reads the environment: how to reach what, and where files live.

What is synced, seen, approved and limited stands in bot.toml instead (`app.bot_config`).
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, SecretStr
from redis.connection import parse_url  # pyright: ignore[reportUnknownVariableType] -- untyped

SECRETS = frozenset(
    {
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_SIGNING_SECRET",
        "OPENAI_API_KEY",
        "ORACLE_PASSWORD",
        "REDIS_URL",
        "MASK_KEY",
    }
)
"""Each may be given as ``NAME_FILE``, the path of a file that holds it, as containers do."""

NAMES = SECRETS | {
    "SLACK_API_URL",
    "SLACK_HTTP_PORT",
    "OPENAI_MODEL",
    "OPENAI_COMPACTION_MODEL",
    "OPENAI_BASE_URL",
    "OPENAI_API_VERSION",
    "ORACLE_DSN",
    "ORACLE_HOST",
    "ORACLE_PORT",
    "ORACLE_SERVICE_NAME",
    "ORACLE_USER",
    "WAREHOUSE_DIR",
    "RUNTIME_DIR",
    "ORACLE_CLIENT_LIB_DIR",
    "LOG_FORMAT",
    "METRICS_ADDRESS",
    "BOT_TOML",
}
"""Every name that is read; ``.env.example`` lists exactly these."""

PASSWORD_OF = "ORACLE_PASSWORD_"  # noqa: S105 -- the beginning of a name
"""Begins the name of one source's own password, as in ``ORACLE_PASSWORD_HR``, or of its file."""


MASK_KEY_CHARACTERS = 32
"""A shorter one could be found by trying."""


class SettingsError(Exception):
    """Settings are missing or wrong; ``problems`` lists all, each with its remedy, no secret."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class SlackSettings(_Value):
    """How to reach Slack, and how Slack reaches us: by the app token, or by the signing secret."""

    bot_token: SecretStr
    app_token: SecretStr | None = None
    """Opens Socket Mode. Without it Slack sends signed HTTP requests to *http_port*."""
    signing_secret: SecretStr | None = None
    http_port: int = 3000
    api_url: str = "https://slack.com/api/"


class ModelSettings(_Value):
    """How to reach the model; any server that speaks OpenAI's API will do."""

    api_key: SecretStr
    model: str = "gpt-4o-mini"
    compaction_model: str | None = None
    """Summarises the older turns of long threads; None: *model* does."""
    base_url: str | None = None
    api_version: str | None = None
    """Of Azure OpenAI: set, *base_url* is its endpoint and *model* the name of a deployment."""


class OracleSettings(_Value):
    """How to reach Oracle: what each source of bot.toml does not say of itself."""

    dsn: str | None = None
    user: str | None = None
    password: SecretStr | None = None
    passwords: Mapping[str, SecretStr] = {}
    """Of one source each, by the end of the variable's name (``HR``)."""
    client_lib_dir: Path | None = None
    """Oracle's own client libraries. With them every connection of the process is thick."""


class Settings(_Value):
    """Everything the environment says. A part is None where none of its names is set."""

    slack: SlackSettings | None
    model: ModelSettings | None
    oracle: OracleSettings
    redis_url: SecretStr
    warehouse_dir: Path
    bot_toml: Path
    runtime_dir: Path | None = None
    """Where a running process leaves a sign of life for ``botctl health``; None: it leaves none."""
    log_format: Literal["text", "json"] = "text"
    mask_key: SecretStr | None = None
    """Of the hashes that stand in place of values; needed where an access rule hashes a column."""
    metrics_address: tuple[str, int] | None = None
    """Host and port on which a running process answers /metrics, /healthz and /readyz."""


@dataclass(frozen=True)
class _Part:
    """Names that belong together: all of *needed* and one of *either* are set, or none."""

    title: str
    needed: tuple[str, ...]
    either: tuple[str, ...] = ()
    neither: str = ""
    """What is told where none of *either* is set."""
    begun_by: tuple[str, ...] = ()
    """Of a part that may be missing as a whole: names that show that it should not."""


_PARTS = {
    "slack": _Part(
        "Slack",
        ("SLACK_BOT_TOKEN",),
        ("SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"),
        "SLACK_APP_TOKEN is not set, nor is SLACK_SIGNING_SECRET; set the one for Socket Mode, or "
        "the other for signed HTTP.",
    ),
    "model": _Part(
        "the model",
        ("OPENAI_API_KEY",),
        begun_by=tuple(sorted(name for name in NAMES - SECRETS if name.startswith("OPENAI_"))),
    ),
}


def read_environment(env_file: Path | None = None) -> dict[str, str]:
    """Give the process's environment, beneath it the lines of *env_file*: what is exported wins."""
    lines = dotenv_values(env_file) if env_file else {}
    return {name: value for name, value in lines.items() if value is not None} | dict(os.environ)


def load_settings(environ: Mapping[str, str], *, need: frozenset[str] = frozenset()) -> Settings:
    """Read settings from *environ*; *need* names parts (slack, model) that must be there.

    The model may be missing altogether: then only commands are understood.

    Whether Oracle can be reached depends on bot.toml as well: `app.sources.resolve_sources`.

    Raises SettingsError with every problem at once.
    """
    problems: list[str] = []
    values = _values(environ, problems)
    given = {name: _given(part, values, name in need, problems) for name, part in _PARTS.items()}
    for prefix, name in (("xoxb-", "SLACK_BOT_TOKEN"), ("xapp-", "SLACK_APP_TOKEN")):
        if name in values and not values[name].startswith(prefix):
            problems.append(f"{name} does not begin with {prefix}; copy it again from Slack.")
    problems.extend(
        f"{name} must begin with https:// (or http:// for a local server)."
        for name in ("SLACK_API_URL", "OPENAI_BASE_URL")
        if name in values and not values[name].startswith(("https://", "http://"))
    )
    problems.extend(_azure_problems(values))
    problems.extend(
        f"{name} is {values[name]!r}, which is not a port (1 to 65535)."
        for name in ("SLACK_HTTP_PORT", "ORACLE_PORT")
        if name in values and not _is_port(values[name])
    )
    redis_url = values.get("REDIS_URL", "redis://127.0.0.1:6379/0")
    try:
        parse_url(redis_url)
    except ValueError:
        problems.append(
            "REDIS_URL must begin with redis://, rediss:// or unix:// and name a host and a port."
        )
    log_format = values.get("LOG_FORMAT", "text")
    if log_format not in {"text", "json"}:
        problems.append(f"LOG_FORMAT is {log_format!r}; it must be text or json.")
    if 0 < len(values.get("MASK_KEY", "")) < MASK_KEY_CHARACTERS:
        problems.append(
            f"MASK_KEY is shorter than {MASK_KEY_CHARACTERS} characters; make one with `openssl "
            "rand -hex 32`."
        )
    metrics_address = _address(values, "METRICS_ADDRESS", problems)
    if problems:
        raise SettingsError(problems)
    return Settings.model_validate(
        {
            "slack": _fields(values, "SLACK_", *SlackSettings.model_fields)
            if given["slack"]
            else None,
            "model": _fields(values, "OPENAI_", *ModelSettings.model_fields)
            if given["model"]
            else None,
            "oracle": {
                **_fields(values, "ORACLE_", "dsn", "user", "password", "client_lib_dir"),
                "passwords": {
                    name.removeprefix(PASSWORD_OF): value
                    for name, value in values.items()
                    if name.startswith(PASSWORD_OF)
                },
            },
            "redis_url": redis_url,
            "warehouse_dir": values.get("WAREHOUSE_DIR", "warehouse"),
            "bot_toml": bot_toml(environ),
            "runtime_dir": runtime_dir(environ),
            "log_format": log_format,
            "mask_key": values.get("MASK_KEY"),
            "metrics_address": metrics_address,
        }
    )


def runtime_dir(environ: Mapping[str, str]) -> Path | None:
    """Read only where signs of life are left: a health check shall need no secret."""
    name = environ.get("RUNTIME_DIR", "").strip()
    return Path(name) if name else None


def bot_toml(environ: Mapping[str, str]) -> Path:
    """Read only where bot.toml is: it can be looked at where nothing else is set."""
    return Path(environ.get("BOT_TOML", "").strip() or "bot.toml")


def _values(environ: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    own = {name.removesuffix("_FILE") for name in environ if name.startswith(PASSWORD_OF)} - {
        PASSWORD_OF.removesuffix("_")
    }
    values = {name: environ[name].strip() for name in NAMES | own if environ.get(name, "").strip()}
    for name in sorted(SECRETS | own):
        path = environ.get(f"{name}_FILE", "").strip()
        if not path:
            continue
        if name in values:
            problems.append(f"{name} and {name}_FILE are both set; keep one.")
            continue
        try:
            values[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            problems.append(
                f"{name}_FILE names a file that cannot be read; check the path and its permissions."
            )
            continue
        if not values[name]:
            problems.append(f"{name}_FILE names a file that is empty.")
            del values[name]
    _join_dsn(values, problems)
    return values


def _join_dsn(values: dict[str, str], problems: list[str]) -> None:
    host, service = values.get("ORACLE_HOST"), values.get("ORACLE_SERVICE_NAME")
    port = values.get("ORACLE_PORT", "1521")
    if "ORACLE_DSN" in values:
        if host or service:
            problems.append(
                "ORACLE_DSN is set, so ORACLE_HOST and ORACLE_SERVICE_NAME must not be."
            )
        return
    if host and service:
        values["ORACLE_DSN"] = f"{host}:{port}/{service}"
    elif host or service:
        problems.append(
            "ORACLE_HOST and ORACLE_SERVICE_NAME belong together; set both, or ORACLE_DSN instead."
        )


def _address(values: Mapping[str, str], name: str, problems: list[str]) -> tuple[str, int] | None:
    if name not in values:
        return None
    host, _, port = values[name].rpartition(":")
    if not host or not _is_port(port):
        problems.append(f"{name} is {values[name]!r}; it must be host:port, as in 127.0.0.1:9464.")
        return None
    return host.strip("[]"), int(port)


def _azure_problems(values: Mapping[str, str]) -> Iterator[str]:
    if "OPENAI_API_VERSION" not in values:
        return
    if "OPENAI_MODEL" not in values:
        yield "OPENAI_API_VERSION is set, so OPENAI_MODEL must name a deployment of Azure OpenAI."
    if "OPENAI_BASE_URL" not in values:
        yield (
            "OPENAI_API_VERSION is set, so OPENAI_BASE_URL must be the endpoint of Azure OpenAI, "
            "as in https://NAME.openai.azure.com."
        )
    elif "/openai" in urlsplit(values["OPENAI_BASE_URL"]).path:
        yield (
            "OPENAI_BASE_URL must end before /openai where OPENAI_API_VERSION is set; for Azure's "
            "/openai/v1, leave OPENAI_API_VERSION out."
        )


def _is_port(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,5}", text)) and 0 < int(text) < 65_536  # noqa: PLR2004 -- TCP's range


def _given(part: _Part, values: Mapping[str, str], needed: bool, problems: list[str]) -> bool:  # noqa: FBT001
    missing = [
        f"{name} is not set; it is needed to reach {part.title}."
        for name in part.needed
        if name not in values
    ]
    if part.either and not any(name in values for name in part.either):
        missing.append(part.neither)
    needed = needed and (not part.begun_by or any(name in values for name in part.begun_by))
    if needed or any(name in values for name in (*part.needed, *part.either)):
        problems.extend(missing)
    return not missing


def _fields(values: Mapping[str, str], prefix: str, *fields: str) -> dict[str, str]:
    return {
        field: values[prefix + field.upper()]
        for field in fields
        if prefix + field.upper() in values
    }
