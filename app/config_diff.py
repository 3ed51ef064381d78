"""What a changed bot.toml would change: against what running processes noted when they started.

Each process notes the configuration it works with in Redis, under its own name and without a
secret. What is noted says nothing about whether that process still runs.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import redis
from pydantic import ValidationError

from app.access_check import rule_lines
from app.bot_config import BotConfig
from sync.plan import TableRef
from sync.schedules import Schedule
from sync.state import PREFIX
from sync.when import next_time

MOST_NOTED = 64
"""Processes whose configuration is kept; the oldest goes first."""
MOST_TABLES = 100
"""Tables named one by one in a list of changes."""

_NOTED = f"{PREFIX}:config"
"""Hash of process name → JSON of when and what."""


@dataclass(frozen=True)
class Noted:
    """What a process worked with; *config* is None where another release wrote it."""

    process: str
    at: str
    """ISO 8601, UTC."""
    config: BotConfig | None


@dataclass(frozen=True)
class Change:
    """One line of a comparison: what it is about, and a sentence."""

    about: str
    """Such as ``table``, ``source``, ``people``, ``access``, ``schedule`` or ``limits``."""
    text: str


def note_config(client: "redis.Redis", team_or_process: str, config: BotConfig) -> None:
    """Note what the process of that name works with, in place of what it noted before.

    Names must be few and stay the same over restarts, such as ``bot`` or ``worker``. Raises
    ``redis.RedisError``.
    """
    noted = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "config": normalised(config)}
    client.hset(_NOTED, team_or_process, json.dumps(noted, ensure_ascii=False, sort_keys=True))
    names = [each.process for each in sorted(noted_configs(client), key=lambda each: each.at)]
    if len(names) > MOST_NOTED:
        client.hdel(_NOTED, *names[: len(names) - MOST_NOTED])


def noted_configs(client: "redis.Redis") -> tuple[Noted, ...]:
    """Give what processes noted, the latest first. Raises ``redis.RedisError``."""
    found = cast("dict[str, str]", client.hgetall(_NOTED))
    noted = [_read(process, text) for process, text in found.items()]
    return tuple(sorted(noted, key=lambda each: each.at, reverse=True))


def normalised(config: BotConfig) -> dict[str, Any]:
    """Give a configuration as plain data without a secret; equal ones give equal data."""
    return cast("dict[str, Any]", _plain(config.model_dump()))


def config_changes(old: BotConfig, new: BotConfig, now: datetime) -> tuple[Change, ...]:
    """Say in plain words what *new* changes against *old*, a line each; none where nothing does.

    Next times of schedules are counted from *now*.
    """
    old, new = (BotConfig.model_validate(normalised(config)) for config in (old, new))
    return (
        *_source_changes(old, new),
        *_some(tuple(_table_changes(old, new))),
        *_people_changes(old, new),
        *_access_changes(old, new),
        *_schedule_changes(old, new, now),
        *_field_changes("limits", old.limits.model_dump(), new.limits.model_dump()),
        *_settings_changes(old, new),
    )


def next_times(config: BotConfig, now: datetime) -> tuple[str, ...]:
    """Say of each schedule when it is due next."""
    return tuple(f"schedule {each.name}: {_due(each, now)}" for each in config.schedule)


def _read(process: str, text: str) -> Noted:
    try:
        noted = json.loads(text)
        return Noted(process, str(noted["at"]), BotConfig.model_validate(noted["config"]))
    except (ValueError, KeyError, TypeError, ValidationError):
        return Noted(process, "", None)


def _plain(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {field: _plain(member, field) for field, member in members.items()}
    if isinstance(value, frozenset):
        return sorted(cast("frozenset[str]", value))
    if isinstance(value, tuple | list):
        return [_plain(member) for member in cast("Sequence[Any]", value)]
    return _without_secret(value) if name == "dsn" and isinstance(value, str) else value


def _without_secret(dsn: str) -> str:
    """Drop ``user/password@``, and what a connect descriptor calls a password."""
    place = dsn if dsn.lstrip().startswith("(") else dsn.rpartition("@")[2]
    return re.sub(r"(\w*password\w*\s*=)[^)&;]*", r"\1***", place, flags=re.IGNORECASE)


def _source_changes(old: BotConfig, new: BotConfig) -> Iterator[Change]:
    before = {source.name: source.model_dump() for source in old.source}
    after = {source.name: source.model_dump() for source in new.source}
    for name in before:
        if name not in after:
            yield Change("source", f"source {name} goes")
    for name, fields in after.items():
        if name not in before:
            yield Change("source", f"source {name} is new")
            continue
        for change in _field_changes("source", before[name], fields):
            yield Change("source", f"source {name}: {change.text}")


def _table_changes(old: BotConfig, new: BotConfig) -> Iterator[Change]:
    before, after = (dict(_table_facts(config)) for config in (old, new))
    for ref in before:
        if ref not in after:
            yield Change("table", f"table {_named(ref, old)} is no longer offered")
    for ref, facts in after.items():
        if ref not in before:
            told = ", ".join(f"{name} {_shown(value)}" for name, value in facts.items() if value)
            yield Change("table", f"table {_named(ref, new)} is offered now: {told}")
            continue
        for change in _field_changes("table", before[ref], facts):
            yield Change("table", f"table {_named(ref, new)}: {change.text}")


def _table_facts(config: BotConfig) -> Iterator[tuple[TableRef, dict[str, Any]]]:
    """Give what holds of each table in effect, also where another section says it."""
    for ref, section in zip(config.offered, config.table, strict=True):
        facts = {
            "max_rows": section.max_rows or config.limits.max_rows,
            "key": section.key,
            "cursor": section.cursor,
            "owners": section.owners,
            "stale after hours": section.stale_hours or config.limits.stale_hours,
            "the model sees": section.model_sees or config.model.sees,
        }
        yield ref, facts


def _people_changes(old: BotConfig, new: BotConfig) -> Iterator[Change]:
    lists = (
        ("approver", old.approvals.approvers, new.approvals.approvers),
        ("admin", old.admins, new.admins),
    )
    for kind, before, after in lists:
        for user in sorted(after - before):
            yield Change("people", f"{user} becomes {kind}")
        for user in sorted(before - after):
            yield Change("people", f"{user} is no longer {kind}")
    was, will = (config.approvals.approvers | config.admins for config in (old, new))
    owned_before, owned_after = _owned(old), _owned(new)
    for user in sorted(was | will | owned_before.keys() | owned_after.keys()):
        before, after = owned_before.get(user, frozenset()), owned_after.get(user, frozenset())
        if user in will:
            if user not in was:
                yield Change("people", f"{user} can now decide about every table")
        elif user in was:
            lost = f"every table, only about {_listed(after)}" if after else "anything"
            yield Change("people", f"{user} can no longer decide about {lost}")
        else:
            if after - before:
                yield Change("people", f"{user} can now decide about {_listed(after - before)}")
            if before - after:
                lost = _listed(before - after)
                yield Change("people", f"{user} can no longer decide about {lost}")


def _owned(config: BotConfig) -> dict[str, frozenset[str]]:
    owned: dict[str, set[str]] = {}
    for ref, section in zip(config.offered, config.table, strict=True):
        for user in section.owners:
            owned.setdefault(user, set()).add(_named(ref, config))
    return {user: frozenset(tables) for user, tables in owned.items()}


def _schedule_changes(old: BotConfig, new: BotConfig, now: datetime) -> Iterator[Change]:
    before = {schedule.name: schedule for schedule in old.schedule}
    after = {schedule.name: schedule for schedule in new.schedule}
    for name in before:
        if name not in after:
            yield Change("schedule", f"schedule {name} goes")
    for name, schedule in after.items():
        if name not in before:
            tables = ", ".join(schedule.tables)
            yield Change("schedule", f"schedule {name} is new: {tables}; {_due(schedule, now)}")
        elif before[name] != schedule:
            fields = _field_changes("", before[name].model_dump(), schedule.model_dump())
            told = "; ".join(change.text for change in fields)
            yield Change("schedule", f"schedule {name}: {told}; {_due(schedule, now)}")


def _settings_changes(old: BotConfig, new: BotConfig) -> Iterator[Change]:
    yield from _field_changes("model", old.model.model_dump(), new.model.model_dump(), "model.")
    yield from _field_changes("agent", old.agent.model_dump(), new.agent.model_dump(), "agent.")
    for name in ("language", "timezone", "price"):
        yield from _field_changes(
            "settings", {name: getattr(old, name)}, {name: getattr(new, name)}
        )
    before, after = (config.approvals.model_dump(exclude={"approvers"}) for config in (old, new))
    yield from _field_changes("settings", before, after, "approvals.")


def _access_changes(old: BotConfig, new: BotConfig) -> Iterator[Change]:
    before, after = (dict.fromkeys(rule_lines(config)) for config in (old, new))
    yield from (Change("access", f"no longer: {line}") for line in before if line not in after)
    yield from (Change("access", f"from now on: {line}") for line in after if line not in before)
    kept = [line for line in before if line in after]
    if kept != [line for line in after if line in before]:
        yield Change("access", "access rules stand in another order; the first that fits counts")


def _field_changes(
    about: str, old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = ""
) -> Iterator[Change]:
    for name, value in new.items():
        if old.get(name) != value:
            was, will = _shown(old.get(name)), _shown(value)
            yield Change(about, f"{prefix}{name}: {was} → {will}")


def _some(changes: Sequence[Change]) -> Iterator[Change]:
    yield from changes[:MOST_TABLES]
    more = len(changes) - MOST_TABLES
    if more > 0:
        yield Change("table", f"… and {more:,} more changes of tables")


def _due(schedule: Schedule, now: datetime) -> str:
    due = next_time(schedule.cron, schedule.timezone, now)
    return f"due next {due:%Y-%m-%d %H:%M} {schedule.timezone}"


def _named(ref: TableRef, config: BotConfig) -> str:
    return str(ref) if len(config.source) == 1 else f"{ref.source}.{ref}"


def _listed(names: frozenset[str]) -> str:
    shown = sorted(names)
    more = f" and {len(shown) - MOST_TABLES:,} more" if len(shown) > MOST_TABLES else ""
    return ", ".join(shown[:MOST_TABLES]) + more


def _shown(value: Any) -> str:
    if isinstance(value, frozenset | tuple):
        members = cast("Sequence[str]", value)
        listed = sorted(members) if isinstance(value, frozenset) else members
        return ", ".join(map(str, listed)) or "none"
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int) else str(value)
