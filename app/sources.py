"""Which databases this process can reach: bot.toml's sources, completed by the environment."""

from dataclasses import dataclass

from app.bot_config import BotConfig, SourceSection
from app.settings import PASSWORD_OF, OracleSettings, SettingsError
from sync.oracle import Source
from sync.sources import GuardedSource


@dataclass(frozen=True)
class Sources:
    """The sources that can be reached, and what is missing to reach the others."""

    reachable: tuple[GuardedSource, ...]
    problems: tuple[str, ...]


def resolve_sources(oracle: OracleSettings, config: BotConfig) -> Sources:
    """Put together how each source of *config* is reached; what is missing is named, a line each.

    A process may know the passwords of some sources only: the others are not its business.
    """
    reachable: list[GuardedSource] = []
    problems: list[str] = []
    for section in config.source:
        password = oracle.passwords.get(section.environment_name)
        if password is None and (section.dsn is None or len(config.source) == 1):
            # One database's password is never shown to another: that could lock an account there.
            password = oracle.password
        dsn, user = section.dsn or oracle.dsn, section.user or oracle.user
        missing = _missing(section, dsn, user, known=password is not None)
        if section.driver == "thick" and oracle.client_lib_dir is None:
            missing.append(
                f"Source {section.name} needs the thick driver; set ORACLE_CLIENT_LIB_DIR to the "
                "folder of Oracle's client libraries."
            )
        if missing or dsn is None or user is None or password is None:
            problems += missing
            continue
        source = Source(
            name=section.name,
            dsn=dsn,
            user=user,
            password=password.get_secret_value(),
            connect_timeout_seconds=section.connect_timeout_seconds,
            call_timeout_seconds=section.call_timeout_seconds,
            driver=section.driver,
            client_lib_dir=oracle.client_lib_dir,
        )
        reachable.append(
            GuardedSource(
                source,
                section.max_sessions,
                section.blackout,
                config.timezone,
                section.rows_per_second,
                section.readers,
            )
        )
    return Sources(tuple(reachable), tuple(problems))


def require_source(oracle: OracleSettings, config: BotConfig, name: str) -> GuardedSource:
    """The source of *config* called *name*; raises SettingsError where it cannot be reached."""
    sources = resolve_sources(oracle, config)
    guarded = next((each for each in sources.reachable if each.name == name), None)
    if guarded is None:
        known = ", ".join(each.name for each in config.source) or "none"
        problems = [line for line in sources.problems if f"ource {name}" in line]
        raise SettingsError(problems or [f"bot.toml has no source {name!r} (it has: {known})."])
    return guarded


def _missing(
    section: SourceSection, dsn: str | None, user: str | None, *, known: bool
) -> list[str]:
    name = section.name
    problems: list[str] = []
    if dsn is None:
        problems.append(
            f"Nothing says where source {name} is; set its dsn in bot.toml, or ORACLE_DSN."
        )
    if user is None:
        problems.append(
            f"Nothing says as whom to log in at source {name}; set its user in bot.toml, or "
            "ORACLE_USER."
        )
    if not known:
        problems.append(
            f"There is no password for source {name}; set {PASSWORD_OF}{section.environment_name}, "
            "or ORACLE_PASSWORD where it is the only source."
        )
    return problems
