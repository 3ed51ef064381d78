"""audit and runs: what has happened, for whoever has to know later."""

import json
import logging
import re
import time
from datetime import UTC, datetime

import click

from agent.failures import sentence_of
from app.cli.local import teams
from app.cli.session import Session
from app.logs import start_logging
from app.settings import SettingsError
from sync.audit import AuditEntry, read_audit
from sync.names import resolve_table
from sync.runs import Run, recent_runs
from sync.state import OWNER, connect_state
from sync.stops import stops
from sync.warehouse.manifest import read_manifest

_SECONDS = {"m": 60, "h": 3600, "d": 86_400}
_LISTED = 500


def list_audit(
    session: Session, since: str, who: str | None, what: str | None, *, as_json: bool
) -> None:
    """Print the entries of Slack's workspace and of this terminal, oldest first."""
    settings = session.settings()
    start_logging(settings, logging.WARNING)
    client = connect_state(settings.redis_url.get_secret_value())
    since_ms = int((time.time() - _seconds(since)) * 1000)
    entries = [
        (team, entry)
        for team in teams(client.get(OWNER))
        for entry in read_audit(client, team, since_ms=since_ms)
        if who in (None, entry.who) and what in (None, entry.what)
    ]
    for team, entry in sorted(entries, key=lambda one: _order(one[1])):
        click.echo(_as_json(team, entry) if as_json else _as_line(entry))


def list_runs(session: Session, table: str | None, limit: int, *, as_json: bool) -> None:
    """Print the newest runs, newest first."""
    settings = session.settings()
    start_logging(settings, logging.WARNING)
    client = connect_state(settings.redis_url.get_secret_value())
    imported = read_manifest(settings.warehouse_dir).imported if table else ()
    only = resolve_table(table, (*session.config().offered, *imported)) if table else None
    found = [
        run
        for team in teams(client.get(OWNER))
        for run in recent_runs(client, team, _LISTED)
        if only is None or only in [one.ref for one in run.approval.request.plan.tables]
    ]
    if not as_json:
        for name, stop in stops(client).items():
            click.echo(f"Source {name} is stopped since {stop.since} ({stop.reason}).")
    for run in sorted(found, key=lambda one: one.queued_ms, reverse=True)[:limit]:
        click.echo(_run_as_json(run) if as_json else _run_as_line(run))


def _seconds(since: str) -> int:
    found = re.fullmatch(r"([0-9]{1,6})([mhd])", since)
    if not found:
        raise SettingsError([f"--since {since!r} is not a length of time; write 30m, 12h or 7d."])
    return int(found[1]) * _SECONDS[found[2]]


def _order(entry: AuditEntry) -> tuple[int, int]:
    moment, _, number = entry.id.partition("-")
    return int(moment), int(number)


def _moment(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _as_line(entry: AuditEntry) -> str:
    parts = [
        _moment(_order(entry)[0]),
        entry.what,
        entry.who or "-",
        entry.subject,
        *([f"content {entry.digest[:8]}"] if entry.digest else []),
        *([f"in {entry.where}"] if entry.where.strip(":") else []),
        *([entry.detail] if entry.detail else []),
    ]
    return "  ".join(" ".join(part.split()) for part in parts)


def _as_json(team: str, entry: AuditEntry) -> str:
    moment = {"at": _moment(_order(entry)[0]), "team": team}
    return json.dumps({**moment, **entry.model_dump()}, ensure_ascii=False)


def _run_as_line(run: Run) -> str:
    tables = ", ".join(f"{one.ref.source}.{one.ref}" for one in run.approval.request.plan.tables)
    parts = [_moment(run.queued_ms), run.state.value, tables]
    if run.receipt:
        rows = sum(table.rows for table in run.receipt.tables)
        parts += [f"{rows:,} rows", f"{run.receipt.seconds:.1f} s"]
    elif run.progress:
        parts.append(f"{run.progress.rows:,} rows so far")
    if run.failure:
        parts.append(sentence_of(run.failure))
    return "  ".join([*parts, f"approved by {run.approval.decided_by or '-'}", run.id])


def _run_as_json(run: Run) -> str:
    request = run.approval.request
    return json.dumps(
        {
            "id": run.id,
            "state": run.state.value,
            "tables": [f"{one.ref.source}.{one.ref}" for one in request.plan.tables],
            "queued_at": _moment(run.queued_ms),
            "finished_at": _moment(run.finished_ms) if run.finished_ms else None,
            "rows": sum(table.rows for table in run.receipt.tables) if run.receipt else None,
            "seconds": run.receipt.seconds if run.receipt else None,
            "error": sentence_of(run.failure) if run.failure else None,
            "requested_by": request.requested_by,
            "approved_by": run.approval.decided_by,
            "digest": request.digest,
        },
        ensure_ascii=False,
    )
