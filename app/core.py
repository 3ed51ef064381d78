"""What every surface shares: the agent, the state, the warehouse and Oracle, put together once."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import redis

from agent.deps import AnalystDeps, Caller, ScheduleLine, SchedulerStatus
from agent.service import Analyst
from app.bot_config import BotConfig
from app.texts import Language
from sync.engine import plan_tables
from sync.oracle import Session
from sync.perform import perform_run
from sync.plan import Plan, Progress, TableRef
from sync.schedules import clock_is_running, next_time
from sync.warehouse.manifest import read_manifest
from sync.warehouse.query_process import QueryLimits

OpenSource = Callable[[str, str, str], AbstractContextManager[Session]]
"""Opens a session at a source for an action, in the name of somebody; a DBA sees all three."""


@dataclass(frozen=True)
class Core:
    """The product without a surface."""

    redis: "redis.Redis" = field(repr=False)
    config: BotConfig
    warehouse: Path
    analyst: Analyst
    open_session: OpenSource = field(repr=False)


def deps_for(core: Core, caller: Caller, thread: str, language: Language) -> AnalystDeps:
    """Say what one turn may touch."""
    return AnalystDeps(
        redis=core.redis,
        warehouse=core.warehouse,
        offered=core.config.offered,
        caller=caller,
        thread=thread,
        language=language,
        today=datetime.now(ZoneInfo(core.config.timezone)).date(),
        timezone=core.config.timezone,
        plan_sync=lambda refs: plan_sync(core, refs, caller.user),
        schedule_status=lambda: schedule_status(core),
        approval_seconds=approval_seconds(core.config),
        query_limits=QueryLimits(
            seconds=core.config.limits.query_seconds, rows=core.config.limits.query_rows
        ),
    )


def plan_sync(core: Core, refs: tuple[TableRef, ...], asker: str) -> Plan:
    """Ask Oracle's dictionary what a sync of these tables would do. Raises any DuckferryError."""
    return plan_tables(
        lambda source: core.open_session(source, "plan", asker),
        refs,
        read_manifest(core.warehouse),
        core.config.max_rows,
    )


def perform(
    core: Core, run_id: str, on_progress: Callable[[Progress], None] = lambda _: None
) -> None:
    """Execute a queued run in this process."""
    perform_run(
        core.redis,
        run_id,
        open_session=lambda source: core.open_session(source, "sync", run_id),
        warehouse=core.warehouse,
        on_progress=on_progress,
    )


def schedule_status(core: Core) -> SchedulerStatus:
    """Tell whether a clock runs and when each schedule is due next."""
    now = datetime.now(UTC)
    lines = tuple(
        ScheduleLine(
            name=schedule.name,
            tables=schedule.tables,
            cron=schedule.cron,
            timezone=schedule.timezone,
            next_at=next_time(schedule.cron, schedule.timezone, now).isoformat(timespec="minutes"),
        )
        for schedule in core.config.schedule
    )
    return SchedulerStatus(clock_is_running(core.redis), lines)


def approval_seconds(config: BotConfig) -> int:
    """Say how long a card can be decided."""
    return int(config.approvals.expires_hours * 3600)
