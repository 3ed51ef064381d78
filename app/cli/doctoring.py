"""doctor: what is missing or wrong, each with its remedy; and the grants a DBA should give."""

import dataclasses
import json
import logging
import sys
from collections.abc import Sequence
from itertools import groupby

import click

from app.cli.local import OPERATOR
from app.cli.session import Session
from app.doctor.checks import Check, Status
from app.doctor.examination import examine_everything
from app.doctor.grants import Release, grants_script
from app.doctor.oracle import retry_login
from app.doctor.settings import read_leniently
from app.logs import start_logging
from app.settings import SettingsError
from app.sources import require_source
from sync.state import connect_state

_COLOURS: dict[Status, str] = {"OK": "green", "WARN": "yellow", "FAIL": "red", "SKIP": "cyan"}


def examine_all(session: Session, *, as_json: bool, offline: bool) -> None:
    """Examine everything and print it; exit code 1 if something is a FAIL."""
    settings, _, _ = read_leniently(session.environ)
    start_logging(settings, logging.CRITICAL)
    logging.getLogger().setLevel(logging.CRITICAL)  # what libraries would log stands in a finding
    checks = examine_everything(
        session.environ,
        session.config,
        asker=OPERATOR,
        offline=offline,
        thick_ready=_thick_ready(session),
    )
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(each) for each in checks], indent=2))
    else:
        click.echo("\n".join(_lines(checks)))
    sys.exit(1 if any(check.status == "FAIL" for check in checks) else 0)


def try_login_again(session: Session, name: str) -> None:
    """Forget that a source refused its password, and try it once; exit code 1 if it is refused."""
    settings = session.settings()
    start_logging(settings, logging.ERROR)
    guarded = require_source(settings.oracle, session.config(), name)
    client = connect_state(settings.redis_url.get_secret_value())
    works, told = retry_login(client, guarded, OPERATOR)
    click.echo(told)
    sys.exit(0 if works else 1)


def print_grants(session: Session, source: str | None, release: Release | None) -> None:
    """Print what a DBA should run; from bot.toml alone. Raises SettingsError."""
    config = session.config()
    settings, _, _ = read_leniently(session.environ)
    click.echo(grants_script(config, settings.oracle.user, release, source))


def _thick_ready(session: Session) -> bool:
    """Say whether a thick source can be reached.

    With right settings this process begins anew with Oracle's client libraries on its path; with
    wrong ones that does not happen.
    """
    try:
        session.settings()
    except (SettingsError, OSError):
        return False
    return True


def _lines(checks: Sequence[Check]) -> list[str]:
    lines: list[str] = []
    for group, members in groupby(checks, key=lambda check: check.group):
        lines.append(click.style(group, bold=True))
        for check in members:
            status = click.style(f"{check.status:<4}", fg=_COLOURS[check.status])
            lines.append(f"  {status}  {check.name}: {check.found}")
            if check.remedy:
                lines.append(f"        → {check.remedy}")
    counted = {status: sum(check.status == status for check in checks) for status in _COLOURS}
    lines.append(", ".join(f"{number} {status}" for status, number in counted.items() if number))
    return lines
