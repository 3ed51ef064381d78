"""The settings group: what is missing or wrong in the environment and in bot.toml."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.access import mask_key_problem
from app.access_check import rule_notes
from app.bot_config import BotConfig
from app.doctor.checks import Check, listed
from app.glossary_file import load_glossary
from app.settings import NAMES, PASSWORD_OF, SECRETS, Settings, SettingsError, load_settings
from app.sources import resolve_sources

_check = partial(Check, "settings")

_PREFIXES = ("SLACK_", "OPENAI_", "ORACLE_", "REDIS_URL")
"""Names that are of use only together: where one is wrong, its group is not examined."""


@dataclass(frozen=True)
class Readable:
    """What of the settings can be used, whatever is wrong with the rest."""

    settings: Settings
    config: BotConfig | None
    """None where bot.toml is wrong."""
    bot_toml: Path
    problems: tuple[str, ...]
    """Of the environment."""
    config_problems: tuple[str, ...]
    wrong: frozenset[str]
    """Beginnings of names, such as ``SLACK_``, of which something is wrong."""
    thick_ready: bool
    """Whether this process began with Oracle's client libraries on its path, if it needs them."""


def read_leniently(environ: Mapping[str, str]) -> tuple[Settings, list[str], frozenset[str]]:
    """Load what can be: settings, every problem, and the beginnings of names that were left out."""
    wrong: set[str] = set()
    left = dict(environ)
    try:
        load_settings(environ, need=frozenset({"slack", "model"}))
        problems: list[str] = []
    except SettingsError as error:
        problems = error.problems
    for _ in range(len(_PREFIXES) + len(NAMES)):
        try:
            return load_settings(left), problems, frozenset(wrong)
        except SettingsError as error:
            named = {name for line in error.problems for name in re.findall(r"[A-Z]\w+", line)}
            begin = {prefix for prefix in _PREFIXES for name in named if name.startswith(prefix)}
            wrong |= begin
            left = {
                name: value
                for name, value in left.items()
                if name not in named and not name.startswith(tuple(begin))
            }
    return load_settings({}), problems, frozenset(_PREFIXES)


def secret_values(environ: Mapping[str, str]) -> frozenset[str]:
    """Give what must not be shown even where settings are wrong."""
    return frozenset(
        value.strip()
        for name, value in environ.items()
        if name in SECRETS or (name.startswith(PASSWORD_OF) and not name.endswith("_FILE"))
    ) - {""}


def check_settings(readable: Readable) -> Iterator[Check]:
    """Tell every problem of the environment and of bot.toml."""
    path = readable.bot_toml
    for problem in readable.problems:
        yield _check(
            "environment",
            "FAIL",
            problem,
            "Set it in the environment or the file of --env-file; .env.example explains every name"
            " (a worker or a clock alone needs neither Slack nor the model).",
        )
    if not readable.problems:
        yield _check("environment", "OK", "complete for bot, worker and clock")
    for problem in readable.config_problems:
        yield _check(
            "bot.toml", "FAIL", problem, "Correct it; docs/configuration.md has all fields."
        )
    if readable.config is None:
        return
    if path.is_file():
        yield _check("bot.toml", "OK", str(path))
    else:
        yield _check(
            "bot.toml",
            "FAIL",
            f"{path} is not there, so nothing is offered and nobody may approve",
            "`botctl init` writes one; or set BOT_TOML to where it is.",
        )
        return
    yield from _config_checks(readable, readable.config)


def _config_checks(readable: Readable, config: BotConfig) -> Iterator[Check]:
    if not config.source:
        yield _check(
            "sources", "FAIL", "bot.toml names no [[source]]", "Add one; `botctl init` helps."
        )
    elif "ORACLE_" not in readable.wrong:
        problems = resolve_sources(readable.settings.oracle, config).problems
        for problem in problems:
            yield _check(
                "sources",
                "FAIL",
                problem,
                "Set what is missing; only a worker for other sources can do without it.",
            )
        if not problems:
            names = [source.name for source in config.source]
            yield _check("sources", "OK", f"{listed(names)}: dsn, user and password are set")
    if not config.offered:
        yield _check(
            "tables",
            "FAIL",
            "bot.toml offers no table, so nothing can be synced or asked",
            "Add a [[table]] for each that people may ask about.",
        )
        return
    yield from _glossary_checks(readable)
    names = [str(ref) for ref in config.offered]
    yield _check("tables", "OK", f"{len(names)} offered: {listed(names)}")
    yield from _decision_checks(config)
    yield _check("what the model sees", "OK", _seen(config))
    yield from _access_checks(readable, config)


def _glossary_checks(readable: Readable) -> Iterator[Check]:
    try:
        glossary = load_glossary(readable.bot_toml)
    except SettingsError as error:
        *problems, remedy = error.problems
        for problem in problems:
            yield _check("glossary", "FAIL", problem, remedy)
        return
    counts = (len(glossary.term), len(glossary.code), len(glossary.example))
    if any(counts):
        yield _check("glossary", "OK", "{} terms, {} codes, {} examples".format(*counts))


def _access_checks(readable: Readable, config: BotConfig) -> Iterator[Check]:
    missing = mask_key_problem(readable.settings, config)
    if missing:
        yield _check("access rules", "FAIL", missing, "The bot does not start without it.")
        return
    notes = rule_notes(config)
    for told in notes:
        yield _check(
            "access rules", "WARN", told, "`botctl config check` says what each rule does."
        )
    if not notes:
        many = f"{len(config.access)} say who sees what" if config.access else "none"
        also = "" if config.access else ": everybody sees every offered table"
        yield _check("access rules", "OK", many + also)


def _decision_checks(config: BotConfig) -> Iterator[Check]:
    orphans = [str(ref) for ref in config.offered if not config.deciders([ref])]
    if orphans:
        yield _check(
            "who may approve",
            "FAIL",
            f"nobody may approve a copy of {listed(orphans)}",
            "Put Slack user ids into approvals.approvers, admins, or the table's owners.",
        )
        return
    everywhere = sorted(config.approvals.approvers | config.admins)
    owners = sum(bool(table.owners) for table in config.table)
    told = f"{listed(everywhere) or 'nobody for all tables'}; {owners} tables have owners"
    alone = [str(ref) for ref in config.offered if len(config.deciders([ref])) == 1]
    if alone and not config.approvals.self_approval:
        yield _check(
            "who may approve",
            "WARN",
            f"{told}; only one person decides about {listed(alone)}, and not about own wishes",
            "Name a second person, or set approvals.self_approval = true.",
        )
        return
    yield _check("who may approve", "OK", told)


def _seen(config: BotConfig) -> str:
    meanings = {
        "rows": "rows",
        "aggregates": "figures over many rows",
        "schema": "names, types, comments and row counts",
    }
    told: list[str] = []
    for sees, meaning in meanings.items():
        names = [str(ref) for ref in config.offered if config.model_sees(ref) == sees]
        if config.model.sees_imported == sees:
            names.append("imported tables")
        if names:
            told.append(f"{meaning} of {listed(names)}")
    return "; ".join(told)
