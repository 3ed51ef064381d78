"""config check: whether bot.toml is right, and what it would change."""

import json
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import click
import redis

from app.access import mask_key_problem
from app.access_check import rule_lines, rule_notes
from app.bot_config import BotConfig
from app.catalog_check import TableFinding, check_catalog, check_rules
from app.cli.oracle_login import open_for_operator, redis_is_there
from app.cli.session import Session
from app.config_diff import Change, Noted, config_changes, next_times, noted_configs
from app.glossary_file import glossary_problems, load_glossary
from app.settings import Settings, SettingsError, bot_toml
from app.sources import resolve_sources
from app.views.text import CONTROL
from sync.errors import WarehouseDamaged
from sync.oracle_errors import ClientMissing, LoginRefused, OracleError, OracleTooOld
from sync.sources import GuardedSource
from sync.state import connect_state
from sync.warehouse.manifest import read_manifest

WRONG = 2
"""Exit code where something must be mended before the product can run."""


@dataclass
class _Report:
    """What is told in the end; filled in from top to bottom."""

    problems: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    compared: list[tuple[Noted, tuple[Change, ...]]] = field(
        default_factory=list[tuple[Noted, tuple[Change, ...]]]
    )
    tables: list[TableFinding] = field(default_factory=list[TableFinding])
    due: tuple[str, ...] = ()
    access: list[str] = field(default_factory=list[str])


def check_config(session: Session, *, as_json: bool, offline: bool) -> None:
    """Tell problems, differences to what runs, and what Oracle shows; exit code 2 for problems."""
    report = _Report()
    try:
        settings = session.settings(*(() if offline else ("oracle",)))
        config = session.config()
    except SettingsError as error:
        report.problems += error.problems
    else:
        if not bot_toml(session.environ).is_file():
            report.notes.append(
                f"There is no {bot_toml(session.environ)}: nothing is offered. `botctl init` "
                "writes one."
            )
        report.due = next_times(config, datetime.now(UTC))
        report.access = rule_lines(config)
        report.notes += rule_notes(config)
        missing = mask_key_problem(settings, config)
        if missing:
            report.problems.append(missing)
        _look_at_glossary(report, settings, config)
        _compare(report, settings, config)
        if not offline:
            for guarded in resolve_sources(settings.oracle, config).reachable:
                _look(report, settings, config, guarded)
            report.problems += check_rules(config, report.tables)
    click.echo(json.dumps(_as_json(report), ensure_ascii=False) if as_json else _as_text(report))
    if report.problems:
        sys.exit(WRONG)


def _look_at_glossary(report: _Report, settings: Settings, config: BotConfig) -> None:
    try:
        glossary = load_glossary(settings.bot_toml)
        manifest = read_manifest(settings.warehouse_dir)
    except SettingsError as error:
        report.problems += error.problems[:-1]  # the last says what to do
    except WarehouseDamaged as error:
        report.notes.append(f"The glossary is not compared with the copies: {error}")
    else:
        report.problems += glossary_problems(glossary, config, manifest)
        counts = (len(glossary.term), len(glossary.code), len(glossary.example))
        if any(counts):
            report.notes.append(
                "glossary.toml has {} terms, {} codes, {} examples.".format(*counts)
            )
        unfilled = sum(not code.words for code in glossary.code)
        if unfilled:
            report.notes.append(f"{unfilled} codes of the glossary have no words yet.")


def _compare(report: _Report, settings: Settings, config: BotConfig) -> None:
    client = connect_state(settings.redis_url.get_secret_value())
    try:
        if not redis_is_there(client):
            report.notes.append("Redis is away, so what a running bot works with is not known.")
            return
        noted = noted_configs(client)
    except redis.RedisError as error:
        report.notes.append(
            f"Redis does not let us in ({type(error).__name__}), so what a running bot works with "
            "is not known."
        )
        return
    if not noted:
        report.notes.append("No bot has noted what it works with, so nothing can be compared.")
    now = datetime.now(UTC)
    for each in noted:
        if each.config is None:
            report.notes.append(f"What {each.process} works with was noted by another release.")
        else:
            report.compared.append((each, config_changes(each.config, config, now)))


def _look(report: _Report, settings: Settings, config: BotConfig, guarded: GuardedSource) -> None:
    """Compare with Oracle's catalog; a source that is away is a note, a refusal a problem."""
    try:
        with open_for_operator(settings, guarded, action="config check") as oracle:
            found = check_catalog(oracle, config)
    except (LoginRefused, OracleTooOld, ClientMissing) as error:
        report.problems.append(str(error))
    except OracleError as error:
        report.notes.append(f"Not compared with Oracle: {error}")
    except redis.RedisError as error:
        report.notes.append(
            f"Source {guarded.name} is not compared with Oracle: Redis does not let us in "
            f"({type(error).__name__})."
        )
    else:
        report.tables += found
        report.problems += [problem for finding in found for problem in finding.problems]


def _as_text(report: _Report) -> str:
    lines = [f"wrong: {problem}" for problem in report.problems]
    for noted, changes in report.compared:
        known = f"what {noted.process} works with since {noted.at}"
        lines.append(f"Against {known}:" if changes else f"Nothing changes against {known}.")
        lines += [f"  {change.text}" for change in changes]
    if report.compared:
        lines.append("Changes count from the next start of bot, worker and clock.")
    lines += report.access
    lines += report.due
    for finding in report.tables:
        if not finding.problems:
            kind = "as declared" if finding.is_declared else "by bot.toml"
            key = f"key {', '.join(finding.key)} ({kind})" if finding.key else "no key"
            lines.append(f"{finding.ref.source}: {finding.ref} can be copied, {key}")
    lines += [f"note: {note}" for note in report.notes]
    lines.append("This must be mended first." if report.problems else "No problem was found.")
    return "\n".join(CONTROL.sub("", line) for line in lines)


def _as_json(report: _Report) -> dict[str, Any]:
    return {
        "ok": not report.problems,
        "problems": report.problems,
        "compared": [
            {
                "process": noted.process,
                "at": noted.at,
                "changes": [{"about": each.about, "text": each.text} for each in changes],
            }
            for noted, changes in report.compared
        ],
        "access": report.access,
        "schedules": list(report.due),
        "tables": [
            {
                "source": finding.ref.source,
                "table": str(finding.ref),
                "key": list(finding.key),
                "key_is_declared": finding.is_declared,
                "problems": list(finding.problems),
            }
            for finding in report.tables
        ],
        "notes": report.notes,
    }
